"""Events as the journal keeps them: a kind, a version and compact JSON; policies and rosters by digest."""

import hashlib
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from agents.model import Team
from routing.events import KINDS, VERSION, Event, PolicyChanged, ShadowChanged, TeamChanged
from routing.policy import Policy

BLOBS: dict[type, Any] = {PolicyChanged: Policy, TeamChanged: Team, ShadowChanged: Policy | None}
"""Events that carry a large value, and its type; the value is kept once, under its digest."""


DIGEST = 64
"""Characters of a SHA-256; a simulated journal may name its rules otherwise."""
WITH_BLOB = frozenset(name for name, kind in KINDS.items() if kind in BLOBS)


class UnreadableEvent(Exception):
    """The journal holds an event that this release does not know; a newer release wrote it."""


class DamagedEvent(Exception):
    """What stands in the journal is not what was written; the message says how that was seen."""


class Row(NamedTuple):
    """An event as text. blob: the JSON of the large value it names by digest, or ""."""

    kind: str
    version: int
    body: str
    blob: str


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (*KINDS.values(), *BLOBS.values(), type(None))
}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    return _ADAPTERS[kind]


def canonical(value: Policy | Team | None) -> str:
    """A policy or team as canonical JSON: arrays in field order, no spaces."""
    return _adapter(type(value)).dump_json(value).decode()


def digest(value: Policy | Team | None) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def encode(event: Event) -> Row:
    """An event as a row."""
    kind = type(event)
    name = kind.__name__
    if isinstance(event, (PolicyChanged, TeamChanged, ShadowChanged)):
        return Row(name, VERSION[name], event.digest, canonical(event[1]))
    return Row(name, VERSION[name], _adapter(kind).dump_json(event).decode(), "")


def decode(kind: str, version: int, body: str, blob: str) -> Event:
    """The event of a row. Raises UnreadableEvent, DamagedEvent."""
    known = KINDS.get(kind)
    if known is None or version > VERSION[kind]:
        raise UnreadableEvent(f"the journal holds {kind[:40]!r} version {version}; a newer release wrote it")
    try:
        if known in BLOBS:
            if len(body) == DIGEST and hashlib.sha256(blob.encode()).hexdigest() != body:
                raise DamagedEvent("the rules that it names are others")
            event: Event = known(body, _adapter(BLOBS[known]).validate_json(blob))
            return event
        decoded: Event = _adapter(known).validate_json(body)
    except ValidationError as fault:
        raise DamagedEvent(f"it cannot be read: {fault.errors()[0]['msg']}") from None
    return decoded
