"""Exact results for queues that have one: Erlang B, C and A, Cobham's priorities, square-root staffing.

Rates and times may be in any unit as long as all of a call's arguments use the same.
Sources: A. K. Erlang (1917) for B and C; C. Palm (1957), Garnett, Mandelbaum and Reiman (2002) for A;
A. Cobham (1954) for priorities; F. Pollaczek and A. Khinchine (1930) for general service times;
S. Halfin and W. Whitt (1981) for square-root staffing.
"""

from collections.abc import Sequence
from math import ceil, erfc, exp, expm1, inf, log, pi, sqrt
from typing import NamedTuple

MOST_WAITING = 1_000_000  # states of the line that Erlang A adds up before it refuses: about a second
_LARGE = 1e200


class Waiting(NamedTuple):
    """A queue in the long run.

    delayed: share of callers who wait at all. abandoned: share who give up. mean_wait: over all callers,
    those who give up included. within: share of all callers who were answered within the asked time;
    abandoned_within: who gave up within it.
    """

    delayed: float
    abandoned: float
    mean_wait: float
    within: float
    abandoned_within: float = 0.0


def erlang_b(servers: int, load: float) -> float:
    """Share of callers lost when nobody can wait. load in Erlang (arrival rate times mean service)."""
    _positive(servers=servers, load=load)
    lost = 1.0
    for count in range(1, servers + 1):
        lost = load * lost / (count + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Share of callers who wait when everybody does until served. Raises ValueError at load >= servers."""
    if load >= servers:
        raise ValueError(f"load = {load} Erlang is not below servers = {servers}: the queue grows for ever")
    lost = erlang_b(servers, load)
    return lost / (1 - load / servers * (1 - lost))


def erlang_c_waiting(arrivals: float, service: float, servers: int, within: float = 0.0) -> Waiting:
    """M/M/n. arrivals: rate; service: mean service time."""
    _positive(servers=servers, arrivals=arrivals, service=service)
    _time(within)
    load = arrivals * service
    delayed = erlang_c(servers, load)
    spare = (servers - load) / service
    return Waiting(delayed, 0.0, delayed / spare, 1 - delayed * exp(-spare * within))


def erlang_a(arrivals: float, service: float, patience: float, servers: int, within: float = 0.0) -> Waiting:
    """M/M/n+M: exponential patience with mean `patience`; it may carry more load than it has servers.

    Exact: the state's distribution by the ratios of birth and death rates; for a caller who finds k
    waiting, the virtual wait is a sum of k + 1 exponential stages, and the caller is still there after t
    with probability exp(-t / patience). Raises ValueError where more than MOST_WAITING would have to be
    looked at.
    """
    _positive(servers=servers, arrivals=arrivals, service=service, patience=patience)
    _time(within)
    if (arrivals - servers / service) * patience > MOST_WAITING:
        raise _too_long(patience)
    mu, theta = 1 / service, 1 / patience
    weight, idle_part = 1.0, 0.0
    for count in range(servers):
        idle_part += weight
        weight *= arrivals / ((count + 1) * mu)
        if weight > _LARGE:  # only the ratios count: no weight may become infinite
            idle_part, weight = idle_part / weight, 1.0
    total, delayed, queue, answered_within, turn_within = idle_part, 0.0, 0.0, 0.0, 0.0
    waiting, rate = 0, servers * mu
    survival, turn = (
        _StagesWithin(rate / theta + 1, theta, within),
        _StagesWithin(rate / theta, theta, within),
    )
    while True:
        total += weight
        delayed += weight
        queue += waiting * weight
        answered_within += weight * survival.next() * rate / (rate + (waiting + 1) * theta)
        turn_within += weight * turn.next()
        if weight < 1e-18 * total and arrivals < servers * mu + waiting * theta:
            break
        waiting += 1
        if waiting > MOST_WAITING:
            raise _too_long(patience)
        weight *= arrivals / (servers * mu + waiting * theta)
        if weight > _LARGE:
            idle_part, total, delayed, queue, answered_within, turn_within = (
                part / weight for part in (idle_part, total, delayed, queue, answered_within, turn_within)
            )
            weight = 1.0
    mean_queue = queue / total
    abandoned = theta * mean_queue / arrivals
    within_share = (idle_part + answered_within) / total
    left_within = (delayed - answered_within - (delayed - turn_within) * exp(-theta * within)) / total
    return Waiting(delayed / total, abandoned, mean_queue / arrivals, within_share, left_within)


class _StagesWithin:
    """P(k + 1 exponential stages take at most t) for k = 0, 1, 2, ... in turn; rates (r + j) theta, j = 0..k.

    The caller's turn comes when those stages are over that all ahead need, at rates n mu + j theta: r is
    n mu / theta. Who is still there then has been faster than their own patience: with that as one more way
    out, r is one higher, and all stages end otherwise with probability n mu / (n mu + (k + 1) theta),
    whatever time they take. Rates in steps of theta make the number of stages done by t negative binomial
    with r and fade 1 - exp(-theta t).
    """

    def __init__(self, r: float, theta: float, within: float) -> None:
        self._r = r
        self._stages = 0
        self._log_term = -r * theta * within  # the term itself would be 0 from 745 on, and stay so
        self._sum = 0.0
        fade = -expm1(-theta * within)
        self._log_fade = log(fade) if fade > 0 else -inf

    def next(self) -> float:
        """The probability for the next k."""
        self._sum += exp(self._log_term)
        self._log_term += log((self._r + self._stages) / (self._stages + 1)) + self._log_fade
        self._stages += 1
        return max(0.0, 1 - self._sum)


def cobham(servers: int, arrivals: Sequence[float], service: float) -> tuple[float, ...]:
    """M/M/n, priorities without interruption, one service rate: mean wait of each class, first first."""
    load = sum(arrivals) * service
    delay = erlang_c(servers, load) * service / servers
    return tuple(
        delay / ((1 - _use(arrivals, i, service, servers)) * (1 - _use(arrivals, i + 1, service, servers)))
        for i in range(len(arrivals))
    )


def _use(arrivals: Sequence[float], classes: int, service: float, servers: int) -> float:
    return sum(arrivals[:classes]) * service / servers


def pollaczek_khinchine(loads: Sequence[float], scv: float, service: float = 1.0) -> tuple[float, ...]:
    """M/G/1 with priorities without interruption: mean wait of each class, first first.

    loads: utilisation by each class; scv: squared coefficient of variation of the service time.
    """
    _positive(service=service)
    if not 0 <= scv < inf:
        raise ValueError(f"scv = {scv} is not a squared coefficient of variation from 0 on")
    total = sum(loads)
    if not 0 < total < 1:
        raise ValueError(f"loads add up to {total}; the queue stands still only between 0 and 1")
    residual = total * service * (1 + scv) / 2
    return tuple(residual / ((1 - sum(loads[:i])) * (1 - sum(loads[: i + 1]))) for i in range(len(loads)))


def halfin_whitt(beta: float) -> float:
    """Share of callers who wait when servers = load + beta * sqrt(load), in the limit of large loads."""
    if not beta > 0:
        raise ValueError(f"beta = {beta} is not above 0")
    below = erfc(-beta / sqrt(2)) / 2
    density = exp(-beta * beta / 2) / sqrt(2 * pi)
    return density / (density + beta * below)


def staff_for(arrivals: float, service: float, patience: float, within: float, share: float) -> int:
    """The fewest people who answer `share` of all callers within `within` by Erlang A (C if patience is
    infinite)."""
    if not 0 < share < 1:
        raise ValueError(f"share = {share} is not between 0 and 1")
    _positive(arrivals=arrivals, service=service)
    if not patience > 0:
        raise ValueError(f"patience = {patience} is not above 0")
    _time(within)
    servers = max(1, ceil(share * arrivals * service - 1e-9))  # fewer cannot answer so many at all
    while True:
        if patience != inf:
            reached = erlang_a(arrivals, service, patience, servers, within).within
        elif arrivals * service < servers:
            reached = erlang_c_waiting(arrivals, service, servers, within).within
        else:
            reached = 0.0
        if reached >= share:
            return servers
        servers += 1


def _positive(**values: float) -> None:
    wrong = [
        f"{name} = {value} is not {'above 0' if not value > 0 else 'finite'}"
        for name, value in values.items()
        if not 0 < value < inf
    ]
    if wrong:
        raise ValueError("; ".join(wrong))


def _time(within: float) -> None:
    if not 0 <= within < inf:
        raise ValueError(f"within = {within} is not a time from 0 on")


def _too_long(patience: float) -> ValueError:
    return ValueError(
        f"patience = {patience:g} lets more than {MOST_WAITING:,} callers wait: "
        "a shorter one, or infinite patience (Erlang C), can be computed"
    )
