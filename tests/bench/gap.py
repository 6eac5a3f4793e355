"""From a phone's hang-up to its next ring: Asterisk's own floor, ours, app_queue's; and a thousand calls.

Each has its own 23 phones and its own callers of the same kind, on one Asterisk, under one load: one after
the other, and side by side. Wrap-up is 0. A gap counts if, when the phone hung up, more callers waited than
other phones were free, so that one of them was due to this phone.

light: nine people are the only ones to speak a language each; in each language one caller talks and one
waits, all the time. With 1.8 s of talk that is 5 calls/s, while the other fourteen phones are idle. (The more
callers wait, the sooner one of app_queue's, who each look once a second, finds the free phone.)
busy: 46 callers at once for 23 phones, every two talks over 80 %: 5 calls/s on average, phones 80 % busy.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from math import ceil
from pathlib import Path
from typing import Any

from acd.demo.hotline import PROJECT, Hotline
from tests.bench.figures import Figures, spread
from tests.bench.floor import Floor
from tests.bench.watch import FILES, Watch

OURS = [f"a{i:02}" for i in range(1, 24)]
THEIRS = [f"b{i:02}" for i in range(1, 24)]
SCARCE = ("en", "ar", "tr", "uk", "ru", "fa", "pl", "fr", "es")
"""Languages that one person speaks each; everybody speaks German."""
TALK_MS = 3_680
TALK_SPREAD_MS = 130
"""Phones talk a little shorter or longer, so that hang-ups do not all fall together."""
KINDS = ("acd", "queue")
BURST = 46
CYCLE_S = 2 * TALK_MS / 1000 / 0.8
LIGHT_TALK_MS, LIGHT_SPREAD_MS = 1_750, 57
SETTLE_S = 1.0

SKIP_MENU = """
exten => {number},1,Answer()
 same => n,Set(ACD_LINE=bench)
 same => n,Set(ACD_CALL=${{UNIQUEID}})
 same => n,Set(ACD_ARRIVED=${{EPOCH}})
 same => n,Set(ACD_LANG={language})
 same => n,Set(ACD_CONCERN=other)
 same => n,Set(ACD_GREETED=3)
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
LANGUAGES = ("de", *SCARCE)
NUMBERS = {
    (kind, language): f"{7 + i}{j}"
    for i, kind in enumerate(KINDS)
    for j, language in enumerate(LANGUAGES, start=10)
}


def speakers(phones: list[str], language: str) -> list[str]:
    """Who of these phones speaks a language."""
    return phones if language == "de" else [phones[SCARCE.index(language)]]


def staff() -> list[dict[str, Any]]:
    """46 people: ours with the skills, theirs only so that their phones are known."""
    people = []
    for i, phone in enumerate([*OURS, *THEIRS]):
        place = i % len(OURS)
        languages = {"de": "native"} | ({SCARCE[place]: "native"} if place < len(SCARCE) else {})
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
    for language in LANGUAGES:
        queues += QUEUE.format(name=f"bench-{language}")
        queues += "".join(f"member => PJSIP/{phone}\n" for phone in speakers(THEIRS, language))
    return [*FILES, ("extensions.conf", trunk), ("queues.conf", queues)]


@asynccontextmanager
async def hotline(daemon: bool = True) -> AsyncIterator[Hotline]:
    """Asterisk, the queues, and our daemon with all of our people logged in."""
    changes = {
        "staff": staff(),
        "staffing": {"wrap_up_seconds": 0, "short_talk_seconds": 0},
        "recording": {"enabled": False},
    }
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", changes, files()) as running:
        if daemon:
            await running.start_daemon()
            for phone in OURS:
                await running.ask(phone, "login")
        yield running


def watched(running: Hotline, languages: Sequence[str]) -> Watch:
    """Watch those who speak these languages, of both distributors."""
    pbx = running.centre.pbx
    both = zip(KINDS, (OURS, THEIRS), strict=True)
    groups = {f"{kind}/{each}": speakers(phones, each) for kind, phones in both for each in languages}
    return Watch(pbx.ami_host, pbx.ami_port, groups)


async def _phones(running: Hotline, *talks_ms: int) -> None:
    """Both groups of phones, in as many parts as there are talk times."""
    for group in (OURS, THEIRS):
        for i, talk_ms in enumerate(talks_ms):
            await running.sipp.phones(group[i :: len(talks_ms)], answer_ms=50, talk_ms=talk_ms)


async def light(running: Hotline, gaps: int, kinds: Sequence[str] = KINDS) -> Watch:
    """Nine phones of a scarce language each, always with one caller waiting."""
    await _phones(running, *(LIGHT_TALK_MS + LIGHT_SPREAD_MS * i for i in range(-4, 5)))
    async with watched(running, SCARCE) as watch:
        for kind in kinds:
            for language in SCARCE:
                number = NUMBERS[kind, language]
                await running.sipp.call(number, calls=20 * gaps, rate=5, at_once=2, patience_ms=600_000)
        await watch.gaps(gaps, kinds)
    await running.sipp.end_all()
    return watch


