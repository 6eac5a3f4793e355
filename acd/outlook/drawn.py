"""The beliefs made ready to draw from, once for all futures."""

from math import exp, log, sqrt
from random import Random

from acd.outlook.beliefs import Beliefs
from acd.outlook.chance import LogNormal, Weighted
from routing.policy import Policy


class Drawn:
    """What futures draw from. ring_ms: how long a phone rings in vain."""

    def __init__(self, beliefs: Beliefs, policy: Policy) -> None:
        self.beliefs = beliefs
        self.talk = LogNormal(beliefs.talk)
        self.wrap_up = LogNormal(beliefs.wrap_up) if beliefs.wrap_up is not None else None
        self.pause = LogNormal(beliefs.pauses.lasts)
        self.away = LogNormal(beliefs.pauses.away)
        self.shares = Weighted([each.share for each in beliefs.calls.shares])
        self.ring_ms = max(1, min(beliefs.phones.ring_ms, policy.lease_ms - 1))
        self._talks = {(each.language, each.concern): LogNormal(each.lasts) for each in beliefs.talks}
        scv = beliefs.talk.scv / beliefs.talk.n if beliefs.talk.n > 0 else 0.0
        self._unsure = sqrt(log(1 + scv))

    def talks_of(self, language: str, concern: str) -> LogNormal:
        """How long such talks are."""
        return self._talks.get((language, concern), self.talk)

    def talk_factor(self, chance: Random) -> float:
        """How far the mean talk is off what is believed, in one future: the fewer were seen, the farther."""
        return exp(self._unsure * chance.gauss(0.0, 1.0) - self._unsure**2 / 2) if self._unsure else 1.0

    def busy(self, chance: Random) -> float:
        """How busy the day is, in one future: a factor on all calls that are expected."""
        calls = self.beliefs.calls
        return chance.gammavariate(calls.shape, 1 / calls.rate) if calls.shape > 0 else 1.0
