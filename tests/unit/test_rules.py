"""Each routing rule by itself: what it changes, and when it no longer does."""

from random import Random

import pytest

from agents.model import Cefr, Team
from routing import events as ev
from routing import facts
from routing.commands import CallInterpreter
from routing.policy import ANYBODY, INTERPRETER, OWN, Plan, Policy, Refusal, Reserve, Step
from routing.select import BY_SKILL, CRITERIA, person_order
from tests.fakes.centre import NODE, POLICY, Bench, person

NOW = 1_000_000
ANY = Plan("", "", (Step(0, OWN, Cefr.B2, 1),))
CREW = Team(
    (
        person("amal", "p01", {"ar": Cefr.NATIVE, "de": Cefr.C1}, {"study": 4, "other": 3}),
        person("birgit", "p02", {"de": Cefr.NATIVE}, {"study": 3, "other": 5}),
        person("cem", "p03", {"de": Cefr.NATIVE, "tr": Cefr.NATIVE}, {"study": 5, "other": 3}),
    )
)


def bench(**changes: object) -> Bench:
    return Bench(POLICY._replace(plans=(ANY,), **changes), CREW)


def offers(one: Bench, since: int = 0) -> list[facts.OfferMade]:
    told = [fact for effects in one.effects[since:] for fact in effects.facts]
    return [fact for fact in told if isinstance(fact, facts.OfferMade)]


def known(one: Bench, uid: str, owner: str = "", classes: tuple[str, ...] = (), token: str = "t") -> None:
    leg = ev.Leg(NODE, uid)
    one.tell(ev.CallArrived(leg, "line"))
    one.tell(ev.CallerKnown(leg, token, "case" if owner else "", owner, classes))
    one.tell(ev.CallWaiting(leg, "de", "other", "", 0, 0))


def visit_of(one: Bench, uid: str) -> int:
    return next(v.id for v in one.engine.world.visits.values() if v.caller.uid == uid)


def test_a_dearer_class_goes_first_until_the_other_has_waited_longer() -> None:
    one = bench(classes=(("vip", 60_000),))
    known(one, "plain", token="a")
    one.now += 59_000
    known(one, "vip", classes=("vip",), token="b")
    vip = visit_of(one, "vip")
    one.login("p02")
    assert [each.visit for each in offers(one)] == [vip]
    late = bench(classes=(("vip", 60_000),))
    known(late, "plain", token="a")
    plain = visit_of(late, "plain")
    late.now += 61_000
    known(late, "vip", classes=("vip",), token="b")
    late.login("p02")
    assert [each.visit for each in offers(late)] == [plain]


def test_who_calls_again_soon_is_of_the_class_repeat() -> None:
    one = bench(classes=(("repeat", 1),), repeat_ms=3_600_000)
    known(one, "1")
    one.tell(ev.LegEnded(ev.Leg(NODE, "1"), 16))
    known(one, "2")
    assert one.engine.world.visits[visit_of(one, "2")].classes == ("repeat",)
    one.tell(ev.LegEnded(ev.Leg(NODE, "2"), 16))
    one.now += 3_600_001
    known(one, "3")
    assert one.engine.world.visits[visit_of(one, "3")].classes == ()


def test_the_same_day_ends_at_midnight_and_not_after_some_hours() -> None:
    midnight, day = 2_000_000, 86_400_000
    one = bench(classes=(("repeat", 1),), repeat_today=True, days=(0, midnight, midnight + day))

    def classes_of_a_call(uid: str) -> tuple[str, ...]:
        known(one, uid)
        classes = one.engine.world.visits[visit_of(one, uid)].classes
        one.tell(ev.LegEnded(ev.Leg(NODE, uid), 16))
        return classes

    one.now = midnight - 5
    assert classes_of_a_call("the evening before") == ()
    assert one.now == midnight - 1
    assert classes_of_a_call("a moment later, and another day") == ()
    one.now = midnight + day - 5
    assert classes_of_a_call("the evening of that day") == ("repeat",)


