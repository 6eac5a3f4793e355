"""What came out of one replication: figures by name, for the whole centre and by language and concern.

Service levels are those of the field by name (G. Koole, Call Center Optimization, 2013).
"""

from typing import Final, NamedTuple

import numpy as np

from routing.service_level import VARIANTS, service_level
from simulation.drivers.layout import COUNTS
from simulation.drivers.model import Model, cells
from simulation.drivers.tables import Machine
from simulation.drivers.wait_bins import WAIT_ENDS_S
from simulation.runs import caseload
from simulation.runs.figure import Figure as Figure
from simulation.runs.figure import Floats, Ints, share

CONTACTS: Final = (
    Figure("contacts", "calls", "Anrufe in der Warteschlange", "calls queued"),
    Figure("closed", "calls", "Anrufe außerhalb der Zeiten", "calls when closed"),
    Figure("turned_away", "calls", "nach Schluss nicht mehr bedient", "no longer served after closing"),
    Figure("abandonment", "1", "Abbrecher", "abandonment"),
    Figure("short_abandonment", "1", "Kurzabbrecher", "short abandonment"),
    Figure(
        "service_level_answered_only", "1", "Servicelevel, nur Angenommene", "service level, answered only"
    ),
    Figure(
        "service_level_abandons_within_met",
        "1",
        "Servicelevel, Abbrecher in der Zeit erfüllt",
        "service level, abandons within met",
    ),
    Figure(
        "service_level_short_abandons_excluded",
        "1",
        "Servicelevel, Abbrecher in der Zeit ausgenommen",
        "service level, short abandons excluded",
    ),
    Figure("service_level_all_offered", "1", "Servicelevel, alle Anrufe", "service level, all offered"),
    Figure("speed_of_answer", "s", "mittlere Wartezeit der Angenommenen", "average speed of answer"),
    Figure("wait_p95", "s", "95 % der Angenommenen warten höchstens", "95 % of the answered wait at most"),
    Figure("widened", "1", "Angebote nach Erweiterung", "offers after widening"),
    Figure("phone_share", "1", "Anteil der Anwesenheit am Telefon", "share of time on the telephone"),
)
CELL: Final = (
    Figure("contacts", "calls", "Anrufe", "calls"),
    Figure("service_level", "1", "Servicelevel", "service level"),
    Figure("abandonment", "1", "Abbrecher", "abandonment"),
    Figure("mean_wait", "s", "mittlere Wartezeit aller", "mean wait of all"),
    Figure("in_time", "calls", "in der Zeit angenommen", "answered in time"),
)


def figures_of(case_work: bool) -> tuple[Figure, ...]:
    """The figures of a model with case work, or of calls alone, in the order of Outcome.figures."""
    return (*CONTACTS, *caseload.FIGURES) if case_work else CONTACTS


def cell_figures_of(case_work: bool) -> tuple[Figure, ...]:
    """The same of a language or a concern, in the order of Outcome.cells."""
    return (*CELL, *caseload.CELL) if case_work else CELL


class Outcome(NamedTuple):
    """One replication. figures: see figures_of; cells: by cell, see cell_figures_of. nan: nothing to
    count.

    backlog: open cases by week; empty without case work.
    """

    figures: Floats
    cells: Floats
    backlog: Floats


class Cells:
    """The languages and concerns of a model, each a row to add its kinds of callers up to."""

    def __init__(self, model: Model) -> None:
        self.keys = cells(model.kinds)
        kinds = model.kinds
        members = [
            [kind.language == key if what == "language" else kind.concern == key for kind in kinds]
            for what, key in self.keys
        ]
        self._member = np.array([[True] * len(kinds), *members], np.float64)

    def add_up(self, counts: Ints) -> Ints:
        """Counts by kind, added up: first all, then by cell."""
        added: Ints = (self._member @ counts.astype(np.float64)).astype(np.int64)  # exact below 2**53
        return added


def service_levels(answered: Ints, in_time: Ints, abandoned: Ints, abandoned_in_time: Ints) -> Floats:
    """By VARIANTS first; nan where nobody was offered."""
    counts = (answered, in_time, abandoned, abandoned_in_time)
    met, total = zip(*(service_level(name, *counts) for name in VARIANTS), strict=True)
    return share(np.stack(met), np.stack(total))


def outcome(machine: Machine, cells: Cells, variant: str) -> Outcome:
    """Of what the machine has counted since it was cleared. variant: the cells' service level."""
    counts = dict(zip(COUNTS, cells.add_up(machine.counts).T, strict=True))
    answered, abandoned = counts["answered"], counts["abandoned"]
    unserved = abandoned + counts["turned_away"]
    contacts = answered + unserved
    levels = service_levels(answered, counts["answered_within"], unserved, counts["abandoned_within"])
    each = [abandoned, counts["abandoned_short"], counts["wait_all_ms"], counts["widened"]]
    gave_up, soon, wait_ms, widened = share(np.stack(each), contacts)
    figures = [
        contacts[:1],
        counts["closed"][:1],
        counts["turned_away"][:1],
        gave_up[:1],
        soon[:1],
        levels[:, 0],
        share(counts["wait_answered_ms"][:1], answered[:1]) / 1000,
        np.array([_rank(machine.waits, 0.95)]),
        widened[:1],
        share(*machine.worked.sum(0)[1:3, None]),
    ]
    rows = [
        contacts,
        levels[VARIANTS.index(variant)],
        gave_up,
        wait_ms / 1000,
        counts["answered_within"],
    ]
    by_cell = np.stack(rows, axis=1)[1:].astype(float)
    if machine.works:
        figures.append(caseload.figures(machine))
        of_cases = caseload.by_cell(machine, cells.add_up(machine.case_counts)[1:])
        by_cell = np.concatenate([by_cell, of_cases], axis=1)
    return Outcome(
        np.concatenate(figures).astype(float),
        by_cell,
        caseload.weekly(machine) if machine.works else np.zeros(0),
    )


def _rank(histogram: Ints, share: float) -> float:
    """The upper edge (s) of the bin in which the share's rank lies; nan for an empty histogram."""
    total = int(histogram.sum())
    if total == 0:
        return float("nan")
    return float(WAIT_ENDS_S[np.searchsorted(np.cumsum(histogram), share * total)])
