"""Which entry counts for a caller: the most specific, whichever others there are."""

from itertools import combinations

import pytest

from routing.specific import keys, most_specific

ALL = keys("tr", "study")
SOME = [found for count in range(len(ALL) + 1) for found in combinations(ALL, count)]


def test_language_and_concern_go_before_the_concern_before_the_language_before_everybody() -> None:
    assert ALL == (("tr", "study"), ("", "study"), ("tr", ""), ("", ""))


@pytest.mark.parametrize("found", SOME)
def test_the_first_of_these_that_there_is_counts_and_no_other(found: tuple[tuple[str, str], ...]) -> None:
    entries = {key: key for key in (("de", "study"), ("tr", "other"), *reversed(found))}
    assert most_specific(entries, "tr", "study") == (found[0] if found else None)
