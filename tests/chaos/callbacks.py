"""Callers who asked to be called back, while the daemon is killed again and again and Asterisk once: each is
called until they are there, nobody after a talk, and every call stands in the records."""

import argparse
import asyncio
import json
import random
import re
import socket
import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

import httpx

from acd.demo.hotline import PROJECT, Hotline
from acd.demo.ports import free_port
from acd.demo.sipp import PHONE_ADDRESS
from acd.ports import Wish
from acd.request.sending import Socket
from acd.requests import path_of

PEOPLE = ("katja", "daryna", "amal", "birgit", "jonas", "anna")
TALK_MS = 9_000
"""Of which the first seconds go by with who calls."""
AWAY_S = 25.0
"""So long at first nobody who is called is there."""
ASTERISK_DEAD_S = 60.0
LAST_MOMENTS_S = 1.5
"""What Asterisk did just before it was killed may be lost."""


class Seen(NamedTuple):
    """What the provider saw of one call: when it began, and whether it was answered."""

    at: float
    answered: bool


class Found(NamedTuple):
    """What a run came to. wrongs: none, if all is well."""

    callers: int
    kills: int
    called: int
    answered: int
    not_reached: int
    seconds: float
    wrongs: list[str]


def changes(port: int) -> dict[str, Any]:
    """Quick phones, and everybody can serve everybody."""
    return {
        "staffing": {"wrap_up_seconds": 1, "ring_seconds": 8, "short_talk_seconds": 0},
        "routing": {
            "reserve": [],
            "step": [{"after_seconds": 0, "languages": ["anybody"], "language": "A1", "concern": 0}],
        },
        "privacy": {"agreement": {"name": "Dienstvereinbarung of the tests", "date": date(2026, 1, 15)}},
        "callback": {
            "lift_dials": True,
            "again_minutes": [1, 1, 1, 1, 1, 1],
            "per_number_day": 20,
            "per_day": 10_000,
            "open_most": 2_000,
        },
        "trunk": {"provider": f"{PHONE_ADDRESS}:{port}"},
        "request": {"folder": "request"},
    }


def number_of(caller: int) -> str:
    return f"+49201{8_100_000 + caller}"


