"""A running daemon takes a new file whole, or not at all and with every reason."""

import asyncio
import signal
import tomllib
from collections.abc import Iterator

import pytest
import tomli_w

from acd.demo.hotline import NUMBER
from acd.demo.sipp import Sipp
from acd.pbx.secrets import own
from tests.integration.conftest import Watched, waiting
from tests.integration.test_bad_input import acd
from tests.integration.test_calls import GERMAN_OTHER, LAST, newest


@pytest.fixture
def file(hotline: Watched) -> Iterator[str]:
    text = hotline.config.read_text(encoding="utf-8")
    yield text
    hotline.config.write_text(text, encoding="utf-8")


async def reload(hotline: Watched) -> tuple[int, list[str]]:
    async with hotline.client() as client:
        answer = await client.post("/api/reload")
        said = answer.json()
        return answer.status_code, said.get("detail", [])


async def test_a_file_with_faults_is_refused_whole_with_all_of_them(hotline: Watched, file: str) -> None:
    begun = "select n from (select count(*) as n from incident where kind = 'RulesChanged') where n >= 2"
    before = (await hotline.row(begun))["n"]
    broken = file.replace("wrap_up_seconds = 1", "wrap_up_seconds = -1").replace(
        "owner_seconds = 20", 'owner_seconds = "soon"'
    )
    assert broken.count("-1") > file.count("-1")
    hotline.config.write_text(broken, encoding="utf-8")
    code, faults = await reload(hotline)
    assert code == 422
    assert any("staffing.wrap_up_seconds" in each for each in faults)
    assert any("routing.owner_seconds" in each for each in faults)
    after = hotline.rows("select count(*) as n from incident where kind = 'RulesChanged'")[0]["n"]
    assert after == before


async def test_a_hang_up_signal_has_the_file_read_again_and_says_what_came_of_it(
    hotline: Watched, file: str
) -> None:
    said = hotline.log.read_text().count("reloaded")
    assert hotline.daemon is not None
    for text, wanted in (
        (file.replace("wrap_up_seconds = 1", "wrap_up_seconds = -1"), "staffing.wrap_up_seconds"),
        (
            file.replace("wrap_up_seconds = 1", "wrap_up_seconds = 2"),
            'event=reloaded said="in force now: staffing.wrap_up_seconds; ',
        ),
    ):
        hotline.config.write_text(text, encoding="utf-8")
        hotline.daemon.send_signal(signal.SIGHUP)
        async with asyncio.timeout(10):
            while (text := hotline.log.read_text()).count("reloaded") <= said or wanted not in text:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        said = hotline.log.read_text().count("reloaded")
    assert hotline.daemon.returncode is None
    hotline.config.write_text(file, encoding="utf-8")
    assert (await reload(hotline))[0] == 200


async def readyz(hotline: Watched) -> tuple[int, str]:
    async with hotline.client() as client:
        answer = await client.get("/readyz")
        return answer.status_code, answer.json()["dialplan"]


