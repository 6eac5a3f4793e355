"""Yesterday's decisions made again: the same ones, or where another policy would have differed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from acd import replay
from acd.ports import Decision, Journal, Snapshot
from routing.events import ShadowChanged
from routing.facts import ShadowDiffered
from routing.policy import Policy

DIFFERENCES_MAX = 100


@dataclass
class Proof:
    """What a replay found.

    offers: decided again. unwritten: those of them that the journal does not hold, since the daemon was
    killed right after it had decided. wrong: (as written down, as decided again), DIFFERENCES_MAX at most;
    None: not there.
    """

    events: int = 0
    offers: int = 0
    unwritten: int = 0
    wrong: list[tuple[Decision | None, Decision | None]] = field(default_factory=list)

    def differs(self, then: Decision | None, now: Decision | None) -> None:
        """Note a decision that was another one."""
        if len(self.wrong) < DIFFERENCES_MAX:
            self.wrong.append((then, now))


async def prove(journal: Journal, begin: Snapshot | None) -> Proof:
    """Decide everything again and compare each offer with the one that the journal holds."""
    proof = Proof()
    engine, after = replay.thaw(begin)
    written = {each.offer: each for each in await journal.decisions(after)}
    async for envelope, effects in replay.replay(engine, journal, after):
        proof.events += 1
        for again in replay.decisions(envelope.seq, effects.facts):
            proof.offers += 1
            then = written.pop(again.offer, None)
            if then is None:
                proof.unwritten += 1
            elif then != again:
                proof.differs(then, again)
    for then in written.values():
        proof.differs(then, None)
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
