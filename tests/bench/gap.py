"""From a phone's hang-up to its next ring, beside app_queue; and a thousand calls at twenty a second.

Both distributors run at the same time on one Asterisk, each with its own 23 phones and its own callers of
the same kind: a pair in one run, under one load. Wrap-up is 0. A gap counts if the caller who is rung next
waited already when the phone hung up.

light: callers who need one of the five people with Turkish; five talk and one waits, all the time. With
about 1 s of talk that is 5 calls/s, while the other eighteen phones are idle. (The more callers wait, the
sooner one of app_queue's, who each look once a second, finds the free phone; a single one shows its step.)
busy: 46 callers at once for 23 phones, every two talks over 80 %: 5 calls/s on average, phones 80 % busy.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import ceil
from pathlib import Path
from typing import Any

from acd.demo.hotline import PROJECT, Hotline
from tests.bench.figures import Figures, spread
from tests.bench.watch import FILES, Group, Watch

OURS = [f"a{i:02}" for i in range(1, 24)]
THEIRS = [f"b{i:02}" for i in range(1, 24)]
TURKISH = 5
TALK_MS = 3_680
TALK_SPREAD_MS = 40
"""Each phone talks a little longer than the one before, so that hang-ups do not all fall together."""
KINDS = ("acd", "queue")
BURST = 46
CYCLE_S = 2 * TALK_MS / 1000 / 0.8
LIGHT_TALK_MS = 950
SETTLE_S = 1.0

SKIP_MENU = """
exten => {number},1,Answer()
 same => n,Set(ACD_LINE=bench)
 same => n,Set(ACD_CALL=${{UNIQUEID}})
 same => n,Set(ACD_ARRIVED=${{EPOCH}})
 same => n,Set(ACD_RECORD=0)
 same => n,Set(ACD_LANG={language})
 same => n,Set(ACD_CONCERN=other)
 same => n,Set(ACD_GREETED=1)
 same => n,UserEvent(ACDEntry,Call: ${{ACD_CALL}},Line: ${{ACD_LINE}})
 same => n,Goto(acd-hold,enter,1)
"""
ASK_QUEUE = """
exten => {number},1,Answer()
 same => n,Queue({queue},,,,300)
"""
QUEUE = """
[{name}]
strategy = leastrecent
retry = 1
wrapuptime = 0
ringinuse = no
autofill = yes
timeout = 15
"""
NUMBERS = {("acd", "tr"): "701", ("acd", "de"): "702", ("queue", "tr"): "711", ("queue", "de"): "712"}


def staff() -> list[dict[str, Any]]:
    """46 people: ours with the skills, theirs only so that their phones are known."""
    people = []
    for i, phone in enumerate([*OURS, *THEIRS]):
        languages = {"de": "native"} | ({"tr": "native"} if i % len(OURS) < TURKISH else {})
        people.append(
            {"id": phone, "name": phone, "phone": phone, "languages": languages, "concerns": {"other": 5}}
        )
    return people


def files() -> list[tuple[str, str]]:
    """Asterisk's files for both distributors."""
    trunk = "\n[acd-trunk](+)"
    for (kind, language), number in NUMBERS.items():
        text = SKIP_MENU if kind == "acd" else ASK_QUEUE
        trunk += text.format(number=number, language=language, queue=f"bench-{language}")
    queues = ""
    for language, phones in (("tr", THEIRS[:TURKISH]), ("de", THEIRS)):
        queues += QUEUE.format(name=f"bench-{language}")
        queues += "".join(f"member => PJSIP/{phone}\n" for phone in phones)
    return [*FILES, ("extensions.conf", trunk), ("queues.conf", queues)]


@asynccontextmanager
async def hotline() -> AsyncIterator[Hotline]:
    """Asterisk, our daemon with all of our people logged in, and the queues."""
    changes = {
        "staff": staff(),
        "staffing": {"wrap_up_seconds": 0},
        "recording": {"enabled": False},
    }
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", changes, files()) as running:
        await running.start_daemon()
        for phone in OURS:
            await running.ask(phone, "login")
        yield running


def watched(running: Hotline) -> Watch:
    """Watch both groups of phones."""
    pbx = running.centre.pbx
    return Watch(pbx.ami_host, pbx.ami_port, lambda phone: "acd" if phone in OURS else "queue")


