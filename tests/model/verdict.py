"""When all is over: nothing is left, and what was recorded is what happened."""

from collections import defaultdict

from agents import state as staff
from routing import facts
from routing.events import Leg
from tests.model.book import Book, Call
from tests.model.daemon import Daemon
from tests.model.pbx import Pbx

NEAR_MS = 1_500
"""How far a recorded time may lie from the truth: whole seconds of the ledger, and the way of an event."""
SILENCE_MS = 12_000
"""While the network is silent, what we do ourselves is decided first: the PBX's word is dated after it."""
LAST_MS = 1_000
"""What Asterisk did in its last moments may not have reached the disk."""


class Visits:
    """What the facts say, by the caller's leg."""

    def __init__(self, said: list[tuple[facts.Fact, ...]]) -> None:
        self.legs: dict[int, Leg] = {}
        self.began: dict[Leg, int] = defaultdict(int)
        self.ended: dict[Leg, list[facts.VisitEnded]] = defaultdict(list)
        self.talks: dict[Leg, list[list[object]]] = defaultdict(list)
        self.offers: list[facts.OfferEnded] = []
        self.degraded: set[Leg] = set()
        for each in said:
            for fact in each:
                self._take(fact)

    def _take(self, fact: facts.Fact) -> None:
        if isinstance(fact, facts.VisitBegan):
            self.legs[fact.visit] = fact.leg
            self.began[fact.leg] += 1
            return
        if isinstance(fact, facts.OfferEnded):
            self.offers.append(fact)
            return
        leg = self.legs.get(getattr(fact, "visit", 0))
        if leg is None:
            return
        if isinstance(fact, facts.VisitEnded):
            self.ended[leg].append(fact)
        elif isinstance(fact, facts.TalkBegan):
            self.talks[leg].append([fact.agent, fact.at_ms, 0, "began"])
        elif isinstance(fact, facts.TalkEnded | facts.TalkFailed):
            kind = "ended" if isinstance(fact, facts.TalkEnded) else "failed"
            for talk in reversed(self.talks[leg]):
                if talk[0] == fact.agent and talk[3] == "began":
                    talk[2:] = [fact.at_ms, kind]
                    break
        elif isinstance(fact, facts.Degraded):
            self.degraded.add(leg)


def judge(pbx: Pbx, daemon: Daemon, book: Book, phones: dict[str, set[str]]) -> None:
    """Blame what is wrong in the end. phones: who ever sat at which."""
    near = SILENCE_MS if pbx.settings.has("silence") else NEAR_MS
    _left(pbx, daemon, book)
    visits = Visits(daemon.loop.said)
    for leg, call in book.calls.items():
        _call(leg, call, visits, book, phones, near)
    for leg, times in visits.began.items():
        if leg not in book.calls:
            book.blame("invented", f"{leg.uid} never called", 0)
        elif times > 1:
            book.blame("doubled", f"{leg.uid} began {times} times", 0)
    _offers(visits, book)


def _left(pbx: Pbx, daemon: Daemon, book: Book) -> None:
    world, now = daemon.engine.world, pbx.time.now
    for visit in world.visits.values():
        book.blame("stuck_visit", f"visit {visit.id} is {visit.state} and nobody is there", now)
    for offer in world.offers.values():
        book.blame("stuck_offer", f"offer {offer.id} is open and nobody is there", now)
    for person in world.people.values():
        if person.activity != staff.IDLE:
            book.blame("stuck_person", f"{person.agent.id} is {person.activity} and nobody is there", now)
        phone = pbx.phones[person.agent.reach.address]
        if phone.listed and person.device != phone.state:
            book.blame(
                "device",
                f"{person.agent.id}'s {phone.name} is {phone.state}, not {person.device or '-'}",
                now,
            )
    wanted = {agent.id for agent in daemon.roster.agents}
    if set(world.people) != wanted:
        book.blame("people", f"{sorted(set(world.people) ^ wanted)} differ from the roster", now)
    if not world.link_up:
        book.blame("link", f"routing is off: {world.link_why}", now)
    policy = world.rules
    if world.open != any(begin <= now < end for begin, end in policy.opening):
        book.blame("hours", f"open is {world.open}", now)
    midnight = max((day for day in policy.days if day <= now), default=0)
    if midnight:
        for person in world.people.values():
            said = sum(
                isinstance(fact, facts.TalkBegan) and fact.agent == person.agent.id and fact.at_ms >= midnight
                for each in daemon.loop.said
                for fact in each
            )
            if person.calls > said:
                book.blame(
                    "midnight", f"{person.agent.id} has {person.calls} calls since midnight, not {said}", now
                )


