"""What happened to every call, by Asterisk's own account (CEL), in the terms of the records."""

import csv
import io
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.eye import CLOSING, DEGRADED, GREETED, OFFERED, PARTING, RINGING, TALKING, WAITING

ENDED = "ended"
TRUNK = "PJSIP/trunk-"


@dataclass
class Talk:
    """Caller and phone in one bridge. Epoch seconds; ended 0 while they talk."""

    phone: str
    began: float
    ended: float = 0.0


@dataclass
class Lived:
    """One visit as Asterisk saw it. Epoch seconds, 0 where it did not happen."""

    uid: str
    number: str
    began: float
    entered: float = 0.0
    queued: float = 0.0
    ended: float = 0.0
    said: list[tuple[float, str, str]] = field(default_factory=list)
    """What its caller chose: (when, Lang or Concern, which)."""
    degraded: bool = False
    closed: bool = False
    talks: list[Talk] = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)
    story: list[str] = field(default_factory=list)

    def state_at(self, at: float) -> str:
        """Its state at that time, "" before it came and after it went."""
        place = bisect_right(self.states, (at, "~"))
        state = self.states[place - 1][1] if place else ""
        return "" if state == ENDED else state

    def move(self, at: float, state: str) -> None:
        """It came into this state."""
        self.states.append((at, state))


@dataclass
class _Row:
    """One line of the account."""

    kind: str
    at: float
    number: str
    exten: str
    context: str
    channel: str
    app: str
    data: str
    uid: str
    linked: str
    more: dict[str, object]


def _rows(text: str) -> list[_Row]:
    found = []
    for each in csv.reader(io.StringIO(text)):
        if len(each) < 11:
            continue  # the last line before Asterisk was killed
        try:
            more = json.loads(each[10]) if each[10] else {}
            number, exten, context, channel, app, data, uid, linked = each[2:10]
            row = _Row(each[0], float(each[1]), number, exten, context, channel, app, data, uid, linked, more)
            found.append(row)
        except ValueError:
            continue
    return found


def lived(text: str, rings: Sequence[tuple[str, float, float]] = ()) -> dict[str, Lived]:
    """Uniqueid -> what happened. rings: (caller's number, began to ring, ended), as the phones saw it."""
    calls: dict[str, Lived] = {}
    bridges: dict[str, dict[str, float]] = {}
    channels: dict[str, str] = {}
    callers: dict[str, str] = {}
    for row in sorted(_rows(text), key=lambda row: row.at):
        channels.setdefault(row.uid, row.channel)
        if row.kind == "CHAN_START" and row.channel.startswith(TRUNK):
            calls[row.uid] = Lived(row.uid, row.number, row.at)
            calls[row.uid].move(row.at, GREETED)
        call = calls.get(row.uid)
        if call is not None:
            call.number = call.number or row.number
            _caller(call, row)
        elif row.kind == "CHAN_START":
            callers[row.uid] = row.linked
        _bridge(row, calls, channels, bridges, callers)
        about = call or calls.get(callers.get(row.uid, ""))
        if about is not None:
            name = row.channel if call is None else "caller"
            about.story.append(
                f"{row.at:.3f} {name} {row.kind} {row.context},{row.exten} {row.app} {row.data}"
            )
    _add_rings(calls, rings)
    return calls


def _caller(call: Lived, row: _Row) -> None:
    if row.kind == "HANGUP":
        call.ended = row.at
        if row.context == "acd-hold" and not call.queued:
            call.queued = row.at  # within the steps before it says so
            call.move(row.at - 0.001, WAITING)
        call.move(row.at, ENDED)
        for talk in call.talks:
            talk.ended = talk.ended or row.at
    elif row.kind == "APP_START" and row.app == "Dial":
        if row.context == "acd-connect":
            call.move(row.at, OFFERED)
    elif row.kind == "APP_START" and row.app == "UserEvent":
        word, _, rest = row.data.partition(",")
        said = {name.strip(): value.strip() for name, _, value in (p.partition(":") for p in rest.split(","))}
        if word == "ACDEntry":
            call.entered = row.at
        elif word == "ACDLanguage":
            call.said.append((row.at, "Lang", said.get("Lang", "")))
        elif word == "ACDConcern":
            call.said.append((row.at, "Concern", said.get("Concern", "")))
        elif word == "ACDWaiting":
            call.queued = call.queued or row.at
            call.move(row.at, WAITING)
        elif word == "ACDDegraded":
            call.degraded = True
            call.move(row.at, DEGRADED)
        elif word == "ACDClosed":
            call.closed = True
            call.move(row.at, CLOSING)


def _bridge(
    row: _Row,
    calls: dict[str, Lived],
    channels: dict[str, str],
    bridges: dict[str, dict[str, float]],
    callers: dict[str, str],
) -> None:
    """A talk begins when a caller's and a phone's channel are in one bridge, and ends when one leaves."""
    bridge = str(row.more.get("bridge_id", ""))
    if row.kind == "BRIDGE_ENTER":
        inside = bridges.setdefault(bridge, {})
        inside[row.uid] = row.at
        ours = [uid for uid in inside if uid in calls]
        phones = [uid for uid in inside if uid not in calls]
        if len(ours) == 1 and len(phones) == 1:
            call = calls[ours[0]]
            call.talks.append(Talk(channels[phones[0]].removeprefix("PJSIP/").rpartition("-")[0], row.at))
            call.move(row.at, TALKING)
    elif row.kind in ("BRIDGE_EXIT", "HANGUP"):
        for uid in list(bridges.get(bridge, {})) if bridge else [callers.get(row.uid, "")]:
            call_of = calls.get(uid)
            if call_of is None or not call_of.talks or call_of.talks[-1].ended:
                continue
            if row.kind == "HANGUP" and not bridge:
                continue
            call_of.talks[-1].ended = row.at
            call_of.move(row.at, PARTING)
        bridges.get(bridge, {}).pop(row.uid, None)


def _add_rings(calls: dict[str, Lived], rings: Sequence[tuple[str, float, float]]) -> None:
    """An offer becomes a ring when the phone says so, which Asterisk's account leaves out."""
    by_number = {call.number: call for call in calls.values()}
    for number, began, _ended in rings:
        call = by_number.get(number)
        if call is not None and call.state_at(began) == OFFERED:
            call.states.append((began, RINGING))
            call.states.sort(key=lambda each: each[0])
