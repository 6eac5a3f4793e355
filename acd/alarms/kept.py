"""Keeps how the alarms stand in a small file: a restart raises nothing for a second time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError

from acd.alarmed import Cause
from acd.alarms.judged import Standing

NAME: Final = "alarms.json"
BYTES_MAX: Final = 1_000_000
_ROWS: Final = TypeAdapter(list[tuple[Cause, Standing]])

log = structlog.get_logger(__name__)


def read(path: Path) -> dict[Cause, Standing]:
    """How they stood; none where there is no file, or none that can be used."""
    try:
        with path.open("rb") as file:
            return dict(_ROWS.validate_json(file.read(BYTES_MAX)))
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as fault:
        log.warning("how the alarms stood is not known", file=path.name, why=type(fault).__name__)
        return {}


def write(path: Path, standings: Mapping[Cause, Standing]) -> None:
    """Keep them, all or nothing. Raises OSError."""
    draft = path.with_suffix(".new")
    draft.write_bytes(_ROWS.dump_json(list(standings.items())))
    draft.replace(path)
