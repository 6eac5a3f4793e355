"""Damaged stores and secrets: a start ends with one sentence that says what to do, or serves and shows it."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from acd import opening
from acd.daemon import Wraps, composed
from acd.demo.hotline import PROJECT, configured
from acd.pbx.secrets import SecretsExposed
from acd.people.local import TokenFault
from acd.ports import Arrival
from acd.store.lock import StoreTaken
from acd.store.open import StoreFault
from config.load import load
from routing.events import CallArrived, Elapsed, LanguageChosen, Leg

SOURCE = PROJECT / "config" / "welcomecenter.toml"
SENTENCES = (StoreFault, SecretsExposed, TokenFault, StoreTaken)
FILES = (
    "journal.db",
    "records.db",
    "vault.db",
    "journal.db-wal",
    "records.db-wal",
    "vault.db-wal",
    "secrets.toml",
    "acd.token",
)
DAMAGES = 104


@pytest.fixture(scope="module")
async def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a daemon leaves that has served some callers and was killed: files and their logs."""
    folder = tmp_path_factory.mktemp("lived")
    path = configured(SOURCE, folder, {})
    kept = tmp_path_factory.mktemp("kept")
    async with AsyncExitStack() as stack:
        daemon = await composed(stack, path, load(path), Wraps())
        deciding = asyncio.create_task(daemon.runner.run())
        recording = asyncio.create_task(daemon.feed.run())
        for i in range(300):
            leg = Leg("pbx1", f"17.{i}")
            daemon.runner.submit(Arrival(CallArrived(leg, "line"), "pbx", number=f"0201 88{i:05}"))
            daemon.runner.submit(Arrival(LanguageChosen(leg, "de"), "pbx"))
            if i % 50 == 49:
                await daemon.runner.ask(Arrival(Elapsed(), "test"))
                await daemon.runner.keep()
        await daemon.feed.drained()
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        daemon.runner.stop()
        await deciding
        recording.cancel()
        await asyncio.wait({recording})
    return kept


def truncated(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size + 1)])


def flipped(path: Path, chance: random.Random) -> None:
    held = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 8, 200))):
        held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)
    path.write_bytes(held)


def zeroed(path: Path, chance: random.Random) -> None:
    held = bytearray(path.read_bytes())
    begin = chance.randrange(max(1, len(held) // 4096)) * 4096
    held[begin : begin + 4096] = bytes(len(held[begin : begin + 4096]))
    path.write_bytes(held)


def noise(path: Path, chance: random.Random) -> None:
    held = bytearray(path.read_bytes())
    begin = chance.randrange(max(1, len(held) // 4096)) * 4096
    held[begin : begin + 4096] = chance.randbytes(len(held[begin : begin + 4096]))
    path.write_bytes(held)


def emptied(path: Path, chance: random.Random) -> None:
    path.write_bytes(b"")


def a_folder(path: Path, chance: random.Random) -> None:
    path.unlink()
    path.mkdir()


def readable_by_all(path: Path, chance: random.Random) -> None:
    path.chmod(0o644)


def garbage(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.randbytes(chance.choice((1, 17, 5_000))))


def odd_values(path: Path, chance: random.Random) -> None:
    path.write_text(chance.choice(("ami = 5\n", "[phones]\n", 'ami = "x"\nphones = 3\n', "x = [", '"')))


WAYS: tuple[Callable[[Path, random.Random], None], ...] = (
    truncated,
    flipped,
    zeroed,
    noise,
    emptied,
    a_folder,
    readable_by_all,
    garbage,
    odd_values,
)


@pytest.mark.parametrize("seed", range(DAMAGES))
async def test_a_start_on_what_is_damaged_is_one_sentence_or_serves(
    lived: Path, tmp_path: Path, seed: int
) -> None:
    """Never a traceback: whatever else is raised fails this test."""
    chance = random.Random(seed)
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    victim = tmp_path / "var" / FILES[seed % len(FILES)]
    WAYS[(seed // len(FILES)) % len(WAYS)](victim, chance)
    path = tmp_path / "centre.toml"
    try:
        async with AsyncExitStack() as stack:
            centre = load(path)
            opening.locked(stack, centre)
            daemon = await composed(stack, path, centre, Wraps())
            await daemon.stores.integrity.look()
            assert set(daemon.health()) >= {"journal", "records", "vault", "stores"}
    except SENTENCES as fault:
        said = str(fault)
        assert "\n" not in said
        assert "Traceback" not in said
        assert victim.name.removesuffix("-wal") in said


@pytest.mark.parametrize("store", ["journal", "records", "vault"])
@pytest.mark.parametrize("seed", range(10))
async def test_damage_in_an_inner_page_is_noticed(lived: Path, tmp_path: Path, store: str, seed: int) -> None:
    """At the start or beside the serving, with the file's name and what to do."""
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    victim = tmp_path / "var" / f"{store}.db"
    with sqlite3.connect(victim) as base:
        base.execute("pragma wal_checkpoint(truncate)")
        used = {page for (page,) in base.execute("select pageno from dbstat") if page > 1}
    base.close()
    held = bytearray(victim.read_bytes())
    chance = random.Random(seed)
    page = chance.choice(sorted(used)) - 1
    held[page * 4096 : page * 4096 + 4096] = chance.randbytes(4096)
    victim.write_bytes(held)
    path = tmp_path / "centre.toml"
    try:
        async with AsyncExitStack() as stack:
            daemon = await composed(stack, path, load(path), Wraps())
            await daemon.stores.integrity.look()
            said = daemon.health()["stores"]
    except StoreFault as fault:
        said = str(fault)
    assert "damaged" in said or "is no SQLite" in said
    assert victim.name in said or "the journal" in said


async def test_a_damaged_event_is_left_out_and_named_wherever_it_stands(lived: Path, tmp_path: Path) -> None:
    """Once before the kept world, where no start reads it, and once after it, where each does."""
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    with sqlite3.connect(tmp_path / "var" / "journal.db") as base:
        (last,) = base.execute("select max(seq) from journal_event").fetchone()
        base.execute("update journal_event set body = replace(body, '17.', '18.') where seq = 20")
        base.execute("update journal_event set at_ms = at_ms - 1 where seq = ?", (last,))
        base.execute("delete from journal_snapshot where seq >= ?", (last,))
    base.close()
    path = tmp_path / "centre.toml"
    async with AsyncExitStack() as stack:
        daemon = await composed(stack, path, load(path), Wraps())
        assert f"(seq {last})" in daemon.health()["stores"]
        await daemon.stores.integrity.look()
        assert (
            f"2 events or worlds of the journal are damaged and left out (seq 20, {last})"
            in (daemon.health()["stores"])
        )
        assert daemon.runner.seq == last


async def test_a_damaged_kept_world_is_not_used(lived: Path, tmp_path: Path) -> None:
    shutil.copytree(lived, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "centre.toml"
    async with AsyncExitStack() as stack:
        before = (await composed(stack, path, load(path), Wraps())).runner.engine.world
    with sqlite3.connect(tmp_path / "var" / "journal.db") as base:
        (newest,) = base.execute("select max(seq) from journal_snapshot").fetchone()
        base.execute(
            "update journal_snapshot set world = replace(world, 'line', 'lime') where seq = ?", (newest,)
        )
    base.close()
    async with AsyncExitStack() as stack:
        daemon = await composed(stack, path, load(path), Wraps())
        assert daemon.runner.engine.world == before
        assert f"(seq {newest})" in daemon.health()["stores"]
