"""Everything that happened: the only source of records, metrics and pages. Times are epoch ms."""

from typing import NamedTuple

from routing.events import Leg
from routing.index import Choice

# --- how things end (stable codes; they stand in records and reports) ---------------------------------

ANSWERED = "answered"
ABANDONED_MENU = "abandoned_in_menu"
ABANDONED_QUEUE = "abandoned_in_queue"
ABANDONED_RINGING = "abandoned_while_ringing"
CLOSED = "closed"
LOST = "lost_in_pbx"
TURNED_AWAY = "turned_away"
"""Waited, and heard that nobody will serve them any more; CLOSED: called when we were closed."""
FORWARDED = "forwarded"
"""Somebody outside answered: neither answered by us nor abandoned."""
BLOCKED = "blocked"
"""Had threatened us, and heard that they are not served for a while: in no service level."""
CALLBACK = "callback"
"""Did not wait on, since we promised to call back: neither answered nor abandoned."""
NOT_REACHED = "not_reached"
"""Of a callback: called as often as the rules say, and never there. Of an offer: dialled, and not there."""
SERVED_ON_LINE = "served_on_line"
"""Of a callback: they called us before we called them."""
MESSAGE = "message"
"""Did not wait on, and left a message: neither answered nor abandoned."""
HEARD = "heard"
"""Of a message: somebody heard it, and it needs no call."""
CANCELLED = "cancelled"
"""Of a callback: no longer wanted."""
INFORMED = "informed"
"""Heard in what state their case is, and left content: neither answered nor abandoned."""
VISIT_OUTCOMES = (
    ANSWERED,
    ABANDONED_MENU,
    ABANDONED_QUEUE,
    ABANDONED_RINGING,
    CLOSED,
    LOST,
    TURNED_AWAY,
    FORWARDED,
    BLOCKED,
    CALLBACK,
    MESSAGE,
    HEARD,
    NOT_REACHED,
    SERVED_ON_LINE,
    CANCELLED,
    INFORMED,
)

BUSY = "busy"
DECLINED = "declined"
NO_ANSWER = "no_answer"
UNREACHABLE = "unreachable"
CALLER_LEFT = "caller_left"
WITHDRAWN = "withdrawn"
FAILED = "failed"
OFFER_OUTCOMES = (
    ANSWERED,
    BUSY,
    DECLINED,
    NO_ANSWER,
    UNREACHABLE,
    CALLER_LEFT,
    WITHDRAWN,
    FAILED,
    NOT_REACHED,
)

BY_CALLER = "caller"
BY_STAFF = "staff"
BY_PBX = "pbx"
VANISHED = "vanished"
ENDED_BY = frozenset({BY_CALLER, BY_STAFF, BY_PBX, VANISHED})
"""Who ended a visit; VANISHED: nobody did, the caller's side does not answer any more."""


CASE_HEARD = "heard"
CASE_REFUSED = "refused"
CASE_CLOSED = "closed"
CASE_LINE = (CASE_HEARD, CASE_REFUSED, CASE_CLOSED)
"""What becomes of a question for a case's state: said; not, since number and PIN are of no case or it is
locked; not, since there were too many failures today."""


class VisitBegan(NamedTuple):
    """Somebody came in, on this kind of way (routing.visit.KINDS). arrived_ms may lie before at_ms where a
    restarted daemon adopted the call. leg: None while nobody is on the line. origin: the visit on which a
    callback was asked for, 0 for none."""

    at_ms: int
    visit: int
    leg: Leg | None
    line: str
    arrived_ms: int
    adopted: bool
    kind: str = "voice"
    origin: int = 0


class CallbackPromised(NamedTuple):
    """We promised to call back. visit: the callback; asked_on: the visit on which, 0 for none. again: it had
    been promised before. from_ms, until_ms: between which (epoch ms; 0, 0: as soon as it is their turn)."""

    at_ms: int
    visit: int
    asked_on: int
    from_ms: int
    until_ms: int
    again: bool


class MessageTaken(NamedTuple):
    """A message waits for somebody to hear it. visit: of kind message; left_on: the visit on which."""

    at_ms: int
    visit: int
    left_on: int
    file: str


