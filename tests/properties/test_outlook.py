"""Futures: they end whatever world they begin from, the same chance gives the same future, and where theory
knows the waits they are the theory's."""

from random import Random
from statistics import fmean
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from acd.outlook.beliefs import Beliefs, Calls, Lasts, Pauses, Phones, Share
from acd.outlook.drawn import Drawn
from acd.outlook.future import Course, Future
from acd.outlook.scene import Scene
from agents import state as staff
from agents.model import Team
from routing import events as ev
from routing.policy import OWN, Plan, Policy, Step
from routing.world import Person
from tests.fakes.centre import NODE, POLICY, Bench, person
from tests.oracles.wild import Wild

MINUTE = 60_000
HOUR = 60 * MINUTE
TALK_MS = 300_000
FOREVER_MS = 10**12
USUAL = Lasts(TALK_MS, 1.0)
RINGING = Phones(2_000, 9_000, 0.05, 15_000)


def beliefs(
    calls: float = 0.0,
    begin_ms: int = 0,
    patience_ms: float = 6 * MINUTE,
    talk: Lasts = USUAL,
    phones: Phones = RINGING,
    pauses: bool = True,
) -> Beliefs:
    """calls: an hour, in German and Turkish."""
    return Beliefs(
        talk,
        (),
        None,
        patience_ms,
        30_000.0,
        phones,
        Pauses(HOUR if pauses else 0.0, Lasts(5.0 * MINUTE, 1.0), Lasts(5.0 * MINUTE, 1.0)),
        Calls(
            begin_ms,
            HOUR,
            (calls,) * 3,
            (Share("de", "other", 0.6), Share("tr", "study", 0.4)),
            20.0,
            20.0,
            0.4,
            "en",
            "de",
        ),
    )


def outcomes(future: Future) -> list[tuple[str, int, int]]:
    return [(each.leg.uid, each.queued_ms, each.served_ms) for each in future.callers]


@given(st.integers(0, 10**6), st.integers(1, 400), st.booleans(), st.floats(0, 60))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_future_of_any_world_ends(seed: int, steps: int, virtual: bool, calls: float) -> None:
    """Whatever history led to it: links down, phones lost, dialplans alone, callers in every state."""
    wild = Wild(seed, twins=False)
    wild.go_on(steps)
    world = wild.engine.world
    assume(world.policy is not None)
    before = world_of(world)
    scene = Scene(world, wild.now)
    future = Future(scene, Drawn(beliefs(calls, wild.now), scene.policy), seed, Course(virtual=virtual))
    future.run(wild.now + HOUR)
    assert world_of(world) == before, "the world itself is untouched"
    for caller in future.callers:
        assert caller.served_ms == -1 or caller.served_ms >= wild.now or not caller.visit


def world_of(world: object) -> str:
    return repr(world)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_same_chance_gives_the_same_future(seed: int) -> None:
    scene = busy(Random(seed).randint(1, 12))
    drawn = Drawn(beliefs(40, scene.now_ms), scene.policy)
    runs = []
    for _ in range(2):
        future = Future(scene, drawn, seed, Course(virtual=False))
        future.run(scene.now_ms + HOUR)
        runs.append(outcomes(future))
    assert runs[0] == runs[1]
    assert runs[0]


# --- theory --------------------------------------------------------------------------------------------

ONE_STEP = Policy(
    plans=(Plan("", "", (Step(0, OWN, 1, 0),)),),
    unknown_languages=("de",),
    fallback_languages=(),
    choose=("longest_idle",),
    lease_ms=20_000,
    silent_ms=2_000,
    wrap_up_ms=0,
    refusals=(),
    opening=((0, 10**15),),
)
AT_ONCE = Phones(0, 0, 0.0, 15_000)


def team(count: int) -> Team:
    return Team(tuple(person(f"a{i:02}", f"p{i}", {"de": 7}, {"other": 5}) for i in range(count)))


def talking(servers: int, waiting: int, policy: Policy = ONE_STEP) -> Bench:
    """So many people in talk since this moment, and so many callers in line."""
    bench = Bench(policy, team(servers))
    bench.login(*(each.reach.address for each in team(servers).agents))
    for place in range(servers):
        effects = bench.call(f"t{place}")
        connect = effects.commands[0]
        phone = connect.reach.address  # type: ignore[union-attr]
        bench.tell(ev.Bridged(ev.Leg(NODE, f"t{place}"), ev.Leg(NODE, f"x{place}"), phone))
    for place in range(waiting):
        bench.call(f"w{place}")
    return bench


def busy(waiting: int) -> Scene:
    """The small centre of tests.fakes with everybody in talk."""
    bench = Bench(POLICY)
    bench.login("p01", "p02", "p03")
    for place in range(3 + waiting):
        for command in bench.call(f"c{place}", ("de", "tr", "ar")[place % 3]).commands:
            if hasattr(command, "reach"):
                leg = ev.Leg(NODE, f"x{place}")
                bench.tell(ev.Bridged(ev.Leg(NODE, f"c{place}"), leg, command.reach.address))
    return Scene(bench.engine.world, bench.now)


def waits(
    scene: Scene, believed: Beliefs | Drawn, futures: int, until_ms: int = FOREVER_MS
) -> list[list[int]]:
    """Of each who waits, in line: the remaining waits, sorted."""
    drawn = Drawn(believed, scene.policy) if isinstance(believed, Beliefs) else believed
    found: dict[int, list[int]] = {}
    for seed in range(futures):
        future = Future(scene, drawn, seed)
        assert future.run(scene.now_ms + until_ms)
        for caller in future.callers:
            if caller.visit:
                found.setdefault(caller.visit, []).append(caller.served_ms - scene.now_ms)
    return [sorted(found[visit]) for visit in sorted(found)]


