"""The sweep over the roster finds what looking at every minute by itself finds."""

from hypothesis import given
from hypothesis import strategies as st

from acd.alarms.coverage import fewest
from config.duties import Presence
from routing.policy import Hours
from tests.fakes.centre import POLICY

PEOPLE = ("a", "b", "c")
CELLS = (("de", "x"), ("de", "y"), ("uk", "x"))
SPANS = st.lists(st.integers(-5, 25), min_size=2, max_size=6, unique=True).map(
    lambda edges: tuple(zip(*[iter(sorted(edges))] * 2, strict=False))
)
DUTIES = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.integers(-5, 22), st.integers(1, 10)).map(
        lambda each: Presence(each[0], each[1], each[1] + each[2])
    ),
    max_size=8,
)
SETS = st.frozensets(st.sampled_from(PEOPLE))


@given(SPANS, st.none() | SPANS, st.tuples(SETS, SETS, SETS), SETS, DUTIES, st.integers(0, 20))
def test_it_is_what_every_minute_by_itself_says(
    opening: tuple[tuple[int, int], ...],
    own: tuple[tuple[int, int], ...] | None,
    skills: tuple[frozenset[str], ...],
    here: frozenset[str],
    duties: list[Presence],
    until: int,
) -> None:
    """Now is minute 0. Who is here stays until a duty of theirs that goes on now, or a later one, is over."""
    hours = () if own is None else (Hours("", "x", own),)
    policy = POLICY._replace(opening=opening, hours=hours)
    able = dict(zip(CELLS, skills, strict=True))

    def on_duty(person: str, at: int) -> bool:
        return any(each.person == person and each.begin_ms <= at < each.end_ms for each in duties)

    there = {0: set(here)}
    roster = any(each.end_ms > 0 and each.begin_ms <= until for each in duties)
    for at in range(1, until + 1 if roster else 1):
        left = {p for p in there[at - 1] if on_duty(p, at - 1) and not on_duty(p, at)}
        there[at] = (there[at - 1] - left) | {p for p in PEOPLE if on_duty(p, at)}
    expected: dict[tuple[str, str], int] = {}
    for cell, people in able.items():
        opened = [
            len(people & there[at])
            for at in there
            if any(begin <= at < end for begin, end in opening)
            and (own is None or cell[1] != "x" or any(begin <= at < end for begin, end in own))
        ]
        if opened:
            expected[cell] = min(opened)
    found = fewest(policy, able, here, duties, 0, until)
    assert {cell: people for cell, (people, _) in found.items()} == expected
    for cell, (people, at) in found.items():
        assert len(able[cell] & there[at]) == people, "and from then on it is so"
