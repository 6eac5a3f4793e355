"""What who is in charge sets for the hotline and lends to people, and its end when its time is over."""

from typing import Final

from agents.model import CONCERN_MAX, CONCERN_MIN, Agent, Cefr
from routing import by_hand, facts
from routing.commands import SetHours
from routing.derived import Derived
from routing.events import SetByHand, SkillsLent
from routing.handovers import UNKNOWN_PERSON
from routing.policy import Policy
from routing.spans import holds
from routing.world import ByHand, Lent, Levels, Person

NO_LANGUAGE: Final = "no_language"
BAD_LEVEL: Final = "bad_level"

TOLD: Final = frozenset({by_hand.HOURS, by_hand.DRAIN})
"""What the dialplan is told."""


class Hotline:
    """Moves what is set by hand. Who waits has to do so anew afterwards (routing.moves)."""

    def __init__(self, derived: Derived) -> None:
        self._derived = derived

    def set(self, event: SetByHand) -> str:
        """Why it cannot be, "" if it is so now."""
        world = self._derived.world
        what, of, how, until_ms = event
        if why := by_hand.refused(world, world.rules, what, of, how, until_ms):
            return why
        key = by_hand.key(what, of)
        kept = {each: value for each, value in world.by_hand.items() if each != key}
        if how != by_hand.RULES:
            before = world.by_hand.get(key)
            since = before.since_ms if before is not None and before.how == how else world.now_ms
            kept[key] = ByHand(how, since, until_ms)
        world.by_hand = kept
        self._derived.say(facts.ByHandChanged(world.now_ms, what, of, how, until_ms))
        if what in TOLD:
            self.tell_dialplans()
        return ""

    def lend(self, event: SkillsLent) -> str:
        """The same of what a person can do."""
        world = self._derived.world
        person, lent = world.people.get(event.agent), world.lent.get(event.agent)
        if person is None or person.leaving:
            return UNKNOWN_PERSON
        if not event.until_ms:
            return by_hand.AS_IT_IS if lent is None else self._own(person, lent)
        languages, concerns = _levels(event.languages), _levels(event.concerns)
        if event.until_ms <= world.now_ms:
            return by_hand.OVER_ALREADY
        if not languages:
            return NO_LANGUAGE
        if not (_within(languages, 1, Cefr.NATIVE) and _within(concerns, CONCERN_MIN, CONCERN_MAX)):
            return BAD_LEVEL
        own = (
            (lent.own_languages, lent.own_concerns)
            if lent is not None
            else (person.agent.languages, person.agent.concerns)
        )
        world.lent = world.lent | {event.agent: Lent(languages, concerns, event.until_ms, *own)}
        self._can(person, languages, concerns, event.until_ms)
        return ""

    def _own(self, person: Person, lent: Lent) -> str:
        world = self._derived.world
        world.lent = {key: each for key, each in world.lent.items() if key != person.agent.id}
        self._can(person, lent.own_languages, lent.own_concerns, 0)
        return ""

    def _can(self, person: Person, languages: Levels, concerns: Levels, until_ms: int) -> None:
        person.agent = person.agent._replace(languages=languages, concerns=concerns)
        now = self._derived.world.now_ms
        self._derived.say(facts.SkillsChanged(now, person.agent.id, languages, concerns, until_ms))

    def joins(self, agent: Agent) -> Agent:
        """Somebody as the roster has them now; with what they are lent, as long as they are."""
        world = self._derived.world
        lent = world.lent.get(agent.id)
        if lent is None:
            return agent
        kept = lent._replace(own_languages=agent.languages, own_concerns=agent.concerns)
        world.lent = world.lent | {agent.id: kept}
        return agent._replace(languages=lent.languages, concerns=lent.concerns)

    def forget(self) -> None:
        """Who is no longer here is lent nothing."""
        world = self._derived.world
        world.lent = {key: each for key, each in world.lent.items() if key in world.people}

    def pass_time(self) -> tuple[bool, bool]:
        """End what is over. Whether a rule of overflow was; whether what anybody can do has changed."""
        world = self._derived.world
        over = [key for key, each in world.by_hand.items() if 0 < each.until_ms <= world.now_ms]
        for key in over:
            what, _, of = key.partition("/")
            self._derived.say(facts.ByHandChanged(world.now_ms, what, of, by_hand.RULES, 0))
        if over:
            world.by_hand = {key: each for key, each in world.by_hand.items() if key not in over}
        if [key for key in over if key.partition("/")[0] in TOLD]:
            self.tell_dialplans()
        back = [key for key, each in world.lent.items() if each.until_ms <= world.now_ms]
        for agent in back:
            self._own(world.people[agent], world.lent[agent])
        return any(key.startswith(f"{by_hand.OVERFLOW}/") for key in over), bool(back)

    def tell_dialplans(self) -> None:
        """After a change of hours or drain: those that are linked."""
        for node, link in self._derived.world.links.items():
            if link.up:
                self.tell_dialplan(node)

    def tell_dialplan(self, node: str) -> None:
        """What this one needs to close and open by hand by itself."""
        derived = self._derived
        hours = by_hand.hours(derived.world)
        drain = derived.world.by_hand.get(by_hand.key(by_hand.DRAIN, ""))
        untils = [each.until_ms for each in (*hours.values(), *([drain] if drain else [])) if each.until_ms]
        said = tuple(sorted(("/".join(whose), each.how) for whose, each in hours.items()))
        command = SetHours(derived.new_id(), said, drain is not None, min(untils, default=0), node)
        derived.commands.append(command)

    def is_open(self, policy: Policy) -> bool:
        """Whether the centre is: by its hours, or as somebody set it for all."""
        how = by_hand.how(self._derived.world, by_hand.HOURS, "/")
        return how == by_hand.OPEN or (
            how == by_hand.RULES and holds(policy.opening, self._derived.world.now_ms)
        )


def _levels(given: Levels) -> Levels:
    return tuple(sorted(dict(given).items()))


def _within(levels: Levels, least: int, most: int) -> bool:
    return all(least <= level <= most for _, level in levels)
