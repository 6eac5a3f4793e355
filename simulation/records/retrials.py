"""Who calls again because they were not served: more than those who were answered call again as well.

The simulator's [calls] retrial is a cause: the share of those who gave up who come once more for it. Who was
answered and calls again within the same time has another reason; as many of those who gave up have it too.
"""

from typing import Final, NamedTuple

import numpy as np

from simulation.records import shares
from simulation.records.history import AGAIN_MS, UNKNOWN, Attempts, Ints
from simulation.records.measured import NOTHING, Interval, Measured, Part, few
from simulation.records.shares import Share

MINUTE_MS: Final = 60_000
MINUTES: Final = AGAIN_MS // MINUTE_MS
SEED: Final = 1
ROUNDS: Final = 199


class Retrials(NamedTuple):
    """gave_up, answered: who called again, whatever for. share: who did because they had given up; after: the
    time (min) until then. kept: why share and after are not known, or "" each. anyway: of the second
    attempts, the share that came for another reason."""

    gave_up: Share
    answered: Share
    share: Share
    share_kept: str
    after: Interval
    after_kept: str
    anyway: float


def retrials(again: Attempts) -> Retrials:
    """What the attempts say; nothing is left out but callers who cannot be recognised."""
    gave_up, answered = (
        shares.wilson(int((each != UNKNOWN).sum()), len(each)) for each in (again.delay_ms, again.answered_ms)
    )
    share = shares.caused(gave_up, answered)
    share_kept = few(gave_up.total) or few(answered.total).replace("data", "who were answered")
    count = 0 if share_kept else round(share.value * gave_up.total)
    after_kept = share_kept or few(count)
    if not after_kept and share.low == 0:
        after_kept = "cannot be told from who calls again anyway"
    after = NOTHING if after_kept else _after(again, np.random.Generator(np.random.Philox(SEED)))
    anyway = 0.0 if share_kept or gave_up.met == 0 else 1 - share.value / gave_up.value
    return Retrials(gave_up, answered, share, share_kept, after, after_kept, anyway)


def part(found: Retrials) -> Part:
    """Both numbers of the scenario, and the raw shares that they come from."""
    gave_up, answered, share = found.gave_up, found.answered, found.share
    numbers = [
        Measured(
            "calls.retrial",
            "call again because they gave up",
            Interval(*share[:3]),
            "1",
            gave_up.total,
            "recognised callers who gave up",
            found.share_kept,
        ),
        Measured(
            "calls.retrial_after",
            "second attempt after",
            found.after,
            "min",
            round(share.value * gave_up.total),
            "second attempts because of the first",
            found.after_kept,
        ),
    ]
    said = ["A second attempt comes within 24 hours of the first."]
    for who, each in (("gave up", gave_up), ("were answered", answered)):
        if each.total:
            said.append(
                f"Of {each.total} recognised callers who {who}, {each.value:.1%} "
                f"({each.low:.1%} to {each.high:.1%}) called again within that time, whatever for."
            )
    if not found.share_kept:
        said.append(
            f"So many as were answered call again anyway; because they gave up it is ({gave_up.value:.3f} - "
            f"{answered.value:.3f}) / (1 - {answered.value:.3f}) = {share.value:.3f} of those who gave up."
            if gave_up.value > answered.value
            else "Who gave up calls again no more often than who was answered: no call comes because of it."
        )
        if share.low == 0 and share.value > 0:
            said.append("The interval reaches 0: there may be nobody who calls again because of it.")
    return Part("Second attempts", numbers, said)


def _after(again: Attempts, chance: np.random.Generator) -> Interval:
    """The time after which half of those who call because of it have called, as the mean of an exponential.

    Both reasons to call again are taken as independent, so the shares that have not called yet multiply.
    The interval is the bootstrap's.
    """
    gave_up, answered = _by_time(again.delay_ms), _by_time(again.answered_ms)
    value = _half(gave_up, answered)
    drawn = [
        _half(*(chance.multinomial(x.sum(), x / x.sum()) for x in (gave_up, answered))) for _ in range(ROUNDS)
    ]
    low, high = np.nanquantile(drawn, (0.025, 0.975)) / np.log(2)
    return Interval(value / np.log(2), float(low), float(high))


def _by_time(delay_ms: Ints) -> Ints:
    """How many called again by the minute; the last place: nobody did."""
    place = np.where(delay_ms == UNKNOWN, MINUTES, np.minimum(delay_ms // MINUTE_MS, MINUTES - 1))
    return np.bincount(place, minlength=MINUTES + 1)


def _half(gave_up: Ints, answered: Ints) -> float:
    """Minutes; nan where giving up causes nothing."""
    waiting, usual = (1 - np.cumsum(each[:-1]) / each.sum() for each in (gave_up, answered))
    left = np.append(1.0, waiting / usual)
    half = (1 + left[-1]) / 2
    if half >= 1:
        return float("nan")
    place = int(np.argmax(left <= half))
    part = (left[place - 1] - half) / (left[place - 1] - left[place])
    return float(place - 1 + part)
