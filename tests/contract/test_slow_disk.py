"""A disk that holds up the dialplan's ledger changes nothing for callers: a talk is as long as it was.

Asterisk writes AstDB in the channel's own thread. Here every note of a dial takes two seconds.
"""

import re
from collections.abc import AsyncIterator

import pytest

from acd import ledger
from acd.demo.hotline import NUMBER, PROJECT, Hotline
from agents.model import Reach
from routing import events as ev
from routing.commands import Connect, SetFallback
from tests.contract.conftest import AS_SHIPPED, NODE, TERM, Wire, keys

PHONE = "p04"
SLOW_S = 2
NOTE = re.compile(r"( same => n,Set\(DB\(acd/\$\{ACD_(?:CALL\}/e|LEG\}/t)\$.*\n)")


@pytest.fixture(scope="module")
async def hotline() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        plan = hotline.asterisk.folder / "etc" / "extensions.conf"
        text, notes = NOTE.subn(rf"\1 same => n,Wait({SLOW_S})\n", plan.read_text(encoding="utf-8"))
        assert notes == 3, "behind each of the two dials, and at the answer"
        plan.write_text(text, encoding="utf-8")
        await hotline.asterisk.cli("dialplan reload")
        yield hotline


@pytest.mark.parametrize(("talk_ms", "lasts"), [(SLOW_S * 1000 + 900, False), (SLOW_S * 1000 + 2_600, True)])
async def test_a_talk_is_as_long_as_both_could_talk(hotline: Hotline, talk_ms: int, lasts: bool) -> None:
    """The phone counts from its answer; they can talk once that is written down."""
    await hotline.sipp.phones([PHONE], answer_ms=50, talk_ms=talk_ms)
    async with Wire(hotline) as wire:
        await wire.do(SetFallback(1, TERM, ()))
        await hotline.sipp.call(NUMBER, keys("uk"))
        caller = (await wire.hears(ev.CallWaiting)).leg
        before = len(wire.arrivals)
        await wire.do(Connect(21, caller, Reach("phone", PHONE), TERM))
        if lasts:
            await wire.hears(ev.LegEnded, lambda each: each.leg == caller)
        else:
            over = await wire.hears(ev.DialEnded, after=before)
            assert (over.leg, over.status) == (caller, "ANSWER")
            await wire.hears(ev.CallWaiting, after=before)
        rows = ledger.rows(NODE, ledger.notes(await wire.listed(**ledger.TREE)))
        row = next(each for each in rows if each.leg == caller)
        (talk,) = row.talks
        assert abs(talk.ended_ms - talk.began_ms - (talk_ms - SLOW_S * 1000)) < 500
        assert row.by == ("staff" if lasts else "")
    await hotline.sipp.end_all()
    await hotline.asterisk.cli("channel request hangup all")
