"""A recorded talk from the question to its end in the records and its erasure, with the real daemon."""

import asyncio
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from acd.demo.hotline import NUMBER
from routing import events as ev
from tests.contract.conftest import Wire
from tests.integration.conftest import QUICK, SOURCE, Watched, state_of
from tests.integration.test_bad_input import acd
from tests.integration.test_calls import LAST, newest
from tests.voices import Caller, heard

NUMBER_OF_CALLER = "02018812345"
UKRAINIAN = ((0.3, "5"), (0.6, "9"))
RECORDING = {"enabled": True, "agreement": "Dienstvereinbarung 7 vom 1.3.2026", "folder": "recordings"}
STEPS = "select what, by from recording where visit = ? order by id"


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Watched]:
    async with Watched(SOURCE, QUICK | {"recording": RECORDING}) as hotline:
        text = hotline.config.read_text(encoding="utf-8")
        there = str(hotline.asterisk.recordings)
        hotline.config.write_text(text.replace('"recordings"', f'"{there}"'), encoding="utf-8")
        yield hotline


@pytest.fixture
async def hotline(running: Watched) -> AsyncIterator[Watched]:
    """With daryna at her phone, who says a tone, and ends each talk after a while."""
    if running.daemon is None or running.daemon.returncode is not None:
        await running.start_daemon()
    await running.sipp.phones(["p06"], answer_ms=300, talk_ms=4_000, tone_hz=1000)
    yield running
    await running.sipp.end_all()
    await running.asterisk.cli("channel request hangup all")


async def on_duty(hotline: Watched) -> None:
    await hotline.ask("daryna", "login")
    await hotline.until("ready", lambda b: state_of(b, "daryna") == "ready")


@asynccontextmanager
async def calling(hotline: Watched, answer: str) -> AsyncIterator[Caller]:
    """Somebody chooses a language and a concern, hears the question to its end, and answers by key."""
    pbx = hotline.centre.pbx
    question = hotline.asterisk.folder / "data/sounds/uk/acd/consent_question.wav"
    with wave.open(str(question)) as sound:
        question_s = sound.getnframes() / sound.getframerate()
    keys: Sequence[tuple[float, str]] = (*UKRAINIAN, (question_s + 0.8, answer))
    async with Caller((pbx.sip_address, pbx.sip_port), NUMBER, NUMBER_OF_CALLER) as caller:
        for pause_s, key in keys:
            await asyncio.sleep(pause_s)
            await caller.voice.presses(key)
        yield caller


def steps(hotline: Watched, visit: int) -> list[tuple[str, str]]:
    return [(row["what"], row["by"]) for row in hotline.rows(STEPS, visit)]


def files(hotline: Watched, call: str) -> list[Path]:
    return [each for each in hotline.asterisk.recordings.iterdir() if each.name.startswith(f"{call}-")]


async def test_a_yes_a_recording_and_its_erasure_stand_in_the_records(hotline: Watched) -> None:
    before = newest(hotline)
    await on_duty(hotline)
    async with calling(hotline, "1") as caller:
        caller.voice.says(440)
        row = await hotline.row(LAST, before, timeout_s=30)
    assert (row["language"], row["concern"], row["outcome"]) == ("uk", "registration", "answered")
    assert (row["answered_by"], row["ended_by"], row["offers"]) == ("daryna", "staff", 1)
    assert row["consent"] == "yes"
    assert steps(hotline, row["id"]) == [("consented", "caller"), ("started", "")]
    (file,) = files(hotline, row["call"])
    offer = hotline.rows("select id from offer where visit = ?", row["id"])[0]
    assert f"-{offer['id']}-" in file.name
    found = await heard(file)
    assert min(found[440], found[1000]) > 1
    await hotline.no_drift()
    code, said = await acd("privacy", "erase", "--config", str(hotline.config), answer=NUMBER_OF_CALLER)
    assert (code, "deleted: 1 recordings of talks and messages" in said) == (0, True)
    assert not files(hotline, row["call"])


async def test_who_takes_it_back_in_the_talk_has_withdrawn(hotline: Watched) -> None:
    before = newest(hotline)
    await on_duty(hotline)
    async with calling(hotline, "1") as caller:
        await hotline.row(
            "select * from recording where what = 'started' and visit > ?", before, timeout_s=30
        )
        await caller.voice.presses("*2*1")
        row = await hotline.row(LAST, before, timeout_s=30)
    assert row["consent"] == "withdrawn"
    assert steps(hotline, row["id"]) == [
        ("consented", "caller"),
        ("started", ""),
        ("paused", "caller"),
        ("stopped", "caller"),
    ]


@pytest.mark.parametrize(("answer", "consent"), [("1", "withdrawn"), ("2", "no")])
async def test_what_was_said_while_the_daemon_was_dead_is_known_when_it_is_back(
    hotline: Watched, answer: str, consent: str
) -> None:
    before = newest(hotline)
    await on_duty(hotline)
    await hotline.stop_daemon(kill=True)
    async with Wire(hotline) as wire, calling(hotline, answer) as caller:
        talk = await wire.hears(ev.Bridged, within_s=30)
        await caller.voice.presses("*1")
        await caller.over()
    assert len(files(hotline, talk.caller.uid)) == (answer == "1")
    await hotline.start_daemon()
    row = await hotline.row(LAST, before)
    assert (row["outcome"], row["degraded"], row["consent"]) == ("answered", 1, consent)
    yes = [("consented", "caller"), ("started", ""), ("stopped", "caller")]
    assert steps(hotline, row["id"]) == (yes if answer == "1" else [("refused", "caller")])
