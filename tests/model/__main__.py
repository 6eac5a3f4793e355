"""python -m tests.model --seeds 10000, or --seed N for the story of one."""

import argparse
import sys

from tests.model.many import many, report
from tests.model.run import run, shrink
from tests.model.settings import FAULTS, LATER, Settings, drawn
from tests.model.telling import tell
from tests.model.wild import Wild


def _settings(args: argparse.Namespace) -> Settings:
    without = frozenset(args.without.split(",")) - {""}
    settings = drawn(args.seed, without)
    faults = settings.faults
    if args.faults is not None:
        faults = frozenset(args.faults.split(",")) - {"-", ""}
        if unknown := faults - {*FAULTS, *LATER}:
            sys.exit(f"--faults: there is no {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    return Settings(
        args.seed,
        args.seconds or settings.seconds,
        args.callers or settings.callers,
        args.people or settings.people,
        faults,
        without,
    )


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.model", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many runs")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="one run, with its story")
    parser.add_argument("--walk", type=int, help="one wild walk, with what it breaks")
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--callers", type=int)
    parser.add_argument("--people", type=int)
    parser.add_argument("--faults", help="only these, comma between; - for none")
    parser.add_argument("--without", default="", help="guards to take out")
    parser.add_argument("--no-shrink", action="store_true")
    args = parser.parse_args()
    if args.walk is not None:
        Wild(args.walk).walk()
        return 0
    if args.seed is None:
        return report(many(args.first, args.seeds, frozenset(args.without.split(",")) - {""}))
    settings = _settings(args)
    outcome = run(settings)
    if outcome.wrong and not args.no_shrink:
        settings = shrink(settings, outcome.wrong[0][0])
    outcome = run(settings, story=True)
    tell(outcome)
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
