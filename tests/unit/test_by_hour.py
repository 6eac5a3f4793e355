"""Calls counted by hour of the week are those that a trace tells of, in the centre's own time of day."""

from datetime import datetime
from pathlib import Path

import numpy as np

from simulation.drivers import layout
from simulation.drivers.tables import Machine
from simulation.scenarios import scenario_file
from simulation.scenarios.year import year


def test_by_hour_as_in_the_trace() -> None:
    """A year with both changes of the clock; who gives up is counted in the hour of coming, too."""
    scenario = scenario_file.load(Path("config/planning.toml"), "2016")
    model = year(scenario, case_work=False).model
    machine = Machine(model)
    rows = machine.run(3, 0, True)
    queued, counted = {}, np.zeros((layout.HOURS_OF_WEEK, len(layout.HOUR_COUNTS)), np.int64)
    for at, kind, visit, _, value in rows:
        if kind == layout.QUEUED:
            queued[visit] = at
        answered = kind == layout.TALK_BEGAN
        gave_up = kind == layout.VISIT_ENDED and value in (2, 3)
        turned_away = kind == layout.VISIT_ENDED and value == 6
        if turned_away and queued[visit] >= model.warm_ms:
            come = datetime.fromtimestamp((model.begin_ms + queued[visit]) / 1000, scenario.house.centre.zone)
            counted[come.weekday() * 24 + come.hour, 2] += 1
        if (answered or gave_up) and queued[visit] >= model.warm_ms:
            come = datetime.fromtimestamp((model.begin_ms + queued[visit]) / 1000, scenario.house.centre.zone)
            place = 2 * gave_up
            counted[come.weekday() * 24 + come.hour, place] += 1
            counted[come.weekday() * 24 + come.hour, place + 1] += at - queued[visit] <= model.within_ms
    assert (machine.by_hour == counted).all()
    whole = dict(zip(layout.COUNTS, machine.counts.sum(0).tolist(), strict=True))
    whole["abandoned"] += whole["turned_away"]
    columns = ("answered", "answered_within", "abandoned", "abandoned_within")
    assert machine.by_hour.sum(0).tolist() == [whole[each] for each in columns]
    assert (machine.by_hour[:, 0] > 0).sum() == 8 + 8 + 5 + 10 + 5
    machine.clear()
    assert not machine.by_hour.any()
