"""The daemon beside its calls, without a telephone system: reload, and what it does by the hour."""

import asyncio
import json
import os
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest
import tomli_w
from sqlalchemy import text

from acd.beside import Regularly
from acd.daemon import Wraps, composed
from acd.demo import admitted
from acd.demo.hotline import PROJECT, configured
from acd.ports import Arrival
from acd.term import Daemon
from config.load import load
from config.words import PAGE_LANGUAGES, words
from routing.events import CallWaiting, ClockStepped, Elapsed, Leg, LinkDown, PbxSnapshot, StaffAsked
from tests.unit.test_hooks import KEY, Receiver

SOURCE = PROJECT / "config" / "welcomecenter.toml"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Daemon, Path]]:
    """A daemon that decides, with a shadow policy."""
    configured(SOURCE, tmp_path, {}).rename(tmp_path / "other.toml")
    path = configured(SOURCE, tmp_path, {"routing": {"shadow": "other.toml"}})
    async with AsyncExitStack() as stack:
        daemon = await composed(stack, path, load(path), Wraps())
        deciding = asyncio.create_task(daemon.runner.run())
        yield daemon, path
        daemon.runner.stop()
        await deciding


async def wrap_up(daemon: Daemon) -> int:
    """What is in force once everything put in has been decided."""
    await daemon.runner.ask(Arrival(Elapsed(), "test"))
    return daemon.runner.engine.world.rules.wrap_up_ms


async def test_a_reloaded_file_stays_in_force_by_the_hour(opened: tuple[Daemon, Path]) -> None:
    daemon, path = opened
    before_text = path.read_text(encoding="utf-8")
    before = await wrap_up(daemon)
    seconds = before // 1_000
    path.write_text(
        before_text.replace(f"wrap_up_seconds = {seconds}", f"wrap_up_seconds = {seconds + 1}"),
        encoding="utf-8",
    )
    assert (await daemon.rules.reload()).faults == ()
    assert await wrap_up(daemon) == before + 1_000
    await daemon.hourly.once()
    assert daemon.hourly.trouble == ""
    assert await wrap_up(daemon) == before + 1_000


async def test_an_alarm_is_raised_after_a_reload_and_is_over_when_the_file_has_it_no_more(
    opened: tuple[Daemon, Path],
) -> None:
    """Here the telephone system is away."""
    daemon, path = opened
    before = path.read_text(encoding="utf-8")
    known = {"Authorization": f"Bearer {await admitted.program(daemon.rules.centre)}"}
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(daemon.app), base_url="http://localhost", headers=known
    )
    rule = {"name": "off", "kind": "parts", "parts": ["link"], "seconds": 0, "de": "Weg", "en": "Away"}
    path.write_text(f"{before}\n{tomli_w.dumps({'alarm': [rule]})}", encoding="utf-8")
    assert (await daemon.rules.reload()).faults == ()
    (watching,) = (part for part in daemon.kept if part.name == "alarms")
    assert isinstance(watching, Regularly)
    async with client:
        await watching.once()
        (raised,) = (await client.get("/api/alarms")).json()
        assert (raised["part"], raised["en"], daemon.health()["alarms"]) == ("link", "Away", "ok")
        path.write_text(before, encoding="utf-8")
        await daemon.rules.reload()
        await watching.once()
        assert (await client.get("/api/alarms")).json() == []


async def test_an_alarm_goes_out_on_every_way_of_the_daemon(tmp_path: Path) -> None:
    """The telephone system is away, and that is told: by Apprise and by a signed web hook, once each; then a
    test of both."""
    async with Receiver().on() as there:
        for name, text in (("to", f"json://{there.url.removeprefix('http://')}"), ("secret", f"whsec_{KEY}")):
            (tmp_path / name).write_text(text, encoding="utf-8")
            (tmp_path / name).chmod(0o600)
        rule = {"name": "off", "kind": "parts", "parts": ["link"], "seconds": 0, "de": "Weg", "en": "Away"}
        hook = {"name": "city", "url": there.url, "secret_file": "secret", "tells": ["alarm"]}
        changes = {"alarm": [rule], "hook": [hook], "notify": {"addresses_file": "to", "language": "en"}}
        path = configured(SOURCE, tmp_path, changes)
        async with AsyncExitStack() as stack:
            daemon = await composed(stack, path, load(path), Wraps())
            serving = asyncio.create_task(daemon.serve([], lambda _: None))
            await there.until(2)
            said = {key: body for head, body in there.came for key in head if key.startswith("webhook-sig")}
            assert json.loads(said["webhook-signature"])["data"]["part"] == "link"
            titles = [json.loads(body).get("title", "") for _, body in there.came]
            assert sum(title.endswith(": Alarm: Away") for title in titles) == 1
            known = {"Authorization": f"Bearer {await admitted.program(daemon.rules.centre)}"}
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(daemon.app), base_url="http://localhost", headers=known
            )
            async with client:
                tried = (await client.post("/api/alarms/test")).json()
            assert tried == {"ways": {"notify": "ok", "hook.city": "ok"}}
            assert len(there.came) == 4
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


