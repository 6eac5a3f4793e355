"""From the centre's description to the values that decide: the roster and the policy."""

from agents.model import Agent, Reach, Roster
from config.hours import opening
from config.schema import Centre, StaffMember, cefr
from routing.policy import FALLBACK, OWN, SECOND, Policy, Step

SCOPES = {"own": OWN, "second": SECOND, "fallback": FALLBACK}
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


def roster(centre: Centre) -> Roster:
    """The people of the configuration file, sorted by id."""
    return Roster(tuple(agent(member) for member in sorted(centre.staff, key=lambda each: each.id)))


def policy(centre: Centre, now_ms: int, days: int = HORIZON_DAYS) -> Policy:
    """The rules in force, with opening hours from the day of `now_ms` on."""
    rules, staffing = centre.routing, centre.staffing
    return Policy(
        steps=tuple(
            Step(
                step.after_seconds * 1000,
                sum({SCOPES[name] for name in step.languages}),
                int(cefr(step.language)),
                step.concern,
            )
            for step in rules.step
        ),
        unknown_languages=tuple(rules.unknown_languages),
        fallback_languages=tuple(rules.fallback_languages),
        choose=tuple(rules.choose),
        ring_ms=staffing.ring_seconds * 1000,
        lease_ms=staffing.ring_seconds * 1000 + LEASE_MARGIN_MS,
        silent_ms=staffing.silent_seconds * 1000,
        wrap_up_ms=staffing.wrap_up_seconds * 1000,
        misses_until_away=staffing.misses_until_away,
        opening=opening(centre, now_ms, days),
        retry_ms=staffing.retry_seconds * 1000,
    )
