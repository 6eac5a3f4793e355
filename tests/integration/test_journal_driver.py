"""Real calls through real Asterisk: their journal on the simulated clock gives the recorded decisions."""

import re
from datetime import UTC, datetime

from acd.demo.hotline import NUMBER, PROJECT
from acd.store.journal import SqlJournal
from acd.store.open import ready
from routing import facts
from routing.engine import Effects, Engine
from simulation.drivers.journal import JournalDriver
from tests.integration.conftest import Watched, state_of
from tests.integration.test_bad_input import acd
from tests.integration.test_calls import GERMAN_OTHER, LAST, newest


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).replace(tzinfo=None)


async def test_the_journal_of_real_calls_on_the_simulated_clock(hotline: Watched) -> None:
    """Offers (when, who, whom, step) and ends are those that the daemon recorded, all of them."""
    before = newest(hotline)
    await hotline.sipp.phones(["p04"], refuse=486)
    await hotline.sipp.phones(["p13"], answer_ms=200, talk_ms=1_500)
    await hotline.sipp.phones(["p06"], answer_ms=60_000)
    for person in ("birgit", "markus", "daryna"):
        await hotline.ask(person, "login")
    taken = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    gone = await hotline.sipp.call(NUMBER, [(300, "5"), (600, "9")], hang_up_ms=4_000)
    await gone.finished()
    await taken.finished()
    let_ring = await hotline.sipp.call(NUMBER, [(300, "5"), (600, "9")], hang_up_ms=9_000)
    await let_ring.finished()
    await hotline.row(LAST + " limit 1 offset 2", before)
    await hotline.until("wrapped up", lambda b: state_of(b, "markus") == "ready")

    told: list[facts.Fact] = []

    def hear(effects: Effects) -> None:
        told.extend(effects.facts)

    url = f"sqlite+aiosqlite:///{hotline.folder}/var/journal.db"
    journal = await SqlJournal.open(await ready("journal", url))
    try:
        simulated = JournalDriver(Engine(), hear)
        async for envelope in journal.read(0):
            simulated.feed(envelope)
    finally:
        await journal.close()
    made = {each.offer: each for each in told if isinstance(each, facts.OfferMade)}
    recorded = hotline.rows("select id, visit, agent, step, made_at from offer")
    assert {row["id"] for row in recorded if row["id"] > before}
    assert [tuple(row)[:4] for row in recorded] == [
        (each.offer, each.visit, each.agent, each.choice.step) for each in made.values()
    ]
    assert [datetime.fromisoformat(row["made_at"]) for row in recorded] == [
        moment(each.at_ms) for each in made.values()
    ]
    ended = {each.visit: each for each in told if isinstance(each, facts.VisitEnded)}
    rows = hotline.rows("select id, outcome, ended_by, ended_at from visit where ended_at is not null")
    assert len(rows) >= 3
    assert {tuple(row)[:3] for row in rows} == {
        (each.visit, each.outcome, each.ended_by) for each in ended.values()
    }
    at = {each.visit: moment(each.at_ms) for each in ended.values()}
    assert {row["id"]: datetime.fromisoformat(row["ended_at"]) for row in rows} == at


async def test_a_planner_lets_the_real_calls_come_again(hotline: Watched) -> None:
    """`acd plan replay` reads the journal of a daemon that is running, and changes nothing in it."""
    before = newest(hotline)
    await hotline.sipp.phones(["p04"], answer_ms=200, talk_ms=1_500)
    await hotline.ask("birgit", "login")
    await (await hotline.sipp.call(NUMBER, GERMAN_OTHER)).finished()
    await hotline.row(LAST, before)
    journal = str(hotline.folder / "var" / "journal.db")
    planning = str(PROJECT / "config" / "planning.toml")
    code, said = await acd(
        "plan", "replay", journal, "--file", planning, "--replications", "2", "--without", "birgit"
    )
    assert code == 0, said
    assert "lead to the same decisions" in said
    assert re.search(r"^[1-9]\d* callers: [1-9]\d* answered", said, re.MULTILINE), said
    assert "difference" in said
