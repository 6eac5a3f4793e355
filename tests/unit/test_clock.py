"""Engine time against a wall clock that is set, was wrong at the start, or belongs to a sleeping machine."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from acd.clock import CLOSE_MS, MS, STEP_MS, SystemClock

NOON = 1_800_000_000_000
HOUR = 3_600_000


class Clocks:
    """The wall clock and the steady one, both moved by hand."""

    def __init__(self) -> None:
        self.wall_ms = NOON
        self.steady_ms = 5_000

    def clock(self, not_before: int = 0) -> SystemClock:
        return SystemClock(not_before, lambda: self.wall_ms * MS, lambda: self.steady_ms * MS)

    def run(self, clock: SystemClock, ms: int, look_ms: int = 250) -> None:
        """Let time pass, with a look at the clock as often as the live loop takes one."""
        for _ in range(ms // look_ms):
            self.wall_ms += look_ms
            self.steady_ms += look_ms
            clock.stepped_ms()


def test_it_runs_with_the_wall_clock_and_says_nothing() -> None:
    clocks = Clocks()
    clock = clocks.clock()
    clocks.run(clock, HOUR)
    assert (clock.now_ms(), clock.stepped_ms(), clock.health()) == (clocks.wall_ms, 0, "ok")


def test_a_wall_clock_that_is_set_ahead_is_followed_at_once_and_said_once() -> None:
    """It was behind at the start: an hour later nothing of that is left in engine time."""
    clocks = Clocks()
    clock = clocks.clock()
    clocks.wall_ms += 2 * HOUR
    assert clock.now_ms() == NOON, "not before somebody looked: a deadline must not pass unseen"
    assert clock.stepped_ms() == 2 * HOUR
    assert clock.now_ms() == clocks.wall_ms
    assert clock.stepped_ms() == 0


def test_a_wall_clock_that_is_set_back_is_waited_for_at_half_speed() -> None:
    """It was an hour ahead at the start: two hours later engine time is right, and never stood or fell."""
    clocks = Clocks()
    clock = clocks.clock()
    clocks.wall_ms -= HOUR
    assert clock.stepped_ms() == -HOUR
    assert clock.now_ms() == NOON
    clocks.run(clock, HOUR)
    assert abs(clock.now_ms() - NOON - HOUR // 2) <= CLOSE_MS
    assert "30 min ahead" in clock.health()
    clocks.run(clock, HOUR + 1_000)
    assert abs(clock.now_ms() - clocks.wall_ms) <= CLOSE_MS
    assert clock.health() == "ok"


def test_a_journal_from_the_future_is_waited_for_too() -> None:
    """The clock was wrong in an earlier life of the daemon: time goes on from the journal, and converges."""
    clocks = Clocks()
    clock = clocks.clock(NOON + 10 * 60_000)
    assert clock.now_ms() == NOON + 10 * 60_000
    clocks.run(clock, 20 * 60_000 + 1_000)
    assert abs(clock.now_ms() - clocks.wall_ms) <= CLOSE_MS
    far = clocks.clock(NOON + 3 * 24 * HOUR)
    far.stepped_ms()
    assert "move journal.db away" in far.health()


def test_less_than_a_second_is_made_good_without_a_jump() -> None:
    clocks = Clocks()
    clock = clocks.clock()
    clocks.wall_ms += STEP_MS - 1
    assert clock.stepped_ms() == 0
    assert clock.now_ms() == NOON
    clocks.run(clock, 2_500)
    assert abs(clock.now_ms() - clocks.wall_ms) <= CLOSE_MS


def test_a_machine_that_slept_has_not_set_its_clock() -> None:
    """The steady clock counts the sleep: engine time is right at once, and how long it was is to be seen."""
    clocks = Clocks()
    clock = clocks.clock()
    before = clock.elapsed_ms()
    clocks.wall_ms += HOUR
    clocks.steady_ms += HOUR
    assert clock.stepped_ms() == 0
    assert clock.now_ms() == clocks.wall_ms
    assert clock.elapsed_ms() - before == HOUR


@given(
    st.lists(
        st.tuples(st.integers(0, 5_000), st.one_of(st.just(0), st.integers(-100_000, 100_000))), max_size=30
    ),
    st.integers(-100_000, 100_000),
)
def test_engine_time_never_falls_and_always_arrives(moves: list[tuple[int, int]], journal_ahead: int) -> None:
    """Whatever is done to the wall clock, and once nobody touches it any more both agree."""
    clocks = Clocks()
    clock = clocks.clock(NOON + journal_ahead)
    seen = [clock.now_ms()]
    for passed, moved in moves:
        clocks.steady_ms += passed
        clocks.wall_ms += passed + moved
        seen.append(clock.now_ms())
        clock.stepped_ms()
        seen.append(clock.now_ms())
    assert all(earlier <= later for earlier, later in pairwise(seen))
    ahead = max(0, clock.now_ms() - clocks.wall_ms)
    clocks.run(clock, 2 * ahead + 3_000, look_ms=1_000)
    assert abs(clock.now_ms() - clocks.wall_ms) <= CLOSE_MS
