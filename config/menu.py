"""Menus of one digit: a key acts at once, since no other begins with it. Nine entries a page, 0 for more."""

from typing import NamedTuple

PAGE = 9
ALL_KEYS = PAGE + 1
MORE = "0"


class Entry(NamedTuple):
    """An entry of a page, counted from 0, and its key."""

    key: str
    place: int


def pages(count: int) -> list[list[Entry]]:
    """Where each of so many entries is. Ten fit on one page: then 0 is the tenth, and there is no more."""
    if count <= ALL_KEYS:
        return [[Entry(str((place + 1) % ALL_KEYS), place) for place in range(count)]]
    return [
        [Entry(str(place - begin + 1), place) for place in range(begin, min(begin + PAGE, count))]
        for begin in range(0, count, PAGE)
    ]


def keys(count: int, place: int) -> str:
    """What a caller presses for an entry of a menu of so many."""
    for number, page in enumerate(pages(count)):
        for entry in page:
            if entry.place == place:
                return MORE * number + entry.key
    raise IndexError(place)
