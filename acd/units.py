"""The two services of systemd, Asterisk's and the daemon's, with the paths and the user of this machine."""

import shlex
import sys
from pathlib import Path

from acd.pbx.place import PROJECT, Place

PROGRAM = Path(sys.prefix) / "bin" / "acd"
NAMES = ("welcomecenter-asterisk.service", "welcomecenter-acd.service")


def written(folder: Path, config: Path, writes: list[Path], user: str, place: Place) -> None:
    """Write both units into `folder`. writes: the folders that the daemon may write to. Raises OSError."""
    values = {
        "PROJECT": str(PROJECT),
        "ACD": _words([str(PROGRAM)]),
        "CONFIG": _words([str(config.resolve())]),
        "WRITES": _words([str(each) for each in writes]),
        "USER": user,
        "START": _words(place.start(as_root=True)),
        "TAKE": _words(place.ask("core reload")),
    }
    for name in NAMES:
        text = (PROJECT / "config" / "deploy" / name).read_text(encoding="utf-8")
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        (folder / name).write_text(text, encoding="utf-8")


def _words(words: list[str]) -> str:
    """As systemd reads them: quoted, and what it would put in for % and $ left as it is."""
    return " ".join(shlex.quote(word.replace("%", "%%").replace("$", "$$")) for word in words)
