"""Web hooks: what they tell, signed as the specification has it, delivered in order and never for ever."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from acd.alarmed import Cause, News, OpenAlarm
from acd.hooks.delivery import QUEUE_MAX, Delivery
from acd.hooks.service import Hooks
from acd.hooks.signed import headers, secret
from acd.hooks.told import VISITS_MAX, Told, Visits, moment
from config.load import SHIPPED, load
from config.tables.hook import Hook
from routing import events as ev
from routing import facts
from routing.policy import Callbacks
from routing.privacy import NONE
from tests.fakes.centre import NODE, POLICY, Bench

CENTRE = load(SHIPPED)
KEY = base64.b64encode(b"k" * 32).decode()
ALARM = OpenAlarm(Cause("it", "ar"), "longest_wait", 7, 9.0, 5.0, (("ar", "other"),), 0, 0, "Warum", "Why")
MINUTE = 60_000


class Receiver:
    """An HTTP server that keeps head and body of what it is sent, and answers with the next of `answers`."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[bytes] = []
        self.more = asyncio.Event()
        self.url = ""
        self.open: list[asyncio.StreamWriter] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
                named = {key.lower(): value for key, _, value in (line.partition(": ") for line in head)}
                self.came.append((named, await reader.readexactly(int(named["content-length"]))))
                answer = self.answers.pop(0) if self.answers else b"204 No Content"
                writer.write(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                self.more.set()
        writer.close()

    @asynccontextmanager
    async def on(self) -> AsyncIterator["Receiver"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/there"
        yield self
        server.close()
        for each in self.open:
            each.close()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(120):
            while len(self.came) < count:
                self.more.clear()
                await self.more.wait()

    def ids(self) -> list[str]:
        return [head["webhook-id"] for head, _ in self.came]


def kept(tmp_path: Path, text: str = f"whsec_{KEY}\n", mode: int = 0o600) -> Path:
    file = tmp_path / "secret"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


@asynccontextmanager
async def delivering(there: Receiver, tmp_path: Path, *pauses_s: float) -> AsyncIterator[Delivery]:
    out = Delivery("city", there.url, kept(tmp_path), lambda: 1_700_000_000.9, pauses_s)
    task = asyncio.create_task(out.run())
    yield out
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await out.close()


def service(bench: Bench, tmp_path: Path, hooks: dict[str, tuple[str, Any]]) -> Hooks:
    """Hooks of these names, addresses and events, whose secret is kept(); nothing may stand alone."""
    given = [
        Hook(name=name, url=url, secret_file="secret", tells=[tells]) for name, (url, tells) in hooks.items()
    ]
    return Hooks(
        CENTRE.model_copy(update={"base": tmp_path, "hook": given}),
        world=lambda: bench.engine.world,
        still=lambda: True,
        now_ms=lambda: bench.now,
        now_s=lambda: 5.0,
        apart=lambda: NONE,
    )


def told(number: int) -> Told:
    return Told("visit_ended", f"visit_ended-{number}", b'{"a": %d}' % number)


def test_the_signature_is_that_of_the_specification() -> None:
    """Its own published example, and the formula in other words."""
    key = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    mac = hmac.digest(key, b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}', "sha256")
    assert base64.b64decode(found["webhook-signature"][3:]) == mac


@pytest.mark.parametrize(
    "text", ["", KEY, "whsec_", "whsec_!", "whsec_ä", f"whsec_{KEY}{KEY}{KEY}", "whsec_AAAA"]
)
def test_a_secret_that_is_none_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^holds ") as caught:
        secret(text)
    assert KEY not in str(caught.value)


async def test_what_arrives_can_be_checked_and_comes_in_order(tmp_path: Path) -> None:
    async with Receiver().on() as there, delivering(there, tmp_path) as out:
        for number in range(3):
            out.put(told(number))
        await there.until(3)
        assert there.ids() == [f"visit_ended-{number}" for number in range(3)]
        for head, body in there.came:
            signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
            right = base64.b64encode(hmac.digest(b"k" * 32, signed, "sha256")).decode()
            assert head["webhook-signature"] == f"v1,{right}"
            assert head["webhook-timestamp"] == "1700000000"
        assert out.trouble == ""


async def test_what_fails_comes_again_under_the_same_id_and_then_is_given_up(tmp_path: Path) -> None:
    """A redirect is a failure too: it is not followed."""
    async with Receiver().on() as there, delivering(there, tmp_path, 0.0, 0.0) as out:
        there.answers = [
            b"500 No",
            b"302 Found\r\nLocation: /other",
            b"200 OK",
            b"410 Gone",
            b"404 No",
            b"404 No",
        ]
        for number in range(3):
            out.put(told(number))
        await there.until(7)
        assert there.ids() == [f"visit_ended-{number}" for number in (0, 0, 0, 1, 1, 1, 2)]
        assert out.given_up == 1


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        (f"whsec_{KEY}", 0o600, "answers with status 503"),
        (f"whsec_{KEY}", 0o640, "secret_file: others may read secret: chmod 600"),
        ("hello", 0o600, "secret_file: secret holds no secret: whsec_ and base64 are right"),
        (None, 0, "secret_file: secret cannot be read: No such file or directory"),
    ],
)
async def test_what_is_wrong_is_said_without_the_secret(
    text: str | None, mode: int, why: str, tmp_path: Path
) -> None:
    if text is not None:
        kept(tmp_path, text, mode)
    async with Receiver().on() as there:
        there.answers = [b"503 Later"]
        hooks = service(Bench(), tmp_path, {"city": (there.url, "alarm")})
        (way,) = hooks.ways
        assert (way.name, await way.tried(News(5, test=True))) == ("hook.city", why)
        await hooks.close()


