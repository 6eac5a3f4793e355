"""The three stores on real SQLite files: what is written is read again, and each fault has one sentence."""

import sqlite3
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, MetaData, event, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from acd.history.shares import wilson
from acd.ports import Case, Decision, JournalRefused, Known, Snapshot
from acd.store import codec, queries, roster
from acd.store.cases import SqlCases
from acd.store.journal import SqlJournal
from acd.store.moments import epoch_ms
from acd.store.open import MIGRATIONS, StoreFault, ready, upgrade, urls
from acd.store.queries import Counts, fraction
from acd.store.records import SqlRecorder
from acd.store.scrubbing import StillInTheLog
from acd.store.tables import (
    JOURNAL,
    RECORDS,
    VAULT,
    blobs,
    callback_attempts,
    handlings,
    incidents,
    offers,
    overflows,
    recordings,
    staff_intervals,
    visits,
)
from acd.store.vault import SqlVault, normal
from config.load import SHIPPED, load
from config.people import team
from config.tables.calls import ServiceLevel
from routing import facts
from routing.events import KINDS, UNKNOWN_CASE, Envelope, Leg, LinkDown, PolicyChanged, TermBegan
from routing.index import Choice, Lost
from routing.service_level import VARIANTS
from tests.fakes.centre import POLICY, ROSTER

PLAIN = [
    kind for name, kind in KINDS.items() if name not in ("PolicyChanged", "TeamChanged", "ShadowChanged")
]


@given(st.one_of([st.builds(kind) for kind in PLAIN]))
def test_every_event_is_read_as_it_was_written(event: tuple[object, ...]) -> None:
    row = codec.encode(event)  # type: ignore[arg-type]
    assert codec.decode(row.kind, row.version, row.body, row.blob) == event


def test_an_event_of_a_newer_release_is_named() -> None:
    with pytest.raises(codec.UnreadableEvent, match="newer release"):
        codec.decode("LinkDown", 99, '["x"]', "")


def envelope(seq: int, event: object = LinkDown("test")) -> Envelope:
    return Envelope(seq, 1, seq * 10, "pbx", "", 0, event)  # type: ignore[arg-type]


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqlJournal]:
    opened = await SqlJournal.open(await ready("journal", urls(tmp_path, {})["journal"]))
    yield opened
    await opened.close()


async def test_the_journal_gives_back_what_it_took(journal: SqlJournal) -> None:
    policy = PolicyChanged(codec.digest(POLICY), POLICY)
    batch = [envelope(1, TermBegan(1)), envelope(2, policy), envelope(3, policy), envelope(4)]
    await journal.append(batch)
    assert [each async for each in journal.read(0)] == batch
    assert [each.seq async for each in journal.read(2)] == [3, 4]
    assert await journal.last() == (4, 1, 40)


async def test_a_batch_is_whole_or_not_at_all(journal: SqlJournal) -> None:
    await journal.append([envelope(1), envelope(2)])
    with pytest.raises(JournalRefused, match="another daemon"):
        await journal.append([envelope(3), envelope(2, LinkDown("other"))])
    await journal.append([envelope(3)])
    assert [each.seq async for each in journal.read(0)] == [1, 2, 3]


async def test_a_skipped_event_is_met_no_more(journal: SqlJournal) -> None:
    await journal.append([envelope(1), envelope(2), envelope(3)])
    await journal.skip(2, "ValueError: test")
    assert [each.seq async for each in journal.read(0)] == [1, 3]


async def test_the_newest_snapshot_not_ahead_is_found(journal: SqlJournal) -> None:
    for seq in (10, 20, 30, 40):
        await journal.save_snapshot(Snapshot(seq, "r", b"world"), seq)
    found = await journal.latest_snapshot(35)
    assert found is not None
    assert found.seq == 30
    assert await journal.latest_snapshot(15) is None, "only the last three are kept"


async def test_trimming_never_goes_behind_the_oldest_kept_snapshot(journal: SqlJournal) -> None:
    await journal.append([envelope(seq) for seq in range(1, 11)])
    assert await journal.trim(1_000_000, 10) == 0
    await journal.save_snapshot(Snapshot(6, "r", b"world"), 6)
    assert await journal.trim(45, 10) == 4
    assert [each.seq async for each in journal.read(0)] == [5, 6, 7, 8, 9, 10]


