"""Small cells: which figures stand alone, and that API, broker and figures merge the same ones."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from acd.demo import admitted
from acd.metrics.board import BoardFigures
from acd.metrics.course import Course, Target
from acd.mqtt.messages import messages
from acd.ports import Arrival
from acd.term import Daemon
from agents.model import Team
from config.tables.house import FEW, Agreement, Privacy
from routing import facts
from routing.events import CallWaiting, Leg, PbxSnapshot, TeamChanged
from routing.policy import SECOND, Plan, Policy, Step
from routing.privacy import MERGED, apart, partition, servers
from routing.world import Person
from tests.fakes.admits import BEARER
from tests.fakes.centre import POLICY, ROSTER, person
from tests.fakes.pages import app_of, picture_of, waiting_bench
from tests.unit.test_daemon import opened

__all__ = ["opened"]

LANGUAGES = ("de", "en", "uk")
CONCERNS = ("study", "other")
STAFF = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(LANGUAGES), st.integers(1, 7), min_size=1),
        st.dictionaries(st.sampled_from(CONCERNS), st.integers(1, 5)),
    ),
    max_size=8,
)


def cells_alone(policy: Policy, people: list[Person], smallest: int) -> frozenset[tuple[str, str]]:
    found = apart(policy, people, smallest).cells
    assert found is not None
    return found


@given(STAFF, st.integers(1, 5))
def test_no_figure_stands_for_fewer_people_than_asked(staff: list[Any], smallest: int) -> None:
    """Neither a cell of its own, nor the merged one (unless the whole centre is in it, or nobody)."""
    people = [Person(person(f"p{i}", f"{i}", *skills)) for i, skills in enumerate(staff)]
    could = {
        (language, concern): {
            f"p{i}"
            for i, (speaks, knows) in enumerate(staff)
            if knows.get(concern, 0) >= 3
            and (
                min(speaks.get("de", 0), speaks.get("en", 0))
                if language == "und"
                else speaks.get(language, 0)
            )
            >= 5
        }
        for language in (*LANGUAGES, "und")
        for concern in CONCERNS
    }
    alone = apart(POLICY, people, smallest).cells or ()
    assert all(len(could[cell]) >= smallest for cell in alone)
    merged = set().union(*(who for cell, who in could.items() if cell not in alone))
    assert not merged or len(merged) >= smallest or not alone
    for cell, who in could.items():
        assert servers(POLICY, people, *cell) == who


@given(STAFF, st.integers(1, 5))
def test_no_figure_of_a_language_stands_for_fewer_people_than_asked(staff: list[Any], smallest: int) -> None:
    people = [Person(person(f"p{i}", f"{i}", *skills)) for i, skills in enumerate(staff)]
    could = {
        tongue: frozenset().union(*(servers(POLICY, people, tongue, each) for each in CONCERNS))
        for tongue in (*LANGUAGES, "und")
    }
    alone = apart(POLICY, people, smallest).languages or ()
    assert all(len(could[tongue]) >= smallest for tongue in alone)
    merged = set().union(*(who for tongue, who in could.items() if tongue not in alone))
    assert not merged or len(merged) >= smallest or not alone


SEEN = st.frozensets(
    st.tuples(st.sampled_from([*LANGUAGES, "und", "tr", ""]), st.sampled_from([*CONCERNS, "work", ""])),
    max_size=8,
)


@given(STAFF, st.integers(1, 5), SEEN)
def test_what_is_shown_anywhere_differs_nowhere_by_what_few_could_serve(
    staff: list[Any], smallest: int, seen: frozenset[tuple[str, str]]
) -> None:
    """All that any view, filter or list shows: what they have in common, and what each has beside another, is
    nothing or what enough could serve; and so is what is left of the whole."""
    people = [Person(person(f"p{i}", f"{i}", *skills)) for i, skills in enumerate(staff)]
    groups = partition(POLICY, people, smallest, seen)
    concerns = {key for _, knows in staff for key in knows}
    tongues = {code for speaks, _ in staff for code in speaks} | {"und"}
    served = {(tongue, key) for tongue in tongues for key in concerns if servers(POLICY, people, tongue, key)}
    needs = served | seen

    def enough(some: set[tuple[str, str]]) -> bool:
        able: set[str] = set()
        for tongue, concern in some:
            for each in [concern] if concern else concerns:
                able |= servers(POLICY, people, tongue or "und", each)
        return len(able) >= smallest

    shown = [needs]
    for part in (lambda need: need[:1], lambda need: need[1:], lambda need: need, groups.name):
        alone = groups.alone(part)
        labels = {part(need) for need in needs}
        assert alone <= labels
        sides = [{need for need in needs if part(need) == label} for label in alone]
        shown += [*sides, needs.difference(*sides)]
    if not enough(needs):
        assert shown == [needs, *[needs] * 4], "too few at all: nothing stands alone"
        return
    for one in shown:
        for other in shown:
            for some in (one & other, one - other):
                assert not some or enough(some)


def test_a_small_cell_takes_its_smallest_sibling_with_it_and_no_other_language() -> None:
    """Six speak Ukrainian, and two of them know study: all know it is their concerns that are one, and the
    others' cells stay as they are; only where concerns are told beside each other these are one, too."""
    people = [Person(person(f"g{i}", f"{i}", {"de": 7, "en": 7}, {"study": 5, "other": 5})) for i in range(6)]
    for i in range(6):
        knows = {"other": 5} | ({"study": 5} if i < 2 else {})
        people.append(Person(person(f"u{i}", f"9{i}", {"uk": 7}, knows)))
    groups = partition(POLICY, people, 5)
    assert groups.name(("uk", "study")) == groups.name(("uk", "other")) == ("uk", MERGED)
    assert groups.name(("de", "study")) == ("de", "study")
    found = apart(POLICY, people, 5)
    assert found.languages is not None
    assert {"uk", "de", "en"} <= found.languages
    assert found.concerns == frozenset()