async def _phones(running: Hotline, talk_ms: Callable[[int], int]) -> None:
    for group in (OURS, THEIRS):
        for i, phone in enumerate(group):
            await running.sipp.phones([phone], answer_ms=50, talk_ms=talk_ms(i))


async def light(running: Hotline, gaps: int) -> dict[str, Group]:
    """Five phones of a scarce language, always with callers waiting."""
    await _phones(running, lambda _: LIGHT_TALK_MS)
    async with watched(running) as watch:
        for kind in KINDS:
            await running.sipp.call(
                NUMBERS[kind, "tr"], calls=20 * gaps, rate=50, at_once=TURKISH + 1, patience_ms=600_000
            )
        await watch.gaps(gaps, KINDS)
    await running.sipp.end_all()
    return watch.groups


async def busy(running: Hotline, gaps: int) -> tuple[dict[str, Group], float]:
    """All phones 80 % busy; the second value is how long it took in seconds."""
    await _phones(running, lambda i: TALK_MS - TALK_SPREAD_MS * (len(OURS) // 2 - i))
    began = time.monotonic()
    async with watched(running) as watch:
        for _ in range(ceil(gaps / (BURST - len(OURS)) * 1.5)):
            cycle = asyncio.create_task(asyncio.sleep(CYCLE_S))
            for kind in KINDS:
                await running.sipp.call(NUMBERS[kind, "de"], calls=BURST, rate=1000, patience_ms=600_000)
            await cycle
            if all(len(watch.group(kind).gaps) >= gaps for kind in KINDS):
                break
    took = time.monotonic() - began
    await running.sipp.end_all()
    return watch.groups, took


async def thousand(running: Hotline, figures: Figures) -> None:
    """1,000 calls at 20 a second to 23 phones: every one answered, ended and in the records."""
    calls, rate = 1_000, 20
    before = _visits(running)
    for i, phone in enumerate(OURS):
        await running.sipp.phones([phone], answer_ms=50, talk_ms=900 + 10 * i)
    began = time.monotonic()
    run = await running.sipp.call(NUMBERS["acd", "de"], calls=calls, rate=rate, patience_ms=600_000)
    await run.finished()
    took = time.monotonic() - began
    await asyncio.sleep(SETTLE_S)
    ended = _visits(running) - before
    async with running.client() as client:
        board = (await client.get("/api/board")).json()["board"]
    stuck = board["in_menu"] + board["ringing"] + board["talking"] + board["degraded"] + len(board["waiting"])
    figures.add(
        "1,000 calls at 20/s, 23 phones", answered_with_row=ended, stuck=stuck, seconds=round(took, 1)
    )
    await running.sipp.end_all()


def _visits(running: Hotline) -> int:
    base = sqlite3.connect(f"file:{running.folder}/var/records.db?mode=ro", uri=True)
    try:
        query = "select count(*) from visit where outcome = 'answered' and ended_at is not null"
        return int(base.execute(query).fetchone()[0])
    finally:
        base.close()


async def run(figures: Figures, gaps: int = 2_000) -> None:
    """All three, into `figures`."""
    async with hotline() as running:
        await thousand(running, figures)
        await _quiet(running)
        _pair(figures, "light", await light(running, gaps))
        await _quiet(running)
        groups, took = await busy(running, gaps)
        shares = {
            f"{kind}_phones_in_use": round(g.in_use / took / len(OURS), 3) for kind, g in groups.items()
        }
        _pair(figures, "busy", groups, **shares)


async def _quiet(running: Hotline) -> None:
    await running.asterisk.cli("channel request hangup all")
    await asyncio.sleep(SETTLE_S)


def _pair(figures: Figures, load: str, groups: dict[str, Group], **more: float) -> None:
    ours, theirs = spread(groups["acd"].gaps, 1000), spread(groups["queue"].gaps, 1000)
    figures.add(
        f"hang-up to next ring, {load} (ms)",
        **{f"acd_{key}": value for key, value in ours.items()},
        **{f"app_queue_{key}": value for key, value in theirs.items()},
        ratio_of_medians=round(theirs["median"] / ours["median"], 1),
        ratio_of_p99=round(theirs["p99"] / ours["p99"], 1),
        **more,
    )


def main(figures: Figures, small: bool, _folder: Path) -> None:
    """Measure; `small` only shows that it can be measured."""
    asyncio.run(run(figures, 30 if small else 2_000))