async def test_housekeeping_that_fails_is_seen_and_stops_nothing(opened: tuple[Daemon, Path]) -> None:
    """A shadow file that is gone is a fault at a reload, and no end of the daemon an hour later."""
    daemon, path = opened
    (path.parent / "other.toml").rename(path.parent / "away.toml")
    faults = (await daemon.rules.reload()).faults
    assert len(faults) == 1
    assert "other.toml: file: cannot be read" in faults[0]
    await daemon.hourly.once()
    assert "other.toml: file: cannot be read" in daemon.health()["housekeeping"]
    (path.parent / "away.toml").rename(path.parent / "other.toml")
    await daemon.hourly.once()
    assert daemon.health()["housekeeping"] == "ok"


async def test_accounts_that_cannot_be_kept_hold_up_no_other_housekeeping(
    opened: tuple[Daemon, Path],
) -> None:
    """Numbers are forgotten and the journal is trimmed while the records are away; the rest is told of."""
    daemon, _ = opened
    async with daemon.stores.records.engine.begin() as records:
        await records.execute(text("alter table session rename to session_elsewhere"))
    await daemon.hourly.once()
    assert daemon.hourly.trouble == ""
    accounts = next(each for each in daemon.kept if each.name == "accounts")
    assert isinstance(accounts, Regularly)
    await accounts.once()
    assert "accounts: Refusal: later" in daemon.health()["beside"]
    async with daemon.stores.records.engine.begin() as records:
        await records.execute(text("alter table session_elsewhere rename to session"))
    await accounts.once()
    assert daemon.health()["beside"] == "ok"


async def test_the_page_goes_on_while_the_records_do_not_answer(opened: tuple[Daemon, Path]) -> None:
    """Calls are to be seen all the same; the service level stays the last one that was known."""
    daemon, _ = opened
    await wrap_up(daemon)
    token = await admitted.program(daemon.rules.centre)
    async with daemon.stores.records.engine.begin() as records:
        await records.execute(text("alter table visit rename to visit_elsewhere"))
    transport = httpx.ASGITransport(daemon.app)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
        answer = await client.get("/api/board")
    assert answer.status_code == 200
    assert answer.json()["service_level"]["variant"] == "short_abandons_excluded"
    assert len(answer.json()["board"]["staff"]) == 15


