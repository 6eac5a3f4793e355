"""A private Asterisk for demo and tests: own folder, loopback, started, stopped and killed by its own pid."""

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType

from acd.demo.ended import ended
from acd.pbx.place import NoAsterisk, Place
from acd.pbx.render import render
from acd.pbx.secrets import Secrets
from acd.progress import Progress
from agents.model import Team
from config.prompts import Sounds
from config.schema import Centre

BOOT_S = 30.0
STOP_S = 5.0


class PrivateAsterisk:
    """One Asterisk in a folder below its root, gone without a trace after `async with`.

    extra: (file, text) appended to its files, for what only a measurement or a test needs.
    """

    def __init__(
        self,
        place: Place,
        centre: Centre,
        roster: Team,
        secrets: Secrets,
        spoken: Sounds,
        extra: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.place = place
        self.root, self.folder = place.root, place.here
        self.centre = centre
        self.secrets = secrets
        self._roster = roster
        self._spoken = spoken
        self._extra = extra
        self._process: asyncio.subprocess.Process | None = None

    @property
    def recordings(self) -> Path:
        """Where recordings of talks lie."""
        return self.folder / "spool" / "monitor"

    async def __aenter__(self) -> "PrivateAsterisk":
        self.folder.mkdir(mode=0o700, parents=True)
        try:
            self.render()
            await self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def render(self) -> None:
        """Write its files."""
        render(
            self.centre,
            self._roster,
            self.secrets,
            self._spoken,
            self.place,
            today=date.today(),
            tell=Progress("sentences spoken"),
        )
        for name, text in self._extra:
            with (self.folder / "etc" / name).open("a", encoding="utf-8") as file:
                file.write(text)
        self.place.hand_over()

    async def start(self) -> None:
        """Start it and wait until it is fully booted. Raises NoAsterisk."""
        with (self.folder / "log" / "console").open("wb") as console:
            self._process = await asyncio.create_subprocess_exec(
                *self.place.start(os.geteuid() == 0),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                cwd="/",
            )
        try:
            async with asyncio.timeout(BOOT_S):
                await self._booted()
        except TimeoutError:
            await self.stop()
            raise NoAsterisk(f"Asterisk did not start: {self.complaints()}") from None

    async def _booted(self) -> None:
        """AMI answers, and says FullyBooted to our own user."""
        pbx = self.centre.pbx
        while True:
            if self._process is not None and self._process.returncode is not None:
                raise NoAsterisk(f"Asterisk ended at once: {self.complaints()}")
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection(pbx.ami_host, pbx.ami_port)
                login = f"Action: Login\r\nUsername: {pbx.ami_user}\r\nSecret: {self.secrets.ami}\r\n\r\n"
                writer.write(login.encode())
                try:
                    await reader.readuntil(b"FullyBooted")
                    return
                finally:
                    writer.close()
            await asyncio.sleep(0.05)

    def complaints(self) -> str:
        """The end of what Asterisk said."""
        said = [self.folder / "log" / name for name in ("console", "messages", "messages.log")]
        text = "".join(path.read_text(errors="replace") for path in said if path.exists())
        return " | ".join(text.strip().splitlines()[-5:])

    async def stop(self, kill: bool = False) -> None:
        """End it; hard with `kill`, else by asking first."""
        process, self._process = self._process, None
        await ended(process, STOP_S, kill)

    async def cli(self, command: str) -> str:
        """What a console command answers; for people who look for a fault."""
        process = await asyncio.create_subprocess_exec(
            *self.place.ask(command), stdout=subprocess.PIPE, cwd="/"
        )
        out, _ = await process.communicate()
        return out.decode(errors="replace")
