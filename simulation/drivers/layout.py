"""How the kernel lays out its world: ranks of events, columns of its tables, kinds of a trace's rows.

Events at the same ms pass in the order of their ranks, those of a rank by id: first what falls due in the
engine, in the engine's own order, then what comes from outside. Both drivers keep it.
"""

from typing import Final

import numpy as np

from routing.select import CRITERIA
from simulation.drivers.sampler import BLOCK, POINTS_MAX

# --- ranks (id) ------------------------------------------------------------------------------------------
LEASE: Final = 0  # offer
WRAP_UP: Final = 1  # person, by the order of ids
WIDEN: Final = 2  # visit
RETRY: Final = 3  # visit
HOURS: Final = 4
SETTLES: Final = 5
STAFF: Final = 6  # person
BACK: Final = 7  # person
RING: Final = 8  # offer
PHONE_ENDS: Final = 9  # offer
ANSWER: Final = 10  # offer
CALL_ENDS: Final = 11  # visit
GIVES_UP: Final = 12  # visit
JOB_ENDS: Final = 13  # person
APPOINTMENT_ENDS: Final = 14  # person
WAIT_ENDS: Final = 15  # case
COMES: Final = 16  # case
LEAVES: Final = 17  # case
FOLLOWS_UP: Final = 18  # case
CHASES: Final = 19  # case
CALLS_AGAIN: Final = 20  # caller
CALLS: Final = 21  # caller
"""SETTLES: people at their desks look for what to do next. From JOB_ENDS to CHASES: case work."""

RANK_BITS: Final = 5
ID_BITS: Final = 22
TIME_BITS: Final = 36
"""An event is one integer: time from the model's begin, rank, id. So a replication has at most 2**22
visits and offers and lasts at most 2**36 ms (795 days). One comparison then gives the whole order of the
engine, ties included, and the three parts leave the sign bit free: no event is negative, and NEVER, which
fills the free places of the calendar, is behind all of them."""

# --- kinds of rows in a trace (value) --------------------------------------------------------------------
QUEUED: Final = 1
OFFERED: Final = 2  # step * 64 + how many could
RANG: Final = 3
OFFER_ENDED: Final = 4  # place in facts.OFFER_OUTCOMES
TALK_BEGAN: Final = 5
TALK_ENDED: Final = 6
WRAP_UP_ENDED: Final = 7
VISIT_ENDED: Final = 8  # place in facts.VISIT_OUTCOMES
AGENT: Final = 9  # place in state.SHOWN * 16 + 1 + place in facts.OFFER_OUTCOMES of the reason, or 0
OPEN: Final = 10  # 0 or 1
INTERPRETER: Final = 11
CASE_OPENED: Final = 12  # 1 by a call, 0 in writing
CASE_CALLS: Final = 13  # occasion * ATTEMPTS + attempt
JOB_BEGAN: Final = 14  # step * 2, 1 more if somebody had begun it
JOB_PAUSED: Final = 15  # ms left
JOB_ENDED: Final = 16  # step
HANDED_OVER: Final = 17  # ms left for somebody experienced
BOOKED: Final = 18  # date
VISITOR_CAME: Final = 19
APPOINTMENT_BEGAN: Final = 20  # ms waited
APPOINTMENT_ENDED: Final = 21
CASE_DONE: Final = 22  # ms from its begin
"""From CASE_OPENED on a row names the case where others name the visit."""

# --- a visit's row ---------------------------------------------------------------------------------------
V_ID: Final = 0
V_STATE: Final = 1
V_KIND: Final = 2
V_CALLER: Final = 3
V_ATTEMPT: Final = 4
V_QUEUED: Final = 5
V_ORDER: Final = 6
V_OWNER: Final = 7  # person or -1
V_PHASE: Final = 8
V_MASK: Final = 9  # people whose skills suit, asked ones out
V_ALONE: Final = 10  # 1 while the owner alone may take them
V_TALK: Final = 11  # ms that the talk will last
V_ASKED: Final = 12  # people, by bit
V_WIDEN: Final = 13
V_RETRY: Final = 14
V_OFFER: Final = 15  # id or -1
V_AGENT: Final = 16
V_OFFERS: Final = 17  # how many so far
V_RANG: Final = 18
V_LEASE: Final = 19
V_ENDS: Final = 20  # what the phone does with the open offer
V_GIVES_UP: Final = 21
V_INTERPRETER: Final = 22
V_PUSHED: Final = 23  # whether giving up is in the calendar
V_FIELDS: Final = 24