async def test_text_that_no_database_takes_is_cleaned_at_the_door(opened: tuple[Daemon, Path]) -> None:
    daemon, _ = opened
    headers = {"Authorization": f"Bearer {await admitted.program(daemon.rules.centre)}"}
    transport = httpx.ASGITransport(daemon.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
        assert (await client.post("/api/staff/x%00y/login")).status_code == 404
        body = {"reason": "so\0so"}
        assert (await client.post("/api/staff/birgit/login", json=body)).status_code == 422
        assert (await client.put("/api/cases/unknown", json={"owner": "omid"})).status_code == 422
    told = [each async for each in daemon.stores.journal.read(0)]
    assert [each for each in told if isinstance(each.event, StaffAsked)] == []


async def test_a_link_over_which_nothing_is_routed_is_not_ready(opened: tuple[Daemon, Path]) -> None:
    """Whether calls are offered is the engine's to say: a socket to the PBX is not enough."""
    daemon, _ = opened
    await wrap_up(daemon)
    assert daemon.health()["routing"].startswith("no calls are routed: ")
    snapshot = PbxSnapshot(0, True, (), (), "pbx1")
    await daemon.runner.ask(Arrival(snapshot, "test"))
    assert daemon.health()["routing"] == "ok"
    await daemon.runner.ask(Arrival(LinkDown("we stood still for 3.0 s"), "test"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(daemon.app), base_url="http://localhost"
    ) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["routing"] == "no calls are routed: we stood still for 3.0 s"


async def test_who_waits_has_an_outlook(opened: tuple[Daemon, Path]) -> None:
    """From the world by way of the real process into the engine, and to who asks."""
    daemon, _ = opened
    await wrap_up(daemon)
    ask = daemon.runner.ask
    await ask(Arrival(PbxSnapshot(0, True, (), (("p01", "NOT_INUSE"),), "pbx1"), "test"))
    await ask(Arrival(StaffAsked("amal", "", "login", "", None), "test"))
    for uid in ("1.0", "2.0"):
        await ask(Arrival(CallWaiting(Leg("pbx1", uid), "ar", "employment", "", 0, 0), "test"))
    looking = asyncio.create_task(next(each for each in daemon.kept if each.name == "outlook").run())
    waiting = [each for each in daemon.runner.engine.world.visits.values() if each.state == "waiting"]
    async with asyncio.timeout(60):
        while waiting[0].expects is None:  # noqa: ASYNC110 no event here
            await asyncio.sleep(0.01)
    headers = {"Authorization": f"Bearer {await admitted.program(daemon.rules.centre)}"}
    transport = httpx.ASGITransport(daemon.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
        told = (await client.get("/api/outlook")).json()
        figures = (await client.get("/metrics")).text
        ready = (await client.get("/readyz")).json()
    assert (told["state"], [each["visit"] for each in told["callers"]]) == ("ok", [waiting[0].id])
    assert told["futures"] >= 20
    assert told["callers"][0]["q50_ms"] > 0
    assert f"acd_outlook_futures {float(told['futures'])}" in figures
    assert ready["outlook"] == "ok"
    journal = [each async for each in daemon.stores.journal.read(0)]
    assert "program:outlook" in {each.actor for each in journal}
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_a_clock_that_is_set_far_has_the_hours_worked_out_anew_at_once(
    opened: tuple[Daemon, Path],
) -> None:
    """They are worked out a year ahead of a clock that may have been wrong; seen by a file that is gone."""
    daemon, path = opened
    hourly = asyncio.create_task(daemon.hourly.run())
    (path.parent / "other.toml").rename(path.parent / "away.toml")
    await daemon.runner.ask(Arrival(ClockStepped(2_000), "test"))
    await asyncio.sleep(0)
    assert daemon.hourly.trouble == ""
    await daemon.runner.ask(Arrival(ClockStepped(3 * 365 * 86_400_000), "test"))
    async with asyncio.timeout(10):
        while not daemon.hourly.trouble:  # noqa: ASYNC110 no event here
            await asyncio.sleep(0.01)
    hourly.cancel()
    await asyncio.gather(hourly, return_exceptions=True)


async def test_a_reload_is_in_force_wherever_the_file_is_asked(opened: tuple[Daemon, Path]) -> None:
    """Names of the page, the vault's rules, the source of the staff: nothing keeps what the start read."""
    daemon, path = opened
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    raw["centre"]["name"] = "Another"
    raw["language"][0]["name"] = "German"
    raw["concern"][0]["en"] = "Work"
    raw["privacy"]["number_days"] = 0
    raw["staff"] = raw["staff"][:3]
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    assert await daemon.stores.vault.token("0201 8812345", 0) != ""
    found = await daemon.rules.reload()
    assert found.faults == ()
    names = daemon.answers.names()
    assert (names.centre, names.languages["de"], names.concerns["employment"]["en"]) == (
        "Another",
        "German",
        "Work",
    )
    assert await daemon.stores.vault.token("0201 8812345", 0) == "", "numbers are not kept any more"
    source = daemon.answers.staff_source()
    assert (source.source, source.people, source.unused) == ("file", 3, 0)
    assert source.since_ms > 0
    daemon.rules.staff = None
    assert daemon.answers.staff_source().source == "", "the records have not said"


async def test_records_that_do_not_answer_are_a_reason_not_to_reload(opened: tuple[Daemon, Path]) -> None:
    daemon, _ = opened
    async with daemon.stores.records.engine.begin() as connection:
        await connection.execute(text("alter table staff rename to gone"))
    (fault,) = (await daemon.rules.reload()).faults
    assert fault.startswith("the records do not say who works here")


async def test_cases_left_in_the_folder_are_known_to_the_next_call_and_a_faulty_file_is_seen(
    opened: tuple[Daemon, Path],
) -> None:
    """The folder is named while the daemon runs; what it says stands in its health."""
    daemon, path = opened
    folder = path.parent / "cases"
    folder.mkdir()
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    path.write_text(tomli_w.dumps(raw | {"cases": {"folder": str(folder)}}), encoding="utf-8")
    assert (await daemon.rules.reload()).faults == ()
    cases = next(part for part in daemon.kept if part.name == "cases")
    assert isinstance(cases, Regularly)
    for given, said in (("case,state,owner\n4711,in_work,anna\n", "ok"), ("case,state\n,\n", "cases could")):
        file = folder / "cases.csv"
        file.write_text(given, encoding="utf-8")
        os.utime(file, (0, 0))
        await cases.once()
        assert daemon.health()["cases"].find(said) >= 0
        assert (await daemon.stores.cases.known("", "", "4711")).owner == "anna"


async def test_every_part_that_can_be_in_trouble_has_a_sentence_in_each_page_language(
    opened: tuple[Daemon, Path],
) -> None:
    """But for the broker, which is no part here, and has one."""
    daemon, _ = opened
    for code in PAGE_LANGUAGES:
        said = words(code, "live")
        assert [part for part in (*daemon.health(), "broker") if f"trouble_{part}" not in said] == []
