"""The contexts of the rendered dialplan as they behave: entry, menus, hold, connect, degraded, closed."""

from routing import events as ev
from routing import facts
from routing.policy import Policy
from tests.model.channels import CALLER, Channel
from tests.model.dialling import Dialling
from tests.model.pbx import Pbx

LINE = "hotline"
BEAT_LOST_MS = 6_000
RING_S = 15
DEGRADED_RING_S = 8
ALONE_OVERTIME_MS = 1_800_000
LATE_MS = 60_000
"""So long after closing a decision to let somebody go may be on its way."""
IN_USE = ("INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD")


class Dialplan:
    """Runs on one Pbx, with the opening hours of these rules."""

    def __init__(self, pbx: Pbx, rules: Policy) -> None:
        self._pbx = pbx
        self._rules = rules
        self.dialling = Dialling(pbx, self.hold)
        self.dialling.rest = self.rest
        pbx.on_connect = self._connect
        pbx.on_hold = self.hold
        pbx.on_closed = self._close
        pbx.on_caught = self._caught
        pbx.on_outside = self._go_outside

    @property
    def _now(self) -> int:
        return self._pbx.time.now

    def _opened(self, channel: Channel, now: int) -> bool:
        """Whether it is open at this time for whoever this is, as far as they have said."""
        spans = self._rules.opening
        for language, concern in (
            (channel.language, ""),
            ("", channel.concern),
            (channel.language, channel.concern),
        ):
            for own in self._rules.hours:
                if (own.language, own.concern) == (language, concern):
                    spans = own.when
        return any(begin <= now < end for begin, end in spans)

    # --- the menus -----------------------------------------------------------------------------------

    def enter(self) -> Channel:
        """A caller comes in."""
        pbx = self._pbx
        channel = pbx.new(CALLER)
        channel.context = "acd-entry"
        pbx.ledger.arrived(channel, LINE, self._now)
        pbx.emit(ev.CallArrived(channel.leg, LINE))
        channel.context = "acd-language"
        return channel

    def choose_language(self, channel: Channel, language: str) -> None:
        """The language menu is over; "und": nothing was pressed."""
        if channel.context != "acd-language":
            return
        channel.language = language
        if language == "und":
            channel.concern = "other"
        if channel.queued_ms:
            channel.concern = ""
        self._pbx.ledger.need(channel, self._now)
        self._pbx.emit(ev.LanguageChosen(channel.leg, language))
        if self._pbx.tells:
            self._pbx.emit(ev.AnnouncementHeard(channel.leg, self._pbx.tells.get(language, "stock")))
            if self._pbx.tells_end:
                self._close(channel)
                return
        if self._pbx.settings.has("hours"):
            channel.context = "acd-hours"
            self._pbx.later(channel, self._pbx.rng.choice((0, 1, 2)), self._after_hours, channel)
        else:
            self._after_hours(channel)

    def _after_hours(self, channel: Channel) -> None:
        if not self._opened(channel, self._now) and not channel.queued_ms:
            self._close(channel)
        elif channel.concern:
            self._queue(channel)
        else:
            channel.context = "acd-concern"

    def choose_concern(self, channel: Channel, concern: str) -> None:
        """The concern menu is over."""
        if channel.context != "acd-concern":
            return
        channel.concern = concern
        self._pbx.ledger.need(channel, self._now)
        self._pbx.emit(ev.ConcernChosen(channel.leg, concern))
        own = any(each.concern == concern for each in self._rules.hours)
        if own and not self._opened(channel, self._now) and not channel.queued_ms:
            self._close(channel)
            return
        if not self._pbx.settings.has("recording"):
            self._queue(channel)
            return
        channel.context = "acd-consent"
        says = self._pbx.rng.choice((facts.CONSENTED, facts.REFUSED))
        self._pbx.later(channel, self._pbx.rng.randrange(4_000, 9_000), self._answer, channel, says)

    def _answer(self, channel: Channel, says: str) -> None:
        """Yes or no to a recording; silence is no."""
        channel.records = says == facts.CONSENTED
        self._pbx.recording(channel, says, facts.BY_CALLER)
        self._queue(channel)

    def _close(self, channel: Channel) -> None:
        pbx = self._pbx
        self._judge_let_go(channel)
        channel.turn += 1
        channel.context = "acd-closed"
        pbx.book.calls[channel.leg].closed = True
        pbx.ledger.closed(channel, self._now)
        pbx.emit(ev.TurnedAway(channel.leg, channel.language))
        pbx.later(channel, 4_000, pbx.end_caller, channel, 16, "pbx")

    def _judge_let_go(self, channel: Channel) -> None:
        """Nobody in line is let go while it is open for them, unless an announcement ends calls; who just
        chose anew may be, for what was."""
        pbx = self._pbx
        seconds = range(0, LATE_MS, 1_000)
        ends = pbx.tells_end or self._now - pbx.ended_ms < LATE_MS
        if channel.not_now or not channel.queued_ms or ends or self._now - channel.anew_ms < LATE_MS:
            return
        if all(self._opened(channel, self._now - ago) for ago in seconds):
            what = f"{channel.leg.uid} was let go, and it is open for them"
            self._pbx.book.blame("let_go", what, self._now)

    # --- hold ----------------------------------------------------------------------------------------

    def _queue(self, channel: Channel) -> None:
        if channel.queued_ms:
            self._pbx.ledger.need(channel, self._now)
            self.hold(channel)
            return
        channel.queued_ms = self._now
        self._pbx.book.calls[channel.leg].queued_ms = self._now
        self._pbx.ledger.need(channel, self._now)
        self.hold(channel)

    def hold(self, channel: Channel) -> None:
        """Music, and an eye on the daemon."""
        pbx = self._pbx
        if channel.gone:
            return
        channel.turn += 1
        channel.context = "acd-hold"
        pbx.emit(
            ev.CallWaiting(
                channel.leg,
                channel.language or "und",
                channel.concern or "other",
                channel.second,
                channel.arrived_ms // 1000 * 1000,
                channel.queued_ms // 1000 * 1000,
            )
        )
        channel.seen, channel.since_ms = pbx.alive, self._now
        pbx.later(channel, BEAT_LOST_MS + pbx.rng.randrange(2_000), self._watch, channel)

    def _watch(self, channel: Channel) -> None:
        """Looked at when the beat would be lost, had none come since; else then again."""
        pbx = self._pbx
        heard = max(channel.since_ms, pbx.alive_ms)
        if channel.context != "acd-hold":
            return
        silent = self._now - heard
        if silent >= BEAT_LOST_MS:
            self._degrade(channel)
        else:
            pbx.later(channel, BEAT_LOST_MS - silent + pbx.rng.randrange(2_000), self._watch, channel)

    def press(self, channel: Channel, key: str, value: str = "") -> None:
        """A key on hold: 1 second language, 5 case number, * again: these lead back to s,1. 0: the menus."""
        pbx = self._pbx
        if channel.gone or channel.context != "acd-hold" or channel.dying:
            return
        if key == "1" and channel.language != "und":
            channel.second = "de" if channel.language == "en" else "en"
            pbx.ledger.need(channel, self._now)
            pbx.emit(ev.SecondLanguageAdded(channel.leg, channel.second))
        elif key == "5" and channel.language != "und":
            pbx.emit(ev.CaseEntered(channel.leg, value))
        elif key == "*":
            pbx.emit(ev.SentencesAsked(channel.leg))
        elif key == "0":
            self._choose_anew(channel)
            return
        else:
            return
        channel.turn += 1
        pbx.later(channel, 1_500, self.hold, channel)

    def _choose_anew(self, channel: Channel) -> None:
        """The menus again; who presses nothing there keeps what they had."""
        pbx = self._pbx
        channel.turn += 1
        channel.anew_ms = self._now
        channel.context = "acd-language"
        pbx.emit(ev.MenuAsked(channel.leg))
        language = pbx.rng.choice(("", "de", "ar", "en"))
        if language:
            pbx.later(channel, 1_000, self.choose_language, channel, language)
        pbx.later(channel, 4_000, self._chosen_anew, channel)

    def _chosen_anew(self, channel: Channel) -> None:
        if channel.context == "acd-concern":
            self.choose_concern(channel, self._pbx.rng.choice(("study", "other")))
        else:
            self.hold(channel)

    # --- to a person ---------------------------------------------------------------------------------

    def _connect(self, channel: Channel, offer: int, term: int, phone: str) -> None:
        pbx = self._pbx
        if term < pbx.term:
            pbx.book.did("stale")
            self._not_dialled(channel, offer, "STALE")
            return
        there = pbx.phones.get(phone)
        if there is None:
            self._not_dialled(channel, offer, "CHANUNAVAIL")
            return
        busy = there.state in IN_USE or there.dialled
        if busy and "taken" not in pbx.settings.without:
            pbx.book.did("taken")
            self._not_dialled(channel, offer, "TAKEN")
        elif not there.registered:
            pbx.book.did("unregistered")
            self._not_dialled(channel, offer, "CHANUNAVAIL")
        else:
            self.dialling.dial(channel, there, offer, RING_S, alone=False)

    def _not_dialled(self, channel: Channel, offer: int, status: str) -> None:
        self._pbx.emit(ev.DialEnded(channel.leg, offer, status))
        self.hold(channel)

    def _caught(self, channel: Channel) -> None:
        """The redirect met the end of a step: t, i and e lead to hold. Without them the caller falls out."""
        pbx = self._pbx
        if "caught" in pbx.settings.without:
            pbx.end_caller(channel, 16, "pbx")
            pbx.book.blame("lost", f"{channel.leg.uid} fell out of the dialplan", self._now)
            return
        pbx.emit(ev.CallerCaught(channel.leg))
        self.hold(channel)

    # --- outside -------------------------------------------------------------------------------------

    def _go_outside(self, channel: Channel, rule: str) -> None:
        """The sentence, then a ring there: answered, busy, or nobody."""
        pbx, rng = self._pbx, self._pbx.rng
        pbx.book.did("outside")
        pbx.ledger.outside(channel, rule, self._now)
        pbx.emit(ev.WentOutside(channel.leg, rule))
        rings = 3_000 + rng.choice((100, 2_000, 10_000, 40_000))
        goes_on = self._answered_outside if rng.random() < 0.6 else self._not_answered_outside
        pbx.later(channel, rings, goes_on, channel)

    def _answered_outside(self, channel: Channel) -> None:
        pbx = self._pbx
        pbx.book.did("outside answered")
        pbx.book.calls[channel.leg].forwarded = True
        channel.bridge = f"outside-{channel.leg.uid}"
        pbx.ledger.outside_answered(channel, self._now)
        pbx.emit(ev.OutsideAnswered(channel.leg))
        length = pbx.rng.randrange(500, 30_000)
        if pbx.rng.random() < 0.5:
            pbx.later(channel, length, self._over_outside, channel)
        else:
            pbx.later(channel, length, self.dialling.hang_up, channel)

    def _over_outside(self, channel: Channel) -> None:
        self._pbx.ledger.outside_over(channel, self._now)
        self._pbx.end_caller(channel, 16, "pbx")

    def _not_answered_outside(self, channel: Channel) -> None:
        self._pbx.book.did("outside failed")
        self._pbx.ledger.outside_over(channel, self._now)
        self.hold(channel)

    # --- alone ---------------------------------------------------------------------------------------

    def _degrade(self, channel: Channel) -> None:
        pbx = self._pbx
        channel.turn += 1
        channel.context = "acd-degraded"
        pbx.book.did("degraded")
        call = pbx.book.calls[channel.leg]
        call.degraded_ms = call.degraded_ms or self._now
        pbx.ledger.degraded(channel, self._now)
        pbx.emit(ev.DegradedEntered(channel.leg))
        channel.seen = pbx.alive
        self._pick(channel)

    def _pick(self, channel: Channel) -> None:
        """Ring whoever was on duty and is free, each phone once at a time, until the daemon beats again."""
        pbx = self._pbx
        if pbx.alive != channel.seen:
            self.hold(channel)
            return
        phones = pbx.announced.get(channel.language) or pbx.announced.get("", ())
        for name in phones:
            phone = pbx.phones.get(name)
            if phone is not None and phone.state == "NOT_INUSE" and not phone.dialled:
                self.dialling.dial(channel, phone, 0, DEGRADED_RING_S, alone=True)
                return
        self.rest(channel)

    def rest(self, channel: Channel) -> None:
        """Closed for so long: let go. Else a second of music, then the top of the loop."""
        rules = self._rules
        channel.shut_ms = 0 if self._opened(channel, self._now) else channel.shut_ms or self._now
        overtime_ms = ALONE_OVERTIME_MS if rules.overtime_ms < 0 else rules.overtime_ms
        if channel.shut_ms and self._now - channel.shut_ms >= overtime_ms:
            self._pbx.book.did("closed alone")
            self._close(channel)
            return
        self._pbx.later(channel, 1_000, self._pick, channel)
