"""Cases, priority classes and reasons on real calls: by API, by key, in the records, and replayed."""

import shutil
import sqlite3
import sys
from pathlib import Path

from acd.demo.hotline import NUMBER, PROJECT
from routing.events import UNKNOWN_CASE
from tests.integration.conftest import Watched, waiting
from tests.integration.test_bad_input import acd
from tests.integration.test_calls import GERMAN_OTHER, LAST, newest

CALLER = "02018890001"


async def test_a_caller_with_a_case_reaches_its_owner_and_the_calls_are_linked(hotline: Watched) -> None:
    before = newest(hotline)
    first = await hotline.sipp.call(NUMBER, GERMAN_OTHER, caller=CALLER, hang_up_ms=1500)
    await first.finished()
    visit = (await hotline.row(LAST, before))["id"]
    async with hotline.client() as client:
        case = {
            "owner": "omid",
            "concern": "registration",
            "state": "permit_expiring",
            "outcomes": ["called"],
        }
        assert (await client.put("/api/cases/E-2026-17", json=case)).status_code == 200
        assert (await client.put("/api/cases/E-2026-17", json={"secret": "x"})).status_code == 422
        assert (await client.post(f"/api/cases/E-2026-17/visits/{visit}")).status_code == 200
        assert (await client.post("/api/cases/E-2026-17/visits/1")).status_code == 409
        assert (await client.get("/api/cases/none")).status_code == 404
    await hotline.sipp.phones(["p04", "p15"], talk_ms=400)
    for person in ("birgit", "omid"):
        await hotline.ask(person, "login")
    again = await hotline.sipp.call(NUMBER, GERMAN_OTHER, caller=CALLER)
    await again.finished()
    row = await hotline.row(f"{LAST} ", visit)
    assert (row["answered_by"], row["case"], row["owner"]) == ("omid", "E-2026-17", "omid")
    assert set(row["classes"].split()) == {"permit_expiring", "repeat"}
    async with hotline.client() as client:
        assert (await client.get("/api/cases/E-2026-17")).json()["visits"] == [row["id"]]


async def test_a_case_number_keyed_in_on_hold_finds_the_owner(hotline: Watched) -> None:
    before = newest(hotline)
    async with hotline.client() as client:
        assert (await client.put("/api/cases/4712", json={"owner": "omid"})).status_code == 200
    keys = [*GERMAN_OTHER, (2500, "5"), (600, "4"), (350, "7"), (350, "1"), (350, "2"), (350, "#")]
    call = await hotline.sipp.call(NUMBER, keys, hang_up_ms=1000)
    await call.finished()
    row = await hotline.row(LAST, before)
    assert (row["case"], row["owner"]) == ("4712", "omid")


async def test_who_keys_their_own_number_for_a_case_leaves_it_nowhere(hotline: Watched) -> None:
    """Journal and records hold that one was keyed, and that nobody knows it; no file of ours the digits."""
    before = newest(hotline)
    number = "02018895551"
    keys = [*GERMAN_OTHER, (2500, "5"), *((600 if i == 0 else 350, each) for i, each in enumerate(number))]
    call = await hotline.sipp.call(NUMBER, [*keys, (350, "#")], caller=number, hang_up_ms=1500)
    await call.finished()
    row = await hotline.row(f"{LAST} ", before)
    assert (row["case"], row["owner"]) == (UNKNOWN_CASE, "")
    plain = number.lstrip("0").encode()
    folder = hotline.folder / "var"
    holding = {path.name for path in folder.iterdir() if path.is_file() and plain in path.read_bytes()}
    assert holding <= {"vault.db", "vault.db-wal"}
    assert plain not in hotline.log.read_bytes()
    with sqlite3.connect(f"file:{folder}/journal.db?mode=ro", uri=True) as base:
        kinds = {kind for (kind,) in base.execute("select kind from journal_event")}
    base.close()
    assert {"CaseEntered", "CallerKnown"} <= kinds


async def test_why_nobody_is_offered_is_told_for_callers_and_people(hotline: Watched) -> None:
    await hotline.sipp.phones(["p10"])
    await hotline.ask("jonas", "login")
    call = await hotline.sipp.call(NUMBER, [(300, "3"), (600, "8")], hang_up_ms=4000)
    await hotline.until("waits", lambda b: waiting(b) == 1)
    async with hotline.client() as client:
        said = (await client.get("/api/explain")).json()
        visit = said["waiting"][0]["visit"]
        each_of_them = (await client.get(f"/api/explain/{visit}")).json()
        reasons = {each["agent"]: each["reason"] for each in each_of_them}
        assert (reasons["jonas"], reasons["leyla"]) == ("language_too_low", "not_free")
        assert said["waiting"][0]["people"]["not_free"] == list(reasons.values()).count("not_free")
        assert said["idle"] == [{"agent": "jonas", "callers": {"language_too_low": 1}}]
        assert (await client.get("/api/explain/1")).status_code == 404
        assert (await client.post(f"/api/visits/{visit}/class/partner_office")).status_code == 200
        assert (await client.post(f"/api/visits/{visit}/class/nonsense")).status_code == 404
        said = (await client.get("/api/explain")).json()
        assert said["waiting"][0]["classes"] == ["partner_office"]
    await call.finished()


async def test_recorded_decisions_are_proved_again_and_compared(hotline: Watched, tmp_path: Path) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p04", "p10"], talk_ms=400)
    for person in ("birgit", "jonas"):
        await hotline.ask(person, "login")
    call = await hotline.sipp.call(NUMBER, GERMAN_OTHER)
    await call.finished()
    row = await hotline.row(LAST, before)
    assert row["answered_by"] == "birgit"
    await hotline.stop_daemon()
    journal = shutil.copy(hotline.folder / "var" / "journal.db", tmp_path)
    code, said = await acd("replay", journal)
    assert (code, "0 decided otherwise" in said) == (0, True), said
    other = tmp_path / "other.toml"
    other.write_text(
        hotline.config.read_text(encoding="utf-8").replace('"concern",\n', "").replace('"concern", ', ""),
        encoding="utf-8",
    )
    code, said = await acd("replay", journal, "--policy", str(other))
    assert code == 0, said
    mine = [line for line in said.splitlines() if f"visit {row['id']} to birgit" in line]
    assert len(mine) == 1, said
    assert f"visit {row['id']} to jonas" in mine[0]


def test_the_program_of_this_checkout_is_run() -> None:
    assert Path(sys.executable).is_relative_to(PROJECT)
