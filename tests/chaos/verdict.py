"""What went wrong: Asterisk's account, what callers and phones saw, and the records, held side by side."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any, Final

from tests.chaos.callers import Account
from tests.chaos.eye import CLOSING, DEGRADED, GREETED, OFFERED, PARTING, RINGING, TALKING, WAITING
from tests.chaos.phones import Ring
from tests.chaos.truth import Lived, Talk

WRONGS: Final = ("lost", "torn", "doubled", "stuck", "untrue", "missing_rows")
SHORT_S = 2.0
"""A talk that the phone's side ended sooner is none."""
CLOCK_S = 1.25
"""The ledger's times are whole seconds."""
AT_ONCE_S = 0.3
"""What happened that close together may be told in either order."""
LAST_MOMENTS_S = 1.2
"""What Asterisk did just before it was killed may be lost."""
STRAIN_S = 3.0
"""A machine that was late is taken to have been late for so long before and after."""
DEAF_S = 2.5
"""Phones whose machine stood still for so long answered nobody, and were rightly taken for lost."""
SILENCE_S = 35.0
"""A caller whose phone has died must not sit longer than that beside it while the daemon serves."""


@dataclass
class Wrong:
    """One thing that went wrong, with its story."""

    kind: str
    subject: str
    what: str
    at: float
    story: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outage:
    """Asterisk was dead from .. to (epoch seconds)."""

    begin: float
    end: float


class Records:
    """The rows that the daemon wrote."""

    def __init__(self, path: Path) -> None:
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        base.row_factory = sqlite3.Row
        self.visits = [dict(row) for row in base.execute("select * from visit order by id")]
        self.handlings = [dict(row) for row in base.execute("select * from handling order by began_at")]
        self.offers = [dict(row) for row in base.execute("select * from offer order by id")]
        self.incidents = Counter(row[0] for row in base.execute("select kind from incident"))
        base.close()
        self._handled: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for each in self.handlings:
            self._handled[each["visit"]].append(each)

    def by_visit(self, visit: int) -> list[dict[str, Any]]:
        """The handling rows of a visit."""
        return list(self._handled.get(visit, []))


def epoch(value: object) -> float:
    """A time of the records; 0 for none."""
    if not value:
        return 0.0
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC).timestamp()


