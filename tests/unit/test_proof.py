"""A journal proves itself: decided again with no other file beside it, and compared with other rules."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acd import replay
from acd.cli import app
from acd.demo.hotline import PROJECT
from acd.store import codec
from acd.store.journal import SqlJournal
from acd.store.open import ready, urls
from routing import events as ev
from tests.fakes.centre import NODE, POLICY, ROSTER, Bench

CONFIG = PROJECT / "config" / "welcomecenter.toml"


def a_morning() -> Bench:
    """Three people, two callers, one of them answered, and a change of the rules between the two."""
    bench = Bench()
    bench.login("p03", "p02", "p01")
    bench.call("1.1")
    bench.tell(ev.Bridged(ev.Leg(NODE, "1.1"), ev.Leg(NODE, "1.2"), "p02"))
    bench.tell(ev.LegEnded(ev.Leg(NODE, "1.1"), 16))
    bench.tell(ev.PolicyChanged("", POLICY._replace(wrap_up_ms=1_000)), 10_000)
    bench.call("2.1")
    return bench


async def keep(bench: Bench, folder: Path) -> None:
    """Its journal, as the daemon writes it: an event a batch, each with what the one before led to."""
    journal = await SqlJournal.open(await ready("journal", urls(folder, {})["journal"]))
    digests = {ev.PolicyChanged: "policy", ev.TeamChanged: "roster"}
    last: list[replay.Decision] = []
    for seq, ((event, now), effects) in enumerate(zip(bench.journal, bench.effects, strict=True), start=1):
        if type(event) in digests:
            event = event._replace(digest=codec.digest(event[1]))  # type: ignore[attr-defined, arg-type]
        await journal.append([ev.Envelope(seq, 1, now, "pbx", "", 0, event)], last)
        last = replay.decisions(seq, effects.facts)
    await journal.append([], last)
    await journal.close()


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """journal.db, and nothing else, in another folder."""
    (tmp_path / "var").mkdir()
    asyncio.run(keep(a_morning(), tmp_path / "var"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    return Path(shutil.copy(tmp_path / "var" / "journal.db", elsewhere))


def acd(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["replay", *words])
    return done.exit_code, done.output


def test_the_journal_alone_is_proved_and_nothing_is_put_beside_it(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(alone.parent)
    code, said = acd("journal.db")
    assert (code, said) == (0, "18 events, 2 offers, 0 decided otherwise\n")
    assert [each.name for each in alone.parent.iterdir()] == ["journal.db"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "update journal_decision set agent = 'cem' where seq = 11",
            "to cem; decided again: event 11 offers visit 4294967303 to birgit",
        ),
        (
            "delete from journal_event where kind = 'CallWaiting' and seq > 12",
            "to birgit; decided again: nothing",
        ),
    ],
)
def test_a_decision_that_does_not_follow_is_named(alone: Path, change: str, said: str) -> None:
    with sqlite3.connect(alone) as base:
        assert base.execute(change).rowcount == 1
    base.close()
    code, printed = acd(str(alone))
    assert (code, said in printed) == (1, True), printed
    assert "1 decided otherwise" in printed


def test_an_offer_that_a_kill_kept_from_the_journal_is_told_and_is_no_fault(alone: Path) -> None:
    with sqlite3.connect(alone) as base:
        base.execute("delete from journal_decision where offer = (select max(offer) from journal_decision)")
    base.close()
    code, said = acd(str(alone))
    assert (code, "1 of the offers were not written down" in said) == (0, True), said


def test_other_rules_are_compared_with_the_journal_alone(alone: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    text = CONFIG.read_text(encoding="utf-8")
    first = next(line for line in text.splitlines() if line.startswith("choose = "))
    other.write_text(text.replace(first, 'choose = ["longest_idle"]'), encoding="utf-8")
    code, said = acd(str(alone), "--policy", str(other))
    assert code == 0, said
    assert said.count("to birgit (") == 2
    assert said.splitlines()[-1] == "2 decisions would have been different"
    assert len(ROSTER.agents) == 3
