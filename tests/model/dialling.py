"""Dial: phones ring, answer, refuse or say nothing; talks begin and end; callers hang up."""

from collections.abc import Callable
from random import Random

from routing import events as ev
from routing import facts
from tests.model.book import Dialled
from tests.model.channels import PHONE, Channel, Dial, Phone
from tests.model.pbx import Pbx

SHORT_MS = 2_000
SILENT_MS = 2_000
QUALIFY_MS = 20_000
REFUSED = {
    "busy": ("BUSY", 17),
    "declined": ("CHANUNAVAIL", 21),
    "480": ("NOANSWER", 19),
    "404": ("CHANUNAVAIL", 1),
    "488": ("CHANUNAVAIL", 58),
    "503": ("CONGESTION", 34),
}
"""How a phone refuses: DIALSTATUS, and the cause of its leg's Hangup."""


class Dialling:
    """Dials on one Pbx. `hold` takes a caller back; `rest`: where one whom it rings alone goes on."""

    def __init__(self, pbx: Pbx, hold: Callable[[Channel], None]) -> None:
        self._pbx = pbx
        self._hold = hold
        self._rng: Random = pbx.settings.random("phones")
        self.rest: Callable[[Channel], None] = hold

    # --- ringing -------------------------------------------------------------------------------------

    def dial(self, caller: Channel, phone: Phone, offer: int, ring_s: int, alone: bool) -> None:
        """Send the phone an INVITE."""
        pbx, now = self._pbx, self._pbx.time.now
        if phone.legs:
            what = f"{phone.name} is dialled for {caller.leg.uid} while it rings or is in use"
            pbx.book.blame("rung_twice", what, now)
        leg = pbx.new(PHONE, phone.name, caller)
        leg.context, leg.offer = "acd-connect", offer
        dial = caller.dial = leg.dial = Dial(caller, leg, phone.name, offer, alone, now)
        if offer:
            pbx.book.dialled[offer] = Dialled(phone.name, now)
        pbx.ledger.ring(dial)
        began = ev.DialBegan(caller.leg, leg.leg, phone.name, offer)
        pbx.later(leg, self._rng.choice((0, 1, 5)), pbx.emit, began)
        pbx.later(leg, ring_s * 1000, self._ring_out, dial)
        if not phone.dead:
            self._behave(dial, phone)

    def _behave(self, dial: Dial, phone: Phone) -> None:
        """What this phone does with this call."""
        pbx, rng, has = self._pbx, self._rng, self._pbx.settings.has
        later, leg = pbx.later, dial.leg
        kinds, weights = ["answer", "quick"], [10.0, 1.0]
        for fault, names, weight in (
            ("refusals", tuple(REFUSED), 0.7),
            ("refusals", ("ring_out",), 2.0),
            ("dead_socket", ("nothing",), 2.0),
            ("blink", ("blink",), 3.0),
            ("short", ("short",), 3.0),
            ("progress", ("progress", "progress_out"), 2.0),
            ("late_answer", ("late_silent", "late_lease"), 3.0),
        ):
            if has(fault):
                kinds += names
                weights += [weight] * len(names)
        kind = rng.choices(kinds, weights)[0]
        pbx.book.did(f"phone {kind}")
        if kind in REFUSED:
            rings = kind == "declined" and rng.random() < 0.7
            if rings:
                later(leg, rng.randrange(5, 200), self._ring, dial)
            later(
                leg, rng.randrange(1_000, 5_000) if rings else rng.randrange(5, 100), self._refuse, dial, kind
            )
        elif kind == "quick":
            later(leg, rng.randrange(5, 1_900), self.answer, dial)
        elif kind == "late_silent":
            later(leg, SILENT_MS + rng.randrange(-15, 30), self.answer, dial)
        elif kind in ("progress", "progress_out"):
            later(leg, rng.randrange(5, 500), self._progress, dial)
            if kind == "progress":
                later(leg, rng.randrange(600, 9_000), self.answer, dial)
        elif kind != "nothing":
            later(leg, rng.choice((5, 20, 100, 1_500)), self._ring, dial)
            if kind == "late_lease":
                when = rng.choice((8_000, 10_000, 15_000)) + rng.randrange(-15, 30)
            else:
                when = rng.randrange(1_600, 12_000)
            if kind != "ring_out":
                later(leg, when, self.answer, dial, kind)

    def _alive(self, dial: Dial) -> None:
        if (dialled := self._pbx.book.dialled.get(dial.offer)) is not None and not dialled.alive_ms:
            dialled.alive_ms = self._pbx.time.now

    def _ring(self, dial: Dial) -> None:
        """180: it rings."""
        if dial.over or dial.leg.answered_ms:
            return
        dial.rang = True
        self._alive(dial)
        self._pbx.emit(ev.PhoneRang(dial.leg.leg))
        self._pbx.device(self._pbx.phones[dial.phone])

    def _progress(self, dial: Dial) -> None:
        """183: a sign of life; the device stays NOT_INUSE."""
        if not dial.over:
            self._alive(dial)
            self._pbx.emit(ev.PhoneRang(dial.leg.leg))

    def _ring_out(self, dial: Dial) -> None:
        if not dial.leg.answered_ms:
            self._not_answered(dial, "NOANSWER", 0, "rang_out")

    def _refuse(self, dial: Dial, how: str) -> None:
        if not dial.leg.answered_ms:
            status, cause = REFUSED[how]
            self._not_answered(dial, status, cause, how)

    def _not_answered(self, dial: Dial, status: str, cause: int, how: str) -> None:
        """The phone's leg ends, the dialplan goes on after Dial; in either order by a few ms."""
        if dial.over:
            return
        pbx = self._pbx
        dial.over, dial.caller.dial = True, None
        if (dialled := pbx.book.dialled.get(dial.offer)) is not None:
            dialled.by = how
        pbx.ledger.rang(dial, status, pbx.time.now)
        if self._rng.random() < 0.9:
            pbx.end(dial.leg, cause)
            pbx.later(dial.caller, self._rng.choice((0, 1)), self._after, dial, status)
        else:
            pbx.time.after(self._rng.choice((1, 5, 50)), pbx.end, dial.leg, cause)
            self._after(dial, status)

    def _after(self, dial: Dial, status: str) -> None:
        if dial.alone:
            self.rest(dial.caller)
            return
        self._pbx.emit(ev.DialEnded(dial.caller.leg, dial.offer, status))
        self._hold(dial.caller)

    # --- talking -------------------------------------------------------------------------------------

    def answer(self, dial: Dial, kind: str = "answer") -> None:
        """200: in a moment they are in one bridge."""
        pbx = self._pbx
        phone = pbx.phones[dial.phone]
        if dial.over or phone.dead or dial.caller.dying or dial.leg.answered_ms:
            return
        dial.leg.answered_ms = pbx.time.now
        self._alive(dial)
        if (dialled := pbx.book.dialled.get(dial.offer)) is not None:
            dialled.by, dialled.answered_ms = "answered", pbx.time.now
        if self._rng.random() < 0.5:
            pbx.device(phone)
        pbx.later(dial.leg, self._rng.choice((0, 1, 4)), self._bridge, dial, kind)

    def _bridge(self, dial: Dial, kind: str) -> None:
        if dial.over or dial.caller.gone or dial.caller.dying:
            return
        pbx, rng, has = self._pbx, self._rng, self._pbx.settings.has
        pbx.bridge(dial)
        pbx.device(pbx.phones[dial.phone])
        if kind == "blink":
            length = rng.randrange(100)
        elif kind == "short":
            length = rng.randrange(100, SHORT_MS + 20)
        else:
            length = int(min(90_000, max(2_100, rng.expovariate(1 / 25_000))))
        talk = dial.caller.talk
        if dial.caller.records:
            self._records(dial.caller, length)
        if has("lost_phone") and kind == "answer" and rng.random() < 0.15:
            pbx.time.after(length // 2, self._phone_dies, dial)
        if kind in ("blink", "short") or rng.random() < 0.5:
            pbx.later(dial.leg, length, self._phone_ends, dial)
        else:
            pbx.later(dial.caller, length, self.hang_up, dial.caller, talk)

    def _records(self, caller: Channel, length: int) -> None:
        """The talk is recorded; some are stopped, by either side."""
        pbx, rng = self._pbx, self._rng
        pbx.recording(caller, facts.STARTED, "")
        if rng.random() < 0.5:
            by = rng.choice((facts.BY_CALLER, facts.BY_STAFF))
            pbx.later(caller, rng.randrange(length + 1), self._stops, caller, caller.talk, by)

    def _stops(self, caller: Channel, talk: object, by: str) -> None:
        """For good: no later talk of this caller is recorded either."""
        pbx = self._pbx
        if caller.talk is not talk or caller.dying or not caller.records:
            return
        caller.records = False
        pbx.recording(caller, facts.STOPPED, by)

    def _phone_ends(self, dial: Dial) -> None:
        """The phone's side hangs up. A talk too short to be one leads the caller back to hold."""
        pbx, caller, phone = self._pbx, dial.caller, self._pbx.phones[dial.phone]
        talk = caller.talk
        if talk is None or dial.over or phone.dead or caller.dying:
            return
        short = pbx.time.now - talk.began_ms < SHORT_MS
        leg = pbx.part(caller, "staff")
        if leg is not None:
            pbx.end(leg, 16)
        if short and "short" not in pbx.settings.without:
            pbx.later(caller, self._rng.choice((0, 1, 8)), self._after_short, dial)
        elif short:
            pbx.end_caller(caller, 16, "staff")
            pbx.book.blame("lost", f"{caller.leg.uid} is cut off after a talk that was none", pbx.time.now)
        else:
            caller.turn += 1
            caller.dying = True
            pbx.time.after(self._rng.choice((0, 1, 8)), pbx.end_caller, caller, 16, "staff")

    def _after_short(self, dial: Dial) -> None:
        self._pbx.emit(ev.DialEnded(dial.caller.leg, dial.offer, "ANSWER"))
        self._hold(dial.caller)

    def _phone_dies(self, dial: Dial) -> None:
        """Nobody is behind the socket any more; Asterisk finds out within QUALIFY_MS."""
        phone = self._pbx.phones[dial.phone]
        if not dial.over and not dial.leg.gone:
            self.lose_phone(phone)

    def lose_phone(self, phone: Phone) -> None:
        """A phone goes off the network; found out a while later; back again much later."""
        pbx, rng = self._pbx, self._rng
        if phone.dead:
            return
        pbx.book.did("phone lost")
        phone.dead, phone.died_ms = True, pbx.time.now
        for leg in phone.legs:
            if leg.caller is not None and leg.talk is not None:
                leg.talk.deaf = True
                pbx.later(leg.caller, rng.randrange(25_000, 60_000), self.hang_up, leg.caller, leg.talk)
        pbx.time.after(rng.randrange(500, QUALIFY_MS), self._phone_found_lost, phone)
        pbx.time.after(rng.randrange(25_000, 60_000), self._phone_back, phone)

    def _phone_found_lost(self, phone: Phone) -> None:
        if phone.dead:
            phone.registered = False
            self._pbx.emit(ev.PhoneLost(phone.name, self._pbx.node))
            self._pbx.device(phone)

    def _phone_back(self, phone: Phone) -> None:
        phone.dead, phone.registered = False, True
        self._pbx.device(phone)

    # --- the caller hangs up -------------------------------------------------------------------------

    def hang_up(self, caller: Channel, only_in: object = None) -> None:
        """The caller leaves, wherever they are. only_in: only if they are still in this talk."""
        pbx = self._pbx
        if caller.gone or caller.dying or (only_in is not None and caller.talk is not only_in):
            return
        vanished = pbx.settings.has("vanished") and self._rng.random() < 0.1
        caller.dying = True
        pbx.time.after(self._rng.choice((0, 1, 2, 6)), self._leave, caller, vanished)

    def _leave(self, caller: Channel, vanished: bool) -> None:
        pbx, dial = self._pbx, caller.dial
        if caller.gone:
            return
        caller.turn += 1
        leg = None
        if caller.talk is not None:
            leg = pbx.part(caller, "vanished" if vanished else "caller")
        elif dial is not None:
            pbx.cancel(dial, self._rng.choice((16, 26)))
        if leg is not None:
            pbx.end(leg, 16)
        pbx.end_caller(caller, 16, "vanished" if vanished else "caller")
