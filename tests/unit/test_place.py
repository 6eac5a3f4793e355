"""Where Asterisk lives: commands are right with a chroot and without one, and nothing else is touched."""

import os
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path, PurePosixPath

import pytest

from acd import units
from acd.pbx.place import PROJECT, Place
from acd.pbx.render import NotOurs, render
from acd.pbx.secrets import Secrets
from config.load import SHIPPED, load
from config.people import team

FOLDER = PurePosixPath("/srv/welcomecenter")
CONF = "/srv/welcomecenter/etc/asterisk.conf"
CHROOT = Path("/opt/acd/.asterisk/root")


@pytest.mark.parametrize(
    ("root", "here", "before"),
    [
        (Path("/"), "/srv/welcomecenter", []),
        (CHROOT, "/opt/acd/.asterisk/root/srv/welcomecenter", ["chroot", str(CHROOT)]),
    ],
)
def test_asterisk_is_named_its_files_as_it_sees_them(root: Path, here: str, before: list[str]) -> None:
    place = Place(root, FOLDER)

    def plain(words: list[str]) -> list[str]:
        return [Path(word).name if word.endswith(("chroot", "/asterisk")) else word for word in words]

    asterisk = [*before, "asterisk", "-C", CONF]
    assert str(place.here) == here
    assert plain(place.start(as_root=False)) == [*asterisk, "-f"]
    assert plain(place.start(as_root=True)) == [*asterisk, "-f", "-U", "asterisk", "-G", "asterisk"]
    assert plain(place.ask("core reload")) == [*asterisk, "-rx", "core reload"]


@pytest.mark.parametrize("present", [True, False])
def test_a_machine_s_own_asterisk_goes_first_and_looking_installs_nothing(
    tmp_path: Path, present: bool
) -> None:
    """The script in a checkout that has no Asterisk beside it, on a machine with and without the package."""
    script = tmp_path / "config" / "deploy" / "asterisk.sh"
    script.parent.mkdir(parents=True)
    script.write_bytes((PROJECT / "config" / "deploy" / "asterisk.sh").read_bytes())
    programs = tmp_path / "bin"
    programs.mkdir()
    if present:
        (programs / "asterisk").write_text("#!/bin/sh\n", encoding="utf-8")
        (programs / "asterisk").chmod(0o755)
    elif (
        subprocess.run(["sh", "-c", "PATH=$PATH:/usr/sbin command -v asterisk"], check=False).returncode == 0
    ):
        pytest.skip("this machine has one")
    done = subprocess.run(
        ["sh", script, "present"],
        env={"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == ((0, "/\n") if present else (1, ""))
    assert present or done.stderr == "asterisk.sh: no Asterisk here: run make install\n"


def test_a_unit_names_paths_as_systemd_reads_them(tmp_path: Path) -> None:
    config = tmp_path / "a centre at 100%.toml"
    units.written(tmp_path, config, [Path("/var/lib/acd")], "acd", Place(CHROOT, FOLDER))
    (start,) = [
        line.partition("=")[2]
        for line in (tmp_path / "welcomecenter-acd.service").read_text(encoding="utf-8").splitlines()
        if line.startswith("ExecStart=")
    ]
    words = [str(Path(sys.prefix) / "bin" / "acd"), "run", "--config", str(config).replace("%", "%%")]
    assert shlex.split(start) == words
    for name in units.NAMES:
        text = (tmp_path / name).read_text(encoding="utf-8")
        left = [line for line in text.splitlines() if "@" in line and not line.startswith("#")]
        assert left == [], "everything is filled in"


def test_a_folder_that_holds_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    """Asterisk's files are given to Asterisk's user: nobody else's may be among them."""
    (tmp_path / "usr/lib/asterisk/modules").mkdir(parents=True)
    theirs = tmp_path / "etc" / "asterisk" / "extensions.conf"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs", encoding="utf-8")
    centre = load(SHIPPED)
    with pytest.raises(NotOurs, match=r"holds 'extensions.conf', which is not ours"):
        render(
            centre,
            team(centre),
            Secrets("x", {}),
            {},
            Place(tmp_path, PurePosixPath("/etc/asterisk")),
            today=date(2026, 11, 28),
        )
    assert [path.name for path in theirs.parent.iterdir()] == ["extensions.conf"]
    assert theirs.read_text(encoding="utf-8") == "theirs"
