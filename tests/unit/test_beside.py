"""What runs beside the deciding: its faults are seen, it is begun again, and nothing else ends."""

import asyncio
from pathlib import Path

from acd.beside import Kept
from acd.changes import Changes
from tests.unit.test_outage import SOURCE, calls, configured, running


async def test_a_part_that_fails_is_told_of_and_begun_again() -> None:
    begun = 0
    third = asyncio.Event()

    async def part() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ValueError("broken\nin two lines")
        if begun == 3:
            third.set()
            await asyncio.Event().wait()

    kept = Kept("part", part, again_s=0.0, well_s=0.01)
    running_one = asyncio.create_task(kept.run())
    async with asyncio.timeout(10):
        await third.wait()
        while kept.trouble:  # noqa: ASYNC110 a state, not an event
            await asyncio.sleep(0.01)
    running_one.cancel()
    await asyncio.wait({running_one})
    assert begun == 3


async def test_the_trouble_of_a_part_names_its_fault() -> None:
    async def part() -> None:
        raise KeyError("x")

    kept = Kept("part", part, again_s=60.0)
    running_one = asyncio.create_task(kept.run())
    async with asyncio.timeout(10):
        while not kept.trouble:  # noqa: ASYNC110 a state, not an event
            await asyncio.sleep(0)
    assert kept.trouble == "failed (KeyError: 'x'); begun again"
    running_one.cancel()
    await asyncio.wait({running_one})


async def test_no_fault_of_any_part_ends_the_deciding(tmp_path: Path) -> None:
    """Each of them raises what nobody expects, at once and again; callers are decided on all the same."""
    path = configured(SOURCE, tmp_path, {})
    async with running(path) as daemon:
        await calls(daemon, 0, 3)
        failed = 0

        async def broken() -> None:
            nonlocal failed
            failed += 1
            raise RuntimeError("nobody expects this")

        for part in daemon.kept:
            if isinstance(part, Kept):
                part._part = broken
        daemon.runner._recognising._part = broken
        more = [asyncio.create_task(part.run()) for part in daemon.kept if isinstance(part, Kept)]
        more.append(asyncio.create_task(daemon.runner._recognising.run()))
        async with asyncio.timeout(10):
            while failed < len(more) or "integrity" not in daemon.health()["beside"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert "nobody expects this" in daemon.health()["link"]
        assert "integrity: failed (RuntimeError: nobody expects this)" in daemon.health()["beside"]
        assert "nobody expects this" in daemon.health()["vault"]
        await calls(daemon, 10, 3)
        for task in more:
            task.cancel()
        await asyncio.wait(more)


async def test_who_shows_changes_misses_steps_and_never_the_last_one() -> None:
    changes = Changes()
    seen: list[list[int]] = [[], []]

    async def shows(mine: list[int]) -> None:
        while len(mine) < 2:
            mine.append(changes.version)
            await changes.after(mine[-1])

    showing = [asyncio.create_task(shows(mine)) for mine in seen]
    await asyncio.sleep(0)
    changes.facts(1, [])
    for _ in range(5):
        changes.touch()
    await asyncio.sleep(0)
    changes.touch()
    async with asyncio.timeout(10):
        await asyncio.wait(showing)
    assert seen == [[0, 5], [0, 5]]