@pytest.mark.parametrize(("smallest", "shown"), [(0, {"ar", "de"}), (2, {MERGED, "de"})])
def test_announced_waits_are_counted_by_language_and_what_came(smallest: int, shown: set[str]) -> None:
    """Two in German held, one Arabic one did not; one that was found and not spoken is not counted."""
    registry = CollectorRegistry()
    metrics = Course(lambda: Target(20, "since_queue"), picture_of(waiting_bench(), smallest).language)
    registry.register(metrics)
    for tongue, spoken, came in (
        ("de", True, facts.HELD),
        ("de", True, facts.HELD),
        ("ar", True, facts.MISSED),
        ("ar", False, facts.HELD),
    ):
        metrics.facts(1, [facts.WaitJudged(9, 1, tongue, 1, 0, 120_000, spoken, 8, came)])
    told = {
        (each.labels["language"], each.labels["came"]): each.value
        for family in registry.collect()
        for each in family.samples
        if each.name == "acd_announced_waits_total"
    }
    assert {language for language, _ in told} == shown
    assert told["de", "held"] == 2
    assert sum(told.values()) == 3


def test_a_large_enough_cell_is_not_merged_without_need() -> None:
    """Three speak German and know "other"; only Cem speaks Turkish, and merges with what is next."""
    people = [Person(agent) for agent in ROSTER.agents]
    assert ("de", "other") in cells_alone(POLICY, people, 2)
    assert ("tr", "other") in cells_alone(POLICY, people, 1)
    assert ("tr", "other") not in cells_alone(POLICY, people, 2)
    assert cells_alone(POLICY, people, 4) == frozenset()


def test_a_merged_cell_of_just_enough_people_takes_no_more() -> None:
    skills = [{"ar": 7}, {"tr": 7}, {"de": 7}, {"de": 7}]
    people = [Person(person(f"p{i}", f"{i}", one, {"other": 3})) for i, one in enumerate(skills)]
    assert cells_alone(POLICY, people, 2) == {("de", "other")}
    assert cells_alone(POLICY, people, 3) == frozenset()


def test_where_the_first_step_admits_no_language_nobody_can_serve() -> None:
    policy = POLICY._replace(plans=(Plan("", "", (Step(0, SECOND, 1, 0),)),))
    assert servers(policy, [Person(each) for each in ROSTER.agents], "de", "other") == frozenset()


MERGING = {("de", "other"): 2, (MERGED, MERGED): 2}
PLAIN = {("ar", "other"): 1, ("de", "other"): 2, ("tr", "other"): 1}
SETTINGS = pytest.mark.parametrize(("smallest", "wanted"), [(0, PLAIN), (2, MERGING)])


def counted(cells: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(each["language"], each["concern"]): each["callers"] for each in cells}


@SETTINGS
def test_the_broker_is_told_no_more(smallest: int, wanted: dict[tuple[str, str], int]) -> None:
    queue = json.loads(messages(picture_of(waiting_bench(), smallest)())["queue"])
    assert counted(queue) == wanted


