"""The fewest people for some targets: what is looked at, what is chosen, what the command says and writes."""

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from typer.testing import CliRunner

from acd.plan import app
from acd.plan.whom import whom
from config import staff_csv
from simulation.runs.outcome import CONTACTS
from simulation.runs.replications import Block, run
from simulation.runs.selection import FAILS, KEEPS
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario
from simulation.staffing.candidates import TUNED, new_people, staffed
from simulation.staffing.chosen import chosen_name, chosen_text
from simulation.staffing.staffing import (
    HOUR,
    LANGUAGE,
    OVERALL,
    TURNAROUND,
    Goal,
    Search,
    Staffed,
    Years,
    figures,
    goals_of,
)

PLANNING = Path("config/planning.toml")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Half of the callers within 20 s is what 2,000 cases a year need a handful of people for."""
    return scenario_file.load(PLANNING, "2016").changed({"targets.service_level": 0.55})


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture(scope="module")
def answer(scenario: Scenario, pool: Executor) -> Staffed:
    search = Search(scenario, (OVERALL, HOUR), numbers=range(3, 9), new=False, case_work=False)
    return search.run(pool, alpha=0.05, delta=0.02)


def test_goals_are_the_scenarios_targets(scenario: Scenario) -> None:
    goals = goals_of(scenario, (OVERALL, HOUR, LANGUAGE, TURNAROUND), case_work=True)
    assert goals[0] == Goal(OVERALL, "", 0.55)
    assert [each.key for each in goals if each.kind == HOUR] == [str(hour) for hour in range(8, 18)]
    assert [each.key for each in goals if each.kind == LANGUAGE] == [*scenario.cases.language]
    assert goals[-1] == Goal(TURNAROUND, "", 0.9)
    assert TURNAROUND not in [
        each.kind for each in goals_of(scenario, (TURNAROUND, OVERALL), case_work=False)
    ]


FIGURE = [each.key for each in CONTACTS].index("service_level_short_abandons_excluded")


def test_figures_are_those_of_a_run(scenario: Scenario) -> None:
    """All callers' and a language's level as replications give them; hours lie around all callers' level."""
    goals = goals_of(scenario, (OVERALL, HOUR, LANGUAGE), case_work=False)
    rows = figures(Years(scenario, 7, 2, 2, False, goals))
    found = run(Block(scenario, (scenario.cases.in_a_year,), 7, 2, 2, False))
    assert rows[:, 0] == pytest.approx(found.figures[0, :, FIGURE])
    assert rows[:, -10:] == pytest.approx(found.cells[0, :, :10, 1])
    hours = rows[:, 1:11]
    assert (hours.min(1) < rows[:, 0]).all()
    assert (hours.max(1) > rows[:, 0]).all()


def test_with_case_work_cases_done_in_time_count(scenario: Scenario) -> None:
    goals = (Goal(TURNAROUND, "", 0.9),)
    few, many = (
        figures(Years(staffed(scenario, scenario.staff.order[:n]), 1, 0, 1, True, goals))[0, 0]
        for n in (2, 8)
    )
    assert few < many <= 1


def test_the_fewest_that_meet_the_targets_are_chosen(answer: Staffed) -> None:
    """Everything smaller was found to miss, and nothing greater was looked at."""
    assert answer.chosen is not None
    fewest = len(answer.chosen.staff)
    assert 3 < fewest < 8
    for each in answer.tried:
        assert len(each.candidate.staff) <= fewest
        if len(each.candidate.staff) < fewest:
            assert each.checked.decision == FAILS
            assert each.checked.means.min() < 0.55 + 0.02
    kept = [each.candidate for each in answer.tried if each.checked.decision == KEEPS]
    assert answer.chosen in kept


def test_the_choice_is_told_with_intervals_of_its_own(answer: Staffed) -> None:
    """What was asked, all callers and each language; the asked ones lie above the target less delta."""
    assert [each.kind for each in answer.told] == [OVERALL, *[HOUR] * 10, *[LANGUAGE] * 10]
    for each in answer.estimates[: len(answer.goals)]:
        assert each.low <= each.mean <= each.high
        assert each.high >= 0.55 - 0.02