class Verdict:
    """Judges a run once it is over."""

    def __init__(
        self,
        calls: Mapping[str, Lived],
        accounts: Sequence[Account],
        rings: Sequence[Ring],
        records: Records,
        agents: Mapping[str, str],
        outages: Sequence[Outage] = (),
        strains: Sequence[tuple[float, float]] = (),
    ) -> None:
        self.wrongs: list[Wrong] = []
        self._calls = calls
        self._accounts = {each.number: each for each in accounts}
        self._by_number: dict[str, list[Lived]] = defaultdict(list)
        for call in calls.values():
            self._by_number[call.number].append(call)
        self._rings: dict[str, list[Ring]] = defaultdict(list)
        for ring in rings:
            self._rings[ring.number].append(ring)
        self._records = records
        self._agents = agents
        self._outages = outages
        self._strains = strains

    def judge(self) -> list[Wrong]:
        """Everything that went wrong."""
        for account in self._accounts.values():
            self._caller(account)
        for rings in self._rings.values():
            for ring in rings:
                self._phone(ring)
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._records.visits:
            rows[row["call"]].append(row)
        for uid, call in self._calls.items():
            if call.entered:
                self._row(call, rows.get(uid, []))
        for uid, found in rows.items():
            for row in found:
                if uid not in self._calls:
                    if not self._near_death(epoch(row["arrived_at"])):
                        self._say("untrue", f"visit {row['id']}", "a row of a call that never was", 0.0, row)
                elif not row["ended_at"]:
                    self._say("stuck", f"visit {row['id']}", "never ended", self._calls[uid].ended, row, uid)
        self.wrongs.sort(key=lambda each: each.at)
        return self.wrongs

    # --- what callers and phones saw -----------------------------------------------------------------

    def _caller(self, account: Account) -> None:
        if account.excused or self._dead(account.invited - 0.5, account.invited + 8):
            return
        number = account.number
        if account.refused:
            self._say("lost", number, f"not answered: {account.refused}", account.invited)
        elif account.cut_off and not self._parted(account):
            self._say("lost", number, "cut off", account.cut_off)

    def _parted(self, account: Account) -> bool:
        """Whether the phone's side ended a talk of this caller, or the centre was closed."""
        at = account.cut_off
        if any(call.closed for call in self._by_number[account.number]):
            return True
        for ring in self._rings[account.number]:
            if ring.hung_up and at - 3.0 - self._late(at) < ring.hung_up <= at + 0.1:
                return ring.hung_up - ring.answered >= SHORT_S
        return False

    def _phone(self, ring: Ring) -> None:
        if ring.beside:
            beside = ", ".join(ring.beside_numbers)
            self._say("doubled", ring.number, f"{ring.phone} was busy with {beside}", ring.began)
        if ring.cut_off and not ring.excused:
            account = self._accounts.get(ring.number)
            left = account is not None and (account.hung_up and account.hung_up <= ring.cut_off + 0.1)
            deaf = self._late(ring.cut_off) > DEAF_S
            if not left and not deaf and not (account and account.excused):
                self._say(
                    "torn", ring.number, f"the talk with {ring.phone} was ended by nobody", ring.cut_off
                )
        if ring.died and ring.answered and not ring.excused:
            for call in self._by_number[ring.number]:
                for talk in call.talks:
                    here = talk.phone == ring.phone and abs(talk.began - ring.answered) < 1
                    if here and talk.ended - ring.died > SILENCE_S:
                        long = talk.ended - ring.died
                        said = f"beside the dead {ring.phone} for {long:.0f} s"
                        self._say("stuck", ring.number, said, ring.died)

    # --- rows ----------------------------------------------------------------------------------------

    def _row(self, call: Lived, rows: Sequence[dict[str, Any]]) -> None:
        died = self._death_of(call)
        if not rows:
            if not (died and died.begin - call.entered < LAST_MOMENTS_S):
                self._say("missing_rows", call.number, "no row", call.entered, None, call.uid)
            return
        if len(rows) > 1:
            self._say("untrue", call.number, f"{len(rows)} rows", call.entered, rows[1], call.uid)
        row = rows[0]
        if what := "; ".join(self._differences(call, row, died)):
            self._say("untrue", call.number, what, call.ended or call.entered, row, call.uid)

    def _differences(self, call: Lived, row: dict[str, Any], died: Outage | None) -> Iterable[str]:
        talks = [talk for talk in call.talks if not self._failed(call, talk)]
        allowed = self._outcomes(call, talks, died)
        if row["outcome"] and row["outcome"] not in allowed:
            yield f"outcome {row['outcome']}, not {' or '.join(sorted(allowed))}"
        answerer = self._agents.get(talks[0].phone, talks[0].phone) if talks else ""
        if row["answered_by"] != answerer and not (died and talks and not row["answered_by"]):
            yield f"answered by {row['answered_by'] or 'nobody'}, not by {answerer or 'nobody'}"
        dark = died.begin - LAST_MOMENTS_S if died else inf
        times = [("arrived_at", call.entered), ("queued_at", call.queued)]
        times += [("answered_at", talks[0].began if talks else 0.0)]
        if not died:
            times += [("ended_at", call.ended)]
        for name, true in times:
            if true < dark:
                yield from self._time(name, epoch(row[name]), true, died)
        if not died and bool(row["degraded"]) != call.degraded:
            yield f"degraded {bool(row['degraded'])}, not {call.degraded}"
        said = {word: value for at, word, value in call.said if at < dark}
        if said.get("Lang", row["language"]) != row["language"]:
            yield f"language {row['language'] or 'none'}, not {said['Lang']}"
        if said.get("Concern", row["concern"]) != row["concern"]:
            yield f"concern {row['concern'] or 'none'}, not {said['Concern']}"
        mine = [each for each in self._records.offers if each["visit"] == row["id"]]
        if row["ended_at"] and any(not each["ended_at"] for each in mine):
            yield "an offer of it never ended"
        answered = Counter(each["agent"] for each in mine if each["outcome"] == "answered")
        had = Counter(self._agents.get(talk.phone, talk.phone) for talk in talks)
        if not died and (never := answered - had):
            yield f"an answered offer without a talk: {', '.join(never)}"
        if not died:
            yield from self._ended_by(call, row, talks)
            yield from self._handled(call, row, talks)
        order = [epoch(row[name]) for name in ("arrived_at", "queued_at", "answered_at", "ended_at")]
        passed = [each for each in order if each]
        if passed != sorted(passed):
            yield "its times are not in the order of what happened"

    def _failed(self, call: Lived, talk: Talk) -> bool:
        """Whether the phone's side ended it as soon as it had begun."""
        ring = self._ring_of(call, talk)
        if ring is None or not ring.hung_up or ring.hung_up - ring.answered >= SHORT_S:
            return False
        account = self._accounts.get(call.number)
        return account is None or not account.hung_up or ring.hung_up < account.hung_up

    def _ring_of(self, call: Lived, talk: Talk) -> Ring | None:
        """The phone's account of a talk."""
        mine = [ring for ring in self._rings[call.number] if ring.phone == talk.phone and ring.answered]
        near = min(mine, key=lambda ring: abs(ring.answered - talk.began), default=None)
        return near if near is not None and abs(near.answered - talk.began) < STRAIN_S else None

    def _outcomes(self, call: Lived, talks: Sequence[Talk], died: Outage | None) -> set[str]:
        if talks:
            return {"answered", "lost_in_pbx"} if died else {"answered"}
        allowed = set()
        at = call.ended or (died.begin if died else 0.0)
        last = {call.state_at(at - 0.001)} | {s for t, s in call.states if at - AT_ONCE_S < t < at}
        for state in last:
            allowed |= {
                GREETED: {"abandoned_in_menu"},
                WAITING: {"abandoned_in_queue"},
                OFFERED: {"abandoned_in_queue", "abandoned_while_ringing"},
                RINGING: {"abandoned_while_ringing"},
                TALKING: {"abandoned_in_queue", "abandoned_while_ringing"},
                PARTING: {"abandoned_in_queue", "abandoned_while_ringing"},
                DEGRADED: {"abandoned_in_queue", "abandoned_while_ringing"},
                CLOSING: {"closed"},
            }.get(state, set())
        if call.closed:
            allowed = {"closed"}
        return allowed | {"lost_in_pbx"} if died else allowed

    def _time(self, name: str, said: float, true: float, died: Outage | None) -> Iterable[str]:
        if bool(said) != bool(true):
            if not died:
                yield f"{name} is {'there' if said else 'missing'}"
        elif abs(said - true) > self._exact(true):
            yield f"{name} is {said - true:+.1f} s off"

    def _exact(self, at: float) -> float:
        """How exact a time of that moment has to be: no more than the machine kept time itself."""
        return CLOCK_S + self._late(at)

    def _late(self, at: float) -> float:
        """How long we stood still ourselves around that moment."""
        return max((late for when, late in self._strains if abs(when - at) < STRAIN_S), default=0.0)

    def _ended_by(self, call: Lived, row: dict[str, Any], talks: Sequence[Talk]) -> Iterable[str]:
        account = self._accounts.get(call.number)
        if account is None or not row["ended_at"]:
            return
        if account.hung_up and not account.cut_off:
            if call.closed and abs(call.ended - account.hung_up) < AT_ONCE_S:
                return  # the sentence was over, too
            ring = next((r for r in self._rings[call.number] if r.hung_up and talks), None)
            if ring is not None and abs(ring.hung_up - account.hung_up) < AT_ONCE_S:
                return
            if row["ended_by"] != "caller":
                yield f"ended by {row['ended_by']}, not by the caller"
        elif account.cut_off and self._parted(account) and not call.closed and row["ended_by"] != "staff":
            yield f"ended by {row['ended_by']}, not by the staff"

    def _may_end(self, call: Lived, talk: Talk, said: float) -> bool:
        """Whether that is when the talk ended; with a phone that died, also from its death on."""
        ring = self._ring_of(call, talk)
        first = ring.died if ring is not None and ring.died else talk.ended
        return first - self._exact(first) <= said <= talk.ended + self._exact(talk.ended)

    def _handled(self, call: Lived, row: dict[str, Any], talks: Sequence[Talk]) -> Iterable[str]:
        """One row for each talk, with its person and times."""
        found = self._records.by_visit(row["id"])
        for talk in talks:
            agent = self._agents.get(talk.phone, talk.phone)
            near = [
                h
                for h in found
                if h["agent"] == agent and abs(epoch(h["began_at"]) - talk.began) <= self._exact(talk.began)
            ]
            if not near:
                yield f"no handling row of the talk with {agent}"
                continue
            found.remove(near[0])
            if not near[0]["ended_at"]:
                yield f"the talk with {agent} never ended"
            elif not self._may_end(call, talk, epoch(near[0]["ended_at"])):
                yield f"the talk with {agent} ended {epoch(near[0]['ended_at']) - talk.ended:+.1f} s off"
        for each in found:
            yield f"a handling row of a talk with {each['agent']} that never was"

    # --- Asterisk's own death ------------------------------------------------------------------------

    def _death_of(self, call: Lived) -> Outage | None:
        """The death of Asterisk that ended this call, or left its last moment in the dark."""
        for outage in self._outages:
            alive = call.began <= outage.begin + 0.1
            if alive and (not call.ended or call.ended > outage.begin - LAST_MOMENTS_S):
                return outage
        return None

    def _dead(self, begin: float, end: float) -> bool:
        return any(outage.begin <= end and begin <= outage.end + 1.0 for outage in self._outages)

    def _near_death(self, at: float) -> bool:
        return any(outage.begin - 2 <= at <= outage.end + 1 for outage in self._outages)

    def _say(
        self, kind: str, subject: str, what: str, at: float, row: dict[str, Any] | None = None, uid: str = ""
    ) -> None:
        calls = [self._calls[uid]] if uid else self._by_number.get(subject, [])
        story = [line for call in calls for line in call.story]
        account = self._accounts.get(subject) or next(
            (self._accounts[call.number] for call in calls if call.number in self._accounts), None
        )
        if account is not None:
            story.append(f"caller: {account}")
            story += [f"phone: {ring}" for ring in self._rings[account.number]]
        if row is not None:
            story.append(f"row: {row}")
            story += [f"handling: {each}" for each in self._records.by_visit(row["id"])]
            story += [f"offer: {each}" for each in self._records.offers if each["visit"] == row["id"]]
        self.wrongs.append(Wrong(kind, subject, what, at, story))
