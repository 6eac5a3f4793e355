"""The rules of distribution in plain words: who may take a caller, and who goes first.

Written anew beside routing, by looking at everybody, with nothing of routing but its values; so a slip there
is seen here. See docs of routing.policy for what the values mean.
"""

from collections.abc import Mapping
from typing import NamedTuple

from agents.model import Agent
from routing.policy import Hours, Policy, Reserve, Step
from routing.world import ByHand, Person, Visit, World

UNKNOWN, ANY = "und", "*"
OWN, SECOND, FALLBACK, INTERPRETER, ANYBODY = 1, 2, 4, 8, 16


class Chosen(NamedTuple):
    """A decision with its reasons, in the order of routing.index.Choice."""

    visit: int
    agent: str
    step: int
    language: str
    language_level: int
    concern_level: int
    interpreter: str
    candidates: int
    decided_by: str
    lost: tuple[tuple[str, str, int, int], ...]


def level(policy: Policy, agent: Agent, language: str) -> int:
    """How well they speak it; an unknown one may be any of several, so the least of them."""
    speaks = dict(agent.languages)
    if language == ANY:
        return 7
    if language == UNKNOWN:
        return min(speaks.get(each, 0) for each in policy.unknown_languages)
    return speaks.get(language, 0)


def knows(agent: Agent, concern: str) -> int:
    """The level in a concern."""
    return dict(agent.concerns).get(concern, 0)


def steps(policy: Policy, visit: Visit) -> tuple[Step, ...]:
    """The steps of the most specific plan."""
    plans = {(plan.language, plan.concern): plan.steps for plan in policy.plans}
    language, concern = visit.language, visit.concern
    keys = [(language, concern), ("", concern), (language, ""), ("", "")]
    return next(plans[key] for key in keys if key in plans)


def step_number(policy: Policy, visit: Visit, now: int) -> int:
    """The last step whose time has come."""
    waited = now - visit.order_from_ms
    return sum(1 for step in steps(policy, visit)[1:] if step.after_ms <= waited)


def wider(policy: Policy, visit: Visit) -> list[Step]:
    """What overflow admits beside the plan."""
    rules = {each.name: each for each in policy.overflow}
    steps = [rules[name].step for name in visit.overflowed if name in rules]
    return [each for each in steps if each is not None]


def fitting(policy: Policy, people: Mapping[str, Person], visit: Visit, agent: Agent, now: int) -> Step:
    """The step by which this person would take the caller: the plan's, else the first of overflow's."""
    owned = (awaited(policy, people, visit, now) or named(people, visit)) != ""
    first = steps(policy, visit)[step_number(policy, visit, now)]
    for step in (first, *wider(policy, visit)):
        speaks = level(policy, agent, tongue(policy, step, visit, agent)) >= step.language
        if speaks and (owned or knows(agent, visit.concern) >= step.concern):
            return step
    return first


def tongues(policy: Policy, step: Step, visit: Visit) -> list[str]:
    """The languages in which this step serves, the caller's own first, each once."""
    found = [visit.language] if step.scope & OWN else []
    if step.scope & SECOND and visit.second:
        found.append(visit.second)
    if step.scope & FALLBACK or step.scope & INTERPRETER:
        found += policy.fallback_languages
    if step.scope & ANYBODY:
        found.append(ANY)
    return [each for place, each in enumerate(found) if each not in found[:place]]


def tongue(policy: Policy, step: Step, visit: Visit, agent: Agent) -> str:
    """The one of these that the person speaks best, the first of equals."""
    best = ""
    for each in tongues(policy, step, visit):
        if not best or level(policy, agent, each) > level(policy, agent, best):
            best = each
    return best or visit.language


def free(person: Person) -> bool:
    """Ready, with a free phone, nothing to do for us, and no quiet time."""
    return able_but_for_quiet(person) and person.quiet_until_ms == 0


def able_but_for_quiet(person: Person) -> bool:
    """Free, or in quiet time."""
    doing = (*person.engagements, *person.other_legs)
    return (person.presence, person.device, doing) == ("ready", "NOT_INUSE", ())


