"""`make chaos`: the model's seeds, redirects at random moments, and a hotline under attack.

The last line of the output is one JSON object; exit 1 unless everything wrong is 0 and the exposure was
there.
MODEL_ONLY=1 leaves real Asterisk out. SEEDS says how many seeds the model runs.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from acd.demo.hotline import PROJECT
from tests.chaos import report
from tests.chaos.faults import Pace
from tests.chaos.hotline import Attacked
from tests.chaos.redirects import Redirected, redirect
from tests.chaos.run import Result, Wanted, run
from tests.chaos.without import NAMES

BUILD = PROJECT / "build"
SEEDS = "10000"
MORE = 0.7
"""On a slow machine the exposure takes longer: that share of the minutes more at most."""
RUN_S = 600.0
"""A long run is made of runs of so long, each a hotline of its own with a seed of its own."""


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=36.0, help="how long callers are attacked")
    parser.add_argument("--seed", type=int, default=1, help="the first run's; each run has the next")
    parser.add_argument("--rate", type=float, default=3.0, help="callers a second")
    parser.add_argument("--phones", type=int, default=9, help="how many phones are on duty")
    parser.add_argument("--redirects", type=int, default=report.REDIRECTS_WANTED)
    parser.add_argument("--no-bounds", action="store_true", help="do not ask for the exposure of a whole run")
    parser.add_argument("--no-model", action="store_true", help="leave the model out")
    parser.add_argument("--only", default="", help="these faults alone: daemon,link,stores,asterisk; or none")
    parser.add_argument("--without", default="", choices=("", *NAMES), help="take this guard out")
    parser.add_argument("--keep", type=Path, default=None, help="keep each run's files in this folder")
    return parser.parse_args(arguments)


def model() -> dict[str, Any] | None:
    """The model PBX against the engine; None where there is none."""
    if not (PROJECT / "tests" / "model").is_dir():
        return None
    seeds = os.environ.get("SEEDS", SEEDS)
    command = [sys.executable, "-m", "tests.model", "--seeds", seeds]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    said: dict[str, Any] = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return said | {"exit": done.returncode}


def pace(only: str) -> Pace:
    """The faults that are wanted."""
    if not only:
        return Pace()
    names = only.split(",")
    usual = Pace()
    return Pace(**{each: getattr(usual, each) if each in names else 0.0 for each in vars(usual)})


async def attacks(asked: argparse.Namespace) -> list[Result]:
    """Runs, one after the other, until the minutes are over and the exposure that is asked for is there."""
    results: list[Result] = []
    left = asked.minutes * 60
    more = 0.0 if asked.no_bounds else left * MORE
    while left > 1 or (left + more > 1 and report.missing(report.summary(results, None, None))):
        seconds = min(left if left > 1 else left + more, RUN_S)
        seed = asked.seed + len(results)
        wanted = Wanted(seed, seconds, asked.rate, asked.phones, pace(asked.only), without=asked.without)
        keep = asked.keep / f"seed-{seed}" if asked.keep else None
        results.append(await run(wanted, keep))
        last = results[-1]
        say(f"seed {seed}: {last.calls} calls, {len(last.done.kills)} kills, {len(last.wrongs)} wrong")
        left -= seconds
    return results


async def redirects(asked: argparse.Namespace) -> Redirected | None:
    """Redirects at random moments on an Asterisk of their own."""
    if not asked.redirects:
        return None
    async with Attacked(closing=False, without=asked.without) as hotline:
        done = await redirect(hotline, asked.redirects, asked.seed, seconds=3_600)
    say(f"{done.redirects} redirects in {done.seconds:.0f} s: {done.lost} lost, {done.caught} caught")
    for place, count in done.where.items():
        say(f"lost at {place}: {count}")
    return done


def say(what: str) -> None:
    """A line on the way."""
    print(time.strftime("%H:%M:%S"), what, flush=True)


def main() -> int:
    """Everything; the exit code."""
    asked = options()
    alone = os.environ.get("MODEL_ONLY", "") not in ("", "0")
    found = None if asked.no_model else model()
    if alone:
        print(json.dumps({"model": found}))
        return 1 if found is None or found["exit"] else 0
    moved = asyncio.run(redirects(asked))
    results = asyncio.run(attacks(asked))
    said = report.summary(results, moved, found)
    why = report.faults(said, exposed=not asked.no_bounds)
    if found is not None and found["exit"]:
        why.append("the model found something")
    report.write(BUILD, said, why, results, moved)
    for each in why:
        say(f"not good: {each}")
    say(f"report: {BUILD.relative_to(PROJECT)}/chaos.md")
    print(json.dumps(said))
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main())
