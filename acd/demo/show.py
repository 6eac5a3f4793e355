"""The demonstration: callers of many languages, fifteen phones, and the pages to see them from, by role."""

import asyncio
import contextlib
import os
import random
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import typer

from acd.demo.hotline import NUMBER, Hotline
from acd.demo.links import GUESTS, HOSTS, Links
from acd.demo.ports import free_port
from acd.demo.sipp import PHONE_ADDRESS
from config import keys as hold_keys
from config import menu
from config.schema import Centre

CALLS_A_MINUTE = 12
DEMO_WRAP_UP_S = 8
KNOWN_CALLERS = 60
"""So many numbers call: most have called before, and a desk shows what about."""
DESK_RINGS_MS, DESK_TALKS_MS = 8_000, 90_000
"""The phone beside the desk answers by itself: time to see who calls, and to write a note."""
CALLED_BACK = 0.15
"""So many of the callers ask to be called back."""
LEAVES_MESSAGE = 0.08
"""And so many leave a message."""
VOICE_HZ, SPEAKS_MS = 220, 45_000
"""Of who leaves one: a tone, and how long they hear and speak."""
ASKS_MS, SAYS_YES_MS = 9_000, 2_000
CALLED_TALKS_MS = 30_000
DEAD_S = 15
"""So long a killed daemon stays dead: long enough to hear the telephone system go on alone."""
NEEDED = ("mosquitto", "sipp", "espeak-ng", "sox")
SEARCHED = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"

ALARMS = [
    {
        "name": "long_wait",
        "kind": "longest_wait",
        "each": ["language"],
        "limit": 1,
        "clear": 0.5,
        "seconds": 5,
        "de": "Jemand wartet zu lange: bitte mithelfen",
        "en": "Somebody waits too long: please help out",
    },
    {
        "name": "spanish_uncovered",
        "kind": "coverage",
        "language": "es",
        "limit": 2,
        "minutes": 0,
        "seconds": 20,
        "de": "Spanisch hängt an einer Person",
        "en": "Spanish rests on one person",
    },
]
"""What a demonstration comes to: few speak the rare languages, and their callers wait."""


class NotInstalled(Exception):
    """A program that the demonstration needs is not on this machine; the message says what to do."""


async def show(centre: Centre, prompts: Path) -> None:
    """Run until cancelled; then all is ended and every file gone.

    Raises NotInstalled, NoAsterisk, DaemonEnded.
    """
    missing = [name for name in NEEDED if shutil.which(name, path=SEARCHED) is None]
    if missing:
        raise NotInstalled(f"not installed: {', '.join(missing)}; make demo installs what is missing")
    broker, provider = free_port(), free_port(socket.SOCK_DGRAM, PHONE_ADDRESS)
    changes: dict[str, Any] = {
        "staffing": {"wrap_up_seconds": DEMO_WRAP_UP_S},
        "web": {"hosts": list(HOSTS)},
        "desk": {"case_url": "https://files.example.org/case/{reference}"},
        "callback": {"lift_dials": True, "again_minutes": [1, 3]},
        "message": {"seconds": 30},
        "alarm": ALARMS,
        "trunk": {"provider": f"{PHONE_ADDRESS}:{provider}"},
        "mqtt": {"host": "127.0.0.1", "port": broker, "prefix": "welcomecenter"},
    }
    mosquitto = await asyncio.create_subprocess_exec(
        str(shutil.which("mosquitto", path=SEARCHED)),
        "-p",
        str(broker),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with Hotline(prompts.parent / "welcomecenter.toml", changes) as hotline:
            await hotline.start_daemon()
            chance = random.Random(2016)  # noqa: S311 callers, not secrets
            desk = next(each.phone for each in hotline.centre.staff if each.id == GUESTS["desk"].agent)
            others = [phone for phone in hotline.phones if phone != desk]
            fast, slow = others[::2], others[1::2]
            await hotline.sipp.phones([desk], answer_ms=DESK_RINGS_MS, talk_ms=DESK_TALKS_MS)
            await hotline.sipp.phones(fast, answer_ms=1500, talk_ms=25_000)
            await hotline.sipp.phones(slow, answer_ms=3500, talk_ms=45_000)
            await hotline.sipp.gateway(provider, talk_ms=CALLED_TALKS_MS, answer_ms=4_000)
            for phone in hotline.phones[:11]:
                await hotline.ask(hotline.agent(phone), "login")
            for phone in hotline.phones[11:13]:
                await hotline.sipp.feature(phone, "*41")
            links = Links(hotline.centre, hotline.centre.web.port)
            linked = asyncio.create_task(links.run(), name="links")
            for role, guest in GUESTS.items():
                typer.echo(f"{role:<11}{links.of(role)}   (signs in as {guest.name})")
            typer.echo("Ctrl-C ends everything")
            watching = asyncio.create_task(_watch(hotline), name="daemon")
            try:
                while not watching.done():
                    await _caller(hotline, centre, chance)
                    await asyncio.sleep(chance.expovariate(CALLS_A_MINUTE / 60))
                watching.result()
            finally:
                watching.cancel()
                linked.cancel()
                await asyncio.gather(watching, linked, return_exceptions=True)
    finally:
        with contextlib.suppress(ProcessLookupError):
            mosquitto.terminate()
        await mosquitto.wait()


async def _watch(hotline: Hotline) -> None:
    """A daemon that was killed stays dead for a while, and then takes its callers over again."""
    while (daemon := hotline.daemon) is not None:
        typer.echo(f"kill -9 {daemon.pid} ends the daemon alone: nobody is cut off, try it")
        await daemon.wait()
        typer.echo(f"the daemon is dead: the telephone system serves callers alone for {DEAD_S} s")
        await asyncio.sleep(DEAD_S)
        await hotline.start_daemon()
        typer.echo("the daemon is back; those who wait are in their old order")


async def _caller(hotline: Hotline, centre: Centre, chance: random.Random) -> None:
    """Somebody calls: chooses a language and a concern, and has only so much patience."""
    languages, concerns = len(centre.languages), len(centre.concerns)
    weights = [1 / (rank + 1) for rank in range(languages)]
    language = chance.choices(range(languages), weights)[0]
    pressed = (
        (menu.keys(languages, language), 4000),
        (menu.keys(concerns, chance.randrange(concerns)), 6000),
    )
    keys = [
        (400 if i else chance.randrange(500, latest), key)
        for some, latest in pressed
        for i, key in enumerate(some)
    ]
    wish = chance.random()
    leaves = CALLED_BACK <= wish < CALLED_BACK + LEAVES_MESSAGE
    if wish < CALLED_BACK:
        keys += [(ASKS_MS, hold_keys.CALLBACK), (SAYS_YES_MS, hold_keys.YES)]
    elif leaves:
        keys += [(ASKS_MS, hold_keys.MESSAGE)]
    await hotline.sipp.call(
        NUMBER,
        keys,
        caller=f"0201{8_000_000 + chance.randrange(KNOWN_CALLERS)}",
        name="Demo",
        hang_up_ms=SPEAKS_MS if leaves else chance.randrange(60_000, 240_000),
        tone_hz=VOICE_HZ if leaves else 0,
    )