async def floor(gaps: int) -> Watch:
    """What Asterisk itself takes, with a script in the place of the daemon."""
    phones = {language: speakers(OURS, language)[0] for language in SCARCE}
    async with hotline(daemon=False) as running, Floor(running, phones):
        return await light(running, gaps, KINDS[:1])


async def busy(running: Hotline, gaps: int) -> tuple[Watch, float]:
    """All phones 80 % busy; the second value is how long it took in seconds."""
    await _phones(running, *(TALK_MS + TALK_SPREAD_MS * i for i in range(-3, 4)))
    began = time.monotonic()
    async with watched(running, ["de"]) as watch:
        for _ in range(ceil(gaps / (BURST - len(OURS)) * 1.5)):
            cycle = asyncio.create_task(asyncio.sleep(CYCLE_S))
            for kind in KINDS:
                await running.sipp.call(NUMBERS[kind, "de"], calls=BURST, rate=1000, patience_ms=600_000)
            await cycle
            if all(watch.count(kind) >= gaps for kind in KINDS):
                break
    took = time.monotonic() - began
    await running.sipp.end_all()
    return watch, took


async def thousand(running: Hotline, figures: Figures) -> None:
    """1,000 calls at 20 a second to 23 phones: every one answered, ended and in the records."""
    calls, rate = 1_000, 20
    before = _visits(running)
    await _phones(running, 900, 1000, 1100)
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
    """All of it, into `figures`."""
    alone = max(30, gaps // 3)
    least = await floor(alone)
    _one(figures, "hang-up to next ring, Asterisk's own floor (ms)", least, "acd")
    async with hotline() as running:
        await thousand(running, figures)
        await _quiet(running)
        before = await _inside(running)
        ours = await light(running, alone, KINDS[:1])
        inside = {key: value - before[key] for key, value in (await _inside(running)).items()}
        told = {
            f"{name}_mean": round(1000 * inside[f"{name}_sum"] / max(1, inside[f"{name}_count"]), 3)
            for name in ("commit", "decision")
        }
        _one(figures, "hang-up to next ring, acd alone, light (ms)", ours, "acd", **told)
        await _quiet(running)
        theirs = await light(running, alone, KINDS[1:])
        _one(figures, "hang-up to next ring, app_queue alone, light (ms)", theirs, "queue")
        figures.add(
            "hang-up to next ring, one after the other, light",
            above_the_floor_ms=round(_median(ours, "acd") - _median(least, "acd"), 3),
            app_queue_to_acd=round(_median(theirs, "queue") / _median(ours, "acd"), 1),
        )
        await _quiet(running)
        _pair(figures, "light", await light(running, gaps))
        await _quiet(running)
        watch, took = await busy(running, gaps)
        shares = {
            f"{kind}_phones_in_use": round(sum(g.in_use for g in watch.of(kind)) / took / len(OURS), 3)
            for kind in KINDS
        }
        _pair(figures, "busy", watch, **shares)


async def _inside(running: Hotline) -> dict[str, float]:
    """What the daemon has counted so far: seconds and numbers of commits and decisions."""
    async with running.client() as client:
        lines = (await client.get("/metrics")).text.splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    names = [f"{what}_{part}" for what in ("commit", "decision") for part in ("sum", "count")]
    return {name: float(found[f"acd_{name.replace('_', '_seconds_')}"]) for name in names}


def _median(watch: Watch, kind: str) -> float:
    return spread([gap for group in watch.of(kind) for gap in group.gaps], 1000)["median"]


def _one(figures: Figures, name: str, watch: Watch, kind: str, **more: float) -> None:
    """One distributor's gaps, and where in them the time goes by Asterisk's own stamps."""
    groups = watch.of(kind)
    parts = list(zip(*(each for group in groups for each in group.parts), strict=True))
    figures.add(
        name,
        **spread([gap for group in groups for gap in group.gaps], 1000),
        **{
            f"{part}_median": spread(values, 1000)["median"]
            for part, values in zip(("hang_up", "to_dial", "to_ring"), parts, strict=True)
        },
        **more,
    )


async def _quiet(running: Hotline) -> None:
    await running.asterisk.cli("channel request hangup all")
    await asyncio.sleep(SETTLE_S)


def _pair(figures: Figures, load: str, watch: Watch, **more: float) -> None:
    ours, theirs = (spread([gap for g in watch.of(kind) for gap in g.gaps], 1000) for kind in KINDS)
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
