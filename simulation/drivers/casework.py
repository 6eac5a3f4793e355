"""Case work compiled: steps at the desk, calls that cases make, appointments at the counter.

What it means stands in simulation.drivers.model.CaseWork; simulation.drivers.desk says the same in plain
Python around the engine, and tests hold the two traces equal. A person whom the engine sees ready and idle
is free for the desk; what is on the desk rests while the phone rings. Everything that may change who does
what at desk or counter only marks it; `settle` then decides for all, after the engine's deadlines at that ms.
"""

from typing import Any

import numpy as np
from numba import njit

from simulation.drivers import jobs, sampler
from simulation.drivers.cache import CACHED
from simulation.drivers.diary import later
from simulation.drivers.kernel import arrive, attend, first, match, plan, push, say
from simulation.drivers.layout import (
    APPOINTMENT_BEGAN,
    APPOINTMENT_ENDED,
    APPOINTMENT_ENDS,
    ATTEMPTS,
    BOOKED,
    C_BOOKINGS,
    C_CALLING,
    C_CHASES,
    C_DATE,
    C_FOLLOW_UPS,
    C_LEAVES,
    C_LEFT,
    C_OPEN,
    C_STEP,
    C_TOOK,
    C_VISITOR,
    C_VISITS,
    CALLED,
    CALLS_AGAIN,
    CASE_CALLS,
    CASE_DONE,
    CASE_OPENED,
    CHANGED,
    CHASES,
    CLASSES,
    COMES,
    D_BY_CALL,
    D_FOLLOW_UP,
    D_LEAD,
    D_STEPS,
    D_TAKES,
    D_VISITS,
    D_WAITS,
    D_WORK,
    DAY_MS,
    DIRTY,
    FAULT,
    FIRST_CHASE,
    FOLLOWS_UP,
    FREE_PEOPLE,
    GRACE_MS,
    HANDED_OVER,
    IDLE,
    IS_OPEN,
    JOB_BEGAN,
    JOB_ENDED,
    JOB_ENDS,
    JOB_PAUSED,
    LEAVES,
    LOGGED_OUT,
    NOT_READY,
    OPEN_CASES,
    OVER,
    P_ACTIVITY,
    P_CALLED,
    P_COUNTER,
    P_HANDS_OVER,
    P_HOLDS_SINCE,
    P_IDLE_SINCE,
    P_JOB,
    P_JOB_ENDED,
    P_JOB_ENDS,
    P_JOB_PACE,
    P_LEFT,
    P_OVER_SINCE,
    P_PACE,
    P_PLANNED,
    P_PRESENCE,
    P_SWITCHING,
    P_VISITOR,
    P_WORKS_SINCE,
    PAUSED,
    PRESENT,
    READY,
    RING_MAX,
    SETTLE,
    VISITOR_CAME,
    VISITORS,
    WAIT_ENDS,
    WORKING,
)

TOO_MANY_VISITORS = 5
"""How a replication came back, besides what simulation.drivers.kernel knows."""
BEGINS, WORKS, FOLLOWS, CHASING, BOOKS, DATES, RINGS = range(7)
"""What a case's draw is for."""

_NEVER = np.int64(2**63 - 1)
Int = Any
World = Any


@njit(cache=CACHED, inline="always")
def _draw(w: World, case: Int, what: Int, n: Int) -> Any:
    return sampler.draw(w.seed, w.replication, sampler.CASE, case, what << 20 | n)


@njit(cache=CACHED, inline="always")
def _bit(agent: Int) -> Int:
    return np.int64(1) << agent


@njit(cache=CACHED)
def _count(w: World, agent: Int, what: Int, begin: Int, end: Int) -> None:
    """Time of a person, from layout.PERSON_COUNTS."""
    begin = max(begin, w.warm_ms)
    if end > begin:
        w.worked[agent, what] += end - begin


@njit(cache=CACHED)
def _span(spans: Any, n: Int, at: Int) -> Int:
    """The first of n sorted spans that ends after `at`; n if none does."""
    low: Int = np.int64(0)
    high: Int = np.int64(n)
    while low < high:
        middle = (low + high) >> 1
        if spans[middle, 1] > at:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=CACHED)
def _within(w: World, spans: Any, n: Int, place: Int, at: Int, u: Any) -> Int:
    """`at` if the span at `place` has begun then, else a time in it; behind the end if there is none."""
    if place >= n:
        return w.end_ms
    begin = spans[place, 0]
    if begin <= at:
        return at
    length = spans[place, 1] - begin
    return begin + np.int64(u * length) // w.tick_ms * w.tick_ms


