"""The daemon's own engine on SimPy's clock: slow, complete, and the measure for the compiled kernel.

Around the engine stand simulated callers, phones and staff, who answer the engine's commands with the events
that a PBX would send.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np

from agents import state as staff
from routing import events as ev
from routing import facts
from routing.commands import Connect, TurnAway, Withdraw
from routing.engine import Engine
from routing.events import Event, Leg
from routing.facts import Fact
from simulation.drivers import layout, sampler
from simulation.drivers.clocked import Clocked
from simulation.drivers.desk import Around, Desk
from simulation.drivers.model import (
    ANSWERED,
    BUSY,
    DECLINED,
    NO_ANSWER,
    SILENT,
    Duration,
    Kind,
    Model,
    Row,
    faults,
)
from simulation.drivers.tables import ModelFaults, expected_callers

NODE: Final = "simulated"
Q850: Final = {NO_ANSWER: 0, BUSY: 17, DECLINED: 21}
STATUS: Final = {NO_ANSWER: "NOANSWER", BUSY: "BUSY", DECLINED: "BUSY"}

ABANDONED: Final = (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING)

_OUTCOME = {name: i for i, name in enumerate(facts.OFFER_OUTCOMES)}
_END = {name: i for i, name in enumerate(facts.VISIT_OUTCOMES)}
_SHOWN = {name: i * 16 for i, name in enumerate(staff.SHOWN)}


@lru_cache(layout.SHAPES_MAX)
def _shapes(shape: tuple[tuple[float, float], ...]) -> Any:
    """As the sampler reads them, with the one as its first row."""
    return sampler.shapes_of([shape] if shape else [])


class Reference(Clocked):
    """One replication of a model. `run` it once; `rows` is the trace, `events` what the engine was told."""

    def __init__(self, model: Model, seed: int, replication: int, *, trace: bool = True) -> None:
        if wrong := faults(model):
            raise ModelFaults("; ".join(wrong))
        super().__init__(Engine(), model.begin_ms)
        self._model, self._seed, self._replication = model, seed, replication
        self._trace = trace
        self._desk: Desk | None = None
        self._over: list[int] = []
        self._heard: dict[type, Callable[[Any], None]] = {
            facts.VisitBegan: self._on_begin,
            facts.AgentChanged: self._on_agent,
            facts.TalkBegan: self._on_talk,
            facts.VisitEnded: self._on_end,
        }
        self._place = {agent.id: i for i, agent in enumerate(model.roster.agents)}
        self._limits = np.minimum(np.cumsum(model.phones.shares) + np.array([0.0] * 5 + [1.0]), 1.0).tolist()
        self._attempts: dict[int, int] = {}
        self._by_leg: dict[Leg, tuple[int, int, int]] = {}
        self._legs: dict[int, Leg] = {}
        self._ordinal: dict[int, int] = {}
        self._offers: dict[int, int] = {}
        self._asked: dict[int, int] = {}
        self._on_hold: dict[int, int] = {}
        self._talks: dict[int, int] = {}
        self.rows: list[Row] = []
        self.events: list[tuple[Event, int]] = []
        self.keeps_events = False
        self.answered = 0

    def run(self) -> None:
        """From the model's begin to its end."""
        model = self._model
        self._kinds, self._times = self._callers()
        self._shifts = sorted(model.shifts, key=lambda each: (each.at_ms, self._place[each.agent]))
        devices = tuple((agent.reach.address, staff.USABLE) for agent in model.roster.agents)
        trace, self._trace = self._trace, False
        for event in (
            ev.PolicyChanged("policy", model.policy),
            ev.TeamChanged("roster", model.roster),
            ev.TermBegan(1),
            ev.PbxSnapshot(model.begin_ms, True, (), devices),
        ):
            self._tell(event)
        self._trace = trace
        if model.case_work is not None:
            around = Around(
                self._engine, self._now, self._at, self._tell, self._draw, self._lasts, self._call, self._note
            )
            self._desk = Desk(model, model.case_work, around, self._kinds)
        self._await_shift(0)
        self._await_caller(0)
        self._let_pass(model.end_ms - 1)

    def _callers(self) -> tuple[list[int], list[int]]:
        model = self._model
        room = expected_callers(model)
        shares = sampler.cumulated(model.shares)
        times, kinds = np.zeros(room, np.int64), np.zeros(room, np.int64)
        count, _ = sampler.arrivals(
            self._seed,
            self._replication,
            np.array([each.begin_ms - model.begin_ms for each in model.arrivals], np.int64),
            np.array([each.end_ms - model.begin_ms for each in model.arrivals], np.int64),
            np.array([each.expected for each in model.arrivals], np.float64),
            np.array([each.mix for each in model.arrivals], np.int64),
            shares,
            sampler.guide_to(shares),
            model.tick_ms,
            np.zeros(room + 1),
            np.zeros(room + 1),
            0,
            times,
            kinds,
        )
        return kinds[:count].tolist(), times[:count].tolist()

    # --- the engine ---------------------------------------------------------------------------------------

    def _tell(self, *events: Event) -> None:
        now = self._now()
        if self.keeps_events:
            self.events.extend((event, now) for event in events)
        effects = self._engine.steps(events, now)
        heard = self._heard
        for fact in effects.facts:
            if self._trace:
                self._write(fact)
            if type(fact) in heard:
                heard[type(fact)](fact)
        for command in effects.commands:
            if isinstance(command, Connect):
                self._dial(command)
            elif isinstance(command, Withdraw):
                self._offers.pop(self._by_leg[command.caller][2], None)
        if self._desk is not None:
            self._desk.soon()
            while self._over:
                self._desk.call_over(self._over.pop())
        for command in effects.commands:
            if isinstance(command, TurnAway):
                self._tell(ev.TurnedAway(command.caller, ""), ev.LegEnded(command.caller, 16))

    def _now(self) -> int:
        return int(self._clock.now)

    def _draw(self, purpose: int, entity: int, attempt: int) -> tuple[float, float]:
        return sampler.draw(self._seed, self._replication, purpose, entity, attempt)

    def _lasts(self, what: Duration, u: float) -> int:
        second = 0.0 if what.shape else what.b
        return int(sampler.duration(what.kind, what.a, second, u, self._model.tick_ms, _shapes(what.shape)))

    # --- the world around ------------------------------------------------------------------------------

    def _await_shift(self, number: int) -> None:
        """Only the next one is on the clock, so that its heap stays small; so it is with callers."""
        if number < len(self._shifts):
            shift = self._shifts[number]
            self._at(shift.at_ms, layout.STAFF, self._place[shift.agent], self._shift, number)

    def _await_caller(self, caller: int) -> None:
        if caller < len(self._times):
            self._at(self._model.begin_ms + self._times[caller], layout.CALLS, caller, self._calls, caller)

    def _shift(self, number: int) -> None:
        self._await_shift(number + 1)
        shift = self._shifts[number]
        if self._desk is not None:
            self._desk.shift(shift, self._place[shift.agent])
            return
        what = staff.LOGIN if shift.login else staff.LOGOUT
        self._tell(ev.StaffAsked(shift.agent, "", what, "", None))

    def _back(self, agent: str) -> None:
        if self._engine.world.people[agent].presence != staff.NOT_READY:
            self._tell(ev.StaffAsked(agent, "", staff.ASK_READY, "", None))

    def _on_begin(self, fact: facts.VisitBegan) -> None:
        self._ordinal[fact.visit] = len(self._ordinal)

    def _on_agent(self, fact: facts.AgentChanged) -> None:
        if fact.state == staff.AWAY:
            place = self._place[fact.agent]
            self._at(fact.at_ms + self._model.back_ms, layout.BACK, place, self._back, fact.agent)

    def _calls(self, caller: int) -> None:
        self._await_caller(caller + 1)
        if self._desk is not None:
            self._desk.opens(caller)
        else:
            self._call(caller)

    def _call(self, caller: int) -> None:
        model = self._model
        kind = model.kinds[self._kinds[caller]]
        attempt = self._desk.attempt(caller) if self._desk else self._attempts.get(caller, 0)
        visit = len(self._ordinal)
        leg = Leg(NODE, f"{caller}.{attempt}")
        self._by_leg[leg] = (caller, attempt, visit)
        self._legs[visit] = leg
        comes = (ev.CallArrived(leg, ""), self._known(leg, caller))
        if self._finds_closed(kind):
            self._tell(*comes, ev.TurnedAway(leg, kind.language), ev.LegEnded(leg, 16))
            return
        patience, talk = self._lasting(caller, attempt)
        now = self._now()
        self._talks[visit] = talk
        self._on_hold[visit] = 0
        self._at(now + patience, layout.GIVES_UP, visit, self._gives_up, visit)
        self._tell(*comes, ev.CallWaiting(leg, kind.language, kind.concern, kind.second, now, now))

    def _finds_closed(self, kind: Kind) -> bool:
        """Whether somebody of this kind who calls now does."""
        return not self._engine.world.open

    def _known(self, leg: Leg, caller: int) -> ev.CallerKnown:
        """Who it is: a token, the owner of their case, priority classes."""
        kind, owner = self._model.kinds[self._kinds[caller]], ""
        if kind.owned > 0:
            has, which = self._draw(sampler.OWNER, caller, 0)
            owner = kind.owners[int(which * len(kind.owners))] if has < kind.owned else ""
        return ev.CallerKnown(leg, str(caller), "", owner, kind.classes)

    def _lasting(self, caller: int, attempt: int) -> tuple[int, int]:
        """Patience and talk, in ms."""
        patience, talk = self._draw(sampler.CALLER, caller, attempt)
        return self._lasts(self._model.patience, patience), self._lasts(self._model.talk, talk)

    def _gives_up(self, visit: int) -> None:
        if visit in self._on_hold:
            self._offers.pop(visit, None)
            self._tell(ev.LegEnded(self._legs[visit], 16))

    def _ends(self, visit: int) -> None:
        self._tell(ev.LegEnded(self._legs[visit], 16))

    def _on_talk(self, fact: facts.TalkBegan) -> None:
        visit = self._ordinal[fact.visit]
        self._on_hold.pop(visit)
        self.answered += 1
        self._at(fact.at_ms + self._talks[visit], layout.CALL_ENDS, visit, self._ends, visit)

    def _on_end(self, fact: facts.VisitEnded) -> None:
        visit = self._ordinal[fact.visit]
        leg = self._legs.pop(visit)
        caller, attempt, _ = self._by_leg.pop(leg)
        self._on_hold.pop(visit, None)
        self._talks.pop(visit, None)
        again = self._calls_again(caller, attempt) if fact.outcome in ABANDONED else None
        if again is not None:
            comes = self._desk.calls if self._desk else self._call
            self._at(fact.at_ms + again, layout.CALLS_AGAIN, caller, comes, caller)
        elif self._desk is not None:
            self._over.append(caller)

    def _calls_again(self, caller: int, attempt: int) -> int | None:
        """After so many ms, None for never."""
        if self._model.retrial <= 0:
            return None
        calls, after = self._draw(sampler.RETRIAL, caller, attempt)
        if calls >= self._model.retrial:
            return None
        if self._desk is None:
            self._attempts[caller] = attempt + 1
        elif not self._desk.tries_again(caller):
            return None
        return self._lasts(self._model.again, after)

    # --- phones ----------------------------------------------------------------------------------------

    def _dial(self, command: Connect) -> None:
        model, now = self._model, self._now()
        caller, attempt, visit = self._by_leg[command.caller]
        number = self._on_hold[visit]
        self._on_hold[visit] = number + 1
        phones = model.phones
        does, takes = self._does(caller, attempt, number)
        offer = len(self._asked)
        self._asked[command.id] = offer
        self._offers[visit] = command.id
        leg = Leg(NODE, f"phone.{offer}")
        if does in (ANSWERED, NO_ANSWER, DECLINED, BUSY):
            # The dial begins at once; the engine is told with the first thing that the phone does.
            begun = ev.DialBegan(command.caller, leg, command.reach.address)
            if does != BUSY:
                rings = now + phones.rings_after_ms
                self._at(rings, layout.RING, offer, self._rings, visit, command.id, begun)
        if does == ANSWERED:
            bridged = ev.Bridged(command.caller, leg, command.reach.address)
            self._at(now + takes, layout.ANSWER, offer, self._phone, visit, command.id, (bridged,))
        elif does == SILENT:
            self._hears_nothing(ev.DialBegan(command.caller, leg, command.reach.address))
        else:
            ended = ev.DialEnded(command.caller, command.id, STATUS.get(does, "CHANUNAVAIL"))
            told: tuple[Event, ...] = (ended,)
            if does in Q850:
                told = (ev.LegEnded(leg, Q850[does]), ended)
                if does == BUSY:
                    told = (begun, *told)
            self._at(now + takes, layout.PHONE_ENDS, offer, self._phone, visit, command.id, told)

    def _hears_nothing(self, begun: ev.DialBegan) -> None:
        """The dial begins, and nothing follows: no deadline is due and nobody is decided about."""
        now = self._now()
        if self.keeps_events:
            self.events.append((begun, now))
        self._engine.steps((begun,), now)

    def _does(self, caller: int, attempt: int, number: int) -> tuple[int, int]:
        """What the phone does with the caller's offer of this number (see the model), after so many ms."""
        phones = self._model.phones
        does, u = ANSWERED, 0.5
        if phones.shares[0] != 1.0 or phones.answer.kind != sampler.CONSTANT:
            share, u = self._draw(sampler.PHONE, caller, (attempt << 10) | (number & 1023))
            while share > self._limits[does]:
                does += 1
        takes = phones.rings_after_ms
        if does == ANSWERED:
            takes = max(takes, self._lasts(phones.answer, u))
        elif does == NO_ANSWER:
            takes = max(takes, phones.ring_ms)
        elif does == DECLINED:
            takes = max(takes, self._lasts(phones.decline, u))
        return does, takes

    def _rings(self, visit: int, offer: int, begun: ev.DialBegan) -> None:
        self._phone(visit, offer, (begun, ev.PhoneRang(begun.phone_leg)))

    def _phone(self, visit: int, offer: int, told: tuple[Event, ...]) -> None:
        """Void once the offer was withdrawn or the caller has left."""
        if self._offers.get(visit) == offer:
            if not isinstance(told[-1], ev.PhoneRang):
                del self._offers[visit]
            self._tell(*told)

    # --- the trace -------------------------------------------------------------------------------------

    def _note(self, kind: int, visit: int, agent: int, value: int) -> None:
        """A row that is no fact of the engine."""
        if self._trace:
            self.rows.append(Row(self._now() - self._model.begin_ms, kind, visit, agent, value))

    def _write(self, fact: Fact) -> None:
        row = self._row(fact)
        if row is not None:
            self.rows.append(Row(fact.at_ms - self._model.begin_ms, *row))

    def _row(self, fact: Fact) -> tuple[int, int, int, int] | None:
        number, place = self._ordinal, self._place
        if isinstance(fact, facts.Queued):
            return layout.QUEUED, number[fact.visit], -1, 0
        if isinstance(fact, facts.OfferMade):
            value = fact.choice.step * 64 + fact.choice.candidates
            return layout.OFFERED, number[fact.visit], place[fact.agent], value
        if isinstance(fact, facts.OfferRang):
            return layout.RANG, number[fact.visit], place[fact.agent], 0
        if isinstance(fact, facts.OfferEnded):
            return layout.OFFER_ENDED, number[fact.visit], place[fact.agent], _OUTCOME[fact.outcome]
        if isinstance(fact, facts.TalkBegan):
            return layout.TALK_BEGAN, number[fact.visit], place[fact.agent], 0
        if isinstance(fact, facts.TalkEnded):
            return layout.TALK_ENDED, number[fact.visit], place[fact.agent], 0
        if isinstance(fact, facts.WrapUpEnded):
            return layout.WRAP_UP_ENDED, number[fact.visit], place[fact.agent], 0
        if isinstance(fact, facts.VisitEnded):
            return layout.VISIT_ENDED, number[fact.visit], -1, _END[fact.outcome]
        if isinstance(fact, facts.AgentChanged):
            reason = 1 + _OUTCOME[fact.reason] if fact.reason in _OUTCOME else 0
            return layout.AGENT, -1, place[fact.agent], _SHOWN[fact.state] + reason
        if isinstance(fact, facts.HoursChanged):
            return layout.OPEN, -1, -1, int(fact.open)
        if isinstance(fact, facts.InterpreterChanged):
            return layout.INTERPRETER, number[fact.visit], place[fact.agent], 0
        return None