async def test_who_cannot_be_reached_is_not_named(tmp_path: Path) -> None:
    kept(tmp_path)
    hooks = service(Bench(), tmp_path, {"city": ("http://127.0.0.1:9/private", "alarm")})
    (way,) = hooks.ways
    assert await way.tried(News(5, test=True)) == "cannot be reached (ConnectError)"
    await hooks.close()


async def test_the_queue_has_a_limit_and_the_oldest_goes(tmp_path: Path) -> None:
    out = Delivery("city", "http://127.0.0.1:9/", kept(tmp_path), lambda: 5.0)
    for number in range(QUEUE_MAX + 3):
        out.put(told(number))
    assert (out.given_up, out.trouble.partition(";")[0]) == (3, "too many messages wait")


def said(message: Told) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message.body)
    return found


def test_a_visit_that_ended_is_told_without_anybody(tmp_path: Path) -> None:
    bench = Bench()
    visits = Visits(lambda: frozenset({("de", "other")}))
    found: list[Told] = []
    bench.call("1", "de")
    bench.call("2", "ar")
    bench.now += MINUTE
    for uid in ("1", "2"):
        bench.tell(ev.LegEnded(ev.Leg(NODE, uid), 16))
    for effects in bench.effects:
        found += visits.ended(effects.facts)
    german, arabic = map(said, found)
    visit = german["data"].pop("visit")
    assert found[0].id == f"visit_ended-{visit}"
    assert german["type"] == "visit.ended"
    assert german["data"] | {"arrived": "", "waited_ms": 0} == {
        "language": "de",
        "concern": "other",
        "kind": "voice",
        "outcome": facts.ABANDONED_QUEUE,
        "arrived": "",
        "waited_ms": 0,
        "answered": False,
    }
    assert german["data"]["waited_ms"] >= MINUTE
    assert (arabic["data"]["language"], arabic["data"]["concern"]) == ("*", "*")


def test_a_daemon_that_begins_knows_who_is_there_already(tmp_path: Path) -> None:
    bench = Bench()
    bench.call("1", "tr")
    visits = Visits(lambda: None)
    visits.begin(bench.engine.world)
    (message,) = visits.ended(bench.tell(ev.LegEnded(ev.Leg(NODE, "1"), 16)).facts)
    assert (said(message)["data"]["language"], said(message)["data"]["waited_ms"]) == ("tr", 1)


def test_so_many_visits_are_followed_and_the_oldest_is_forgotten() -> None:
    visits = Visits(lambda: None)
    for number in range(VISITS_MAX + 1):
        visits.ended([facts.VisitBegan(5, number, None, "line", 5, False)])
    (first,) = visits.ended([facts.VisitEnded(9, 0, facts.CLOSED, "pbx", "")])
    (last,) = visits.ended([facts.VisitEnded(9, VISITS_MAX, facts.CLOSED, "pbx", "")])
    assert (said(first)["data"]["kind"], said(last)["data"]["kind"]) == ("", "voice")


