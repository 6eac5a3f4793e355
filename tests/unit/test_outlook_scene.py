"""What a scene takes of a world, and whose hours its futures keep."""

from dataclasses import fields
from math import inf

from acd.outlook.beliefs import Calls, Share
from acd.outlook.drawn import Drawn
from acd.outlook.expectation import Remaining
from acd.outlook.future import Course, Future
from acd.outlook.scene import UNNEEDED, Scene, trimmed
from routing import events as ev
from routing.policy import OWN, Hours, Plan, Step
from routing.world import World
from tests.fakes.beliefs import believed
from tests.fakes.centre import POLICY, Bench

HOUR = 3_600_000
OWN_PLAN = Plan("", "", (Step(0, OWN, 5, 3),))


def marked() -> World:
    """A world of which each field is another object than in any other world."""
    return World(**{each.name: object() for each in fields(World)})


def test_whatever_a_world_holds_is_taken_or_left_out_by_name() -> None:
    """A new field has to be thought about: in neither list, a future would decide on its default."""
    world = marked()
    taken = trimmed(world)
    kept = {each.name for each in fields(World) if getattr(taken, each.name) is getattr(world, each.name)}
    assert kept | UNNEEDED == {each.name for each in fields(World)}
    assert kept & UNNEEDED == set()


def closing_at(made: Bench, *own: Hours) -> Bench:
    made.tell(ev.PolicyChanged("hours", POLICY._replace(hours=own)))
    return made


def test_who_has_hours_of_their_own_is_served_before_these_end() -> None:
    """Everybody talks for ever, and the concern of the first caller closes in a minute."""
    made = Bench()
    made.login("p01", "p02", "p03")
    ends = made.now + 60_000
    closing_at(made, Hours("", "study", ((0, ends),)))
    for place, concern in enumerate(("study", "other")):
        made.tell(ev.CallArrived(ev.Leg("pbx1", f"w{place}"), "line"))
        made.tell(ev.CallWaiting(ev.Leg("pbx1", f"w{place}"), "fa", concern, "", made.now, made.now))
    scene = Scene(made.engine.world, made.now)
    assert (scene.closes("fa", "study"), scene.closes("fa", "other")) == (ends, inf)
    assert (scene.shuts("fa", "study", ends), scene.shuts("fa", "other", ends)) == (0, inf)
    remaining = Remaining(scene, Drawn(believed(), scene.policy), 1, made.now + HOUR, made.now + HOUR)
    for _ in range(20):
        remaining.one_more()
    served = {each.concern: each.served for each in remaining.expectations()}
    assert served == {"study": 0, "other": 1_000}, "with nobody for Persian both wait for the step at 150 s"


def test_nobody_joins_who_finds_their_own_hours_over() -> None:
    made = closing_at(Bench(), Hours("", "study", ((0, 1_000_000 + HOUR // 2),)))
    shares = (Share("de", "study", 0.5), Share("de", "other", 0.5))
    calls = Calls(made.now, HOUR, (200.0,), shares, 1e6, 1e6)
    scene = Scene(made.engine.world, made.now)
    future = Future(scene, Drawn(believed(calls=calls), scene.policy), 1, Course(virtual=False))
    future.run(made.now + HOUR)
    late = [each for each in future.callers if each.queued_ms > 1_000_000 + HOUR // 2]
    early = [each for each in future.callers if each.queued_ms <= 1_000_000 + HOUR // 2]
    assert 30 < len(late) < 70, "half of a hundred"
    assert 70 < len(early) < 130


def test_hours_by_hand_go_before_those_of_the_rules_until_they_are_over() -> None:
    made = closing_at(Bench(), Hours("", "study", ((0, 1_000_000 + HOUR),)))
    ends, until = 1_000_000 + HOUR, 1_000_000 + 2 * HOUR
    assert Scene(made.engine.world, made.now).closes("de", "study") == ends
    made.tell(ev.SetByHand("hours", "/study", "open", until))
    made.tell(ev.SetByHand("hours", "tr/", "closed", until))
    scene = Scene(made.engine.world, made.now)
    assert (scene.closes("de", "study"), scene.closes("de", "other")) == (until, inf)
    assert (scene.closes("tr", "other"), scene.shuts("tr", "other", until)) == (0, inf)
    assert scene.closes("tr", "study") == until, "the concern's goes before the language's"
    assert scene.shuts("de", "study", until) == 0, "then their own hours are over"
    made.tell(ev.SetByHand("hours", "/study", "open", 0))
    assert Scene(made.engine.world, made.now).closes("de", "study") == inf


def test_nobody_joins_whom_a_supervisor_lets_not_in_line() -> None:
    """Neither who calls, nor who is in the menus by now; and none of them is one who waited in vain."""
    made = Bench()
    made.tell(ev.CallArrived(ev.Leg("pbx1", "m"), "line"))
    ends = made.now + HOUR // 2
    made.tell(ev.SetByHand("drain", "", "on", ends))
    calls = Calls(made.now, HOUR, (200.0,), (Share("de", "other", 1.0),), 1e6, 1e6)
    scene = Scene(made.engine.world, made.now)
    assert scene.closes("de", "other") == inf, "who waits is served"
    future = Future(scene, Drawn(believed(calls=calls), scene.policy), 1, Course(virtual=False))
    future.run(made.now + HOUR)
    joined = [each for each in future.callers if each.joins_ms < made.now + HOUR]
    assert 70 < len(joined) < 130, "half of two hundred"
    assert min(each.queued_ms for each in joined) >= ends


def test_who_is_lent_skills_has_them_in_a_future_until_the_loan_is_over() -> None:
    """Nobody else speaks Farsi: who calls in time is served, who calls later waits."""
    made = Bench()
    made.login("p01")
    made.tell(ev.PolicyChanged("strict", POLICY._replace(plans=(OWN_PLAN,))))
    ends = made.now + HOUR // 2
    made.tell(ev.SkillsLent("amal", (("fa", 7),), (("other", 5),), ends))
    calls = Calls(made.now, HOUR, (10.0,), (Share("fa", "other", 1.0),), 1e6, 1e6)
    scene = Scene(made.engine.world, made.now)
    future = Future(scene, Drawn(believed(calls=calls), scene.policy), 1, Course(virtual=False))
    future.run(made.now + HOUR)
    served = [each.served_ms for each in future.callers if each.served_ms >= 0]
    assert served
    assert max(served) < ends
    assert any(each.queued_ms > ends for each in future.callers)
    assert made.engine.world.people["amal"].agent.languages == (("fa", 7),), "the world itself stays"
