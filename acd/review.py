"""Yesterday's decisions made again: the same ones, or where another policy would have differed."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from acd import replay
from acd.ports import Journal, Snapshot
from routing.events import ShadowChanged
from routing.facts import OfferMade, ShadowDiffered
from routing.policy import Policy

DIFFERENCES_MAX = 100


@dataclass
class Proof:
    """What a replay found. wrong: (offer, as recorded, as decided again), DIFFERENCES_MAX at most."""

    events: int = 0
    offers: int = 0
    wrong: list[tuple[int, tuple[int, str] | None, tuple[int, str]]] = field(default_factory=list)


async def prove(journal: Journal, begin: Snapshot | None, recorded: Mapping[int, tuple[int, str]]) -> Proof:
    """Decide everything again and compare each offer with the records (offer -> visit, agent)."""
    proof = Proof()
    engine, after = replay.thaw(begin)
    async for _, effects in replay.replay(engine, journal, after):
        proof.events += 1
        for fact in effects.facts:
            if isinstance(fact, OfferMade):
                proof.offers += 1
                again = (fact.visit, fact.agent)
                if recorded.get(fact.offer) != again and len(proof.wrong) < DIFFERENCES_MAX:
                    proof.wrong.append((fact.offer, recorded.get(fact.offer), again))
    return proof


async def compare(journal: Journal, begin: Snapshot | None, other: Policy) -> AsyncIterator[ShadowDiffered]:
    """Each decision that the other policy would have made differently in the same situation."""
    engine, after = replay.thaw(begin)
    engine.step(ShadowChanged("compared", other), engine.world.now_ms)
    async for envelope in journal.read(after):
        if isinstance(envelope.event, ShadowChanged):
            continue
        for fact in engine.step(envelope.event, envelope.at_ms).facts:
            if isinstance(fact, ShadowDiffered):
                yield fact
