"""The report of `make chaos`: build/chaos.json, build/chaos.md, and the one line that decides."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tests.chaos.eye import STATES
from tests.chaos.redirects import Redirected
from tests.chaos.run import Result
from tests.chaos.verdict import WRONGS

KILLS_WANTED: Final = 100
CALLS_WANTED: Final = 3_000
REDIRECTS_WANTED: Final = 500_000
STORIES_MAX: Final = 30
STORY_LINES_MAX: Final = 60


def summary(
    results: list[Result], redirected: Redirected | None, model: dict[str, Any] | None
) -> dict[str, Any]:
    """The JSON object of the last line."""
    kills = {state: sum(result.kills_by_state[state] for result in results) for state in STATES}
    counts: Counter[str] = sum((result.done.counts for result in results), Counter())
    wrong: Counter[str] = Counter(each.kind for result in results for each in result.wrongs)
    said: dict[str, Any] = {
        "runs": len(results),
        "seeds": [result.seed for result in results],
        "calls": sum(result.calls for result in results),
        "rings": sum(result.rings for result in results),
        "kills": sum(len(result.done.kills) for result in results),
        "kills_by_state": kills,
        "cuts": counts["cuts"],
        "stalls": counts["stalls"],
        "asterisk_deaths": counts["asterisk_deaths"],
        "stores_away": counts["stores_away"],
        "redirects": redirected.redirects if redirected else 0,
        "redirects_caught": redirected.caught if redirected else 0,
    }
    said |= {name: wrong[name] for name in WRONGS}
    if redirected:
        said["lost"] += redirected.lost
        said["stuck"] += redirected.astray
        said["lost_by_redirect"] = redirected.lost
    said["crashed"] = sum("Traceback" in each for result in results for each in result.exits)
    said["exits"] = sum(len(result.exits) for result in results)
    if model is not None:
        said["model"] = model
    return said


def faults(said: dict[str, Any], exposed: bool) -> list[str]:
    """Why the run is not good; nothing if it is. exposed: the bounds of a whole run hold."""
    found = [f"{name}: {said[name]}" for name in (*WRONGS, "crashed") if said[name]]
    if exposed:
        found += missing(said)
        if said["redirects"] < REDIRECTS_WANTED:
            found.append(f"only {said['redirects']} redirects of {REDIRECTS_WANTED}")
    return found


def missing(said: dict[str, Any]) -> list[str]:
    """What is missing of the exposure to attacks."""
    found = []
    if said["kills"] < KILLS_WANTED:
        found.append(f"only {said['kills']} kills of {KILLS_WANTED}")
    if said["calls"] < CALLS_WANTED:
        found.append(f"only {said['calls']} calls of {CALLS_WANTED}")
    found += [f"no kill hit a visit {state}" for state, hits in said["kills_by_state"].items() if not hits]
    return found


def write(
    folder: Path, said: dict[str, Any], why: list[str], results: list[Result], redirected: Redirected | None
) -> None:
    """Both files. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {
        "summary": said,
        "not_good": why,
        "runs": [_plain(result) for result in results],
        "redirected": asdict(redirected) if redirected else None,
    }
    (folder / "chaos.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    lines = ["# Chaos", "", "Good." if not why else "Not good: " + "; ".join(why) + ".", ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in said.items()), ""]
    for result in results:
        lines += _told(result)
    (folder / "chaos.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _plain(result: Result) -> dict[str, Any]:
    return {
        "seed": result.seed,
        "seconds": round(result.seconds),
        "calls": result.calls,
        "kinds": result.kinds,
        "rings": result.rings,
        "kills": len(result.done.kills),
        "kills_by_state": result.kills_by_state,
        "done": dict(result.done.counts),
        "incidents": result.incidents,
        "exits": result.exits,
        "wrongs": [asdict(each) | {"story": each.story[:STORY_LINES_MAX]} for each in result.wrongs],
    }


def _told(result: Result) -> list[str]:
    """A run in words: how often each thing went wrong, then the first of each in full."""
    lines = [f"## Seed {result.seed}", "", f"{result.calls} calls in {result.seconds:.0f} s.", ""]
    tally = Counter((each.kind, each.what.split(";")[0]) for each in result.wrongs)
    lines += [f"- {count} × {kind}: {what}" for (kind, what), count in tally.most_common()]
    lines += ["", f"Incidents in the records: {result.incidents}", ""]
    for words in result.exits:
        lines += ["The daemon ended by itself:", "", "```", words, "```", ""]
    shown: Counter[str] = Counter()
    for each in result.wrongs:
        shown[each.kind] += 1
        if shown[each.kind] > STORIES_MAX // len(WRONGS):
            continue
        lines += [f"### {each.kind}: {each.subject}: {each.what} (at {each.at:.3f})", "", "```"]
        lines += [*each.story[:STORY_LINES_MAX], "```", ""]
    return [*lines, "What was done:", "", "```", *result.done.log, "```", ""]
