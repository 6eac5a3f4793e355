"""How well the fit fits, as pictures: talks quantile by quantile, patience beside Kaplan-Meier's curve."""

from typing import Final

import numpy as np

from simulation.pictures import Line, curves
from simulation.records import censored, durations
from simulation.records.fit import patience_of
from simulation.records.history import History
from simulation.records.measured import ENOUGH

POINTS: Final = 60
TOP: Final = 0.995
"""The quantile up to which talks are drawn."""


def pictures(history: History) -> dict[str, bytes]:
    """SVG by name; only of what there is enough of."""
    found = {}
    minutes = history.talk_ms[history.talk_ms > 0] / 60_000
    if len(minutes) >= ENOUGH:
        found["talk"] = _quantiles(minutes)
    waits = patience_of(history)
    if waits.ended.sum() >= ENOUGH:
        found["patience"] = _patience(waits)
    return found


def _quantiles(minutes: durations.Floats) -> bytes:
    """Where a family's line is above the straight one, it has longer talks than there were."""
    at = np.linspace(1 / (2 * POINTS), TOP, POINTS)
    seen = np.quantile(minutes, at)
    lines = [Line("as they were", seen.tolist())]
    lines += [Line(each.family, durations.quantiles(each, at).tolist()) for each in durations.fit(minutes)]
    return curves(
        seen.tolist(),
        lines,
        written=lambda value: f"{value:g}",
        name_of=lambda value: f"{value:g}",
        labels=("minutes, as they were", "minutes, by the family"),
        bottom=0,
        top=float(seen[-1]) * 1.3,
    )


def _patience(waits: censored.Waits) -> bytes:
    curve, mean = censored.kaplan_meier(waits), censored.exponential(waits).mean
    end = float(curve.seconds[curve.at_risk >= censored.AT_RISK].max(initial=1.0))
    at = np.linspace(0, end, POINTS)
    place = np.searchsorted(curve.seconds, at, side="right")

    def steps(values: censored.Floats) -> list[float]:
        return [float(each) for each in np.append(1.0, values)[place]]

    weibull = censored.weibull(waits)
    by_weibull = np.exp(-((at / weibull.scale) ** weibull.shape))
    lines = [
        Line("Kaplan-Meier", steps(curve.patient), steps(curve.low), steps(curve.high)),
        Line("exponential", np.exp(-at / mean).tolist()),
        Line("Weibull", by_weibull.tolist()),
    ]
    return curves(
        at.tolist(),
        lines,
        written=lambda value: f"{value:.0%}",
        name_of=lambda value: f"{value:g}",
        labels=("seconds of waiting", "still patient"),
        bottom=0,
        top=1,
        smooth=(False, True, True),
    )
