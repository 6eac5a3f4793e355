"""A running Asterisk takes its files anew, asked over its control socket: AMI's user has no right to that."""

import re
import subprocess
import time

from acd.pbx.marks import RESTART, Marks
from acd.pbx.place import NoAsterisk, Place

ASK_S = 20.0
TAKE_S = 20.0
APART_S = 0.1


def _asked(place: Place, command: str) -> str | None:
    """What it answers; None if none runs there that we may ask."""
    try:
        done = subprocess.run(  # noqa: S603
            place.ask(command), capture_output=True, text=True, errors="replace", timeout=ASK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _marks(place: Place) -> Marks | None:
    said = _asked(place, "dialplan show globals")
    if said is None:
        return None
    found = dict(re.findall(r"^\s*(ACD_FILES|ACD_STARTED)=(.*)$", said, re.MULTILINE))
    return Marks(found.get("ACD_FILES", ""), found.get("ACD_STARTED", ""))


def taken(place: Place, wanted: Marks) -> str:
    """Have a running Asterisk take what was rendered; what came of it, in words. Raises NoAsterisk if it
    runs on other files then."""
    if _asked(place, "core reload") is None:
        return "Asterisk does not run on them yet"
    until = time.monotonic() + TAKE_S
    while (has := _marks(place)) is not None:
        if has.files == wanted.files:
            if has.started == wanted.started:
                return "Asterisk has taken them"
            return f"Asterisk has taken them, but for what only a start takes: run {RESTART}"
        if time.monotonic() > until:
            break
        time.sleep(APART_S)
    raise NoAsterisk(f"Asterisk was asked to take its files anew and did not: see {place.here}/log/messages")
