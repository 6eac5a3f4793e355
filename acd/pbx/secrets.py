"""Passwords of the AMI and of the phones: made once, kept in a file that only its owner can read."""

import json
import os
import secrets
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from acd.ownership import as_its_folder
from config.schema import Centre

AGAIN = "restore it, or move it away and render Asterisk's files anew: new secrets are made then"


class Secrets(NamedTuple):
    """ami: the daemon's AMI secret. phones: password by endpoint. trunk: ours at the provider, which an
    administrator writes; "" if there is none."""

    ami: str
    phones: dict[str, str]
    trunk: str = ""


class SecretsExposed(Exception):
    """The file can be read by others, or cannot be used; the message says what to do."""


def private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    as_its_folder(draft)
    draft.replace(path)


def own(path: Path, phones: Iterable[str]) -> Secrets:
    """The secrets in `path`; what is missing (the file, a phone) is made and kept.

    Raises SecretsExposed if others can read the file, or if it cannot be used.
    """
    ami, known, trunk = _kept(path)
    made = Secrets(
        ami or secrets.token_urlsafe(24),
        known | {phone: secrets.token_urlsafe(18) for phone in phones if phone not in known},
        trunk,
    )
    if made != Secrets(ami, known, trunk):
        lines = [f'ami = "{made.ami}"', *([f"trunk = {json.dumps(trunk)}"] if trunk else []), "", "[phones]"]
        lines += [f'{phone} = "{password}"' for phone, password in sorted(made.phones.items())]
        try:
            private(path, "\n".join(lines) + "\n")
        except OSError as fault:
            raise SecretsExposed(f"{path}: cannot be written: {fault.strerror}") from None
    return made


def lacking(centre: Centre, known: Secrets, path: Path) -> None:
    """Raises SecretsExposed where [trunk] names a user and the file has no password for it."""
    if centre.trunk is not None and centre.trunk.user and not known.trunk:
        raise SecretsExposed(
            f'{path}: has no trunk: write the password of [trunk] user there, above [phones]: trunk = "..."'
        )


def _kept(path: Path) -> tuple[str, dict[str, str], str]:
    """("", {}, "") if there is no file. Raises SecretsExposed."""
    try:
        if path.stat().st_mode & 0o077:
            raise SecretsExposed(f"{path}: others can read it; run chmod 600 on it and change what it holds")
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "", {}, ""
    except OSError as fault:
        raise SecretsExposed(f"{path}: cannot be read: {fault.strerror}; {AGAIN}") from None
    except ValueError as fault:
        raise SecretsExposed(f"{path}: is damaged ({type(fault).__name__}); {AGAIN}") from None
    ami, phones, trunk = raw.get("ami"), raw.get("phones"), raw.get("trunk", "")
    if not _word(ami) or not isinstance(phones, dict) or not all(map(_word, phones.values())):
        raise SecretsExposed(f"{path}: is damaged (ami or phones is no secret); {AGAIN}")
    if trunk != "" and not _word(trunk):
        raise SecretsExposed(f"{path}: is damaged (trunk is no secret); {AGAIN}")
    return str(ami), phones, str(trunk)


def _word(secret: object) -> bool:
    """Whether it can stand in Asterisk's files and in a line of AMI."""
    return isinstance(secret, str) and 0 < len(secret) <= 200 and secret.isascii() and secret.isprintable()
