"""The page /history: views as links, figures that are the same on page, CSV and XLSX, cells that point to few
people merged, nothing that a spreadsheet works out."""

import csv
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.history import spreadsheet
from acd.history.course import Here
from acd.history.single import Search
from acd.history.view import NEED, STEPS, View, ViewFault
from acd.identity import Role
from acd.past import Past
from acd.store import queries, single
from acd.store.moments import moment
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder
from config.load import SHIPPED, load
from config.schema import Centre
from config.words import words
from routing import facts
from routing.privacy import MERGED
from routing.service_level import VARIANTS
from routing.world import Person
from tests.fakes.admits import Admits, person
from tests.fakes.centre import POLICY, Bench
from tests.fakes.centre import person as agent
from tests.fakes.pages import app_of, picture_of
from tests.properties.test_history_sums import call

CENTRE = load(SHIPPED)
NOON = int(datetime(2026, 3, 9, 11, tzinfo=UTC).timestamp() * 1000)
"""A Monday at 12:00 in Essen."""
ZONE = CENTRE.centre.zone
MARCH = "first=2026-03-09&last=2026-03-15"


def centre(**privacy: Any) -> Centre:
    """The shipped one with another [privacy]."""
    return CENTRE.model_copy(update={"privacy": CENTRE.privacy.model_copy(update=privacy)})


AGREED = centre(agreement=object(), smallest_cell=0)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """Monday to Friday, at noon: forty calls each day in German and ten in Arabic, who wait longer."""
    engine = await ready("records", urls(tmp_path, {})["records"])
    told = []
    for place in range(250):
        day, number = divmod(place, 50)
        arabic = number >= 40
        end = facts.ABANDONED_QUEUE if number % 10 == 9 else facts.ANSWERED
        wait = 1_000 * (number % 40) + (60_000 if arabic else 0)
        begun = call(place + 1, NOON + day * 86_400_000 + number * 60_000, f"t{place % 200}", end, wait)
        language = "ar" if arabic else "de"
        told += [
            each._replace(language=language) if isinstance(each, facts.NeedKnown) else each for each in begun
        ]
    await SqlRecorder(engine).record([(1, told)])
    yield engine
    await engine.dispose()


class Known:
    """A vault that knows one number."""

    async def known(self, number: str) -> str:
        return "t7" if number == "0201 8812345" else ""


def app(records: AsyncEngine, house: Centre = AGREED) -> FastAPI:
    """Pages over these records: Ute is in charge, Sam is not."""
    bench = Bench()
    past = Past(records, Known(), lambda: house, lambda: bench.engine.world)
    people = Admits(ute=person("ute", Role.SUPERVISOR), sam=person("sam", Role.STAFF))
    return app_of(picture_of(bench, 0), people=people, history=past, zone=lambda: ZONE)


def client(records: AsyncEngine, house: Centre = AGREED, who: str = "ute") -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app(records, house)), base_url="http://localhost", cookies={"acd": who}
    )


async def test_a_view_is_its_address(records: AsyncEngine) -> None:
    async with client(records) as asking:
        page = (await asking.get(f"/history?{MARCH}&step=week&by=language&lang=en")).text
        assert "week 11/2026" in page
        assert "العربية" in page
        assert '<option value="week" selected>' in page
        assert f'href="/history.csv?{MARCH}'.replace("&", "&amp;") in page
        assert "lang=de" in page
        assert "step=week&amp;by=language&amp;lang=de" in page, "the other language keeps the view"
        german = (await asking.get(f"/history?{MARCH}&lang=de")).text
        assert "09.03.2026" in german
        assert (await asking.get("/history")).status_code == 200, "the last days, without any call"