class Attack:
    """One hotline, its callers, and who kills it."""

    def __init__(self, hotline: Hotline, port: int, callers: int, seed: int, every_s: float) -> None:
        self._hotline, self._port, self._callers, self._every_s = hotline, port, callers, every_s
        self._chance = random.Random(seed)
        self._said: list[str] = []
        self.kills = 0
        self.asterisk_died = 0.0

    async def run(self, limit_s: float) -> Found:
        """Until every callback has ended, or time is up."""
        hotline, began = self._hotline, time.time()
        provider = await hotline.sipp.gateway(self._port, talk_ms=None, refuse=486, logged=True)
        phones = [each.phone for each in hotline.centre.staff if each.id in PEOPLE]
        await hotline.sipp.phones(phones)
        await hotline.start_daemon()
        for each in PEOPLE:
            await hotline.ask(each, "login")
        asking = asyncio.create_task(self._ask())
        killing = asyncio.create_task(self._kill(phones))
        await asyncio.sleep(AWAY_S)
        self._said.append(provider.messages)
        await provider.end()
        provider = await hotline.sipp.gateway(self._port, talk_ms=TALK_MS, logged=True)
        try:
            await asking
            while time.time() - began < limit_s and self._open() > 0:  # noqa: ASYNC110 it lies in a file
                await asyncio.sleep(1)
        finally:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
        if hotline.daemon is None or hotline.daemon.returncode is not None:
            await hotline.start_daemon()
        await asyncio.sleep(3)
        self._said.append(provider.messages)
        return self._judged(time.time() - began)

    async def _ask(self) -> None:
        """One after another, each until the daemon takes it."""
        wishes = Socket(path_of(self._hotline.centre))
        for caller in range(self._callers):
            wish = Wish("de", "registration", number_of(caller), "", 0, 0)
            while await wishes.wish(wish):  # noqa: ASYNC110 the daemon may be dead
                await asyncio.sleep(0.2)
            await asyncio.sleep(self._chance.uniform(0, 0.6))

    async def _kill(self, phones: list[str]) -> None:
        began = time.time()
        while True:
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self._every_s)
            if not self.asterisk_died and time.time() - began > ASTERISK_DEAD_S:
                self.asterisk_died = time.time()
                await self._hotline.asterisk.stop(kill=True)
                await self._hotline.asterisk.start()
            await self._hotline.stop_daemon(kill=True)
            self.kills += 1
            await asyncio.sleep(self._chance.choice((0.0, 0.5, 4.0)))
            await self._hotline.start_daemon()
            with suppress(httpx.HTTPError):
                for each in PEOPLE:
                    await self._hotline.ask(each, "login")

    # --- what came of it -----------------------------------------------------------------------------

    def _rows(self, query: str) -> list[Mapping[str, Any]]:
        base = sqlite3.connect(f"file:{self._hotline.folder}/var/records.db?mode=ro", uri=True, timeout=10)
        base.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in base.execute(query)]
        finally:
            base.close()

    def _open(self) -> int:
        with suppress(sqlite3.Error):
            over = self._rows("select count(*) as n from visit where kind = 'web' and ended_at is not null")
            return self._callers - int(over[0]["n"])
        return self._callers

    def _seen(self) -> dict[str, list[Seen]]:
        """Number -> its calls as the provider saw them, by Call-ID."""
        found: dict[str, list[Seen]] = defaultdict(list)
        for text in self._said:
            calls: dict[str, tuple[str, float]] = {}
            answered: set[str] = set()
            for block in re.split(r"-{20,} ", text):
                call = re.search(r"^Call-ID: (\S+)", block, re.M | re.I)
                stamp = re.match(r"(\d{4}-\d\d-\d\d)[T\t ]+(\d\d:\d\d:\d\d\.\d+)", block)
                if call is None:
                    continue
                asked = re.search(r"^INVITE sip:(\+?\d+)@", block, re.M)
                if asked is not None and call[1] not in calls:
                    at = (
                        time.mktime(time.strptime(f"{stamp[1]} {stamp[2][:8]}", "%Y-%m-%d %H:%M:%S"))
                        if stamp
                        else 0.0
                    )
                    calls[call[1]] = asked[1], at
                if re.search(r"^SIP/2.0 200 OK", block, re.M) and re.search(
                    r"^CSeq: \d+ INVITE", block, re.M
                ):
                    answered.add(call[1])
            for key, (number, at) in calls.items():
                found[number].append(Seen(at, key in answered))
        return found

    def _judged(self, seconds: float) -> Found:
        seen, wrongs = self._seen(), []
        visits = self._rows("select * from visit where kind = 'web'")
        tries: dict[int, int] = defaultdict(int)
        for row in self._rows("select visit, count(*) as n from callback_attempt group by visit"):
            tries[row["visit"]] = row["n"]
        if len(visits) != self._callers:
            wrongs.append(f"{self._callers} asked, {len(visits)} callbacks")
        tokens = self._tokens()
        for visit in visits:
            number = tokens.get(visit["token"], "")
            calls = seen.get(number, [])
            talks = sum(each.answered for each in calls)
            near = self.asterisk_died and any(abs(each.at - self.asterisk_died) < 15 for each in calls)
            if visit["ended_at"] is None:
                wrongs.append(f"{number}: never ended; {calls}")
            if talks > 1 and not near:
                wrongs.append(f"{number}: called after a talk; {calls}")
            if tries[visit["id"]] != len(calls) and not near:
                wrongs.append(f"{number}: {len(calls)} calls, {tries[visit['id']]} in the records; {calls}")
            if visit["ended_at"] is not None and (visit["outcome"] == "answered") != (talks > 0) and not near:
                wrongs.append(f"{number}: {visit['outcome']}, but {talks} talks")
        outcomes = [visit["outcome"] for visit in visits]
        called = sum(len(each) for each in seen.values())
        ends = (outcomes.count("answered"), outcomes.count("not_reached"))
        return Found(self._callers, self.kills, called, *ends, round(seconds, 1), wrongs)

    def _tokens(self) -> dict[str, str]:
        base = sqlite3.connect(f"file:{self._hotline.folder}/var/vault.db?mode=ro", uri=True, timeout=10)
        try:
            return dict(base.execute("select token, number from vault_number"))
        finally:
            base.close()


async def attack(callers: int, seed: int, every_s: float, limit_s: float) -> Found:
    """The whole of it."""
    port = free_port(socket.SOCK_DGRAM, PHONE_ADDRESS)
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", changes(port)) as hotline:
        return await Attack(hotline, port, callers, seed, every_s).run(limit_s)


def main() -> int:
    """Print what came of it as one line of JSON; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.callbacks", description=__doc__)
    parser.add_argument("--callers", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=7.0, help="seconds between kills")
    parser.add_argument("--minutes", type=float, default=15.0, help="at most")
    asked = parser.parse_args()
    found = asyncio.run(attack(asked.callers, asked.seed, asked.every, asked.minutes * 60))
    sys.stdout.write(json.dumps(found._asdict(), indent=1) + "\n")
    return 1 if found.wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