def test_the_owner_is_waited_for_while_on_duty_and_not_longer() -> None:
    one = bench(owner_ms=20_000)
    one.login("p01", "p02")
    one.tell(ev.DeviceChanged("p01", "INUSE"))
    known(one, "1", owner="amal")
    assert offers(one) == []
    one.tell(ev.Elapsed(), 20_000)
    assert [each.agent for each in offers(one)] == ["birgit"]


def test_the_owner_who_logs_out_is_not_waited_for() -> None:
    one = bench(owner_ms=20_000)
    one.login("p01", "p02")
    one.tell(ev.DeviceChanged("p01", "INUSE"))
    known(one, "1", owner="amal")
    one.tell(ev.StaffAsked("amal", "", "logout", "", None))
    assert [each.agent for each in offers(one)] == ["birgit"]


def test_the_owner_who_is_free_takes_their_caller_before_a_better_skilled_one() -> None:
    one = bench(owner_ms=20_000)
    one.login("p01", "p02")
    known(one, "1", owner="amal")
    assert [each.agent for each in offers(one)] == ["amal"]


def test_a_reserve_keeps_a_scarce_language_free_until_its_release() -> None:
    one = bench(reserves=(Reserve("ar", Cefr.C1, 1, 30_000),))
    one.login("p01")
    one.call("1", "de", "other")
    assert offers(one) == []
    one.call("2", "ar", "other")
    assert [each.agent for each in offers(one)] == ["amal"]
    other = bench(reserves=(Reserve("ar", Cefr.C1, 1, 30_000),))
    other.login("p01")
    other.call("1", "de", "other")
    other.tell(ev.Elapsed(), 30_000)
    assert [each.agent for each in offers(other)] == ["amal"]


def test_a_reserve_holds_only_in_its_hours() -> None:
    one = bench(reserves=(Reserve("ar", Cefr.C1, 1, 3_600_000, ((NOW - 1, NOW + 50_000),)),))
    one.login("p01")
    one.call("1", "de", "other")
    assert offers(one) == []
    one.tell(ev.Elapsed(), 60_000)
    assert {each.agent for each in offers(one)} == {"amal"}


def test_a_concern_can_have_steps_of_its_own() -> None:
    strict = Plan("", "study", (Step(0, OWN, Cefr.C1, 5),))
    one = Bench(POLICY._replace(plans=(ANY, strict)), CREW)
    one.login("p01", "p02")
    one.call("1", "de", "study")
    assert offers(one) == []
    one.login("p03")
    assert [each.agent for each in offers(one)] == ["cem"]


def test_preferred_levels_go_before_the_criteria() -> None:
    plan = Plan("", "", (Step(0, OWN, Cefr.B2, 1, Cefr.NATIVE, 3),))
    one = Bench(POLICY._replace(plans=(plan,), choose=("longest_idle",)), CREW)
    one.login("p01")
    one.now += 5_000
    one.login("p02")
    one.call("1", "de", "other")
    made = offers(one)[0]
    assert (made.agent, made.choice.decided_by) == ("birgit", "preferred_levels")
    assert [(each.agent, each.criterion) for each in made.choice.lost] == [("amal", "preferred_levels")]


def test_an_interpreter_is_called_when_the_talk_begins() -> None:
    plan = Plan("", "", (Step(0, OWN | INTERPRETER, Cefr.B2, 1),))
    one = Bench(POLICY._replace(plans=(plan,)), CREW)
    one.login("p02")
    one.call("1", "uk", "other")
    assert offers(one)[0].choice.interpreter == "uk"
    began = one.tell(ev.Bridged(ev.Leg(NODE, "1"), ev.Leg(NODE, "9"), "p02"))
    wanted = [each for each in began.commands if isinstance(each, CallInterpreter)]
    assert [(each.caller.uid, each.language) for each in wanted] == [("1", "uk")]


