"""From the centre's description to the values that decide: the team and the policy."""

from collections.abc import Iterable

from agents.model import Agent, Cefr, Reach, Team
from config.hours import daily, midnights, opening, own
from config.schema import Centre
from config.tables.people import StaffMember, cefr
from config.tables.rules import Overflow as OverflowRule
from config.tables.rules import RoutingStep
from routing.policy import (
    ANYBODY,
    FALLBACK,
    INTERPRETER,
    OWN,
    SECOND,
    Announcing,
    Callbacks,
    Overflow,
    Plan,
    Policy,
    Refusal,
    Reserve,
    Step,
)

SCOPES = {
    "own": OWN,
    "second": SECOND,
    "fallback": FALLBACK,
    "interpreter": INTERPRETER,
    "anybody": ANYBODY,
}
HORIZON_DAYS = 400
"""How far ahead opening hours are worked out; a daemon works them out anew every day."""
LEASE_MARGIN_MS = 3_000
"""What a lease allows beyond the ringing time for the PBX to report how it ended."""


def agent(member: StaffMember) -> Agent:
    """A member of staff as a value of agents.model."""
    return Agent(
        member.id,
        member.name,
        Reach("phone", member.phone),
        tuple(sorted((code, int(cefr(level))) for code, level in member.languages.items())),
        tuple(sorted(member.concerns.items())),
    )


def member(person: Agent) -> StaffMember:
    """The same person as file and spreadsheet describe them; not checked, since they are in force already."""
    levels = {code: Cefr(level).name for code, level in person.languages}
    return StaffMember.model_construct(
        id=person.id,
        name=person.name,
        phone=person.reach.address,
        languages={code: "native" if name == "NATIVE" else name for code, name in levels.items()},
        concerns=dict(person.concerns),
    )


def team(centre: Centre) -> Team:
    """The people of the configuration file, sorted by id."""
    return Team(tuple(agent(member) for member in sorted(centre.staff, key=lambda each: each.id)))


def scope(languages: Iterable[str]) -> int:
    """Which languages a step admits, as a sum."""
    return sum({SCOPES[name] for name in languages})


def steps(asked: list[RoutingStep]) -> tuple[Step, ...]:
    """Widening steps as values."""
    return tuple(
        Step(
            step.after_seconds * 1000,
            scope(step.languages),
            int(cefr(step.language)),
            step.concern,
            int(cefr(step.prefer_language)) if step.prefer_language else 0,
            step.prefer_concern,
        )
        for step in asked
    )


def overflow(rule: OverflowRule) -> Overflow:
    """A rule of overflow as a value. Where it leads to stands in the dialplan, under its name."""
    asked = rule.step
    return Overflow(
        rule.name,
        rule.language,
        rule.concern,
        -1 if rule.after_seconds is None else rule.after_seconds * 1000,
        -1 if rule.length is None else rule.length,
        rule.nobody,
        rule.then,
        Step(0, scope(asked.languages), int(cefr(asked.language)), asked.concern) if asked else None,
    )


def callbacks(centre: Centre) -> Callbacks | None:
    """How callers are called back; None where they are not."""
    rules = centre.callback
    if rules is None:
        return None
    return Callbacks(
        share_percent=rules.share_percent,
        gaps_ms=tuple(each * 60_000 for each in rules.again_minutes),
        per_number_day=rules.per_number_day,
        per_day=rules.per_day,
        open_max=rules.open_most,
        ring_ms=rules.ring_seconds * 1_000,
        offer_ms=rules.offer_minutes * 60_000,
        messages_max=centre.message.most if centre.message is not None else 0,
    )


def policy(centre: Centre, now_ms: int, days: int = HORIZON_DAYS) -> Policy:
    """The rules in force, with opening hours from the day of `now_ms` on."""
    rules, staffing, waiting = centre.routing, centre.staffing, centre.waiting
    overtime = centre.hours.after_closing_minutes
    agreement = centre.privacy.agreement
    plans = [Plan("", "", steps(rules.step))]
    plans += [Plan(each.language, each.concern, steps(each.step)) for each in rules.plan]
    return Policy(
        plans=tuple(sorted(plans)),
        unknown_languages=tuple(rules.unknown_languages),
        fallback_languages=tuple(rules.fallback_languages),
        choose=tuple(rules.choose),
        lease_ms=staffing.ring_seconds * 1000 + LEASE_MARGIN_MS,
        silent_ms=staffing.silent_seconds * 1000,
        short_talk_ms=staffing.short_talk_seconds * 1000,
        wrap_up_ms=staffing.wrap_up_seconds * 1000,
        refusals=tuple(
            Refusal(outcome, refused.away_after, refused.retry_seconds * 1000)
            for outcome, refused in rules.refused
        ),
        opening=opening(centre, now_ms, days),
        days=midnights(centre, now_ms, days),
        listens=tuple(sorted(set(agreement.allows))) if agreement is not None else (),
        classes=tuple(sorted((each.name, each.worth_seconds * 1000) for each in rules.classes)),
        repeat_ms=rules.repeat_hours * 3_600_000,
        repeat_today=rules.repeat_same_day,
        overtime_ms=-1 if overtime is None else overtime * 60_000,
        owner_ms=rules.owner_seconds * 1000,
        reserves=tuple(
            Reserve(
                each.language,
                int(cefr(each.level)),
                each.keep,
                each.release_seconds * 1000,
                daily(centre, each.hours, now_ms, days),
            )
            for each in rules.reserve
        ),
        announcing=Announcing(
            waiting.first_seconds * 1000,
            tuple(each * 1000 for each in waiting.announce_seconds),
            tuple(waiting.band_minutes),
            waiting.coverage_percent * 10,
        ),
        rejoin_ms=waiting.rejoin_minutes * 60_000,
        cut_talk_ms=waiting.cut_talk_seconds * 1000,
        hours=own(centre, now_ms, days),
        overflow=tuple(overflow(each) for each in centre.overflow),
        callbacks=callbacks(centre),
    )
