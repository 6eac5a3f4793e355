"""What stands on this machine beside the daemon: Asterisk's files in their place, and the services."""

import os
import pwd
import subprocess
from datetime import date
from pathlib import Path

from acd import case_key, daemon, units
from acd.announcement import emergency as announcement
from acd.ownership import handed_over
from acd.pbx import console, place, secrets
from acd.pbx.place import DRAFTS, NoAsterisk
from acd.pbx.render import render
from acd.progress import Progress
from acd.requests import path_of
from agents.model import Team
from config import prompts
from config.schema import Centre


class NoUser(Exception):
    """The user that the daemon is to run as is not there, or cannot run it; the message says what to do."""


def rendered(config: Path, centre: Centre, people: Team) -> str:
    """Write Asterisk's files to their place, and have a running Asterisk take them; says what came of it.

    Raises ConfigFaults, NoAsterisk, NotOurs, NoModules, SecretsExposed, SoundFault, OSError.
    """
    where = place.of(centre)
    own = secrets.own(daemon.secrets_path(centre), [each.reach.address for each in people.agents])
    secrets.lacking(centre, own, daemon.secrets_path(centre))
    spoken = prompts.sounds(prompts.beside(config), centre)
    made = render(centre, people, own, spoken, where, today=date.today(), tell=Progress("sentences spoken"))
    where.hand_over()
    return f"Asterisk's files are in {where.here}: {console.taken(where, made)}"


def _can_run(who: pwd.struct_passwd) -> bool:
    if os.geteuid() != 0:
        return True
    words = [str(units.PROGRAM), "version"]
    try:
        done = subprocess.run(  # noqa: S603
            words,
            cwd="/",
            user=who.pw_uid,
            group=who.pw_gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def _share(folder: Path, group: int) -> None:
    """Asterisk's user writes the recordings, and the daemon, of this group, deletes them when their time is
    over; the daemon writes announcements, and Asterisk's user reads them, and writes drafts."""
    if os.geteuid() == 0:
        handed_over([folder], folder.stat().st_uid, group)
        folder.chmod(0o2770)


def _meeting(folder: Path, who: pwd.struct_passwd, form: str) -> None:
    """Where the public form's user meets the daemon: one keeps its key there, the other its socket. Raises
    NoUser."""
    try:
        group = pwd.getpwnam(form).pw_gid
    except KeyError:
        raise NoUser(f"request.user: {form} is no user here; make one: useradd --system {form}") from None
    folder.mkdir(parents=True, exist_ok=True)
    handed_over([folder], who.pw_uid, group)
    folder.chmod(0o2770)


def _letterbox(folder: Path, who: pwd.struct_passwd) -> None:
    """Where the office's program leaves its files: the daemon's, and whoever is of its group writes there.
    One that is there already is its owner's business."""
    if not folder.exists():
        folder.mkdir(parents=True)
        handed_over([folder], who.pw_uid, who.pw_gid)
        folder.chmod(0o2770)


def may_render(centre: Centre) -> bool:
    """Whether Asterisk is on this machine, and whoever runs this has the right to write its files."""
    try:
        folder = place.of(centre).here
    except NoAsterisk:
        return False
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)


def installed(config: Path, centre: Centre, people: Team, folder: Path, user: str) -> str:
    """Asterisk's files, the folder of the stores for `user`, both units in `folder`; says what came of it.

    Raises NoUser, KeyFault and what `rendered` raises.
    """
    try:
        who = pwd.getpwnam(user)
    except KeyError:
        raise NoUser(f"there is no user {user} here; make one: useradd --system {user}") from None
    if not _can_run(who):
        raise NoUser(
            f"{user} cannot run {units.PROGRAM}: let everybody read the checkout, and have .venv made with a "
            f"Python that everybody may run (this one is {Path(units.PROGRAM.parent, 'python').resolve()}): "
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin make clean install"
        )
    store = centre.path(centre.store.folder)
    if not store.exists():
        store.mkdir(mode=0o700, parents=True)
        handed_over([store], who.pw_uid, who.pw_gid)
    said = rendered(config, centre, people)
    where = place.of(centre)
    writes = [store]
    if centre.recording.enabled or centre.message is not None:
        _share(where.recordings, who.pw_gid)
        writes.append(where.recordings)
    if centre.announcement.folder:
        made = where.announcements / announcement.FOLDER / "acd"
        made.mkdir(parents=True, exist_ok=True)
        for each in (where.announcements, made.parent, made, where.here / DRAFTS):
            _share(each, who.pw_gid)
        writes.append(where.announcements)
    if centre.cases.folder:
        dropped = centre.path(centre.cases.folder)
        _letterbox(dropped, who)
        writes.append(dropped)
    if centre.case_line is not None:
        case_key.own(centre)
        handed_over([case_key.path_of(centre)], who.pw_uid, who.pw_gid)
    if centre.request is not None:
        asked = path_of(centre).parent
        _meeting(asked, who, centre.request.user)
        writes.append(asked)
    units.written(folder, config, writes, user, where)
    return f"{said}\nservices are in {folder}: {', '.join(units.NAMES)}"