@pytest.mark.parametrize(
    ("told", "ends_as"),
    [([ev.InterpreterJoined, ev.InterpreterLeft], "left"), ([ev.InterpreterFailed], "missed")],
)
def test_an_interpreter_comes_and_goes_while_the_talk_goes_on(told: list[type], ends_as: str) -> None:
    plan = Plan("", "", (Step(0, OWN | INTERPRETER, Cefr.B2, 1),))
    one = Bench(POLICY._replace(plans=(plan,)), CREW)
    one.login("p02")
    one.call("1", "uk", "other")
    caller = ev.Leg(NODE, "1")
    early = one.tell(ev.InterpreterJoined(caller))
    assert [type(each) for each in early.facts] == [facts.EventRefused]
    one.tell(ev.Bridged(caller, ev.Leg(NODE, "9"), "p02"))
    said = [each for kind in told for each in one.tell(kind(caller)).facts]
    assert {type(each) for each in said} == {facts.InterpreterChanged}
    (visit,) = one.engine.world.visits.values()
    assert (visit.interpreting, visit.state) == (ends_as, "talking")


def test_overflow_reaches_anybody() -> None:
    plan = Plan("", "", (Step(0, OWN, Cefr.C1, 3), Step(10_000, ANYBODY, 1, 0)))
    one = Bench(POLICY._replace(plans=(plan,)), CREW)
    one.login("p02")
    one.call("1", "uk", "other")
    assert offers(one) == []
    one.tell(ev.Elapsed(), 10_000)
    assert [each.agent for each in offers(one)] == ["birgit"]


def orders(name: str, skills: bool, work: bool) -> list[int]:
    """Of people who differ in their skills, in their day's work, or in both."""
    one = Random(1)
    rows = [
        ([one.randint(1, 5) for _ in range(3)], [one.randint(1, 10**6) for _ in range(4)]) for _ in range(50)
    ]
    return [
        person_order(CRITERIA[name], 0, *(skill if skills else (0, 0, 0)), *(done if work else (0, 0, 0, 0)))
        for skill, done in rows
    ]


def test_each_criterion_has_an_order_of_its_own() -> None:
    """Also told by number alone: the last one in `person_order` takes every number that no line names."""
    assert len({tuple(orders(name, True, True)) for name in CRITERIA}) == len(CRITERIA)
    assert sorted(CRITERIA.values()) == list(range(len(CRITERIA)))


@pytest.mark.parametrize("name", sorted(set(CRITERIA) - {"owner"}))
def test_a_criterion_goes_by_skills_or_by_the_days_work(name: str) -> None:
    """Engine and planner ask those by skill without the day's work, and the others without skills."""
    by_skill, by_work = (len(set(orders(name, *given))) > 1 for given in ((True, False), (False, True)))
    assert (by_skill, by_work) == (name in BY_SKILL, name not in BY_SKILL)


@pytest.mark.parametrize(
    ("choose", "wanted"),
    [("fewest_calls", "birgit"), ("lowest_occupancy", "birgit"), ("longest_idle", "birgit")],
)
def test_the_days_work_decides_who_is_chosen(choose: str, wanted: str) -> None:
    """Amal has had a call today, Birgit has had none."""
    one = Bench(POLICY._replace(plans=(ANY,), choose=(choose,), wrap_up_ms=0), CREW)
    one.login("p01")
    one.call("1", "de", "other")
    one.login("p02")
    one.tell(ev.Bridged(ev.Leg(NODE, "1"), ev.Leg(NODE, "9"), "p01"))
    one.tell(ev.LegEnded(ev.Leg(NODE, "9"), 16), 10_000)
    one.tell(ev.LegEnded(ev.Leg(NODE, "1"), 16))
    one.call("2", "de", "other")
    assert offers(one)[-1].agent == wanted


