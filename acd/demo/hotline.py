"""A whole hotline on loopback: configuration on free ports, Asterisk, daemon, SIPp; for demo and tests."""

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

import httpx
import tomli_w

from acd.demo import admitted
from acd.demo.asterisk import PrivateAsterisk
from acd.demo.ended import ended
from acd.demo.ports import free_port
from acd.demo.sipp import Sipp
from acd.pbx import place
from acd.pbx.place import Place
from acd.pbx.secrets import own, private
from config.load import load
from config.people import team
from config.prompts import sounds

PROJECT = place.PROJECT
START_S = 30.0
STOP_S = 15.0
ALWAYS = ["00:00-24:00"]
NUMBER = "88000000"
BELOW = "/srv" if os.geteuid() == 0 else "/tmp"  # noqa: S108 each folder is made for its owner only


class DaemonEnded(Exception):
    """The daemon did not start; the message is its own last words."""


async def until_ready(client: httpx.AsyncClient, lives: Callable[[], object] = lambda: True) -> None:
    """Until /readyz of a daemon says that every part works. lives: raises if the daemon has ended."""
    async with asyncio.timeout(START_S):
        while True:
            lives()
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)


def configured(source: Path, folder: Path, changes: Mapping[str, Any]) -> Path:
    """A copy of a centre's file: open around the clock, on free ports, with `changes`.

    changes: tables are merged into the file's, lists take the place of the file's.
    """
    raw = tomllib.loads(source.read_text(encoding="utf-8"))
    raw["hours"] = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ALWAYS) | {"holidays": ""}
    raw["pbx"] |= {
        "ami_port": free_port(),
        "sip_port": free_port(socket.SOCK_DGRAM),
        "rtp_from": 12000,
        "rtp_to": 19998,
        "qualify_seconds": 0,
        "folder": f"{BELOW}/acd-{folder.name[-8:].lower()}-{os.getpid()}",
    }
    there = Place(place.root(install=True), PurePosixPath(raw["pbx"]["folder"]))
    raw["announcement"] = {"folder": str(there.announcements)}
    raw["store"]["folder"] = "var"
    raw["web"] = {"host": "127.0.0.1", "port": free_port()}
    for key, value in changes.items():
        raw[key] = raw.get(key, {}) | value if isinstance(value, Mapping) else value
    if "message" in raw:
        raw["message"] = {"folder": str(there.recordings)} | raw["message"]
    path = folder / "centre.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    return path


class Hotline:
    """Everything together; `async with` starts Asterisk and SIPp, `start_daemon` the daemon."""

    def __init__(
        self,
        source: Path,
        changes: Mapping[str, Any] | None = None,
        extra: Sequence[tuple[str, str]] = (),
        trunk: str = "",
    ) -> None:
        """trunk: our password at the provider."""
        self.folder = Path(tempfile.mkdtemp(prefix="acd-hotline-"))
        self.config = configured(source, self.folder, changes or {})
        self.centre = load(self.config)
        people = team(self.centre)
        self.phones = [agent.reach.address for agent in people.agents]
        if trunk:
            kept = f"ami = {secrets.token_hex(12)!r}\ntrunk = {trunk!r}\n\n[phones]\n"
            private(self.folder / "var" / "secrets.toml", kept)
        self.secrets = own(self.folder / "var" / "secrets.toml", self.phones)
        spoken = sounds(source.parent / "prompts", self.centre)
        self.asterisk = PrivateAsterisk(
            Place(place.root(install=True), PurePosixPath(self.centre.pbx.folder)),
            self.centre,
            people,
            self.secrets,
            spoken,
            extra,
        )
        self.sipp = Sipp(self.centre.pbx.sip_address, self.centre.pbx.sip_port, self.secrets.phones)
        self.daemon: asyncio.subprocess.Process | None = None
        self._token = ""
        self.url = f"http://127.0.0.1:{self.centre.web.port}"

    async def __aenter__(self) -> "Hotline":
        await self.asterisk.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.sipp.close()
        await self.stop_daemon()
        await self.asterisk.__aexit__(kind, value, trace)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- the daemon ----------------------------------------------------------------------------------

    @property
    def log(self) -> Path:
        """What the daemon said."""
        return self.folder / "daemon.log"

    async def start_daemon(self, program: Sequence[str] = (), env: Mapping[str, str] | None = None) -> None:
        """Start it and wait until every part is ready. Raises DaemonEnded."""
        command = program or (sys.executable, "-c", "from acd.cli import main; main()")
        with self.log.open("ab") as log:
            self.daemon = await asyncio.create_subprocess_exec(
                *command,
                "run",
                "--config",
                str(self.config),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env={**os.environ, **(env or {})},
            )
        await self.ready()

    async def ready(self) -> None:
        """Until the daemon says that every part works. Raises DaemonEnded."""

        def lives() -> None:
            if self.daemon is None or self.daemon.returncode is not None:
                raise DaemonEnded(self.log.read_text(errors="replace")[-2000:])

        async with httpx.AsyncClient(base_url=self.url) as client:
            await until_ready(client, lives)
        await self.admit()

    async def admit(self) -> None:
        """Get a token for `client`, once: the daemon has made its stores by then."""
        self._token = self._token or await admitted.program(self.centre)

    async def stop_daemon(self, kill: bool = False) -> None:
        """End it; hard with `kill`."""
        process, self.daemon = self.daemon, None
        await ended(process, STOP_S, kill)

    # --- asking it -----------------------------------------------------------------------------------

    def client(self) -> httpx.AsyncClient:
        """A client of its API, as a program once it is admitted."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10)

    async def ask(self, agent: str, what: str, reason: str = "") -> int:
        """A request for a member of staff by the API; the HTTP status."""
        async with self.client() as client:
            return (await client.post(f"/api/staff/{agent}/{what}", json={"reason": reason})).status_code

    def agent(self, phone: str) -> str:
        """Who has this phone."""
        return next(each.id for each in self.centre.staff if each.phone == phone)
