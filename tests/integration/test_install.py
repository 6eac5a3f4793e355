"""Every command of the installation guide, in its order, from a fresh clone elsewhere: until a call works.

Only what would change this machine has a stand-in: the user, systemd's own work, and the folders outside the
clone, which are the test's. The clone gets the Asterisk and the libraries that are here already.
"""

import asyncio
import configparser
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import tomli_w

from acd.demo import admitted
from acd.demo.ended import ended
from acd.demo.hotline import NUMBER, PROJECT, configured
from acd.demo.sipp import Sipp
from acd.pbx.place import RECORDINGS
from acd.pbx.secrets import own
from config.load import load
from tests.integration.test_calls import GERMAN_OTHER

GUIDE = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
STOP_S = 20.0
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


def commands(heading: str) -> list[list[str]]:
    """The blocks of commands of a chapter."""
    chapter = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [block.splitlines() for block in re.findall(r"```console\n(.*?)```", chapter, re.DOTALL)]


class Services:
    """What systemd does with the units of a folder: their commands, users and rights, line by line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.running: dict[str, asyncio.subprocess.Process] = {}

    def _of(self, name: str) -> configparser.SectionProxy:
        unit = configparser.ConfigParser(interpolation=None, comment_prefixes="#")
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read(self._folder / f"{name}.service", encoding="utf-8")
        return unit["Service"]

    def command(self, name: str) -> list[str]:
        words = shlex.split(self._of(name)["ExecStart"])
        return [word.replace("%%", "%").replace("$$", "$") for word in words]

    async def start(self, name: str) -> None:
        service = self._of(name)
        words = self.command(name)
        if os.geteuid() == 0:
            rights = service["CapabilityBoundingSet"].lower().replace("cap_", "+").split()
            held = ["setpriv", "--no-new-privs", "--bounding-set", ",".join(["-all", *rights])]
            if "User" in service:
                who = pwd.getpwnam(service["User"])
                held += ["--reuid", str(who.pw_uid), "--regid", str(who.pw_gid), "--clear-groups"]
            words = [*held, *words]
        log = (self._folder / f"{name}.log").open("wb")
        self.running[name] = await asyncio.create_subprocess_exec(
            *words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
        )
        log.close()

    def reload(self, name: str) -> str:
        command = self._of(name)["ExecReload"]
        assert command.startswith("+"), "as root: the daemon has no right to Asterisk's files"
        return ran(command.removeprefix("+"), Path("/"))

    async def stop(self) -> None:
        for process in reversed(self.running.values()):
            await ended(process, STOP_S)

    def said(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in self._folder.glob("*.log"))


def ran(command: str, cwd: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | {"GIT_CONFIG_COUNT": "0"},
    )
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


def linked(source: Path, target: Path) -> None:
    """The same files in another place, without copying them where that can be."""
    if subprocess.run(["cp", "-al", source, target], capture_output=True, check=False).returncode:
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["cp", "-a", source, target], check=True)


def prepared(clone: Path) -> None:
    """What `make install` would make in some minutes, from what is here: libraries, Asterisk, prompts."""
    linked(PROJECT / ".venv", clone / ".venv")
    for path in (*clone.glob(".venv/lib/*/site-packages/__editable__*"), clone / ".venv" / "bin" / "acd"):
        path.unlink()
    packages = next(clone.glob(".venv/lib/*/site-packages"))
    (packages / "clone.pth").write_text(f"{clone}\n", encoding="utf-8")
    program = clone / ".venv" / "bin" / "acd"
    program.write_text(f"#!{clone}/.venv/bin/python\nfrom acd.cli import main\nmain()\n", encoding="utf-8")
    program.chmod(0o755)
    (clone / ".venv" / ".daemon").touch()
    system = Path("/usr/bin") / PYTHON
    if system.exists():  # everybody may run this one
        (clone / ".venv" / "bin" / "python").unlink()
        (clone / ".venv" / "bin" / "python").symlink_to(system)
        (clone / ".venv" / "pyvenv.cfg").unlink()
        (clone / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\n", encoding="utf-8")
    if (PROJECT / ".asterisk" / "complete").exists():
        linked(PROJECT / ".asterisk", clone / ".asterisk")
        root = clone / ".asterisk" / "root"
        for left in root.glob("srv/acd-*"):
            shutil.rmtree(left)


def daemons_user(clone: Path) -> str:
    """Somebody of few rights, if they may run what this machine's Python is; else who runs the test."""
    me = pwd.getpwuid(os.geteuid()).pw_name
    if me != "root":
        return me
    who = pwd.getpwnam("nobody")
    tried = ["setpriv", "--reuid", str(who.pw_uid), "--regid", str(who.pw_gid), "--clear-groups"]
    program = clone / ".venv" / "bin" / "acd"
    can = not subprocess.run(
        [*tried, program, "version"], capture_output=True, check=False, cwd="/"
    ).returncode
    return "nobody" if can else me


