"""acd plan replay: a recorded day or year again, under its own and under other rules or people."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import typer
from sqlalchemy.exc import DBAPIError

from acd.plan.common import DEFAULT, File, Seed, fail, progress_bar, told
from acd.replay import replay, thaw
from acd.store import open as stores
from acd.store.codec import UnreadableEvent
from acd.store.journal import SqlJournal
from acd.store.open import StoreFault
from agents import state as staff
from agents.model import Roster
from config import staff_csv
from config.load import cleaned
from config.load import load as load_centre
from config.people import policy as policy_of
from config.schema import Centre
from routing import facts
from routing.engine import Effects
from routing.policy import Policy
from routing.privacy import MERGED, shown_apart
from routing.world import Person
from simulation import censored, rerun, scenario_file
from simulation.journalled import DAY_MS, DEVICE, UNKNOWN, Did, Journalled, Reader
from simulation.outcome import Figure
from simulation.recorded import Recorded
from simulation.rerun import FIGURES, Assumed, Job, Measure, Rules
from simulation.scenario import Scenario
from simulation.spread import Estimate, Spread
from simulation.sweep import local
from simulation.year import year

app = typer.Typer()

Floats = npt.NDArray[np.float64]

GAVE_UP_LEAST: Final = 10
"""Of so few who gave up patience is not estimated."""
FEW: Final = 30
"""Below so many calls a count is shown and no share."""
ROUND: Final = 5
HOURS_DAYS: Final = 300
"""A policy's opening hours are worked out 400 days ahead; longer journals get them anew after so many."""


class Read(NamedTuple):
    """A journal, and whether the simulated clock led to the same decisions."""

    journalled: Journalled
    same: bool


@app.command("replay")
def replay_(
    journal: Annotated[str, typer.Argument(help="A journal.db, or the URL of a journal database.")],
    scenario: Annotated[
        str,
        typer.Option("--scenario", help="Gives what the journal has too little of; the first by default."),
    ] = "",
    file: File = DEFAULT,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Another centre's file: its rules and hours.")
    ] = None,
    roster: Annotated[
        Path | None, typer.Option("--roster", help="Other people (CSV as for `acd staff import`).")
    ] = None,
    people: Annotated[
        str, typer.Option("--people", help="Only these are there, by id, like birgit,cem.")
    ] = "",
    without: Annotated[
        list[str] | None, typer.Option("--without", help="This person is not there (may be repeated).")
    ] = None,
    number: Annotated[
        int, typer.Option("--replications", min=2, help="Draws of what the journal does not tell.")
    ] = 20,
    seed: Seed = 1,
) -> None:
    """Simulate a recorded time again: as it was, to compare, and under other rules or people.

    Callers come when they came, need what they needed, talk as long as they talked; staff log in and out as
    they did. Drawn is what nobody recorded: how long the answered would have waited, how long those talk who
    had no talk, what phones do with other offers. The intervals are those of the draws alone.
    """
    with told():
        asked = scenario_file.load(file, scenario or scenario_file.names(file)[0])
        found = _read(journal)
        rules = _recorded_rules(found.journalled)
        other = _other(found.journalled, rules, asked.house, policy, roster, people, without or [])
        assumed, of_patience = _assumed(found.journalled, asked)
        variants = [rules] if other is None else [rules, other]
        level, apart = asked.house.service_level, _apart(variants, asked.house.privacy.smallest_cell)
        measure = Measure(level.seconds * 1000, level.short_abandon_seconds * 1000, level.variant, apart)
        with progress_bar() as bar:
            task = bar.add_task("replay", total=number * len(variants))
            given = _run(
                [Job(found.journalled, each, assumed, measure, seed, 0, number) for each in variants],
                lambda: bar.advance(task, ROUND),
            )
    _print_read(found, asked, of_patience)
    was = rerun.figures(found.journalled, rerun.recorded(found.journalled), measure)
    _print(found.journalled, measure, was, given, number)


# --- reading ---------------------------------------------------------------------------------------------


def _read(address: str) -> Read:
    if "://" not in address and not Path(address).is_file():
        raise fail(f"{address}: is no file; name a journal.db")
    url = address if "://" in address else f"sqlite+aiosqlite:///{Path(address).resolve()}"
    try:
        found = asyncio.run(_reading(url))
    except (StoreFault, UnreadableEvent) as fault:
        raise fail(str(fault)) from None
    except DBAPIError as fault:
        raise fail(f"the journal cannot be read: {str(fault.orig).splitlines()[0][:160]}") from None
    if not found.journalled.callers:
        raise fail("the journal tells of no caller who came into the queue; let the daemon run first")
    if not found.journalled.rosters or not found.journalled.policies:
        raise fail("the journal tells of no rules or people; it is not whole")
    return found


