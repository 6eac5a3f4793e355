"""What waiting callers are told: honest bands, their turn, kind words; the menus again; the place kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.model import UNDETERMINED
from routing import announce, closing, facts
from routing import events as ev
from routing import visit as table
from routing.announce import MINUTE_MS, OPEN, phrase, verdict
from routing.commands import PHONE_LOST, Connect, Say, Withdraw
from routing.engine import Effects
from routing.policy import Announcing
from routing.world import ToldWait, Visit
from tests.fakes.centre import NODE, POLICY, Bench
from tests.unit.test_engine import CALLER, PHONE, only

EDGES = (2, 5, 10, 15, 20, 30, 45, 60)
RULES = Announcing(first_ms=2_000, gaps_ms=(60_000, 120_000), edges=EDGES, holds_least=650)
MINUTE = MINUTE_MS


def bench(*at_work: str, rules: Announcing = RULES) -> Bench:
    """A centre that tells those who wait how it stands; who is at work talks to somebody."""
    made = Bench(POLICY._replace(announcing=rules, rejoin_ms=10 * MINUTE))
    made.login(*at_work)
    for phone in at_work:
        made.tell(ev.DeviceChanged(phone, "INUSE"))
    return made


def the_visit(made: Bench) -> Visit:
    return next(iter(made.engine.world.visits.values()))


def said(effects: Effects) -> list[str]:
    """What callers are told in this step; each word is a fact."""
    names = [name for each in effects.commands if isinstance(each, Say) for name in each.sentences]
    assert names == [each.sentence for each in effects.facts if isinstance(each, facts.CallerTold)]
    return names


def expect(made: Bench, low_ms: int, high_ms: int, visit: int | None = None) -> Effects:
    """The outlook on one who waits."""
    key = visit or the_visit(made).id
    return made.tell(ev.WaitsExpected((ev.Expected(key, low_ms, high_ms, 900),)))


def wait(made: Bench, ms: int) -> list[str]:
    """What is said while so long passes, looked at each second."""
    found = []
    for _ in range(ms // 1000):
        found += said(made.tell(ev.Elapsed(), 1_000))
    return found


# --- phrases --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low_ms", "high_ms", "sentence"),
    [
        (0, 90_000, "wait_less_2"),
        (60_000, 5 * MINUTE, "wait_less_5"),
        (3 * MINUTE, 9 * MINUTE, "wait_between_2_10"),
        (5 * MINUTE, 5 * MINUTE, "wait_between_5_10"),
        (16 * MINUTE, 70 * MINUTE, "wait_more_15"),
        (16 * MINUTE, OPEN, "wait_more_15"),
        (90 * MINUTE, 100 * MINUTE, "wait_more_60"),
    ],
)
def test_a_wait_is_a_whole_sentence_rounded_outward(low_ms: int, high_ms: int, sentence: str) -> None:
    found = phrase(EDGES, low_ms, high_ms)
    assert found is not None
    assert found.sentence == sentence


def test_of_a_wait_that_may_be_anything_nothing_is_said() -> None:
    assert phrase(EDGES, 60_000, OPEN) is None
    assert phrase(EDGES, 0, 61 * MINUTE) is None


@given(
    st.lists(st.integers(1, 180), min_size=1, max_size=10, unique=True).map(lambda each: tuple(sorted(each))),
    st.integers(0, 10**7),
    st.integers(0, 10**7) | st.none(),
)
def test_what_is_said_holds_whatever_the_band_holds(
    edges: tuple[int, ...], low_ms: int, more: int | None
) -> None:
    high_ms = OPEN if more is None else low_ms + more
    found = phrase(edges, low_ms, high_ms)
    if found is not None:
        assert found.low_ms <= low_ms
        assert found.high_ms == OPEN or high_ms <= found.high_ms
        assert high_ms != OPEN or found.high_ms == OPEN


# --- when ------------------------------------------------------------------------------------------------


def test_who_joins_hears_the_band_as_soon_as_it_is_known_and_then_at_growing_gaps() -> None:
    made = bench("p02")
    made.call("1.1")
    made.call("1.2")
    second = list(made.engine.world.visits)[1]
    assert said(expect(made, 3 * MINUTE, 8 * MINUTE, second)) == ["wait_between_2_10"]
    began = made.now
    times = []
    for _ in range(6 * 60):
        effects = made.tell(ev.Elapsed(), 1_000)
        mine = [each for each in effects.facts if isinstance(each, facts.CallerTold) and each.visit == second]
        times += [(each.at_ms - began) // 1000 for each in mine]
    assert times == [60, 180, 300]


def test_without_an_outlook_kind_words_are_said_and_never_the_same_twice_in_a_row() -> None:
    made = bench("p02")
    made.call("1.1")
    made.call("1.2")
    second = list(made.engine.world.visits)[1]
    words = [
        each.sentence
        for _ in range(8 * 60)
        for each in made.tell(ev.Elapsed(), 1_000).facts
        if isinstance(each, facts.CallerTold) and each.visit == second
    ]
    assert words == ["kind_1", "kind_2", "kind_3", "kind_1"]


def test_who_has_nobody_before_them_hears_that_they_are_next() -> None:
    made = bench("p02")
    made.call("1.1")
    assert wait(made, 3_000) == [announce.NEXT]


def test_who_waits_for_others_is_next_whoever_came_before() -> None:
    """A caller for Turkish stands before nobody who waits for German alone, and the other way round."""
    made = bench("p01", "p03")
    made.call("1.1", "ar", "study")
    made.call("1.2", "tr", "study")
    told = wait(made, 3_000)
    assert told.count(announce.NEXT) == 2


def test_who_speaks_what_nobody_here_speaks_hears_so() -> None:
    made = bench("p02")
    made.call("1.1", "tr")
    assert wait(made, 3_000) == [announce.NOBODY_SPEAKS]


def test_where_nobody_is_here_at_all_only_that_is_said_and_again_later() -> None:
    made = bench()
    made.call("1.1")
    assert wait(made, 61_000) == [closing.NOBODY_HERE]
    assert wait(made, 4_000) == [closing.NOBODY_HERE]


def test_an_offer_goes_before_what_is_to_be_said() -> None:
    made = bench()
    made.login("p02")
    effects = made.call("1.1")
    assert [type(each) for each in effects.commands] == [Connect]
    assert wait(made, 1_000) == []


def test_who_comes_back_from_an_offer_hears_what_was_due_meanwhile() -> None:
    made = bench("p02")
    made.call("1.1")
    wait(made, 55_000)
    made.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    assert the_visit(made).state == table.OFFERED
    made.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    made.tell(ev.PhoneRang(PHONE))
    assert wait(made, 10_000) == []
    made.tell(ev.LegEnded(PHONE, 17))
    effects = made.tell(ev.DialEnded(CALLER, the_visit(made).offer, "BUSY"))
    assert [*said(effects), *wait(made, 1_000)] == [announce.KIND[0]]


def test_what_is_said_is_not_overtaken_by_what_is_said_next() -> None:
    made = bench("p02")
    made.call("1.1")
    wait(made, 3_000)
    first = the_visit(made).said_ms
    made.engine._moves.announcer.add(the_visit(made), "widened")
    assert wait(made, 20_000) == ["widened"]
    assert the_visit(made).said_ms - first >= announce.APART_MS


def test_an_outlook_that_is_old_is_told_to_nobody() -> None:
    made = bench("p02")
    made.call("1.1")
    expect(made, 3 * MINUTE, 8 * MINUTE)
    assert wait(made, 61_000) == [announce.NEXT]


def test_a_band_shrinks_with_the_time_that_has_passed_since() -> None:
    made = bench("p02")
    made.call("1.1")
    wait(made, 3_000)
    made.now = the_visit(made).inform_ms - 20_000
    expect(made, 5 * MINUTE + 10_000, 10 * MINUTE + 10_000)
    assert wait(made, 20_000) == [announce.NEXT, "wait_between_2_10"]


# --- again, and the menus -------------------------------------------------------------------------------


def test_who_asks_hears_it_again_as_it_is_now() -> None:
    made = bench("p02")
    made.call("1.1")
    expect(made, 3 * MINUTE, 8 * MINUTE)
    made.tell(ev.WaitsExpected((ev.Expected(the_visit(made).id, 60_000, 4 * MINUTE, 900),)))
    assert said(made.tell(ev.SentencesAsked(CALLER))) == [announce.NEXT, "wait_less_5"]


def test_who_chooses_anew_is_offered_to_nobody_keeps_their_place_and_has_the_new_need() -> None:
    made = bench("p02")
    made.call("1.1", "tr", "study")
    queued_ms = the_visit(made).queued_ms
    made.tell(ev.MenuAsked(CALLER), 30_000)
    made.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    assert the_visit(made).state == table.GREETED
    made.tell(ev.LanguageChosen(CALLER, "de"))
    made.tell(ev.ConcernChosen(CALLER, "other"))
    assert not made.engine.world.offers
    made.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0))
    visit = the_visit(made)
    assert (visit.state, visit.queued_ms, visit.order_from_ms) == (table.OFFERED, queued_ms, queued_ms)
    assert (visit.language, visit.concern) == ("de", "other")


def test_who_hangs_up_in_the_menus_again_has_left_the_line() -> None:
    made = bench("p02")
    made.call("1.1")
    made.tell(ev.MenuAsked(CALLER))
    assert only(facts.VisitEnded, made.tell(ev.LegEnded(CALLER, 16)).facts).outcome == facts.ABANDONED_QUEUE


# --- what came of it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "waited", "served", "came"),
    [
        (2, 5, 3, True, facts.HELD),
        (2, 5, 1, True, facts.MISSED),
        (2, 5, 6, True, facts.MISSED),
        (2, 5, 6, False, facts.MISSED),
        (2, 5, 3, False, facts.CENSORED),
        (15, -1, 20, True, facts.HELD),
        (15, -1, 10, True, facts.MISSED),
        (15, -1, 20, False, facts.HELD),
        (15, -1, 10, False, facts.CENSORED),
    ],
)
def test_what_was_told_is_held_against_what_comes(
    low: int, high: int, waited: int, served: bool, came: str
) -> None:
    told = ToldWait(0, low * MINUTE, high * MINUTE if high > 0 else OPEN, True)
    assert verdict(told, waited * MINUTE, served) == came


def talk(made: Bench, after_ms: int) -> Effects:
    """Somebody answers."""
    made.now += after_ms
    made.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    made.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    return made.tell(ev.Bridged(CALLER, PHONE, "p02"))


def test_each_wait_that_was_told_is_judged_once_when_somebody_answers() -> None:
    made = bench("p02")
    made.call("1.1")
    expect(made, 3 * MINUTE, 8 * MINUTE)
    effects = talk(made, 4 * MINUTE)
    told = only(facts.WaitJudged, effects.facts)
    assert (told.language, told.came, told.spoken) == ("de", facts.HELD, True)
    assert (told.low_ms, told.high_ms) == (2 * MINUTE, 10 * MINUTE)
    ends = made.tell(ev.LegEnded(CALLER, 16))
    assert not [each for each in ends.facts if isinstance(each, facts.WaitJudged)]


@pytest.mark.parametrize(("held", "spoken"), [("1" * 30, True), ("0" * 29, True), ("0" * 30, False)])
def test_bands_that_do_not_hold_are_not_told_until_they_do_again(held: str, spoken: bool) -> None:
    made = bench("p02")
    made.engine.world.judged["de"] = held
    made.call("1.1")
    wait(made, 3_000)
    made.now = the_visit(made).inform_ms - 10_000
    expect(made, 3 * MINUTE, 8 * MINUTE)
    assert ("wait_between_2_10" in wait(made, 10_000)) == spoken
    told = only(facts.WaitJudged, talk(made, 4 * MINUTE).facts)  # it is held against what comes all the same
    assert (told.spoken, told.came) == (spoken, facts.HELD)
    assert made.engine.world.judged["de"][-1] == "1"


@given(st.text("01", max_size=300), st.integers(0, 1000))
def test_whether_bands_hold_is_a_share_of_the_last_ones(judged: str, least: int) -> None:
    enough = len(judged) >= announce.JUDGED_LEAST
    assert announce.holds(judged, least) == (
        not enough or judged.count("1") / len(judged) >= least / 1000 - 1e-12
    )


# --- who comes back ------------------------------------------------------------------------------------


def again(made: Bench, uid: str, language: str = "de", concern: str = "other", token: str = "t") -> Effects:
    """The same caller calls."""
    leg = ev.Leg(NODE, uid)
    made.tell(ev.CallArrived(leg, "line"))
    made.tell(ev.CallerKnown(leg, token, "", ""))
    made.tell(ev.LanguageChosen(leg, language))
    made.tell(ev.ConcernChosen(leg, concern))
    return made.tell(ev.CallWaiting(leg, language, concern, "", made.now, made.now))


def test_who_left_the_line_and_calls_again_has_the_old_place_and_hears_so() -> None:
    made = bench("p02")
    again(made, "1.1")
    queued_ms = the_visit(made).queued_ms
    made.tell(ev.LegEnded(CALLER, 16), 30_000)
    effects = again(made, "1.2")
    assert only(facts.Rejoined, effects.facts).order_from_ms == queued_ms
    assert (the_visit(made).order_from_ms, the_visit(made).queued_ms > queued_ms) == (queued_ms, True)
    assert wait(made, 3_000) == [announce.REJOINED, announce.NEXT]


@pytest.mark.parametrize("what", ["late", "other concern", "other caller", "turned away", "twice"])
def test_who_does_not_come_back_for_the_same_soon_has_a_new_place(what: str) -> None:
    made = bench("p02")
    again(made, "1.1")
    queued_ms = the_visit(made).queued_ms
    if what == "turned away":
        made.tell(ev.TurnedAway(CALLER, "de"))
    made.tell(ev.LegEnded(CALLER, 16), 1_000)
    if what == "late":
        made.now += 11 * MINUTE
    if what == "twice":
        again(made, "1.2")
        made.tell(ev.TurnedAway(ev.Leg(NODE, "1.2"), "de"))
        made.tell(ev.LegEnded(ev.Leg(NODE, "1.2"), 16))
    concern = "study" if what == "other concern" else "other"
    effects = again(made, "1.3", concern=concern, token="u" if what == "other caller" else "t")
    assert not [each for each in effects.facts if isinstance(each, facts.Rejoined)]
    assert the_visit(made).order_from_ms > queued_ms


@pytest.mark.parametrize(
    ("talked_ms", "ended_by", "cause", "back"),
    [
        (30_000, "caller", 16, True),
        (61_000, "caller", 16, False),
        (30_000, "staff", 16, False),
        (300_000, "vanished", 18, True),
        (300_000, "pbx", 38, True),
        (300_000, "pbx", 16, False),
    ],
)
def test_whose_talk_was_cut_has_the_old_place(talked_ms: int, ended_by: str, cause: int, back: bool) -> None:
    made = bench("p02")
    again(made, "1.1")
    talk(made, 1_000)
    made.tell(ev.CallEnds(CALLER, ended_by), talked_ms)
    made.tell(ev.LegEnded(CALLER, cause))
    effects = again(made, "1.2")
    assert bool([each for each in effects.facts if isinstance(each, facts.Rejoined)]) == back


# --- one sentence at a time -----------------------------------------------------------------------------


def test_who_is_told_that_the_talk_broke_hears_it_to_its_end_before_their_turn() -> None:
    made = bench("p02")
    made.call("1.1")
    made.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    made.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    made.tell(ev.Bridged(CALLER, PHONE, "p02"))
    broke = made.tell(ev.PhoneLost("p02", NODE), 2 * MINUTE)
    (withdraw,) = (each for each in broke.commands if isinstance(each, Withdraw))
    assert withdraw.sentence == PHONE_LOST
    assert only(facts.CallerTold, broke.facts).sentence == PHONE_LOST
    expect(made, 0, 2 * MINUTE)
    assert wait(made, 14_000) == []
    assert announce.NEXT in wait(made, 3_000)


def test_what_an_emergency_tells_is_not_cut_short_by_an_outlook() -> None:
    made = bench("p02")
    made.call("1.1")
    sounds = (("de", "made_fire"), (UNDETERMINED, "made_fire"))
    assert said(made.tell(ev.AnnouncementSet(sounds, ends_calls=False))) == ["made_fire"]
    assert expect(made, 6 * MINUTE, 9 * MINUTE).commands == ()
    assert wait(made, 13_000) == []
    assert "wait_between_5_10" in wait(made, 3_000)
