"""One run: a hotline under load and under attack, brought to rest, and judged."""

import asyncio
import contextlib
import random
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from acd.demo.hotline import NUMBER
from tests.chaos.callers import Callers, draw
from tests.chaos.eye import STATES, WRAP_UP, Eye
from tests.chaos.faults import Done, Faults, Pace
from tests.chaos.hotline import EYE, Attacked
from tests.chaos.phones import Phones, Ring
from tests.chaos.truth import Lived, lived
from tests.chaos.verdict import Records, Verdict, Wrong

CALLERS_ADDRESS = "127.0.0.2"
PHONES_ADDRESS = "127.0.0.1"
AT_ONCE = 90
"""More callers than this do not call at once."""
KEEPER_S = 2.0
STRAIN_LOOK_S = 0.05
STRAIN_LATE_S = 0.2
REST_S = 120.0
SETTLED_S = 60.0
WRAP_UP_S = 1.0


@dataclass
class Result:
    """What a run did and what came of it."""

    seed: int
    seconds: float
    calls: int
    rings: int
    kills_by_state: dict[str, int]
    done: Done
    wrongs: list[Wrong]
    exits: list[str]
    incidents: dict[str, int]
    kinds: dict[str, int] = field(default_factory=dict)


@dataclass
class Wanted:
    """How long and how hard."""

    seed: int = 1
    seconds: float = 60.0
    rate: float = 3.0
    phones: int = 9
    pace: Pace = field(default_factory=Pace)
    closing: bool = True
    without: str = ""
    """A guard that is taken out (tests.chaos.without)."""


async def run(wanted: Wanted, keep: Path | None = None) -> Result:
    """Attack a hotline of its own and judge it. keep: a folder for what it leaves."""
    chance = random.Random(wanted.seed)
    async with Attacked(wanted.closing, wanted.without) as hotline:
        scene = Scene(hotline, wanted, chance)
        await scene.open()
        began = time.time()
        try:
            await scene.attack()
            await scene.rest()
            return scene.result(time.time() - began)
        finally:
            await scene.close()
            if keep is not None:
                _keep(hotline, keep)


def _keep(hotline: Attacked, keep: Path) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    (keep / "cel.csv").write_text(hotline.account, encoding="utf-8")
    shutil.copy(hotline.log, keep / "daemon.log")
    for name in ("records", "journal"):
        for end in ("", "-wal", "-shm"):
            path = hotline.folder / "var" / f"{name}.db{end}"
            if path.exists():
                shutil.copy(path, keep / path.name)