@njit(cache=CACHED, inline="always")
def _at_pace(w: World, ms: Int, pace: Int) -> Int:
    tick = w.tick_ms
    return (ms * pace // 1000 + tick // 2) // tick * tick


# --- calls -----------------------------------------------------------------------------------------------


@njit(cache=CACHED)
def opens(w: World, now: Int, case: Int) -> None:
    """A case comes, by a call or in writing."""
    c = w.cases[case]
    c[:] = 0
    c[C_OPEN] = 1
    w.g[OPEN_CASES] += 1
    if now >= w.warm_ms:
        w.case_counts[w.kinds[case], 0] += 1
        w.case_counts[w.kinds[case], 7] += now + w.promised_ms <= w.end_ms
    calls = w.case_draws[case, D_BY_CALL]
    c[C_VISITS] = w.case_draws[case, D_VISITS]
    say(w, now, CASE_OPENED, case, -1, calls)
    if w.chase_ms:
        later(w, now + w.chase_ms, CHASES, case)
    if calls:
        _calls(w, now, case, 0)
    else:
        _could_begin(w, now, case)


@njit(cache=CACHED)
def _calls(w: World, now: Int, case: Int, occasion: Int) -> None:
    """Now, or while the centre is closed at some time of its next opening."""
    w.cases[case, C_CALLING] = 1
    w.attempts[case] = occasion * ATTEMPTS
    if w.g[IS_OPEN] or occasion == 0:
        calls_again(w, now, case)
        return
    u, _ = _draw(w, case, RINGS, occasion)
    place = _span(w.openings, w.n_openings, now)
    later(w, _within(w, w.openings, w.n_openings, place, now, u), CALLS_AGAIN, case)


@njit(cache=CACHED)
def calls_again(w: World, now: Int, case: Int) -> None:
    """A call that was put off, or another attempt; nobody calls any more about what is done."""
    c = w.cases[case]
    if not c[C_OPEN]:
        c[C_CALLING] = 0
        return
    attempt = w.attempts[case]
    say(w, now, CASE_CALLS, case, -1, attempt)
    if now >= w.warm_ms and attempt >= ATTEMPTS and attempt % ATTEMPTS == 0:
        w.case_counts[w.kinds[case], 2 if attempt < FIRST_CHASE * ATTEMPTS else 3] += 1
    arrive(w, now, case)


@njit(cache=CACHED)
def call_over(w: World, now: Int) -> None:
    """The call that ended was the last attempt."""
    case = w.g[OVER] - 1
    w.g[OVER] = 0
    w.cases[case, C_CALLING] = 0
    if w.attempts[case] < ATTEMPTS:
        _could_begin(w, now, case)


# --- steps -----------------------------------------------------------------------------------------------


@njit(cache=CACHED)
def _could_begin(w: World, now: Int, case: Int) -> None:
    """The case's step: a job, unless it waits for an appointment."""
    c = w.cases[case]
    if c[C_VISITS] and c[C_STEP] == w.before_step:
        at = now + w.case_draws[case, D_LEAD]
        _book(w, now, case, at, _span(w.counter, w.n_counter, at))
        return
    _queue_job(w, case)


@njit(cache=CACHED)
def _queue_job(w: World, case: Int) -> None:
    w.cases[case, C_LEFT] = -1
    jobs.line_up(w, w.job_class[w.kinds[case]], case)
    w.g[SETTLE] = 1


@njit(cache=CACHED)
def _hand_over(w: World, now: Int, agent: Int) -> None:
    """Work begun goes back to the others."""
    p = w.people[agent]
    case = p[P_JOB]
    p[P_JOB] = -1
    w.g[PAUSED] &= ~_bit(agent)
    w.cases[case, C_LEFT] = p[P_LEFT] * 1000 // p[P_JOB_PACE]
    jobs.line_up(w, w.job_class[w.kinds[case]], case)
    say(w, now, HANDED_OVER, case, agent, w.cases[case, C_LEFT])


@njit(cache=CACHED)
def _begin_job(w: World, now: Int, agent: Int, line: Int) -> None:
    p = w.people[agent]
    case = jobs.take(w, line)
    c = w.cases[case]
    step, left = c[C_STEP], c[C_LEFT]
    begun = left >= 0
    if not begun:
        left = w.case_draws[case, D_STEPS + 3 * step + D_WORK]
    p[P_JOB], p[P_JOB_PACE] = case, p[P_PACE]
    p[P_LEFT] = _at_pace(w, left, p[P_PACE])
    _work(w, now, agent, begun)


@njit(cache=CACHED)
def _work(w: World, now: Int, agent: Int, begun: Int) -> None:
    g, p = w.g, w.people[agent]
    p[P_SWITCHING] = w.switch_ms if begun else 0
    p[P_WORKS_SINCE] = now
    p[P_JOB_ENDS] = now + p[P_SWITCHING] + p[P_LEFT]
    g[WORKING] |= _bit(agent)
    g[PAUSED] &= ~_bit(agent)
    push(g, w.heap, p[P_JOB_ENDS], JOB_ENDS, agent)
    say(w, now, JOB_BEGAN, p[P_JOB], agent, w.cases[p[P_JOB], C_STEP] * 2 + begun)


@njit(cache=CACHED)
def _worked(w: World, now: Int, agent: Int) -> Int:
    """Count a stretch of work at the desk; how much of it went into the job."""
    p = w.people[agent]
    since = p[P_WORKS_SINCE]
    back = min(now, since + p[P_SWITCHING])
    _count(w, agent, 5, since, back)
    _count(w, agent, 4, back, now)
    w.g[WORKING] &= ~_bit(agent)
    return now - back


@njit(cache=CACHED)
def _pause(w: World, now: Int, agent: Int) -> None:
    p = w.people[agent]
    p[P_LEFT] -= _worked(w, now, agent)
    w.g[PAUSED] |= _bit(agent)
    say(w, now, JOB_PAUSED, p[P_JOB], agent, p[P_LEFT])


@njit(cache=CACHED)
def _end_job(w: World, now: Int, agent: Int) -> None:
    p = w.people[agent]
    if not (w.g[WORKING] >> agent) & 1 or p[P_JOB_ENDS] != now:
        return
    _worked(w, now, agent)
    case = p[P_JOB]
    p[P_JOB], p[P_JOB_ENDED] = -1, now
    w.g[SETTLE] = 1
    c = w.cases[case]
    step = c[C_STEP]
    say(w, now, JOB_ENDED, case, agent, step)
    if step == w.n_work_steps - 1:
        _done(w, now, case)
        return
    drawn = w.case_draws[case]
    later(w, now + drawn[D_STEPS + 3 * step + D_WAITS], WAIT_ENDS, case)
    after = drawn[D_STEPS + 3 * step + D_FOLLOW_UP]
    if after >= 0:
        later(w, now + after, FOLLOWS_UP, case)


@njit(cache=CACHED)
def _done(w: World, now: Int, case: Int) -> None:
    w.cases[case, C_OPEN] = 0
    w.g[OPEN_CASES] -= 1
    began, kind = w.times[case], w.kinds[case]
    took = now - began
    say(w, now, CASE_DONE, case, -1, took)
    w.case_counts[kind, 1] += now >= w.warm_ms
    if began >= w.warm_ms:
        w.case_counts[kind, 8] += began + w.promised_ms <= w.end_ms and took <= w.promised_ms
        age(w.turnarounds, took)
        w.cases[case, C_TOOK] = took


@njit(cache=CACHED)
def age(bins: Any, ms: Int) -> None:
    """Count an age in its bin."""
    bins[min(ms // 14_400_000, len(bins) - 1)] += 1


# --- appointments ----------------------------------------------------------------------------------------


@njit(cache=CACHED)
def _book(w: World, now: Int, case: Int, at: Int, place: Int) -> None:
    """A date at `at` or, if the counter is closed then, in the hours at `place`."""
    c = w.cases[case]
    u, _ = _draw(w, case, DATES, c[C_BOOKINGS])
    c[C_BOOKINGS] += 1
    c[C_DATE] = _within(w, w.counter, w.n_counter, place, at, u)
    if place < w.n_counter:
        c[C_LEAVES] = w.counter[place, 1] + GRACE_MS
    say(w, now, BOOKED, case, -1, c[C_DATE])
    later(w, c[C_DATE], COMES, case)


@njit(cache=CACHED)
def _comes(w: World, now: Int, case: Int) -> None:
    g = w.g
    if g[VISITORS] == RING_MAX:
        g[FAULT] = TOO_MANY_VISITORS
        return
    say(w, now, VISITOR_CAME, case, -1, 0)
    w.visitors[g[VISITORS]] = case
    g[VISITORS] += 1
    w.cases[case, C_VISITOR] = 1
    later(w, w.cases[case, C_LEAVES], LEAVES, case)
    g[SETTLE] = 1


@njit(cache=CACHED)
def _leave(w: World, case: Int) -> None:
    """Out of those who wait at the counter."""
    g = w.g
    place = 0
    while w.visitors[place] != case:
        place += 1
    g[VISITORS] -= 1
    for i in range(place, g[VISITORS]):
        w.visitors[i] = w.visitors[i + 1]
    w.cases[case, C_VISITOR] = 0


@njit(cache=CACHED)
def _leaves(w: World, now: Int, case: Int) -> None:
    """Nobody had time before the counter's end: a new date on its next opening."""
    c = w.cases[case]
    if not c[C_VISITOR] or c[C_LEAVES] != now:
        return
    _leave(w, case)
    w.case_counts[w.kinds[case], 6] += now >= w.warm_ms
    place = _span(w.counter, w.n_counter, now)
    if place < w.n_counter and w.counter[place, 0] <= now:
        place += 1
    _book(w, now, case, now, place)
    w.g[SETTLE] = 1


@njit(cache=CACHED, inline="always")
def _may_hold(w: World, case: Int) -> Int:
    """People: where nobody who is there speaks the language, who knows the concern."""
    kind = w.kinds[case]
    suit = w.suits[kind] & w.g[PRESENT]
    return suit if suit else w.workers[w.job_class[kind]] & w.g[PRESENT]


@njit(cache=CACHED)
def _who_holds(w: World, candidates: Int) -> Int:
    """Who has nothing on the desk, then who speaks the fewest languages, then who had the least to do at the
    counter, then by place."""
    resting = candidates & ~w.g[WORKING]
    rest = resting if resting else candidates
    best = first(rest)
    while rest:
        agent = first(rest)
        rest &= rest - 1
        if w.versatility[agent] < w.versatility[best] or (
            w.versatility[agent] == w.versatility[best]
            and w.people[agent, P_COUNTER] < w.people[best, P_COUNTER]
        ):
            best = agent
    return best


@njit(cache=CACHED)
def _ask(w: World, now: Int, agent: Int, presence: Int) -> None:
    attend(w, now, agent, presence, 0)
    if w.g[DIRTY]:
        match(w, now)


@njit(cache=CACHED)
def _begin_appointment(w: World, now: Int, agent: Int, case: Int) -> None:
    g, p = w.g, w.people[agent]
    _leave(w, case)
    p[P_VISITOR], p[P_HOLDS_SINCE] = case, now
    if p[P_PRESENCE] == READY:
        _ask(w, now, agent, NOT_READY)
    if (g[WORKING] >> agent) & 1:
        _pause(w, now, agent)
    waited = now - w.cases[case, C_DATE]
    say(w, now, APPOINTMENT_BEGAN, case, agent, waited)
    lasts = _at_pace(w, w.case_draws[case, D_TAKES], p[P_PACE])
    push(g, w.heap, now + lasts, APPOINTMENT_ENDS, agent)
    if now >= w.warm_ms:
        counted = w.case_counts[w.kinds[case]]
        counted[4] += 1
        counted[5] += waited


@njit(cache=CACHED)
def _end_appointment(w: World, now: Int, agent: Int) -> None:
    p = w.people[agent]
    case = p[P_VISITOR]
    say(w, now, APPOINTMENT_ENDED, case, agent, 0)
    p[P_VISITOR] = -1
    p[P_COUNTER] += now - p[P_HOLDS_SINCE]
    _count(w, agent, 3, p[P_HOLDS_SINCE], now)
    w.g[CHANGED] |= _bit(agent)
    _queue_job(w, case)
    if p[P_PLANNED]:
        _next_visitor(w, now, agent)


@njit(cache=CACHED)
def _next_visitor(w: World, now: Int, agent: Int) -> None:
    """For somebody who is not ready and has nobody at the counter: the next one, or ready again."""
    for i in range(w.g[VISITORS]):
        case = w.visitors[i]
        if (_may_hold(w, case) >> agent) & 1:
            _begin_appointment(w, now, agent, case)
            return
    _ask(w, now, agent, READY)


# --- people ----------------------------------------------------------------------------------------------


@njit(cache=CACHED)
def staff(w: World, now: Int, agent: Int, login: Int, pace: Int, hands_over: Int) -> None:
    """Log-in or log-out by plan. Who still has a visitor or a call stays until that is over."""
    g, p = w.g, w.people[agent]
    plan(w, now, agent, login)
    g[CHANGED] |= _bit(agent)
    if login:
        g[PRESENT] |= _bit(agent)
        p[P_PACE] = pace
        _count_over(w, now, agent)
        if p[P_VISITOR] < 0:
            attend(w, now, agent, READY, 0)
        return
    g[PRESENT] &= ~_bit(agent)
    p[P_HANDS_OVER] = hands_over
    p[P_CALLED] = 0
    g[CALLED] &= ~_bit(agent)
    if p[P_OVER_SINCE] < 0 and (p[P_VISITOR] >= 0 or p[P_ACTIVITY] != IDLE):
        p[P_OVER_SINCE] = now
    attend(w, now, agent, LOGGED_OUT, 0)


@njit(cache=CACHED)
def _count_over(w: World, now: Int, agent: Int) -> None:
    p = w.people[agent]
    if p[P_OVER_SINCE] >= 0:
        _count(w, agent, 6, p[P_OVER_SINCE], now)
        p[P_OVER_SINCE] = -1


@njit(cache=CACHED)
def _settle_person(w: World, now: Int, agent: Int) -> None:
    """What follows from what the engine made of a person."""
    g, p = w.g, w.people[agent]
    bit = _bit(agent)
    idle = p[P_ACTIVITY] == IDLE
    if idle and p[P_VISITOR] < 0:
        _count_over(w, now, agent)
    if g[WORKING] & bit and not g[FREE_PEOPLE] & bit:
        _pause(w, now, agent)
    if g[PAUSED] & bit and not p[P_PLANNED] and p[P_HANDS_OVER]:
        _hand_over(w, now, agent)
    if p[P_CALLED] and idle:
        p[P_CALLED] = 0
        g[CALLED] &= ~bit
        _next_visitor(w, now, agent)


@njit(cache=CACHED)
def _visitors(w: World, now: Int) -> None:
    """Who is free takes a visitor; else somebody on the phone does not become ready after the call."""
    g = w.g
    i = 0
    while i < g[VISITORS]:
        case = w.visitors[i]
        candidates = _may_hold(w, case) & g[FREE_PEOPLE]
        if candidates:
            _begin_appointment(w, now, _who_holds(w, candidates), case)
        else:
            i += 1
    called = g[CALLED]
    for i in range(g[VISITORS]):
        able = _may_hold(w, w.visitors[i])
        if able & called:
            called &= ~_bit(first(able & called))
            continue
        rest = able & ~g[CALLED]
        while rest:
            agent = first(rest)
            rest &= rest - 1
            p = w.people[agent]
            if p[P_PRESENCE] == READY and p[P_ACTIVITY] != IDLE:
                p[P_CALLED] = 1
                g[CALLED] |= _bit(agent)
                _ask(w, now, agent, NOT_READY)
                break


@njit(cache=CACHED)
def settle(w: World, now: Int) -> None:
    """People at their desks: first what the engine's doings mean, then visitors, then work that rests, then
    the jobs of the oldest cases, each to who of those who may do it has been without work longest."""
    g = w.g
    while True:
        asked = g[CHANGED]
        g[SETTLE] = 0
        while asked:
            agent = first(asked)
            g[CHANGED] &= ~_bit(agent)
            _settle_person(w, now, agent)
            asked = g[CHANGED] & ~((_bit(agent) << 1) - 1)
        if g[VISITORS]:
            _visitors(w, now)
        if not g[CHANGED]:
            break
    rest = g[PAUSED] & g[FREE_PEOPLE]
    while rest:
        agent = first(rest)
        rest &= rest - 1
        _work(w, now, agent, 1)
    idle = g[FREE_PEOPLE] & ~g[WORKING]
    while idle:
        oldest, line = _NEVER, -1
        lines = g[CLASSES]
        while lines:
            each = first(lines)
            lines &= lines - 1
            if w.workers[each] & idle and w.heads[each] < oldest:
                oldest, line = w.heads[each], each
        if line < 0:
            break
        since, worker = _NEVER, -1
        rest = w.workers[line] & idle
        while rest:
            agent = first(rest)
            rest &= rest - 1
            free_since = max(w.people[agent, P_IDLE_SINCE], w.people[agent, P_JOB_ENDED])
            if free_since < since:
                since, worker = free_since, agent
        idle &= ~_bit(worker)
        _begin_job(w, now, worker, line)
    g[SETTLE] = 0


@njit(cache=CACHED)
def come_to_pass(w: World, now: Int, rank: Int, key: Int) -> None:
    """One of the events of case work."""
    c = w.cases[key]
    if rank == JOB_ENDS:
        _end_job(w, now, key)
    elif rank == WAIT_ENDS:
        c[C_STEP] += 1
        _could_begin(w, now, key)
    elif rank == COMES:
        _comes(w, now, key)
    elif rank == APPOINTMENT_ENDS:
        _end_appointment(w, now, key)
    elif rank == LEAVES:
        _leaves(w, now, key)
    elif rank == FOLLOWS_UP:
        if c[C_OPEN] and not c[C_CALLING]:
            c[C_FOLLOW_UPS] += 1
            _calls(w, now, key, c[C_FOLLOW_UPS])
    elif c[C_OPEN]:
        number = c[C_CHASES]
        c[C_CHASES] += 1
        later(w, now + w.chase_ms, CHASES, key)
        u, _ = _draw(w, key, CHASING, number)
        if u < w.chase and not c[C_CALLING]:
            _calls(w, now, key, FIRST_CHASE + number)


@njit(cache=CACHED)
def draw(w: World, cases: Int) -> None:
    """Draw what so many cases need, as far as it is not there."""
    tick = w.tick_ms
    for case in range(w.drawn[4], cases):
        drawn = w.case_draws[case]
        by_call, visits = _draw(w, case, BEGINS, 0)
        drawn[D_BY_CALL], drawn[D_VISITS] = by_call < w.first_call, visits < w.appointment
        if drawn[D_VISITS]:
            lead, takes = _draw(w, case, BOOKS, 0)
            drawn[D_LEAD] = sampler.duration(w.lead_kind, w.lead_a, w.lead_b, lead, tick, w.shapes)
            drawn[D_TAKES] = sampler.duration(w.takes_kind, w.takes_a, w.takes_b, takes, tick, w.shapes)
        for step in range(w.n_work_steps):
            at = D_STEPS + 3 * step
            work, waits = _draw(w, case, WORKS, step)
            drawn[at + D_WORK] = sampler.duration(
                w.work_kind[step], w.work_a[step], w.work_b[step], work, tick, w.shapes
            )
            drawn[at + D_WAITS] = sampler.duration(
                w.waits_kind[step], w.waits_a[step], w.waits_b[step], waits, tick, w.shapes
            )
            calls, after = _draw(w, case, FOLLOWS, step)
            drawn[at + D_FOLLOW_UP] = -1
            if calls < w.follow_up:
                drawn[at + D_FOLLOW_UP] = sampler.duration(
                    w.follow_after_kind, w.follow_after_a, w.follow_after_b, after, tick, w.shapes
                )
    w.drawn[4] = max(w.drawn[4], cases)


@njit(cache=CACHED)
def start(w: World) -> None:
    """Nobody has anything to do yet."""
    jobs.clear(w)
    for agent in range(w.n_people):
        p = w.people[agent]
        p[P_JOB] = p[P_VISITOR] = p[P_OVER_SINCE] = -1
        p[P_PACE] = 1000


@njit(cache=CACHED)
def stop(w: World, cases: Int) -> None:
    """At the model's end: count the work that goes on, how old the open cases are, and, by language and
    concern, how long the others took."""
    for agent in range(w.n_people):
        p = w.people[agent]
        if (w.g[WORKING] >> agent) & 1:
            _worked(w, w.end_ms, agent)
        if p[P_VISITOR] >= 0:
            _count(w, agent, 3, p[P_HOLDS_SINCE], w.end_ms)
        _count_over(w, w.end_ms, agent)
    for case in range(cases):
        if w.times[case] < w.warm_ms:
            continue
        language, concern = w.cells[w.kinds[case], 0], w.cells[w.kinds[case], 1]
        if w.cases[case, C_OPEN]:
            old = w.end_ms - w.times[case]
            age(w.ages, old)
            w.cell_ages[language, old // DAY_MS] += 1
            w.cell_ages[concern, old // DAY_MS] += 1
        else:
            day = w.cases[case, C_TOOK] // DAY_MS
            w.cell_turnarounds[language, day] += 1
            w.cell_turnarounds[concern, day] += 1