def at(ranked: list[int], share: float) -> float:
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def erlang(k: int, rate: float, share: float, count: int = 40_000) -> float:
    chance = Random(1)
    return sorted(chance.gammavariate(k, 1 / rate) for _ in range(count))[int(share * count)]


class Forgets:
    """Exponential times, of which as much is left as ever was."""

    mean_ms = float(TALK_MS)

    def drawn(self, chance: Random, factor: float = 1.0) -> int:
        return int(chance.expovariate(1 / TALK_MS))

    def left(self, chance: Random, spent_ms: int, factor: float = 1.0) -> int:
        return self.drawn(chance)


class Markov(Drawn):
    """Talks are exponential."""

    def talks_of(self, language: str, concern: str) -> Any:
        return Forgets()


@pytest.mark.parametrize(("servers", "waiting"), [(1, 3), (3, 5), (8, 12)])
def test_the_kth_in_line_waits_as_erlang_says(servers: int, waiting: int) -> None:
    """M/M/n, first come first served, all n busy: the k-th in line waits Erlang(k, n * mu)."""
    bench = talking(servers, waiting)
    scene = Scene(bench.engine.world, bench.now)
    drawn = Markov(beliefs(patience_ms=1e15, phones=AT_ONCE, pauses=False), scene.policy)
    in_line = waits(scene, drawn, 2_000)
    assert len(in_line) == waiting
    for k, ranked in enumerate(in_line, 1):
        for share in (0.1, 0.5, 0.9):
            assert at(ranked, share) == pytest.approx(
                erlang(k, servers / TALK_MS, share), rel=0.12, abs=2_000
            )


def test_who_is_next_waits_for_the_first_of_n_talks_to_end() -> None:
    """Fresh talks: the first of n ends as the least of n drawn ones, and the second in line is served as the
    second of them ends or the first's own talk does."""
    servers, count = 4, 4_000
    bench = talking(servers, 2)
    scene = Scene(bench.engine.world, bench.now)
    lasts = Lasts(TALK_MS, 1.2)
    first, second = waits(scene, beliefs(talk=lasts, phones=AT_ONCE, pauses=False), 1_500)
    chance = Random(5)
    law = Drawn(beliefs(talk=lasts), scene.policy).talk
    expected: list[list[int]] = [[], []]
    for _ in range(count):
        ends = sorted(law.drawn(chance) for _ in range(servers))
        expected[0].append(ends[0])
        expected[1].append(min(ends[1], ends[0] + law.drawn(chance)))
    for found, said in zip((first, second), expected, strict=True):
        said.sort()
        for share in (0.1, 0.25, 0.5, 0.75, 0.9):
            assert at(found, share) == pytest.approx(at(said, share), rel=0.12)


def test_whoever_gives_up_takes_nobodys_time() -> None:
    """With no patience at all before them, the last in line is served as soon as anybody is."""
    bench = talking(2, 6)
    scene = Scene(bench.engine.world, bench.now)
    hasty = waits(
        scene, beliefs(patience_ms=1.0, talk=Lasts(TALK_MS, 1e-8), phones=AT_ONCE, pauses=False), 20
    )
    for ranked in hasty:
        assert TALK_MS - 5_000 <= ranked[0] <= ranked[-1] <= TALK_MS + 5_000
    patient = waits(
        scene, beliefs(patience_ms=1e12, talk=Lasts(TALK_MS, 1e-8), phones=AT_ONCE, pauses=False), 5
    )
    assert [round(ranked[0] / TALK_MS) for ranked in patient] == [1, 1, 2, 2, 3, 3]


def test_who_is_quiet_comes_back_when_that_is_over_and_takes_one_call_in_so_many_minutes() -> None:
    """One person, and three in line: the first is served when the quiet time ends, each other a talk and a
    quiet time later."""
    bench = talking(1, 0)
    leg = ev.Leg(NODE, "t0")
    bench.tell(ev.QuietAsked("a00", 10))
    bench.tell(ev.LegEnded(leg, 16))
    bench.tell(ev.LegEnded(ev.Leg(NODE, "x0"), 16))
    ended = bench.engine.world.people["a00"].talked_ms
    bench.tell(ev.Elapsed(), 2 * MINUTE)
    for place in range(3):
        bench.call(f"w{place}")
    scene = Scene(bench.engine.world, bench.now)
    believed = beliefs(patience_ms=1e15, talk=Lasts(TALK_MS, 1e-8), phones=AT_ONCE, pauses=False)
    first = ended + 10 * MINUTE - scene.now_ms
    for place, ranked in enumerate(waits(scene, believed, 5)):
        assert ranked == pytest.approx([first + place * (TALK_MS + 10 * MINUTE)] * 5, abs=2_000)


@pytest.mark.parametrize("waiting", [3, 9, 15])
def test_more_people_of_the_right_kind_never_make_the_mean_wait_longer(waiting: int) -> None:
    """The same callers, the same chance, one more who speaks their language: shorter for each in line."""
    believed = beliefs(20, 1_000_000, phones=AT_ONCE, pauses=False)

    def mean(more: int) -> float:
        bench = with_spare(talking(3, waiting), more)
        scene = Scene(bench.engine.world, bench.now)
        return fmean(each for ranked in waits(scene, believed, 100) for each in ranked)

    three, four, five = mean(0), mean(1), mean(2)
    assert five < four < three


def with_spare(bench: Bench, more: int) -> Bench:
    """With so many more people, who are free from now on."""
    spare = [person(f"b{i}", f"q{i}", {"de": 7}, {"other": 5}) for i in range(more)]
    for each in spare:
        bench.engine.world.people[each.id] = Person(each, staff.READY, device=staff.USABLE, shown=staff.READY)
    return bench