async def test_what_the_shadow_would_have_done_is_listed_with_both_reasons(records: AsyncEngine) -> None:
    live = Choice(7, "amal", 0, "uk", 7, 4, "", 2, "concern", (Lost("cem", "concern", -3, -4),))
    told = [facts.ShadowDiffered(1_000, live, None), facts.ShadowDiffered(2_000, None, live)]
    await SqlRecorder(records).record([(1, told)])
    assert await queries.differences(records, 9) == told[::-1]
    assert await queries.differences(records, 1) == told[1:]


async def test_what_no_kept_event_needs_goes_with_the_events(journal: SqlJournal) -> None:
    """Decisions, and policies that nobody names any more; one that comes back in force is there again."""
    rules = [POLICY._replace(wrap_up_ms=ms) for ms in (1, 2, 3)]
    changes = [PolicyChanged(codec.digest(each), each) for each in rules]
    batch = [envelope(seq, change) for seq, change in enumerate(changes, start=1)]
    await journal.append(batch)
    await journal.append([], [Decision(seq, seq, 7, "amal") for seq in (1, 2, 3)])
    await journal.save_snapshot(Snapshot(2, "r", b"world"), 3)
    assert await journal.trim(25, 3) == 2
    assert await journal.decisions(0) == [Decision(3, 3, 7, "amal")]
    async with journal._engine.connect() as connection:
        kept = (await connection.execute(select(blobs.c.digest))).scalars().all()
    assert kept == [changes[2].digest]
    await journal.append([envelope(4, changes[0])])
    assert [each.event async for each in journal.read(0)] == [changes[2], changes[0]]


# --- records ---------------------------------------------------------------------------------------

A_CALL: list[tuple[int, list[facts.Fact]]] = [
    (1, [facts.TermOpened(0, 1)]),
    (2, [facts.VisitBegan(1_000, 7, Leg("n", "1.1"), "+49", 1_000, False)]),
    (3, [facts.NeedKnown(2_000, 7, "uk", "study", ""), facts.Queued(5_000, 7, 5_000)]),
    (
        4,
        [
            facts.AgentChanged(6_000, "amal", "reserved", ""),
            facts.OfferMade(
                6_000,
                8,
                7,
                "amal",
                Choice(7, "amal", 0, "uk", 7, 4, "", 2, "concern", (Lost("cem", "concern", -3, -4),)),
            ),
        ],
    ),
    (5, [facts.OfferRang(6_100, 8, 7, "amal")]),
    (6, [facts.OfferEnded(9_000, 8, 7, "amal", "answered", 0), facts.TalkBegan(9_000, 7, "amal", 8)]),
    (7, [facts.TalkEnded(60_000, 7, "amal"), facts.AgentChanged(60_000, "amal", "wrap_up", "")]),
    (8, [facts.VisitEnded(60_001, 7, "answered", "caller", "")]),
    (9, [facts.WrapUpEnded(90_000, 7, "amal"), facts.AgentChanged(90_000, "amal", "ready", "")]),
]


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await ready("records", urls(tmp_path, {})["records"])
    yield engine
    await engine.dispose()


async def test_one_flat_row_a_visit(records: AsyncEngine) -> None:
    recorder = SqlRecorder(records)
    await recorder.record(A_CALL)
    async with records.connect() as connection:
        visit = (await connection.execute(select(visits))).one()
        intervals = (await connection.execute(select(staff_intervals))).all()
        handling = (await connection.execute(select(handlings))).one()
        offer = (await connection.execute(select(offers))).one()
        notes = (await connection.execute(select(incidents))).all()
    assert (visit.language, visit.concern, visit.outcome, visit.answered_by) == (
        "uk",
        "study",
        "answered",
        "amal",
    )
    assert (visit.wait_since_queue_ms, visit.wait_since_answer_ms, visit.offers) == (4_000, 8_000, 1)
    assert (offer.outcome, offer.candidates) == ("answered", 2)
    assert (handling.ended_at - handling.began_at).total_seconds() == 51
    assert [row.state for row in intervals] == ["reserved", "wrap_up", "ready"]
    assert [row.to_at is None for row in intervals] == [False, False, True]
    assert [row.kind for row in notes] == ["TermOpened"]
    assert await recorder.position() == 9


