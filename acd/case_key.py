"""The key with which PINs of cases are kept: a file of its own, outside the stores."""

import secrets
from pathlib import Path
from typing import Final

from acd.pbx.secrets import private
from acd.store.case_proof import KEY_BYTES
from config.schema import Centre

AGAIN: Final = "restore it, or move it away: a new one is made, and the cases are to be imported anew"


ANOTHER: Final = "is another key than the cases came with: restore that one, or import the cases anew"


class KeyFault(Exception):
    """The key cannot be had; the message says what to do."""


def path_of(centre: Centre) -> Path:
    """Where it lies. Only with [case_line]."""
    if centre.case_line is None:
        raise KeyFault("there is no [case_line]")
    return centre.path(centre.case_line.key_file)


def own(centre: Centre) -> bytes:
    """The key, made where there is none. Raises KeyFault."""
    path = path_of(centre)
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFault(f"{path}: others can read it; run chmod 600 on it")
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        key = secrets.token_bytes(KEY_BYTES)
        try:
            private(path, f"{key.hex()}\n")
        except OSError as fault:
            raise KeyFault(f"{path}: cannot be made: {fault.strerror}; acd pbx install makes it") from None
    except OSError as fault:
        raise KeyFault(f"{path}: cannot be read: {fault.strerror}; acd pbx install gives it to us") from None
    except ValueError:
        raise KeyFault(f"{path}: is damaged; {AGAIN}") from None
    if len(key) != KEY_BYTES:
        raise KeyFault(f"{path}: is damaged; {AGAIN}")
    return key