async def _reading(url: str) -> Read:
    journal = await SqlJournal.open(await stores.readable("journal", url))
    try:
        begin = await journal.begin()
        engine, after = thaw(begin)
        reader, live, simulated = Reader(engine), _Digest(), _Digest()
        if begin is not None:
            reader.begin(engine.world, engine.world.now_ms)
        clocked = Recorded(thaw(begin)[0], simulated.take)
        async for envelope, effects in replay(engine, journal, after):
            reader.take(envelope, effects)
            live.take(effects)
            clocked.feed(envelope)
        return Read(reader.found(), live.hexdigest() == simulated.hexdigest())
    finally:
        await journal.close()


class _Digest:
    """Of commands and facts in order."""

    def __init__(self) -> None:
        self._commands, self._facts = hashlib.sha256(), hashlib.sha256()

    def take(self, effects: Effects) -> None:
        for command in effects.commands:
            self._commands.update(repr(command).encode())
        for fact in effects.facts:
            self._facts.update(repr(fact).encode())

    def hexdigest(self) -> str:
        return self._commands.hexdigest() + self._facts.hexdigest()


# --- rules, people, assumptions ----------------------------------------------------------------------------


def _recorded_rules(journalled: Journalled) -> Rules:
    return Rules(journalled.policies, journalled.rosters, journalled.did)


def _other(
    journalled: Journalled,
    rules: Rules,
    house: Centre,
    policy: Path | None,
    roster: Path | None,
    people: str,
    without: Sequence[str],
) -> Rules | None:
    """What is asked for, or None if nothing else is."""
    if policy is not None:
        rules = rules._replace(policies=_policies(load_centre(policy), journalled))
    if roster is not None:
        rules = _with_people(rules, staff_csv.read(roster, house), journalled)
    only = [each.strip() for each in people.split(",") if each.strip()]
    known = sorted({agent.id for _, each in rules.rosters for agent in each.agents})
    for option, named in (("--people", only), ("--without", without)):
        if unknown := [each for each in named if each not in known]:
            raise fail(f"{option}: {cleaned(unknown[0])!r} is nobody here; there are {', '.join(known)}")
    there = {each for each in only or known if each not in without}
    if only or without:
        rules = rules._replace(did=tuple(each for each in rules.did if each.agent in there))
    return rules if policy or roster or only or without else None


def _apart(variants: Sequence[Rules], smallest: int) -> frozenset[tuple[str, str]] | None:
    """The (language, concern) that may be shown apart under all these rules and people."""
    if smallest == 0:
        return None
    shown = [
        shown_apart(policy, [Person(agent) for agent in roster.agents], smallest)
        for rules in variants
        for _, policy in rules.policies
        for _, roster in rules.rosters
    ]
    return frozenset.intersection(*shown)


def _policies(centre: Centre, journalled: Journalled) -> tuple[tuple[int, Policy], ...]:
    times = range(journalled.begin_ms, journalled.end_ms + 1, HOURS_DAYS * DAY_MS)
    return tuple((at, policy_of(centre, at)) for at in times)


def _with_people(rules: Rules, new: Roster, journalled: Journalled) -> Rules:
    """Who was not there before works the hours of whoever was there longest."""
    ids = {agent.id for agent in new.agents}
    before = {agent.id for _, each in rules.rosters for agent in each.agents}
    hours = [each for each in rules.did if each.agent == _longest_there(rules.did, journalled.end_ms)]
    did = [each for each in rules.did if each.agent in ids]
    for agent in sorted(ids - before):
        did += [each._replace(agent=agent) for each in hours if each.what != DEVICE]
    return rules._replace(
        rosters=((journalled.begin_ms, new),), did=tuple(sorted(did, key=lambda each: each.at_ms))
    )


def _longest_there(did: Sequence[Did], end_ms: int) -> str:
    """Who was logged in longest; "" if nobody was."""
    since: dict[str, int] = {}
    there: dict[str, int] = {}
    for each in did:
        if each.what == staff.LOGIN:
            since.setdefault(each.agent, each.at_ms)
        elif each.what == staff.LOGOUT and each.agent in since:
            there[each.agent] = there.get(each.agent, 0) + each.at_ms - since.pop(each.agent)
    for agent, at in since.items():
        there[agent] = there.get(agent, 0) + end_ms - at
    return max(sorted(there), key=lambda agent: there[agent], default="")


