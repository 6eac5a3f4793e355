"""What passes between the alarms and who shows or sends them: values, and the door of a way out."""

from typing import Any, Final, NamedTuple, Protocol

CELLS_MAX: Final = 5
"""Of the needs behind an alarm so many are named."""
TEST_S: Final = 7.0
"""Who tries the ways waits for it."""


class Cause(NamedTuple):
    """What an alarm is about, by which it is raised once: the rule, and of whom ("" for all of them)."""

    rule: str
    language: str = ""
    concern: str = ""
    part: str = ""


class OpenAlarm(NamedTuple):
    """An alarm that is raised. kind: of config.tables.alarm. since_ms: since when it is so (epoch ms).

    value: by now, in the unit of the kind (minutes, percent, people; of a part 1). limit: from where it is
    raised. cells: the needs (language, concern) behind it, the worst first, CELLS_MAX at most; more: how many
    others. at_ms: of coverage, from when on people are missing. de, en: why it matters, as the centre says
    it.
    """

    cause: Cause
    kind: str
    since_ms: int
    value: float
    limit: float
    cells: tuple[tuple[str, str], ...]
    more: int
    at_ms: int
    de: str
    en: str

    def plain(self) -> dict[str, Any]:
        """As page, API, broker and web hooks tell it."""
        found: dict[str, Any] = self._asdict()
        cause: Cause = found.pop("cause")
        cells = [{"language": language, "concern": concern} for language, concern in self.cells]
        return cause._asdict() | found | {"cells": cells}


class News(NamedTuple):
    """What is to be sent: alarms raised and over since the last time. test: nothing is, somebody tries the
    way."""

    at_ms: int
    raised: tuple[OpenAlarm, ...] = ()
    over: tuple[OpenAlarm, ...] = ()
    test: bool = False


class Way(Protocol):
    """A way out of the house. It never waits, and what it cannot take it tells in its own health."""

    name: str

    def tell(self, news: News) -> None:
        """Take it along; returns at once."""
        ...

    async def tried(self, news: News) -> str:
        """Send it now, and say within TEST_S what came of it: "ok", why not, or "" where it is not used."""
        ...
