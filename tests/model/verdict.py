"""When all is over: nothing is left, and what was recorded is what happened."""

from agents import state as staff
from routing import facts
from routing.events import Leg
from tests.model.book import Book, Call, Dialled, Talk
from tests.model.daemon import Daemon
from tests.model.pbx import Pbx
from tests.model.records import Records, SaidTalk

NEAR_MS = 1_500
"""How far a recorded time may lie from the truth: whole seconds of the ledger, and the way of an event."""
SILENCE_MS = 12_000
"""While the network is silent, what we do ourselves is decided first: the PBX's word is dated after it."""

REFUSALS = (facts.BUSY, facts.DECLINED, facts.NO_ANSWER, facts.UNREACHABLE)


def judge(pbx: Pbx, daemon: Daemon, book: Book, phones: dict[str, set[str]]) -> None:
    """Blame what is wrong in the end. phones: who ever sat at which."""
    records = Records(daemon.loop.said)
    near = SILENCE_MS if pbx.settings.has("silence") else NEAR_MS
    _left(pbx, daemon, book)
    _people(pbx, daemon, book)
    for call in book.calls.values():
        Truth(call, records, book, phones, near).judge()
    for leg, times in records.began.items():
        if leg not in book.calls:
            book.blame("invented", f"{leg.uid} never called", 0)
        elif times > 1:
            book.blame("doubled", f"{leg.uid} began {times} times", 0)
    _offers(records, book)


# --- nothing is left ---------------------------------------------------------------------------------


def _left(pbx: Pbx, daemon: Daemon, book: Book) -> None:
    world, now = daemon.engine.world, pbx.time.now
    for visit in world.visits.values():
        book.blame("stuck_visit", f"visit {visit.id} is {visit.state} and nobody is there", now)
    for offer in world.offers.values():
        book.blame("stuck_offer", f"offer {offer.id} is open and nobody is there", now)
    if not world.link_up:
        book.blame("link", f"routing is off: {world.link_why}", now)
    if world.open != any(begin <= now < end for begin, end in world.rules.opening):
        book.blame("hours", f"open is {world.open}", now)
    shut = {each.key for each in world.rules.hours if not any(a <= now < b for a, b in each.when)}
    if set(world.shut) != shut:
        book.blame("hours", f"shut is {sorted(world.shut)} and not {sorted(shut)}", now)


def _people(pbx: Pbx, daemon: Daemon, book: Book) -> None:
    world, now = daemon.engine.world, pbx.time.now
    wanted = {agent.id for agent in daemon.roster.agents}
    if set(world.people) != wanted:
        book.blame("people", f"{sorted(set(world.people) ^ wanted)} differ from the roster", now)
    midnight = max((day for day in world.rules.days if day <= now), default=0)
    for person in world.people.values():
        who = person.agent.id
        if person.activity != staff.IDLE:
            book.blame("stuck_person", f"{who} is {person.activity} and nobody is there", now)
        phone = pbx.phones[person.agent.reach.address]
        if phone.listed and person.device != phone.state:
            believed = person.device or "-"
            book.blame("device", f"{who}'s {phone.name} is {phone.state} and believed {believed}", now)
        if midnight and person.calls > (began := _began_since(daemon, who, midnight)):
            book.blame("midnight", f"{who} has {person.calls} calls since midnight, not {began}", now)


def _began_since(daemon: Daemon, who: str, when: int) -> int:
    return sum(
        isinstance(fact, facts.TalkBegan) and fact.agent == who and fact.at_ms >= when
        for each in daemon.loop.said
        for fact in each
    )


# --- what was recorded is what happened --------------------------------------------------------------