def linked(world: World, node: str) -> bool:
    """Whether this PBX is linked; any will do for who names none. A link without a name is for all."""
    up = {name for name, link in world.links.items() if link.up}
    if node == "" or (node not in world.links and "" in world.links):
        return up != set() if node == "" else "" in up
    return node in up


def asked(visit: Visit, now: int) -> set[str]:
    """Who did not take this caller lately."""
    return {agent for agent, until in visit.asked if now < until}


def named(people: Mapping[str, Person], visit: Visit) -> str:
    """For whom alone a supervisor keeps the caller, as long as that person is at work."""
    there = visit.only in people and people[visit.only].presence in ("ready", "not_ready")
    return visit.only if there else ""


def awaited(policy: Policy, people: Mapping[str, Person], visit: Visit, now: int) -> str:
    """The owner for whom alone the caller waits: on duty, not asked already, of a language that is served."""
    owner = people.get(visit.owner)
    step = steps(policy, visit)[step_number(policy, visit, now)]
    if named(people, visit):
        return ""
    if owner is None or owner.presence != "ready" or owner.quiet_until_ms or visit.owner in asked(visit, now):
        return ""
    if not understood(policy, [step, *wider(policy, visit)], visit, owner.agent):
        return ""
    return visit.owner if now - visit.order_from_ms < policy.owner_ms else ""


def understood(policy: Policy, steps: list[Step], visit: Visit, agent: Agent) -> bool:
    """Whether this person speaks what any of these steps asks for."""
    return any(level(policy, agent, tongue(policy, each, visit, agent)) >= each.language for each in steps)


def by_hand(world: World, what: str, of: str) -> str:
    """How something is set, "rules" where it is not."""
    found = world.by_hand.get(f"{what}/{of}")
    return found.how if found else "rules"


def holds(world: World, reserve: Reserve) -> bool:
    """Whether a reserve holds at this hour, or by hand."""
    now, said = world.now_ms, by_hand(world, "reserve", reserve.language)
    if said != "rules":
        return said == "on"
    return reserve.when == () or any(begin <= now < end for begin, end in reserve.when)


def kept(world: World, policy: Policy, visit: Visit, person: Person, firmly: bool) -> bool:
    """Whether a reserve keeps this person from this caller; firmly: those released for the caller do not."""
    waited = world.now_ms - visit.order_from_ms
    for reserve in policy.reserves:
        of_it = [
            each
            for each in world.people.values()
            if level(policy, each.agent, reserve.language) >= reserve.level
        ]
        if (
            holds(world, reserve)
            and visit.language != reserve.language
            and person in of_it
            and sum(map(free, of_it)) <= reserve.keep
            and not (firmly and reserve.release_ms <= waited)
        ):
            return True
    return False


def unsuited(policy: Policy, people: Mapping[str, Person], visit: Visit, person: Person, now: int) -> str:
    """Why this person, if free and held in no reserve, would not get this caller now; "" if they would."""
    agent = person.agent
    if only := named(people, visit):
        again = agent.id in asked(visit, now)
        return "named_another" if agent.id != only else "asked_already" if again else ""
    owner = awaited(policy, people, visit, now)
    step = fitting(policy, people, visit, agent, now)
    first = steps(policy, visit)[step_number(policy, visit, now)]
    if not understood(policy, [first, *wider(policy, visit)], visit, agent):
        return "language_too_low"
    if owner and owner != agent.id:
        return "owners_time"
    low = level(policy, agent, tongue(policy, step, visit, agent)) < step.language
    if not owner and (low or knows(agent, visit.concern) < step.concern):
        return "concern_too_low"
    return "asked_already" if agent.id in asked(visit, now) else ""


def reason(world: World, policy: Policy, visit: Visit, person: Person, firmly: bool) -> str:
    """Why this person does not get this caller now; "suits" if they may."""
    if why := unsuited(policy, world.people, visit, person, world.now_ms):
        return why
    if not free(person) or not linked(world, person.agent.reach.node):
        rests = able_but_for_quiet(person) and linked(world, person.agent.reach.node)
        return "quiet" if rests else "not_free"
    awaits = awaited(policy, world.people, visit, world.now_ms) or named(world.people, visit)
    if not awaits and kept(world, policy, visit, person, firmly):
        return "held_in_reserve"
    return "suits"


