"""How much each rule has to say in a workload: the share of decisions that would be others without it.

The engine itself tells: the policy without the rule runs beside the one in force as its shadow.
"""

from collections import Counter

from agents.state import AWAY
from routing import events as ev
from routing import facts
from routing.engine import Engine
from routing.policy import REPEAT
from simulation.drivers.model import Model
from simulation.drivers.reference import Reference
from tests.without import WITHOUT

IN_DECISIONS = (
    "widening",
    "plans of their own",
    "preferred levels",
    "fallback",
    "priorities",
    "owners",
    "reserves",
    "order of people",
)
"""Rules that say who is offered to whom: a shadow policy can do without them."""


def shares(what: Model) -> dict[str, float]:
    """Differences from the policy without the rule, for each offer made; and what of the offers and visits
    came under the rules about refusals, repeated calls and hours."""
    reference = Reference(what, 1, 0, trace=False)
    reference.keeps_events = True
    reference.run()
    found: dict[str, float] = {}
    for rule in IN_DECISIONS:
        without = WITHOUT[rule](what.policy)
        count = _told(reference.events, ev.ShadowChanged(rule, without))
        found[f"decided_by_{rule.replace(' ', '_')}"] = count["differed"] / count["offers"]
    found["visits_of_repeated_calls"] = count["repeated"] / count["visits"]
    found["visits_while_closed"] = count[facts.CLOSED] / count["visits"]
    found["offers_refused"] = sum(count[each.outcome] for each in what.policy.refusals) / count["offers"]
    found["offers_then_away"] = count["away"] / count["offers"]
    return {name: round(share, 4) for name, share in found.items()}


def _told(events: list[tuple[ev.Event, int]], shadow: ev.ShadowChanged) -> Counter[str]:
    """What the engine says of these events with the shadow beside it."""
    engine, count = Engine(), Counter[str]()
    for event, now in events:
        both = (event, shadow) if isinstance(event, ev.PolicyChanged) else (event,)
        for fact in engine.steps(both, now).facts:
            if isinstance(fact, facts.OfferMade):
                count["offers"] += 1
            elif isinstance(fact, facts.ShadowDiffered):
                count["differed"] += 1
            elif isinstance(fact, facts.CallerRecognised):
                count["repeated"] += REPEAT in fact.classes
            elif isinstance(fact, facts.AgentChanged):
                count["away"] += fact.state == AWAY
            elif isinstance(fact, facts.OfferEnded):
                count[fact.outcome] += 1
            elif isinstance(fact, facts.VisitEnded):
                count["visits"] += 1
                count[facts.CLOSED] += fact.outcome == facts.CLOSED
    return count