AGREED = [("consented", "caller"), ("started", ""), ("paused", "staff"), ("resumed", "staff")]


@pytest.mark.parametrize(
    ("told", "consent"),
    [
        ([], ""),
        ([("refused", "caller")], "no"),
        (AGREED, "yes"),
        ([*AGREED, ("stopped", "staff")], "yes"),
        ([*AGREED, ("stopped", "caller")], "withdrawn"),
    ],
)
async def test_a_visit_says_whether_its_caller_may_be_recorded_and_each_step_has_a_row(
    records: AsyncEngine, told: list[tuple[str, str]], consent: str
) -> None:
    steps: list[facts.Fact] = [
        facts.RecordingChanged(9_000 + place, 7, what, by, place + 1) for place, (what, by) in enumerate(told)
    ]
    await SqlRecorder(records).record([*A_CALL[:6], (7, steps), (8, A_CALL[7][1])])
    async with records.connect() as connection:
        visit = (await connection.execute(select(visits))).one()
        rows = (await connection.execute(select(recordings).order_by(recordings.c.id))).all()
    assert visit.consent == consent
    assert [(row.visit, row.step, row.what, row.by, epoch_ms(row.at)) for row in rows] == [
        (7, place + 1, what, by, 9_000 + place) for place, (what, by) in enumerate(told)
    ]


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_talk_that_failed_leaves_nothing_answered(records: AsyncEngine, at_once: bool) -> None:
    """Told in one batch or event by event; who answered afterwards has answered."""
    recorder = SqlRecorder(records)
    first = [*A_CALL[:5], (6, [*A_CALL[5][1], facts.TalkFailed(9_200, 7, "amal", 8)])]
    then = [(7, [facts.TalkBegan(20_000, 7, "birgit", 0), facts.TalkEnded(50_000, 7, "birgit")])]
    for batch in [[*first, *then]] if at_once else [[each] for each in (*first, *then)]:
        await recorder.record(batch)
        if batch[-1][0] == 6:
            async with records.connect() as connection:
                row = (await connection.execute(select(visits))).one()
            assert (row.answered_at, row.answered_by, row.wait_since_queue_ms) == (None, "", None)
    async with records.connect() as connection:
        row = (await connection.execute(select(visits))).one()
        talks = (await connection.execute(select(handlings))).all()
        offer = (await connection.execute(select(offers))).one()
    assert (row.answered_by, row.wait_since_queue_ms) == ("birgit", 15_000)
    assert [each.agent for each in talks] == ["birgit"]
    assert offer.outcome == facts.NO_ANSWER


async def test_what_is_recorded_twice_stands_once(records: AsyncEngine) -> None:
    recorder = SqlRecorder(records)
    await recorder.record(A_CALL[:5])
    await recorder.record(A_CALL[2:])
    async with records.connect() as connection:
        assert len((await connection.execute(select(visits))).all()) == 1
        assert (await connection.execute(select(visits.c.offers))).scalar() == 1


