"""Whatever goes wrong at random moments, the PBX and the world agree, and the records tell what happened."""

import os

from tests.model import coverage
from tests.model.many import BLOCK, Sum, block, merged
from tests.model.run import run
from tests.model.settings import drawn
from tests.model.wild import Wild

SEEDS = int(os.environ.get("SEEDS", "300"))
WILD = 120


def test_nothing_goes_wrong_in_any_seed_and_every_transition_is_taken() -> None:
    """Each seed is a centre with callers, phones and faults of its own; SEEDS says how many are tried."""
    coverage.watch()
    blocks = [block(first, min(BLOCK, SEEDS + 1 - first)) for first in range(1, SEEDS + 1, BLOCK)]
    total: Sum = merged(blocks)
    told = [
        f"{kind}: python -m tests.model --seed {seeds[0]}" for kind, seeds in sorted(total.examples.items())
    ]
    assert not told, "\n".join(told)
    for seed in range(WILD):
        Wild(seed).walk()
    assert [name for name, times in coverage.taken().items() if not times] == []


def test_a_seed_is_a_run() -> None:
    """The same seed gives the same run, event for event."""
    assert run(drawn(7), story=True) == run(drawn(7), story=True)


def test_the_model_sees_what_is_wrong() -> None:
    """Each guard of the dialplan and of the loop is missed when it is taken out."""
    for without, faults, kind in GUARDS:
        seeds = (drawn(seed, frozenset(without.split(","))).under(faults) for seed in range(1, 120))
        assert any(kind in {each[0] for each in run(settings).wrong} for settings in seeds), without


GUARDS = (
    ("taken", "kill,stall", "rung_twice"),
    ("short", "blink", "lost"),
    ("caught", "caught", "lost"),
    ("stamp,linkdown_first,thrown,asked,late,overtaken", "stall,late_answer", "torn"),
)
"""(what is taken out, under which faults, what is to be seen then)."""