@pytest.mark.parametrize("step", ["quarter", "hour", "day", "week", "month", "whole"])
@pytest.mark.parametrize("by", ["", "language", "need", "outcome", "served_by", "classes", "kind", "concern"])
async def test_every_view_is_a_page(records: AsyncEngine, step: str, by: str) -> None:
    async with client(records) as asking:
        page = await asking.get(f"/history?{MARCH}&step={step}&by={by}&lang=en")
        assert page.status_code == 200
        assert "<svg" in page.text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("first=2026-03-09&last=2026-03-01", "is before the beginning"),
        ("first=gestern", "is no date like"),
        ("step=second", "there is no such thing"),
        ("first=2020-01-01&last=2026-01-01&step=hour", "Too many steps"),
        ("first=0001-01-01", "a year from 2000"),
    ],
)
async def test_what_cannot_be_answered_is_said(records: AsyncEngine, asked: str, said: str) -> None:
    async with client(records) as asking:
        page = await asking.get(f"/history?{asked}&lang=en")
        assert page.status_code == 422
        assert said in page.text


async def test_it_asks_for_a_right(records: AsyncEngine) -> None:
    async with client(records, who="sam") as asking:
        assert (await asking.get("/history")).status_code == 403
        assert (await asking.get("/history.csv")).status_code == 403


async def test_figures_are_those_of_the_live_page(records: AsyncEngine) -> None:
    """Counts and every service level, from the sums and from the rows, on either clock, at every target."""
    bench = Bench()
    for clock in ("since_queue", "since_answer"):
        for seconds in (0 + 1, 10, 20, 39, 60, 70):
            level = CENTRE.service_level.model_copy(update={"seconds": seconds, "clock": clock})
            house = AGREED.model_copy(update={"service_level": level})
            past = Past(records, Known(), lambda house=house: house, lambda: bench.engine.world)  # type: ignore[misc]
            view = View(date(2026, 3, 9), date(2026, 3, 15), "day", clock=clock)
            total = (await past.answer(view)).total
            counted = await queries.counts(
                records,
                moment(NOON - 86_400_000),
                moment(NOON + 6 * 86_400_000),
                seconds=seconds,
                clock=clock,
                short_seconds=level.short_abandon_seconds,
            )
            assert (total.answered, total.abandoned, total.short) == (
                counted.answered,
                counted.abandoned,
                counted.abandoned_short,
            )
            for variant in VARIANTS:
                assert total.levels[variant] == queries.fraction(counted, variant)


async def test_page_csv_and_xlsx_say_the_same(records: AsyncEngine) -> None:
    async with client(records) as asking:
        given = f"{MARCH}&step=day&by=language"
        page = (await asking.get(f"/history?{given}&lang=en")).text
        text = (await asking.get(f"/history.csv?{given}&lang=en")).content.decode("utf-8-sig")
        rows = list(csv.DictReader(StringIO(text)))
        assert len(rows) == 10
        assert {row["Calls"] for row in rows} == {"40", "10"}
        assert {row["Language"] for row in rows} == {"Deutsch", "العربية"}
        assert page.count('<th scope="row">09.03.2026</th>') == 2
        answer = await asking.get(f"/history.xlsx?{given}&lang=en")
        assert answer.headers["content-disposition"].endswith('2026-03-15.xlsx"')
        sheet = zipfile.ZipFile(BytesIO(answer.content)).read("xl/worksheets/sheet1.xml").decode()
        assert sheet.count("<row ") == 11
        german = (await asking.get(f"/history.csv?{given}&lang=de")).content.decode("utf-8-sig")
        assert german.startswith("Beginn;Sprache;Anrufe;")


async def test_who_waits_longer_is_said(records: AsyncEngine) -> None:
    async with client(records) as asking:
        page = (await asking.get(f"/history?{MARCH}&lang=en")).text
        assert "These wait longer than others, and it is more than chance: العربية" in page


async def test_without_an_agreement_cells_of_few_are_one(records: AsyncEngine) -> None:
    """Three people are here: nothing that fewer than five could serve stands alone, in any view or file."""
    strict = centre(agreement=None, smallest_cell=0)
    async with client(records, strict) as asking:
        given = f"{MARCH}&by=language&step=whole&lang=en"
        page = (await asking.get(f"/history?{given}")).text
        assert "What only few could serve is shown as one" in page
        assert "several languages" in page
        assert "العربية" not in page.split("<main", 1)[1]
        text = (await asking.get(f"/history.csv?{given}")).content.decode("utf-8-sig")
        (row,) = csv.DictReader(StringIO(text))
        assert (row["Language"], row["Calls"]) == ("several languages", "250")
        alone = await asking.get(f"/history?{MARCH}&language=ar&lang=en")
        assert alone.status_code == 422
        assert "too few people could serve it" in alone.text