FREE, WAITING, OFFERED_, RINGING, TALKING = range(5)
"""States of a visit's row."""

# --- a phase of a wait: what a kind of caller needs until it ends ----------------------------------------
H_ENDS: Final = 0  # ms waited; the last phase never ends
H_STEP: Final = 1
H_RELEASED: Final = 2  # reserves, by bit
H_ABLE: Final = 3  # people whose skills suit
H_SPEAKING: Final = 4  # whose skills suit in the owner's time
H_PREFERRED: Final = 5
H_NEEDED: Final = 6  # language level
H_INTERPRETED: Final = 7  # people who would need an interpreter
H_FIELDS: Final = 8

# --- a person's row --------------------------------------------------------------------------------------
P_PRESENCE: Final = 0
P_ACTIVITY: Final = 1
P_SHOWN: Final = 2  # as in a trace's AGENT
P_MISSES: Final = 3
P_IDLE_SINCE: Final = 4
P_BUSY_SINCE: Final = 5
P_IDLE: Final = 6
P_BUSY: Final = 7
P_CALLS: Final = 8
P_WRAP_UP: Final = 9
P_VISIT: Final = 10
P_REASON: Final = 11
P_ON_SINCE: Final = 12
P_PLANNED: Final = 13  # 1 between log-in and log-out by plan
P_PACE: Final = 14
P_HANDS_OVER: Final = 15
P_JOB: Final = 16  # case on the desk or -1
P_JOB_PACE: Final = 17
P_LEFT: Final = 18  # of the job, in this person's ms
P_WORKS_SINCE: Final = 19
P_SWITCHING: Final = 20  # ms at the begin of this stretch of work
P_JOB_ENDS: Final = 21
P_JOB_ENDED: Final = 22
P_VISITOR: Final = 23  # case or -1
P_HOLDS_SINCE: Final = 24
P_COUNTER: Final = 25  # ms of appointments
P_CALLED: Final = 26  # 1 while a visitor waits for the end of this person's call
P_OVER_SINCE: Final = 27  # or -1
P_FIELDS: Final = 32

LOGGED_OUT, READY, AWAY, NOT_READY = range(4)
"""Presence."""
IDLE, RESERVED, ACT_RINGING, ACT_TALKING, ACT_WRAP_UP = range(5)
"""Activity."""

# --- a case's row ----------------------------------------------------------------------------------------
C_OPEN: Final = 0
C_STEP: Final = 1
C_LEFT: Final = 2  # of a job that was handed over, -1 for a whole one
C_CALLING: Final = 3
C_FOLLOW_UPS: Final = 4
C_CHASES: Final = 5
C_DATE: Final = 6
C_BOOKINGS: Final = 7
C_VISITOR: Final = 8  # 1 while the visitor waits
C_LEAVES: Final = 9
C_VISITS: Final = 10  # 1 with an appointment
C_TOOK: Final = 11  # ms from its begin, once it is done
C_FIELDS: Final = 16

ATTEMPTS: Final = 16
"""Of one call; who has not got through then does not try again."""
FIRST_CHASE: Final = 8
"""Occasions for a case's calls: 0 its begin, then follow-ups, from here on chasing."""
GRACE_MS: Final = 3_600_000
"""So long after the counter's closing a visitor still waits; then there is a new date."""