class CallbackRefused(NamedTuple):
    """We promise none now. asked_on: 0 for by web. why: one of routing.callback.REFUSED."""

    at_ms: int
    asked_on: int
    why: str


class CallbackDialled(NamedTuple):
    """The person has lifted, and the caller's telephone is being called, for this time (from 1)."""

    at_ms: int
    visit: int
    offer: int
    agent: str
    attempt: int


class CallbackFailed(NamedTuple):
    """That time they were not there. status: Asterisk's DIALSTATUS, "" where it was not told. again_ms: when
    they are called again at the earliest; 0: not again."""

    at_ms: int
    visit: int
    offer: int
    agent: str
    attempt: int
    status: str
    again_ms: int


class CallbackNotOut(NamedTuple):
    """That call never got out of our house, and is no attempt (routing.trunk). attempts: how often they were
    called, without it. dialled: whether CallbackDialled was said of it. sip: as in events.CallbackOver.
    again_ms: before that nobody is rung for this callback; 0: not again."""

    at_ms: int
    visit: int
    offer: int
    agent: str
    attempts: int
    dialled: bool
    status: str
    sip: int
    again_ms: int


class ListeningAllowed(NamedTuple):
    """The caller said yes to a supervisor in their talks."""

    at_ms: int
    visit: int


class Listened(NamedTuple):
    """A supervisor is put into this talk of a person. how: of routing.listening.HOW."""

    at_ms: int
    visit: int
    agent: str
    how: str


class ListeningEnded(NamedTuple):
    """They are in it no more."""

    at_ms: int
    visit: int


class CaseTold(NamedTuple):
    """The caller asked in what state their case is. became: one of CASE_LINE."""

    at_ms: int
    visit: int
    became: str


class CallerRecognised(NamedTuple):
    """The caller's token is known, their case and its owner, and their priority classes ("" where none)."""

    at_ms: int
    visit: int
    token: str
    case: str = ""
    owner: str = ""
    classes: tuple[str, ...] = ()


class NeedKnown(NamedTuple):
    """The caller's language, concern or second language is known ("" where not yet). chose: their own
    language and concern while a supervisor gave them others; None: they are their own."""

    at_ms: int
    visit: int
    language: str
    concern: str
    second: str
    chose: tuple[str, str] | None = None


CONSENTED = "consented"
REFUSED = "refused"
STARTED = "started"
PAUSED = "paused"
RESUMED = "resumed"
STOPPED = "stopped"
RECORDING = (CONSENTED, REFUSED, STARTED, PAUSED, RESUMED, STOPPED)
"""What is told of recording a talk. One that nobody stops ends with its talk."""


class RecordingChanged(NamedTuple):
    """The caller answered whether their talk may be recorded, or a recording began, paused, went on or was
    stopped (what: one of RECORDING). by: whose key it was, BY_CALLER or BY_STAFF, "" if nobody's. Stopped by
    the caller, their consent is withdrawn. step: its number in this visit, from 1; 0 where it is not told."""

    at_ms: int
    visit: int
    what: str
    by: str
    step: int


class Queued(NamedTuple):
    """The caller waits. Once a visit; queued_ms may lie before at_ms where the call was adopted."""

    at_ms: int
    visit: int
    queued_ms: int


class Degraded(NamedTuple):
    """The dialplan served this caller alone for a while."""

    at_ms: int
    visit: int


class CallerTold(NamedTuple):
    """A waiting caller is told a sentence (a name of config/prompts)."""

    at_ms: int
    visit: int
    sentence: str


HELD = "held"
MISSED = "missed"
CENSORED = "censored"
CAME = (HELD, MISSED, CENSORED)
"""Whether a wait that was told held; CENSORED: the caller gave up or was let go before that could be seen."""


class AnnouncementChanged(NamedTuple):
    """The emergency announcement is another from now on, or off (no sounds): see events.AnnouncementSet."""

    at_ms: int
    sounds: tuple[tuple[str, str], ...]
    ends_calls: bool


