"""Shares from counts, with 95 % intervals that hold for few observations and for none."""

from typing import Final, NamedTuple

from scipy import optimize, special

_TINY: Final = 1e-9


class Share(NamedTuple):
    """A share with its 95 % interval; met of total."""

    value: float
    low: float
    high: float
    met: int
    total: int


def wilson(met: int, total: int) -> Share:
    """E. B. Wilson, 1927. (0, 1) for none."""
    if total == 0:
        return Share(0.0, 0.0, 1.0, 0, 0)
    z = float(special.ndtri(0.975))
    share = met / total
    middle, scale = share + z * z / (2 * total), 1 + z * z / total
    spread = z * (share * (1 - share) / total + z * z / (4 * total * total)) ** 0.5
    return Share(share, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale), met, total)


def caused(seen: Share, usual: Share) -> Share:
    """The share in whom something was caused, where `usual` do it uncaused and `seen` in all: of those who
    would not have done it, how many did (W. S. Abbott, 1925). 0 where fewer do than usual.

    The interval is that of a ratio of two shares by scores (P. A. R. Koopman, 1984); (0, 1) where a side is
    empty or all do it uncaused.
    """
    if 0 in (seen.total, usual.total) or usual.met == usual.total:
        return Share(0.0, 0.0, 1.0, seen.met, seen.total)
    stayed, of_usual = seen.total - seen.met, usual.total - usual.met
    ratio = stayed / seen.total / (of_usual / usual.total)
    limit = float(special.chdtri(1, 0.05))

    def beyond(other: float) -> float:
        return _apart(other, stayed, seen.total, of_usual, usual.total) - limit

    least = optimize.brentq(beyond, _TINY, ratio) if stayed else 0.0
    most = optimize.brentq(beyond, max(ratio, _TINY), 1.0) if ratio < 1 and beyond(1.0) > 0 else 1.0
    low, high = max(0.0, 1 - float(most)), max(0.0, 1 - float(least))
    return Share(max(0.0, 1 - ratio), low, high, seen.met, seen.total)


def _apart(ratio: float, met: int, total: int, other: int, of: int) -> float:
    """Chi-square of two counts, if the first share were `ratio` times the second."""
    a, b = (total + of) * ratio, total * ratio + met + of + other * ratio
    second = (b - max(0.0, b * b - 4 * a * (met + other)) ** 0.5) / (2 * a)
    pairs = ((met, total, ratio * second), (other, of, second))
    return float(sum((count - n * p) ** 2 / max(n * p * (1 - p), _TINY) for count, n, p in pairs))


def dirichlet(counts: list[int]) -> list[Share]:
    """Shares that add up to 1, by the Dirichlet posterior of Jeffreys' prior (1/2 for each): what was not
    seen yet is rare, not impossible."""
    whole = sum(counts) + len(counts) / 2
    found = []
    for met in counts:
        low, high = special.betaincinv(met + 0.5, whole - met - 0.5, (0.025, 0.975))
        found.append(
            Share((met + 0.5) / whole, 0.0 if met == 0 else float(low), float(high), met, sum(counts))
        )
    return found
