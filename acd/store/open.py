"""Opens the three stores: SQLite files in a folder or PostgreSQL by URL; one clear error for each fault."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

STORES = ("journal", "records", "vault")
MIGRATIONS = Path(__file__).parent / "migrations"


class StoreFault(Exception):
    """A store cannot be used; the message names it and says what to do."""


def urls(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The URL of each store: the one given, else a SQLite file in `folder`."""
    return {name: given.get(name) or f"sqlite+aiosqlite:///{folder / name}.db" for name in STORES}


def _sqlite_path(url: str) -> Path | None:
    return Path(url.removeprefix("sqlite+aiosqlite:///")) if url.startswith("sqlite") else None


def _name(store: str, url: str) -> str:
    path = _sqlite_path(url)
    return str(path) if path else f"the {store} database"


def engine(store: str, url: str) -> AsyncEngine:
    """An engine with what this store needs of its connections."""
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=3)
    made = create_async_engine(url, connect_args={"timeout": 5})

    @event.listens_for(made.sync_engine, "connect")
    def _(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        if store == "vault":
            cursor.execute("PRAGMA secure_delete=ON")
        if store == "journal":
            cursor.execute("PRAGMA wal_autocheckpoint=0")
        cursor.close()

    return made


def _config(store: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / store))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(all_urls: Mapping[str, str]) -> dict[str, str]:
    """Bring every store to this release's schema; returns the revision of each. Raises StoreFault."""
    revisions: dict[str, str] = {}
    for store, url in all_urls.items():
        _prepare(store, url)
        made = engine(store, url)
        try:
            async with made.begin() as connection:
                await _check(store, url, connection, newer_only=True)
                revisions[store] = await connection.run_sync(_upgrade, store)
        except (DBAPIError, OSError) as fault:
            raise StoreFault(_reason(store, url, fault)) from None
        finally:
            await made.dispose()
    return revisions


def _upgrade(connection: Connection, store: str) -> str:
    config = _config(store)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return str(ScriptDirectory.from_config(config).get_current_head())


async def ready(store: str, url: str, *, make: bool = True) -> AsyncEngine:
    """The engine of a store whose schema is this release's. Raises StoreFault.

    make: an empty one is made where there is none; who only reads wants none made.
    """
    path = _sqlite_path(url)
    if not make and path is not None and not path.exists():
        raise StoreFault(f"{path}: is not there; the daemon makes it at its first start")
    _prepare(store, url)
    made = engine(store, url)
    try:
        async with made.begin() as connection:
            empty = await _check(store, url, connection, newer_only=False)
            if empty:
                await connection.run_sync(_upgrade, store)
    except (DBAPIError, OSError) as fault:
        await made.dispose()
        raise StoreFault(_reason(store, url, fault)) from None
    except StoreFault:
        await made.dispose()
        raise
    return made


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
        said = f"is none that can be used ({type(fault).__name__}); write it like postgresql+asyncpg://..."
        raise StoreFault(f"the {store} database: its URL {said}") from None
    try:
        async with made.connect() as connection:
            empty = await _check(store, url, connection, newer_only=False)
    except (DBAPIError, OSError) as fault:
        await made.dispose()
        raise StoreFault(_reason(store, url, fault)) from None
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
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        raise StoreFault(f"{path.parent}: the folder cannot be made: {fault.strerror}") from None
    if path.exists():
        if path.stat().st_mode & 0o200 == 0 or not os.access(path, os.W_OK):
            raise StoreFault(f"{path}: is read-only; give its owner the right to write")
        with path.open("rb") as file:
            head = file.read(16)
        if head and head != b"SQLite format 3\0":
            raise StoreFault(f"{path}: is no SQLite database; move it away or name another folder in [store]")
    elif not os.access(path.parent, os.W_OK):
        raise StoreFault(f"{path.parent}: the folder is read-only; give its owner the right to write")
    else:
        path.touch(mode=0o600)


def _reason(store: str, url: str, fault: Exception) -> str:
    origin = getattr(fault, "orig", None) or fault
    said = str(origin).splitlines()[0][:160] if str(origin) else type(origin).__name__
    return f"{_name(store, url)}: cannot be used: {said}"
