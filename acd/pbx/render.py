"""Writes everything Asterisk needs into one folder: files, sounds and music."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from acd.pbx import consent, files, music, sounds
from acd.pbx.dialplan import extensions
from acd.pbx.marks import Marks, first_of_the_year, marks
from acd.pbx.place import ANNOUNCEMENTS, DRAFTS, RECORDINGS, Place
from acd.pbx.secrets import Secrets, private
from agents.model import Team
from config.prompts import Sounds
from config.schema import Centre

SYSTEM_DATA = "usr/share/asterisk"
OURS = ("lib", RECORDINGS, ANNOUNCEMENTS, DRAFTS, "run", "log", "data", "moh", "etc")


class NoModules(Exception):
    """No Asterisk modules where Asterisk is said to be installed."""


class NotOurs(Exception):
    """The folder for Asterisk's files holds something else, whose rights would be changed; the message says
    what."""


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
    place: Place,
    *,
    today: date,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Marks:
    """Write etc/, data/sounds/, moh/ and the folders Asterisk writes to, at its place; returns their marks.

    tell: how many sentences are spoken by now, and of how many. What is written is for the owner's eyes only,
    since some of it is secret. Raises NotOurs, NoModules, SoundFault, OSError.
    """
    out, base, root = place.here, str(place.folder), place.root
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = {Path(name).parts[0] for name in OURS}
    if strange := sorted(each.name for each in out.iterdir() if each.name not in names):
        raise NotOurs(f"{out}: holds {strange[0][:60]!r}, which is not ours; name another folder in [pbx]")
    recordings_there = (out / RECORDINGS).exists()
    for name in OURS:
        (out / name).mkdir(parents=True, exist_ok=True)
    if not recordings_there:
        (out / RECORDINGS).chmod(0o700)
    system = root / SYSTEM_DATA
    for thing in system.iterdir() if system.is_dir() else ():
        link = out / "data" / thing.name
        if thing.name not in ("sounds", "moh") and not link.is_symlink():
            link.symlink_to(f"/{SYSTEM_DATA}/{thing.name}")
    made_of = marks(centre, roster, spoken, today)
    texts = {
        "asterisk.conf": files.asterisk(base, modules_folder(root), f"{base}/data"),
        "modules.conf": files.modules(),
        "manager.conf": files.manager(centre, secrets.ami),
        "pjsip.conf": files.pjsip(centre, roster, secrets.phones, secrets.trunk),
        "rtp.conf": files.rtp(centre),
        "musiconhold.conf": files.musiconhold(f"{base}/moh"),
        "extensions.conf": extensions(centre, first_of_the_year(today), made_of.lines()),
        "features.conf": consent.features(centre),
        **files.FIXED,
    }
    for name, text in texts.items():
        private(out / "etc" / name, text)
    sounds.render(spoken, out / "data" / "sounds", centre.voice, tell)
    music.write(out / "moh")
    return made_of