def test_no_text_becomes_a_formula() -> None:
    """As a spreadsheet takes them: by their first character, blanks before it or not."""
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "|cmd", "good"]
    text = spreadsheet.as_csv(evil, [evil, [-1, 2.5, None]], "en").decode("utf-8-sig")
    head, row, numbers = csv.reader(StringIO(text, newline=""))
    assert head == row
    assert row[-1] == "good"
    assert all(each.startswith("'") for each in row[:-1])
    assert numbers == ["-1", "2.5", ""], "numbers stay numbers"
    book = zipfile.ZipFile(BytesIO(spreadsheet.as_xlsx("=T[1]", evil, [evil])))
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


async def test_today_stands_beside_what_is_usual(tmp_path: Path) -> None:
    engine = await ready("records", urls(tmp_path, {})["records"])
    noon = datetime.now(ZONE).replace(hour=12, minute=1, second=0, microsecond=0)
    told, number = [], 0
    for weeks, calls in ((0, 3), (1, 2), (2, 4), (3, 6), (4, 8)):
        for each in range(calls):
            number += 1
            at = int((noon - timedelta(weeks=weeks)).timestamp() * 1000) + each * 1_000
            told += call(number, at, f"t{number}", facts.ANSWERED, 5_000)
    await SqlRecorder(engine).record([(1, told)])
    async with client(engine) as asking:
        page = (await asking.get("/history/today?lang=en")).text
        numbers = "".join(f'<td class="number">{each}</td>' for each in ("4–6", 3, 0))
        assert f'<th scope="row">12:00</th>{numbers}' in page
        assert "Usual is what was on the last eight" in page
        asked = (await asking.get("/history/today?language=xx&lang=en")).text
        assert "cannot be shown alone" in asked
    await engine.dispose()


async def test_today_counts_who_still_waits_where_they_came(records: AsyncEngine) -> None:
    """Two German callers came before noon and a Turkish one after it: all wait, none is in the sums yet. Who
    came yesterday and waits is none of today's."""
    bench = Bench()
    noon = datetime.now(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    for uid, minutes, language in (("1", -1440, "de"), ("2", -3, "de"), ("3", -1, "de"), ("4", 0, "tr")):
        bench.now = int((noon + timedelta(minutes=minutes)).timestamp() * 1000)
        bench.call(uid, language)
    past = Past(records, Known(), lambda: AGREED, lambda: bench.engine.world)
    pages = app_of(
        picture_of(bench, 0),
        people=Admits(ute=person("ute", Role.SUPERVISOR)),
        history=past,
        zone=lambda: ZONE,
    )
    transport = httpx.ASGITransport(pages)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", cookies={"acd": "ute"}
    ) as asking:
        page = (await asking.get("/history/today?lang=en")).text
    number = '<td class="number">{}</td>'
    for begin, came in (("11:45", 2), ("12:00", 1)):
        row = page.split(f'<th scope="row">{begin}</th>')[1].split("</tr>")[0]
        assert row == "".join(map(number.format, ("–", came, came, 0, 0, "–")))
    assert page.count('<th scope="row">') == 2
    day = noon.replace(hour=0)
    assert list((await past.here(day, "tr")).values()) == [Here(1, 0, 0)]


