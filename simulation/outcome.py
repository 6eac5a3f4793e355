"""What came out of one replication: figures by name, for the whole centre and by language and concern.

Service levels are those of the field by name (G. Koole, Call Center Optimization, 2013).
"""

from typing import Final, NamedTuple

import numpy as np

from simulation import caseload
from simulation.figure import Figure as Figure
from simulation.figure import Floats, Ints, share
from simulation.layout import COUNTS
from simulation.model import Model
from simulation.tables import Machine

CONTACTS: Final = (
    Figure("contacts", "calls", "Anrufe in der Warteschlange", "calls queued"),
    Figure("closed", "calls", "Anrufe außerhalb der Zeiten", "calls when closed"),
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
VARIANTS: Final = ("answered_only", "abandons_within_met", "short_abandons_excluded", "all_offered")
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


class Outcome(NamedTuple):
    """One replication. figures: see figures_of; cells: by cell and CELL. nan: nothing to count.

    backlog: open cases by week; empty without case work.
    """

    figures: Floats
    cells: Floats
    backlog: Floats


class Cells:
    """The languages and concerns of a model, each a row to add its kinds of callers up to."""

    def __init__(self, model: Model) -> None:
        languages = dict.fromkeys(kind.language for kind in model.kinds)
        concerns = dict.fromkeys(kind.concern for kind in model.kinds)
        self.keys = tuple(
            [("language", each) for each in languages] + [("concern", each) for each in concerns]
        )
        self._member = np.array(
            [
                [kind.language == key if what == "language" else kind.concern == key for kind in model.kinds]
                for what, key in self.keys
            ],
            np.int64,
        )

    def add_up(self, counts: Ints) -> Ints:
        """Counts by kind, added up by cell."""
        added: Ints = self._member @ counts
        return added


def service_levels(answered: Ints, in_time: Ints, abandoned: Ints, abandoned_in_time: Ints) -> list[Floats]:
    """In the order of VARIANTS; nan where nobody was offered."""
    everybody = answered + abandoned
    return [
        share(in_time, answered),
        share(in_time + abandoned_in_time, everybody),
        share(in_time, everybody - abandoned_in_time),
        share(in_time, everybody),
    ]


def outcome(machine: Machine, cells: Cells, variant: str) -> Outcome:
    """Of what the machine has counted since it was cleared. variant: the cells' service level."""
    whole = dict(zip(COUNTS, machine.counts.sum(0)[:, None], strict=True))
    busy, on = machine.worked.sum(0)[1:3, None]
    answered, abandoned = whole["answered"], whole["abandoned"]
    figures = [
        answered + abandoned,
        whole["closed"],
        share(abandoned, answered + abandoned),
        share(whole["abandoned_short"], answered + abandoned),
        *service_levels(answered, whole["answered_within"], abandoned, whole["abandoned_within"]),
        share(whole["wait_answered_ms"], answered) / 1000,
        np.array([_rank(machine.waits, 0.95)]),
        share(whole["widened"], answered + abandoned),
        share(busy, on),
    ]
    by_cell = dict(zip(COUNTS, cells.add_up(machine.counts).T, strict=True))
    answered, abandoned = by_cell["answered"], by_cell["abandoned"]
    levels = service_levels(answered, by_cell["answered_within"], abandoned, by_cell["abandoned_within"])
    rows = [
        (answered + abandoned).astype(float),
        levels[VARIANTS.index(variant)],
        share(abandoned, answered + abandoned),
        share(by_cell["wait_all_ms"], answered + abandoned) / 1000,
        by_cell["answered_within"].astype(float),
    ]
    if machine.works:
        figures.append(caseload.figures(machine))
    return Outcome(
        np.concatenate(figures).astype(float),
        np.stack(rows, axis=1),
        caseload.weekly(machine) if machine.works else np.zeros(0),
    )


def _rank(histogram: Ints, share: float) -> float:
    """The upper edge of the bin in which the share's rank lies; nan for an empty histogram."""
    total = int(histogram.sum())
    if total == 0:
        return float("nan")
    return float(np.searchsorted(np.cumsum(histogram), share * total) + 1)
