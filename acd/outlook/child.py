"""The process that runs futures: `python -m acd.outlook.child` answers on its output what its input asks.

It opens nothing, ends with its input, and may use so much memory and no more.
"""

import gc
import os
import resource
import sys
from contextlib import suppress
from time import process_time
from typing import BinaryIO, Final

from acd.frozen import thawed
from acd.outlook.asked import LENGTH, Answer, Asked, Levels, asked, framed
from acd.outlook.compared import Comparison
from acd.outlook.drawn import Drawn
from acd.outlook.expectation import APART, Remaining
from acd.outlook.scene import Scene
from routing.world import World

NICE: Final = 10
MEMORY: Final = 2 * 1024**3
FUTURES_LEAST: Final = 20
"""Fewer say nothing of the outer tenths. So many are run although they cost more ..."""
OVER: Final = 10
MOST_S: Final = 40.0
"""... but not more than so many times what they may, nor so much: who asks does not wait for ever."""
COLLECTED: Final = 25
"""After so many futures what they left is given back."""
LEVELS: Final = Levels("short_abandons_excluded", 20_000, 5_000)


class Budget:
    """Whether one more future may be run. Looking through the heap waits until then, too."""

    def __init__(self, futures: int, cpu_ms: int) -> None:
        self._futures, self._cpu_s = futures, cpu_ms / 1000
        self.began = process_time()
        self.made = 0

    @property
    def cpu_ms(self) -> int:
        """What was used of it."""
        return round((process_time() - self.began) * 1000)

    def one_more(self) -> bool:
        """Whether there is one more; then it is counted."""
        used_s = process_time() - self.began
        if self.made >= self._futures or used_s > min(OVER * self._cpu_s, MOST_S):
            return False
        if used_s > self._cpu_s and self.made >= FUTURES_LEAST:
            return False
        if self.made % COLLECTED == COLLECTED - 1:
            gc.collect()
        self.made += 1
        return True


def answered(ask: Asked) -> Answer:
    """What comes of it."""
    world = thawed(ask.world.encode())
    if world.policy is None:
        return Answer(ask.number, fault="there are no rules yet")
    budget = Budget(ask.futures, ask.cpu_ms)
    found = _waits(ask, world, budget) if ask.changes is None else _what_if(ask, world, budget)
    if budget.made < FUTURES_LEAST:
        why = f"only {budget.made} futures in {budget.cpu_ms} ms of processor time"
        return Answer(ask.number, budget.made, budget.cpu_ms, fault=why)
    return found


def _waits(ask: Asked, world: World, budget: Budget) -> Answer:
    scene = Scene(world, ask.now_ms)
    remaining = Remaining(scene, Drawn(ask.beliefs, scene.policy), ask.seed, ask.until_ms, ask.closes_ms)
    while budget.one_more():
        remaining.one_more()
    return Answer(ask.number, budget.made, budget.cpu_ms, remaining.expectations())


def _what_if(ask: Asked, world: World, budget: Budget) -> Answer:
    if ask.changes is None:
        raise ValueError("nothing is changed")
    levels = ask.levels or LEVELS
    comparison = Comparison(
        world, ask.changes, lambda policy: Drawn(ask.beliefs, policy), ask.now_ms, ask.until_ms, ask.alone
    )
    while budget.one_more():
        comparison.one_more(ask.seed * APART + budget.made, levels)
    return Answer(ask.number, budget.made, budget.cpu_ms, what_if=comparison.result(levels))


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer until nothing more is asked."""
    while len(head := incoming.read(LENGTH.size)) == LENGTH.size:
        body = incoming.read(LENGTH.unpack(head)[0])
        ask = asked(body)
        try:
            found = answered(ask)
        except Exception as fault:  # noqa: BLE001 whoever asks is told, whatever it is
            found = Answer(ask.number, fault=f"{type(fault).__name__}: {fault}"[:300])
        outgoing.write(framed(found))
        outgoing.flush()
        del ask, found
        gc.collect()


def main() -> None:
    """Run until the input ends."""
    with suppress(OSError):
        os.nice(NICE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whoever prints garbles no answer
    gc.freeze()
    gc.disable()  # futures make much that lives shortly: what they leave is collected between them
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
