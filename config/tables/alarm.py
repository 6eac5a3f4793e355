"""[[alarm]], [notify]: when whoever is in charge is warned, and who is told of it."""

from typing import Annotated, Final, Literal

from pydantic import Field

from config.tables.kinds import Code, Key, Name, OneLine, Table
from config.tables.opening import Spans

AlarmKind = Literal["longest_wait", "expected_wait", "abandonment", "coverage", "overdue", "parts"]
FALLING: Final = frozenset({"coverage"})
"""Kinds that warn of too few; the others warn of too much."""
BY_PART: Final = "parts"
"""The kind that knows no callers."""


class Alarm(Table):
    """[[alarm]]: a threshold, and in words why it matters.

    limit: minutes of waiting (longest_wait; expected_wait: the median), percent who gave up (abandonment),
    people (coverage: raised where there are fewer), minutes behind a promise (overdue). clear: it is over
    below this (coverage: from this on); left out: the same as limit. seconds: so long it has to be so before
    it is raised, and not so before it is over. language, concern: of these callers only; "": of all. each:
    one alarm for each of these instead of one for all together. minutes: so far abandonment looks back and
    coverage looks ahead. callers: of fewer, abandonment says nothing. parts: of the daemon; none: all.
    quiet: at these times of the day nothing is sent; quiet_closed: nor while we are closed.
    """

    name: Key
    kind: AlarmKind
    de: Name
    en: Name
    limit: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)] | None = None
    clear: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)] | None = None
    seconds: Annotated[int, Field(ge=0, le=3_600)] = 30
    language: Code | Literal[""] = ""
    concern: Key | Literal[""] = ""
    each: list[Literal["language", "concern"]] = []
    minutes: Annotated[int, Field(ge=0, le=1_440)] = 120
    callers: Annotated[int, Field(ge=1, le=10_000)] = 20
    parts: list[Key] = []
    quiet: Spans = []
    quiet_closed: bool = False

    @property
    def falling(self) -> bool:
        """Whether it warns of too few."""
        return self.kind in FALLING

    @property
    def raised_at(self) -> float:
        """Its limit; a part of the daemon is well or not."""
        return 1.0 if self.limit is None else self.limit

    @property
    def cleared_at(self) -> float:
        """Where it is over."""
        return self.raised_at if self.clear is None else self.clear

    def faults(self, horizon_minutes: int) -> list[tuple[str, str]]:
        """As Centre.faults. horizon_minutes: of the outlook."""
        where = f"alarm.{self.name}"
        if self.kind == BY_PART:
            keys = ("limit", "clear", "language", "concern", "each")
            return [(f"{where}.{key}", 'is not for kind "parts"') for key in keys if getattr(self, key)]
        found = []
        if self.parts:
            found.append((f"{where}.parts", 'is only for kind "parts"'))
        if self.limit is None:
            found.append((f"{where}.limit", "is missing: from which value on it warns"))
        elif self.kind == "expected_wait" and self.limit > horizon_minutes:
            found.append((f"{where}.limit", f"is beyond outlook.horizon_minutes ({horizon_minutes})"))
        elif self.kind == "abandonment" and self.limit > 100:
            found.append((f"{where}.limit", "is more than 100 percent"))
        apart = self.cleared_at - self.raised_at
        if self.limit is not None and (apart < 0 if self.falling else apart > 0):
            wrong = "less" if self.falling else "more"
            found.append(
                (f"{where}.clear", f"is {wrong} than limit: it would be over as soon as it is raised")
            )
        if self.kind == "abandonment" and not self.minutes:
            found.append((f"{where}.minutes", "is 0: say how far it looks back"))
        if len(set(self.each)) < len(self.each):
            found.append((f"{where}.each", "names one more than once"))
        return found


class Notify(Table):
    """[notify]: who is told of alarms, by e-mail or otherwise.

    addresses_file: a file with one Apprise address a line; they hold passwords, so it is nobody else's to
    read. language: of what is sent.
    """

    addresses_file: Annotated[OneLine, Field(min_length=1)]
    language: Literal["de", "en"] = "de"
