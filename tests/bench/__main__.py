"""`python -m tests.bench [NAME ...] [--small]`: measure, print, and keep in build/bench.json."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.bench import desk, engine, flood, gap, history, lag, lead, outlook, planner, sweep
from tests.bench.figures import Figures

BENCHES = {
    "engine": engine.main,
    "planner": planner.main,
    "sweep": sweep.main,
    "flood": flood.main,
    "gap": gap.main,
    "lag": lag.main,
    "desk": desk.main,
    "lead": lead.main,
    "outlook": outlook.main,
    "history": history.main,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*BENCHES, []], help="which to run; all without a name")
    parser.add_argument("--small", action="store_true", help="only show that each can be measured")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    figures = Figures(asked.out)
    with tempfile.TemporaryDirectory(prefix="acd-bench-") as folder:
        for name in asked.name or BENCHES:
            BENCHES[name](figures, asked.small, Path(folder))


if __name__ == "__main__":
    main()
