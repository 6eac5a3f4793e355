"""Makes a seeded sample of changes to the rules, runs the tests on each, and says which nobody noticed."""

import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import entry_points
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

import hypothesis.stateful  # what every worker needs is loaded once, before it is born
import pydantic  # noqa: F401
import pytest

from tests.mutants.changes import Change, changed, changes

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("agents", "routing")
TESTS = (
    "tests/unit/test_rules.py",
    "tests/unit/test_engine*.py",
    "tests/unit/test_parting.py",
    "tests/unit/test_links.py",
    "tests/unit/test_ledger_told.py",
    "tests/unit/test_steering.py",
    "tests/unit/test_by_hand.py",
    "tests/properties/test_steered.py",
    "tests/properties/test_engine_watched.py",
    "tests/properties/test_plainly.py",
)
"""The tests that a change must not pass, the quickest first."""

DIAGRAMS = "tests/unit/test_docs.py::test_the_diagrams_are_those_of_the_tables"
BESIDES = {
    "agents/state.py": (DIAGRAMS,),
    "routing/visit.py": (DIAGRAMS,),
    "routing/privacy.py": ("tests/unit/test_privacy.py",),
    "routing/listening.py": ("tests/unit/test_listening.py",),
    "routing/steering.py": ("tests/unit/test_steering.py",),
    "routing/by_hand.py": ("tests/unit/test_by_hand.py",),
    "routing/hotline.py": ("tests/unit/test_by_hand.py",),
}
"""Those that are about some files, and are run first on them. The diagrams of the tables are a document that
a test holds."""

ALARMS = "tests/unit/test_alarms.py", "tests/properties/test_alarms.py"
FIGURES = "tests/unit/test_history_figures.py", "tests/unit/test_history_page.py"
ROOMS = {
    "acd/alarms/apart.py": (*ALARMS, "tests/unit/test_alarms_service.py"),
    "acd/alarms/coverage.py": (*ALARMS, "tests/properties/test_alarms_coverage.py"),
    "acd/alarms/judged.py": ALARMS,
    "acd/history/course.py": ("tests/unit/test_course.py",),
    "acd/history/drawing.py": FIGURES,
    "acd/history/fairness.py": FIGURES,
    "acd/history/figures.py": FIGURES,
    "acd/history/shares.py": FIGURES,
    "acd/history/sums.py": ("tests/properties/test_history_sums.py", *FIGURES),
    "acd/history/view.py": FIGURES,
    "acd/hooks/signed.py": ("tests/unit/test_hooks.py",),
    "acd/hooks/told.py": ("tests/unit/test_hooks.py",),
    "acd/missed.py": ("tests/unit/test_not_reached.py",),
}
"""Pure files of the live half, and the tests that a change of them must not pass; no others are run on it."""

LEAST = 0.95
LIMIT_S = 120
"""How much computing time (s) the tests of one file may take before that is measured."""

ROOM = 3 << 30
"""How much memory (bytes) they may take: a loop without end soon takes more."""

CAUGHT, SURVIVED, TIMEOUT = "caught", "survived", "took too long"


class Result(NamedTuple):
    """What became of one change: CAUGHT, SURVIVED or TIMEOUT, by which test, with how much computing (s)."""

    change: Change | None
    what: str
    by: str
    seconds: float