def test_skill_cover_fails_where_one_person_is_counted_twice(scenario: Scenario, pool: Executor) -> None:
    """Two who speak each language and two who know each concern do not give each language its level."""
    wanted = scenario.changed({"targets.service_level": 0.8})
    search = Search(wanted, (OVERALL,), numbers=[12], new=False, case_work=False)
    covered, why = search.covered(pool)
    assert covered is not None
    assert why == ""
    levels = dict(zip([each.key for each in search.told], covered.estimates, strict=True))
    assert levels["ar"].high < 0.8
    assert all(covered.cover.have[skill] >= need for skill, need in covered.needs.items())


def test_what_is_not_reachable_is_said(scenario: Scenario, pool: Executor) -> None:
    wanted = scenario.changed({"targets.service_level": 0.99})
    answer = Search(wanted, (OVERALL,), numbers=[2, 3], new=False, case_work=False).run(
        pool, alpha=0.05, delta=0.01
    )
    assert answer.chosen is None
    assert answer.nearest is not None
    best = max(answer.tried, key=lambda each: float(each.checked.means[0]))
    assert answer.nearest == best.candidate


def test_a_mix_is_tuned_to_the_languages_that_miss(scenario: Scenario, pool: Executor) -> None:
    """With a target for each language there is a candidate more, and it is the least bad or no worse."""
    search = Search(scenario, (LANGUAGE,), numbers=[6], case_work=False)
    answer = search.run(pool, alpha=0.05, delta=0.2)
    assert answer.among == len(search.candidates[6]) + 1
    worst = {each.candidate.how: float(each.checked.means.min()) for each in answer.tried}
    assert worst.get(TUNED, max(worst.values())) >= max(worst.values()) - 0.02


def test_the_same_seed_chooses_the_same(scenario: Scenario, pool: Executor) -> None:
    one, two = (
        Search(scenario, (OVERALL,), numbers=[3], new=False, case_work=False, seed=5).run(
            pool, alpha=0.05, delta=0.1
        )
        for _ in range(2)
    )
    assert [each.candidate for each in one.tried] == [each.candidate for each in two.tried]
    assert all(
        np.array_equal(a.checked.means, b.checked.means) for a, b in zip(one.tried, two.tried, strict=True)
    )


