"""Stores whose server was away when the daemon began: checked, and their tables made, once it answers."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from acd.store.open import StoreAway, StoreFault, check, unchecked

AGAIN_S = 5.0


class Late:
    """The daemon serves callers without these. `trouble` says of each what is wrong, "" once it is here."""

    def __init__(self, again_s: float = AGAIN_S) -> None:
        self._again_s = again_s
        self._away: dict[str, tuple[str, AsyncEngine]] = {}
        self._trouble: dict[str, str] = {}

    async def open(self, store: str, url: str) -> AsyncEngine:
        """The engine of a store; one that is away is seen after later. Raises StoreFault."""
        engine = unchecked(store, url)
        try:
            await check(store, url, engine)
        except StoreAway as fault:
            self._away[store], self._trouble[store] = (url, engine), f"{fault}; tried again"
        except BaseException:
            await engine.dispose()
            raise
        return engine

    def trouble(self, store: str) -> str:
        """What is wrong with a store, or ""."""
        return self._trouble.get(store, "")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for store, (url, engine) in list(self._away.items()):
                try:
                    await check(store, url, engine)
                    del self._away[store], self._trouble[store]
                except StoreFault as fault:
                    self._trouble[store] = f"{fault}; tried again"
            await asyncio.sleep(self._again_s)
