"""Simulated callers and phones: SIPp with real SIP, RTP and RFC 4733 keys, one process a role."""

import asyncio
import contextlib
import itertools
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader

from acd.demo import digits
from acd.demo.ports import free_port, free_ports, is_bound

CALLER_ADDRESS = "127.0.0.2"
PHONE_ADDRESS = "127.0.0.1"
IN_USE = "Address already in use"
MEDIA_PORTS = 6
"""What a SIPp takes for itself from its media port on: voice, video, and control of each."""
SCENARIOS = Environment(loader=PackageLoader("acd.demo", "scenarios"), autoescape=False)  # noqa: S701 SIP, not HTML


NONCE = "47364c23432d2e131a5fb210812c"
"""A provider's, in tests."""


class SippFailed(Exception):
    """A SIPp run did not go as its scenario says; the message is its own last words."""


class Sipp:
    """Starts SIPp processes against one Asterisk and ends all that are left."""

    def __init__(self, host: str, port: int, passwords: Mapping[str, str]) -> None:
        self._target = f"{host}:{port}"
        self._passwords = passwords
        self._folder = tempfile.TemporaryDirectory(prefix="acd-sipp-")
        self._names = itertools.count()
        self._running: list[Run] = []

    @property
    def path(self) -> Path:
        """Folder of scenarios, keys and logs of this instance."""
        return Path(self._folder.name)

    async def close(self) -> None:
        """End everything still running."""
        await self.end_all()
        self._folder.cleanup()

    async def end_all(self) -> None:
        """End every run, callers and phones alike."""
        for run in self._running:
            await run.end()
        self._running = []

    # --- roles ---------------------------------------------------------------------------------------

    async def call(
        self,
        number: str,
        keys: Sequence[tuple[int, str]] = (),
        *,
        caller: str = "anonymous",
        name: str = "Caller",
        hang_up_ms: int | None = None,
        patience_ms: int = 120_000,
        tone_hz: int = 0,
        calls: int = 1,
        rate: float = 1,
        at_once: int = 1000,
        address: str = CALLER_ADDRESS,
        tones: bool = False,
    ) -> "Run":
        """Callers who dial, press `keys` as (pause before it in ms, key), and hang up or are hung up on.

        A pause counts from the begin of the key before. hang_up_ms: after the last key; None waits for the
        other side. rate: new calls a second, as long as fewer than `at_once` are there. tones: keys are heard
        in the voice, and their provider offers no telephone events.
        """
        pressed = self.path / f"keys-{next(self._names)}.{'al' if tones else 'pcap'}"
        write = digits.tones if tones else digits.write
        scenario = self._scenario(
            "caller",
            number=number,
            caller=caller,
            name=name,
            first_ms=keys[0][0] if keys else 0,
            keys=pressed,
            tones=pressed if tones else None,
            keys_ms=write(pressed, keys) if keys else 0,
            hang_up_ms=hang_up_ms,
            patience_ms=patience_ms,
            speech=self._tone(tone_hz),
        )
        return await self._start(scenario, address, calls=calls, rate=rate, at_once=at_once)

    async def phones(
        self,
        phones: Sequence[str],
        *,
        answer_ms: int = 200,
        talk_ms: int | None = None,
        refuse: int = 0,
        tone_hz: int = 0,
        expires: int = 3600,
        says: Sequence[tuple[int, bool]] = ((180, False),),
        media: bool = True,
        transfer_to: str = "",
        keys: Sequence[tuple[int, str]] = (),
        logged: bool = False,
    ) -> "Run":
        """Registered phones that behave alike until ended.

        answer_ms: ringing time. talk_ms: when they hang up, None never. refuse: SIP status to refuse with.
        says: what they send before the answer, as (SIP status, with early media). media: whether the answer
        offers any. keys: what they press once they have answered, as for a caller. transfer_to: a SIP
        address to which they try to transfer each talk, and expect a 603.
        logged: whether what they hear and say is kept (Run.messages).
        """
        pressed = self.path / f"keys-{next(self._names)}.pcap" if keys else None
        if pressed is not None:
            digits.write(pressed, keys)
        scenario = self._scenario(
            "phone",
            answer_ms=answer_ms,
            talk_ms=talk_ms,
            refuse=refuse,
            says=says,
            media=media,
            keys=pressed,
            first_ms=keys[0][0] if keys else 0,
            transfer_to=transfer_to,
            speech=self._tone(tone_hz),
        )
        for last in (False, False, True):
            run = await self._start(scenario, PHONE_ADDRESS, calls=0, logged=logged)
            if await run.listens(PHONE_ADDRESS):
                break
            if last:
                await run.finished()
        await self.register(phones, run.port, expires=expires)
        return run

    async def register(self, phones: Sequence[str], port: int, *, expires: int = 3600) -> None:
        """Tell Asterisk that these phones are at `port`. Raises SippFailed."""
        fields = [self._fields(phone, port) for phone in phones]
        for last in (False, False, True):
            scenario = self._scenario("register", expires=expires)
            run = await self._start(scenario, PHONE_ADDRESS, calls=len(phones), rate=50, fields=fields)
            try:
                await run.finished()
            except SippFailed as fault:  # somebody else was quicker to take the port that was free
                if last or IN_USE not in str(fault):
                    raise
            else:
                return

    async def gateway(
        self, port: int, *, talk_ms: int | None, answer_ms: int = 200, refuse: int = 0, logged: bool = False
    ) -> "Run":
        """Whoever answers at this port without being a phone of ours, and hangs up after so long; or refuses,
        as phones do."""
        scenario = self._scenario(
            "phone", answer_ms=answer_ms, talk_ms=talk_ms, refuse=refuse, says=((180, False),), media=True
        )
        run = await self._start(scenario, PHONE_ADDRESS, calls=0, port=port, logged=logged)
        await run.listens(PHONE_ADDRESS)
        return run

    async def provider(self, port: int, user: str, password: str) -> "Run":
        """Takes registrations and calls at this port, from who proves to be this user."""
        values = {"user": user, "password": password, "nonce": NONCE}
        run = await self._start(
            self._scenario("provider", **values), PHONE_ADDRESS, calls=0, port=port, logged=True
        )
        await run.listens(PHONE_ADDRESS)
        return run

    async def feature(
        self, phone: str, code: str, password: str | None = None, *, listens_ms: int = 10_000
    ) -> None:
        """A phone dials a code and listens to the answer until it is over. Raises SippFailed."""
        fields = [self._fields(phone, 0, password)]
        scenario = self._scenario("feature", code=code, listens_ms=listens_ms)
        run = await self._start(scenario, PHONE_ADDRESS, calls=1, fields=fields)
        await run.finished()

    def _tone(self, hz: int) -> Path | None:
        """A voice for tests: three seconds of a tone in A-law, repeated; None for 0."""
        if not hz:
            return None
        path = self.path / f"{hz}.al"
        if not path.exists():
            tone = ["synth", "3", "sine", str(hz), "gain", "-6"]
            command = ["sox", "-n", "-r", "8000", "-c", "1", "-e", "a-law", "-t", "raw", str(path), *tone]
            subprocess.run(command, check=True)  # noqa: S603
        return path

    # --- processes -----------------------------------------------------------------------------------

    def _fields(self, phone: str, port: int, password: str | None = None) -> str:
        secret = self._passwords[phone] if password is None else password
        return f"{phone};{port};[authentication username={phone} password={secret}]"

    def _scenario(self, kind: str, **values: object) -> Path:
        path = self.path / f"{kind}-{next(self._names)}.xml"
        path.write_text(SCENARIOS.get_template(f"{kind}.xml.j2").render(values), encoding="utf-8")
        return path

    async def _start(
        self,
        scenario: Path,
        address: str,
        *,
        calls: int,
        rate: float = 10,
        at_once: int = 1000,
        fields: Sequence[str] = (),
        port: int = 0,
        logged: bool = False,
    ) -> "Run":
        port = port or free_port(socket.SOCK_DGRAM, address)
        command = ["sipp", self._target, "-sf", str(scenario), "-i", address, "-p", str(port)]
        command += [
            "-mi",
            address,
            "-mp",
            str(free_ports(MEDIA_PORTS, socket.SOCK_DGRAM, address)),
            "-nostdin",
        ]
        command += ["-trace_err", "-error_file", f"{scenario}.err", "-default_behaviors", "all"]
        command += ["-l", str(at_once), "-timeout_error", "-max_retrans", "3", "-aa"]
        if logged:
            command += ["-trace_msg", "-message_file", f"{scenario}.messages"]
        if calls:
            command += ["-m", str(calls), "-r", str(rate)]
        if fields:
            csv = scenario.with_suffix(".csv")
            csv.write_text("SEQUENTIAL\n" + "\n".join(fields) + "\n", encoding="utf-8")
            command += ["-inf", str(csv)]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={"TERM": "dumb", "PATH": "/usr/bin:/bin:/usr/local/bin"},
        )
        run = Run(process, port, scenario)
        self._running = [each for each in self._running if each.going] + [run]
        return run


class Run:
    """One SIPp process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, scenario: Path) -> None:
        self.port = port
        self._process = process
        self._scenario = scenario

    @property
    def going(self) -> bool:
        """Whether it still runs."""
        return self._process.returncode is None

    @property
    def messages(self) -> str:
        """What was heard and said until now, if that is logged."""
        path = Path(f"{self._scenario}.messages")
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    async def listens(self, address: str) -> bool:
        """Wait until it hears what is sent to it: True; or it is over: False, and `finished` says why."""
        while self.going and not is_bound(address, self.port):  # noqa: ASYNC110 another process has no such event
            await asyncio.sleep(0.002)
        return self.going

    async def finished(self) -> None:
        """Until all its calls are over. Raises SippFailed if one was not as the scenario says."""
        _, said = await self._process.communicate()
        if self._process.returncode != 0:
            words = said.decode(errors="replace")[-800:]
            raise SippFailed(f"{self._scenario.stem}: exit {self._process.returncode}: {words}")

    async def end(self) -> None:
        """End it without ceremony, as a cable that is pulled: nobody is told."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.communicate()
