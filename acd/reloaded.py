"""What came of reading the file again, key by key: in force now, to be known by Asterisk, or at a start."""

from typing import NamedTuple

from agents.model import Team
from config.effects import Changed, Effect, changed
from config.people import member
from config.schema import Centre


class Reloaded(NamedTuple):
    """faults: why nothing was taken; all else is empty then.

    now: keys that changed and are in force. render: of these, those that Asterisk has to know too. restart:
    keys that are not as the daemon was started with. unused: keys of [[staff]] that changed in the file and
    are not in force, since the staff is imported. asterisk: "" or what Asterisk lacks, and what to run.
    staff: which staff is in force.
    """

    faults: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    render: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    asterisk: str = ""
    staff: str = ""

    def lines(self) -> list[str]:
        """For people."""
        told = [
            ("in force now", self.now),
            ("Asterisk has to know too", self.render),
            ("in force at the daemon's next start", self.restart),
            ("not in force, since the staff is imported", self.unused),
        ]
        said = [f"{what}: {', '.join(keys)}" for what, keys in told if keys]
        return [*(said or ["nothing changed"]), self.staff, *([self.asterisk] if self.asterisk else [])]


def between(
    started: Centre, before: Centre, after: Centre, were: Team, are: Team, imported: bool
) -> Reloaded:
    """What differs between two readings. started: with which the daemon was. imported: `are` is not the
    file's."""
    file = changed(before, after)
    people = _people(were, are, after)
    others = [each for each in file if not each.key.startswith("staff.") and each.key != "staff"]
    told = sorted([*others, *people])
    return Reloaded(
        now=_shown(told, Effect.NOW),
        render=_shown(told, Effect.RENDER),
        restart=_shown(changed(started, after), Effect.RESTART),
        unused=tuple(each.shown for each in file if imported and each not in others),
    )


def _shown(keys: list[Changed], effect: Effect) -> tuple[str, ...]:
    return tuple(each.shown for each in keys if effect in each.effect)


def _people(were: Team, are: Team, centre: Centre) -> list[Changed]:
    """As if both were the file's."""

    def named(team: Team) -> Centre:
        return centre.model_copy(update={"staff": [member(each) for each in team.agents]})

    return changed(named(were), named(are))
