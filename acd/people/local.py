"""The token of the local `acd` commands, made anew at each start, and the shared one of former releases."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from acd.identity import Action, Asker
from acd.ownership import as_its_folder
from acd.people import secret
from config.schema import Centre

NAME: Final = "acd"
MAY: Final = frozenset({Action.OPERATE, Action.STEER_CALLS, Action.SEE_BOARD, Action.SEE_METRICS})
"""What `acd reload`, `resync`, `announce` and `ready` need."""
FORMER: Final = "former-api-token"
FORMER_DAYS: Final = 90
FORMER_MAY: Final = frozenset(
    {
        Action.SEE_BOARD,
        Action.SEE_STAFF,
        Action.STEER_STAFF,
        Action.STEER_CALLS,
        Action.SEE_DECISIONS,
        Action.SEE_OUTLOOK,
        Action.SEE_CASES,
        Action.KEEP_CASES,
        Action.SEE_METRICS,
        Action.OPERATE,
    }
)
"""What the one shared token could do."""
_FORMER = re.compile(rb"[A-Za-z0-9_-]{32,200}")


class TokenFault(Exception):
    """The token's file cannot be written; the message names it and says what to do."""


def path(centre: Centre) -> Path:
    """Where the local commands find theirs."""
    return centre.path(centre.store.folder) / "acd.token"


def former_path(centre: Centre) -> Path:
    """Where former releases kept the one for all."""
    return centre.path(centre.store.folder) / "api.token"


def made(file: Path) -> str:
    """A new token, in a file that its owner alone can read, in place of the last one. Raises TokenFault."""
    token = secret.made()
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
        ) as out:
            out.write(token)
        as_its_folder(new)
        new.replace(file)
    except OSError as fault:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise TokenFault(
            f"{file}: cannot be written: {fault.strerror}; see to the rights of its folder"
        ) from None
    return token


def read(file: Path) -> str:
    """As the daemon that runs made it; "" if it cannot be read."""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def asker() -> Asker:
    """Who asks with it."""
    return Asker(NAME, NAME, f"program:{NAME}", frozenset(), MAY)


def former(file: Path) -> str | None:
    """The one of former releases; None if there is none, "" if it must not be taken over: it is damaged, or
    others could read it. Raises OSError."""
    if not file.exists():
        return None
    held = file.read_bytes().strip()
    exposed = file.stat().st_mode & 0o077
    return held.decode("ascii") if _FORMER.fullmatch(held) and not exposed else ""