def test_a_callback_is_due_once_for_each_time(tmp_path: Path) -> None:
    bench = Bench(POLICY._replace(callbacks=Callbacks()))
    visits, world = Visits(lambda: None), bench.engine.world
    bench.tell(ev.CallbackWished("t1", "de", "other", "", bench.now + MINUTE, bench.now + 9 * MINUTE))
    assert visits.due(world, bench.now) == []
    (message,) = visits.due(world, bench.now + MINUTE)
    (visit,) = world.visits.values()
    assert message.id == f"callback_due-{visit.id}-0"
    assert said(message)["data"]["language"] == "de"
    assert visits.due(world, bench.now + 2 * MINUTE) == []
    visit.attempts = 1
    assert [each.id for each in visits.due(world, bench.now + 3 * MINUTE)] == [f"callback_due-{visit.id}-1"]
    world.open = False
    visit.attempts = 2
    assert visits.due(world, bench.now + 4 * MINUTE) == []


def test_a_callback_is_due_from_the_moment_on_at_which_its_turn_comes() -> None:
    bench = Bench(POLICY._replace(callbacks=Callbacks()))
    visits, world = Visits(lambda: frozenset()), bench.engine.world
    bench.tell(ev.CallbackWished("t1", "de", "other", "", bench.now + MINUTE, bench.now + 9 * MINUTE))
    (visit,) = world.visits.values()
    assert visits.due(world, visit.due_ms - 1) == []
    (message,) = visits.due(world, visit.due_ms)
    assert said(message)["data"] == {
        "language": "*",
        "concern": "*",
        "visit": visit.id,
        "kind": "web",
        "attempts": 0,
        "wanted_until": moment(visit.until_ms),
    }


def test_of_an_answered_visit_the_wait_ends_with_the_first_talk() -> None:
    """A talk that broke and another one after it make it no longer."""
    visits = Visits(lambda: None)
    (message,) = visits.ended(
        [
            facts.VisitBegan(1_000, 7, None, "line", 1_000, False),
            facts.NeedKnown(1_000, 7, "de", "other", ""),
            facts.Queued(2_000, 7, 2_000),
            facts.TalkBegan(9_000, 7, "amal", 1),
            facts.TalkEnded(20_000, 7, "amal"),
            facts.TalkBegan(30_000, 7, "birgit", 2),
            facts.VisitEnded(40_000, 7, facts.ANSWERED, facts.BY_CALLER, ""),
        ]
    )
    assert (said(message)["data"]["waited_ms"], said(message)["data"]["answered"]) == (7_000, True)


@pytest.mark.parametrize(
    ("language", "concern", "shown"),
    [("de", "other", ("de", "other")), ("de", "", ("*", "*")), ("", "other", ("*", "*")), ("", "", ("", ""))],
)
def test_a_need_that_is_half_known_may_not_stand_alone(
    language: str, concern: str, shown: tuple[str, str]
) -> None:
    """Few may speak the language: before the concern is known nobody can say that it is many. Nothing known
    tells nothing."""
    visits = Visits(lambda: frozenset({("de", "other")}))
    (message,) = visits.ended(
        [
            facts.VisitBegan(1_000, 7, None, "line", 1_000, False),
            facts.NeedKnown(1_000, 7, language, concern, ""),
            facts.VisitEnded(40_000, 7, facts.ABANDONED_MENU, facts.BY_CALLER, ""),
        ]
    )
    assert (said(message)["data"]["language"], said(message)["data"]["concern"]) == shown


async def test_each_hook_hears_what_it_asks_for(tmp_path: Path) -> None:
    bench = Bench()
    kept(tmp_path)
    async with Receiver().on() as one, Receiver().on() as two:
        hooks = service(bench, tmp_path, {"one": (one.url, "alarm"), "two": (two.url, "visit_ended")})
        running = asyncio.create_task(hooks.run())
        for way in hooks.ways:
            way.tell(News(9, (ALARM,)))
        hooks.facts(1, bench.call("1").facts)
        hooks.facts(2, bench.tell(ev.LegEnded(ev.Leg(NODE, "1"), 16)).facts)
        await one.until(1)
        await two.until(1)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    (alarm,) = (json.loads(body) for _, body in one.came)
    assert (alarm["type"], alarm["data"]["language"], alarm["data"]["value"]) == ("alarm.raised", "*", 5.0)
    assert [json.loads(body)["type"] for _, body in two.came] == ["visit.ended"]
