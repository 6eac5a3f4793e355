"""Which of a scenario's assumptions are varied, one at a time, to see how much an answer hangs on each."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from simulation.scenarios.quantity import Quantity
from simulation.scenarios.refusal import Unfit
from simulation.scenarios.scenario import Scenario, faults

_CALLS: Final = (
    r"calls\.(retrial|retrial_after|patience|talk|talk_variation)",
    r"phones\.\w+",
    r"absence\.\w+",
    r"cases\.second_language",
)
_CALLS_ALONE: Final = (*_CALLS, r"cases\.calls_per_case")
_CASE_WORK: Final = (
    *_CALLS,
    r"calls\.\w+",
    r"work\.(switching|step\.\d+\.\w+)",
    r"appointments\.\w+",
    r"time\.(set_up|distribution|recovery)",
)


class Varied(NamedTuple):
    """An assumption, and the values that it is set to."""

    key: str
    value: float
    low: float
    high: float


def varied(asked: Scenario, share: float, case_work: bool) -> tuple[Varied, ...]:
    """Each assumption that the model uses, at 1 - share and 1 + share of its value; none that cannot be.

    How calls divide over months, days, hours, languages and concerns is left as it is, and so are staff,
    targets and the number of cases, which the maps vary.
    """
    pattern = re.compile("|".join(_CASE_WORK if case_work else _CALLS_ALONE))
    return tuple(_varied(asked, share, pattern)) if share > 0 else ()


def _varied(asked: Scenario, share: float, pattern: re.Pattern[str]) -> Iterator[Varied]:
    last = f"work.step.{len(asked.work.step)}.waits"
    for key, quantity in asked.quantities():
        if not (pattern.fullmatch(key) and quantity.assumed and quantity.value > 0) or key == last:
            continue
        low, high = quantity.value * (1 - share), quantity.value * (1 + share)
        if _is_share(quantity, key):
            high = min(high, 1.0)
        if all(_can_be(asked, key, value) for value in (low, high)):
            yield Varied(key, quantity.value, low, high)


def _can_be(asked: Scenario, key: str, value: float) -> bool:
    try:
        return not faults(asked.changed({key: value}))
    except Unfit:
        return False


def _is_share(quantity: Quantity, key: str) -> bool:
    return quantity.unit == "1" and quantity.value <= 1 and not key.endswith("variation")
