"""docs/privacy.md is true: behind each sentence a setting as shipped, which does what it says, or a test."""

import asyncio
import re
import tomllib
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
import tomli_w
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from acd import retention
from acd.alarmed import News
from acd.alarms.notifier import Notifier
from acd.desk import rules_of
from acd.pbx.dialplan import extensions
from acd.requests import Requests
from acd.retention import KINDS, Kind, Retention
from acd.store.open import ready, urls
from acd.store.scrubbing import Scrubbing
from acd.store.tables import RECORDS
from acd.store.texts import SqlTexts
from acd.store.vault import SqlVault
from acd.term import Daemon
from acd.web.server import listen
from config.load import load
from config.people import policy
from config.schema import Centre
from tests.unit.test_daemon import SOURCE, opened
from tests.unit.test_dialplan import CALLED

__all__ = ["opened"]

PROJECT = Path(__file__).resolve().parents[2]
CENTRE = load(SOURCE)
TEXT = (PROJECT / "docs" / "privacy.md").read_text(encoding="utf-8")
DRAFTS, _, TABLE = TEXT.partition("## What each setting does")
SENTENCES = [
    " ".join(each.split())
    for each in re.findall(r"^- (.*?)(?=\n- |\n\n|\n#|\Z)", DRAFTS, re.MULTILINE | re.DOTALL)
]
TEST = r"`(tests/[\w/]+\.py)::(\w+)`"
ROWS = re.findall(r"^\| (`.+?`) \| (.+?) \| (.+?) \|$", TABLE, re.MULTILINE)
EFFECTS = {key: shown for keys, _, shown in ROWS for key in re.findall(r"`([a-z_.]+)`", keys)}
WORDS = {2: "zweien", 5: "fünf"}
DAY_MS = 86_400_000
NOW_MS = round(datetime(2026, 10, 7, tzinfo=UTC).timestamp() * 1000)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The table that a field holds, if it is one."""
    if get_origin(annotation) in (Union, UnionType):
        return next((found for each in get_args(annotation) if (found := model_of(each))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def shipped(key: str) -> Any:
    """What a key is as shipped, its default where its table is not in the file; None for a table that is not
    there. Raises KeyError for what is no setting."""
    value: Any = CENTRE
    table: type[BaseModel] | None = Centre
    for part in key.split("."):
        if table is None:
            raise KeyError(key)
        field = table.model_fields[part]
        value = getattr(value, part) if value is not None else field.default
        table = model_of(field.annotation)
    return value


def test_behind_each_sentence_stands_a_setting_as_it_is_shipped_or_a_test() -> None:
    assert len(SENTENCES) == len(re.findall(r"^- ", DRAFTS, re.MULTILINE)) > 55
    for sentence in SENTENCES:
        if sentence.startswith("Restrisiko: "):
            continue
        found = re.fullmatch(r"(.+[.!]) \((?:immer: " + TEST + r"|`([a-z_.]+)` (fehlt|= .+?))\)", sentence)
        assert found, sentence
        said, file, name, key, how = found.groups()
        if file:
            assert there(file, name), sentence
            continue
        assert key in EFFECTS, f"{key}: has no row in the table of settings"
        value = shipped(key)
        if how == "fehlt":
            assert value is None, sentence
            continue
        assert value is not PydanticUndefined, sentence
        assert tomllib.loads(f"value {how}")["value"] == value, sentence
        if isinstance(value, int) and value > 1:
            assert re.search(rf"\b({value}|{WORDS.get(value, value)})\b", said), sentence


def test_each_setting_is_one_and_what_it_does_is_shown_by_a_test_that_sets_it() -> None:
    named = set(re.findall(r"\(`([a-z_.]+)` (?:fehlt|=)", " ".join(SENTENCES)))
    assert named == set(EFFECTS)
    for key, shown in EFFECTS.items():
        shipped(key)
        tests = re.findall(TEST, shown)
        assert tests, key
        assert all(there(file, name) for file, name in tests), key
        leaf = key.rpartition(".")[2]
        texts = [(PROJECT / file).read_text(encoding="utf-8").lower() for file, _ in tests]
        assert any(leaf in each for each in texts), key


def test_every_kind_of_data_stands_in_the_record() -> None:
    for kind in KINDS:
        assert kind.setting in EFFECTS, kind.name


def there(file: str, name: str) -> bool:
    text = (PROJECT / file).read_text(encoding="utf-8")
    return bool(re.search(rf"^(async )?def {name}\(", text, re.MULTILINE))


# --- what a setting does --------------------------------------------------------------------------------


def with_(tmp_path: Path, key: str, value: Any) -> Centre:
    """The shipped centre with another value, through its file."""
    raw = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    *way, last = key.split(".")
    table = raw
    if way == ["message"]:
        raw |= {"trunk": {"provider": "sip.provider.example.org"}, "callback": {}, "message": {"folder": "x"}}
    for part in way:
        table = table.setdefault(part, {})
    table[last] = value
    path = tmp_path / "centre.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    "kind",
    [each for each in KINDS if each not in (retention.NUMBERS, retention.TEXTS)],
    ids=lambda kind: kind.name,
)
async def test_the_setting_of_a_kind_moves_what_goes(kind: Kind, tmp_path: Path) -> None:
    """visit_days, staff_days, journal_days, audit_days, and `days` of recordings, messages, announcements.
    Numbers and notes have deadlines of their own; what purges which kind, test_retention holds in the daemon.
    """
    asked: list[int] = []

    async def work(before_ms: int) -> int:
        asked.append(before_ms)
        return 0

    records = await ready("records", urls(tmp_path, {})["records"])
    value = 400 if kind.setting.startswith("people") else 77
    await Retention(records, lambda: with_(tmp_path, kind.setting, value), {kind: work}).purge(NOW_MS)
    await records.dispose()
    assert asked == [NOW_MS - value * DAY_MS]


async def test_a_number_is_forgotten_after_its_days(tmp_path: Path) -> None:
    privacy = with_(tmp_path, "privacy.number_days", 7).privacy
    vault = SqlVault(await ready("vault", urls(tmp_path, {})["vault"]), privacy.number_days, [])
    token = await vault.token("0201 8812345", 0)
    assert await vault.purge(7 * DAY_MS - 1) == 0
    assert await vault.purge(7 * DAY_MS) == 1
    assert token
    vault.use(with_(tmp_path, "privacy.number_days", 0).privacy.number_days, [])
    assert await vault.token("0201 8812345", 0) == ""
    await vault.close()


async def test_a_switchboards_number_is_not_kept(tmp_path: Path) -> None:
    privacy = with_(tmp_path, "privacy.switchboard_numbers", ["0201 880"]).privacy
    engine = await ready("vault", urls(tmp_path, {})["vault"])
    vault = SqlVault(engine, privacy.number_days, privacy.switchboard_numbers)
    assert await vault.token("+49201880", 0) == ""
    assert await vault.token("+492018812345", 0) != ""
    await vault.close()


async def test_a_note_is_forgotten_after_its_days(tmp_path: Path) -> None:
    days = with_(tmp_path, "desk.note_days", 7).desk.note_days
    engine = await ready("vault", urls(tmp_path, {})["vault"])
    notes = SqlTexts(engine, Scrubbing(engine), days)
    ref = await notes.keep({"note": "wants to know"}, "token", "person:anna", 0)
    assert await notes.purge(7 * DAY_MS - 1) == 0
    assert await notes.purge(7 * DAY_MS) == 1
    assert await notes.read([ref]) == {}
    await engine.dispose()


@pytest.mark.parametrize(("table", "words"), [("message", "-message"), ("case_line", "acd-case")])
def test_what_is_not_set_up_is_not_in_the_dialplan(table: str, words: str) -> None:
    """message and case_line: what the telephone knows of them comes with their tables."""
    today = date(2026, 11, 27)
    set_up = CENTRE.model_copy(update={each: CALLED[each] for each in ("trunk", "callback", table)})
    assert words in extensions(set_up, today)
    assert words not in extensions(CENTRE, today)


async def test_what_is_not_set_up_does_not_run(opened: tuple[Daemon, Path]) -> None:
    """Without mqtt no broker, without people.oidc no other way to sign in, without notify nobody who is told,
    without request no socket."""
    daemon, path = opened
    assert "broker" not in daemon.health()
    assert (daemon.rules.centre.request, daemon.rules.centre.people.oidc) == (None, None)
    assert await Notifier(lambda: daemon.rules.centre).tried(News(NOW_MS, test=True)) == "", "no way at all"
    requests = Requests(lambda: daemon.rules.centre, None, lambda: 0)  # type: ignore[arg-type]
    listening = asyncio.create_task(requests.run())
    await asyncio.wait({listening}, timeout=0)
    listening.cancel()
    assert not list(path.parent.rglob("request.sock"))


def test_pages_listen_where_the_setting_says() -> None:
    """web.host."""
    with closing(listen(CENTRE.web.host, 0)) as taken:
        assert taken.getsockname()[0] == "127.0.0.1"


def test_what_the_agreement_allows_is_what_the_rules_let_them_hear(tmp_path: Path) -> None:
    assert policy(CENTRE, NOW_MS).listens == ()
    agreement = {"name": "Dienstvereinbarung", "date": date(2026, 1, 15), "allows": ["listen"]}
    assert policy(with_(tmp_path, "privacy.agreement", agreement), NOW_MS).listens == ("listen",)


def test_a_block_lasts_its_hours(tmp_path: Path) -> None:
    assert rules_of(with_(tmp_path, "desk.block_hours", 3)).block_ms == 3 * 3_600_000


def test_who_misses_so_many_is_away(tmp_path: Path) -> None:
    """away_after is in the rules that are in force; that the engine keeps to it holds test_engine."""
    for times in (0, 3):
        centre = with_(tmp_path, "routing.refused.no_answer", {"away_after": times, "retry_seconds": 30})
        assert f"away_after={times}" in repr(policy(centre, NOW_MS))


def test_what_is_counted_for_good_names_neither_caller_nor_staff() -> None:
    """Sums by quarter hour have no end: whatever comes to them, no column leads to a person."""
    counted = [table for name, table in RECORDS.tables.items() if name.startswith("history_")]
    assert counted
    columns = {each.name for table in counted for each in table.c}
    assert (
        columns & {"token", "call", "visit", "case", "agent", "answered_by", "owner", "note", "number"}
        == set()
    )