class WaitJudged(NamedTuple):
    """What became of a wait that a caller was told at told_ms: that from then on they would wait low_ms to
    high_ms (-1: or longer). spoken: False where it was found and not said. waited_ms: how long they did, or
    until they gave up. came: one of CAME."""

    at_ms: int
    visit: int
    language: str
    told_ms: int
    low_ms: int
    high_ms: int
    spoken: bool
    waited_ms: int
    came: str


class Rejoined(NamedTuple):
    """The caller has the place in line again that they left with visit `before`: order_from_ms."""

    at_ms: int
    visit: int
    before: int
    order_from_ms: int


class Overflowed(NamedTuple):
    """A rule of overflow took effect for a waiting caller. then: one of routing.policy.OVERFLOW_THEN."""

    at_ms: int
    visit: int
    rule: str
    then: str


class OfferMade(NamedTuple):
    """The caller was offered to a person; `choice` says why to this one."""

    at_ms: int
    offer: int
    visit: int
    agent: str
    choice: Choice


class Steered(NamedTuple):
    """A supervisor steered this visit. what: one of routing.steering.STEERED; value: a person, class or need
    ("language/concern"), "" where there is none to name."""

    at_ms: int
    visit: int
    what: str
    value: str


class ShadowDiffered(NamedTuple):
    """In this situation the shadow policy would have decided otherwise. None: it would offer nobody now."""

    at_ms: int
    live: Choice | None
    shadow: Choice | None


class InterpreterChanged(NamedTuple):
    """The interpreter for the caller's language was called, is present, was not to be had, or left
    (states in routing.visit)."""

    at_ms: int
    visit: int
    agent: str
    language: str
    state: str


class OfferRang(NamedTuple):
    """The phone rings."""

    at_ms: int
    offer: int
    visit: int
    agent: str


class OfferEnded(NamedTuple):
    """The offer is over (one of OFFER_OUTCOMES). cause: Q.850 number of the phone's leg, 0 if none."""

    at_ms: int
    offer: int
    visit: int
    agent: str
    outcome: str
    cause: int


class TalkBegan(NamedTuple):
    """Caller and person talk. offer is 0 where the dialplan connected them by itself; agent is "" where the
    phone is nobody's of the staff."""

    at_ms: int
    visit: int
    agent: str
    offer: int


class TalkFailed(NamedTuple):
    """The phone's side ended the talk as soon as it had begun: it counts as an offer that was not answered.

    It comes in place of TalkEnded; offer as in TalkBegan.
    """

    at_ms: int
    visit: int
    agent: str
    offer: int


class TalkEnded(NamedTuple):
    """They talk no more."""

    at_ms: int
    visit: int
    agent: str


class WrapUpEnded(NamedTuple):
    """The work after a call is done."""

    at_ms: int
    visit: int
    agent: str


class VisitEnded(NamedTuple):
    """The visit is over: exactly once, with one of VISIT_OUTCOMES."""

    at_ms: int
    visit: int
    outcome: str
    ended_by: str
    reason: str


class AgentChanged(NamedTuple):
    """A person's shown state changed (names in agents.state). reason: why not ready, or ""."""

    at_ms: int
    agent: str
    state: str
    reason: str


class WrapUpExtended(NamedTuple):
    """A person needs longer for the work after a call: until_ms."""

    at_ms: int
    visit: int
    agent: str
    until_ms: int


class QuietChanged(NamedTuple):
    """A person takes one call in so many minutes at most; 0: as many as come."""

    at_ms: int
    agent: str
    minutes: int


class SkillsChanged(NamedTuple):
    """A person can do this until until_ms, says a supervisor; 0: as the roster says."""

    at_ms: int
    agent: str
    languages: tuple[tuple[str, int], ...]
    concerns: tuple[tuple[str, int], ...]
    until_ms: int


class ByHandChanged(NamedTuple):
    """Something is set for the whole hotline, or no more: see routing.by_hand.HOW."""

    at_ms: int
    what: str
    of: str
    how: str
    until_ms: int


class HandlingClosed(NamedTuple):
    """What a person said of a visit: see events.HandlingClosed."""

    at_ms: int
    visit: int
    agent: str
    outcome: str
    note: str
    case: str