class Office:
    """A machine that is set up by the guide."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.clone = base / "opt" / "acd"
        self.config = base / "etc" / "centre.toml"
        self.store = base / "var"
        self.services = Services(base / "units")
        self.user = ""
        self._cwd = base
        self._folder = f"/srv/acd-install-{os.getpid()}" if os.geteuid() == 0 else str(base / "asterisk")

    @property
    def files(self) -> Path:
        """Asterisk's, as this machine sees them."""
        root = self.clone / ".asterisk" / "root"
        return (root if root.exists() else Path("/")) / self._folder.lstrip("/")

    async def does(self, line: str) -> str:
        """One line of the guide, at the test's own places."""
        for there, here in (
            ("/opt/welcomecenter-acd", self.clone),
            ("/etc/welcomecenter", self.base / "etc"),
            ("/etc/systemd/system", self.base / "units"),
            ("/var/lib/welcomecenter", self.store),
            ("/root/staff.csv", self.base / "staff.csv"),
            ("REPOSITORY", PROJECT),
        ):
            line = line.replace(there, str(here))
        match line.split():
            case ["cd", folder]:
                self._cwd = Path(folder)
            case ["git", "clone", *_]:
                ran(line, self._cwd)
                prepared(self.clone)
            case ["useradd", "--system", "acd"]:
                self.user = daemons_user(self.clone)
            case ["systemctl", "daemon-reload"]:
                pass
            case ["systemctl", "enable", "--now", *names]:
                for name in names:
                    await self.services.start(name)
            case ["systemctl", "reload", name]:
                return self.services.reload(name)
            case [_, "pbx", "install", *_]:
                return ran(f"{line} --user {self.user}", self._cwd)
            case _:
                return ran(line, self._cwd)
        return ""

    def describe(self, **changes: Any) -> None:
        """What an administrator writes into the file: here free ports, and a folder of the test's own."""
        settings = {"store": {"folder": str(self.store)}, "pbx": {"folder": self._folder}, **changes}
        configured(self.config, self.config.parent, settings)

    def edit(self, change: Any) -> None:
        raw = tomllib.loads(self.config.read_text(encoding="utf-8"))
        change(raw)
        self.config.write_text(tomli_w.dumps(raw), encoding="utf-8")

    async def call_is_answered(self, phone: str, person: str) -> None:
        """A caller reaches this person, whose phone registers with the password that was made for it."""
        centre = load(self.config)
        passwords = own(self.store / "secrets.toml", []).phones
        token = await admitted.program(centre)
        url = f"http://127.0.0.1:{centre.web.port}"
        sipp = Sipp(centre.pbx.sip_address, centre.pbx.sip_port, passwords)
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as api:
            try:
                await sipp.phones([phone], answer_ms=100, talk_ms=2_500)
                assert (await api.post(f"/api/staff/{person}/login")).status_code == 200
                call = await sipp.call(NUMBER, GERMAN_OTHER)
                async with asyncio.timeout(30):
                    while (await api.get("/api/board")).json()["board"]["talking"] != 1:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                await call.finished()
                assert (await api.post(f"/api/staff/{person}/logout")).status_code == 200
            finally:
                await sipp.close()


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="acd-install-"))
    folder.chmod(0o755)
    for name in ("opt", "units"):
        (folder / name).mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def office(base: Path) -> AsyncIterator[Office]:
    made = Office(base)
    yield made
    await made.services.stop()
    print(made.services.said())


