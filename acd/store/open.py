"""Opens the three stores: SQLite files in a folder or PostgreSQL by URL; one clear error for each fault."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.exc import ArgumentError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from acd.ownership import as_its_folder
from acd.store.lock import FileLock

STORES = ("journal", "records", "vault")
MIGRATIONS = Path(__file__).parent / "migrations"
CONNECT_S = 5
JOURNAL_S = 10
RECORDS_S = 60
"""Seconds until a server counts as away: for a connection, a statement of the journal, one of the others."""


class StoreFault(Exception):
    """A store cannot be used; the message names it and says what to do."""


class StoreAway(StoreFault):
    """A store's server does not answer; it may in a moment."""


UNUSABLE = "its URL is none that can be used; write it like postgresql+asyncpg://..."
BROKEN = {
    "journal": "a new one begins then, and callers are taken over from Asterisk",
    "records": "new ones begin then; what the journal still holds is recorded again",
    "vault": "a new one begins then, and nobody's number is known any more",
}
"""What follows when a damaged store is moved away."""


def urls(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The URL of each store: the one given, else a SQLite file in `folder`."""
    return {name: given.get(name) or f"sqlite+aiosqlite:///{folder / name}.db" for name in STORES}


def is_there(url: str) -> bool:
    """Whether a store was made already; a server's is taken to be."""
    path = _sqlite_path(url)
    return path is None or path.exists()


def alone(url: str) -> FileLock | None:
    """The lock on a store's file, for who runs on it; None for a server's. Raises StoreTaken, StoreFault."""
    path = _sqlite_path(url)
    if path is None:
        return None
    _prepare_folder(path)
    try:
        return FileLock(path)
    except OSError as fault:
        raise StoreFault(f"{path}.lock: cannot be used: {fault.strerror}; see to its rights") from None


def _sqlite_path(url: str) -> Path | None:
    return Path(url.removeprefix("sqlite+aiosqlite:///")) if url.startswith("sqlite") else None


def _name(store: str, url: str) -> str:
    path = _sqlite_path(url)
    return str(path) if path else f"the {store} database"


def engine(store: str, url: str) -> AsyncEngine:
    """An engine with what this store needs of its connections."""
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=3, connect_args=_patience(store, url))
    made = create_async_engine(url, connect_args={"timeout": 5})

    @event.listens_for(made.sync_engine, "connect")
    def _(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        if store in ("vault", "records"):
            cursor.execute("PRAGMA secure_delete=ON")
        if store == "journal":
            cursor.execute("PRAGMA wal_autocheckpoint=0")
        cursor.close()

    return made


def _patience(store: str, url: str) -> dict[str, object]:
    """How long a server is waited for, and how soon it notices that a session of ours is lost: until then
    it holds the leader's lock."""
    if "+asyncpg" not in url:
        return {}
    alive = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}
    seconds = JOURNAL_S if store == "journal" else RECORDS_S
    return {"timeout": CONNECT_S, "command_timeout": seconds, "server_settings": alive}


def _config(store: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / store))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(all_urls: Mapping[str, str]) -> dict[str, str]:
    """Bring every store to this release's schema; returns the revision of each.

    Raises StoreFault, StoreTaken while a daemon runs on one of them.
    """
    with ExitStack() as locks:
        for url in all_urls.values():
            if (held := alone(url)) is not None:
                locks.callback(held.release)
        return await _upgraded(all_urls)


async def _upgraded(all_urls: Mapping[str, str]) -> dict[str, str]:
    revisions: dict[str, str] = {}
    for store, url in all_urls.items():
        _prepare(store, url)
        made = engine(store, url)
        try:
            with faults(store, url):
                async with made.begin() as connection:
                    await _check(store, url, connection, newer_only=True)
                    revisions[store] = await connection.run_sync(_upgrade, store)
        finally:
            await made.dispose()
    return revisions


def _upgrade(connection: Connection, store: str) -> str:
    config = _config(store)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return str(ScriptDirectory.from_config(config).get_current_head())


async def ready(store: str, url: str, *, make: bool = True) -> AsyncEngine:
    """The engine of a store whose schema is this release's. Raises StoreFault, StoreAway.

    make: an empty one is made where there is none; who only reads wants none made.
    """
    path = _sqlite_path(url)
    if not make and path is not None and not path.exists():
        raise StoreFault(f"{path}: is not there; the daemon makes it at its first start")
    made = unchecked(store, url)
    try:
        await check(store, url, made)
    except BaseException:
        await made.dispose()
        raise
    return made


def unchecked(store: str, url: str) -> AsyncEngine:
    """The engine of a store that may be away, or have no tables yet; see `check`. Raises StoreFault."""
    _prepare(store, url)
    try:
        return engine(store, url)
    except (ArgumentError, InvalidRequestError, ModuleNotFoundError) as fault:
        raise StoreFault(f"{_name(store, url)}: {UNUSABLE} ({type(fault).__name__})") from None