class Scene:
    """Callers, phones, faults and an eye around one hotline."""

    def __init__(self, hotline: Attacked, wanted: Wanted, chance: random.Random) -> None:
        peer = (hotline.centre.pbx.sip_address, hotline.centre.pbx.sip_port)
        self._hotline = hotline
        self._wanted = wanted
        self._chance = chance
        self._names = hotline.phones[: wanted.phones]
        self._agents = {phone: hotline.agent(phone) for phone in hotline.phones}
        self.callers = Callers(CALLERS_ADDRESS, peer, NUMBER)
        own = random.Random(chance.randrange(2**32))
        self.phones = Phones(PHONES_ADDRESS, peer, dict(hotline.secrets.phones), own)
        pbx = hotline.centre.pbx
        self.eye = Eye(pbx.ami_host, pbx.ami_port, EYE, hotline.eye_secret)
        fate = random.Random(chance.randrange(2**32))
        self.faults = Faults(hotline, self.eye, self.callers, self.phones, fate, wanted.pace, self._register)
        self._calls = 0
        self._stuck: list[Wrong] = []
        self._waited = 0
        self._strains: list[tuple[float, float]] = []

    async def open(self) -> None:
        """Everybody is there and on duty."""
        await self.callers.stack.open()
        await self.phones.stack.open()
        await self.eye.open()
        await self._hotline.spawn()
        await self._register()
        if not await self._hotline.up():
            raise TimeoutError(f"the daemon is not ready: {self._hotline.log.read_text()[-600:]}")
        await self._on_duty()

    async def close(self) -> None:
        """Nobody is left."""
        await self.eye.close()
        self.callers.stack.close()
        self.phones.close()

    async def _register(self) -> None:
        await asyncio.gather(*(self.phones.register(phone) for phone in self._names))

    # --- the attack ----------------------------------------------------------------------------------

    async def attack(self) -> None:
        """Load and faults for as long as wanted."""
        load = asyncio.create_task(self._load())
        keeper = asyncio.create_task(self._keeper())
        faults = asyncio.create_task(self.faults.run())
        strain = asyncio.create_task(self._strain())
        running = (load, keeper, faults, strain)
        try:
            done, _ = await asyncio.wait(
                running, timeout=self._wanted.seconds, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in done:
                task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _load(self) -> None:
        chance = random.Random(self._chance.randrange(2**32))
        languages = [each.code for each in self._hotline.centre.language]
        concerns = [each.key for each in self._hotline.centre.concern]
        while True:
            await asyncio.sleep(chance.expovariate(self._wanted.rate))
            await self.faults.asterisk_up.wait()
            if self.callers.going < AT_ONCE:
                self._calls += 1
                self.callers.call(f"0201{7_000_000 + self._calls}", draw(chance, languages, concerns))

    async def _strain(self) -> None:
        """How late this machine is: a time in the records cannot be more exact."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(STRAIN_LOOK_S)
            late = time.monotonic() - before - STRAIN_LOOK_S
            if late > STRAIN_LATE_S:
                self._strains.append((time.time(), late))

    async def _keeper(self) -> None:
        """Whoever was put away, or left out, is on duty again."""
        while True:
            await asyncio.sleep(KEEPER_S)
            await self._on_duty()

    async def _on_duty(self) -> None:
        wanted = {self._agents[phone] for phone in self._names}
        with contextlib.suppress(httpx.HTTPError, OSError):
            async with self._hotline.client() as client:
                client.timeout = httpx.Timeout(3.0)
                board = (await client.get("/api/board")).json()["board"]
                states = {each["id"]: each["state"] for each in board["staff"]}
                for agent in wanted:
                    what = {"logged_out": "login", "away": "ready", "not_ready": "ready"}.get(
                        states.get(agent, "logged_out")
                    )
                    if what:
                        await client.post(f"/api/staff/{agent}/{what}", json={"reason": ""})

    # --- coming to rest ------------------------------------------------------------------------------

    async def rest(self) -> None:
        """No more faults; everybody hangs up; the daemon catches up."""
        self._hotline.proxy.heal()
        await self.faults.asterisk_up.wait()
        if not await self._hotline.up(90):
            self._stuck.append(Wrong("stuck", "daemon", "not ready again after everything was healed", 0.0))
        self.phones.gentle = True
        await asyncio.sleep(5)
        self.callers.hang_up_all()
        await self.callers.drained(60)
        until = time.monotonic() + REST_S
        while self.eye.states and time.monotonic() < until:  # noqa: ASYNC110 the eye has no such event
            await asyncio.sleep(0.2)
        for uid, state in self.eye.states.items():
            self._stuck.append(Wrong("stuck", uid, f"a channel is left: {state}", time.time()))
        until = time.monotonic() + SETTLED_S
        left = ["not asked"]
        while left and time.monotonic() < until:
            left = await self._left()
            await asyncio.sleep(0.5)
        self._stuck += [Wrong("stuck", "page", each, time.time()) for each in left]

    async def _left(self) -> list[str]:
        """What the page still shows, and what the records still hold open."""
        try:
            async with self._hotline.client() as client:
                board = (await client.get("/api/board")).json()["board"]
        except (httpx.HTTPError, OSError, ValueError) as fault:
            return [f"no page: {type(fault).__name__}"]
        shown = [
            f"{name}: {board[name]}" for name in ("in_menu", "ringing", "talking", "degraded") if board[name]
        ]
        if waiting := sum(cell["callers"] for cell in board["waiting"]):
            shown.append(f"waiting: {waiting}")
        records = Records(self._hotline.folder / "var" / "records.db")
        rows = {row["call"] for row in records.visits}
        missing = [
            uid for uid, call in lived(self._hotline.account).items() if call.entered and uid not in rows
        ]
        open_rows = sum(not row["ended_at"] for row in records.visits)
        if not shown and (missing or open_rows):
            self._waited += 1
            return [f"rows: {len(missing)} missing, {open_rows} open"] if self._waited < 20 else []
        return shown

    # --- judging -------------------------------------------------------------------------------------

    def result(self, seconds: float) -> Result:
        """What came of it."""
        rings = [(r.number, r.rang, r.answered or r.cancelled) for r in self.phones.rings if r.rang]
        calls = lived(self._hotline.account, rings)
        records = Records(self._hotline.folder / "var" / "records.db")
        done = self.faults.done
        verdict = Verdict(
            calls,
            self.callers.accounts,
            self.phones.rings,
            records,
            self._agents,
            done.outages,
            self._strains,
        )
        wrongs = verdict.judge() + self._stuck
        return Result(
            seed=self._wanted.seed,
            seconds=seconds,
            calls=len(self.callers.accounts),
            rings=len(self.phones.rings),
            kills_by_state=hit(done.kills, calls, self.phones.rings),
            done=done,
            wrongs=wrongs,
            exits=[f"{at:.3f} exit {code}: {words}" for at, code, words in self._hotline.exits],
            incidents=dict(records.incidents),
            kinds=dict(Counter(each.plan.kind for each in self.callers.accounts)),
        )


def hit(kills: Sequence[float], calls: dict[str, Lived], rings: Sequence[Ring]) -> dict[str, int]:
    """State of a visit -> how many kills found a visit in it."""
    counts = dict.fromkeys(STATES, 0)
    for at in kills:
        states = {call.state_at(at) for call in calls.values() if call.began <= at}
        ended = [call.talks[-1].ended for call in calls.values() if call.talks]
        if any(each and each <= at <= each + WRAP_UP_S for each in ended):
            states.add(WRAP_UP)
        for state in states & counts.keys():
            counts[state] += 1
    return counts