class _Loader(SourceFileLoader):
    """Loads a module from the code that it was given instead of its file."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


class _Finder:
    """Finds the rules, one of them changed, before anybody else does."""

    def __init__(self, codes: Mapping[str, CodeType]) -> None:
        self._codes = codes

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        stem = name.replace(".", "/")
        for place in (f"{stem}.py", f"{stem}/__init__.py"):
            if place in self._codes:
                file = str(ROOT / place)
                return spec_from_file_location(name, file, loader=_Loader(name, file, self._codes[place]))
        return None


class _Witness:
    """Remembers the first test that failed."""

    def __init__(self) -> None:
        self.first = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.first:
            self.first = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.first:
            self.first = report.nodeid


def sources() -> dict[str, str]:
    """The rules as they stand now, by path; a run is about these, whatever is written meanwhile."""
    files = sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py"))
    files += [ROOT / path for path in ROOMS]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in files}


def tests(change: Change | None) -> list[str]:
    """What there is besides for this change and the files of TESTS, or of ROOMS; for None, everything."""
    if change and change.path in ROOMS:
        return list(ROOMS[change.path])
    mine = BESIDES if change is None else {change.path: BESIDES.get(change.path, ())}
    rooms = ROOMS if change is None else {}
    found = (path for pattern in TESTS for path in sorted(ROOT.glob(pattern)))
    files = [str(path.relative_to(ROOT)) for path in found]
    besides = [each for some in (mine, rooms) for several in some.values() for each in several]
    return list(dict.fromkeys([*besides, *files]))


def compiled(texts: Mapping[str, str], change: Change | None) -> dict[str, CodeType]:
    """The code of every file, with one change made."""
    return {
        path: compile(
            changed(text, change) if change and change.path == path else text, str(ROOT / path), "exec"
        )
        for path, text in texts.items()
    }


def run(
    texts: Mapping[str, str], chosen: Sequence[Change | None], jobs: int, limits: Mapping[str, float]
) -> Iterator[Result]:
    """The tests on each change (None: on the rules as they are), `jobs` at a time, as they end.

    limits: how much computing time (s) the tests of a file may take; a change that makes them take longer is
    noticed.
    """
    waiting, going = list(reversed(chosen)), {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            while waiting or going:
                while waiting and len(going) < jobs:
                    change, told = waiting.pop(), Path(folder) / str(len(waiting))
                    going[_start(texts, change, told, limits)] = (change, told)
                pid, status, used = os.wait4(-1, 0)
                change, told = going.pop(pid)
                by = told.read_text(encoding="utf-8") if told.exists() else ""
                yield Result(change, _what(status), by, used.ru_utime + used.ru_stime)
        finally:
            for pid in going:
                os.kill(pid, signal.SIGKILL)


def _what(status: int) -> str:
    if os.WIFSIGNALED(status):
        return TIMEOUT if os.WTERMSIG(status) == signal.SIGXCPU else CAUGHT
    return SURVIVED if os.WEXITSTATUS(status) == 0 else CAUGHT


def _start(texts: Mapping[str, str], change: Change | None, told: Path, limits: Mapping[str, float]) -> int:
    """A process that runs the tests on one change and ends with pytest's exit code."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
        silence = os.open(
            os.devnull if change else f"{ROOT}/build/mutants.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        )
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        os.chdir(ROOT)
        sys.meta_path.insert(0, _Finder(compiled(texts, change)))  # type: ignore[arg-type]
        witness = _Witness()
        words = [
            "-x",
            "-q",
            "--assert=plain",
            "-p",
            "no:cacheprovider",
            "--hypothesis-profile=mutants",
            "--hypothesis-seed=0",
        ]
        took = {}
        for file in tests(change):  # one after the other, so that most changes never meet the slow ones
            before = time.process_time()
            until = round(before + limits.get(file, LIMIT_S)) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
            code = int(pytest.main([*words, file], plugins=[witness]))
            took[file] = time.process_time() - before
            if code:
                break
        told.write_text(witness.first if change else json.dumps(took), encoding="utf-8")
    except BaseException:  # noqa: BLE001  the process ends here, whatever it was
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def explained() -> dict[tuple[str, ...], str]:
    """Changes that nobody can notice, with the reason, by their key."""
    text = (Path(__file__).parent / "equivalent.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text).get("equivalent", [])
    fields = ("path", "place", "text", "before", "after")
    return {tuple(row[each] for each in fields): row["why"] for row in rows}


def report(
    results: Sequence[Result], seed: int, of: int, tests_s: float, seconds: float
) -> dict[str, object]:
    """Write build/mutants.json and build/mutants.md; the figures."""
    reasons = explained()
    survivors = [each for each in results if each.what == SURVIVED and each.change is not None]
    caught = len(results) - len(survivors)
    alike = sum(each.change.key in reasons for each in survivors if each.change)
    figures: dict[str, object] = {
        "seed": seed,
        "of": of,
        "mutants": len(results),
        "caught": caught,
        "by_time": sum(each.what == TIMEOUT for each in results),
        "equivalent": alike,
        "survived": len(survivors) - alike,
        "score": round(caught / max(1, len(results) - alike), 4),
        "tests_s": round(tests_s, 1),
        "longest_s": round(max(each.seconds for each in results), 1),
        "seconds": round(seconds),
    }
    rows = [
        {**each.change._asdict(), "what": each.what, "by": each.by, "seconds": round(each.seconds, 1)}
        for each in results
        if each.change is not None
    ]
    build = ROOT / "build"
    (build / "mutants.json").write_text(json.dumps({**figures, "results": rows}, indent=1), encoding="utf-8")
    lines = ["# Changes to the rules that no test noticed", "", f"`{json.dumps(figures)}`", ""]
    for each in sorted((each.change for each in survivors if each.change), key=lambda one: one[:2]):
        why = reasons.get(each.key, "**a test is missing**")
        lines += [f"- `{each.path}:{each.line}` in `{each.place}`, {each.kind}: `{each.text}`"]
        lines += [f"  - `{each.before}` made `{each.after}`: {why}"]
    (build / "mutants.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return figures


def main(seed: int, number: int, jobs: int, only: str = "") -> int:
    """Draw, run, report; 0 if enough were noticed. number: 0 for every change there is. only: of files whose
    path begins so."""
    (ROOT / "build").mkdir(exist_ok=True)
    _warm()
    began = time.monotonic()
    texts = sources()
    as_it_is = next(run(texts, [None], 1, {}))
    if as_it_is.what != SURVIVED:
        print("mutants: the tests fail on the rules as they are: see build/mutants.txt")
        return 1
    limits = {file: 3 * took + 3 for file, took in json.loads(as_it_is.by).items()}
    all_of_them = [
        each for path, source in texts.items() for each in changes(path, source) if path.startswith(only)
    ]
    chosen = random.Random(seed).sample(all_of_them, min(number or len(all_of_them), len(all_of_them)))
    results = []
    for result in run(texts, chosen, jobs, limits):
        results.append(result)
        if len(results) % 20 == 0:
            print(f"{len(results)} of {len(chosen)}", file=sys.stderr, flush=True)
        if result.what == SURVIVED and (change := result.change):
            print(f"{change.path}:{change.line}: {change.before}  ->  {change.after}", flush=True)
    figures = report(results, seed, len(all_of_them), as_it_is.seconds, time.monotonic() - began)
    print(json.dumps(figures))
    return 0 if caught_enough(figures) else 1


def caught_enough(figures: dict[str, object]) -> bool:
    """Whether enough was noticed of what can be: what equivalent.toml explains changes nothing."""
    return float(str(figures["score"])) >= LEAST


def _warm() -> None:
    """Load what pytest would load in every worker."""
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    quick = hypothesis.settings(
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.register_profile("mutants", quick)
