"""What the facts of a run say, by the caller's leg."""

from collections import defaultdict
from dataclasses import dataclass

from routing import facts
from routing.events import Leg


@dataclass(slots=True)
class SaidTalk:
    """A talk as the facts tell it. kind: began (and never over), ended or failed."""

    agent: str
    began_ms: int
    ended_ms: int = 0
    kind: str = "began"


class Records:
    """Read once, from all facts in order."""

    def __init__(self, said: list[tuple[facts.Fact, ...]]) -> None:
        self.legs: dict[int, Leg] = {}
        self.began: dict[Leg, int] = defaultdict(int)
        self.ended: dict[Leg, list[facts.VisitEnded]] = defaultdict(list)
        self.talks: dict[Leg, list[SaidTalk]] = defaultdict(list)
        self.queued: dict[Leg, list[facts.Queued]] = defaultdict(list)
        self.degraded: set[Leg] = set()
        self.recording: dict[Leg, list[tuple[int, str, str]]] = defaultdict(list)
        self.made: dict[int, int] = defaultdict(int)
        self.over: dict[int, int] = defaultdict(int)
        self.offers: list[facts.OfferEnded] = []
        for each in said:
            for fact in each:
                self._take(fact)

    def _take(self, fact: facts.Fact) -> None:
        if isinstance(fact, facts.VisitBegan):
            self.legs[fact.visit] = fact.leg
            self.began[fact.leg] += 1
        elif isinstance(fact, facts.OfferMade):
            self.made[fact.offer] += 1
        elif isinstance(fact, facts.OfferEnded):
            self.over[fact.offer] += 1
            self.offers.append(fact)
        elif (leg := self.legs.get(getattr(fact, "visit", 0))) is not None:
            self._of_visit(leg, fact)

    def _of_visit(self, leg: Leg, fact: facts.Fact) -> None:
        if isinstance(fact, facts.VisitEnded):
            self.ended[leg].append(fact)
        elif isinstance(fact, facts.Queued):
            self.queued[leg].append(fact)
        elif isinstance(fact, facts.Degraded):
            self.degraded.add(leg)
        elif isinstance(fact, facts.RecordingChanged):
            self.recording[leg].append((fact.step, fact.what, fact.by))
        elif isinstance(fact, facts.TalkBegan):
            self.talks[leg].append(SaidTalk(fact.agent, fact.at_ms))
        elif isinstance(fact, facts.TalkEnded | facts.TalkFailed):
            for talk in reversed(self.talks[leg]):
                if talk.agent == fact.agent and talk.kind == "began":
                    talk.ended_ms = fact.at_ms
                    talk.kind = "ended" if isinstance(fact, facts.TalkEnded) else "failed"
                    break
