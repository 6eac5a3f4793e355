"""What somebody can do, for good: said by who may, kept in the roster, in force at once."""

from collections.abc import Callable, Mapping
from typing import Final

from acd.acts import YES, Acts
from acd.identity import Asker
from acd.ports import Arrival
from acd.rules_in_force import RulesInForce
from acd.runner import Runner
from acd.store.roster import Skills
from acd.web.deps import Accepted, Because
from agents.model import Agent
from config.schema import Centre
from routing import events as ev
from routing.hotline import NO_LANGUAGE

UNKNOWN_LANGUAGE: Final = "unknown_language"
UNKNOWN_CONCERN: Final = "unknown_concern"
ACTION: Final = "skills_for_good"


class SkillsForGood:
    """The doors (acd.web.deps.Teaching). Raises QueueFull, and what the records' driver does."""

    def __init__(self, rules: RulesInForce, runner: Runner, acts: Acts, centre: Callable[[], Centre]) -> None:
        self._rules = rules
        self._runner = runner
        self._acts = acts
        self._centre = centre

    async def set(
        self,
        by: Asker,
        agent: str,
        languages: Mapping[str, int],
        concerns: Mapping[str, int],
        why: Because,
        *,
        leave_file: bool,
    ) -> Accepted:
        """All that this person can do from now on. leave_file: where the staff is the configuration file's,
        the whole staff becomes an imported one; without it that is refused with STAFF_OF_FILE."""
        if not languages:
            return Accepted(False, NO_LANGUAGE)
        if not set(languages) <= set(self._centre().languages):
            return Accepted(False, UNKNOWN_LANGUAGE)
        if not set(concerns) <= set(self._centre().concerns):
            return Accepted(False, UNKNOWN_CONCERN)
        levels = tuple(sorted(languages.items())), tuple(sorted(concerns.items()))
        return await self._teach(by, agent, levels, why, leave_file=leave_file)

    async def undo(self, by: Asker, agent: str, why: Because) -> Accepted:
        """What they could do before the last change of theirs; said again, it is undone itself."""
        return await self._teach(by, agent, None, why, leave_file=False)

    async def _teach(
        self, by: Asker, agent: str, levels: Skills | None, why: Because, *, leave_file: bool
    ) -> Accepted:
        reason = await self._acts.reason(by, why.reason, f"person:{agent}")

        async def tell(event: ev.TeamChanged) -> None:
            await self._runner.ask(Arrival(event, by.actor, reason))

        became = await self._rules.teach(agent, levels, tell, leave_file=leave_file)
        if became.why:
            return Accepted(False, became.why)
        if agent in self._runner.engine.world.lent:  # what was said for today is overtaken
            await self._runner.ask(Arrival(ev.SkillsLent(agent, (), (), 0), by.actor, reason))
        await self._acts.done(by, ACTION, f"person {agent}: {_changes(*became.people)}", reason, why.address)
        return YES


def _changes(before: Agent, after: Agent) -> str:
    """Level by level, as the audit has it."""
    were, are = (dict(each.languages) | dict(each.concerns) for each in (before, after))
    keys = sorted(key for key in {*were, *are} if were.get(key) != are.get(key))
    return ", ".join(f"{key} {were.get(key, 0)} to {are.get(key, 0)}" for key in keys)
