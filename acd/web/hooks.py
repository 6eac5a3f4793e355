"""What web hooks send ([[hook]]), as OpenAPI describes it; it is sent by acd.hooks."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field

from acd.web.shapes import AlarmState

Moment = Annotated[str, Field(examples=["2026-10-01T09:20:00.000Z"])]
MessageId = Annotated[str, Header(alias="webhook-id", description="The same whenever the same is told.")]
Timestamp = Annotated[int, Header(alias="webhook-timestamp", description="Epoch seconds.")]
Signature = Annotated[
    str,
    Header(alias="webhook-signature", description="v1, and base64 of the HMAC-SHA256 of ID.TIMESTAMP.BODY."),
]


class Message(BaseModel):
    """timestamp: when it happened, in UTC."""

    model_config = ConfigDict(extra="forbid")
    timestamp: Moment


class Ended(BaseModel):
    """A visit that is over. language, concern: "*" for needs that few people could serve. waited_ms: null for
    who never waited. No number, case or person."""

    model_config = ConfigDict(extra="forbid")
    visit: int
    kind: str
    language: str
    concern: str
    outcome: str
    arrived: Moment | None
    waited_ms: int | None
    answered: bool


class Due(BaseModel):
    """A callback or message whose turn it is. attempts: how often they were called. wanted_until: null for at
    any time."""

    model_config = ConfigDict(extra="forbid")
    visit: int
    kind: str
    language: str
    concern: str
    attempts: int
    wanted_until: Moment | None


class VisitEndedMessage(Message):
    """A hook that tells visit_ended gets it."""

    type: Literal["visit.ended"]
    data: Ended


class CallbackDueMessage(Message):
    """A hook that tells callback_due gets it."""

    type: Literal["callback.due"]
    data: Due


class AlarmMessage(Message):
    """A hook that tells alarm gets it, when one is raised and when it is over."""

    type: Literal["alarm.raised", "alarm.over"]
    data: AlarmState


class Nothing(BaseModel):
    """Nothing."""

    model_config = ConfigDict(extra="forbid")


class TestMessage(Message):
    """Somebody tries the way (POST /api/alarms/test)."""

    type: Literal["test"]
    data: Nothing


router = APIRouter()
"""For description alone: nobody can call it."""


@router.post("visit_ended", summary="A visit is over")
async def visit_ended(
    body: VisitEndedMessage, message: MessageId, at: Timestamp, signature: Signature
) -> None:
    """Once for each."""


@router.post("callback_due", summary="It is a callback's turn")
async def callback_due(
    body: CallbackDueMessage, message: MessageId, at: Timestamp, signature: Signature
) -> None:
    """Once for each time that it is, while we are open."""


@router.post("alarm", summary="An alarm is raised or over, or tried")
async def alarm(
    body: AlarmMessage | TestMessage, message: MessageId, at: Timestamp, signature: Signature
) -> None:
    """Once for each change."""
