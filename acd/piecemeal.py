"""Work of many small steps, done while others use the loop."""

import asyncio
from collections.abc import Iterable
from time import perf_counter
from typing import TypeVar

AT_ONCE_S = 0.01

T = TypeVar("T")


async def gathered(items: Iterable[T]) -> list[T]:
    """All of them, however long they take to make; others wait for one step or a hundredth of a second."""
    found: list[T] = []
    began = perf_counter()
    for each in items:
        found.append(each)
        if perf_counter() - began > AT_ONCE_S:
            await asyncio.sleep(0)
            began = perf_counter()
    return found