async def test_single_visits_are_found_by_time_language_and_case(records: AsyncEngine) -> None:
    async with client(records) as asking:
        day = "first=2026-03-09&last=2026-03-09"
        page = (await asking.get(f"/history/visits?{day}&lang=en")).text
        assert page.count('href="/history/visits/') == 50
        assert "Amal Haddad" in page, "with an agreement"
        page = (await asking.get(f"/history/visits?{day}&language=ar&lang=en")).text
        assert page.count('href="/history/visits/') == 10
        assert "Nothing found" in (await asking.get(f"/history/visits?{day}&case=K-1&lang=en")).text
        week = (await asking.get(f"/history/visits?{MARCH}&lang=en")).text
        assert week.count('href="/history/visits/') == 100
        older = re.search(r'href="(/history/visits[?][^"]*before=151[^"]*)"', week)
        assert older is not None
        second = (await asking.get(older[1].replace("&amp;", "&"))).text
        assert 'href="/history/visits/150"' in second
        assert (await asking.get("/history/visits?first=gestern")).status_code == 422


async def test_the_course_of_a_visit_names_persons_only_by_agreement(records: AsyncEngine) -> None:
    for house, named in ((AGREED, True), (centre(agreement=None), False)):
        async with client(records, house) as asking:
            page = (await asking.get("/history/visits/1?lang=en")).text
            assert ("decided by: concern level" in page) is named, "it would tell whose case it is"
            assert ("Amal Haddad" in page) is named
            assert ("language level (1 to 7): 7" in page) is named
            every = (await asking.get(f"/history/visits?{MARCH}")).text
            assert ("Amal" in every) is named
            assert (await asking.get("/history/visits/9999")).status_code == 404


async def test_a_number_is_looked_up_by_right_and_told_to_the_audit(records: AsyncEngine) -> None:
    async with client(records) as asking:
        ours = {"Origin": "http://localhost"}
        form = {"csrf": "csrf-ute", "number": "0201 8812345"}
        page = await asking.post("/history/visits?lang=en", data=form, headers=ours)
        assert page.text.count('href="/history/visits/') == 2
        assert "8812345" not in page.text
        form["number"] = "0201 1"
        assert "not known" in (await asking.post("/history/visits?lang=en", data=form, headers=ours)).text
        told = asking._transport.app.state.people.doings  # type: ignore[attr-defined]
        assert told == [("person:ute", "find_caller", "")] * 2
    async with client(records, who="sam") as asking:
        form = {"csrf": "csrf-sam", "number": "0201 8812345"}
        assert (await asking.post("/history/visits", data=form, headers=ours)).status_code == 403
        assert (await asking.get("/history/visits")).status_code == 403


async def test_every_kind_of_step_has_its_words(tmp_path: Path) -> None:
    """A visit in which everything happened that the records know of, in both languages, on the page."""
    engine = await ready("records", urls(tmp_path, {})["records"])
    first, *others, last = call(1, NOON, "a", facts.ANSWERED, 20_000)
    told = [
        first,
        *others,
        facts.CallerTold(NOON + 1, 1, "wait"),
        facts.WaitJudged(NOON + 2, 1, "ar", NOON, 60_000, -1, True, 20_000, facts.MISSED),
        facts.Overflowed(NOON + 3, 1, "late", "fallback"),
        *(facts.RecordingChanged(NOON + 4, 1, what, facts.BY_CALLER, 0) for what in facts.RECORDING),
        facts.OfferRang(NOON + 5, 1, 1, "amal"),
        facts.CallbackDialled(NOON + 6, 1, 1, "amal", 1),
        facts.WrapUpEnded(NOON + 90_000, 1, "amal"),
        facts.HandedOver(NOON + 95_000, 1, 1, "amal", "cem", ""),
        last,
    ]
    await SqlRecorder(engine).record([(1, told)])
    found = await single.course(engine, 1)
    assert found is not None
    assert len({each.what for each in found.steps}) == 15
    for language in ("de", "en"):
        said = words(language, "history", "history_visits")
        for step in found.steps:
            assert f"step_{step.what}" in said
            assert {f"detail_{name}" for name in step.values} <= set(said)
    async with client(engine) as asking:
        assert "agreed" in (await asking.get("/history/visits/1?lang=en")).text
    await engine.dispose()


