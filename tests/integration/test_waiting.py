"""Waiting on real calls: what callers are told, keys, the place kept, an emergency announcement."""

import shlex

from acd.demo.hotline import NUMBER, PROJECT
from tests.contract.conftest import Wire, keys
from tests.integration.conftest import Watched, state_of, waiting
from tests.integration.test_bad_input import acd

GUIDE = [
    shlex.split(line.removeprefix("acd "))
    for line in (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("acd announce ")
]
"""The guide's own commands: on, show, off."""
TOLD = "select * from announcement where visit = ? and sentence = ?"
NEWEST = "select * from (select * from visit order by id desc limit 1) where queued_at is not null"


async def someone_is_there(hotline: Watched) -> None:
    """Who speaks German, and takes no calls just now."""
    await hotline.sipp.phones([next(each.phone for each in hotline.centre.staff if each.id == "anna")])
    assert await hotline.ask("anna", "login") == 200
    await hotline.until("she is there", lambda board: state_of(board, "anna") == "ready")
    assert await hotline.ask("anna", "notready") == 200


async def test_who_waits_is_told_how_it_stands_and_again_by_key(hotline: Watched) -> None:
    await someone_is_there(hotline)
    await hotline.sipp.call(NUMBER, [*keys("tr"), (9_000, "*")], caller="02018895581")
    await hotline.until("one waits", lambda board: waiting(board) == 1)
    visit = (await hotline.row(NEWEST))["id"]
    await hotline.row(TOLD, visit, "nobody_language")
    how = "select * from announcement where visit = ? and (sentence like 'wait_%' or sentence like 'kind_%')"
    await hotline.row(how, visit, timeout_s=20)
    await hotline.no_drift()


async def test_the_menus_again_keep_the_place_and_change_the_need(hotline: Watched) -> None:
    await someone_is_there(hotline)
    anew = [(6_000, "0"), *((900, key) for _, key in keys("uk"))]
    await hotline.sipp.call(NUMBER, [*keys("tr"), *anew], caller="02018895582")
    await hotline.until("one waits", lambda board: waiting(board) == 1)
    first = await hotline.row(NEWEST)
    await hotline.until("in the menus", lambda board: board["in_menu"] == 1)
    await hotline.until("waits again", lambda board: waiting(board) == 1)
    after = await hotline.row("select * from visit where id = ? and language = 'uk'", first["id"])
    assert after["queued_at"] == first["queued_at"]
    await hotline.no_drift()


async def test_who_hangs_up_and_calls_again_has_their_place(hotline: Watched) -> None:
    await someone_is_there(hotline)
    await hotline.sipp.call(NUMBER, keys("en"), caller="02018895583", hang_up_ms=4_000)
    await hotline.until("one waits", lambda board: waiting(board) == 1)
    first = await hotline.row(NEWEST)
    await hotline.row("select * from visit where id = ? and outcome = 'abandoned_in_queue'", first["id"])
    await hotline.sipp.call(NUMBER, keys("en"), caller="02018895583")
    again = await hotline.row("select * from visit where rejoins = ?", first["id"])
    await hotline.row(TOLD, again["id"], "rejoined")


async def test_an_emergency_announcement_from_the_command_to_the_caller(hotline: Watched) -> None:
    """Who waits and who calls hears it; so does who calls while the daemon is dead; then it is off."""
    await someone_is_there(hotline)
    config = str(hotline.config)
    async with Wire(hotline) as wire:
        await hotline.sipp.call(NUMBER, keys("de"), hang_up_ms=120_000)
        await hotline.until("one waits", lambda board: waiting(board) == 1)
        visit = (await hotline.row(NEWEST))["id"]
        before = len(wire.frames)
        code, said = await acd(*GUIDE[0], "--config", config)
        assert (code, "on" in said) == (0, True), said
        own = await wire.sees(after=before, UserEvent="ACDSays", within_s=20)
        while "made_" not in own.get("Sound"):  # a slow machine: the stock sentence first
            own = await wire.sees(after=wire.frames.index(own) + 1, UserEvent="ACDSays", within_s=20)
        sound = own.get("Sound").rpartition("/")[2]
        assert await hotline.row(TOLD, visit, sound)
        kept = await hotline.row("select text from announcement_text where sound = ?", sound)
        assert kept["text"] == "de: Bei uns ist Feueralarm. Bitte rufen Sie später an."
        code, said = await acd(*GUIDE[1], "--config", config)
        assert "their own text: de" in said
        await hotline.stop_daemon(kill=True)
        await hotline.sipp.call(NUMBER, keys("tr")[:1], hang_up_ms=20_000)
        await wire.sees(UserEvent="ACDTells", Sound="acd/emergency_stock")
        await hotline.start_daemon()
        code, said = await acd("announce", "show", "--config", config)
        assert said.startswith("on"), said
        code, said = await acd(*GUIDE[2], "--config", config)
        assert (code, said.startswith("off")) == (0, True), said
        before = len(wire.frames)
        await hotline.sipp.call(NUMBER, keys("de"), hang_up_ms=3_000)
        await wire.sees(after=before, UserEvent="ACDWaiting", within_s=20)
        assert not [each for each in wire.frames[before:] if each.get("UserEvent") == "ACDTells"]


async def test_an_announcement_with_faults_says_all_of_them_and_changes_nothing(hotline: Watched) -> None:
    config = str(hotline.config)
    code, said = await acd(
        "announce", "on", "--config", config, "--text", "xx=Hallo", "--text", f"yy={'a' * 301}"
    )
    assert code != 0
    assert "texts.xx" in said
    assert said.count("texts.yy") == 2
    code, said = await acd("announce", "on", "--config", config, "--text", f"de={'a' * 301}")
    assert (code != 0, "texts.de" in said) == (True, True), said
    code, said = await acd("announce", "on", "--config", config, "--text", "ohne Sprache")
    assert (code != 0, "LANGUAGE=TEXT" in said) == (True, True), said
    assert (await acd("announce", "show", "--config", config))[1].startswith("off")
