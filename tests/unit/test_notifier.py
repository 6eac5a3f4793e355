"""Alarms by mail and otherwise: sent by Apprise for real, to servers on loopback, to each address once."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email import message_from_string, policy
from pathlib import Path

import pytest

from acd.alarmed import Cause, News, OpenAlarm
from acd.alarms import notifier
from acd.alarms.notifier import QUEUE_MAX, Notifier
from acd.alarms.wording import LINES_MAX, message
from config.load import SHIPPED, load
from config.schema import Centre
from config.tables.alarm import Notify

CENTRE = load(SHIPPED)
NOON = 1_774_350_000_000
"""A Tuesday in March 2026, 12:00 in Essen."""
LONG = OpenAlarm(
    Cause("waits", "ar"),
    "longest_wait",
    NOON,
    12.0,
    10.0,
    (("ar", "study"),),
    2,
    0,
    "Jemand wartet",
    "Somebody waits",
)
PART = OpenAlarm(Cause("off", part="link"), "parts", NOON, 1.0, 1.0, (), 0, 0, "Es steht", "It stands")


class Receiver:
    """An HTTP server that keeps what it is sent, by path; a path in `broken` answers 500."""

    def __init__(self) -> None:
        self.came: list[tuple[str, dict[str, str]]] = []
        self.broken: set[str] = set()
        self.more = asyncio.Event()
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        length = next(
            int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")
        )
        self.came.append((path, json.loads(await reader.readexactly(length))))
        self.more.set()
        status = b"500 No" if path in self.broken else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def on(self) -> AsyncIterator["Receiver"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def until(self, count: int) -> None:
        async with asyncio.timeout(120):
            while len(self.came) < count:
                self.more.clear()
                await self.more.wait()

    def titles(self, path: str) -> list[str]:
        return [said["title"].partition(": ")[2] for there, said in self.came if there == path]


def centre(tmp_path: Path, *lines: str, language: str = "en") -> Centre:
    file = tmp_path / "addresses"
    file.write_text("\n".join(("# whom to tell", "", *lines)), encoding="utf-8")
    file.chmod(0o600)
    return CENTRE.model_copy(
        update={"notify": Notify(addresses_file=str(file), language=language)}  # type: ignore[arg-type]
    )


@asynccontextmanager
async def running(sending: Notifier) -> AsyncIterator[None]:
    task = asyncio.create_task(sending.run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_it_says_in_words_what_is_raised_and_what_is_over() -> None:
    said = message(News(NOON, (LONG, PART), (PART,)), CENTRE, "en")
    assert said.title == "Welcome- und ServiceCenter Essen: Alarm: Somebody waits and 2 more"
    assert said.text == (
        "Alarm:\n"
        "- Somebody waits\n"
        "  Longest wait 12 min (limit 10 min): العربية, Studies and 2 more (since 12:00)\n"
        "- It stands\n"
        "  In the program: No connection to the telephone system. (since 12:00)\n\n"
        "Over:\n"
        "- It stands"
    )
    german = message(News(NOON, (), (LONG,)), CENTRE, "de")
    assert (german.title.partition(": ")[2], german.text) == (
        "Vorbei: Jemand wartet",
        "Vorbei:\n- Jemand wartet",
    )
    many = message(News(NOON, (LONG,) * (LINES_MAX + 5)), CENTRE, "en")
    assert many.text.count("Somebody waits") == LINES_MAX
    assert many.text.endswith("- and 5 more")


async def test_what_did_not_reach_one_is_sent_again_to_that_one_alone_and_in_order(tmp_path: Path) -> None:
    """The second fails at first. Nobody hears anything twice, or that it is over before it was raised."""
    async with Receiver().on() as there:
        there.broken.add("/b")
        urls = [f"json://127.0.0.1:{there.port}/{path}" for path in ("a", "b")]
        sending = Notifier(lambda: centre(tmp_path, *urls), retry_s=(0.3,) * 50)
        async with running(sending):
            sending.tell(News(NOON, (LONG,)))
            await there.until(2)
            sending.tell(News(NOON, (), (LONG,)))
            await there.until(3)
            assert (there.titles("/a"), there.titles("/b")[:1]) == (
                ["Alarm: Somebody waits", "Over: Somebody waits"],
                ["Alarm: Somebody waits"],
            )
            there.broken.clear()
            async with asyncio.timeout(120):
                while "Over: Somebody waits" not in there.titles("/b"):
                    there.more.clear()
                    await there.more.wait()
        assert there.titles("/a") == ["Alarm: Somebody waits", "Over: Somebody waits"]
        assert [
            each for i, each in enumerate(there.titles("/b")) if i == 0 or each != there.titles("/b")[i - 1]
        ] == [
            "Alarm: Somebody waits",
            "Over: Somebody waits",
        ]


async def test_after_some_tries_it_is_given_up_and_told_of_without_the_address(tmp_path: Path) -> None:
    async with Receiver().on() as there:
        there.broken.add("/secret")
        sending = Notifier(lambda: centre(tmp_path, f"json://127.0.0.1:{there.port}/secret"), retry_s=(0.0,))
        async with running(sending):
            sending.tell(News(NOON, (LONG,)))
            await there.until(2)
            async with asyncio.timeout(120):
                while not sending.given_up:  # noqa: ASYNC110 its process ends after the receiver has answered
                    await asyncio.sleep(0.01)
        assert sending.trouble == "address 1 was not reached; messages given up since the start: 1"


async def test_a_test_says_what_came_of_it(tmp_path: Path) -> None:
    async with Receiver().on() as there:
        urls = (f"json://127.0.0.1:{there.port}/a", "nothing://that/is/known", "json://127.0.0.1:9/b")
        sending = Notifier(lambda: centre(tmp_path, *urls))
        said = await sending.tried(News(NOON, test=True))
        assert said == "address 2 is none that Apprise knows; address 3 was not reached"
        assert there.titles("/a") == ["Test of the alarms"]
        assert await Notifier(lambda: centre(tmp_path, urls[0])).tried(News(NOON, test=True)) == "ok"
    assert await Notifier(lambda: CENTRE).tried(News(NOON, test=True)) == ""


async def test_an_address_that_does_not_answer_keeps_no_other_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(notifier, "TEST_S", 8.0)
    async with Receiver().on() as there, await asyncio.start_server(silent, "127.0.0.1", 0) as mute:
        port = mute.sockets[0].getsockname()[1]
        urls = (f"json://127.0.0.1:{port}/?rto=30&cto=30", f"json://127.0.0.1:{there.port}/a")
        said = await Notifier(lambda: centre(tmp_path, *urls)).tried(News(NOON, test=True))
        assert said == "address 1 took more than 8 s"
        assert there.titles("/a") == ["Test of the alarms"]


@pytest.mark.parametrize(
    ("mode", "lines", "why"),
    [
        (0o644, ("json://127.0.0.1/",), "holds passwords and others may read it: chmod 600"),
        (0o600, (), "holds 0 addresses; 1 to 50 are right"),
        (0o600, ("json://127.0.0.1/",) * 51, "holds 51 addresses; 1 to 50 are right"),
        (None, (), "cannot be read: No such file or directory"),
    ],
)
async def test_a_file_that_cannot_be_used_is_said(
    mode: int | None, lines: tuple[str, ...], why: str, tmp_path: Path
) -> None:
    described = centre(tmp_path, *lines)
    file = tmp_path / "addresses"
    file.chmod(mode) if mode is not None else file.unlink()
    said = await Notifier(lambda: described).tried(News(NOON, test=True))
    assert said == f"notify.addresses_file: addresses {why}"


async def test_the_queue_has_a_limit_and_the_oldest_goes(tmp_path: Path) -> None:
    sending = Notifier(lambda: centre(tmp_path, "json://127.0.0.1:9/"))
    for _ in range(QUEUE_MAX + 3):
        sending.tell(News(NOON, (LONG,)))
    assert (sending.given_up, sending.trouble.partition(";")[0]) == (3, "too many messages wait")


async def test_a_mail_arrives_as_mail(tmp_path: Path) -> None:
    """A mail server as RFC 5321 has it, as far as one mail needs it."""
    mails: list[str] = []

    async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test ESMTP\r\n")
        while line := (await reader.readline()).decode().strip().upper():
            if line == "DATA":
                writer.write(b"354 go on\r\n")
                data = (await reader.readuntil(b"\r\n.\r\n")).decode()
                mails.append(data.removesuffix(".\r\n"))
            writer.write(b"221 bye\r\n" if line == "QUIT" else b"250 ok\r\n")
            if line == "QUIT":
                break
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(smtp, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"mailto://127.0.0.1:{port}?mode=insecure&from=acd@example.org&to=lead@example.org"
        described = centre(tmp_path, url, language="de")
        assert await Notifier(lambda: described).tried(News(NOON, test=True)) == "ok"
    mail = message_from_string(mails[0], policy=policy.default)
    assert mail["To"].addresses[0].addr_spec == "lead@example.org"
    assert mail["Subject"] == "Welcome- und ServiceCenter Essen: Test der Alarme"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Es ist nichts geschehen." in body.get_content()
