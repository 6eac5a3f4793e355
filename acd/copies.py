"""Copies of the world as it is between two batches, for who looks at it at leisure and beside the loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from acd.frozen import Copied
from routing.world import World


class Copies:
    """wake: has whoever decides come by soon. Until a copy is taken they wait, nobody else."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._wanted: list[tuple[Callable[[World], World], asyncio.Future[Copied]]] = []

    async def taken(self, view: Callable[[World], World]) -> Copied:
        """A copy of what `view` leaves of the world."""
        future: asyncio.Future[Copied] = asyncio.get_running_loop().create_future()
        self._wanted.append((view, future))
        self._wake()
        return await future

    async def serve(self, world: World) -> None:
        """The world stands, and does until this returns."""
        while self._wanted:
            view, future = self._wanted.pop()
            if future.done():
                continue
            try:
                copied = await Copied.beside(view(world))
            except Exception as fault:  # noqa: BLE001 theirs who asked, not of who decides
                with suppress(asyncio.InvalidStateError):
                    future.set_exception(fault)
                continue
            with suppress(asyncio.InvalidStateError):
                future.set_result(copied)
