"""Case work around the daemon's own engine: the measure for simulation.drivers.casework, in plain Python.

Written to be read: it looks at everybody each time, where the compiled kernel keeps marks of who changed.
What it means stands in simulation.drivers.model.CaseWork.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from agents import state as staff
from routing import events as ev
from routing.engine import Engine
from routing.world import Person
from simulation.drivers import layout, sampler
from simulation.drivers.case_tables import Skilled, Spans, openings
from simulation.drivers.casework import BEGINS, BOOKS, CHASING, DATES, FOLLOWS, RINGS, WORKS
from simulation.drivers.model import CaseWork, Duration, Model, Shift

NEVER: Final = -1


class Around(NamedTuple):
    """What the desk needs of the simulation that it is in.

    now: epoch ms. at(when, rank, key, what, *args): have it done then. tell: the engine is told.
    draw(purpose, entity, attempt), lasts(duration, u): as in the sampler. call(caller): the call arrives.
    note(kind, case, agent, value): a row of the trace.
    """

    engine: Engine
    now: Callable[[], int]
    at: Callable[..., None]
    tell: Callable[[ev.Event], None]
    draw: Callable[[int, int, int], tuple[float, float]]
    lasts: Callable[[Duration, float], int]
    call: Callable[[int], None]
    note: Callable[[int, int, int, int], None]


class Case:
    """One case: where it stands."""

    def __init__(self, number: int, kind: int, began: int) -> None:
        self.number, self.kind, self.began = number, kind, began
        self.open = True
        self.step = 0
        self.left = NEVER
        self.calling = self.visits = False
        self.follow_ups = self.chases = self.bookings = 0
        self.date = 0


class Worker:
    """What somebody has on the desk and at the counter."""

    def __init__(self, person: Person, place: int) -> None:
        self.person, self.place = person, place
        self.there = False
        self.pace = self.job_pace = 1_000
        self.hands_over = False
        self.job: Case | None = None
        self.working = False
        self.left = self.since = self.switching = self.ends = self.job_ended = 0
        self.visitor: Case | None = None
        self.holds_since = self.counter = 0
        self.called = False

    @property
    def free(self) -> bool:
        """Ready and idle."""
        return self.person.free

    @property
    def idle(self) -> bool:
        """Nothing to do on the phone."""
        return self.person.activity == staff.IDLE


class Desk:
    """Cases and who works on them."""

    def __init__(self, model: Model, work: CaseWork, around: Around, kinds: list[int]) -> None:
        self._model, self._work, self._around, self._kinds = model, work, around, kinds
        people = around.engine.world.people
        self._people = [Worker(people[agent.id], i) for i, agent in enumerate(model.roster.agents)]
        skilled, shifts = Skilled(model, work), {shift.agent for shift in model.shifts}
        there = np.array([agent.id in shifts for agent in model.roster.agents])
        self._able, self._suits = skilled.workers(there).tolist(), skilled.holders(there).tolist()
        self._openings = openings(model)
        self._cases: dict[int, Case] = {}
        self._calls: dict[int, int] = {}
        self._jobs: list[Case] = []
        self._visitors: list[Case] = []
        self._soon = self._settling = False

    def attempt(self, case: int) -> int:
        """The number of the case's call that begins: occasion * layout.ATTEMPTS + attempt."""
        return self._calls[case]

    def _draw(self, case: Case, what: int, n: int) -> tuple[float, float]:
        return self._around.draw(sampler.CASE, case.number, what << 20 | n)

    def _note(self, kind: int, case: Case, worker: Worker | None, value: int) -> None:
        self._around.note(kind, case.number, -1 if worker is None else worker.place, value)

    # --- calls -----------------------------------------------------------------------------------------

    def opens(self, number: int) -> None:
        """A case comes."""
        now, work = self._around.now(), self._work
        case = self._cases[number] = Case(number, self._kinds[number], now)
        first, visits = self._draw(case, BEGINS, 0)
        by_call, case.visits = first < work.first_call, visits < work.appointment
        self._note(layout.CASE_OPENED, case, None, int(by_call))
        if work.chase_ms:
            self._around.at(now + work.chase_ms, layout.CHASES, number, self._chases, case)
        if by_call:
            self._begin_call(case, 0)
        else:
            self._could_begin(case)

    def _begin_call(self, case: Case, occasion: int) -> None:
        case.calling = True
        self._calls[case.number] = occasion * layout.ATTEMPTS
        now = self._around.now()
        if self._around.engine.world.open or occasion == 0:
            self.calls(case.number)
        else:
            u, _ = self._draw(case, RINGS, occasion)
            when = self._moved(self._openings, now, u)
            self._around.at(when, layout.CALLS_AGAIN, case.number, self.calls, case.number)

    def calls(self, number: int) -> None:
        """A call that was put off, or another attempt."""
        case = self._cases[number]
        if not case.open:
            case.calling = False
            return
        self._note(layout.CASE_CALLS, case, None, self._calls[number])
        self._around.call(number)

    def tries_again(self, number: int) -> bool:
        """Whether a caller who gave up may try once more; if so, it is counted."""
        if self._calls[number] % layout.ATTEMPTS == layout.ATTEMPTS - 1:
            return False
        self._calls[number] += 1
        return True

    def call_over(self, number: int) -> None:
        """No further attempt follows."""
        case = self._cases[number]
        case.calling = False
        if self._calls[number] < layout.ATTEMPTS:
            self._could_begin(case)

    def _follows_up(self, case: Case) -> None:
        if case.open and not case.calling:
            case.follow_ups += 1
            self._begin_call(case, case.follow_ups)
        self.soon()

    def _chases(self, case: Case) -> None:
        if not case.open:
            return
        number = case.chases
        case.chases += 1
        work = self._work
        self._around.at(self._around.now() + work.chase_ms, layout.CHASES, case.number, self._chases, case)
        if self._draw(case, CHASING, number)[0] < work.chase and not case.calling:
            self._begin_call(case, layout.FIRST_CHASE + number)

    # --- steps -----------------------------------------------------------------------------------------

    def _could_begin(self, case: Case) -> None:
        work = self._work
        if case.visits and case.step == work.appointment_before:
            lead, _ = self._draw(case, BOOKS, 0)
            self._book(case, self._around.now() + self._around.lasts(work.lead, lead), work.counter)
            return
        self._queue(case)

    def _queue(self, case: Case) -> None:
        case.left = NEVER
        self._jobs.append(case)
        self.soon()

    def _begin_job(self, worker: Worker, case: Case) -> None:
        self._jobs.remove(case)
        begun, left = case.left != NEVER, case.left
        if not begun:
            left = self._around.lasts(self._work.steps[case.step].work, self._draw(case, WORKS, case.step)[0])
        worker.job, worker.job_pace = case, worker.pace
        worker.left = self._at_pace(left, worker.pace)
        self._go_on(worker, case, begun)

    def _go_on(self, worker: Worker, case: Case, begun: bool) -> None:
        now = self._around.now()
        worker.working, worker.since = True, now
        worker.switching = self._work.switch_ms if begun else 0
        worker.ends = now + worker.switching + worker.left
        self._around.at(worker.ends, layout.JOB_ENDS, worker.place, self._end_job, worker)
        self._note(layout.JOB_BEGAN, case, worker, case.step * 2 + begun)

    def _pause(self, worker: Worker, case: Case) -> None:
        worker.working = False
        worker.left -= max(0, self._around.now() - worker.since - worker.switching)
        self._note(layout.JOB_PAUSED, case, worker, worker.left)

    def _hand_over(self, worker: Worker, case: Case) -> None:
        worker.job = None
        case.left = worker.left * 1_000 // worker.job_pace
        self._jobs.append(case)
        self._note(layout.HANDED_OVER, case, worker, case.left)

    def _end_job(self, worker: Worker) -> None:
        now, work = self._around.now(), self._work
        case = worker.job
        if case is None or not worker.working or worker.ends != now:
            return
        worker.working, worker.job, worker.job_ended = False, None, now
        self._note(layout.JOB_ENDED, case, worker, case.step)
        self.soon()
        if case.step == len(work.steps) - 1:
            case.open = False
            self._note(layout.CASE_DONE, case, None, now - case.began)
            return
        lasts = self._around.lasts(work.steps[case.step].waits, self._draw(case, WORKS, case.step)[1])
        self._around.at(now + lasts, layout.WAIT_ENDS, case.number, self._wait_ends, case)
        calls, after = self._draw(case, FOLLOWS, case.step)
        if calls < work.follow_up:
            when = now + self._around.lasts(work.follow_after, after)
            self._around.at(when, layout.FOLLOWS_UP, case.number, self._follows_up, case)

    def _wait_ends(self, case: Case) -> None:
        case.step += 1
        self._could_begin(case)

    def _at_pace(self, ms: int, pace: int) -> int:
        tick = self._model.tick_ms
        return (ms * pace // 1_000 + tick // 2) // tick * tick

    # --- appointments ----------------------------------------------------------------------------------

    def _moved(self, spans: Spans, when: int, u: float) -> int:
        """`when` if it lies in a span, else a time in the next one; the model's end if there is none."""
        for begin, end in spans:
            if when < end:
                if begin <= when:
                    return when
                return begin + int(u * (end - begin)) // self._model.tick_ms * self._model.tick_ms
        return self._model.end_ms

    def _book(self, case: Case, when: int, hours: Spans) -> None:
        u, _ = self._draw(case, DATES, case.bookings)
        case.bookings += 1
        case.date = self._moved(hours, when, u)
        self._note(layout.BOOKED, case, None, case.date - self._model.begin_ms)
        self._around.at(case.date, layout.COMES, case.number, self._comes, case)

    def _comes(self, case: Case) -> None:
        self._note(layout.VISITOR_CAME, case, None, 0)
        self._visitors.append(case)
        closes = next(end for begin, end in self._work.counter if begin <= case.date < end)
        self._around.at(
            closes + layout.GRACE_MS, layout.LEAVES, case.number, self._leaves, case, case.bookings
        )
        self.soon()

    def _leaves(self, case: Case, booking: int) -> None:
        if case not in self._visitors or case.bookings != booking:
            return
        self._visitors.remove(case)
        now = self._around.now()
        self._book(case, now, tuple(span for span in self._work.counter if span[0] > now))
        self.soon()

    def _may_hold(self, case: Case) -> list[Worker]:
        for able in (self._suits[case.kind], self._able[case.kind]):
            there = [each for each in self._people if each.there and able >> each.place & 1]
            if there:
                return there
        return []

    def _begin_appointment(self, worker: Worker, case: Case) -> None:
        now = self._around.now()
        self._visitors.remove(case)
        worker.visitor, worker.holds_since = case, now
        if worker.person.presence == staff.READY:
            self._ask(worker, staff.ASK_NOT_READY)
        if worker.working and worker.job is not None:
            self._pause(worker, worker.job)
        self._note(layout.APPOINTMENT_BEGAN, case, worker, now - case.date)
        takes = self._around.lasts(self._work.appointment_takes, self._draw(case, BOOKS, 0)[1])
        when = now + self._at_pace(takes, worker.pace)
        self._around.at(when, layout.APPOINTMENT_ENDS, worker.place, self._end_appointment, worker, case)

    def _end_appointment(self, worker: Worker, case: Case) -> None:
        self._note(layout.APPOINTMENT_ENDED, case, worker, 0)
        worker.visitor = None
        worker.counter += self._around.now() - worker.holds_since
        self._queue(case)
        if worker.there:
            self._next_visitor(worker)

    def _next_visitor(self, worker: Worker) -> None:
        for case in self._visitors:
            if worker in self._may_hold(case):
                self._begin_appointment(worker, case)
                return
        out = worker.person.presence == staff.LOGGED_OUT
        self._ask(worker, staff.LOGIN if out else staff.ASK_READY)

    def _ask(self, worker: Worker, what: str) -> None:
        reason = "appointment" if what == staff.ASK_NOT_READY else ""
        self._around.tell(ev.StaffAsked(worker.person.agent.id, "", what, reason, None))

    # --- people ----------------------------------------------------------------------------------------

    def shift(self, shift: Shift, place: int) -> None:
        """Log-in or log-out by plan."""
        worker = self._people[place]
        worker.there = shift.login
        self.soon()
        if shift.login:
            worker.pace = shift.pace
            if worker.visitor is None:
                self._ask(worker, staff.LOGIN)
            return
        worker.hands_over, worker.called = shift.hands_over, False
        self._ask(worker, staff.LOGOUT)

    def soon(self) -> None:
        """People look for what to do next once the engine has passed its deadlines of this ms."""
        if not self._soon and not self._settling:
            self._soon = True
            self._around.at(self._around.now(), layout.SETTLES, 0, self._settle)

    def _settle(self) -> None:
        self._soon, self._settling = False, True
        before = None
        while before != (before := self._state()):
            for worker in self._people:
                self._settle_person(worker)
            self._settle_visitors()
        for worker in self._people:
            if worker.free and worker.job is not None and not worker.working:
                self._go_on(worker, worker.job, True)
        self._give_jobs()
        self._settling = False

    def _state(self) -> list[Any]:
        return [(each.person.presence, each.person.activity) for each in self._people]

    def _settle_person(self, worker: Worker) -> None:
        case = worker.job
        if case is not None and worker.working and not worker.free:
            self._pause(worker, case)
        if case is not None and not worker.working and not worker.there and worker.hands_over:
            self._hand_over(worker, case)
        if worker.called and worker.idle:
            worker.called = False
            self._next_visitor(worker)

    def _settle_visitors(self) -> None:
        for case in [*self._visitors]:
            if free := [each for each in self._may_hold(case) if each.free]:
                language = {each.place: len(each.person.agent.languages) for each in free}
                best = min(free, key=lambda x: (x.working, language[x.place], x.counter, x.place))
                self._begin_appointment(best, case)
        called = [each for each in self._people if each.called]
        for case in self._visitors:
            able = self._may_hold(case)
            coming = next((each for each in called if each in able), None)
            if coming is not None:
                called.remove(coming)
                continue
            for worker in able:
                if not worker.called and worker.person.presence == staff.READY and not worker.idle:
                    worker.called = True
                    self._ask(worker, staff.ASK_NOT_READY)
                    break

    def _give_jobs(self) -> None:
        """The oldest case's job that somebody idle may do, to who of them has been without work longest."""
        idle = [each for each in self._people if each.free and not each.working]
        for case in sorted(self._jobs, key=lambda each: each.number):
            able = [each for each in idle if self._able[case.kind] >> each.place & 1]
            if able:
                worker = min(able, key=lambda x: (max(x.person.idle_since_ms, x.job_ended), x.place))
                idle.remove(worker)
                self._begin_job(worker, case)
