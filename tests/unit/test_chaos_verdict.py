"""The judge of `make chaos` sees each kind of wrong, and none where there is none."""

import sqlite3
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.callers import Account, Plan
from tests.chaos.eye import STATES
from tests.chaos.faults import Done
from tests.chaos.phones import Ring
from tests.chaos.report import faults, summary
from tests.chaos.run import Result, hit
from tests.chaos.truth import lived
from tests.chaos.verdict import WRONGS, Outage, Records, Verdict

UID, NUMBER, BEGAN = "1000.1", "02017000001", 1_800_000_000.0
CALLER, PHONE = "PJSIP/trunk-1", "PJSIP/p04-2"


def line(kind: str, after: float, context: str = "", app: str = "", data: str = "", **more: str) -> str:
    channel, uid = (PHONE, "1000.2") if more.pop("who", "") == "phone" else (CALLER, UID)
    extra = f'{{""bridge_id"":""{more["bridge"]}""}}' if more else ""
    words = [kind, f"{BEGAN + after:.6f}", NUMBER, "s", context, channel, app, data, uid, UID, extra]
    return ",".join(f'"{word}"' for word in words)


ACCOUNT = "\n".join(
    [
        line("CHAN_START", 0, "acd-trunk"),
        line("APP_START", 0.01, "acd-entry", "UserEvent", f"ACDEntry,Call: {UID},Line: +49"),
        line("APP_START", 1, "acd-language", "UserEvent", f"ACDLanguage,Call: {UID},Lang: de"),
        line("APP_START", 2, "acd-concern", "UserEvent", f"ACDConcern,Call: {UID},Concern: other"),
        line("APP_START", 2, "acd-hold", "UserEvent", f"ACDWaiting,Call: {UID},Lang: de"),
        line("APP_START", 4, "acd-connect", "Dial", "PJSIP/p04,5"),
        line("CHAN_START", 4, "acd-phones", who="phone"),
        line("BRIDGE_ENTER", 6, who="phone", bridge="b"),
        line("BRIDGE_ENTER", 6, bridge="b"),
        line("BRIDGE_EXIT", 16, who="phone", bridge="b"),
        line("BRIDGE_EXIT", 16.002, bridge="b"),
        line("HANGUP", 16.1, "acd-connect"),
    ]
)
VISIT: dict[str, Any] = {
    "id": 7,
    "call": UID,
    "language": "de",
    "concern": "other",
    "arrived_at": 0.0,
    "queued_at": 2.0,
    "answered_at": 6.0,
    "ended_at": 16.0,
    "answered_by": "birgit",
    "outcome": "answered",
    "ended_by": "staff",
    "degraded": 0,
}
HANDLING = {"visit": 7, "agent": "birgit", "began_at": 6.0, "ended_at": 16.0, "offer": 9}
CALLED = Account(NUMBER, Plan("patient", (), 60), invited=BEGAN, answered=BEGAN, cut_off=BEGAN + 16.1)
RANG = Ring("p04", NUMBER, "answers", BEGAN + 4, BEGAN + 4.5, BEGAN + 6, hung_up=BEGAN + 16)


Offers = tuple[tuple[object, ...], ...]
OFFER: Offers = ((9, 7, "birgit", "x", "answered"),)


def records(
    path: Path, visits: list[dict[str, Any]], handlings: list[dict[str, Any]], offers: Offers
) -> Records:
    base = sqlite3.connect(path)
    for table, rows, like in (("visit", visits, VISIT), ("handling", handlings, HANDLING)):
        base.execute(f"create table {table} ({', '.join(like)})")
        for row in rows:
            values = [moment(value) if name.endswith("_at") else value for name, value in row.items()]
            base.execute(f"insert into {table} values ({', '.join('?' * len(row))})", values)
    base.execute("create table offer (id, visit, agent, ended_at, outcome)")
    base.executemany("insert into offer values (?, ?, ?, ?, ?)", offers)
    base.execute("create table incident (kind)")
    base.commit()
    base.close()
    return Records(path)


