"""Jobs that wait: whatever goes in comes out oldest first, by class, and nothing is left behind."""

import heapq

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.drivers import jobs, layout

CASES = st.one_of(st.integers(0, 70), st.integers(4_000, 4_200), st.integers(0, layout.CALLERS_MAX - 1))
STEPS = st.lists(st.tuples(st.integers(0, 2), st.one_of(st.none(), CASES)), max_size=60)
WORLD = np.zeros(1, layout.WORLD)[0]


@settings(max_examples=200)
@given(steps=STEPS)
def test_the_oldest_comes_out_first(steps: list[tuple[int, int | None]]) -> None:
    """Against a heap of each class, words and pages apart and full; then cleared, nothing is there."""
    jobs.clear(WORLD)
    WORLD["g"].fill(0)
    waiting: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for line, case in steps:
        if case is None:
            if waiting[line]:
                assert jobs.take(WORLD, line) == heapq.heappop(waiting[line])
        elif case not in waiting[line]:
            jobs.line_up(WORLD, line, case)
            heapq.heappush(waiting[line], case)
        for each, queue in waiting.items():
            assert bool((WORLD["g"][layout.CLASSES] >> each) & 1) == bool(queue)
            assert not queue or WORLD["heads"][each] == queue[0]
    jobs.clear(WORLD)
    assert not any(WORLD[name].any() for name in ("jobs", "job_words", "job_pages"))
