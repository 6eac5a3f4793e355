"""What the program says while it runs: lines on stderr, for people, programs, or systemd's journal."""

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import Processor

Form = Literal["auto", "text", "json", "journal"]
Level = Literal["debug", "info", "warning", "error"]
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""sd-daemon(3): the number in <> at the begin of a line, by which systemd's journal sorts it."""


def is_journal(out: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether systemd's journal reads this: JOURNAL_STREAM names its device and inode."""
    try:
        there = os.fstat(out.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM", "") == f"{there.st_dev}:{there.st_ino}"


def processors(form: Form) -> list[Processor]:
    """How a line is made. Any form but auto. The journal has times of its own."""
    common: list[Processor] = [structlog.processors.add_log_level, structlog.processors.format_exc_info]
    if form == "json":
        return [*common, TIMES, structlog.processors.JSONRenderer()]
    if form == "journal":
        return [*common, structlog.processors.LogfmtRenderer(key_order=["event"]), _priority]
    return [*common, TIMES, structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])]


TIMES = structlog.processors.TimeStamper(fmt="iso", utc=True)


def _priority(_: object, method: str, line: Any) -> Any:
    return f"<{PRIORITIES.get(method, 6)}>{line}"


def configure(form: Form, level: Level) -> None:
    """From here on. Nothing below the level is said."""
    if form == "auto":
        form = "journal" if is_journal(sys.stderr, os.environ) else "text"
    structlog.configure(
        processors=processors(form),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