# --- what is counted in a replication --------------------------------------------------------------------
COUNTS: Final = (
    "offered",
    "answered",
    "answered_within",
    "abandoned",
    "abandoned_short",
    "abandoned_within",
    "closed",
    "wait_answered_ms",
    "wait_all_ms",
    "talk_ms",
    "delayed",
    "widened",
    "by_owner",
    "second_or_further_offers",
    "turned_away",
)
"""By kind of caller. turned_away: waited, and were served no more after closing."""
N_COUNTS: Final = len(COUNTS)
HOUR_COUNTS: Final = ("answered", "answered_within", "abandoned", "abandoned_within")
"""By hour of the week, Monday's first being 0, in which the caller was queued. Who was turned away is among
the abandoned, and never in time."""
HOURS_OF_WEEK: Final = 168
PERSON_COUNTS: Final = (
    "talks",
    "busy_ms",
    "on_ms",
    "counter_ms",
    "desk_ms",
    "switching_ms",
    "overtime_ms",
)
"""on_ms: by plan. overtime_ms: after it, until the last call or appointment was over."""
WORK_STEPS_MAX: Final = 7
FIRST_CALL: Final = ("patience_ms", "talk_ms", "phone_does", "phone_takes_ms")
"""What a caller's first call draws."""
D_BY_CALL, D_VISITS, D_LEAD, D_TAKES, D_STEPS = range(5)
D_WORK, D_WAITS, D_FOLLOW_UP = range(3)
D_FIELDS: Final = D_STEPS + 3 * WORK_STEPS_MAX
"""What a case draws: whether it begins with a call and has an appointment, that one's lead and duration; from
D_STEPS on three of each step: its work, its wait, and after how long a follow-up call comes, -1 for none."""
SHAPES_MAX: Final = 8
"""Empirical distributions of one model."""
FINE: Final = 1_024
BINS: Final = FINE + 17 * 64
"""Waits of the answered: a bin each second up to FINE, then by simulation.drivers.wait_bins."""
CASE_COUNTS: Final = (
    "opened",
    "done",
    "follow_ups",
    "chases",
    "appointments",
    "appointment_wait_ms",
    "rebooked",
    "due",
    "due_done",
)
"""By kind of caller, from warm_ms on. due: opened so early that the promised time ends before the model does;
due_done: of them, done within it."""
AGE_MS: Final = 4 * 3_600_000
AGES: Final = 4_800
"""Turnaround of cases that were done and age of those that were open at the end, in bins of four hours; the
last one holds the rest. Both only of cases that came from warm_ms on."""
DAY_MS: Final = 86_400_000
DAYS_MAX: Final = 800
"""The same by language and by concern, in bins of one day."""

# --- the kernel's registers --------------------------------------------------------------------------------
HEAP, WAITERS, FREE_PEOPLE, VISITS, OFFERS, IS_OPEN, HOLDING, ROWS, DIRTY, FAULT, END = range(11)
CALLERS, NEXT_CALLER, NEXT_HOUR, NEXT_SHIFT = range(11, 15)
WANTED: Final = 15
"""People of whom somebody who waits may need one: all of these and perhaps more."""
CHANGED, WORKING, PAUSED, PRESENT, CALLED = range(16, 21)
"""People: whose state changed since they settled, who works on a case, who has one on the desk that rests,
who is there by plan, whom a visitor waits for."""
SETTLE, CLASSES, VISITORS, OVER, OPEN_CASES, DAY, NOW = range(21, 28)
"""Whether something came for people at their desks; classes with jobs, by bit; visitors who wait; caller
whose call is over, from 1; cases; midnights so far; ms of the event that was the last."""
DIARY, TORN_OUT, SPAN_NOW = range(28, 31)
"""Lines of the diary in use or used; see simulation.drivers.diary."""
HOLE: Final = 31
"""Whether the calendar's first place is free: its event is over, and nothing took its place yet."""
IS_LATE, LETS_GO = range(32, 34)
"""Whether who still waits after closing is served no more; whether more of them are to be let go now."""
REGISTERS: Final = 34