class Crash(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("statement", range(1, 24))
async def test_a_crash_before_any_statement_leaves_each_row_exactly_once(
    records: AsyncEngine, statement: int
) -> None:
    from sqlalchemy import event

    done = 0

    def crash(*_: object) -> None:
        nonlocal done
        done += 1
        if done == statement:
            raise Crash

    event.listen(records.sync_engine, "before_cursor_execute", crash)
    recorder = SqlRecorder(records)
    try:
        await recorder.record(A_CALL[:4])
        await recorder.record(A_CALL[4:])
    except Crash:
        pass
    event.remove(records.sync_engine, "before_cursor_execute", crash)
    reached = await recorder.position()
    await recorder.record([each for each in A_CALL if each[0] > reached])
    async with records.connect() as connection:
        visit = (await connection.execute(select(visits))).one()
        assert (visit.outcome, visit.offers) == ("answered", 1)
        assert len((await connection.execute(select(offers))).all()) == 1
        assert len((await connection.execute(select(staff_intervals))).all()) == 3
        assert len((await connection.execute(select(incidents))).all()) == 1


async def test_every_kind_of_fact_can_be_recorded(records: AsyncEngine) -> None:
    from typing import get_args

    recorder = SqlRecorder(records)
    choice = Choice(1, "x", 0, "de", 7, 3, "", 1, "only_candidate", ())
    samples = {
        int: 1_000,
        str: "x",
        bool: True,
        Leg: Leg("n", "1"),
        Leg | None: Leg("n", "1"),
        tuple[str, ...]: ("x",),
        tuple[tuple[str, str], ...]: (("x", "x"),),
        tuple[tuple[str, int], ...]: (("x", 1),),
        tuple[str, str] | None: ("x", "x"),
        Choice: choice,
        Choice | None: choice,
    }
    made = [kind(*(samples[t] for t in kind.__annotations__.values())) for kind in get_args(facts.Fact)]
    await recorder.record([(i, [fact]) for i, fact in enumerate(made, start=1)])
    assert await recorder.position() == len(made)


# --- figures ---------------------------------------------------------------------------------------


def test_service_level_variants_agree_with_koole() -> None:
    assert get_args(ServiceLevel.model_fields["variant"].annotation) == VARIANTS
    koole = Counts(answered=460, answered_in_time=410, abandoned=50, abandoned_in_time=10)
    shares = {
        name: round(100 * met / total, 1) for name in VARIANTS for met, total in [fraction(koole, name)]
    }
    assert shares == {
        "answered_only": 89.1,
        "abandons_within_met": 82.4,
        "short_abandons_excluded": 82.0,
        "all_offered": 80.4,
    }


def test_the_interval_of_a_small_day_is_wide() -> None:
    low, high = wilson(26, 32)
    assert (round(low, 2), round(high, 2)) == (0.65, 0.91)
    assert wilson(0, 0) == (0.0, 1.0)


async def test_counts_are_those_of_the_day(records: AsyncEngine) -> None:
    await SqlRecorder(records).record(A_CALL)
    day = datetime(1970, 1, 1, tzinfo=UTC)
    found = await queries.counts(
        records, day, day.replace(day=2), seconds=5, clock="since_queue", short_seconds=5
    )
    assert (found.answered, found.answered_in_time) == (1, 1)
    found = await queries.counts(
        records, day, day.replace(day=2), seconds=5, clock="since_answer", short_seconds=5
    )
    assert (found.answered, found.answered_in_time) == (1, 0)


async def test_who_gave_up_is_counted_by_need_among_those_who_waited_and_are_gone(
    records: AsyncEngine,
) -> None:
    """Answered, given up, turned away, forwarded, still there, gone from the menu, and long ago."""

    def came(
        visit: int, at: int, outcome: str, tongue: str = "ar", *, waited: bool = True
    ) -> list[facts.Fact]:
        leg = Leg("n", f"1.{visit}")
        told: list[facts.Fact] = [
            facts.VisitBegan(at, visit, leg, "+49", at, False),
            facts.NeedKnown(at, visit, tongue, "study", ""),
        ]
        told += [facts.Queued(at, visit, at)] if waited else []
        if outcome == facts.ANSWERED:
            told.append(facts.TalkBegan(at + 5, visit, "anna", 0))
        return [*told, *([facts.VisitEnded(at + 9, visit, outcome, "caller", "")] if outcome else [])]

    ends = (
        facts.ANSWERED,
        facts.ABANDONED_QUEUE,
        facts.ABANDONED_RINGING,
        facts.TURNED_AWAY,
        facts.FORWARDED,
        "",
    )
    told = [(i, came(i, 5_000, outcome)) for i, outcome in enumerate(ends, 1)]
    told.append((7, came(7, 5_000, facts.ABANDONED_MENU, waited=False)))
    told.append((8, came(8, 1_000, facts.ABANDONED_QUEUE)))
    told.append((9, came(9, 5_000, facts.ABANDONED_QUEUE, "de")))
    await SqlRecorder(records).record(told)
    found = await queries.given_up(records, datetime.fromtimestamp(2, UTC))
    assert found == {("ar", "study"): (3, 2), ("de", "study"): (1, 1)}


async def test_where_a_visit_went_is_told_and_who_is_forwarded_counts_in_no_service_level(
    records: AsyncEngine,
) -> None:
    """Neither answered by us nor abandoned: in none of the four variants."""
    went = (("wider", "fallback"), ("partner", "outside"))
    told: list[tuple[int, list[facts.Fact]]] = [
        (
            1,
            [facts.VisitBegan(1_000, 7, Leg("n", "1.1"), "+49", 1_000, False), facts.Queued(2_000, 7, 2_000)],
        ),
        (2, [facts.Overflowed(3_000, 7, rule, then) for rule, then in went]),
        (3, [facts.VisitEnded(9_000, 7, facts.FORWARDED, "pbx", "")]),
    ]
    await SqlRecorder(records).record(told)
    async with records.connect() as connection:
        rows = (await connection.execute(select(overflows).order_by(overflows.c.id))).all()
    assert [(row.visit, row.rule, row.then) for row in rows] == [(7, *each) for each in went]
    day = datetime(1970, 1, 1, tzinfo=UTC)
    found = await queries.counts(
        records, day, day.replace(day=2), seconds=5, clock="since_queue", short_seconds=5
    )
    assert found == queries.Counts(0, 0, 0, 0, 0)


async def test_a_keyed_case_is_one_that_is_kept_or_unknown(records: AsyncEngine) -> None:
    """What was keyed may be the caller's own number: it comes out again only as a reference."""
    cases = SqlCases(records, [])
    await cases.put(Case("4712", "omid", "other", "", (), ""))
    assert await cases.known("", "", "4712") == Known("", "4712", "omid", ())
    assert await cases.known("", "", "02018895551") == Known("", UNKNOWN_CASE, "", ())
    assert await cases.known("token", "", "") == Known("token", "", "", ())


CENTRE = load(SHIPPED)


async def test_the_staff_in_force_has_one_source(records: AsyncEngine) -> None:
    """Its own people, or the file's: never both, and since when is kept."""
    files = roster.Staff(roster.FILE, 0, team(CENTRE))
    assert await roster.in_force(records, CENTRE) == files
    await roster.keep(records, ROSTER, 1_000)
    await roster.keep(records, ROSTER, 2_000)
    assert await roster.in_force(records, CENTRE) == roster.Staff(roster.IMPORTED, 2_000, ROSTER)
    await roster.keep(records, None, 3_000)
    assert await roster.in_force(records, CENTRE) == files._replace(since_ms=3_000)


# --- vault -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["", "anonymous", "<script>", "1" * 10_000, "0201\r\nAction: x", "abc"])
def test_what_is_no_number_becomes_nothing(number: str) -> None:
    assert normal(number) == "" or normal(number).strip("+").isdigit()


async def test_one_number_one_token_until_its_deadline(tmp_path: Path) -> None:
    vault = SqlVault(await ready("vault", urls(tmp_path, {})["vault"]), 1, ["0201 880"])
    first = await vault.token("0201 8812345", 0)
    assert len(first) == 32
    assert await vault.token("+492018812345", 1_000) == first
    assert await vault.token("02018812345", 86_400_000) != first
    assert await vault.token("0201880", 0) == ""
    await vault.close()


async def test_what_a_reader_keeps_in_the_log_is_said_and_goes_with_the_next_purge(tmp_path: Path) -> None:
    engine = await ready("vault", urls(tmp_path, {})["vault"])

    @event.listens_for(engine.sync_engine, "connect")
    def _(connection: Any, _record: object) -> None:
        connection.cursor().execute("PRAGMA busy_timeout=20")

    await engine.dispose()
    vault = SqlVault(engine, 30, [])
    await vault.token("0201 8812345", 0)
    reader = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    reader.execute("begin")
    reader.execute("select * from vault_number").fetchall()
    with pytest.raises(StillInTheLog):
        await vault.erase("0201 8812345")
    reader.close()
    assert b"+492018812345" in (tmp_path / "vault.db-wal").read_bytes()
    assert await vault.purge(0) == 0
    assert b"+492018812345" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    await vault.close()


async def test_an_erased_number_stands_in_no_file(tmp_path: Path) -> None:
    engine = await ready("vault", urls(tmp_path, {})["vault"])
    vault = SqlVault(engine, 30, [])
    numbers = [f"+4920155{i:05}" for i in range(200)]
    for number in numbers:
        await vault.token(number, 0)
    for number in numbers[::2]:
        assert await vault.erase(number)
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not [number for number in numbers[::2] if number.encode() in held]
    assert numbers[1].encode() in held, "the search finds what is still there"
    await vault.close()
    assert stat.S_IMODE((tmp_path / "vault.db").stat().st_mode) == 0o600


# --- opening ---------------------------------------------------------------------------------------


async def test_who_objected_before_said_no_and_of_others_nothing_is_known(tmp_path: Path) -> None:
    url = urls(tmp_path, {})["records"]
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / "records"))
    config.set_main_option("path_separator", "os")
    engine = create_async_engine(url)

    def at(connection: Connection, revision: str) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    old = (
        "INSERT INTO visit (id, node, call, line, adopted, token, language, concern, second, arrived_at, "
        "offers, answered_by, outcome, ended_by, reason, degraded, recording_declined) VALUES "
        "(:id, 'n', '1.1', '', false, '', '', '', '', '2026-01-01', 0, '', '', '', '', false, :declined)"
    )
    async with engine.begin() as connection:
        await connection.run_sync(at, "records_0005")
        await connection.execute(text(old), [{"id": 1, "declined": True}, {"id": 2, "declined": False}])
        await connection.run_sync(at, "head")
        rows = (await connection.execute(select(visits.c.id, visits.c.consent).order_by(visits.c.id))).all()
        assert (await connection.execute(select(recordings))).all() == []
    await engine.dispose()
    assert [tuple(row) for row in rows] == [(1, "no"), (2, "")]


