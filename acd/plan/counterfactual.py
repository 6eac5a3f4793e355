"""Other rules and people for a recorded time: of another centre's file, a list of people, without some."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from acd.plan.common import fail
from agents import state as staff
from agents.model import Agent, Team
from config import staff_csv
from config.load import cleaned
from config.load import load as load_centre
from config.people import policy as policy_of
from config.schema import Centre
from routing.events import SkillsLent
from routing.policy import Policy
from routing.privacy import partition
from routing.world import Person
from simulation.records.journal_trace import DAY_MS, DEVICE, Did, JournalTrace
from simulation.records.trace_driven import Rules

HOURS_DAYS: Final = 300
"""A policy's opening hours are worked out 400 days ahead; longer journals get them anew after so many."""


class Counterfactual(NamedTuple):
    """What is to be other than recorded. policy: a centre's file, for its rules and hours; roster: a CSV of
    people; people: the only ones who are there, by id, with commas; without: who is not there."""

    policy: Path | None
    roster: Path | None
    people: str
    without: tuple[str, ...]


def recorded_rules(trace: JournalTrace) -> Rules:
    """As it was."""
    return Rules(trace.policies, trace.rosters, trace.did, trace.by_hand)


def rules(trace: JournalTrace, house: Centre, wanted: Counterfactual) -> Rules | None:
    """What is wanted, or None if nothing else is. Raises ConfigFaults; ends the command with one sentence
    for a person whom nobody knows."""
    found = recorded_rules(trace)
    if wanted.policy is not None:
        found = found._replace(policies=_policies(load_centre(wanted.policy), trace))
    if wanted.roster is not None:
        found = _with_people(found, staff_csv.read(wanted.roster, house), trace)
    only = [each.strip() for each in wanted.people.split(",") if each.strip()]
    known = sorted({agent.id for _, each in found.rosters for agent in each.agents})
    for option, named in (("--people", only), ("--without", wanted.without)):
        if unknown := [each for each in named if each not in known]:
            raise fail(f"{option}: {cleaned(unknown[0])!r} is nobody here; there are {', '.join(known)}")
    there = {each for each in only or known if each not in wanted.without}
    if only or wanted.without:
        found = found._replace(did=tuple(each for each in found.did if each.agent in there))
    return found if any(wanted) else None


def apart(variants: Sequence[Rules], smallest: int) -> frozenset[tuple[str, str]] | None:
    """The (language, concern) that may be shown apart under all these rules and people. Who was lent skills
    counts with what they could do all the time."""
    if smallest == 0:
        return None
    shown = [
        partition(policy, [Person(_always(agent, each)) for agent in roster.agents], smallest).alone(
            lambda need: need
        )
        for each in variants
        for _, policy in each.policies
        for _, roster in each.rosters
    ]
    return frozenset.intersection(*shown)


def _always(agent: Agent, rules: Rules) -> Agent:
    languages, concerns = dict(agent.languages), dict(agent.concerns)
    for _, said in rules.by_hand:
        if isinstance(said, SkillsLent) and said.agent == agent.id and said.until_ms:
            languages = _least(languages, dict(said.languages))
            concerns = _least(concerns, dict(said.concerns))
    return agent._replace(languages=tuple(languages.items()), concerns=tuple(concerns.items()))


def _least(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: min(level, other[key]) for key, level in one.items() if key in other}


def _policies(centre: Centre, trace: JournalTrace) -> tuple[tuple[int, Policy], ...]:
    times = range(trace.begin_ms, trace.end_ms + 1, HOURS_DAYS * DAY_MS)
    return tuple((at, policy_of(centre, at)) for at in times)


def _with_people(rules: Rules, new: Team, trace: JournalTrace) -> Rules:
    """Who was not there before works the hours of whoever was there longest."""
    ids = {agent.id for agent in new.agents}
    before = {agent.id for _, each in rules.rosters for agent in each.agents}
    hours = [each for each in rules.did if each.agent == _longest_there(rules.did, trace.end_ms)]
    did = [each for each in rules.did if each.agent in ids]
    for agent in sorted(ids - before):
        did += [each._replace(agent=agent) for each in hours if each.what != DEVICE]
    return rules._replace(
        rosters=((trace.begin_ms, new),), did=tuple(sorted(did, key=lambda each: each.at_ms))
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
