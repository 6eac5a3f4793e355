"""The whole daemon as a process, attached to a PBX of memory, with everybody on duty."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from acd.demo import admitted
from acd.demo.hotline import PROJECT, configured, until_ready
from acd.pbx.marks import Marks, marks
from acd.pbx.secrets import own
from config.load import load
from config.people import team
from config.prompts import beside, sounds
from tests.fakes.pbx import FakePbx, Phone

PROGRAM = "from acd.cli import main; main()"


class Attached(NamedTuple):
    """The process and its page."""

    daemon: subprocess.Popen[bytes]
    client: httpx.AsyncClient


def phones(count: int) -> list[str]:
    """Their names."""
    return [f"p{number}" for number in range(count)]


def _marks(config: Path) -> Marks:
    """Of the files that this configuration gives, as a PBX that runs on them says."""
    centre = load(config)
    return marks(centre, team(centre), sounds(beside(config), centre), date.today())


@asynccontextmanager
async def attached(
    pbx: FakePbx, folder: Path, changes: Mapping[str, Any], phone: Callable[[int], Phone]
) -> AsyncIterator[Attached]:
    """Staff a0, a1 ... at the phones of this PBX, who all speak German; phone: how the N-th one behaves.

    changes: to the shipped configuration, besides. The folder gets the daemon's files and its log.
    """
    names = list(pbx.phones)
    skills = {"languages": {"de": "native"}, "concerns": {"other": 5}}
    people = [{"id": f"a{i}", "name": "x", "phone": name, **skills} for i, name in enumerate(names)]
    wanted = {**changes, "staff": people, "pbx": {"ami_port": pbx.port}}
    config = configured(PROJECT / "config" / "welcomecenter.toml", folder, wanted)
    pbx.secret = own(folder / "var" / "secrets.toml", names).ami
    pbx.runs_on(_marks(config))
    command = [sys.executable, "-c", PROGRAM, "run", "--config", str(config)]
    with (folder / "daemon.log").open("wb") as log:
        daemon = subprocess.Popen(  # noqa: ASYNC220 its signals are sent between awaits
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        url = f"http://127.0.0.1:{load(config).web.port}"
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            await until_ready(client)
            token = await admitted.program(load(config))
            client.headers["Authorization"] = f"Bearer {token}"
            for i, name in enumerate(names):
                pbx.register(name, phone(i))
                (await client.post(f"/api/staff/a{i}/login")).raise_for_status()
            yield Attached(daemon, client)
    finally:
        daemon.terminate()
        await asyncio.to_thread(daemon.wait, 20)
