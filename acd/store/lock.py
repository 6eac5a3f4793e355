"""One daemon a store: a lock on a file beside SQLite's, an advisory one on PostgreSQL."""

import fcntl
import os
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

KEY = 0x41434400
"""Of the advisory lock: "ACD" and the journal's 0."""


class StoreTaken(Exception):
    """Another daemon runs on this store; the message says which."""


class FileLock:
    """Held from its making until `release`, or until the process ends however it ends."""

    def __init__(self, path: Path) -> None:
        """path: the store's file. Raises StoreTaken, OSError."""
        beside = path.with_name(f"{path.name}.lock")
        self._file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(self._file, 20).decode("ascii", "replace").strip()
            os.close(self._file)
            who = f" (process {other})" if other.isdigit() else ""
            raise StoreTaken(
                f"{path}: another daemon{who} runs on it; stop it first, or name another folder in [store]"
            ) from None
        os.truncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode("ascii"), 0)

    def release(self) -> None:
        """Let others have it. The file stays: who deletes it would let two in."""
        os.close(self._file)


async def taken(connection: AsyncConnection) -> bool:
    """Take the leader's lock of a PostgreSQL for as long as this connection lives; False if it is taken.

    On SQLite there is none: its file is locked beside it.
    """
    if connection.dialect.name != "postgresql":
        return True
    got = (await connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY})).scalar()
    await connection.commit()
    return bool(got)
