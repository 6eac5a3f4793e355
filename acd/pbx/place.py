"""Where our Asterisk lives: the folder it takes for /, our files in it, how it is started and asked."""

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from acd.ownership import handed_over
from acd.pbx.secrets import private
from config.schema import Centre

PROJECT = Path(__file__).resolve().parents[2]
SEARCHED = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
SYSTEM = Path("/")
USER = "asterisk"
"""Who runs Asterisk where root starts it; its package makes this user."""


RECORDINGS = "spool/monitor"
"""Recordings of talks are written here, for nobody but Asterisk's own user and whoever deletes them."""
ANNOUNCEMENTS = "spool/announcement"
"""What a voice speaks while Asterisk runs is written here, by the daemon."""
DRAFTS = f"{ANNOUNCEMENTS}/draft"
"""What somebody records by phone is written here, by Asterisk, and taken away by the daemon."""
WRITES = {("lib",), ("spool",), ("run",), ("log",)}
"""Our folders that Asterisk writes to; all else it reads."""


class NoAsterisk(Exception):
    """Asterisk cannot be had, does not start or does not answer; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """root: what Asterisk takes for /, as this machine sees it. folder: of our files, as Asterisk sees it."""

    root: Path
    folder: PurePosixPath

    @property
    def here(self) -> Path:
        """Our folder, as this machine sees it."""
        return self.root / self.folder.relative_to("/")

    @property
    def recordings(self) -> Path:
        """Where recordings of talks lie, as this machine sees it."""
        return self.here / RECORDINGS

    @property
    def announcements(self) -> Path:
        """Where emergency announcements lie, as this machine sees it."""
        return self.here / ANNOUNCEMENTS

    def start(self, as_root: bool) -> list[str]:
        """The command that runs Asterisk in the foreground. as_root: who starts it; it gives that up."""
        return [*self._asterisk(), "-f", *(["-U", USER, "-G", USER] if as_root else [])]

    def ask(self, command: str) -> list[str]:
        """The command that asks a running one over its control socket, which is for its user and root."""
        return [*self._asterisk(), "-rx", command]

    def _asterisk(self) -> list[str]:
        conf = str(self.folder / "etc" / "asterisk.conf")
        if self.root == SYSTEM:
            return [_program("asterisk"), "-C", conf]
        return [_program("chroot"), str(self.root), "/usr/sbin/asterisk", "-C", conf]

    def hand_over(self) -> None:
        """As root: to Asterisk's user what it writes, and all else to read: an Asterisk that was taken over
        cannot write its own files. Where root is a folder, it learns this machine's name: one that does
        not resolve holds up Asterisk's SIP. Raises NoAsterisk."""
        if self.root != SYSTEM:
            hosts, line = self.root / "etc" / "hosts", f"127.0.0.1 localhost {socket.gethostname()}\n"
            if not hosts.exists() or hosts.read_text(encoding="utf-8") != line:
                private(hosts, line)
                hosts.chmod(0o644)
        if os.geteuid() != 0:
            return
        for line in (self.root / "etc" / "passwd").read_text(encoding="utf-8").splitlines():
            name, _, uid, gid, *_ = line.split(":")
            if name == USER:
                self._give(int(uid), int(gid))
                return
        raise NoAsterisk(f"{self.root}: has no user {USER}; install the package asterisk there")

    def _give(self, uid: int, gid: int) -> None:
        for path in (self.here, *self.here.rglob("*")):
            writes = path.relative_to(self.here).parts[:1] in WRITES
            shared = path.is_relative_to(self.recordings) or path.is_relative_to(self.announcements)
            handed_over([path], uid if writes else 0, path.lstat().st_gid if shared else gid)
            if not writes and not path.is_symlink():
                path.chmod(0o750 if path.is_dir() else 0o640)


def _program(name: str) -> str:
    return shutil.which(name, path=SEARCHED) or f"/usr/sbin/{name}"


def root(*, install: bool = False, quiet: bool = False) -> Path:
    """What this machine's Asterisk takes for /. install: get one where there is none; quiet: say nothing of
    what to do. Raises NoAsterisk."""
    script = PROJECT / "config" / "deploy" / "asterisk.sh"
    words = [str(script), *([] if install else ["present"])]
    errors = subprocess.DEVNULL if quiet else None
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=errors, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise NoAsterisk("no Asterisk here; see the line above for what to do")
    return Path(done.stdout.strip().splitlines()[-1])


def of(centre: Centre, *, quiet: bool = False) -> Place:
    """Where this centre's Asterisk lives on this machine. Raises NoAsterisk, and is else silent if quiet."""
    return Place(root(quiet=quiet), PurePosixPath(centre.pbx.folder))
