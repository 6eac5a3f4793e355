"""Times of the records (UTC) and of the engine (epoch milliseconds), each as the other."""

from datetime import UTC, datetime


def moment(at_ms: int) -> datetime:
    """A time of the engine as a UTC time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def epoch_ms(at: datetime) -> int:
    """A time of the records as engine time; SQLite gives UTC without saying so."""
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
