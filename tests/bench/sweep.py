"""The standard grid of the planner on all cores, and how much memory replications take.

19 numbers of staff x 12 of cases a year x 30 replications, as `acd plan sweep` runs them: tables, attendance,
figures and putting together included, compiled code loaded. Then one scenario with 30, 300 and 1,000
replications, each in a process of its own whose largest memory is read.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from simulation.runs import replications, sweep
from simulation.runs.outcome import figures_of
from simulation.runs.sweep import Grid
from simulation.scenarios import scenario_file
from tests.bench.figures import Figures

SCENARIO = Path("config/planning.toml"), "2023_flow"
REPLICATIONS = 30
MEMORY = """
import json, resource, sys
from pathlib import Path
from simulation.runs import sequential
from simulation.scenarios import scenario_file
asked = scenario_file.load(Path("config/planning.toml"), "2023_flow")
done = sequential.run(asked, figure="contacts", half_width=0.0, most=int(sys.argv[1]), case_work=False)
peak = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([done.number, *peak]))
"""


def main(figures: Figures, small: bool, folder: Path) -> None:
    """Seconds of the grid, and MB by number of replications."""
    _grid(figures, small, case_work=False)
    if figures_of(True) != figures_of(False):
        _grid(figures, small, case_work=True)
    found = {}
    for number in (30, 60) if small else (30, 300, 1_000):
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(number)], stdout=subprocess.PIPE, check=True
        ).stdout
        number, mine, worker = json.loads(done)
        found[f"resident_mb_at_{number}"] = round(mine, 1)
        found[f"resident_mb_of_a_worker_at_{number}"] = round(worker, 1)
    first, *_, last = [value for key, value in found.items() if "worker" not in key]
    figures.add("planner, memory by replications", **found, last_to_first=round(last / first, 3))


def _grid(figures: Figures, small: bool, case_work: bool) -> None:
    axes = {sweep.PEOPLE: (5, 6), sweep.CASES: (2_500, 3_000)} if small else sweep.STANDARD
    number = 2 if small else REPLICATIONS
    asked = scenario_file.load(*SCENARIO)
    grid = Grid(asked, axes, replications=number, case_work=case_work)
    first = next(grid.blocks())
    replications.run(first._replace(cases=first.cases[:1], number=1))
    begin, worked = perf_counter(), _of_workers()
    swept = sweep.sweep(grid)
    seconds, worked = perf_counter() - begin, _of_workers() - worked
    years = len(swept.figures) * number
    contacts = int(np.nansum(swept.figures[:, :, 0]))
    figures.add(
        "planner, sweep with case work" if case_work else "planner, sweep of calls only",
        year_replications=years,
        seconds=round(seconds, 2),
        cores=os.cpu_count() or 1,
        core_seconds_of_workers=round(worked, 2),
        ms_of_a_core_each=round(worked * 1000 / years, 3),
        contacts_per_core_second=round(contacts / worked),
    )


def _of_workers() -> float:
    """Seconds of a core that processes which have ended have used: what others do on this machine is not in
    it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