async def test_a_visit_that_few_could_serve_tells_nothing_of_its_need(records: AsyncEngine) -> None:
    """How long its talk was would be how long one person takes."""
    async with client(records, centre(agreement=None)) as asking:
        for page in (f"?{MARCH}&lang=en", "/1?lang=en"):
            shown = (await asking.get(f"/history/visits{page}")).text.split("<h2", 1)[1]
            assert "several languages" in shown
            assert "Deutsch" not in shown
        asked = await asking.get(f"/history/visits?{MARCH}&language=ar&lang=en")
        assert asked.status_code == 422
        assert "too few people could serve it" in asked.text


async def test_no_two_views_or_lists_give_away_what_few_could_serve(tmp_path: Path) -> None:
    """Six speak Ukrainian, two of them know study. No two views that are shown differ by what these two could
    serve, and no two lists of visits have just that in common."""
    engine = await ready("records", urls(tmp_path, {})["records"])
    people = [agent(f"g{i}", f"{i}", {"de": 7}, {"study": 5, "other": 5}) for i in range(10)]
    people += [
        agent(f"u{i}", f"9{i}", {"uk": 7, "de": 7}, {"other": 5} | ({"study": 5} if i < 2 else {}))
        for i in range(6)
    ]
    world = SimpleNamespace(policy=POLICY, people={each.id: Person(each) for each in people})
    few, told = set(), []
    for number, (language, concern) in enumerate(
        [("de", "study")] * 5 + [("de", "other")] * 5 + [("uk", "other")] * 4 + [("uk", "study")] * 2, 1
    ):
        if (language, concern) == ("uk", "study"):
            few.add(number)
        told += [
            fact._replace(language=language, concern=concern) if isinstance(fact, facts.NeedKnown) else fact
            for fact in call(number, NOON + number * 60_000, f"t{number}", facts.ANSWERED, 1_000)
        ]
    await SqlRecorder(engine).record([(1, told)])
    strict = centre(agreement=None, smallest_cell=0)
    past = Past(engine, Known(), lambda: strict, lambda: world)
    lists, sums = [], {}
    for language in ("", "de", "uk"):
        for concern in ("", "study", "other"):
            with suppress(ViewFault):
                span = Search(NOON, NOON + 10**7, language=language, concern=concern)
                lists.append({each.visit for each in await past.visits(span)})
            for by in ("", "language", "concern", "need"):
                with suppress(ViewFault):
                    day = date(2026, 3, 9)
                    answer = await past.answer(View(day, day, "whole", by, language, concern))
                    assert answer.total.visits == sum(row.figures.visits for row in answer.rows)
                    for row in answer.rows:
                        sums[language, concern, by, row.label] = row.figures.visits
    await engine.dispose()
    assert {len(each) for each in lists} == {16, 10, 5, 6}, "all, German, each of its concerns, Ukrainian"
    assert all(one & other != few and one - other != few for one in lists for other in lists)
    assert len(few) not in {one - other for one in sums.values() for other in (*sums.values(), 0)} - {1}
    assert sums["", "", "language", ("uk",)] == sums["", "", "need", ("uk", MERGED)] == 6
    assert sums["", "", "concern", (MERGED,)] == 16


@pytest.mark.parametrize("step", STEPS)
async def test_the_database_goes_through_the_span_once_and_looks_each_cell_up(
    records: AsyncEngine, step: str
) -> None:
    """By a key or at once, however many cells there are: never through all of them for every row."""
    told: list[tuple[str, Any]] = []
    event.listen(records.sync_engine, "before_cursor_execute", lambda *said: told.append((said[2], said[3])))
    bench = Bench()
    past = Past(records, Known(), lambda: AGREED, lambda: bench.engine.world)
    await past.answer(View(date(2026, 3, 9), date(2026, 3, 15), step, NEED))
    asked = [each for each in told if "GROUP BY" in each[0]]
    assert len(asked) == 3, "counts, waits, and the waits of each language"
    async with records.connect() as connection:
        for statement, given in asked:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            found = [str(row[3]) for row in plan]
            assert [each for each in found if not each.startswith(("SEARCH history_", "USE TEMP"))] == []
