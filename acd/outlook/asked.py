"""What is asked of the process that runs futures, and its answers: values, and frames of bytes."""

import json
import struct
from typing import Final, NamedTuple

from pydantic import TypeAdapter

from acd.outlook.beliefs import Beliefs
from acd.prospects import Comes, Expectation, Goes, MoreCalls, OneMore, Reserving, SomeGo, WhatIf

LENGTH: Final = struct.Struct(">I")
FRAME_MAX: Final = 256 * 1024 * 1024
"""The world of 10,000 people and callers is a tenth of that."""


class Levels(NamedTuple):
    """How the service level is reckoned (routing.service_level)."""

    variant: str
    within_ms: int
    short_ms: int


class Changes(NamedTuple):
    """What would be otherwise, by kind."""

    more: tuple[OneMore, ...] = ()
    comes: tuple[Comes, ...] = ()
    goes: tuple[Goes, ...] = ()
    some_go: tuple[SomeGo, ...] = ()
    reserving: tuple[Reserving, ...] = ()
    calls: tuple[MoreCalls, ...] = ()


class Asked(NamedTuple):
    """Futures of a frozen world (acd.frozen) from now_ms until until_ms. closes_ms: when we close. futures:
    how many; fewer where cpu_ms of this process are not enough. changes: None: what those who wait have to
    expect; else what would be otherwise with these. number: which the answer repeats. alone:
    languages that may be shown by themselves (routing.privacy), None: all."""

    number: int
    world: str
    now_ms: int
    until_ms: int
    closes_ms: int
    seed: int
    futures: int
    cpu_ms: int
    beliefs: Beliefs
    changes: Changes | None = None
    levels: Levels | None = None
    alone: tuple[str, ...] | None = None


class Answer(NamedTuple):
    """fault: why there is no more than that, or ""."""

    number: int
    futures: int = 0
    cpu_ms: int = 0
    callers: tuple[Expectation, ...] = ()
    what_if: WhatIf | None = None
    fault: str = ""


_ASKED: TypeAdapter[Asked] = TypeAdapter(Asked)
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)


def framed(value: Asked | Answer) -> bytes:
    """A value as one frame: its length, then JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return LENGTH.pack(len(body)) + body


def asked(body: bytes) -> Asked:
    """The body of a frame as what is asked. Raises ValueError."""
    return _ASKED.validate_json(body)


def answer(body: bytes) -> Answer:
    """The body of a frame as an answer. Raises ValueError."""
    return _ANSWER.validate_json(body)