def test_the_command_writes_what_others_read(tmp_path: Path) -> None:
    """The staff as `acd staff import` takes it, the required curve, every candidate with its decision."""
    options = "--calls-only --targets overall --staff 3..4 --known --delta 0.1 --out"
    result = CliRunner().invoke(app, ["staff", "2016", *options.split(), str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "Not reachable with 4 people (23 desks)" in result.output
    folder = tmp_path / "2016-staff"
    house = scenario_file.load(PLANNING, "2016").house
    assert len(staff_csv.read(folder / "staff.csv", house).agents) == 4
    made = scenario_file.load(folder / "staff.toml", "2016_chosen")
    assert made.cases.in_a_year == 2_000
    assert len(made.staff.order) == made.staff.people.value == 4
    assert f"acd plan run 2016_chosen --file {folder / 'staff.toml'}" in result.output
    assert result.output.splitlines()[-1].startswith(
        "Whom to hire cannot be said: no staff of up to 4 people"
    )
    assert (folder / "required.csv").read_text("utf-8").startswith("weekday,begin,people,de,en")
    with (folder / "candidates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["people"] for row in rows} == {"3", "4"}
    assert {row["decision"] for row in rows} == {FAILS}
    assert all(0 < float(row["overall"]) < 1 and row["scenario_hash"] for row in rows)


def test_a_chosen_staff_is_a_scenario_with_the_same_results(tmp_path: Path) -> None:
    """New people and what the scenario sets otherwise come back from the file: the digest is the same."""
    before = scenario_file.load(PLANNING, "vacancies")
    new = new_people(before)
    made = staffed(before, ["jonas", "amal", new[0].id, "paul"], new[:1])
    file = tmp_path / "staff.toml"
    said = scenario_file.said(PLANNING, "vacancies")
    file.write_text(chosen_text(said, made, str(PLANNING.resolve())), "utf-8")
    again = scenario_file.load(file, chosen_name("vacancies"))
    assert again.digest == made.digest
    assert again.en.startswith("4 chosen staff: Two vacancies")
    assert again.staff.order == ["jonas", "amal", "paul", new[0].id]


def test_whom_to_hire_is_one_line(scenario: Scenario) -> None:
    """How many, with which skills, alike ones together; who is in the file by id; who is not needed."""
    asked = scenario.changed({"staff.people": 5})
    made = new_people(asked)[0]
    new = [made, made.model_copy(update={"id": "new_2"})]
    line = whom(asked, ["daryna", "leyla", "aylin", "jonas", "paul", made.id, "new_2"], new)
    paul = "paul (de:native en:C1; employment:4 blue_card:4 study:3 application_state:4 other:4)"
    assert line.startswith(f"Hire 3: {paul}; 2 times (")
    assert f"{next(iter(made.languages))}:native" in line
    assert line.endswith(". 4 of the 5 present staff stay; not needed: farhad.")
    assert "\n" not in line
    assert whom(asked, asked.staff.order[:5], []) == "Hire nobody. All 5 of the present staff stay."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--targets speed", "'speed' is none of overall, hour, language, turnaround"),
        ("--targets turnaround --calls-only", "leaves nothing to be met"),
        ("--staff 5..24", "lies between 1 and the 23 desks"),
        ("--alpha 1", "lie between 0 and 1"),
        ("--staff few", "'few' is no number"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(options: str, said: str) -> None:
    result = CliRunner().invoke(app, ["staff", "2016", *options.split()])
    assert result.exit_code == 2
    assert said in result.output


def test_where_there_is_nothing_to_choose_it_says_so(tmp_path: Path) -> None:
    """Nobody calls; or more people are asked for than the files name."""
    file = tmp_path / "planning.toml"
    more = {"staff.desks": {"value": 30, "unit": "desks", "source": "assumption"}}
    none = {"cases.per_year": {"value": 0, "unit": "cases/year", "source": "assumption"}}
    tables = [
        {"name": name, "de": name, "en": name, "set": changed}
        for name, changed in (("more", more), ("none", none))
    ]
    file.write_text(tomli_w.dumps({"extends": str(PLANNING.resolve()), "scenario": tables}), "utf-8")
    asked = ["--calls-only", "--known", "--staff", "24", "--file", str(file)]
    few, quiet = (CliRunner().invoke(app, ["staff", name, *asked]) for name in ("more", "none"))
    assert (few.exit_code, quiet.exit_code) == (2, 2)
    assert "no more than 23 people" in few.output
    assert "lies between 1 and the 23 desks" in quiet.output
    quiet = CliRunner().invoke(app, ["staff", "none", "--calls-only", "--staff", "3", "--file", str(file)])
    assert quiet.exit_code == 2
    assert "nobody calls" in quiet.output


class Counting(ThreadPoolExecutor):
    """A worker that remembers which years it was asked for."""

    def __init__(self) -> None:
        super().__init__(1)
        self.asked: list[str] = []

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        self.asked.append(args[0].name)
        return super().submit(fn, *args, **kwargs)


def _searched(
    scenario: Scenario,
    kept: Path | None,
    progress: Callable[[int, int], None] = lambda people, years: None,
    *,
    numbers: Sequence[int] = (3, 4, 5),
    targets: tuple[str, ...] = (OVERALL, LANGUAGE),
    seed: int = 1,
    case_work: bool = False,
) -> tuple[Staffed | None, list[str]]:
    """A search's answer, None if it was interrupted, and the years that were simulated for it."""
    search = Search(scenario, targets, numbers=numbers, new=False, case_work=case_work, seed=seed, kept=kept)
    with Counting() as pool:
        try:
            return search.run(pool, alpha=0.05, delta=0.2, most=30, progress=progress), pool.asked
        except KeyboardInterrupt:
            return None, pool.asked


def _interrupted_at(wanted: int) -> Callable[[int, int], None]:
    def progress(people: int, _: int) -> None:
        if people == wanted:
            raise KeyboardInterrupt

    return progress


def _told(answer: Staffed | None) -> list[object]:
    """Everything that an answer says, to the last bit."""
    assert answer is not None
    tried = [(*each.checked[:2], each.checked.means.tobytes(), each.candidate) for each in answer.tried]
    covered = answer.covered and [
        each.hex() for some in answer.covered.estimates for each in map(float, some)
    ]
    estimates = [each.hex() for some in answer.estimates for each in map(float, some)]
    return [answer.chosen, answer.nearest, answer.sure, tried, estimates, covered]


def test_an_interrupted_search_goes_on_where_it_was(scenario: Scenario, tmp_path: Path) -> None:
    """In its trials, its checks and what it tells: what was simulated is not again, and the answer is that of
    one that nobody interrupted."""
    whole, every = _searched(scenario, None)
    none, before = _searched(scenario, tmp_path, _interrupted_at(4))
    assert none is None
    there = {path.stem for path in tmp_path.glob("*/*.npz")}
    assert 0 < len(there) < len(every)
    assert there <= set(before)
    again, after = _searched(scenario, tmp_path)
    assert set(after) == set(every) - there
    assert len(after) == len(set(after))
    assert _told(again) == _told(whole)
    third, nothing = _searched(scenario, tmp_path)
    assert nothing == []
    assert _told(third) == _told(whole)


def test_torn_years_are_simulated_again(scenario: Scenario, tmp_path: Path) -> None:
    whole, _ = _searched(scenario, tmp_path, targets=(OVERALL,))
    torn = sorted(tmp_path.glob("*/*.npz"))[::3]
    for path in torn:
        path.write_bytes(path.read_bytes()[:100])
    again, after = _searched(scenario, tmp_path, targets=(OVERALL,))
    assert sorted(after) == [path.stem for path in torn]
    assert _told(again) == _told(whole)


def test_what_another_question_kept_is_not_taken(scenario: Scenario, tmp_path: Path) -> None:
    """Another seed, number of the scenario, way to count the service level or targets; cases as work."""
    _searched(scenario, tmp_path, numbers=[3], targets=(OVERALL,))
    level = scenario.house.service_level.model_copy(update={"variant": "answered_only"})
    counted = scenario.model_copy(
        update={"house": scenario.house.model_copy(update={"service_level": level})}
    )
    longer = scenario.changed({"calls.talk": scenario.calls.talk.value + 1})
    for other, seed, case_work in ((scenario, 2, False), (longer, 1, False), (counted, 1, False)):
        alone, every = _searched(other, None, numbers=[3], targets=(OVERALL,), seed=seed, case_work=case_work)
        beside, ran = _searched(
            other, tmp_path, numbers=[3], targets=(OVERALL,), seed=seed, case_work=case_work
        )
        assert sorted(ran) == sorted(every)
        assert _told(beside) == _told(alone)
    _, ran = _searched(
        scenario, tmp_path, _interrupted_at(3), numbers=[3], targets=(OVERALL,), case_work=True
    )
    assert ran
    by_hour, _ = _searched(scenario, tmp_path, numbers=[3], targets=(HOUR,))
    assert _told(by_hour) == _told(_searched(scenario, None, numbers=[3], targets=(HOUR,))[0])


COMMAND = [
    str(Path(sys.executable).with_name("acd")), "plan", "staff", "2016", "--calls-only",
    "--targets", "overall", "--staff", "3..6", "--known", "--delta", "0.02", "--out",
]  # fmt: skip


def _ended(out: Path) -> tuple[str, dict[str, bytes]]:
    """What the command says, less its folder, and writes."""
    done = subprocess.run([*COMMAND, str(out)], check=True, capture_output=True, text=True)
    files = {path.name: path.read_bytes() for path in (out / "2016-staff").iterdir()}
    return done.stdout.replace(str(out), "OUT"), files


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, bytes]]:
    return _ended(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_says_that_it_goes_on(
    tmp_path: Path, sent: signal.Signals, undisturbed: tuple[str, dict[str, bytes]]
) -> None:
    """In one line, with 130; called again it writes and says what an undisturbed one does."""
    process = subprocess.Popen([*COMMAND, str(tmp_path)], stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("kept/*/*.npz")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(sent)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted; the same command goes on from here"
    assert "Traceback" not in said
    begun = {path: path.stat().st_mtime_ns for path in tmp_path.glob("kept/*/*.npz")}
    assert _ended(tmp_path) == undisturbed
    assert undisturbed[0].splitlines()[-1].startswith(("Hire ", "Whom to hire"))
    assert all(path.stat().st_mtime_ns == written for path, written in begun.items())
    assert len(begun) < len(list(tmp_path.glob("kept/*/*.npz")))
