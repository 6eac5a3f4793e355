"""Shares from counts, with 95 % intervals that hold for few observations and for none."""

from typing import NamedTuple

from scipy import special


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
