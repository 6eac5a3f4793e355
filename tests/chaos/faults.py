"""What is done to a hotline in a run: kills aimed at each state of a visit, stalls, cuts, deaths, locks."""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.callers import Callers
from tests.chaos.eye import CLOSING, DEGRADED, OFFERED, PARTING, STATES, WRAP_UP, Eye
from tests.chaos.hotline import Attacked
from tests.chaos.phones import Phones
from tests.chaos.verdict import Outage

EASE = {PARTING: 0.35, OFFERED: 0.6}
"""What is hard to hit is aimed at more often."""

Fault = Callable[[random.Random], Awaitable[None]]

AIM_S = 12.0
"""So long a kill waits for a call to come into the state that it is aimed at."""


@dataclass
class Pace:
    """Mean seconds between two faults of a kind; 0: none of it."""

    daemon: float = 2.5
    link: float = 25.0
    stores: float = 40.0
    asterisk: float = 240.0


@dataclass
class Done:
    """What was done, and when."""

    kills: list[float] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)

    def note(self, what: str, **values: object) -> None:
        """One line for the report."""
        said = " ".join(f"{name}={value}" for name, value in values.items())
        self.log.append(f"{time.time():.3f} {what} {said}".rstrip())


class Faults:
    """Runs beside the load until cancelled; `heal` undoes what is under way."""

    def __init__(
        self,
        hotline: Attacked,
        eye: Eye,
        callers: Callers,
        phones: Phones,
        chance: random.Random,
        pace: Pace,
        back: Callable[[], Awaitable[None]],
    ) -> None:
        self.done = Done()
        self.asterisk_up = asyncio.Event()
        self.asterisk_up.set()
        self._hotline = hotline
        self._eye = eye
        self._callers = callers
        self._phones = phones
        self._pace = pace
        self._back = back
        self._aimed: Counter[str] = Counter()
        kinds = ("daemon", "link", "stores", "asterisk")
        self._chance = {kind: random.Random(chance.randrange(2**32)) for kind in kinds}

    async def run(self) -> None:
        """Until cancelled."""
        pace = self._pace
        each = {
            "daemon": (pace.daemon, self._daemon),
            "link": (pace.link, self._link),
            "stores": (pace.stores, self._store),
            "asterisk": (pace.asterisk, self._asterisk),
        }
        async with asyncio.TaskGroup() as group:
            for kind, (mean, fault) in each.items():
                if mean:
                    group.create_task(self._every(self._chance[kind], mean, fault))

    async def _every(self, chance: random.Random, mean: float, fault: Fault) -> None:
        while True:
            await asyncio.sleep(chance.expovariate(1 / mean))
            await fault(chance)

    # --- the daemon ----------------------------------------------------------------------------------

    async def _daemon(self, chance: random.Random) -> None:
        if chance.random() < 0.2:
            await self._stall(chance)
        else:
            await self._kill(chance)

    async def _stall(self, chance: random.Random) -> None:
        daemon = self._hotline.daemon
        if daemon is None or daemon.returncode is not None:
            await self._hotline.up()
            return
        seconds = 0.1 * 100 ** chance.random()
        with contextlib.suppress(ProcessLookupError):
            os.kill(daemon.pid, signal.SIGSTOP)
            self.done.counts["stalls"] += 1
            self.done.note("stall", seconds=f"{seconds:.1f}")
            try:
                await asyncio.sleep(seconds)
            finally:
                os.kill(daemon.pid, signal.SIGCONT)

    async def _kill(self, chance: random.Random) -> None:
        now = set(self._eye.states.values())
        possible = [state for state in STATES if state != CLOSING or CLOSING in now]
        aim = min(possible, key=lambda state: (self._aimed[state] * EASE.get(state, 1), chance.random()))
        self._aimed[aim] += 1
        dead_s = 0.0 if chance.random() < 0.4 else chance.uniform(0, 15)
        late_s = 0.0 if aim == PARTING or chance.random() < 0.5 else chance.uniform(0, 0.5)
        if aim == DEGRADED:
            await self.kill_daemon("any")
            await asyncio.sleep(chance.uniform(8, 14))
            await self._hotline.up()
            await asyncio.sleep(chance.uniform(0, 0.6))
            await self.kill_daemon(aim)
        else:
            seen = PARTING if aim == WRAP_UP else aim
            if late_s or aim == WRAP_UP:
                await self._eye.aim(seen, lambda: None, AIM_S)
                await asyncio.sleep(late_s)
                await self.kill_daemon(aim)
            elif not await self._eye.aim(seen, lambda: self._shoot(aim), AIM_S):
                self._shoot(aim)
            await self._gone()
        await asyncio.sleep(dead_s)
        await self._hotline.up()
        self.done.note("back", after=f"{dead_s:.1f}")

    async def kill_daemon(self, aim: str) -> None:
        """kill -9, now, and until it is gone."""
        self._shoot(aim)
        await self._gone()

    def _shoot(self, aim: str) -> None:
        daemon = self._hotline.daemon
        if daemon is not None and daemon.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(daemon.pid, signal.SIGKILL)
                self.done.kills.append(time.time())
                self.done.note("kill", aim=aim)

    async def _gone(self) -> None:
        daemon, self._hotline.daemon = self._hotline.daemon, None
        if daemon is not None:
            await daemon.wait()

    # --- the link ------------------------------------------------------------------------------------

    async def _link(self, chance: random.Random) -> None:
        proxy = self._hotline.proxy
        kind = chance.choice(("cut", "refuse", "swallow", "swallow answers", "slow"))
        seconds = {"cut": 0.0, "refuse": chance.uniform(0, 5), "slow": chance.uniform(2, 10)}.get(
            kind, chance.uniform(0.5, 12)
        )
        delay = chance.uniform(0.05, 1.5)
        if kind in ("cut", "refuse"):
            proxy.cut(refuse=kind == "refuse")
        elif kind == "slow":
            proxy.slow(delay)
        else:
            proxy.swallow(one_way=kind != "swallow")
        self.done.counts["cuts"] += 1
        self.done.note("link", kind=kind, seconds=f"{seconds:.1f}")
        try:
            await asyncio.sleep(seconds)
        finally:
            proxy.heal()

    # --- the stores ----------------------------------------------------------------------------------

    async def _store(self, chance: random.Random) -> None:
        name = chance.choice(("journal", "journal", "records", "records", "vault"))
        seconds = chance.uniform(0.3, 7.0)
        path = self._hotline.folder / "var" / f"{name}.db"
        if await asyncio.to_thread(_locked, path, seconds):
            self.done.counts["stores_away"] += 1
            self.done.note("store away", name=name, seconds=f"{seconds:.1f}")

    # --- Asterisk ------------------------------------------------------------------------------------

    async def _asterisk(self, chance: random.Random) -> None:
        await asyncio.shield(asyncio.ensure_future(self.kill_asterisk(chance.uniform(0.3, 4.0))))

    async def kill_asterisk(self, dead_s: float) -> None:
        """kill -9 of Asterisk: every call is lost; then it starts again and the phones say where they are."""
        self.asterisk_up.clear()
        begin = time.time()
        await self._hotline.asterisk.stop(kill=True)
        self.done.counts["asterisk_deaths"] += 1
        self._callers.excuse("Asterisk died")
        self._phones.excuse("Asterisk died")
        await asyncio.sleep(dead_s)
        await self._hotline.asterisk.start()
        self.done.outages.append(Outage(begin, time.time()))
        self.done.note("asterisk died", seconds=f"{time.time() - begin:.1f}")
        await self._eye.close()
        await self._eye.open()
        await self._back()
        self.asterisk_up.set()


def _locked(path: Path, seconds: float) -> bool:
    """Hold a store's lock from outside for that long; False if it is not to be had."""
    try:
        base = sqlite3.connect(path, timeout=3, isolation_level=None)
    except sqlite3.Error:
        return False
    try:
        base.execute("begin exclusive")
        time.sleep(seconds)
        base.execute("rollback")
    except sqlite3.Error:
        return False
    finally:
        base.close()
    return True