# --- the kernel's memory -----------------------------------------------------------------------------------
PEOPLE_MAX: Final = 62
KINDS_MAX: Final = 256
MIXES_MAX: Final = 8
STEPS_MAX: Final = 8
RESERVES_MAX: Final = 16
PHASES_MAX: Final = STEPS_MAX + RESERVES_MAX + 1
OWNERS_MAX: Final = 16
CLASSES_MAX: Final = 62
CELLS_MAX: Final = 2 * KINDS_MAX
SPANS_MAX: Final = 4_096
CHASES_MAX: Final = 4_096
RING_MAX: Final = 4_096
HEAP_MAX: Final = 8 * RING_MAX
DIARY_MAX: Final = 1 << 17
SPAN_BITS: Final = 23
"""A span of the diary is 2**23 ms (2.3 hours)."""
CALLERS_MAX: Final = 1 << 17
ROWS_MAX: Final = 8_192
ROWS_OF_ONE_EVENT: Final = 1_024

_I, _F = np.int64, np.float64
_K, _KS, _P = (KINDS_MAX,), (KINDS_MAX, STEPS_MAX), (PEOPLE_MAX,)
NEVER: Final = 2**63 - 1
BY_TIERS: Final = -1
"""Beside the criteria of routing.select, whose numbers begin at 0: those that skills alone decide, one after
the other."""

SCALARS: Final = (
    "end_ms", "warm_ms", "tick_ms", "within_ms", "short_ms", "no_wait_ms", "lease_ms", "silent_ms",
    "wrap_up_ms", "owner_ms", "any_owned", "repeat_ms", "repeat_today", "repeat_worth", "back_ms",
    "rings_after_ms", "ring_ms", "certain", "answer_a_ms", "n_people", "n_reserves", "n_choose",
    "works", "n_work_steps", "chase_ms", "switch_ms", "before_step", "promised_ms", "n_openings", "n_counter",
)  # fmt: skip
DURATIONS: Final = ("patience", "talk", "again", "answer", "decline", "follow_after", "lead", "takes")

TABLES: Final = [
    *((name, _I) for name in SCALARS),
    *((f"{name}_{part}", kind) for name in DURATIONS for part, kind in (("kind", _I), ("a", _F), ("b", _F))),
    ("shapes", _F, (SHAPES_MAX, 2, POINTS_MAX)),
    ("retrial", _F),
    ("phone_shares", _F, (6,)),
    ("kind_shares", _F, (MIXES_MAX, KINDS_MAX)),
    ("kind_guide", _I, (MIXES_MAX, 1_024)),
    ("owned", _F, _K),
    *((name, _I, _K) for name in ("worth", "same", "n_owners")),
    ("phases", _I, (KINDS_MAX, PHASES_MAX, H_FIELDS)),
    ("owners", _I, (KINDS_MAX, OWNERS_MAX)),
    ("tiers", _I, (*_KS, PEOPLE_MAX)),
    ("level", _I, (*_KS, PEOPLE_MAX)),
    ("keeper", _I, (*_KS, PEOPLE_MAX)),
    ("concern", _I, (KINDS_MAX, PEOPLE_MAX)),
    ("versatility", _I, _P),
    ("by_id", _I, _P),
    ("with_id", _I, _P),
    *((name, _I, (RESERVES_MAX,)) for name in ("keep", "members")),
    ("choose", _I, (len(CRITERIA),)),
    ("away_after", _I, (9,)),
    ("retry_ms", _I, (9,)),
    *((name, _F) for name in ("first_call", "follow_up", "chase", "appointment")),
    *(
        (f"{name}_{part}", kind, (WORK_STEPS_MAX,))
        for name in ("work", "waits")
        for part, kind in (("kind", _I), ("a", _F), ("b", _F))
    ),
    *((name, _I, _K) for name in ("job_class", "suits")),
    ("cells", _I, (KINDS_MAX, 2)),
    ("workers", _I, (CLASSES_MAX,)),
    *((name, _I, (SPANS_MAX, 2)) for name in ("openings", "counter")),
]
"""The rules of one model. Times are ms from its begin; people are bits, or places in the roster.

works: -1 with case work, 0 without. job_class: of a kind's jobs; workers: by class, who may do them; suits:
who should hold a kind's appointments; cells: of a kind, the places of its language and of its concern in
simulation.drivers.model.cells.

By kind of caller: phases. By kind and step: tiers (people who are equal by skills, the best first), level
(best language level, by person), keeper (the same for an owner).
by_id: a person's place in the order of ids; with_id: the person at such a place.
"""

