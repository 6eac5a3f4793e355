"""The formulas, against the exact values in nine digits; and what they refuse."""

from math import inf, isfinite, nan

import pytest

from simulation.staffing import erlang

HOUR = 3_600.0
A_BIG = erlang.erlang_a(100 / 30, 3, 5, 14, 1 / 3)
A_FAST = erlang.erlang_a(48, 1, 2, 50)
A_SMALL = erlang.erlang_a(19 / HOUR, HOUR / 4, HOUR / 12, 5, 20)

ORACLES = [
    (erlang.erlang_b(10, 5), 0.01838457034),
    (erlang.erlang_b(5, 3), 0.1100543478),
    (erlang.erlang_c(5, 4), 0.5541125541),
    (erlang.erlang_c(23, 20), 0.4157375747),
    (erlang.erlang_c(14, 10), 0.1741319336),
    (erlang.erlang_c_waiting(100 / 30, 3, 14, 1 / 3).within, 0.8883500192),
    (A_BIG.delayed, 0.1452601143),
    (A_BIG.abandoned, 0.01398374412),
    (A_BIG.mean_wait, 0.06991872061),
    (A_BIG.within, 0.9167920919),
    (erlang.erlang_c_waiting(48, 1, 50).mean_wait * 60, 20.83366834),
    (A_FAST.abandoned, 0.03091224916),
    (A_FAST.mean_wait * 60, 3.709469900),
    (A_SMALL.delayed, 0.4142005714),
    (A_SMALL.abandoned, 0.1996704079),
    (A_SMALL.mean_wait, 59.90112),
    (A_SMALL.within, 0.6083271168),
    (erlang.erlang_a(22, 1, 1, 23).delayed, 0.4436247873),
    *zip(erlang.cobham(5, (1, 1, 2), 1), (0.1385281385, 0.2308802309, 0.9235209235), strict=True),
    (erlang.pollaczek_khinchine((0.8,), 1.44)[0], 4.88),
    *zip(erlang.pollaczek_khinchine((0.3, 0.5), 1.44), (1.394285714, 6.971428571), strict=True),
    (erlang.erlang_b(23, 22), 0.1271510495),
    (erlang.halfin_whitt(1), 0.2233612748),
]


@pytest.mark.parametrize(("found", "exact"), ORACLES)
def test_the_formulas_hold(found: float, exact: float) -> None:
    """Nine digits, or as many as the exact value has."""
    digits = min(9, len(f"{exact:.12g}".replace(".", "").lstrip("0")))
    assert found == pytest.approx(exact, rel=0.6 * 10.0 ** (1 - digits))


def test_without_end_of_patience_erlang_a_is_c() -> None:
    assert erlang.erlang_a(4, 1, 1e9, 5, 0.5) == pytest.approx(
        erlang.erlang_c_waiting(4, 1, 5, 0.5), abs=1e-6
    )


@pytest.mark.parametrize("patience", [60.0, 3_600.0, 36_000.0, 360_000.0])
@pytest.mark.parametrize("servers", [1, 5, 900, 1_500])
@pytest.mark.parametrize("within", [0.0, 20.0, 3_600.0])
def test_erlang_a_ends_however_long_they_wait(patience: float, servers: int, within: float) -> None:
    """One call a second of 900 s each: what is not abandoned is served, and no share leaves 0 to 1."""
    found = erlang.erlang_a(1, 900, patience, servers, within)
    assert all(isfinite(value) for value in found)
    assert all(-1e-9 <= share <= 1 + 1e-9 for share in (found.delayed, found.within, found.abandoned_within))
    assert found.abandoned >= 1 - servers / 900 - 1e-9
    assert found.within + found.abandoned_within <= 1 + 1e-9


def test_stages_of_many_servers_are_not_over_at_once() -> None:
    """A thousand ends of talks a second: 2,000 stages take longer than one second, nearly always."""
    found = erlang.erlang_a(3_000, 1, 10, 1_000, 1)
    assert found.within < 1e-9


def test_the_fewest_people_are_found_although_fewer_would_make_the_line_too_long() -> None:
    """Two calls a second of 900 s each; with one person a million would wait at this patience."""
    count = erlang.staff_for(2, 900, 3_600_000, 20, 0.999)
    fewer, enough = (erlang.erlang_a(2, 900, 3_600_000, each, 20).within for each in (count - 1, count))
    assert fewer < 0.999 <= enough


def test_square_root_staffing_far_out() -> None:
    assert erlang.halfin_whitt(50) == 0


def test_the_fewest_people() -> None:
    count = erlang.staff_for(20 / HOUR, 240, inf, 20, 0.8)
    assert erlang.erlang_c_waiting(20 / HOUR, 240, count, 20).within >= 0.8
    assert erlang.erlang_c_waiting(20 / HOUR, 240, count - 1, 20).within < 0.8


@pytest.mark.parametrize("within", [1.0, 20.0, 60.0])
def test_abandoned_within_is_what_giving_up_adds_up_to(within: float) -> None:
    """Who waits at t gives up at rate theta: the integral, by Simpson's rule, of the share still waiting."""
    theta = 12 / HOUR

    def still_waiting(at: float) -> float:
        found = erlang.erlang_a(19 / HOUR, HOUR / 4, HOUR / 12, 5, at)
        answered_of_delayed = found.within - (1 - found.delayed)
        return found.delayed - answered_of_delayed - found.abandoned_within

    steps = 40
    weights = [1, *[4, 2] * (steps // 2 - 1), 4, 1]
    area = (
        sum(weight * still_waiting(within * i / steps) for i, weight in enumerate(weights))
        * within
        / steps
        / 3
    )
    found = erlang.erlang_a(19 / HOUR, HOUR / 4, HOUR / 12, 5, within)
    assert found.abandoned_within == pytest.approx(theta * area, rel=1e-7)
    assert 0 < found.abandoned_within < found.abandoned


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: erlang.erlang_c(5, 5), "grows for ever"),
        (lambda: erlang.erlang_b(0, 1), "servers = 0"),
        (lambda: erlang.erlang_a(1, -1, 0, 1), "service = -1 is not above 0; patience = 0"),
        (lambda: erlang.pollaczek_khinchine((0.5, 0.6), 1), "1.1"),
        (lambda: erlang.erlang_a(1, 900, 1e12, 5), "patience = 1e\\+12"),
        (lambda: erlang.erlang_a(nan, 1, inf, 1), "arrivals = nan is not above 0; patience = inf is not"),
        (lambda: erlang.erlang_a(1, 1, 1, 1, -1), "within = -1"),
        (lambda: erlang.erlang_c_waiting(-1, -1, 2), "arrivals = -1 is not above 0; service = -1"),
        (lambda: erlang.halfin_whitt(0), "beta = 0"),
        (lambda: erlang.halfin_whitt(nan), "beta = nan"),
        (lambda: erlang.staff_for(1, 1, 1, 1, 1.5), "share = 1.5"),
        (lambda: erlang.staff_for(1, 1, nan, 1, 0.8), "patience = nan"),
        (lambda: erlang.staff_for(1, inf, inf, 1, 0.8), "service = inf is not finite"),
        (lambda: erlang.pollaczek_khinchine((0.5,), -1), "scv = -1"),
    ],
)
def test_what_cannot_be_is_refused(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=words):
        call()
