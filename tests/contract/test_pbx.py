"""What the daemon relies on of a PBX, asked of real Asterisk and of the one of memory alike."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import pytest

from acd.clock import SystemClock
from acd.demo.hotline import NUMBER, PROJECT, Hotline
from acd.pbx.link import AmiLink, LoginRefused
from acd.pbx.pbx_time import stamped
from acd.pbx.port import PbxPort
from acd.pbx.translate import Translator
from acd.ports import Arrival
from agents.model import Reach
from routing import events as ev
from routing.commands import Connect, SetFallback, Withdraw
from tests.contract.conftest import AS_SHIPPED
from tests.fakes.pbx import FakePbx, Phone

NODE = "pbx1"
TERM = 7
PHONE = "p01"
KEYS = [(300, "1"), (600, "0"), (350, "3")]
CHOSEN = ("de", "other")


class Pbx(Protocol):
    """A PBX with people around it."""

    async def link(self, secret: str = "") -> AmiLink: ...

    async def phone(self, *, answer_ms: int, talk_ms: int | None, refuse: int) -> None: ...

    async def caller(self) -> None: ...

    async def quiet(self) -> None: ...


class Real:
    """Asterisk and SIPp."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline

    async def link(self, secret: str = "") -> AmiLink:
        pbx, own = self._hotline.centre.pbx, self._hotline.secrets
        return await AmiLink.connect(pbx.ami_host, pbx.ami_port, pbx.ami_user, secret or own.ami)

    async def phone(self, *, answer_ms: int, talk_ms: int | None, refuse: int) -> None:
        await self._hotline.sipp.phones([PHONE], answer_ms=answer_ms, talk_ms=talk_ms, refuse=refuse)

    async def caller(self) -> None:
        await self._hotline.sipp.call(NUMBER, KEYS)

    async def quiet(self) -> None:
        await self._hotline.sipp.end_all()
        await self._hotline.asterisk.cli("channel request hangup all")


class Fake:
    """The PBX of memory."""

    def __init__(self, pbx: FakePbx) -> None:
        self._pbx = pbx

    async def link(self, secret: str = "") -> AmiLink:
        return await AmiLink.connect("127.0.0.1", self._pbx.port, "acd", secret or "right")

    async def phone(self, *, answer_ms: int, talk_ms: int | None, refuse: int) -> None:
        self._pbx.register(PHONE, Phone(answer_ms, talk_ms, refuse))

    async def caller(self) -> None:
        self._pbx.caller(*CHOSEN)

    async def quiet(self) -> None:
        for call in list(self._pbx.calls.values()):
            self._pbx.hang_up(call)


