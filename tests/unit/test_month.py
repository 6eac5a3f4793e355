"""The monthly report: two pages that tell what the records hold, against the year before, naming nobody."""

import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from acd.history.answer import summed
from acd.history.figures import Aim, Group
from acd.history.sums import VISITS, bin_of
from acd.history.view import WHOLE, View
from acd.plan import month
from acd.plan.month_document import Month, document
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder
from acd.store.summing import rebuild
from config.load import SHIPPED, load
from routing import facts
from routing.facts import Fact
from simulation.report.document import Picture
from simulation.report.numbers import Language
from tests.properties.test_history_sums import call

CENTRE = load(SHIPPED)
ZONE = CENTRE.centre.zone
FIRST = (datetime.now(ZONE).date().replace(day=1) - timedelta(days=1)).replace(day=1)
"""Of the last month that is over."""
PEOPLE = ("amal", "birgit", "cem", "dana", "emil", "farah")


def at(day: date, hour: int) -> int:
    """Engine time of an hour in Essen."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC).timestamp() * 1000)


def calls(first: date, number: int, begin: int, language: str) -> list[Fact]:
    """On one day, a minute apart; every tenth gives up; each of another caller."""
    told: list[Fact] = []
    for place in range(number):
        end = facts.ABANDONED_QUEUE if place % 10 == 9 else facts.ANSWERED
        noon = at(first + timedelta(days=2), 12) + place * 60_000
        for fact in call(begin + place, noon, f"{language}{begin + place}", end, 1_000 * (place % 40)):
            if isinstance(fact, facts.NeedKnown):
                concern = CENTRE.concern[place % len(CENTRE.concern)].key
                told.append(fact._replace(language=language, concern=concern))
            else:
                told.append(fact)
    return told


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    """A centre with a hundred calls in its last month, eighty a year before, a callback kept, one asked for
    on the web that nobody made, and six people who were there for ten hours on one day."""
    written = tmp_path / "config" / "welcomecenter.toml"
    shutil.copytree(SHIPPED.parent / "prompts", written.parent / "prompts")
    shutil.copy(SHIPPED, written)
    centre = load(written)
    engine = await ready("records", urls(centre.path(centre.store.folder), {})["records"])
    then = FIRST.replace(year=FIRST.year - 1)
    promised = at(FIRST + timedelta(days=3), 12)
    told = [
        *calls(then, 80, 1, "de"),
        *calls(FIRST, 60, 1001, "de"),
        *calls(FIRST, 40, 2001, "en"),
        facts.VisitBegan(promised, 3001, None, "", promised, False, "callback"),
        facts.CallbackPromised(promised, 3001, 0, promised, promised + 3_600_000, False),
        facts.TalkBegan(promised + 60_000, 3001, "amal", 0),
        facts.VisitEnded(promised + 90_000, 3001, facts.ANSWERED, "caller", ""),
        facts.VisitBegan(promised, 3002, None, "", promised, False, "web"),
        facts.CallbackPromised(promised, 3002, 0, promised, promised + 3_600_000, False),
        facts.VisitEnded(promised + 7_200_000, 3002, facts.NOT_REACHED, "", ""),
        *(facts.AgentChanged(at(FIRST, 8), each, "ready", "") for each in PEOPLE),
        *(facts.AgentChanged(at(FIRST, 18), each, "logged_out", "") for each in PEOPLE),
    ]
    await SqlRecorder(engine).record([(1, told)])
    await engine.dispose()
    return written


def report(config: Path, which: str) -> tuple[int, str]:
    """Exit code and what was said."""
    out = str(config.parent / "out")
    found = CliRunner().invoke(month.app, ["month", which, "--config", str(config), "--out", out])
    return found.exit_code, found.output


def test_two_pages_tell_what_was(config: Path) -> None:
    code, said = report(config, f"{FIRST:%Y-%m}")
    assert code == 0, said
    assert len(said.split()) == 4
    out = config.parent / "out"
    page = re.sub(r"\s+", " ", (out / f"month-{FIRST:%Y-%m}.en.html").read_text(encoding="utf-8"))
    assert "there were 100 calls. That is 25% more than in the same month of last year (80)." in page
    assert "Of 100 callers in the queue 90 spoke with somebody (90% (with 95% confidence 83 to 94%))." in page
    assert "kept as promised: 1 of 2" in page
    assert "logged in for 60 hours" in page
    assert "German" in page
    for name in (*PEOPLE, *(each.name for each in CENTRE.staff)):
        assert not re.search(rf"\b{re.escape(name)}\b", page, re.IGNORECASE)
    german = (out / f"month-{FIRST:%Y-%m}.de.html").read_text(encoding="utf-8")
    assert "100 Anrufe" in german
    for language in ("de", "en"):
        file = (out / f"month-{FIRST:%Y-%m}.{language}.pdf").read_bytes()
        assert len(re.findall(rb"/Type /Page\b(?!s)", file)) == 2
        assert b"/StructTreeRoot" in file, "a screen reader knows its cells"


def test_a_month_without_calls_and_no_month_are_said(config: Path) -> None:
    code, said = report(config, "2001-01")
    assert code == 2
    assert "no call of this month is recorded" in said
    code, said = report(config, "October")
    assert code == 2
    assert "write one like 2026-10" in said


async def test_rebuilding_changes_no_report(config: Path) -> None:
    centre = load(config)
    engine = await ready("records", urls(centre.path(centre.store.folder), {})["records"])
    assert await rebuild(engine) == 182
    await engine.dispose()


@given(st.lists(st.integers(1, 40), max_size=9), st.booleans())
def test_no_row_of_the_report_is_of_few_callers(calls: list[int], german: bool) -> None:
    """Languages with fewer than five calls are one row, with a larger one where that is needed: neither it
    nor what is left of the whole is of fewer, unless all together are. Waits are told of thirty calls on."""
    groups = {}
    for place, number in enumerate(calls):
        group = groups[datetime(1970, 1, 1), (f"l{place}",)] = Group()
        group.count({VISITS: number})
        for wait in range(number):
            group.wait("answered", bin_of(1_000 * wait + 61_000), 1)
    view = View(FIRST, FIRST, step=WHOLE, by="language")
    answer = summed(view, Aim(CENTRE.service_level.variant, 20, 5), groups, {})
    told = Month(FIRST, FIRST, answer, None, (0, 0), 0, None, 39.0, over=True)
    language: Language = "de" if german else "en"
    made = document(told, CENTRE, language)
    section = next(each for each in made.sections if each.key == "languages")
    tables = [each.numbers for each in section.blocks if isinstance(each, Picture)]
    rows = [row for table in tables if table is not None for row in table.rows]
    shown = {row[0]: int(row[1]) for row in rows}
    assert sum(shown.values()) == sum(calls)
    assert all(number >= 5 for number in shown.values()) or len(rows) == 1
    others = shown.get("andere Sprachen" if german else "other languages", 0)
    assert (others > 0) == any(number < 5 for number in calls)
    assert (
        sorted(number for number in calls if number >= 30)
        == sorted(int(row[1]) for row in rows if row[4] != "–")
        or others >= 30
    )
    assert all(int(row[1]) >= 30 for row in rows if row[4] != "–" or row[5] != "–")
