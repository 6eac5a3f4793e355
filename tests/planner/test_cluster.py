"""One sweep on a Dask cluster with a worker killed midway, on one core, on all, in threads: same bytes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from acd.demo.ports import free_port
from simulation.runs import results, sweep
from simulation.scenarios import scenario_file
from simulation.scenarios.year import year

PROJECT = Path(__file__).resolve().parents[2]
SHIPPED = PROJECT / "config" / "planning.toml"
ACD = str(Path(sys.executable).with_name("acd"))
REPLICATIONS = 120
ASKED = ("sweep", "2016", "--file", str(SHIPPED), "--calls-only", "--staff", "5,6,7", "--cases", "2500,5000")
SAME = (*ASKED, "--replications", str(REPLICATIONS))
BLOCKS = 3 * REPLICATIONS // sweep.BLOCK


def grid() -> sweep.Grid:
    axes = {sweep.PEOPLE: (5.0, 6.0, 7.0), sweep.CASES: (2_500.0, 5_000.0)}
    asked = scenario_file.load(SHIPPED, "2016")
    return sweep.Grid(asked, axes, replications=REPLICATIONS, case_work=False)


def written(folder: Path) -> dict[str, bytes]:
    """A sweep's files, by name; there is one sweep in the folder."""
    (of_the_grid,) = folder.glob("2016-*")
    return {path.name: path.read_bytes() for path in of_the_grid.iterdir()}


async def acd_plan(*args: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(ACD, "plan", *args),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def some_are_done(out: Path, sweeping: asyncio.subprocess.Process) -> int:
    """How many blocks are kept, once there is one."""
    async with asyncio.timeout(60):
        while not (kept := len(list(out.glob("kept/*/*.npz")))):
            assert sweeping.returncode is None, await sweeping.communicate()
            await asyncio.sleep(0.005)
    return kept


@pytest.fixture(scope="module")
def at_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the sweep on this machine's cores."""
    folder = tmp_path_factory.mktemp("home")
    asked = grid()
    swept = sweep.sweep(asked)
    results.write(asked, swept, year(asked.scenario, case_work=False).model, folder / "2016-home")
    return written(folder)


class Cluster:
    """A scheduler and workers, each a process of its own on loopback."""

    def __init__(self) -> None:
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.workers: list[asyncio.subprocess.Process] = []
        self._processes: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        port = self.address.rpartition(":")[2]
        await self._run("dask_scheduler", "--host", "127.0.0.1", "--port", port)
        for _ in range(2):
            self.workers.append(await self._run("dask_worker", self.address, *self._alone()))

    def _alone(self) -> Sequence[str]:
        return ("--host", "127.0.0.1", "--nworkers", "1", "--nthreads", "1", "--no-nanny")

    async def _run(self, what: str, *args: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"distributed.cli.{what}",
            *args,
            "--no-dashboard",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=PROJECT,
        )
        self._processes.append(process)
        return process

    async def stop(self) -> None:
        for process in reversed(self._processes):
            if process.returncode is None:
                process.kill()
            await process.wait()


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    made = Cluster()
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def test_a_cluster_that_loses_a_worker_midway_gives_the_same_bytes(
    cluster: Cluster, at_home: dict[str, bytes], tmp_path: Path
) -> None:
    sweeping = await acd_plan(*SAME, "--out", str(tmp_path), "--on", cluster.address)
    assert await some_are_done(tmp_path, sweeping) < BLOCKS
    cluster.workers[0].kill()
    _, said = await sweeping.communicate()
    assert sweeping.returncode == 0, said
    assert cluster.workers[1].returncode is None
    assert written(tmp_path) == at_home


def test_one_process_and_several_threads_give_the_same_figures(
    at_home: dict[str, bytes], tmp_path: Path
) -> None:
    """Threads, as a cluster's worker has them by default, share a process's tables."""
    asked = grid()
    alone = ProcessPoolExecutor(1, mp_context=get_context("fork" if hasattr(os, "fork") else "spawn"))
    swept = sweep.sweep(asked, executor=alone)
    results.write(asked, swept, year(asked.scenario, case_work=False).model, tmp_path / "2016-alone")
    assert written(tmp_path) == at_home
    threaded = sweep.sweep(asked, executor=ThreadPoolExecutor(4))
    assert np.array_equal(threaded.figures, swept.figures, equal_nan=True)
    assert np.array_equal(threaded.cells, swept.cells, equal_nan=True)


async def test_where_no_scheduler_answers_one_sentence_says_so(tmp_path: Path) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    sweeping = await acd_plan(*ASKED, "--out", str(tmp_path), "--on", address)
    said = (await sweeping.communicate())[1].decode()
    assert sweeping.returncode == 2
    assert len(said.strip().splitlines()) == 1, said
    assert f"--on {address}: no Dask scheduler answers there" in said
