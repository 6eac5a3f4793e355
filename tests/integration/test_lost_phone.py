"""A phone that dies in a talk, or as it answers: its caller keeps their place and reaches somebody else."""

import time

from acd.demo.hotline import NUMBER
from tests.integration.conftest import QUICK, SOURCE, Watched, state_of, waiting
from tests.integration.test_calls import GERMAN_OTHER, LAST

FOUND_S = 20
QUALIFIED = QUICK | {"pbx": {"qualify_seconds": 10}}
SHORT = QUICK | {"staffing": {"wrap_up_seconds": 1, "ring_seconds": 5, "short_talk_seconds": 2}}


async def test_who_talked_to_a_phone_that_died_waits_again_before_the_others() -> None:
    async with Watched(SOURCE, QUALIFIED) as hotline:
        await hotline.start_daemon()
        dying = await hotline.sipp.phones(["p04"], answer_ms=100, tone_hz=1000)
        await hotline.ask("birgit", "login")
        first = await hotline.sipp.call(NUMBER, GERMAN_OTHER, tone_hz=440)
        await hotline.until("they talk", lambda b: b["talking"] == 1)
        await hotline.sipp.call(NUMBER, GERMAN_OTHER, hang_up_ms=120_000)
        await hotline.until("another waits", lambda b: waiting(b) == 1)
        died = time.monotonic()
        await dying.end()
        await hotline.until("both wait", lambda b: (b["talking"], waiting(b)) == (0, 2))
        assert time.monotonic() - died < FOUND_S
        assert "acd/phone_lost" in await hotline.asterisk.cli("core show channels concise")
        assert state_of(await hotline.state(), "birgit") not in ("talking", "ready")
        await hotline.sipp.phones(["p13"], answer_ms=100, talk_ms=400)
        await hotline.ask("markus", "login")
        await first.finished()
        row = await hotline.row(LAST, 0)
        assert row["id"] == min(each["id"] for each in hotline.rows("select id from visit"))
        assert (row["outcome"], row["ended_by"]) == ("answered", "staff")
        talks = hotline.rows("select agent from handling where visit = ? order by began_at", row["id"])
        assert [each["agent"] for each in talks] == ["birgit", "markus"]
        await hotline.no_drift()


async def test_who_is_answered_by_a_phone_that_dies_at_once_reaches_somebody_else() -> None:
    async with Watched(SOURCE, SHORT) as hotline:
        await hotline.start_daemon()
        await hotline.sipp.phones(["p04"], answer_ms=50, talk_ms=100)
        await hotline.ask("birgit", "login")
        call = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
        await hotline.until("two misses", lambda b: state_of(b, "birgit") == "away", 60)
        await hotline.sipp.phones(["p13"], answer_ms=100, talk_ms=2_600)
        await hotline.ask("markus", "login")
        await call.finished()
        row = await hotline.row(LAST, 0)
        assert (row["outcome"], row["answered_by"], row["ended_by"]) == ("answered", "markus", "staff")
        offers = hotline.rows("select agent, outcome from offer where visit = ? order by id", row["id"])
        assert [tuple(each) for each in offers] == [
            ("birgit", "no_answer"),
            ("birgit", "no_answer"),
            ("markus", "answered"),
        ]
        await hotline.no_drift()