@SETTINGS
def test_the_figures_tell_no_more(smallest: int, wanted: dict[tuple[str, str], int]) -> None:
    registry = CollectorRegistry()
    registry.register(BoardFigures(picture_of(waiting_bench(), smallest), dict))
    lines = generate_latest(registry).decode().splitlines()
    for name in ("acd_queue_callers", "acd_queue_longest_wait_seconds"):
        labels = {line.partition(" ")[0] for line in lines if line.startswith(f"{name}{{")}
        assert labels == {f'{name}{{concern="{concern}",language="{tongue}"}}' for tongue, concern in wanted}


@SETTINGS
async def test_the_api_tells_no_more(smallest: int, wanted: dict[tuple[str, str], int]) -> None:
    transport = httpx.ASGITransport(app_of(picture_of(waiting_bench(), smallest)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=BEARER) as client:
        board = (await client.get("/api/board")).json()["board"]
    assert counted(board["waiting"]) == wanted
    if smallest:
        merged = board["waiting"][0]
        assert merged["longest_since_ms"] == min(
            each.longest_since_ms for each in picture_of(waiting_bench(), 0)().waiting
        )


def test_the_picture_follows_people_and_the_setting() -> None:
    bench = waiting_bench()
    picture = picture_of(bench, 2)
    assert len(picture().waiting) == 2
    more = [
        each._replace(id=f"{each.id}2", reach=each.reach._replace(address=f"{i}"))
        for i, each in enumerate(ROSTER.agents)
    ]
    bench.tell(TeamChanged("twice as many", Team(tuple(sorted([*ROSTER.agents, *more])))))
    assert {(each.language, each.concern) for each in picture().waiting} == set(PLAIN)
    picture.smallest = 3
    assert len(picture().waiting) == 2


async def test_what_other_systems_keep_stands_for_five_people_until_an_agreement_says_otherwise(
    opened: tuple[Daemon, Path],
) -> None:
    """As shipped the live page shows that Ukrainian callers wait, whom two of the staff could serve; /metrics
    and broker do not. With an agreement all show what `smallest_cell` says, from the reload on."""
    daemon, path = opened
    ask = daemon.runner.ask
    await ask(Arrival(PbxSnapshot(0, True, (), (), "pbx1"), "test"))
    for uid, language in (("1.0", "uk"), ("2.0", "de")):
        await ask(Arrival(CallWaiting(Leg("pbx1", uid), language, "study", "", 0, 0), "test"))
    token = await admitted.program(daemon.rules.centre)
    headers = {"Authorization": f"Bearer {token}"}

    async def shown() -> tuple[set[str], set[str]]:
        """Languages on the board, and in the figures."""
        transport = httpx.ASGITransport(daemon.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers
        ) as client:
            board = (await client.get("/api/board")).json()["board"]["waiting"]
            lines = (await client.get("/metrics")).text.splitlines()
        told = [line for line in lines if line.startswith("acd_queue_callers{")]
        named = {line.partition('language="')[2].partition('"')[0] for line in told}
        return {each["language"] for each in board}, named

    world = daemon.runner.engine.world
    assert world.policy is not None
    people = list(world.people.values())
    for cell in cells_alone(world.policy, people, FEW):
        assert len(servers(world.policy, people, *cell)) >= FEW
    assert ("uk", "study") not in cells_alone(world.policy, people, FEW)
    live, kept = await shown()
    assert live == {"uk", "de"}
    assert "uk" not in kept
    text = path.read_text(encoding="utf-8")
    path.write_text(
        f'{text}\n[privacy.agreement]\nname = "Dienstvereinbarung"\ndate = 2026-01-15\n', encoding="utf-8"
    )
    assert (await daemon.rules.reload()).faults == ()
    assert await shown() == ({"uk", "de"}, {"uk", "de"})


@pytest.mark.parametrize(
    ("agreed", "smallest", "figure"), [(False, 0, 5), (False, 8, 8), (True, 0, 0), (True, 3, 3)]
)
def test_how_many_people_a_figure_stands_for(agreed: bool, smallest: int, figure: int) -> None:
    agreement = Agreement(name="Dienstvereinbarung", date=date(2026, 1, 15)) if agreed else None
    privacy = Privacy(number_days=30, smallest_cell=smallest, agreement=agreement)
    assert privacy.smallest_figure == figure
