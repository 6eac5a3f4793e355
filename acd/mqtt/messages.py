"""What a broker is told: topics and payloads. Counts and alarms, nothing of a single caller or person."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agents.state import READY
from routing.board import Board

STATUS = "status"
ONLINE, OFFLINE = b"online", b"offline"
CENTRE = "centre"
ALARMS = "alarms"


def messages(board: Board, alarms: Sequence[Mapping[str, Any]] = ()) -> Mapping[str, str]:
    """Topic below the prefix -> payload. alarms: those that are raised, as others may see them."""
    queue = [
        {
            "language": each.language,
            "concern": each.concern,
            "callers": each.callers,
            "oldest_since_ms": each.longest_since_ms,
        }
        for each in board.waiting
    ]
    parts = {
        CENTRE: _centre(board, len(alarms)),
        "queue": queue,
        "staff": Counter(person.state for person in board.staff),
        "link": {"up": board.link_up, "why": board.link_why, "open": board.open},
        ALARMS: list(alarms),
    }
    return {topic: json.dumps(part, sort_keys=True) for topic, part in parts.items()}


def _centre(board: Board, alarms: int) -> Mapping[str, Any]:
    """The whole hotline in single values, each of which is a sensor elsewhere."""
    since = min((each.longest_since_ms for each in board.waiting), default=0)
    return {
        "waiting": sum(each.callers for each in board.waiting),
        "waiting_since": datetime.fromtimestamp(since // 1000, UTC).isoformat() if since else None,
        "in_menu": board.in_menu,
        "ringing": board.ringing,
        "talking": board.talking,
        "outside": board.outside,
        "callbacks": board.callbacks,
        "ready": sum(person.state == READY for person in board.staff),
        "open": board.open,
        "link": board.link_up,
        "announcing": board.announcing,
        "alone": board.degraded,
        "alarms": alarms,
    }
