"""A policy with one rule left out, by the rule's name: what a rule changes is seen by doing without it."""

from collections.abc import Callable

from routing.policy import FALLBACK, INTERPRETER, OWN, Policy


def _steps(policy: Policy, change: Callable[[int], int]) -> Policy:
    plans = [
        plan._replace(steps=tuple(step._replace(scope=change(step.scope) or OWN) for step in plan.steps))
        for plan in policy.plans
    ]
    return policy._replace(plans=tuple(plans))


WITHOUT: dict[str, Callable[[Policy], Policy]] = {
    "widening": lambda p: p._replace(plans=tuple(each._replace(steps=each.steps[:1]) for each in p.plans)),
    "plans of their own": lambda p: p._replace(plans=tuple(x for x in p.plans if x[:2] == ("", ""))),
    "preferred levels": lambda p: p._replace(
        plans=tuple(
            plan._replace(
                steps=tuple(step._replace(prefer_language=0, prefer_concern=0) for step in plan.steps)
            )
            for plan in p.plans
        )
    ),
    "fallback": lambda p: _steps(p, lambda scope: scope & ~(FALLBACK | INTERPRETER)),
    "priorities": lambda p: p._replace(classes=()),
    "repeated calls": lambda p: p._replace(repeat_ms=0, repeat_today=False),
    "owners": lambda p: p._replace(
        owner_ms=0, choose=tuple(x for x in p.choose if x != "owner") or ("concern",)
    ),
    "reserves": lambda p: p._replace(reserves=()),
    "away after misses": lambda p: p._replace(refusals=tuple(r._replace(away_after=0) for r in p.refusals)),
    "asked again later": lambda p: p._replace(refusals=tuple(r._replace(retry_ms=1_000) for r in p.refusals)),
    "hours": lambda p: p._replace(opening=((0, 10**15),)),
    "end of the day's line": lambda p: p._replace(overtime_ms=-1),
    "order of people": lambda p: p._replace(choose=("longest_idle",)),
    "new day": lambda p: p._replace(days=()),
}