def able(world: World, policy: Policy, visit: Visit) -> list[Person]:
    """Who may take this caller now, in roster order."""
    for firmly in (False, True):
        people = world.people.values()
        if found := [each for each in people if reason(world, policy, visit, each, firmly) == "suits"]:
            return found
    return []


def reasons(world: World, policy: Policy, visit: Visit) -> dict[str, str]:
    """Everybody's reason, in roster order: those released for this caller count where nobody else could."""
    people = world.people.items()
    said = {key: reason(world, policy, visit, person, False) for key, person in people}
    if "suits" in said.values():
        return said
    return {key: reason(world, policy, visit, person, True) for key, person in people}


def in_order(world: World, policy: Policy) -> list[Visit]:
    """The waiting callers, who goes first first."""
    visits = world.visits.values()
    waiting = [visit for visit in visits if visit.state == "waiting" and linked(world, visit.node)]

    def order(visit: Visit) -> tuple[int, int]:
        if visit.place_ms:
            return visit.place_ms, visit.id
        worth = [ms for name, ms in policy.classes if name in visit.classes]
        return visit.order_from_ms - max(worth, default=0), visit.id

    return sorted(waiting, key=order)


def by(world: World, policy: Policy, visit: Visit, name: str, person: Person) -> int:
    """A person's order by one criterion: a lower one goes first."""
    step = steps(policy, visit)[step_number(policy, visit, world.now_ms)]
    spoken = {each for one in (step, *wider(policy, visit)) for each in tongues(policy, one, visit)}
    speaks = max((level(policy, person.agent, each) for each in spoken), default=0)
    skilled = knows(person.agent, visit.concern)
    idle = person.idle_ms + world.now_ms - person.idle_since_ms
    worked = person.busy_ms + idle
    return {
        "preferred_levels": int(speaks < step.prefer_language or skilled < step.prefer_concern),
        "owner": int(person.agent.id != visit.owner),
        "concern": -skilled,
        "language": -speaks,
        "least_versatile": len(person.agent.languages),
        "longest_idle": person.idle_since_ms,
        "fewest_calls": person.calls,
        "lowest_occupancy": 10_000 * person.busy_ms // worked if worked > 0 else 0,
        "roster_order": list(world.people).index(person.agent.id),
    }[name]


def choice(world: World, policy: Policy) -> Chosen | None:
    """The first caller who can be served, with the best person for them."""
    for visit in in_order(world, policy):
        if people := able(world, policy, visit):
            return _best(world, policy, visit, people)
    return None


def _best(world: World, policy: Policy, visit: Visit, people: list[Person]) -> Chosen:
    number = step_number(policy, visit, world.now_ms)
    step = steps(policy, visit)[number]
    prefers = step.prefer_language > 0 or step.prefer_concern > 0
    names = [*(["preferred_levels"] if prefers else []), *policy.choose, "roster_order"]
    left, lost, decided = people, [], "only_candidate"
    for name in names:
        if len(left) == 1:
            break
        orders = {each.agent.id: by(world, policy, visit, name, each) for each in left}
        least = min(orders.values())
        lost += [(key, name, order, least) for key, order in orders.items() if order > least]
        left, decided = [each for each in left if orders[each.agent.id] == least], name
    agent = left[0].agent
    step = fitting(policy, world.people, visit, agent, world.now_ms)
    language = tongue(policy, step, visit, agent)
    helped = step.scope & INTERPRETER and not step.scope & FALLBACK
    interpreter = visit.language if helped and language not in (visit.language, visit.second) else ""
    return Chosen(
        visit.id,
        agent.id,
        number,
        language,
        level(policy, agent, language),
        knows(agent, visit.concern),
        interpreter,
        len(people),
        decided,
        tuple(lost[:30]),
    )


