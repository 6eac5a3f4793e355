"""A TCP relay on loopback that can be cut, stalled and slowed: the link between daemon and Asterisk."""

import asyncio
import contextlib


class Proxy:
    """Relays to `target`. Each fault lasts until `heal`."""

    def __init__(self, target: tuple[str, int], port: int) -> None:
        self.port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._back = asyncio.Event()
        self._back.set()
        self._delay_s = 0.0
        self._refusing = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)

    async def close(self) -> None:
        """End every link."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- faults --------------------------------------------------------------------------------------

    def cut(self, refuse: bool = False) -> None:
        """Every link breaks off; with `refuse` none can be made until healed."""
        self._refusing = refuse
        for writer in list(self._links):
            with contextlib.suppress(Exception):
                writer.transport.abort()
        self._links.clear()

    def swallow(self, one_way: bool = False) -> None:
        """Nothing arrives any more, and nobody is told. one_way: only from Asterisk to the daemon."""
        self._back.clear()
        if not one_way:
            self._flows.clear()

    def slow(self, delay_s: float) -> None:
        """Everything arrives that much later."""
        self._delay_s = delay_s

    def heal(self) -> None:
        """As if nothing had been; what was held back arrives now."""
        self._refusing, self._delay_s = False, 0.0
        self._flows.set()
        self._back.set()

    # --- relaying ------------------------------------------------------------------------------------

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._refusing:
            writer.transport.abort()
            return
        try:
            back, forth = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._links |= {writer, forth}
        ways = [
            asyncio.ensure_future(self._relay(reader, forth, self._flows)),
            asyncio.ensure_future(self._relay(back, writer, self._back)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for each in (writer, forth):
                self._links.discard(each)
                each.transport.abort()

    async def _relay(self, come: asyncio.StreamReader, go: asyncio.StreamWriter, gate: asyncio.Event) -> None:
        """Bytes in order, each piece `delay` after it came."""
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        async def write() -> None:
            while True:
                came, data = await pieces.get()
                rest = came + self._delay_s - loop.time()
                if rest > 0:
                    await asyncio.sleep(rest)
                await gate.wait()
                if not data:
                    return
                go.write(data)
                await go.drain()

        writing = asyncio.create_task(write())
        try:
            while True:
                try:
                    data = await come.read(65536)
                except OSError:
                    data = b""
                pieces.put_nowait((loop.time(), data))
                if not data:
                    await writing
                    return
        except OSError:
            pass
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
