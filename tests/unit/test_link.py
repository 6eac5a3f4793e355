"""The link against a server that does wrong: each fault of the library below it has its guard here."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from acd.pbx.codec import BadValue
from acd.pbx.link import LOOKS, PING_S, AmiLink, AskFailed, LinkLost, LoginRefused, patience
from acd.pbx.supervisor import Supervisor
from tests.fakes.ami import Action, FakeAmi


async def connect(ami: FakeAmi, secret: str = "right", **limits: float) -> AmiLink:
    return await AmiLink.connect("127.0.0.1", ami.port, "acd", secret, **limits)  # type: ignore[arg-type]


@pytest.fixture
async def ami() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as server:
        yield server


async def test_a_wrong_secret_is_said_at_once(ami: FakeAmi) -> None:
    with pytest.raises(LoginRefused, match="refuses the AMI user 'acd'"):
        await connect(ami, "wrong")
    assert len(ami.got) == 1


async def test_a_login_that_never_ends_has_a_deadline() -> None:
    async with FakeAmi(booted=False) as ami:
        with pytest.raises(TimeoutError):
            await connect(ami, login_s=0.1)


async def test_a_lost_connection_fails_every_waiter_with_the_first_cause() -> None:
    def answer(action: Action, server: FakeAmi) -> None:
        if action["Action"] == "Status":
            server.say(Response="Success", ActionID=action["ActionID"], EventList="start")
            server.say(Event="Status", ActionID=action["ActionID"])
            server.drop()

    async with FakeAmi(answer) as ami:
        link = await connect(ami)
        told: list[str] = []
        link.send([({"Action": "Setvar"}, told.append)])
        waiting = [asyncio.ensure_future(link.ask({"Action": "Getvar"})), asyncio.ensure_future(link.next())]
        with pytest.raises(LinkLost, match="closed the connection"):
            await link.ask_list({"Action": "Status"})
        for each in waiting:
            with pytest.raises(LinkLost, match="closed the connection"):
                await each
        assert told == [link.cause]
        with pytest.raises(LinkLost):
            await link.ask({"Action": "Ping"})
        await link.aclose()


async def test_nothing_is_sent_again_after_a_loss(ami: FakeAmi) -> None:
    first = await connect(ami)
    first.send([({"Action": "Redirect"}, lambda _: None)])
    await first.ask({"Action": "Ping"})
    ami.drop()
    with pytest.raises(LinkLost):
        await first.next()
    await first.aclose()
    second = await connect(ami)
    await second.ask({"Action": "Ping"})
    assert [each["Action"] for each in ami.got].count("Redirect") == 1
    await second.aclose()


async def test_the_library_keeps_no_unanswered_action_for_a_next_connection() -> None:
    """Guard 2: whichever way a connection ends, panoramisk's own included, nothing waits to be replayed."""
    async with FakeAmi(lambda _action, _ami: None) as ami:
        link = await connect(ami)
        asked = asyncio.ensure_future(link.ask({"Action": "Redirect"}))
        await asyncio.sleep(0)
        assert link._protocol is not None
        assert len(link._protocol.responses) > 0
        link._protocol.close()
        assert list(link._manager.awaiting_actions) == []
        link.lose("test")
        await asyncio.gather(asked, return_exceptions=True)
        await link.aclose()


async def test_a_list_is_put_together_in_either_order() -> None:
    def answer(action: Action, server: FakeAmi) -> None:
        key = action["ActionID"]
        server.say(Event="Status", ActionID=key, Uniqueid="1")
        server.say(Event="StatusComplete", ActionID=key, EventList="Complete")
        server.say(Event="Hangup", Uniqueid="9")
        server.say(Response="Success", ActionID=key, EventList="start")

    async with FakeAmi(answer) as ami:
        link = await connect(ami)
        assert [each.get("Uniqueid") for each in await link.ask_list({"Action": "Status"})] == ["1"]
        assert (await link.next()).get("Event") == "Hangup"
        await link.aclose()


async def test_an_error_ends_a_list_and_a_question() -> None:
    def answer(action: Action, server: FakeAmi) -> None:
        server.say(Response="Error", ActionID=action["ActionID"], Message="Permission denied")

    async with FakeAmi(answer) as ami:
        link = await connect(ami)
        told: list[str] = []
        with pytest.raises(AskFailed, match="Permission denied"):
            await link.ask_list({"Action": "Status"})
        with pytest.raises(AskFailed, match="Permission denied"):
            await link.ask({"Action": "Getvar"})
        link.send([({"Action": "Redirect"}, told.append)])
        await link.ask({"Action": "Ping"})
        assert told == ["Permission denied"]
        await link.aclose()


