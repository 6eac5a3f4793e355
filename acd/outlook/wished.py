"""What somebody wants to know, "what if", made into changes; or everything that is wrong with it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, time

from acd.outlook.asked import Changes
from acd.prospects import (
    CALLS,
    COME,
    LEAVE,
    ONE_MORE,
    RESERVE,
    Comes,
    Goes,
    MoreCalls,
    OneMore,
    Reserving,
    SomeGo,
    Wish,
    WishesRefused,
    WishFault,
)
from config.schema import Centre
from config.tables.people import cefr


def changes(wishes: Sequence[Wish], centre: Centre, agents: Collection[str], now_ms: int) -> Changes:
    """The wishes as changes. agents: ids of all people. Raises WishesRefused with every fault."""
    faults: list[WishFault] = []
    more: list[OneMore] = []
    comes: list[Comes] = []
    goes: list[Goes] = []
    some: list[SomeGo] = []
    reserving: list[Reserving] = []
    calls: list[MoreCalls] = []
    for place, wish in enumerate(wishes):

        def fault(key: str, why: str, at: int = place) -> None:
            faults.append(WishFault(at, key, why))

        at_ms = _moment(wish.at, centre, now_ms, fault)
        for agent in wish.people:
            if agent not in agents:
                fault("people", f"{agent!r} is nobody of the staff")
        if wish.what == ONE_MORE:
            _known(wish, centre, fault)
            languages = tuple(sorted((code, int(cefr(level))) for code, level in wish.languages))
            more.append(OneMore(at_ms, languages, tuple(sorted(wish.concerns))))
        elif wish.what == COME:
            comes += [Comes(at_ms, agent) for agent in wish.people]
        elif wish.what == LEAVE:
            goes += [Goes(at_ms, agent) for agent in wish.people]
            if wish.how_many:
                some.append(SomeGo(at_ms, wish.how_many))
            if bool(wish.how_many) == bool(wish.people):
                fault("people", "name people, or say how many; one of both")
        elif wish.what == RESERVE:
            if wish.language not in centre.languages:
                fault("language", f"{wish.language!r} is no language of this centre")
            reserving.append(Reserving(wish.language, wish.on))
        elif wish.what == CALLS:
            calls.append(MoreCalls(wish.factor))
        else:
            fault("what", f"{wish.what!r} is none of one_more, come, leave, reserve, calls")
    if faults:
        raise WishesRefused(faults)
    return Changes(tuple(more), tuple(comes), tuple(goes), tuple(some), tuple(reserving), tuple(calls))


def _known(wish: Wish, centre: Centre, fault: Callable[[str, str], None]) -> None:
    for code, _ in wish.languages:
        if code not in centre.languages:
            fault("languages", f"{code!r} is no language of this centre")
    for key, _ in wish.concerns:
        if key not in centre.concerns:
            fault("concerns", f"{key!r} is no concern of this centre")


def _moment(at: str, centre: Centre, now_ms: int, fault: Callable[[str, str], None]) -> int:
    """A time of today, epoch ms."""
    if not at:
        return now_ms
    now = datetime.fromtimestamp(now_ms / 1000, centre.centre.zone)
    when = datetime.combine(now.date(), time.fromisoformat(at), centre.centre.zone)
    at_ms = int(when.timestamp() * 1000)
    if at_ms < now_ms - 60_000:
        fault("at", f"{at} is over: it is {now:%H:%M}")
    return max(at_ms, now_ms)