@pytest.mark.parametrize(
    ("store", "described"), [("journal", JOURNAL), ("records", RECORDS), ("vault", VAULT)]
)
async def test_the_migrations_make_the_tables_that_are_described(
    store: str, described: MetaData, tmp_path: Path
) -> None:
    engine = await ready(store, urls(tmp_path, {})[store])
    opts = {"version_table": f"{store}_schema", "compare_type": True}
    async with engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts=opts), described)
        )
    await engine.dispose()
    assert found == []


async def test_upgrade_makes_all_three_and_again_changes_nothing(tmp_path: Path) -> None:
    first = await upgrade(urls(tmp_path, {}))
    assert await upgrade(urls(tmp_path, {})) == first
    assert sorted(first) == ["journal", "records", "vault"]


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    url = urls(tmp_path, {})["records"]
    engine = await ready("records", url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE records_schema SET version_num = 'records_9999'"))
    await engine.dispose()
    with pytest.raises(StoreFault, match=r"records\.db: its schema 'records_9999' is newer"):
        await ready("records", url)


async def test_a_read_only_file_is_named(tmp_path: Path) -> None:
    url = urls(tmp_path, {})["journal"]
    await (await ready("journal", url)).dispose()
    (tmp_path / "journal.db").chmod(0o400)
    with pytest.raises(StoreFault, match=r"journal\.db: is read-only"):
        await ready("journal", url)


async def test_a_file_that_is_no_database_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "vault.db").write_text("my shopping list")
    with pytest.raises(StoreFault, match="is no SQLite database"):
        await ready("vault", urls(tmp_path, {})["vault"])
    assert (tmp_path / "vault.db").read_text() == "my shopping list"