@pytest.fixture(scope="module", params=["fake", "real"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Pbx]:
    if request.param == "fake":
        async with FakePbx([PHONE], short_talk_ms=2000) as fake:
            yield Fake(fake)
    else:
        async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
            yield Real(hotline)


class Ear:
    """A port to the PBX, and everything that it said."""

    def __init__(self, pbx: Pbx) -> None:
        self.said: list[Any] = []
        self.times: list[int] = []
        self._more = asyncio.Event()
        self.now_ms = SystemClock(0).now_ms
        self.port = PbxPort(pbx.link, Translator(NODE), self.now_ms, lambda: 0.0, self._take)

    def _take(self, arrival: Arrival) -> None:
        self.said.append(arrival.event)
        self.times.append(arrival.at_ms)
        self._more.set()

    async def hears(self, kind: type, where: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first such event."""
        async with asyncio.timeout(20):
            while True:
                for event in self.said:
                    if isinstance(event, kind) and where(event):
                        return event
                self._more.clear()
                await self._more.wait()

    def order(self, *kinds: type) -> list[type]:
        """Kinds in the order in which each was first heard."""
        first = {}
        for event in self.said:
            first.setdefault(type(event), len(first))
        return sorted((kind for kind in kinds if kind in first), key=lambda kind: first[kind])

    async def waiting(self) -> ev.Leg:
        """The leg of a caller who is on hold now."""
        found = await self.hears(ev.CallWaiting)
        self.said.clear()
        leg: ev.Leg = found.leg
        return leg


@pytest.fixture
async def ear(pbx: Pbx) -> AsyncIterator[Ear]:
    ear = Ear(pbx)
    running = asyncio.create_task(ear.port.run())
    await ear.hears(ev.PbxSnapshot)
    ear.port.send([SetFallback(1, TERM, (("", (PHONE,)),))])
    yield ear
    await pbx.quiet()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def connect(leg: ev.Leg, offer: int, term: int = TERM) -> Connect:
    return Connect(offer, leg, Reach("phone", PHONE), term)


async def test_a_wrong_secret_is_refused(pbx: Pbx) -> None:
    with pytest.raises(LoginRefused):
        await pbx.link("wrong")


async def test_the_first_word_is_a_snapshot_with_every_phone(ear: Ear) -> None:
    snapshot = ear.said[0]
    assert isinstance(snapshot, ev.PbxSnapshot)
    assert snapshot.linkup
    assert PHONE in dict(snapshot.devices)


async def test_a_caller_is_heard_from_entry_to_hold_in_order(pbx: Pbx, ear: Ear) -> None:
    await pbx.caller()
    waits = await ear.hears(ev.CallWaiting)
    kinds = (ev.CallArrived, ev.LanguageChosen, ev.ConcernChosen, ev.CallWaiting)
    assert ear.order(*kinds) == list(kinds)
    assert (waits.language, waits.concern) == CHOSEN
    assert {each.leg for each in ear.said if isinstance(each, kinds)} == {waits.leg}


async def test_everything_is_said_with_the_time_at_which_it_happened(pbx: Pbx, ear: Ear) -> None:
    """Also the answer to a ping: it tells how far apart the clocks are, and that all else has been read."""
    before = ear.now_ms()
    await pbx.caller()
    await ear.hears(ev.CallWaiting)
    await ear.port.emptied()
    assert ear.times == sorted(ear.times)
    came = (ev.CallArrived, ev.LanguageChosen, ev.ConcernChosen, ev.CallWaiting)
    theirs = [at for each, at in zip(ear.said, ear.times, strict=True) if isinstance(each, came)]
    assert theirs
    assert all(each >= before - 20 for each in theirs), "on one machine, within what an answer takes"
    assert all(each <= ear.now_ms() for each in ear.times)
    link = await pbx.link()
    stamps: list[str] = []
    link.answered = lambda _asked, stamp, _read: stamps.append(stamp)
    await link.spoken()
    await link.aclose()
    assert [stamped(each) > 0 for each in stamps] == [True]


async def test_an_offer_rings_connects_and_ends_with_the_phone(pbx: Pbx, ear: Ear) -> None:
    await pbx.phone(answer_ms=200, talk_ms=2_600, refuse=0)
    await pbx.caller()
    leg = await ear.waiting()
    ear.port.send([connect(leg, 11)])
    talk = await ear.hears(ev.Bridged)
    assert (talk.caller, talk.phone) == (leg, PHONE)
    await ear.hears(ev.LegEnded, lambda each: each.leg == leg)
    await ear.hears(ev.LegEnded, lambda each: each.leg == talk.phone_leg)
    kinds = (ev.DialBegan, ev.PhoneRang, ev.Bridged, ev.LegEnded)
    assert ear.order(*kinds) == list(kinds)
    of_the_caller = [
        each for each in ear.said if isinstance(each, (ev.CallEnds, ev.LegEnded)) and each.leg == leg
    ]
    assert of_the_caller == [ev.CallEnds(leg, "staff"), ev.LegEnded(leg, 16)], "who ended it comes first"
    ended = [each.leg for each in ear.said if isinstance(each, ev.LegEnded)]
    assert sorted(ended) == sorted([talk.phone_leg, leg]), "each once; which first is up to two threads"
    states = [each.state for each in ear.said if isinstance(each, ev.DeviceChanged) and each.phone == PHONE]
    assert "INUSE" in states


async def test_a_phone_that_answers_and_ends_at_once_gives_the_caller_back(pbx: Pbx, ear: Ear) -> None:
    await pbx.phone(answer_ms=100, talk_ms=100, refuse=0)
    await pbx.caller()
    leg = await ear.waiting()
    ear.port.send([connect(leg, 18)])
    talk = await ear.hears(ev.Bridged)
    ended = await ear.hears(ev.DialEnded)
    assert (ended.leg, ended.offer, ended.status) == (leg, 18, "ANSWER")
    assert (await ear.hears(ev.CallWaiting)).leg == leg
    assert (await ear.hears(ev.LegEnded)).leg == talk.phone_leg
    assert not any(isinstance(each, ev.LegEnded) and each.leg == leg for each in ear.said)


@pytest.mark.parametrize(("refuse", "cause", "status"), [(486, 17, "BUSY"), (603, 21, "CHANUNAVAIL")])
async def test_a_refusal_is_told_with_its_cause_and_the_caller_waits_again(
    pbx: Pbx, ear: Ear, refuse: int, cause: int, status: str
) -> None:
    await pbx.phone(answer_ms=0, talk_ms=None, refuse=refuse)
    await pbx.caller()
    leg = await ear.waiting()
    ear.port.send([connect(leg, 12)])
    ended = await ear.hears(ev.DialEnded)
    assert (ended.leg, ended.offer, ended.status) == (leg, 12, status)
    assert (await ear.hears(ev.LegEnded)).cause == cause
    assert (await ear.hears(ev.CallWaiting)).leg == leg


async def test_an_offer_of_an_older_term_is_refused(pbx: Pbx, ear: Ear) -> None:
    await pbx.caller()
    leg = await ear.waiting()
    ear.port.send([connect(leg, 13, TERM - 1)])
    ended = await ear.hears(ev.DialEnded)
    assert (ended.offer, ended.status) == (13, "STALE")
    assert not any(isinstance(each, ev.DialBegan) for each in ear.said)


async def test_a_ringing_offer_can_be_withdrawn(pbx: Pbx, ear: Ear) -> None:
    await pbx.phone(answer_ms=10_000, talk_ms=None, refuse=0)
    await pbx.caller()
    leg = await ear.waiting()
    ear.port.send([connect(leg, 14)])
    rang = await ear.hears(ev.PhoneRang)
    ear.said.clear()
    ear.port.send([Withdraw(15, leg)])
    assert (await ear.hears(ev.CallWaiting)).leg == leg
    assert (await ear.hears(ev.LegEnded)).leg == rang.phone_leg


async def test_an_offer_for_a_caller_who_is_gone_comes_back_as_failed(ear: Ear) -> None:
    ear.port.send([connect(ev.Leg(NODE, "1.1"), 16)])
    assert (await ear.hears(ev.CommandFailed)).command == 16


async def test_a_snapshot_shows_who_waits_and_who_talks(pbx: Pbx, ear: Ear) -> None:
    await pbx.phone(answer_ms=50, talk_ms=None, refuse=0)
    await pbx.caller()
    leg = await ear.waiting()
    ear.port.resync(linkup=False)
    waits = (await ear.hears(ev.PbxSnapshot)).legs
    assert [(each.leg, each.caller, each.context, each.phone) for each in waits] == [
        (leg, leg, "acd-hold", "")
    ]
    assert (waits[0].language, waits[0].concern) == CHOSEN
    ear.port.send([connect(leg, 17)])
    talk = await ear.hears(ev.Bridged)
    await ear.port.resynced()
    ear.said.clear()
    ear.port.resync(linkup=False)
    legs = {each.leg: each for each in (await ear.hears(ev.PbxSnapshot)).legs}
    assert set(legs) == {leg, talk.phone_leg}
    assert legs[talk.phone_leg].caller == leg
    assert legs[talk.phone_leg].phone == PHONE
    assert legs[leg].bridge == legs[talk.phone_leg].bridge != ""