async def test_the_guide_leads_from_a_clone_to_a_call(office: Office) -> None:
    first, then = commands("Install")
    for line in first:
        await office.does(line)
    key = office.base / "etc" / "case_line.key"
    office.describe(
        staffing={"wrap_up_seconds": 1},
        trunk={"provider": "127.0.0.9"},
        callback={"again_minutes": [15]},
        message={"folder": str(office.files / RECORDINGS)},
        request={"folder": str(office.base / "request"), "user": office.user},
        case_line={"concern": "application_state", "states": ["in_work"], "key_file": str(key)},
    )
    said = [await office.does(line) for line in then]
    assert "good (10 languages, 12 concerns" in said[0]
    assert set(said[-1].split("\n")) >= {
        "link: ok",
        "dialplan: ok",
        "routing: ok",
        "case_line: ok",
        "beside: ok",
    }
    assert (key.owner(), key.stat().st_mode & 0o777) == (office.user, 0o600)
    assert (office.base / "request" / "request.sock").is_socket()
    asterisk = office.services.running["welcomecenter-asterisk"].pid
    if (office.clone / ".asterisk").exists():
        assert Path(os.readlink(f"/proc/{asterisk}/root")) == office.clone / ".asterisk" / "root"
    owners = {path.owner() for path in (office.store, *office.store.iterdir())}
    assert owners == {office.user}, "root made them, the daemon uses them"
    printed = ran(f".venv/bin/acd pbx render --config {office.config}", office.clone).splitlines()[-1]
    assert shlex.split(printed.removeprefix("Asterisk is started by: ")) == office.services.command(
        "welcomecenter-asterisk"
    ), "who has no systemd is told the same command"
    if os.geteuid() == 0:
        roots = {
            name for name in ("etc", "data", "moh", "lib", "log") if (office.files / name).stat().st_uid == 0
        }
        assert roots == {"etc", "data", "moh"}, "Asterisk cannot write its own files"
    await office.call_is_answered("p04", "birgit")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here to ask")
def test_systemd_finds_no_fault_in_the_units(office: Office) -> None:
    units = sorted((office.base / "units").glob("*.service"))
    assert len(units) == 2
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_user_who_cannot_run_the_daemon_is_said_before_anything_is_written(office: Office) -> None:
    """As where the environment was made with a Python in root's own folder: the service would never start."""
    if os.geteuid() != 0:
        pytest.skip("needs another user than one's own")
    (office.clone / ".venv").chmod(0o700)
    try:
        done = subprocess.run(
            [
                ".venv/bin/acd",
                "pbx",
                "install",
                "--config",
                office.config,
                "--units",
                office.base / "no",
                "--user",
                "nobody",
            ],
            cwd=office.clone,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        (office.clone / ".venv").chmod(0o755)
    assert done.returncode == 2
    assert f"nobody cannot run {office.clone}/.venv/bin/acd: let everybody read the checkout" in done.stderr


async def test_a_change_is_in_force_after_one_command_a_new_phone_too(office: Office) -> None:
    ((line,),) = commands("After a change")
    assert await office.does(line) == "nothing changed\n" + (await staff_line(office))

    def hired(raw: dict[str, Any]) -> None:
        birgit = next(each for each in raw["staff"] if each["id"] == "birgit")
        raw["staff"].append({**birgit, "id": "zoe", "name": "Zoe", "phone": "p77"})
        raw["web"]["hosts"] = ["hotline.example.org"]

    office.edit(hired)
    said = await office.does(line)
    assert "in force now: staff.zoe\nAsterisk has to know too: staff.zoe\n" in said
    assert "in force at the daemon's next start: web.hosts\n" in said
    assert "Asterisk has taken them" in said
    assert "dialplan: ok" in ran(f".venv/bin/acd ready --config {office.config}", office.clone)
    await office.call_is_answered("p77", "zoe")


async def staff_line(office: Office) -> str:
    return ran(f".venv/bin/acd staff list --config {office.config}", office.clone).splitlines()[0] + "\n"


async def test_the_staff_goes_to_a_spreadsheet_and_back(office: Office) -> None:
    export, taken, back = commands("Who works here")[0]
    assert "16 members of staff in force since" in await office.does(export)
    csv = office.base / "staff.csv"
    rows = csv.read_text(encoding="utf-8").splitlines(keepends=True)
    csv.write_text("".join([*(row for row in rows if not row.startswith("zoe,"))]).replace("Amal ", "Amala "))
    said = await office.does(taken)
    assert "in force now: staff.amal.name, staff.zoe\n" in said
    assert "15 members of staff in force since" in said
    assert "by import; the 16 [[staff]] of" in said
    assert "Asterisk has taken them" in said
    office.edit(lambda raw: raw["staff"][0].update(name="Somebody else"))
    ((line,),) = commands("After a change")
    assert "not in force, since the staff is imported: staff.amal.name\n" in await office.does(line)
    said = await office.does(back)
    assert "16 members of staff in force since" in said
    assert "in force now: staff.amal.name, staff.zoe\n" in said
