"""Whatever is done to accounts, by whichever process: who asks may what their account now may, no more."""

import asyncio
import tempfile
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from acd.identity import SECOND_FACTOR, Role, granted
from acd.people.service import operator
from acd.people.sessions import EACH_MAX
from acd.store.open import ready, urls
from tests.fakes.people import GOOD, HERE, HOUR_MS, MINUTE_MS, House

PERSONS = [role for role in Role if role is not Role.WALL]
IDS = ("anna", "cem")
IDLE_MS, MOST_MS = 60 * MINUTE_MS, 12 * HOUR_MS


class Plain(NamedTuple):
    """What an account is, said again by hand."""

    roles: frozenset[Role]
    disabled: bool = False


class Began(NamedTuple):
    """A session, said again by hand."""

    id: str
    began_ms: int
    seen_ms: int


IDENTITY = st.sampled_from(IDS)
ROLES = st.frozensets(st.sampled_from(PERSONS), min_size=1, max_size=3)
STEPS = st.one_of(
    st.tuples(st.just("in"), IDENTITY),
    st.tuples(st.just("change"), IDENTITY, ROLES),
    st.tuples(st.just("disable"), IDENTITY, st.booleans()),
    st.tuples(st.just("end"), st.integers(0, 9)),
    st.tuples(st.just("passes"), st.sampled_from([MINUTE_MS, 20 * MINUTE_MS, IDLE_MS, 4 * HOUR_MS])),
)


@settings(max_examples=25)
@given(st.lists(STEPS, max_size=25))
def test_rights_are_those_of_the_account_as_it_is_now(story: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(told(story, Path(folder)))


async def told(story: list[tuple[object, ...]], folder: Path) -> None:
    engine = await ready("records", urls(folder, {})["records"])
    try:
        await _told(story, House(engine), House(engine))
    finally:
        await engine.dispose()


async def _told(story: list[tuple[object, ...]], house: House, beside: House) -> None:
    """Administration is done beside the house that is asked, as the command does it."""
    await house.member("root", Role.ADMINISTRATOR)
    plain = {id: Plain(frozenset({Role.STAFF})) for id in IDS}
    for id in IDS:
        await house.member(id)
    begun: dict[str, Began] = {}
    entries = dict.fromkeys(IDS, 0)
    for what, *given_ in story:
        beside.now_ms = house.now_ms
        if what == "in":
            [id] = given_
            entries[str(id)] += 1
            if entries[str(id)] >= EACH_MAX:
                continue
            signed = await house.tries(str(id), GOOD)
            needs = bool(plain[str(id)].roles & SECOND_FACTOR)
            expected = "refused" if plain[str(id)].disabled else "enrol" if needs else "in"
            assert signed.step in (expected, "later"), "after refusals one has to wait"
            if signed.step == "in":
                begun[signed.cookie] = Began(str(id), house.now_ms, house.now_ms)
        elif what == "change":
            id, roles = given_
            assert isinstance(roles, frozenset)
            await beside.people.change(operator(), str(id), "New", roles, "")
            plain[str(id)] = plain[str(id)]._replace(roles=roles)
        elif what == "disable":
            id, disabled = given_
            await beside.people.disable(operator(), str(id), bool(disabled))
            plain[str(id)] = plain[str(id)]._replace(disabled=bool(disabled))
            if disabled:
                begun = {cookie: each for cookie, each in begun.items() if each.id != id}
        elif what == "end" and begun:
            cookie = list(begun)[int(str(given_[0])) % len(begun)]
            asker = await house.people.asker(cookie, HERE)
            if asker is not None:
                await beside.people.end_session(operator(), asker.session)
                del begun[cookie]
        elif what == "passes":
            house.passes(int(str(given_[0])))
        for cookie, each in list(begun.items()):
            asker = await house.people.asker(cookie, HERE)
            over = house.now_ms >= min(each.seen_ms + IDLE_MS, each.began_ms + MOST_MS)
            roles = plain[each.id].roles
            if over:
                assert asker is None
                del begun[cookie]
            elif roles & SECOND_FACTOR:
                assert asker is None, "none was shown"
            else:
                assert asker is not None
                assert (asker.id, asker.roles, asker.may) == (each.id, roles, granted(roles))
                begun[cookie] = each._replace(seen_ms=house.now_ms)