async def check(store: str, url: str, made: AsyncEngine) -> None:
    """See that a store's schema is this release's; make it in an empty one. Raises StoreFault, StoreAway."""
    with faults(store, url):
        async with made.begin() as connection:
            if await _check(store, url, connection, newer_only=False):
                await connection.run_sync(_upgrade, store)


@contextmanager
def faults(store: str, url: str) -> Iterator[None]:
    """What a database's driver raises within becomes a StoreFault; StoreAway where a server is away."""
    try:
        yield
    except (SQLAlchemyError, CommandError, OSError, ValueError) as fault:
        raise _fault(store, url, fault) from None


async def readable(store: str, url: str) -> AsyncEngine:
    """The engine of a store that is only read: nothing is made, nothing is changed. Raises StoreFault."""
    path = _sqlite_path(url)
    try:
        if path is None:
            made = create_async_engine(url, pool_size=1, execution_options={"postgresql_readonly": True})
        else:
            _look(path)
            # A reader of a file that nobody has open would leave its -wal and -shm behind, as its own user.
            how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
            made = create_async_engine(f"sqlite+aiosqlite:///file:{quote(str(path))}?{how}&uri=true")
    except (ArgumentError, InvalidRequestError, ModuleNotFoundError) as fault:
        raise StoreFault(f"the {store} database: {UNUSABLE} ({type(fault).__name__})") from None
    try:
        with faults(store, url):
            async with made.connect() as connection:
                empty = await _check(store, url, connection, newer_only=False)
    except StoreFault:
        await made.dispose()
        raise
    if empty:
        await made.dispose()
        raise StoreFault(f"{_name(store, url)}: holds no {store}; name the daemon's {store}.db or its URL")
    return made


def _look(path: Path) -> None:
    """Raises StoreFault for what is no SQLite file."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as fault:
        raise StoreFault(f"{path}: cannot be read: {fault.strerror}") from None
    if head != b"SQLite format 3\0":
        raise StoreFault(f"{path}: is no SQLite database")


async def _check(store: str, url: str, connection: AsyncConnection, *, newer_only: bool) -> bool:
    """True for an empty store. Raises StoreFault if its schema is newer (or older) than this release's."""
    scripts = ScriptDirectory.from_config(_config(store))
    head = scripts.get_current_head()
    table = f"{store}_schema"
    current = await connection.run_sync(
        lambda sync: MigrationContext.configure(sync, opts={"version_table": table}).get_current_revision()
    )
    if current is None:
        return True
    known = {script.revision for script in scripts.walk_revisions()}
    if current not in known:
        raise StoreFault(
            f"{_name(store, url)}: its schema {current!r} is newer than this release knows ({head}); "
            "run the newer release, or restore the backup from before the upgrade"
        )
    if current != head and not newer_only:
        raise StoreFault(f"{_name(store, url)}: its schema {current!r} is older; run: acd db upgrade")
    return False


def _prepare(store: str, url: str) -> None:
    path = _sqlite_path(url)
    if path is None:
        return
    _prepare_folder(path)
    for part in (path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))):
        if part.exists() and not part.is_file():
            raise StoreFault(f"{part}: is no file; move it away")
        if part.exists() and not os.access(part, os.R_OK):
            raise StoreFault(f"{part}: cannot be read; give its owner the right to read")
        if part.exists() and (part.stat().st_mode & 0o200 == 0 or not os.access(part, os.W_OK)):
            raise StoreFault(f"{part}: is read-only; give its owner the right to write")
    if path.exists():
        with path.open("rb") as file:
            head = file.read(16)
        if head and head != b"SQLite format 3\0":
            raise StoreFault(f"{path}: is no SQLite database; move it away or name another folder in [store]")
    elif not os.access(path.parent, os.W_OK):
        raise StoreFault(f"{path.parent}: the folder is read-only; give its owner the right to write")
    else:
        path.touch(mode=0o600)
        as_its_folder(path)


def _prepare_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        raise StoreFault(f"{path.parent}: the folder cannot be made: {fault.strerror}") from None


def _fault(store: str, url: str, fault: Exception) -> StoreFault:
    """A driver's fault in one sentence with what to do; no text that stands in the store is repeated."""
    origin = getattr(fault, "orig", None) or fault
    said = str(origin).splitlines()[0][:160] if str(origin) else type(origin).__name__
    name = _name(store, url)
    undecoded = said.startswith("Could not decode")
    moment = any(word in said for word in ("full", "locked", "readonly", "open"))
    if isinstance(origin, sqlite3.OperationalError) and moment and not undecoded:
        return StoreFault(f"{name}: cannot be used: {said}; see to the disk and to its rights")
    if _sqlite_path(url) is None:
        return StoreAway(f"{name}: cannot be used: {said}")
    said = "a text in it is damaged" if undecoded else said
    return StoreFault(
        f"{name}: is damaged ({said}); restore it from the backup, or move it away with its -wal and -shm: "
        f"{BROKEN[store]}"
    )