class Truth:
    """One call against the records."""

    def __init__(
        self, call: Call, records: Records, book: Book, phones: dict[str, set[str]], near: int
    ) -> None:
        self._call, self._records, self._book, self._phones, self._near = call, records, book, phones, near

    def _blame(self, kind: str, what: str) -> None:
        self._book.blame(kind, f"{self._call.leg.uid} {what}", 0)

    def judge(self) -> None:
        leg, call, records = self._call.leg, self._call, self._records
        ended = records.ended.get(leg, [])
        if len(ended) != 1:
            if not records.began.get(leg):
                if not self._book.lost(call.arrived_ms):
                    self._blame("missing", "has no record")
            else:
                self._blame("ended_twice" if ended else "not_ended", f"ended {len(ended)} times")
            return
        self._talks(leg)
        self._end(leg, ended[0])
        if call.queued_ms and not self._book.lost(call.queued_ms):
            if len(queued := records.queued.get(leg, [])) != 1:
                self._blame("untrue_queued", f"was queued {len(queued)} times")
            elif abs(queued[0].queued_ms - call.queued_ms) > self._near:
                off = queued[0].queued_ms - call.queued_ms
                self._blame("untrue_queued", f"was queued {off} ms from when it is said")
        if call.degraded_ms and leg not in records.degraded and not self._book.lost(call.degraded_ms):
            self._blame("untrue_degraded", "was served by the dialplan alone")

        recording = [(each.step, each.what, each.by) for each in call.recording]
        lost = any(self._book.lost(each.at_ms) for each in call.recording)
        if records.recording[leg] != recording and not lost:
            self._blame("untrue_recording", f"{recording}, not {records.recording[leg]}")

    def _end(self, leg: Leg, ended: facts.VisitEnded) -> None:
        call = self._call
        real = [talk for talk in call.talks if talk.counts and not self._book.lost(talk.began_ms)]
        if real and ended.outcome != facts.ANSWERED:
            self._blame("untrue_outcome", f"was answered, not {ended.outcome}")
        if not call.talks and ended.outcome == facts.ANSWERED:
            self._blame("untrue_outcome", "was not answered")
        if call.by == "asterisk" or self._book.lost(call.ended_ms):
            return
        if call.forwarded != (ended.outcome == facts.FORWARDED) and not call.talks:
            self._blame("untrue_outcome", f"was forwarded: {call.forwarded}, not {ended.outcome}")
        if abs(ended.at_ms - call.ended_ms) > self._near:
            self._blame("untrue_time", f"ended {ended.at_ms - call.ended_ms} ms from when it is said")
        only_the_dialplan_said = call.by == "vanished" and ended.ended_by == "caller"
        if ended.ended_by != call.by and not only_the_dialplan_said:
            self._blame("untrue_by", f"was ended by {call.by}, not {ended.ended_by}")

    def _talks(self, leg: Leg) -> None:
        said = self._records.talks.get(leg, [])
        left = list(said)
        for talk in self._call.talks:
            found = next((each for each in left if self._same(talk, each)), None)
            if found is not None:
                left.remove(found)
                self._one(talk, found)
            elif talk.counts and not self._book.lost(talk.began_ms):
                self._blame("untrue_talk", f"talked with {talk.phone} at {talk.began_ms % 1_000_000}: {said}")
        for each in left:
            self._blame("invented_talk", f"never talked with {each.agent} at {each.began_ms % 1_000_000}")
        for each in said:
            if each.kind == "began":
                self._blame("open_talk", f"'s talk with {each.agent} never ended")

    def _same(self, talk: Talk, said: SaidTalk) -> bool:
        who = self._phones.get(talk.phone, set()) | {""}  # nobody's, after a reload
        return said.agent in who and abs(said.began_ms - talk.began_ms) <= self._near

    def _one(self, talk: Talk, said: SaidTalk) -> None:
        if talk.by == "asterisk" or self._book.lost(talk.ended_ms):
            return
        if talk.counts and said.kind == "failed":
            self._blame("untrue_failed", f"'s talk at {talk.began_ms % 1_000_000} was one: {said}")
        if talk.by != "cut" and not talk.deaf and abs(said.ended_ms - talk.ended_ms) > self._near:
            self._blame("untrue_end", f"'s talk ended at {talk.ended_ms % 1_000_000}: {said}")


def _offers(records: Records, book: Book) -> None:
    """Each offer ends once, and a refusal is the phone's, not the network's or ours."""
    for offer in {*records.made, *records.over}:
        made, over = records.made[offer], records.over[offer]
        if over != 1 or made > 1:
            book.blame("offer_ends", f"offer {offer} was made {made} times and ended {over} times", 0)
    for fact in records.offers:
        dialled = book.dialled.get(fact.offer)
        if fact.outcome in REFUSALS and dialled is not None and _lived(dialled, fact):
            book.blame("unfair", f"offer {fact.offer}: {dialled.phone} gave a sign of life", fact.at_ms)


def _lived(dialled: Dialled, fact: facts.OfferEnded) -> bool:
    """Whether the phone had given a sign of life long before it was called unreachable."""
    soon = 0 < dialled.alive_ms < min(dialled.began_ms + 1_000, fact.at_ms - 1_500)
    return soon and fact.outcome == facts.UNREACHABLE and dialled.by in ("cancelled", "answered", "rang_out")