def _assumed(journalled: Journalled, asked: Scenario) -> tuple[Assumed, str]:
    """What the journal does not tell, and in words where patience is from."""
    model = year(asked, case_work=False).model
    gave_up = [each.ended in (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING) for each in journalled.callers]
    mean, said = model.patience.a, f"scenario {asked.name}; fewer than {GAVE_UP_LEAST} gave up here"
    if sum(gave_up) >= GAVE_UP_LEAST:
        queued = np.array([each.ended != facts.CLOSED for each in journalled.callers])
        waits = np.array([each.wait_ms for each in journalled.callers], np.float64) / 1000
        fitted = censored.exponential(censored.Waits(waits[queued], np.array(gave_up)[queued]))
        mean = fitted.mean * 1000
        said = f"95 % interval {fitted.low:.0f} to {fitted.high:.0f} s, by {sum(gave_up)} who gave up"
    return (
        Assumed(mean, model.talk, model.phones, model.back_ms),
        f"mean patience {mean / 1000:.0f} s ({said}); the answered waited and would have waited on",
    )


def _run(jobs: Sequence[Job], progress: Callable[[], object]) -> list[Floats]:
    """By job: (replication, figure)."""
    parts = [
        job._replace(first=first, number=min(ROUND, job.number - first))
        for job in jobs
        for first in range(0, job.number, ROUND)
    ]
    found = []
    with local() as pool:
        futures = [pool.submit(rerun.run, part) for part in parts]
        try:
            for future in futures:
                found.append(future.result())
                progress()
        finally:
            for future in futures:
                future.cancel()
    each = len(parts) // len(jobs)
    return [np.concatenate(found[i * each : (i + 1) * each]) for i in range(len(jobs))]


# --- telling -----------------------------------------------------------------------------------------------


def _print_read(found: Read, asked: Scenario, of_patience: str) -> None:
    journal = found.journalled
    zone = asked.house.centre.zone
    begin, end = (datetime.fromtimestamp(at / 1000, zone) for at in (journal.begin_ms, journal.end_ms))
    ends = [each.ended for each in journal.callers]
    gave_up = sum(each in (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING) for each in ends)
    typer.echo(f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, {journal.events} events")
    typer.echo(
        f"{len(ends)} callers: {ends.count(facts.ANSWERED)} answered, {gave_up} gave up, "
        f"{ends.count(facts.CLOSED)} when closed, {ends.count(facts.LOST)} lost; "
        f"left out: {journal.in_menu} who left in the menu, {journal.unfinished} still there at the end"
    )
    typer.echo(
        "on the simulated clock the journal's events lead to "
        + ("the same decisions" if found.same else "OTHER decisions than the daemon's")
    )
    typer.echo(of_patience)
    talks = sum(each.talk_ms != UNKNOWN for each in journal.callers)
    typer.echo(f"talks and offers are drawn from the {talks} and {len(journal.offers)} recorded\n")


def _print(
    journalled: Journalled, measure: Measure, was: Floats, given: Sequence[Floats], number: int
) -> None:
    names = ["as it was, simulated", "otherwise"][: len(given)]
    columns = [_estimates(each) for each in given]
    if len(given) == 2:
        names.append("difference")
        columns.append(_estimates(given[1] - given[0]))
    typer.echo(f"{'':46} {'recorded':>9}" + "".join(f"  {name:^29}" for name in names) + "  unit")
    for i, figure in enumerate(FIGURES):
        typer.echo(_line(figure.en, figure, was[i], [column[i] for column in columns]))
    typer.echo(
        f"\nby language and concern (service level: {measure.variant}, {measure.within_ms / 1000:g} s)"
    )
    at = len(FIGURES)
    few = []
    for place, (by, key, figure) in enumerate(rerun.of_cells(journalled, measure), at):
        key = f"other {by}s" if key == MERGED else key
        if figure.key == "contacts":
            calls, enough = was[place], was[place] >= FEW
            if 0 < calls < FEW:
                few.append(f"{key} {calls:.0f}")
        if enough:
            typer.echo(_line(f"{key}: {figure.en}", figure, was[place], [each[place] for each in columns]))
    if few:
        typer.echo(f"fewer than {FEW} calls, so no shares: {', '.join(few)}")
    typer.echo(
        f"\n{number} replications; the intervals (95 %) are those of what was drawn, "
        "not of how another day would have differed"
    )


def _estimates(rows: Floats) -> list[Estimate]:
    spread = Spread(rows.shape[1])
    for row in rows:
        spread.add(row)
    return spread.estimates()


def _line(name: str, figure: Figure, was: float, found: Sequence[Estimate]) -> str:
    shown = "".join(f"  {each.mean:9.3f} ({each.low:8.3f} {each.high:8.3f})" for each in found)
    return f"{name:46} {was:9.3f}{shown}  {figure.unit}"