async def test_a_server_that_is_away_is_one_sentence() -> None:
    url = "postgresql+asyncpg://acd@127.0.0.1:1/acd"
    with pytest.raises(StoreFault, match="the records database: cannot be used"):
        await ready("records", url)


async def test_a_callback_tells_every_time_it_was_dialled_and_counts_in_no_service_level(
    records: AsyncEngine,
) -> None:
    """Neither does the call on which it was asked for: it was not answered, and nobody gave up."""
    call = Leg("n", "1.1")
    told: list[tuple[int, list[facts.Fact]]] = [
        (
            1,
            [
                facts.VisitBegan(1_000, 7, call, "+49", 1_000, False),
                facts.Queued(2_000, 7, 2_000),
                facts.VisitBegan(3_000, 8, None, "+49", 3_000, False, "callback", 7),
                facts.Queued(3_000, 8, 2_000),
                facts.CallbackPromised(3_000, 8, 7, 60_000, 120_000, False),
                facts.VisitEnded(4_000, 7, facts.CALLBACK, "pbx", ""),
            ],
        ),
        (2, [facts.CallbackDialled(60_000, 8, 21, "anna", 1)]),
        (3, [facts.CallbackFailed(80_000, 8, 21, "anna", 1, "BUSY", 900_000)]),
        (4, [facts.CallbackDialled(900_000, 8, 22, "cem", 2), facts.TalkBegan(910_000, 8, "cem", 22)]),
        (5, [facts.TalkEnded(990_000, 8, "cem"), facts.VisitEnded(990_000, 8, facts.ANSWERED, "staff", "")]),
    ]
    await SqlRecorder(records).record(told)
    async with records.connect() as connection:
        rows = (await connection.execute(select(visits).order_by(visits.c.id))).all()
        tries = (await connection.execute(select(callback_attempts).order_by("id"))).all()
    assert [(row.kind, row.outcome, row.origin, row.attempts) for row in rows] == [
        ("voice", "callback", 0, 0),
        ("callback", "answered", 7, 2),
    ]
    window = rows[1].promised_from, rows[1].promised_until
    assert [epoch_ms(each) for each in window] == [60_000, 120_000]
    assert [(t.id, t.attempt, t.agent, t.status, t.again_at is None) for t in tries] == [
        (21, 1, "anna", "BUSY", False),
        (22, 2, "cem", "", True),
    ]
    day = datetime(1970, 1, 1, tzinfo=UTC)
    found = await queries.counts(
        records, day, day.replace(day=2), seconds=5, clock="since_queue", short_seconds=5
    )
    assert found == queries.Counts(0, 0, 0, 0, 0)
    assert await queries.ended(records, "n", ["cb21", "cb22", "cb23"]) == set()  # their offers have no rows