async def test_an_answer_that_never_comes_leaves_nothing_behind(ami: FakeAmi) -> None:
    link = await connect(ami)
    with pytest.raises(AskFailed, match="no answer within"):
        await link.ask({"Action": "Getvar"}, 0.05)
    with pytest.raises(AskFailed, match="did not end within"):
        await link.ask_list({"Action": "Status"}, 0.05)
    assert link._protocol is not None
    assert link._protocol.responses == {}
    assert len(link._lists) == 0
    await link.aclose()


async def test_a_peer_that_says_nothing_is_dead() -> None:
    async with FakeAmi() as ami:
        link = await connect(ami, ping_s=0.05)
        ami.mute = True
        async with asyncio.timeout(10):
            with pytest.raises(LinkLost, match="said nothing"):
                await link.next()
        await link.aclose()


async def test_a_redirect_without_an_answer_makes_silence_short() -> None:
    """It may come too late: with the link the bytes that were not taken are thrown away."""
    seconds = []
    for action in ("Setvar", "Redirect"):
        async with FakeAmi() as ami:
            link = await connect(ami, ping_s=0.5)
            ami.mute = True
            link.send([({"Action": action, "Channel": "1.1"}, lambda _why: None)])
            began = asyncio.get_running_loop().time()
            with pytest.raises(LinkLost, match="said nothing"):
                await link.next()
            seconds.append(asyncio.get_running_loop().time() - began)
            await link.aclose()
    assert seconds[1] < seconds[0] / 2


def test_silence_is_noticed_within_four_seconds_while_offers_are_open() -> None:
    """Looking twice included: to ask, and to see that no answer came."""
    assert sum(patience(PING_S, True)) + 2 * PING_S / LOOKS <= 4.0
    assert sum(patience(PING_S, False)) == 10.0


async def test_too_many_events_cut_the_link_and_lose_none_silently(ami: FakeAmi) -> None:
    link = await connect(ami, fifo_max=10)
    for i in range(11):
        ami.say(Event="Hangup", Uniqueid=str(i))
    with pytest.raises(LinkLost, match="10 events wait"):
        await link.ask({"Action": "Ping"})
    assert [(await link.next()).get("Uniqueid") for _ in range(10)] == [str(i) for i in range(10)]
    await link.aclose()


async def test_broken_frames_and_odd_bytes_do_not_stop_the_link(ami: FakeAmi) -> None:
    link = await connect(ami)
    ami.send(b"nonsense\r\n\r\n\r\n\r\nEvent\r\n\r\n: x\r\n\r\n")
    ami.send(b"Event: Hangup\r\nCallerIDName: \xff\xfe" + b"A" * 10_000 + b"\x07\r\n\r\n")
    found = await link.next()
    assert found.get("Event") == "Hangup"
    assert found.get("CallerIDName").isprintable()
    assert len(found.get("CallerIDName")) == 1024
    await link.aclose()


async def test_an_originate_is_always_asynchronous_and_its_outcome_is_an_event() -> None:
    def answer(action: Action, server: FakeAmi) -> None:
        server.say(Response="Success", ActionID=action["ActionID"], Message="Originate successfully queued")
        server.say(Event="OriginateResponse", ActionID=action["ActionID"], Response="Failure")

    async with FakeAmi(answer) as ami:
        link = await connect(ami)
        await link.ask({"Action": "Originate", "Channel": "PJSIP/p01"})
        assert ami.got[-1]["Async"] == "true"
        assert (await link.next()).get("Event") == "OriginateResponse"
        await link.aclose()


async def test_no_value_injects_an_action(ami: FakeAmi) -> None:
    link = await connect(ami)
    with pytest.raises(BadValue):
        await link.ask({"Action": "Setvar", "Value": "x\r\nAction: Originate"})
    assert len(ami.got) == 1
    await link.aclose()


async def test_the_supervisor_takes_up_a_new_link_and_waits_longer_each_time() -> None:
    slept: list[float] = []
    ups: list[int] = []
    downs: list[str] = []
    done = asyncio.Event()

    async with FakeAmi() as ami:

        async def link() -> AmiLink:
            if len(slept) < 3:
                raise OSError("no route")
            return await connect(ami)

        async def up(_: AmiLink) -> None:
            ups.append(len(slept))
            if len(ups) == 1:
                ami.drop()
            else:
                done.set()

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        supervisor = Supervisor(link, up, lambda _: None, downs.append, jitter=lambda: 1.0, sleep=sleep)
        running = asyncio.ensure_future(supervisor.run())
        await asyncio.wait_for(done.wait(), 5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert slept[:3] == [0.25, 0.5, 1.0]
    assert ups == [3, 4]
    assert "closed the connection" in downs[0]
