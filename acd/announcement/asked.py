"""The emergency announcement that was asked for last, kept so that a daemon that comes back finishes it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from acd.pbx.secrets import private

FILE = "announcement.json"


class Asked(NamedTuple):
    """What people want told. texts: by language. recordings: names by language or "all"; a text of a language
    goes before a recording for all. by, reason, since_ms: who, why and when."""

    on: bool = False
    texts: Mapping[str, str] = {}
    recordings: Mapping[str, str] = {}
    ends_calls: bool = False
    by: str = ""
    reason: str = ""
    since_ms: int = 0


NOTHING = Asked()
_ASKED: TypeAdapter[Asked] = TypeAdapter(Asked)


def read(folder: Path) -> Asked | None:
    """None: nothing was asked for, or what is kept cannot be read. Raises OSError."""
    try:
        return _ASKED.validate_json((folder / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def write(folder: Path, asked: Asked) -> None:
    """Whole or not at all. Raises OSError."""
    private(folder / FILE, json.dumps(asked._asdict(), default=dict, ensure_ascii=False) + "\n")
