"""Free text of the staff lies in the vault: found by its reference; in no file once it is erased."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from acd.demo.hotline import configured
from acd.store.open import ready, urls
from acd.store.scrubbing import StillInTheLog
from acd.store.texts import DAY_MS, FIELD_MAX, FIELDS_MAX, SqlTexts, cleaned
from acd.store.vault import SqlVault
from config.load import SHIPPED, ConfigFaults, load

NOW = 1_800_000_000_000
SECRET = "Zwetschgenkuchen"


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[tuple[SqlVault, SqlTexts]]:
    engine = await ready("vault", urls(tmp_path, {})["vault"])

    @event.listens_for(engine.sync_engine, "connect")
    def _(connection: Any, _record: object) -> None:
        connection.cursor().execute("PRAGMA busy_timeout=20")

    await engine.dispose()
    kept = SqlVault(engine, 30, [])
    yield kept, SqlTexts(engine, kept.scrubbing, 90)
    await engine.dispose()


async def test_what_is_kept_is_found_by_its_reference_and_by_nothing_else(
    vault: tuple[SqlVault, SqlTexts],
) -> None:
    _, texts = vault
    one = await texts.keep({"what": "Pass", "by_when": "Freitag", "by_whom": " "}, "t1", "person:anna", NOW)
    other = await texts.keep({"what": "Pass"}, "t1", "person:anna", NOW)
    assert len({one, other}) == 2
    assert len(one) == 32
    found = await texts.read([one, "0" * 32])
    assert found == {one: {"what": "Pass", "by_when": "Freitag"}}


async def test_a_text_is_bounded(vault: tuple[SqlVault, SqlTexts]) -> None:
    _, texts = vault
    ref = await texts.keep({f"f{i}": "x" * 10_000 for i in range(50)}, "t", "person:anna", NOW)
    found = (await texts.read([ref]))[ref]
    assert len(found) == FIELDS_MAX
    assert {len(each) for each in found.values()} == {FIELD_MAX}


async def test_it_is_forgotten_at_its_deadline_whatever_is_configured_later(
    vault: tuple[SqlVault, SqlTexts],
) -> None:
    _, texts = vault
    ref = await texts.keep({"what": "a"}, "t", "person:anna", NOW)
    texts.use(1)
    late = await texts.keep({"what": "b"}, "t", "person:anna", NOW)
    assert await texts.purge(NOW + DAY_MS - 1) == 0
    assert await texts.purge(NOW + DAY_MS) == 1
    assert set(await texts.read([ref, late])) == {ref}


async def test_what_is_erased_stands_in_no_file(vault: tuple[SqlVault, SqlTexts], tmp_path: Path) -> None:
    _, texts = vault
    ref = await texts.keep({"what": f"{SECRET} 1"}, "t1", "person:anna", NOW)
    await texts.keep({"what": f"{SECRET} 2"}, "t2", "person:anna", NOW)
    kept = await texts.keep({"what": "bleibt"}, "t3", "person:anna", NOW)
    assert any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())
    assert await texts.erase(ref)
    assert not await texts.erase(ref)
    assert await texts.erase_about("t2") == 1
    assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())
    assert set(await texts.read([kept])) == {kept}


async def test_a_log_that_others_hold_is_told_of(vault: tuple[SqlVault, SqlTexts], tmp_path: Path) -> None:
    """Deleted bytes may still be in it; the next purge tries again even if nothing is due."""
    kept, texts = vault
    ref = await texts.keep({"what": "a"}, "t", "person:anna", NOW)
    reader = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    reader.execute("begin")
    reader.execute("select * from vault_text").fetchall()
    with pytest.raises(StillInTheLog):
        await texts.erase(ref)
    assert kept.scrubbing.due
    reader.close()
    await kept.purge(NOW)
    assert not kept.scrubbing.due


@given(st.text(max_size=700))
def test_a_text_is_one_line_that_hides_and_turns_nothing(text: str) -> None:
    said = cleaned(text)
    assert len(said) <= FIELD_MAX
    assert cleaned(said) == said
    hidden = {
        *map(chr, range(32)),
        "\x7f",
        *map(chr, range(0x202A, 0x202F)),
        *map(chr, range(0x2066, 0x206A)),
    }
    assert not hidden & set(said)


def test_letters_of_every_script_stay() -> None:
    said = "Нужен паспорт · پاسپورت · جواز السفر · Straße 5"
    assert cleaned(f"  {said}\n") == said


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://files.example.org/{reference}", "begins with https://"),
        ("https://files.example.org/", "exactly once"),
        ("https://{reference}.example.org/", "exactly once, behind the host"),
        ("https://files.example.org/{reference}/{reference}", "exactly once"),
        ("https://files.example.org/{reference}?{number}", "nothing else in braces"),
        ("https://a@b/{reference}", "no plain host"),
        ("https://files.example.org/a b/{reference}", "blanks"),
    ],
)
def test_an_address_of_cases_that_could_lead_elsewhere_is_refused(tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(ConfigFaults, match=why):
        load(configured(SHIPPED, tmp_path, {"desk": {"case_url": url}}))


@given(st.text(min_size=1, max_size=60))
def test_a_link_to_a_case_stays_behind_its_address(reference: str) -> None:
    desk = load(SHIPPED).desk.model_copy(
        update={"case_url": "https://files.example.org/case/{reference}?a=1"}
    )
    link = desk.case_link(reference)
    head, tail = "https://files.example.org/case/", "?a=1"
    assert link.startswith(head)
    assert link.endswith(tail)
    assert not set(link[len(head) : -len(tail)]) & set("/?#&:@ \\<>\"'")
    assert desk.case_link("") == ""