STATE: Final = [
    *((name, _I) for name in ("seed", "replication", "ring", "trace")),
    ("g", _I, (REGISTERS,)),
    ("heap", _I, (HEAP_MAX + 2,)),
    ("visits", _I, (RING_MAX, V_FIELDS)),
    ("until", _I, (RING_MAX, PEOPLE_MAX)),
    ("weekday", _I),
    ("day_began", _I),
    ("by_hour", _I, (HOURS_OF_WEEK, len(HOUR_COUNTS))),
    ("waiting", _I, (RING_MAX,)),
    ("offers", _I, (RING_MAX,)),
    ("people", _I, (PEOPLE_MAX, P_FIELDS)),
    *((name, _I, (CALLERS_MAX,)) for name in ("times", "kinds", "attempts", "last_end")),
    ("drawn", _I, (5,)),
    ("block", _F, (2, BLOCK)),
    *((name, _F, (CALLERS_MAX + 1,)) for name in ("levels", "picks")),
    ("first", _I, (CALLERS_MAX, len(FIRST_CALL))),
    ("counts", _I, (KINDS_MAX, N_COUNTS)),
    ("worked", _I, (PEOPLE_MAX, len(PERSON_COUNTS))),
    ("waits", _I, (BINS,)),
    ("cases", _I, (CALLERS_MAX, C_FIELDS)),
    ("case_draws", _I, (CALLERS_MAX, D_FIELDS)),
    *((name, _I, (CLASSES_MAX,)) for name in ("heads", "job_pages")),
    ("jobs", _I, (CLASSES_MAX, CALLERS_MAX >> 6)),
    ("job_words", _I, (CLASSES_MAX, CALLERS_MAX >> 12)),
    ("visitors", _I, (RING_MAX,)),
    ("diary", _I, (DIARY_MAX, 2)),
    ("pages", _I, (1 << (TIME_BITS - SPAN_BITS),)),
    ("case_counts", _I, (KINDS_MAX, len(CASE_COUNTS))),
    *((name, _I, (AGES,)) for name in ("turnarounds", "ages")),
    *((name, _I, (CELLS_MAX, DAYS_MAX)) for name in ("cell_turnarounds", "cell_ages")),
    ("backlog", _I, (DAYS_MAX,)),
    ("rows", _I, (ROWS_MAX, 5)),
]
"""What one replication changes, and what it counts.

ring: so many visits at once, less one, a power of two less one. A visit's row is its id `& ring`: nothing
is searched and nothing freed, and a row is taken anew when the ids have gone round. So whoever comes back
to a row with an id (an event of the calendar may be late) compares V_ID or V_OFFER first. If the row is
still in use when its turn comes again, the replication begins anew with a ring four times as large, up to
RING_MAX: one that is no larger than needed stays in the processor's cache.

What is drawn of callers stays for the same replication at another load. drawn: of which seed and
replication, how many levels and picks (sampler.arrivals), how many first calls and cases. first: by caller
and FIRST_CALL; case_draws: by case.
"""

WORLD: Final = np.dtype([*TABLES, *STATE], align=True)
"""One record, handed to compiled code as one pointer: tuples of arrays would be counted and copied at
every call. Everything in it is of fixed size, at the limits above, so that compiled code never allocates and
knows each array's place at compile time; and the functions are compiled once for all models. Untouched pages
cost nothing: the system gives memory only to what is written."""