async def test_a_new_phone_is_shown_as_missing_until_asterisk_has_it(hotline: Watched, file: str) -> None:
    """The daemon itself may not write Asterisk's files: the administrator's command does, and it says so. Who
    waits meanwhile waits on."""
    where = ("--config", str(hotline.config))
    raw = tomllib.loads(file)
    jonas = next(each for each in raw["staff"] if each["id"] == "jonas")
    raw["staff"].append({**jonas, "id": "zoe", "name": "Zoe", "phone": "p77"})
    raw["staffing"]["wrap_up_seconds"] += 1
    raw["web"]["hosts"] = ["hotline.example.org"]
    hotline.config.write_text(tomli_w.dumps(raw), encoding="utf-8")
    command = f"run acd pbx render --config {hotline.config}"
    async with hotline.client() as client:
        said = (await client.post("/api/reload")).json()
        assert said["now"] == ["staff.zoe", "staffing.wrap_up_seconds"]
        assert (said["render"], said["restart"]) == (["staff.zoe"], ["web.hosts"])
        assert said["asterisk"].endswith(f"older than the configuration (phones): {command}")
        assert (await client.get("/api/board")).json()["trouble"]["dialplan"] == said["asterisk"]
    assert await readyz(hotline) == (503, said["asterisk"])
    before = newest(hotline)
    call = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await hotline.until("waits", lambda b: waiting(b) == 1)
    code, told = await acd("pbx", "render", *where)
    assert (code, "Asterisk has taken them" in told) == (0, True), told
    assert await readyz(hotline) == (200, "ok")
    pbx = hotline.centre.pbx
    sipp = Sipp(pbx.sip_address, pbx.sip_port, own(hotline.folder / "var" / "secrets.toml", []).phones)
    try:
        await sipp.phones(["p77"], talk_ms=400)
        await hotline.ask("zoe", "login")
        await call.finished()
        assert (await hotline.row(LAST, before))["answered_by"] == "zoe"
        await hotline.ask("zoe", "logout")
    finally:
        await sipp.close()
    hotline.config.write_text(file, encoding="utf-8")
    code, told = await acd("reload", *where)
    assert code == 0, told
    assert "in force now: staff.zoe, staffing.wrap_up_seconds\nAsterisk has to know too: staff.zoe\n" in told
    assert "Asterisk has taken them" in told
    assert await readyz(hotline) == (200, "ok")


async def test_a_reload_that_is_refused_says_so_on_the_command_line(hotline: Watched, file: str) -> None:
    hotline.config.write_text(file.replace('code = "uk"', 'code = "UK"'), encoding="utf-8")
    code, said = await acd("reload", "--config", str(hotline.config))
    assert (code, "language.UK.code" in said) == (2, True), said


async def test_what_a_shadow_policy_would_have_done_is_listed_and_not_done(
    hotline: Watched, file: str
) -> None:
    other = hotline.config.parent / "other.toml"
    other.write_text(file.replace('"concern",\n', "").replace('"concern", ', ""), encoding="utf-8")
    hotline.config.write_text(
        file.replace("[routing]\n", '[routing]\nshadow = "other.toml"\n', 1), encoding="utf-8"
    )
    assert (await reload(hotline))[0] == 200
    await hotline.sipp.phones(["p04", "p10"], talk_ms=400)
    for person in ("birgit", "jonas"):
        await hotline.ask(person, "login")
    before = newest(hotline)
    call = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await call.finished()
    row = await hotline.row(LAST, before)
    assert row["answered_by"] == "birgit"
    async with hotline.client() as client:
        newest_first = (await client.get("/api/shadow")).json()
    mine = [each for each in newest_first if each["live"] and each["live"]["visit"] == row["id"]]
    assert [(each["live"]["agent"], each["shadow"]["agent"]) for each in mine] == [("birgit", "jonas")]
    assert {"agent": "jonas", "criterion": "concern"}.items() <= mine[0]["live"]["lost"][0].items()
    code, said = await acd("shadow", "--config", str(hotline.config))
    assert code == 0, said
    assert f"now: visit {row['id']} to birgit (" in said
    hotline.config.write_text(file, encoding="utf-8")
    assert (await reload(hotline))[0] == 200
    other.unlink()


async def test_new_rules_hold_for_those_who_wait_already(hotline: Watched, file: str) -> None:
    await hotline.sipp.phones(["p10"], talk_ms=400)
    await hotline.ask("jonas", "login")
    call = await hotline.sipp.call(NUMBER, [(300, "3"), (600, "0"), (350, "3")])
    await hotline.until("waits", lambda b: waiting(b) == 1)
    hotline.config.write_text(
        file.replace('languages = [\n    "own",\n]', 'languages = ["anybody"]'), encoding="utf-8"
    )
    assert hotline.config.read_text(encoding="utf-8") != file
    assert (await reload(hotline))[0] == 200
    await call.finished()
    hotline.config.write_text(file, encoding="utf-8")
    assert (await reload(hotline))[0] == 200