def need_changes(policy: Policy, visit: Visit, now: int) -> int:
    """When time alone next changes what a caller needs (epoch ms), 0 if never."""
    ages = [step.after_ms for step in steps(policy, visit)] + [each.release_ms for each in policy.reserves]
    ages += [policy.owner_ms] if visit.owner else []
    waited = now - visit.order_from_ms
    return min((visit.order_from_ms + age for age in ages if age > waited), default=0)


def overflows_at(world: World, policy: Policy, visit: Visit) -> int:
    """When next a rule of overflow takes effect by waiting alone (epoch ms); 0: none does."""
    mine = [each for each in policy.overflow if by_hand(world, "overflow", each.name) != "off"]
    mine = [each for each in mine if each.language in ("", visit.language)]
    mine = [each for each in mine if each.concern in ("", visit.concern)]
    ages = [each.after_ms for each in mine if each.name not in visit.overflowed and each.after_ms >= 0]
    return 0 if visit.talks else min((visit.queued_ms + age for age in ages), default=0)


def next_hour(policy: Policy, shadow: Policy | None, now: int) -> int:
    """When next an hour begins that changes something: opening, a reserve's, a new day; 0 if none does."""
    reserves = [*policy.reserves, *(shadow.reserves if shadow else ())]
    spans = [*policy.opening, *(span for each in (*reserves, *policy.hours) for span in each.when)]
    edges = [*policy.days, *(edge for span in spans for edge in span)]
    return min((edge for edge in edges if edge > now), default=0)


def last_served(world: World) -> list[int]:
    """When who still waits after closing is served no more: everybody, and whose own hours are over."""
    overtime = world.rules.overtime_ms
    closed = [*world.shut.values(), *([] if world.open else [world.closed_ms])]
    hands = [each for key, each in world.by_hand.items() if key.startswith("hours/")]
    closed += [each.since_ms for each in hands if each.how == "closed"]
    return [] if overtime < 0 else [since + overtime for since in closed]


def there(world: World) -> bool:
    """Whether anybody is at work, at a phone that could be reached within the last minute."""
    says = ("NOT_INUSE", "INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD")
    working = [each for each in world.people.values() if each.presence in ("ready", "not_ready")]
    lately = world.now_ms < world.unreached_ms + 60_000
    return any(each.device in says for each in working) or (lately and working != [])


def hours(policy: Policy, visit: Visit) -> Hours | None:
    """The hours of their own that a caller finds, the most specific; None for the centre's."""
    mine = [
        each
        for each in policy.hours
        if each.language in ("", visit.language) and each.concern in ("", visit.concern)
    ]
    return max(mine, key=lambda each: (bool(each.concern), bool(each.language)), default=None)


def hand(world: World, visit: Visit) -> ByHand | None:
    """How the hours of a caller are set by hand, the most specific; None if they are not."""
    whose = [
        (visit.language, visit.concern),
        ("", visit.concern),
        (visit.language, ""),
        ("", ""),
    ]
    found = [world.by_hand.get(f"hours/{language}/{concern}") for language, concern in whose]
    return next((each for each in found if each), None)


def prospect(world: World, visit: Visit) -> str:
    """What who waits now has to expect."""
    said, drains = hand(world, visit), world.by_hand.get("drain/")
    shut = [each for each in (said, drains) if each and each.how in ("closed", "on")]
    if any(visit.queued_ms > each.since_ms for each in shut):
        return "over"
    if said and said.how == "open":
        return "" if there(world) else "nobody_here"
    own = hours(world.rules, visit)
    closed = [] if world.open else [world.closed_ms]
    if own is not None and not any(begin <= world.now_ms < end for begin, end in own.when):
        closed.append(world.shut[own.key])
    if said:
        closed.append(said.since_ms)
    if not closed:
        return "" if there(world) else "nobody_here"
    overtime = world.rules.overtime_ms
    late = overtime >= 0 and any(world.now_ms >= since + overtime for since in closed)
    return "last_in_line" if there(world) and not late else "over"
