"""Work on a Dask cluster: the same executor interface as this machine's processes."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Final

from distributed import Client

PATIENCE: Final = "10s"
TRIES: Final = 5
"""How often a block is begun anew when the worker that ran it is lost."""


class Unreachable(ConnectionError):
    """No scheduler answers at the address."""


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor on the scheduler at this address. Raises Unreachable."""
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as fault:
        raise Unreachable(f"--on {address[:80]}: no Dask scheduler answers there ({fault})") from None
    with client:
        yield client.get_executor(retries=TRIES, pure=False)
