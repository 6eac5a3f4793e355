"""Which alarms leave the house, and how: what few people could serve stands for no need of its own."""

from collections.abc import Iterable, Mapping

from acd.alarmed import Cause, OpenAlarm
from config.tables.alarm import FALLING
from routing.privacy import MERGED, Apart


def merged(alarms: Iterable[OpenAlarm], apart: Apart) -> tuple[OpenAlarm, ...]:
    """The same for those outside: what may not stand alone is without its value and its need, and the same
    is there once."""
    found: dict[Cause, OpenAlarm] = {}
    for each in alarms:
        shown = _merged(each, apart)
        if shown.cause not in found or shown.since_ms < found[shown.cause].since_ms:
            found[shown.cause] = shown
    return tuple(found.values())


def _merged(alarm: OpenAlarm, apart: Apart) -> OpenAlarm:
    if apart.cells is None:
        return alarm
    shown = tuple(dict.fromkeys(each if each in apart.cells else (MERGED, MERGED) for each in alarm.cells))
    alarm = alarm._replace(cells=shown)
    if _alone(alarm.cause, apart):
        one = alarm.kind in FALLING and (MERGED, MERGED) in shown  # its value is of one need alone
        return alarm._replace(value=alarm.limit, at_ms=0) if one else alarm
    cause = alarm.cause
    hidden = cause._replace(language=cause.language and MERGED, concern=cause.concern and MERGED)
    return alarm._replace(cause=hidden, value=alarm.limit, cells=((MERGED, MERGED),), more=0, at_ms=0)


def _alone(cause: Cause, apart: Apart) -> bool:
    """Whether the figure of all whom it is about may be shown by itself."""
    if cause.language and cause.concern:
        return apart.cells is None or (cause.language, cause.concern) in apart.cells
    if cause.language:
        return apart.languages is None or cause.language in apart.languages
    return not cause.concern or apart.concerns is None or cause.concern in apart.concerns


def named(code: str, names: Mapping[str, str], several: str) -> str:
    """What a language or concern is called; several: of those that are shown as one."""
    return several if code == MERGED else names.get(code, code)