def moment(after: float | None) -> str | None:
    if after is None:
        return None
    base = sqlite3.connect(":memory:")
    said = base.execute("select strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch')", [BEGAN + after]).fetchone()[0]
    base.close()
    return str(said)


def judged(
    path: Path,
    visits: list[dict[str, Any]] | None = None,
    handlings: list[dict[str, Any]] | None = None,
    account: Account = CALLED,
    rings: tuple[Ring, ...] = (RANG,),
    told: str = ACCOUNT,
    outages: tuple[Outage, ...] = (),
    offers: Offers = OFFER,
    strains: tuple[tuple[float, float], ...] = (),
) -> dict[str, str]:
    path = Path(tempfile.mkdtemp(dir=path)) / "records.db"
    kept = ([VISIT] if visits is None else visits, [HANDLING] if handlings is None else handlings)
    rows = records(path, *kept, offers)
    calls = lived(told, [(ring.number, ring.rang, ring.answered) for ring in rings])
    verdict = Verdict(calls, [account], rings, rows, {"p04": "birgit"}, outages, strains)
    return {each.kind: each.what for each in verdict.judge()}


def test_nothing_is_wrong_where_all_accounts_agree(tmp_path: Path) -> None:
    assert judged(tmp_path) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcome": "lost_in_pbx"}, "outcome"),
        ({"answered_by": "markus"}, "answered by markus"),
        ({"ended_at": 18.1}, "ended_at is +2.0 s off"),
        ({"queued_at": None}, "queued_at is missing"),
        ({"answered_at": 3.0}, "answered_at is -3.0 s off"),
        ({"degraded": 1}, "degraded"),
        ({"language": ""}, "language none"),
        ({"concern": "study"}, "concern study"),
        ({"ended_by": "pbx"}, "ended by pbx"),
    ],
)
def test_a_row_that_says_otherwise_is_untrue(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    found = judged(tmp_path, visits=[VISIT | change])
    assert set(found) == {"untrue"}
    assert said in found["untrue"]


def test_a_second_row_of_a_call_is_untrue(tmp_path: Path) -> None:
    assert judged(tmp_path, visits=[VISIT, VISIT | {"id": 8}])["untrue"] == "2 rows"


def test_a_row_of_no_call_is_untrue(tmp_path: Path) -> None:
    assert set(judged(tmp_path, visits=[VISIT, VISIT | {"id": 8, "call": "999.9"}])) == {"untrue"}


@pytest.mark.parametrize(
    "handlings",
    [
        [HANDLING | {"ended_at": None}],
        [HANDLING | {"agent": "markus"}],
        [HANDLING, HANDLING | {"began_at": 9.0}],
    ],
)
def test_a_talk_that_is_kept_wrongly_is_untrue(tmp_path: Path, handlings: list[dict[str, Any]]) -> None:
    assert set(judged(tmp_path, handlings=handlings)) == {"untrue"}


@pytest.mark.parametrize(
    "offers",
    [
        ((9, 7, "birgit", None, ""),),
        (*OFFER, (10, 7, "birgit", "x", "answered")),
        ((9, 7, "markus", "x", "answered"),),
    ],
)
def test_an_offer_that_is_kept_wrongly_is_untrue(tmp_path: Path, offers: Offers) -> None:
    assert set(judged(tmp_path, offers=offers)) == {"untrue"}


def test_a_call_without_a_row_is_missing(tmp_path: Path) -> None:
    assert set(judged(tmp_path, visits=[])) == {"missing_rows"}


def test_what_asterisk_did_in_the_second_before_its_death_may_be_missing(tmp_path: Path) -> None:
    told = "\n".join(ACCOUNT.splitlines()[:2])
    dead = (Outage(BEGAN + 0.5, BEGAN + 3),)
    assert judged(tmp_path, visits=[], told=told, rings=(), outages=dead) == {}


def test_a_visit_that_never_ends_is_stuck(tmp_path: Path) -> None:
    assert "stuck" in judged(tmp_path, visits=[VISIT | {"ended_at": None, "outcome": ""}])


def test_a_caller_cut_off_by_nobody_is_lost(tmp_path: Path) -> None:
    assert set(judged(tmp_path, rings=(replace(RANG, hung_up=0.0),))) >= {"lost"}
    assert set(judged(tmp_path, rings=(replace(RANG, hung_up=BEGAN + 6.2),))) >= {"lost"}


def test_a_talk_that_neither_side_ended_is_torn(tmp_path: Path) -> None:
    assert "torn" in judged(tmp_path, rings=(replace(RANG, hung_up=0.0, cut_off=BEGAN + 12),))


def test_who_stood_still_themselves_hold_it_against_nobody(tmp_path: Path) -> None:
    """The phone did not say that it lives, and the caller read the goodbye late, for our own loop stood."""
    at = BEGAN + 21
    stood = ((at, 4.8),)
    late = replace(CALLED, cut_off=at)
    assert "lost" in judged(tmp_path, account=late)
    assert "lost" not in judged(tmp_path, account=late, strains=stood)
    torn = replace(RANG, hung_up=0.0, cut_off=at)
    assert "torn" in judged(tmp_path, account=late, rings=(torn,))
    assert "torn" not in judged(tmp_path, account=late, rings=(torn,), strains=stood)
    assert "torn" in judged(tmp_path, account=late, rings=(torn,), strains=((at, 2.0),))


@pytest.mark.parametrize(("ended", "fits"), [(8.0, False), (9.0, True), (13.0, True), (18.0, False)])
def test_a_talk_with_a_phone_that_died_ends_with_it_or_once_it_is_missed(
    tmp_path: Path, ended: float, fits: bool
) -> None:
    died = replace(RANG, hung_up=0.0, died=BEGAN + 9.5)
    gone = replace(CALLED, cut_off=0.0, hung_up=BEGAN + 16.1)
    row = VISIT | {"ended_by": "caller"}
    found = judged(tmp_path, [row], [HANDLING | {"ended_at": ended}], gone, (died,))
    assert ("untrue" not in found) == fits, found


def test_a_phone_that_is_rung_in_a_talk_is_doubled(tmp_path: Path) -> None:
    assert "doubled" in judged(tmp_path, rings=(replace(RANG, beside=1, beside_numbers=("1",)),))


def test_a_caller_beside_a_dead_phone_is_stuck(tmp_path: Path) -> None:
    told = ACCOUNT
    for after in (16, 16.002, 16.1):
        told = told.replace(f"{BEGAN + after:.6f}", f"{BEGAN + 50 + after:.6f}")
    assert "stuck" in judged(tmp_path, told=told, rings=(replace(RANG, hung_up=0.0, died=BEGAN + 9),))


def test_a_kill_counts_for_every_state_in_which_it_found_a_visit() -> None:
    calls = lived(ACCOUNT, [(NUMBER, BEGAN + 4.5, BEGAN + 6)])
    at = {"greeted": 1.5, "waiting": 3, "offered": 4.2, "ringing": 5, "talking": 8, "parting": 16.05}
    for state, after in at.items():
        assert calls[UID].state_at(BEGAN + after) == state
    counts = hit([BEGAN + after for after in at.values()], calls, ())
    assert [counts[state] for state in at] == [1] * len(at)
    assert counts["wrap_up"] == 1


def test_the_report_asks_for_the_exposure_of_a_whole_run() -> None:
    done = Done(kills=[BEGAN] * 100, counts=Counter(stalls=3))
    every = dict.fromkeys(STATES, 5)
    result = Result(1, 60.0, 3_000, 900, every, done, [], [], {})
    said = summary([result], None, None)
    assert all(said[name] == 0 for name in WRONGS)
    assert faults(said, exposed=False) == []
    assert faults(said, exposed=True) == ["only 0 redirects of 500000"]
    missed = replace(result, kills_by_state=every | {"parting": 0}, calls=2_999)
    assert "no kill hit a visit parting" in faults(summary([missed], None, None), exposed=True)
    assert "only 2999 calls of 3000" in faults(summary([missed], None, None), exposed=True)
