"""Many seeds over all cores, and one line of JSON that says what came of them."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.model import coverage
from tests.model.run import run
from tests.model.settings import drawn
from tests.model.wild import Wild

BLOCK = 25
WALKS = 25
EXAMPLES_MAX = 3


class Sum(NamedTuple):
    """Of many runs. wrong: kind -> in how many runs. examples: kind -> the first seeds that show it."""

    runs: int
    counts: Counter[str]
    faults: Counter[str]
    covered: Counter[str]
    wrong: Counter[str]
    examples: dict[str, list[int]]


def block(first: int, number: int, without: frozenset[str] = frozenset()) -> Sum:
    """The seeds from `first` on, one after the other."""
    coverage.watch()
    before = Counter(coverage.taken())
    total = Sum(number, Counter(), Counter(), Counter(), Counter(), {})
    for seed in range(first, first + number):
        outcome = run(drawn(seed, without))
        total.counts.update(calls=outcome.calls, talks=outcome.talks, events=outcome.events)
        total.faults.update(outcome.faults)
        for kind in {each[0] for each in outcome.wrong}:
            total.wrong[kind] += 1
            total.examples.setdefault(kind, []).append(seed)
    total.covered.update(Counter(coverage.taken()) - before)
    return total


def merged(blocks: Iterable[Sum]) -> Sum:
    """All of them as one."""
    total = Sum(0, Counter(), Counter(), Counter(), Counter(), {})
    for each in blocks:
        total = total._replace(runs=total.runs + each.runs)
        for mine, theirs in zip(total[1:5], each[1:5], strict=True):
            mine.update(theirs)
        for kind, examples in each.examples.items():
            total.examples[kind] = [*total.examples.get(kind, []), *examples][:EXAMPLES_MAX]
    return total


def many(first: int, seeds: int, without: frozenset[str] = frozenset(), workers: int | None = None) -> Sum:
    """Run `seeds` seeds from `first` on, and a tenth as many wild walks."""
    coverage.watch()
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        blocks = [
            pool.submit(block, at, min(BLOCK, first + seeds - at), without)
            for at in range(first, first + seeds, BLOCK)
        ]
        walks = [pool.submit(walk, at) for at in range(0, max(WALKS, seeds // 10), WALKS)]
        return merged(each.result() for each in (*blocks, *walks))


def walk(first: int) -> Sum:
    """Wild walks: no calls of a PBX, only what they cover and whether anything breaks."""
    coverage.watch()
    before = Counter(coverage.taken())
    total = Sum(0, Counter(walks=WALKS), Counter(), Counter(), Counter(), {})
    for seed in range(first, first + WALKS):
        try:
            Wild(seed).walk()
        except Exception as fault:  # noqa: BLE001 whatever it is, it is what is looked for
            kind = f"wild {type(fault).__name__}"
            total.wrong[kind] += 1
            total.examples.setdefault(kind, []).append(seed)
    total.covered.update(Counter(coverage.taken()) - before)
    return total


def missed(total: Sum) -> list[str]:
    """The transitions that no run took."""
    return sorted(name for name in coverage.taken() if not total.covered[name])


def line(total: Sum) -> dict[str, object]:
    """What the last line says."""
    return {
        "runs": total.runs,
        **dict(total.counts),
        "faults": dict(sorted(total.faults.items())),
        "transitions": {"all": len(coverage.taken()), "missed": missed(total)},
        "wrong": dict(sorted(total.wrong.items())),
    }


def report(total: Sum) -> int:
    """Print examples to play again and the line; 1 if anything is wrong."""
    for kind, examples in sorted(total.examples.items()):
        how = "--walk" if kind.startswith("wild") else "--seed"
        print(f"{kind}: python -m tests.model {how} {examples[0]} (and {examples[1:]})", file=sys.stderr)
    print(json.dumps(line(total)))
    return 1 if total.wrong or missed(total) else 0