def _call(leg: Leg, call: Call, visits: Visits, book: Book, phones: dict[str, set[str]], near: int) -> None:
    ended = visits.ended.get(leg, [])
    died = call.by == "asterisk"
    if len(ended) != 1:
        if not ended and died and call.ended_ms - call.arrived_ms < LAST_MS:
            return
        kind = "missing" if not visits.began.get(leg) else "not_ended" if not ended else "ended_twice"
        book.blame(kind, f"{leg.uid} ended {len(ended)} times", 0)
        return
    real = [talk for talk in call.talks if not talk.short and talk.ended_ms - talk.began_ms >= 500]
    if (
        died
        and real
        and (last := call.talks[-1]).by == "asterisk"
        and last.ended_ms - last.began_ms < LAST_MS
    ):
        real = real[:-1]
    said = [talk for talk in visits.talks.get(leg, []) if talk[3] == "ended"]
    place = 0
    for talk in real:
        who = phones.get(talk.phone, set()) | {""}  # nobody's, after a reload
        while place < len(said) and not (
            said[place][0] in who and abs(int(said[place][1]) - talk.began_ms) <= near
        ):  # type: ignore[call-overload]
            place += 1
        if place == len(said):
            book.blame(
                "untrue_talk", f"{leg.uid} talked with {talk.phone} at {talk.began_ms % 1_000_000}: {said}", 0
            )
            return
        if talk.by not in ("asterisk", "cut") and abs(int(said[place][2]) - talk.ended_ms) > near:  # type: ignore[call-overload]
            book.blame(
                "untrue_end", f"{leg.uid}'s talk ended at {talk.ended_ms % 1_000_000}: {said[place]}", 0
            )
        place += 1
    for talk in visits.talks.get(leg, []):
        if talk[3] == "began":
            book.blame("open_talk", f"{leg.uid}'s talk with {talk[0]} never ended", 0)
    outcome = ended[0].outcome
    if real and outcome != facts.ANSWERED:
        book.blame("untrue_outcome", f"{leg.uid} was answered, not {outcome}", 0)
    if not call.talks and outcome == facts.ANSWERED:
        book.blame("untrue_outcome", f"{leg.uid} was not answered", 0)
    if call.degraded and leg not in visits.degraded and not died:
        book.blame("untrue_degraded", f"{leg.uid} was served by the dialplan alone", 0)
    if not died and call.ended_ms and abs(ended[0].at_ms - call.ended_ms) > near:
        off = ended[0].at_ms - call.ended_ms
        book.blame("untrue_time", f"{leg.uid} ended {off} ms from when it is said", 0)


def _offers(visits: Visits, book: Book) -> None:
    """A refusal is the phone's, not the network's or ours."""
    for fact in visits.offers:
        dialled = book.dialled.get(fact.offer)
        if dialled is None or fact.outcome not in (
            facts.BUSY,
            facts.DECLINED,
            facts.NO_ANSWER,
            facts.UNREACHABLE,
        ):
            continue
        alive = 0 < dialled.alive_ms < min(dialled.began_ms + 1_000, fact.at_ms - 1_500)
        if (
            alive
            and fact.outcome == facts.UNREACHABLE
            and dialled.by in ("cancelled", "answered", "rang_out")
        ):
            book.blame("unfair", f"offer {fact.offer}: {dialled.phone} gave a sign of life", fact.at_ms)