def test_a_new_day_counts_anew() -> None:
    midnight = NOW + 100_000
    one = Bench(POLICY._replace(plans=(ANY,), days=(midnight,), wrap_up_ms=0), CREW)
    one.login("p01")
    one.call("1", "de", "other")
    one.tell(ev.Bridged(ev.Leg(NODE, "1"), ev.Leg(NODE, "9"), "p01"))
    one.tell(ev.Elapsed(), 200_000)
    amal = one.engine.world.people["amal"]
    assert amal.calls == 0
    one.tell(ev.LegEnded(ev.Leg(NODE, "9"), 16), 0)
    assert amal.busy_ms == one.now - midnight


@pytest.mark.parametrize(("status", "away"), [("BUSY", False), ("NOANSWER", True)])
def test_what_follows_depends_on_how_the_phone_refused(status: str, away: bool) -> None:
    one = bench(refusals=(Refusal("busy", 0, 5_000), Refusal("no_answer", 1, 60_000)))
    one.login("p02")
    one.call("1", "de", "other")
    leg, phone = ev.Leg(NODE, "1"), ev.Leg(NODE, "9")
    one.tell(ev.DialBegan(leg, phone, "p02"))
    if away:
        one.tell(ev.PhoneRang(phone))
    one.tell(ev.LegEnded(phone, 17 if status == "BUSY" else 0))
    one.tell(ev.DialEnded(leg, offers(one)[0].offer, status))
    assert one.engine.world.people["birgit"].presence == ("away" if away else "ready")
    one.tell(ev.Elapsed(), 5_000)
    assert len(offers(one)) == (1 if away else 2)


def test_the_shadow_is_asked_and_never_obeyed() -> None:
    one = bench(choose=("concern",))
    one.login("p01", "p02")
    other: Policy = POLICY._replace(plans=(ANY,), choose=("least_versatile",))
    one.tell(ev.ShadowChanged("other", other._replace(choose=("longest_idle",))))
    effects = one.call("1", "de", "other")
    differed = [each for each in effects.facts if isinstance(each, facts.ShadowDiffered)]
    assert len(differed) == 1
    assert differed[0].live is not None
    assert differed[0].shadow is not None
    assert (differed[0].live.agent, differed[0].shadow.agent) == ("birgit", "amal")
    assert [each.agent for each in offers(one)] == ["birgit"]
    one.tell(ev.ShadowChanged("", None))
    assert one.engine.world.shadow is None


def test_no_class_starves() -> None:
    one = bench(classes=(("vip", 60_000),))
    known(one, "plain", token="p")
    plain = visit_of(one, "plain")
    one.login("p02")
    served = []
    for i in range(40):
        known(one, f"v{i}", classes=("vip",), token=f"v{i}")
        world = one.engine.world
        for offer in list(world.offers.values()):
            served.append(offer.visit)
            caller = world.visits[offer.visit].caller
            one.tell(ev.LegEnded(caller, 16), 5_000)
    assert plain in served


def test_a_keyed_case_that_nobody_knows_takes_no_known_one_away() -> None:
    """An event of an earlier release still carries what was keyed; one of today carries nothing."""
    one = bench()
    known(one, "1", owner="birgit", token="t")
    visit = one.engine.world.visits[visit_of(one, "1")]
    leg = ev.Leg(NODE, "1")
    one.tell(ev.CaseEntered(leg, ""))
    one.tell(ev.CallerKnown(leg, "", ev.UNKNOWN_CASE, ""))
    assert (visit.case, visit.owner) == ("case", "birgit")
    one.call("2")
    other = one.engine.world.visits[visit_of(one, "2")]
    one.tell(ev.CallerKnown(ev.Leg(NODE, "2"), "", ev.UNKNOWN_CASE, ""))
    assert other.case == ev.UNKNOWN_CASE
    one.tell(ev.CaseEntered(ev.Leg(NODE, "2"), "4712"))
    assert other.case == "4712"
