"""What happened while the daemon was dead stands in the records as it was, each call once."""

import asyncio

from acd.demo.hotline import NUMBER
from tests.integration.conftest import Watched, state_of, waiting
from tests.integration.test_calls import LAST, newest

UKRAINIAN = [(300, "5"), (600, "9")]


async def test_calls_while_the_daemon_was_dead_are_recorded_as_they_were(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p06"], answer_ms=300, talk_ms=2_500)
    await hotline.ask("daryna", "login")
    await hotline.until("on duty", lambda b: state_of(b, "daryna") == "ready")
    await hotline.stop_daemon(kill=True)
    served = await hotline.sipp.call(NUMBER, UKRAINIAN)
    gone = await hotline.sipp.call(NUMBER, [(300, "3"), (600, "8")], hang_up_ms=2_000)
    menu = await hotline.sipp.call(NUMBER, [], hang_up_ms=900)
    for call in (served, gone, menu):
        await call.finished()
    await hotline.start_daemon()
    await hotline.row(LAST + " limit 1 offset 2", before)
    rows = {row["language"]: row for row in hotline.rows(LAST, before)}
    assert len(rows) == 3
    answered = rows["uk"]
    assert (answered["outcome"], answered["answered_by"], answered["ended_by"]) == (
        "answered",
        "daryna",
        "staff",
    )
    assert answered["degraded"]
    assert answered["answered_at"] < answered["ended_at"]
    assert (rows["ar"]["outcome"], rows["ar"]["ended_by"]) == ("abandoned_in_queue", "caller")
    assert rows["ar"]["concern"] == "card_collection"
    assert (rows[""]["outcome"], rows[""]["ended_by"]) == ("abandoned_in_menu", "caller")
    arrivals = [row["arrived_at"] for row in hotline.rows(LAST, before)]
    assert arrivals == sorted(arrivals, reverse=True), "numbered in the order in which they came"
    await hotline.stop_daemon(kill=True)
    await hotline.start_daemon()
    assert len(hotline.rows(LAST, before)) == 3, "read again, told once"


async def test_a_talk_that_begins_and_ends_without_the_daemon_has_its_times(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p06"], answer_ms=2_000, talk_ms=3_000)
    await hotline.ask("daryna", "login")
    call = await hotline.sipp.call(NUMBER, UKRAINIAN)
    await hotline.until("it rings", lambda b: b["ringing"] == 1)
    await hotline.stop_daemon(kill=True)
    await call.finished()
    await hotline.start_daemon()
    row = await hotline.row(LAST, before)
    assert (row["outcome"], row["answered_by"], row["ended_by"]) == ("answered", "daryna", "staff")
    assert [each["outcome"] for each in hotline.rows("select * from offer where visit = ?", row["id"])] == [
        "answered"
    ]


async def test_a_caller_who_was_cut_off_with_asterisk_gets_no_invented_end(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.call(NUMBER, UKRAINIAN, hang_up_ms=60_000)
    await hotline.until("waits", lambda b: waiting(b) == 1)
    await asyncio.sleep(1.2)  # what Asterisk wrote in the last second may be lost with it
    await hotline.asterisk.stop(kill=True)
    await hotline.until("link down", lambda b: not b["link_up"])
    await hotline.asterisk.start()
    await hotline.ready()
    row = await hotline.row(LAST, before)
    assert (row["outcome"], row["ended_by"]) == ("lost_in_pbx", "pbx")
    assert (row["language"], row["concern"]) == ("uk", "registration")
