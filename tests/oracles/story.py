"""The world as the facts alone tell it: a fact that is no longer said, is said twice or says something else
makes it differ from the world that the engine keeps."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from routing import events as ev
from routing import facts
from routing.facts import Fact
from routing.world import Visit, World


@dataclass
class VisitTold:
    """A visit as told. offer: the open one, or 0. talks: with whom, "" for nobody of the staff, None for
    no talk. talked, failed: how many talks there were, and how many were none. offered: to whom, in order."""

    leg: ev.Leg
    line: str
    arrived_ms: int
    need: tuple[str, str, str] = ("", "", "")
    chose: tuple[str, str] | None = None
    caller: tuple[object, ...] = ("", "", "", ())
    queued_ms: int = 0
    offer: int = 0
    talks: str | None = None
    answers: int = 0
    talked: int = 0
    failed: int = 0
    degraded: bool = False
    recording: int = 0
    interpreter: str = ""
    interpreting: str = ""
    offered: list[str] = field(default_factory=list)
    place: str = "own_place"
    only: str = ""
    other_need: bool = False


@dataclass
class OfferTold:
    """An open offer as told."""

    visit: int
    agent: str
    rang: bool = False


@dataclass
class PersonTold:
    """A person as told: what others see; after which visits they wrap up."""

    state: str = "logged_out"
    reason: str = ""
    since_ms: int = 0
    wraps_up: set[int] = field(default_factory=set)


@dataclass
class Story:
    """Facts taken in one after the other. Each method of a fact asserts that the fact was due.

    answered: offer, visit and person of an offer that was answered, until its talk begins. met: visit and
    person who talked with each other.
    """

    visits: dict[int, VisitTold] = field(default_factory=dict)
    may_listen: set[int] = field(default_factory=set)
    offers: dict[int, OfferTold] = field(default_factory=dict)
    people: dict[str, PersonTold] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    links: dict[str, tuple[bool, str]] = field(default_factory=dict)
    open: bool = False
    term: int = 0
    digests: dict[str, str] = field(default_factory=dict)
    now_ms: int = 0
    answered: tuple[int, int, str] | tuple[()] = ()
    met: set[tuple[int, str]] = field(default_factory=set)
    handovers: dict[int, tuple[int, str, str, str]] = field(default_factory=dict)
    threats: list[int] = field(default_factory=list)
    by_hand: dict[str, tuple[str, int]] = field(default_factory=dict)
    lent: dict[str, tuple[object, object, int]] = field(default_factory=dict)

    def hear(self, said: Iterable[Fact], now: int, *, late: bool = False) -> None:
        """What one step said. Times never fall and are never ahead of the step; late: it tells of before."""
        for fact in said:
            assert fact.at_ms <= now, fact
            assert late or self.now_ms <= fact.at_ms, fact
            self.now_ms = fact.at_ms
            take = getattr(self, f"_{type(fact).__name__}", None)
            if take is not None:
                take(fact)
        self.now_ms = now
        assert not self.answered, "answered, and no talk began"

    def legs(self) -> dict[int, ev.Leg]:
        """The caller's leg of each visit."""
        return {number: each.leg for number, each in self.visits.items()}

    # --- the caller ----------------------------------------------------------------------------------

    def _VisitBegan(self, fact: facts.VisitBegan) -> None:
        assert fact.visit not in self.visits
        assert fact.visit not in self.ended
        assert fact.leg not in [each.leg for each in self.visits.values()]
        assert 0 < fact.arrived_ms <= fact.at_ms
        assert fact.adopted or fact.arrived_ms == fact.at_ms
        self.visits[fact.visit] = VisitTold(fact.leg, fact.line, fact.arrived_ms)

    def _NeedKnown(self, fact: facts.NeedKnown) -> None:
        visit, need = self.visits[fact.visit], (fact.language, fact.concern, fact.second)
        assert (need, fact.chose) != (visit.need, visit.chose), f"said twice: {fact}"
        visit.need, visit.chose = need, fact.chose

    def _CallerRecognised(self, fact: facts.CallerRecognised) -> None:
        known = (fact.token, fact.case, fact.owner, fact.classes)
        assert known != self.visits[fact.visit].caller, f"said twice: {fact}"
        self.visits[fact.visit].caller = known

    def _CaseTold(self, fact: facts.CaseTold) -> None:
        assert fact.visit in self.visits
        assert fact.became in facts.CASE_LINE

    def _ListeningAllowed(self, fact: facts.ListeningAllowed) -> None:
        assert fact.visit not in self.may_listen, f"said twice: {fact}"
        self.may_listen.add(fact.visit)

    def _Listened(self, fact: facts.Listened) -> None:
        """Nobody is in a talk whose caller did not say yes, and only one is."""
        assert fact.visit in self.may_listen
        assert fact.agent

    def _Queued(self, fact: facts.Queued) -> None:
        visit = self.visits[fact.visit]
        assert not visit.queued_ms, f"queued twice: {fact}"
        assert 0 < fact.queued_ms <= fact.at_ms
        assert all(visit.need[:2]), "queued without a need"
        visit.queued_ms = fact.queued_ms

    def _RecordingChanged(self, fact: facts.RecordingChanged) -> None:
        visit = self.visits[fact.visit]
        assert fact.what in facts.RECORDING
        assert not fact.step or fact.step > visit.recording, f"told twice: {fact}"
        visit.recording = max(visit.recording, fact.step)

    def _Degraded(self, fact: facts.Degraded) -> None:
        assert not self.visits[fact.visit].degraded, f"said twice: {fact}"
        self.visits[fact.visit].degraded = True

    def _VisitEnded(self, fact: facts.VisitEnded) -> None:
        visit = self.visits.pop(fact.visit)
        assert (visit.offer, visit.talks) == (0, None), f"ended in the midst of something: {fact}"
        assert fact.outcome in facts.VISIT_OUTCOMES
        assert fact.ended_by in facts.ENDED_BY
        self.ended.add(fact.visit)

    def _Steered(self, fact: facts.Steered) -> None:
        visit = self.visits[fact.visit]
        if fact.what in ("front", "back", "own_place"):
            visit.place = fact.what
        elif fact.what in ("named", "not_named"):
            assert fact.value != visit.only, f"said twice: {fact}"
            assert (fact.value != "") == (fact.what == "named")
            visit.only = fact.value
        elif fact.what in ("other_need", "own_need"):
            assert fact.value == "/".join(visit.need[:2])
            visit.other_need = fact.what == "other_need"
        elif fact.what == "by_hand":
            assert not visit.offer
        elif fact.what == "pulled_back":
            assert self.offers[visit.offer].agent == fact.value
        else:
            assert (fact.what, fact.value in visit.caller[3]) == ("class_taken", True)  # type: ignore[operator]

    # --- offers and talks ----------------------------------------------------------------------------

    def _OfferMade(self, fact: facts.OfferMade) -> None:
        visit = self.visits[fact.visit]
        assert (visit.offer, visit.talks) == (0, None)
        assert visit.queued_ms, "offered without having waited"
        assert fact.offer not in self.offers
        self.offers[fact.offer] = OfferTold(fact.visit, fact.agent)
        visit.offered.append(fact.agent)
        visit.offer, visit.interpreter, visit.interpreting = fact.offer, fact.choice.interpreter, ""

    def _OfferRang(self, fact: facts.OfferRang) -> None:
        offer = self.offers[fact.offer]
        assert (offer.visit, offer.agent) == (fact.visit, fact.agent)
        assert not offer.rang, f"said twice: {fact}"
        offer.rang = True

    def _OfferEnded(self, fact: facts.OfferEnded) -> None:
        offer = self.offers.pop(fact.offer)
        assert (offer.visit, offer.agent) == (fact.visit, fact.agent)
        assert fact.outcome in facts.OFFER_OUTCOMES
        assert fact.cause >= 0
        if fact.outcome == facts.ANSWERED:
            assert not self.answered, "answered, and no talk began"
            assert fact.cause == 0
            self.answered = (fact.offer, fact.visit, fact.agent)
        self.visits[fact.visit].offer = 0

    def _TalkBegan(self, fact: facts.TalkBegan) -> None:
        visit = self.visits[fact.visit]
        assert visit.talks is None, f"two talks at once: {fact}"
        assert visit.queued_ms, "talks without having waited"
        assert not visit.offer, "an offer and a talk at once"
        assert self.answered == ((fact.offer, fact.visit, fact.agent) if fact.offer else ())
        self.answered = ()
        self.met.add((fact.visit, fact.agent))
        visit.talks, visit.talked, visit.answers = fact.agent, visit.talked + 1, fact.offer

    def _TalkFailed(self, fact: facts.TalkFailed) -> None:
        visit = self.visits[fact.visit]
        assert (visit.talks, visit.answers) == (fact.agent, fact.offer)
        visit.talks, visit.failed = None, visit.failed + 1

    def _TalkEnded(self, fact: facts.TalkEnded) -> None:
        visit = self.visits[fact.visit]
        assert visit.talks == fact.agent
        visit.talks = None
        if fact.agent in self.people:
            self.people[fact.agent].wraps_up.add(fact.visit)

    def _WrapUpEnded(self, fact: facts.WrapUpEnded) -> None:
        self.people[fact.agent].wraps_up.remove(fact.visit)

    # --- the desk ------------------------------------------------------------------------------------

    def _HandlingClosed(self, fact: facts.HandlingClosed) -> None:
        assert (fact.visit, fact.agent) in self.met, f"none of theirs: {fact}"

    def _HandedOver(self, fact: facts.HandedOver) -> None:
        assert (fact.visit, fact.agent) in self.met, f"none of theirs: {fact}"
        assert fact.handover not in self.handovers
        self.handovers[fact.handover] = (fact.visit, fact.agent, fact.to, fact.note)

    def _HandoverGivenBack(self, fact: facts.HandoverGivenBack) -> None:
        visit, agent, to, note = self.handovers[fact.handover]
        assert (fact.visit, fact.to) == (visit, agent) != (visit, to)
        self.handovers[fact.handover] = (visit, agent, agent, note)

    def _HandoverDone(self, fact: facts.HandoverDone) -> None:
        visit, agent, to, _ = self.handovers.pop(fact.handover)
        assert fact.visit == visit
        assert fact.agent in (agent, to, "")

    def _ThreatTold(self, fact: facts.ThreatTold) -> None:
        assert (fact.visit, fact.agent) in self.met, f"none of theirs: {fact}"
        assert fact.until_ms == 0 or fact.until_ms > fact.at_ms
        self.threats = [*(each for each in self.threats if each != fact.visit), fact.visit]

    def _ThreatSeen(self, fact: facts.ThreatSeen) -> None:
        self.threats.remove(fact.visit)

    def _InterpreterChanged(self, fact: facts.InterpreterChanged) -> None:
        visit = self.visits[fact.visit]
        assert (visit.talks, visit.interpreter) == (fact.agent, fact.language)
        assert visit.interpreting != fact.state
        visit.interpreting = fact.state

    # --- people and the centre -----------------------------------------------------------------------

    def _AgentChanged(self, fact: facts.AgentChanged) -> None:
        person = self.people.setdefault(fact.agent, PersonTold())
        assert (person.state, person.reason) != (fact.state, fact.reason), f"said twice: {fact}"
        person.state, person.reason, person.since_ms = fact.state, fact.reason, fact.at_ms

    def _LinkChanged(self, fact: facts.LinkChanged) -> None:
        assert fact.up or self.links[fact.node][0], "it was down already"
        self.links[fact.node] = (fact.up, fact.why)

    def _HoursChanged(self, fact: facts.HoursChanged) -> None:
        assert fact.open != self.open, f"said twice: {fact}"
        self.open = fact.open

    def _TermOpened(self, fact: facts.TermOpened) -> None:
        assert fact.term > self.term
        self.term = fact.term

    def _RulesChanged(self, fact: facts.RulesChanged) -> None:
        self.digests[fact.what] = fact.digest

    def _ByHandChanged(self, fact: facts.ByHandChanged) -> None:
        key = f"{fact.what}/{fact.of}"
        if fact.how == "rules":
            del self.by_hand[key]
        else:
            self.by_hand[key] = (fact.how, fact.until_ms)

    def _SkillsChanged(self, fact: facts.SkillsChanged) -> None:
        if fact.until_ms:
            self.lent[fact.agent] = (fact.languages, fact.concerns, fact.until_ms)
        else:
            del self.lent[fact.agent]

    # --- the comparison ------------------------------------------------------------------------------

    def agrees_with(self, world: World) -> None:
        """Assert that the world is what was told."""
        self._visits_agree(world)
        self._people_agree(world)
        up = {name for name, link in world.links.items() if link.up}
        assert up == {name for name, link in self.links.items() if link[0]}
        assert (world.open, world.term) == (self.open, self.term)
        handovers = {key: (e.visit, e.agent, e.to, e.note) for key, e in world.handovers.items()}
        assert handovers == self.handovers
        assert list(world.threats) == self.threats
        assert {key: (each.how, each.until_ms) for key, each in world.by_hand.items()} == self.by_hand
        self.lent = {key: each for key, each in self.lent.items() if key in world.people}
        assert {key: tuple(each[:3]) for key, each in world.lent.items()} == self.lent
        for key, lent in self.lent.items():
            assert (world.people[key].agent.languages, world.people[key].agent.concerns) == lent[:2]
        digests = (world.policy_digest, world.shadow_digest, world.team_digest)
        assert digests == tuple(self.digests.get(each, "") for each in ("policy", "shadow", "team"))

    def _visits_agree(self, world: World) -> None:
        assert list(world.visits) == list(self.visits)
        offers = {each.id: OfferTold(each.visit, each.agent, each.rang) for each in world.offers.values()}
        assert offers == self.offers
        for visit in world.visits.values():
            told = self.visits[visit.id]
            assert visit.caller == told.leg
            assert (visit.arrived_ms, visit.queued_ms) == (told.arrived_ms, told.queued_ms)
            assert (visit.language, visit.concern, visit.second) == told.need
            assert visit.chose == told.chose
            assert (visit.token, visit.case, visit.owner, visit.classes) == told.caller
            assert (visit.offer, visit.degraded, visit.talks) == (told.offer, told.degraded, told.talked)
            assert visit.talked == (told.talked - told.failed - (told.talks is not None) > 0)
            assert (visit.state in ("offered", "ringing")) == (told.offer != 0)
            assert (visit.state == "ringing") == (told.offer != 0 and self.offers[told.offer].rang)
            assert visit.in_talk == (told.talks is not None)
            assert visit.state != "parting" or told.talked
            assert visit.state != "waiting" or visit.queued_ms
            assert visit.state != "degraded" or told.degraded
            assert visit.recording == told.recording
            assert (
                told.place
                == {-1: "front", 0: "own_place", 1: "back"}[(visit.place_ms > 0) - (visit.place_ms < 0)]
            )
            assert visit.only == told.only
            assert not visit.chose or told.other_need
            assert visit.agent == (told.talks or (self.offers[told.offer].agent if told.offer else ""))
            assert visit.interpreting == told.interpreting
            assert (visit.offers, visit.offered) == (len(told.offered), tuple(dict.fromkeys(told.offered)))
            _legs_agree(visit, world)

    def _people_agree(self, world: World) -> None:
        for key in set(self.people) - set(world.people):
            assert self.people.pop(key).state == "logged_out"
        for key, person in world.people.items():
            told = self.people.setdefault(key, PersonTold())
            shown = (person.shown, person.shown_reason, person.shown_ms)
            assert shown == (told.state, told.reason, told.since_ms)
            assert person.shown == person.appears
            doing: dict[str, set[int]] = {}
            for each in person.engagements:
                doing.setdefault(each.activity, set()).add(each.visit)
            assert doing.get("talking", set()) == {n for n, each in self.visits.items() if each.talks == key}
            assert doing.get("wrap_up", set()) == told.wraps_up
            for activity, rang in (("reserved", False), ("ringing", True)):
                alone = {n for n in doing.get(activity, set()) if world.visits[n].state == "degraded"}
                mine = {each.visit for each in self.offers.values() if (each.agent, each.rang) == (key, rang)}
                assert doing.get(activity, set()) - alone == mine
                assert rang or not alone
            for each in person.engagements:
                visit = self.visits.get(each.visit)
                if each.activity != "wrap_up" and visit is not None:
                    assert each.offer == (visit.offer or (visit.answers if visit.talks is not None else 0))
                assert (each.until_ms > 0) == (each.activity == "wrap_up")
            order = ["talking", "ringing", "reserved", "wrap_up", "idle"]
            assert person.activity == next(each for each in order if each in doing or each == "idle")


def _legs_agree(visit: Visit, world: World) -> None:
    """A phone's leg is there while it rings or talks, and no longer: that of who is offered or talks."""
    phone, offer = visit.phone, world.offers.get(visit.offer)
    assert phone is None or visit.state in ("offered", "ringing", "talking", "degraded")
    if offer is not None:
        dialled = offer.phone_leg if offer.cause < 0 else None
        assert (phone.leg if phone else None) == dialled
    if phone is not None and visit.state != "degraded":
        assert phone.agent == visit.agent
    assert len({each.leg for each in visit.legs}) == len(visit.legs) <= 2
    if phone is not None and phone.agent in world.people and visit.state in ("talking", "degraded"):
        engaged = world.people[phone.agent].engaged_with(visit.id)
        assert engaged is not None
