"""Closing time on real calls: those in line hear what to expect, are let go, and the records say so."""

import tomllib
from datetime import datetime, timedelta

import tomli_w

from acd.demo.hotline import NUMBER
from routing.announce import APART_MS
from tests.integration.conftest import QUICK, SOURCE, Watched, state_of, waiting
from tests.integration.test_reload import reload

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HEARD_S = 30.0
"""An upper bound for what is said to who is let go."""
TURKISH = [(300, "4"), (1_500, "9")]


async def closes(hotline: Watched) -> None:
    """From now on the centre is closed."""
    raw = tomllib.loads(hotline.config.read_text(encoding="utf-8"))
    raw["hours"] |= {day: [] for day in DAYS}
    hotline.config.write_text(tomli_w.dumps(raw), encoding="utf-8")
    code, faults = await reload(hotline)
    assert code == 200, faults


async def shuts(hotline: Watched, concern: str) -> None:
    """From now on this concern is, for today and tomorrow."""
    raw = tomllib.loads(hotline.config.read_text(encoding="utf-8"))
    today = datetime.now(hotline.centre.centre.zone).date()
    raw["closure"] = [{"from": today, "to": today + timedelta(days=1), "concerns": [concern]}]
    hotline.config.write_text(tomli_w.dumps(raw), encoding="utf-8")
    code, faults = await reload(hotline)
    assert code == 200, faults


async def test_a_concern_closes_and_only_who_waits_for_it_is_told_and_let_go() -> None:
    async with Watched(SOURCE, QUICK) as hotline:
        await hotline.start_daemon()
        await hotline.sipp.phones([next(each.phone for each in hotline.centre.staff if each.id == "anna")])
        assert await hotline.ask("anna", "login") == 200
        assert await hotline.ask("anna", "notready") == 200
        await hotline.until("she is there", lambda board: state_of(board, "anna") == "not_ready")
        await hotline.sipp.call(NUMBER, TURKISH)
        await hotline.sipp.call(NUMBER, [(300, "4"), (1_500, "8")])
        await hotline.until("both wait", lambda board: waiting(board) == 2)
        visit = "select id from visit where concern = ? and queued_at is not null"
        goes, stays = [(await hotline.row(visit, each))["id"] for each in ("registration", "card_collection")]
        await shuts(hotline, "registration")
        told = "select visit from announcement where sentence = ?"
        assert (await hotline.row(told, "last_in_line", timeout_s=2 * APART_MS / 1000))["visit"] == goes
        assert await hotline.ask("anna", "logout") == 200
        ended = await hotline.row(
            "select * from visit where id = ? and outcome != ''", goes, timeout_s=HEARD_S
        )
        assert (ended["outcome"], ended["ended_by"]) == ("turned_away", "pbx")
        assert (await hotline.row(told, "nobody_here", timeout_s=2 * APART_MS / 1000))["visit"] == stays
        await hotline.until("one waits", lambda board: waiting(board) == 1)
        await hotline.no_drift()


async def test_an_evening() -> None:
    async with Watched(SOURCE, QUICK) as hotline:
        await hotline.start_daemon()
        told = "select visit from announcement where sentence = ?"
        await hotline.sipp.call(NUMBER, TURKISH)
        await hotline.until("one waits", lambda board: waiting(board) == 1)
        first = await hotline.row(told, "nobody_here", timeout_s=2 * APART_MS / 1000)
        await hotline.sipp.phones([next(each.phone for each in hotline.centre.staff if each.id == "anna")])
        assert await hotline.ask("anna", "login") == 200
        await hotline.until("she is there", lambda board: state_of(board, "anna") == "ready")
        assert await hotline.ask("anna", "notready") == 200
        await closes(hotline)
        # sentences are some seconds apart, so that none takes the place of the one before
        last = await hotline.row(told, "last_in_line", timeout_s=2 * APART_MS / 1000)
        assert last["visit"] == first["visit"]
        assert await hotline.ask("anna", "logout") == 200
        over = "select * from visit where id = ? and outcome != ''"
        ended = await hotline.row(over, first["visit"], timeout_s=HEARD_S)
        assert (ended["outcome"], ended["ended_by"], ended["language"]) == ("turned_away", "pbx", "tr")
        assert ended["queued_at"] is not None
        await hotline.no_drift()
