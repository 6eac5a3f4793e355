"""Writes everything Asterisk needs into one folder: files, sounds and music."""

from datetime import date
from pathlib import Path

from acd.pbx import consent, files, music, sounds
from acd.pbx.dialplan import extensions
from acd.pbx.secrets import Secrets, private
from agents.model import Team
from config.prompts import Sounds
from config.schema import Centre

SYSTEM_DATA = "usr/share/asterisk"
RECORDINGS = "spool/monitor"
"""Recordings of talks are written here, for nobody but Asterisk's own user."""


class NoModules(Exception):
    """No Asterisk modules where Asterisk is said to be installed."""


def modules_folder(root: Path) -> str:
    """Where the modules of the Asterisk below `root` lie, as Asterisk sees it. Raises NoModules."""
    for pattern in ("usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules", "usr/lib64/asterisk/modules"):
        for found in sorted(root.glob(pattern)):
            return "/" + str(found.relative_to(root))
    raise NoModules(f"{root}: no asterisk/modules below usr/lib")


def render(
    centre: Centre,
    roster: Team,
    secrets: Secrets,
    spoken: Sounds,
    out: Path,
    *,
    today: date,
    root: Path = Path("/"),
) -> list[Path]:
    """Write etc/, data/sounds/, moh/ and the folders Asterisk writes to, below `out`; returns the files.

    root: the folder that Asterisk takes for /. Files are for the owner's eyes only, since some hold secrets.
    """
    out = out.resolve()
    base = "/" + str(out.relative_to(root.resolve()))
    for name in ("lib", RECORDINGS, "run", "log", "data", "moh", "etc"):
        (out / name).mkdir(parents=True, exist_ok=True)
    (out / RECORDINGS).chmod(0o700)
    system = root / SYSTEM_DATA
    for thing in system.iterdir() if system.is_dir() else ():
        link = out / "data" / thing.name
        if thing.name not in ("sounds", "moh") and not link.is_symlink():
            link.symlink_to(f"/{SYSTEM_DATA}/{thing.name}")
    texts = {
        "asterisk.conf": files.asterisk(base, modules_folder(root), f"{base}/data"),
        "modules.conf": files.modules(),
        "manager.conf": files.manager(centre, secrets.ami),
        "pjsip.conf": files.pjsip(centre, roster, secrets.phones),
        "rtp.conf": files.rtp(centre),
        "musiconhold.conf": files.musiconhold(f"{base}/moh"),
        "extensions.conf": extensions(centre, today),
        "features.conf": consent.features(centre),
        **files.FIXED,
    }
    for name, text in texts.items():
        private(out / "etc" / name, text)
    sounds.render(spoken, out / "data" / "sounds")
    music.write(out / "moh")
    return [out / "etc" / name for name in texts]
