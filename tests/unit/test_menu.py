"""Every entry of a menu has keys of its own, one a page, and none of them begins another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import menu


@given(st.integers(1, 60))
def test_every_entry_is_reached_by_its_own_keys_and_no_keys_begin_others(count: int) -> None:
    pressed = [menu.keys(count, place) for place in range(count)]
    assert len(set(pressed)) == count
    assert not [(one, two) for one in pressed for two in pressed if one != two and two.startswith(one)]


@pytest.mark.parametrize(
    ("count", "place", "wanted"), [(9, 8, "9"), (10, 9, "0"), (12, 8, "9"), (12, 9, "01"), (20, 18, "001")]
)
def test_ten_fit_on_one_page_and_more_are_behind_nought(count: int, place: int, wanted: str) -> None:
    assert menu.keys(count, place) == wanted


def test_there_is_no_other_entry() -> None:
    with pytest.raises(IndexError):
        menu.keys(12, 12)
