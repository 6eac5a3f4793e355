"""The times for which a call can be wished: spans of our hours on the next days."""

from datetime import datetime
from typing import NamedTuple

from babel.dates import format_date, format_time

from config.hours import opening_for
from config.schema import Centre

HOUR_MS = 3_600_000
LEAST_MS = 30 * 60_000
"""No shorter span is offered, and none that begins sooner."""


class Window(NamedTuple):
    """A span in epoch ms; value: as the form sends it."""

    from_ms: int
    until_ms: int

    @property
    def value(self) -> str:
        return f"{self.from_ms}-{self.until_ms}"


def windows(centre: Centre, now_ms: int, language: str = "", concern: str = "") -> list[Window]:
    """Those that can be wished now in this language for this concern, the first one first; empty without
    [request]. "": what is not chosen yet."""
    if centre.request is None:
        return []
    found = []
    span_ms = centre.request.window_hours * HOUR_MS
    for begin, end in opening_for(centre, now_ms, centre.request.days, language, concern):
        at = begin
        while at < end:
            until = min(at + span_ms, end)
            if until - at >= LEAST_MS and at >= now_ms + LEAST_MS:
                found.append(Window(at, until))
            at = until
    return found


def named(window: Window, centre: Centre, language: str) -> str:
    """As people of this language write it: the day, from when, to when."""
    begin, end = (
        datetime.fromtimestamp(each / 1000, centre.centre.zone) for each in (window.from_ms, window.until_ms)
    )
    day = format_date(begin.date(), "EEEE, d. MMMM" if language == "de" else "EEEE d MMMM", locale=language)
    times = [format_time(each.timetz(), "HH:mm", locale=language) for each in (begin, end)]
    return f"{day}, {times[0]}–{times[1]}"
