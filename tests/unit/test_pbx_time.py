"""Ages of what a PBX says, by its own stamps: clocks apart, set, and a reader that stood still."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.pbx.pbx_time import PbxTime, stamped


class Talk:
    """A PBX whose clock is so far from ours, and messages that are so long on their way."""

    def __init__(self, apart: float = 1_000_000.0) -> None:
        self.time = PbxTime()
        self.apart = apart
        self.now = 100.0

    def says(self, on_its_way: float = 0.0) -> float:
        """The age that is found of a message."""
        return self.time.age(self.now - on_its_way + self.apart, self.now)


def test_a_message_that_waited_for_us_is_as_old_as_it_is() -> None:
    talk = Talk()
    for _ in range(20):
        talk.now += 0.1
        assert talk.says() < 1e-6
    talk.now += 3.0
    ages = [talk.says(on_its_way) for on_its_way in (3.0, 2.0, 0.25, 0.0)]
    assert [round(age, 3) for age in ages] == [3.0, 2.0, 0.25, 0.0]


def test_a_clock_that_is_set_ahead_makes_nothing_old() -> None:
    talk = Talk()
    talk.says()
    talk.apart += 3_600.0
    assert talk.says() == 0.0
    talk.now += 2.0
    assert round(talk.says(2.0), 3) == 2.0


def test_a_clock_that_is_set_back_is_noticed_by_the_next_stamp() -> None:
    talk = Talk()
    talk.says()
    talk.now += 1.0
    talk.apart -= 3_600.0
    assert talk.says() == 0.0


def test_a_clock_that_is_set_back_while_nothing_is_said_is_noticed_by_an_answer() -> None:
    """The next stamp lies after the last one all the same: only the answer to a question tells."""
    talk = Talk()
    talk.says()
    talk.now += 10.0
    talk.apart -= 5.0
    talk.time.answered(talk.now, talk.now + 0.001 + talk.apart, talk.now + 0.002)
    talk.now += 1.0
    assert talk.says() < 0.01


def test_what_the_pbxs_clock_shows_is_known_once_it_has_said_anything() -> None:
    talk = Talk()
    assert talk.time.shows(talk.now) == 0.0
    talk.says()
    talk.now += 20.0
    assert abs(talk.time.shows(talk.now) - (talk.now + talk.apart)) < 0.01


def test_an_answer_that_we_read_late_changes_nothing() -> None:
    talk = Talk()
    talk.says()
    asked = talk.now
    talk.now += 3.0
    talk.time.answered(asked, asked + 0.001 + talk.apart, talk.now)
    assert round(talk.says(1.0), 3) == 1.0


@given(st.integers(0, 2**32), st.floats(-1e9, 1e9))
def test_ages_are_never_below_zero_and_right_to_the_shortest_way(seed: int, apart: float) -> None:
    """Under a jitter of 5 ms, with the reader standing still now and then."""
    chance = random.Random(seed)
    talk = Talk(apart)
    for _ in range(50):
        talk.now += 0.02
        talk.says(chance.uniform(0.0, 0.005))
    for _ in range(200):
        stood = chance.choice((0.0, 0.0, 0.0, chance.uniform(0.1, 3.0)))
        talk.now += 0.02 + stood
        real = chance.uniform(0.0, 0.005) + stood
        age = talk.says(real)
        assert age >= 0.0
        assert abs(age - real) < 0.006


def test_only_a_time_is_a_stamp() -> None:
    assert stamped("1764240000.123456") == 1764240000.123456
    assert [stamped(text) for text in ("", "x", "-1", "nan", "inf", "1e300")] == [0.0] * 6


def test_over_a_slow_link_clocks_that_may_show_the_same_do() -> None:
    """Asked at 100, answered by a clock that lies 1,000 ahead, on its way for 1.5 s each way."""
    slow = PbxTime()
    slow.answered(100.0, 1_101.5, 103.0, same=-1_000.0)
    assert slow.age(1_110.0, 111.5) == pytest.approx(1.5)
    other = PbxTime()
    other.answered(100.0, 1_101.5, 103.0, same=-900.0)
    assert other.age(1_110.0, 111.5) == pytest.approx(0.0), "clocks that cannot show the same do not"
