"""A short chaos (`make chaos` is the long one): kills, stalls, cuts and locks under load; no call wronged."""

import pytest

from tests.chaos.callbacks import attack
from tests.chaos.faults import Pace
from tests.chaos.hotline import Attacked
from tests.chaos.redirects import redirect
from tests.chaos.run import Wanted, run


@pytest.mark.parametrize("seed", [2016])
async def test_records_equal_what_asterisk_says_whatever_happens_to_the_daemon(seed: int) -> None:
    pace = Pace(daemon=2.5, link=14.0, stores=16.0, asterisk=0)
    result = await run(Wanted(seed=seed, seconds=50, rate=2.2, phones=8, pace=pace, closing=False))
    stories = [
        "\n  ".join([f"{each.kind}: {each.subject}: {each.what}", *each.story]) for each in result.wrongs
    ]
    assert not stories, "\n\n".join([f"{len(stories)} wrongs", *stories[:8], *result.done.log])
    assert not result.exits
    assert result.calls >= 60
    assert len(result.done.kills) >= 3


async def test_who_asked_to_be_called_is_called_whatever_happens_to_the_daemon() -> None:
    found = await attack(callers=12, seed=2016, every_s=8, limit_s=240)
    assert found.wrongs == []
    assert (found.answered, found.not_reached) == (12, 0)
    assert found.called > 12  # who was not there at first was called again
    assert found.kills >= 3


async def test_no_caller_falls_out_of_the_dialplan_when_redirected_at_any_moment() -> None:
    async with Attacked(closing=False) as hotline:
        done = await redirect(hotline, 16_000, seed=7, seconds=60)
    assert (done.lost, done.astray) == (0, 0), done
    assert done.redirects > 8_000