class HandedOver(NamedTuple):
    """A follow-up of a visit lies on the desk of `to`, from `agent`. note: a reference, or ""."""

    at_ms: int
    handover: int
    visit: int
    agent: str
    to: str
    note: str


class HandoverGivenBack(NamedTuple):
    """A follow-up lies on the desk of `to` again, who left it: the colleague has left the staff."""

    at_ms: int
    handover: int
    visit: int
    to: str


class HandoverDone(NamedTuple):
    """A follow-up is done, by `agent`; "" where everybody who had to do with it has left the staff."""

    at_ms: int
    handover: int
    visit: int
    agent: str


class ThreatTold(NamedTuple):
    """A person was threatened. note: a reference, or "". until_ms: so long the caller is not served; 0: they
    are, since nobody asked for more or nobody knows who called."""

    at_ms: int
    visit: int
    agent: str
    note: str
    until_ms: int


class ThreatSeen(NamedTuple):
    """A supervisor sees to the threat that was told on this visit."""

    at_ms: int
    visit: int


class TokenUnblocked(NamedTuple):
    """The caller who was blocked on this visit is served again."""

    at_ms: int
    visit: int


class StaffRefused(NamedTuple):
    """A request of a person was not possible. why: a stable code."""

    at_ms: int
    agent: str
    what: str
    why: str


class EventRefused(NamedTuple):
    """An event that the tables do not allow came and changed nothing. subject: what it was about."""

    at_ms: int
    kind: str
    subject: str
    state: str


class EventSkipped(NamedTuple):
    """An event made the engine fail; the world was rebuilt without it."""

    at_ms: int
    seq: int
    kind: str
    error: str


class DriftFound(NamedTuple):
    """PBX and world disagreed at a snapshot, and were reconciled."""

    at_ms: int
    subject: str
    world: str
    pbx: str


class LinkChanged(NamedTuple):
    """The link to the PBX `node` went up or down."""

    at_ms: int
    up: bool
    why: str
    node: str = ""


class HoursChanged(NamedTuple):
    """The centre opened or closed."""

    at_ms: int
    open: bool


class CommandLost(NamedTuple):
    """A command to the PBX failed."""

    at_ms: int
    command: int
    why: str


class TermOpened(NamedTuple):
    """A daemon took the lead under this term."""

    at_ms: int
    term: int


class RulesChanged(NamedTuple):
    """A policy or team came into force. what: "policy", "shadow" or "team"."""

    at_ms: int
    what: str
    digest: str


class ClockMoved(NamedTuple):
    """The wall clock was set while we ran."""

    at_ms: int
    by_ms: int


class JournalLost(NamedTuple):
    """Sequence numbers were lost."""

    at_ms: int
    first: int
    last: int


Fact = (
    VisitBegan
    | CaseTold
    | ListeningAllowed
    | Listened
    | ListeningEnded
    | CallbackPromised
    | MessageTaken
    | CallbackRefused
    | CallbackDialled
    | CallbackFailed
    | CallbackNotOut
    | CallerRecognised
    | NeedKnown
    | RecordingChanged
    | Queued
    | Degraded
    | CallerTold
    | AnnouncementChanged
    | WaitJudged
    | Rejoined
    | Overflowed
    | Steered
    | OfferMade
    | ShadowDiffered
    | InterpreterChanged
    | OfferRang
    | OfferEnded
    | TalkBegan
    | TalkFailed
    | TalkEnded
    | WrapUpEnded
    | WrapUpExtended
    | QuietChanged
    | SkillsChanged
    | ByHandChanged
    | HandlingClosed
    | HandedOver
    | HandoverGivenBack
    | HandoverDone
    | ThreatTold
    | ThreatSeen
    | TokenUnblocked
    | VisitEnded
    | AgentChanged
    | StaffRefused
    | EventRefused
    | EventSkipped
    | DriftFound
    | LinkChanged
    | HoursChanged
    | CommandLost
    | TermOpened
    | RulesChanged
    | ClockMoved
    | JournalLost
)
