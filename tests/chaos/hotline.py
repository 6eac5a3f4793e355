"""A hotline under attack: account (CEL) switched on, the daemon behind a proxy, an eye of our own on AMI."""

import asyncio
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import tomli_w

from acd.demo.hotline import PROJECT, Hotline
from acd.demo.ports import free_port
from tests.chaos.proxy import Proxy
from tests.chaos.without import take_out

ESSEN = ZoneInfo("Europe/Berlin")

EYE = "chaos"
ACTOR = "chaosacts"
"""Two sessions of our own: one that sees everything, one that is told little and asks much."""
CLOSED_EVERY_MIN = 7
"""One minute in so many the centre is closed, so that closing is under attack too."""
READY_S = 25.0

CEL = """enable = yes
apps = dial,userevent
events = APP_START,CHAN_START,CHAN_END,ANSWER,HANGUP,BRIDGE_ENTER,BRIDGE_EXIT
"""
CEL_CUSTOM = """[chaos.csv]
format = dsv
fields = EventType,EventTime,Num,Exten,Context,ChanName,AppName,AppData,UniqueID,LinkedID,EventExtra
"""


def changes(closing: bool) -> dict[str, Any]:
    """What differs from the centre's own file: quick phones, and the hours."""
    refused = {"away_after": 2, "retry_seconds": 8}
    changed: dict[str, Any] = {
        "staffing": {"wrap_up_seconds": 1, "ring_seconds": 5},
        "routing": {
            "refused": {
                "busy": {"away_after": 0, "retry_seconds": 5},
                "declined": refused,
                "no_answer": refused,
                "unreachable": refused,
            },
            "reserve": [],
            "step": [
                {"after_seconds": 0, "languages": ["own"], "language": "B2", "concern": 2},
                {"after_seconds": 4, "languages": ["anybody"], "language": "A1", "concern": 0},
            ],
        },
        "recording": {"enabled": False},
        "privacy": {"agreement": {"name": "Dienstvereinbarung of the tests", "date": date(2026, 1, 15)}},
        "pbx": {"qualify_seconds": 4},
        "desk": {"show_number": "full"},  # by it phones tell whom they talk with
    }
    if closing:
        changed["hours"] = hours()
    return changed


def hours() -> dict[str, Any]:
    """Open around the clock but for single minutes of the next three hours."""
    now = datetime.now().astimezone().replace(second=0, microsecond=0)
    closed = {now + timedelta(minutes=CLOSED_EVERY_MIN * i + 3) for i in range(180 // CLOSED_EVERY_MIN)}
    spans: dict[str, Any] = {}
    for weekday, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun")):
        minutes = sorted(_local(at) for at in closed if at.astimezone(ESSEN).weekday() == weekday)
        begin, found = 0, []
        for minute in minutes:
            if minute > begin:
                found.append(f"{_clock(begin)}-{_clock(minute)}")
            begin = minute + 1
        found.append(f"{_clock(begin)}-24:00")
        spans[name] = found
    return spans


def _local(at: datetime) -> int:
    there = at.astimezone(ESSEN)
    return there.hour * 60 + there.minute


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


class Attacked(Hotline):
    """A hotline whose daemon reaches Asterisk through a proxy, and may be killed at any time."""

    def __init__(self, closing: bool = True, without: str = "") -> None:
        secret = os.urandom(12).hex()
        manager = (
            f"\n[{EYE}]\nsecret = {secret}\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.0/255.0.0.0\n"
            "read = call,user,system\nwrite = call,originate,reporting,system,command\nwritetimeout = 5000\n"
            f"\n[{ACTOR}]\nsecret = {secret}\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.0/255.0.0.0\n"
            "read = call,user\nwrite = call,originate,reporting\nwritetimeout = 5000\n"
            "eventfilter(name(Hangup)) =\n"
            "eventfilter(name(UserEvent),header(UserEvent),method(starts_with)) = ACDCaught\n"
        )
        extra = [
            ("cel.conf", CEL),
            ("cel_custom.conf", CEL_CUSTOM),
            ("modules.conf", "load = res_cdrel_custom.so\nload = cel_custom.so\n"),
            ("manager.conf", manager),
            ("extensions.conf", "\n[chaos-park]\nexten => park,1,Answer()\n same => n,Wait(86400)\n"),
        ]
        super().__init__(PROJECT / "config" / "welcomecenter.toml", changes(closing), extra)
        self.eye_secret = secret
        self._without = without
        self._render = self.asterisk.render
        self.asterisk.render = self._crippled  # type: ignore[method-assign]
        self.proxy = Proxy((self.centre.pbx.ami_host, self.centre.pbx.ami_port), free_port())
        self.exits: list[tuple[float, int, str]] = []
        """Ends of the daemon that nobody caused: (when, exit code, its last words)."""
        raw = tomllib.loads(self.config.read_text(encoding="utf-8"))
        raw["pbx"]["ami_port"] = self.proxy.port
        self.config.write_text(tomli_w.dumps(raw), encoding="utf-8")

    def _crippled(self) -> None:
        """Asterisk's files, without the guard that is left out."""
        self._render()
        take_out(self._without, self.asterisk.folder / "etc" / "extensions.conf")

    async def __aenter__(self) -> "Attacked":
        await super().__aenter__()
        (self.asterisk.folder / "log" / "cel-custom").mkdir(exist_ok=True)
        self.asterisk.place.hand_over()
        await self.proxy.open()
        return self

    async def __aexit__(self, *what: Any) -> None:
        await self.proxy.close()
        await super().__aexit__(*what)

    @property
    def account(self) -> str:
        """Asterisk's own account of every channel so far."""
        path = self.asterisk.folder / "log" / "cel-custom" / "chaos.csv"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    # --- the daemon ----------------------------------------------------------------------------------

    async def spawn(self, env: Mapping[str, str] | None = None) -> None:
        """Start the daemon without waiting for it."""
        with self.log.open("ab") as log:
            self.daemon = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.chaos.without", self._without or "nothing"),
                *("run", "--config", str(self.config)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env={**os.environ, **(env or {})},
            )

    async def up(self, timeout_s: float = READY_S) -> bool:
        """Until the daemon is ready, started anew where it ended by itself; whether it is in time."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if self.daemon is None or self.daemon.returncode is not None:
                self._ended()
                await self.spawn()
            if await self.is_ready():
                await self.admit()
                return True
            await asyncio.sleep(0.1)
        return False

    def _ended(self) -> None:
        if self.daemon is not None and self.daemon.returncode is not None:
            words = self.log.read_text(errors="replace")[-1500:]
            self.exits.append((time.time(), self.daemon.returncode, words))

    async def is_ready(self) -> bool:
        """Whether every part of the daemon says that it works."""
        try:
            async with self.client() as client:
                return (await client.get("/readyz", timeout=2)).status_code == 200
        except (httpx.HTTPError, OSError):
            return False