async def test_a_call_that_did_not_get_out_stands_as_that_and_as_no_attempt(records: AsyncEngine) -> None:
    """Whether a leg was there or not; the promise was not kept by it."""
    not_out = facts.CallbackNotOut
    told: list[tuple[int, list[facts.Fact]]] = [
        (1, [facts.VisitBegan(3_000, 8, None, "+49", 3_000, False, "callback", 7)]),
        (2, [facts.CallbackDialled(60_000, 8, 21, "anna", 1)]),
        (3, [not_out(80_000, 8, 21, "anna", 0, True, "CONGESTION", 503, 900_000)]),
        (4, [not_out(900_000, 8, 22, "cem", 0, False, "CHANUNAVAIL", 0, 0)]),
        (5, [facts.VisitEnded(900_000, 8, facts.NOT_REACHED, "pbx", "")]),
    ]
    await SqlRecorder(records).record(told)
    async with records.connect() as connection:
        (row,) = (await connection.execute(select(visits))).all()
        tries = (await connection.execute(select(callback_attempts).order_by("id"))).all()
    assert (row.attempts, row.outcome) == (0, facts.NOT_REACHED)
    assert [(t.attempt, t.agent, t.status, t.again_at is None) for t in tries] == [
        (0, "anna", "NOT_OUT 503", False),
        (0, "cem", "NOT_OUT 0", True),
    ]


async def test_the_number_of_who_is_promised_a_call_is_kept_until_then(tmp_path: Path) -> None:
    vault = SqlVault(await ready("vault", urls(tmp_path, {})["vault"]), 1, [])
    token = await vault.token("0201 8812345", 0)
    assert await vault.promised("0201 8812345", 5, 10 * 86_400_000) == token
    await vault.purge(2 * 86_400_000)
    assert await vault.number(token) == "+492018812345"
    assert await vault.promised("0201 8812345", 5, 3) == token  # never sooner than before
    await vault.purge(11 * 86_400_000)
    assert await vault.number(token) == ""
    await vault.close()
