"""Callers: when they come, what they choose and press, and how long they have patience."""

from random import Random

from routing import events as ev
from tests.model.channels import Channel
from tests.model.daemon import Daemon
from tests.model.dialplan import Dialplan
from tests.model.settings import START_MS, Settings
from tests.model.timeline import Timeline

LANGUAGES = ("de", "de", "de", "en", "ar", "tr", "und")
PATIENCE_MS = 100_000


class Callers:
    """Everybody who calls in a run."""

    def __init__(self, plan: Dialplan, daemon: Daemon, time: Timeline, settings: Settings) -> None:
        self._plan, self._daemon, self._time, self._settings = plan, daemon, time, settings
        self._rng: Random = settings.random("callers")
        for number in range(settings.callers):
            rng = settings.random(f"caller {number}")
            when = START_MS + 4_000 + rng.randrange(settings.seconds * 1000)
            time.at(when, self._come, rng)

    def _come(self, rng: Random) -> None:
        plan, time, has = self._plan, self._time, self._settings.has
        caller = plan.enter()
        language = rng.choice(LANGUAGES)
        chosen = rng.randrange(200, 8_000)
        time.after(chosen, self._if_there, caller, plan.choose_language, language)
        if language != "und":
            concern = rng.choice(("study", "other"))
            time.after(
                chosen + rng.randrange(200, 4_000), self._if_there, caller, plan.choose_concern, concern
            )
        patience = PATIENCE_MS
        if has("leavers"):
            patience = rng.choice((rng.randrange(100, 12_000), rng.randrange(5_000, 60_000), PATIENCE_MS))
        time.after(patience, self._lose_patience, caller)
        if has("keys"):
            for key in ("1", "5", "*", "0"):
                if rng.random() < 0.4:
                    when = chosen + rng.randrange(500, 40_000)
                    time.after(when, self._if_there, caller, plan.press, key, f"c{rng.randrange(5)}")

    def _if_there(self, caller: Channel, do: object, *args: str) -> None:
        if not caller.gone and not caller.dying:
            do(caller, *args)  # type: ignore[operator]

    def _lose_patience(self, caller: Channel) -> None:
        """Whoever talks stays; whoever still waits, or waits again, goes."""
        if caller.talk is not None and not self._settings.has("leavers"):
            self._time.after(5_000, self._lose_patience, caller)
        else:
            self._plan.dialling.hang_up(caller)

    def told(self, event: ev.Event) -> None:
        """The vault hears of numbers and cases, and says a little later what is known."""
        rng = self._rng
        if isinstance(event, ev.CallArrived) and rng.random() < 0.6:
            token = f"t{rng.randrange(8)}"  # few, so that many call again
            owner = rng.choice(("", "", "a00", "a01"))
            known = ev.CallerKnown(event.leg, token, "", owner, rng.choice(((), (), ("vip",))))
            self._time.after(rng.choice((2, 20, 3_000)), self._daemon.put, known)
        elif isinstance(event, ev.CaseEntered):
            owner = rng.choice(("", "a00", "a01", "a02"))
            known = ev.CallerKnown(event.leg, "", event.case, owner)
            self._time.after(rng.choice((2, 20)), self._daemon.put, known)
