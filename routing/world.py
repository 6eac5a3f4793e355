"""The state of the hotline as plain data: what a snapshot holds, and nothing that could be derived."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from agents.model import Agent
from agents.state import AT_WORK, IDLE, LOGGED_OUT, PRESSING, REACHED, shown, takes_offers
from routing.events import AnnouncementSet, Expected, Leg
from routing.policy import Policy
from routing.visit import CALLER, GREETED, NO_INTERPRETER, PHONE, TALKING, VOICE

RECENT_MAX = 10_000
GONE_MAX = 2_000
LEFT_MAX = 2_000
HANDLED_MAX = 5
HANDOVERS_MAX = 2_000
THREATS_MAX = 100
BLOCKED_MAX = 1_000
OFFERED_MAX = 50
CALLS_MAX = 5_000
DEVICES_MAX = 20_000

ALIKE = (0, "", 0, "")
"""World.shadow_said while live and shadow policy decide alike: no visit and no person on either side."""


class VisitLeg(NamedTuple):
    """A leg that a visit holds. role: one of routing.visit.ROLES. agent: whose phone it is, or "".

    phone: the endpoint that was dialled, "" where that is not known.
    """

    leg: Leg
    role: str
    agent: str = ""
    phone: str = ""


class ToldWait(NamedTuple):
    """A wait that a caller was told, or would have been (spoken is False): the remaining time from at_ms on.
    high_ms: -1 for "more than low_ms"."""

    at_ms: int
    low_ms: int
    high_ms: int
    spoken: bool


class Left(NamedTuple):
    """A place in line that somebody left. order_from_ms: as in Visit; visit: whose it was."""

    at_ms: int
    visit: int
    language: str
    concern: str
    order_from_ms: int


class Handled(NamedTuple):
    """A visit that a person talked with until ended_ms. token: its caller's, "" where that was not known."""

    visit: int
    token: str
    language: str
    concern: str
    ended_ms: int


class Threat(NamedTuple):
    """A threat that no supervisor has seen to yet."""

    agent: str
    at_ms: int


class Handover(NamedTuple):
    """A follow-up that `agent` left on the desk of `to`. note: a reference, or ""."""

    id: int
    visit: int
    agent: str
    to: str
    note: str
    at_ms: int


class Blocked(NamedTuple):
    """A caller who is not served until then, since a threat was told on this visit."""

    until_ms: int
    visit: int


class Trunk(NamedTuple):
    """How calls get out (routing.trunk). faults: how many in a row did not, 0 while they do; since_ms: the
    first of these. again_ms: nobody is rung for one before. sip: the provider's last word, as in
    events.CallbackOver."""

    faults: int = 0
    since_ms: int = 0
    again_ms: int = 0
    sip: int = 0


class ByHand(NamedTuple):
    """How something was set since then (routing.by_hand). until_ms: when that ends, 0: when it is undone."""

    how: str
    since_ms: int
    until_ms: int


Levels = tuple[tuple[str, int], ...]


class Lent(NamedTuple):
    """What a person can do until then, in place of what the roster says (own_*)."""

    languages: Levels
    concerns: Levels
    until_ms: int
    own_languages: Levels
    own_concerns: Levels


class Closed(NamedTuple):
    """What somebody said last of a visit that they handled: codes and references, "" where none."""

    visit: int
    outcome: str
    note: str
    case: str


@dataclass(slots=True)
class Visit:
    """One person's stay with us, of a kind (routing.visit.KINDS). Times in epoch ms, 0 where not yet.

    order_from_ms decides the order of callers; queued_ms is the truth about waiting. offer: the open
    offer's id or 0. agent: who is offered or talks, or "". owner: who has the caller's case, or "".
    classes: priority classes. asked: people who did not take this caller, with the time until which they
    are not asked again. widen_ms, retry_ms, parting_ms: next deadlines, or 0. stale: dials refused in a row
    because of an old term. talks: how many have begun. talked: whether one of them was none of the failed.
    undecided: a short talk parted, and the dialplan has not told yet whether it was one. hung_up_by: who
    ended the call (of facts.BY_*), once the dialplan has said so. talks_at: the phone of a talk that the
    ledger told of, until its leg is known. told: what they heard last of their prospect (routing.closing).
    dead_leg: of a phone that was lost in a talk; what the PBX may
    still show of it is no talk. keyed: a case was keyed in, and the caller waits to hear whether it is known.
    recording: how many steps of being recorded were told.
    expects, expects_ms: the last outlook on their wait, and when it came. told_waits: what they were told of
    it. unsaid: sentences that wait to be said. informed: how often they were told how it stands; inform_ms:
    when they are next. said_ms: when something was said last; say_ms: the next deadline of saying.
    announced: the sound by which they heard the emergency announcement, or "".
    rejoined: whether they have the place of an earlier call. talk_ms: how long the last talk was.
    overflowed: the rules of overflow that took effect, in order; overflow_ms: when the next does by time.
    outsides: how often they went outside; forwarded: somebody there answered.
    offers: how often they were offered; offered: to whom, each once, OFFERED_MAX at most.
    sent: what the last of them lets them go for, until they are seen to be there (routing.overflow).
    origin: of a callback, the visit on which it was asked for; 0: by web. promised: the callback that was
    promised on this visit, or 0. from_ms, until_ms: between which they want to be called; 0: at any time.
    due_ms: not called before; 0: at once. deferred: we were closed, or all calls of the day were made, when
    it was their turn. message: the file of one that they left. attempts: how often they were dialled.
    not_out: how often that did not get out (routing.trunk), which is no attempt.
    heard_case: in what state their case is, and they were not in line since. may_listen: they said yes to a
    supervisor in their talks; listened: the command's id, how, and the Uniqueid of
    the phone's leg that is heard.
    dialled: they are being dialled in the offer at hand. at: the PBX on which they are.
    interpreter: the caller's language if the offer or talk needs an interpreter for it, else "";
    interpreting: what became of that (routing.visit).
    place_ms: their order where a supervisor put them elsewhere in line, 0: their own (routing.steering).
    only: whom a supervisor keeps them for, "" for nobody. chose: their own language and concern while a
    supervisor's stand in place of these.
    """

    id: int
    legs: tuple[VisitLeg, ...]
    line: str
    arrived_ms: int
    kind: str = VOICE
    state: str = GREETED
    changed_ms: int = 0
    queued_ms: int = 0
    order_from_ms: int = 0
    language: str = ""
    concern: str = ""
    second: str = ""
    token: str = ""
    case: str = ""
    owner: str = ""
    classes: tuple[str, ...] = ()
    offer: int = 0
    agent: str = ""
    talked: bool = False
    talks: int = 0
    undecided: bool = False
    degraded: bool = False
    interpreter: str = ""
    interpreting: str = NO_INTERPRETER
    hung_up_by: str = ""
    talks_at: str = ""
    dead_leg: Leg | None = None
    keyed: bool = False
    told: str = ""
    recording: int = 0
    asked: tuple[tuple[str, int], ...] = ()
    stale: int = 0
    widen_ms: int = 0
    retry_ms: int = 0
    parting_ms: int = 0
    expects: Expected | None = None
    expects_ms: int = 0
    told_waits: tuple[ToldWait, ...] = ()
    unsaid: tuple[str, ...] = ()
    informed: int = 0
    inform_ms: int = 0
    said_ms: int = 0
    say_ms: int = 0
    announced: str = ""
    rejoined: bool = False
    talk_ms: int = 0
    overflowed: tuple[str, ...] = ()
    overflow_ms: int = 0
    sent: str = ""
    outsides: int = 0
    forwarded: bool = False
    offers: int = 0
    offered: tuple[str, ...] = ()
    origin: int = 0
    promised: int = 0
    from_ms: int = 0
    until_ms: int = 0
    due_ms: int = 0
    deferred: bool = False
    message: str = ""
    attempts: int = 0
    heard_case: bool = False
    may_listen: bool = False
    listened: tuple[int, str, str] = (0, "", "")
    dialled: bool = False
    at: str = ""
    place_ms: int = 0
    only: str = ""
    chose: tuple[str, str] | None = None
    not_out: int = 0

    @property
    def caller(self) -> Leg | None:
        """The caller's leg; None while nobody is on the line."""
        for each in self.legs:
            if each[1] == CALLER:
                return each[0]
        return None

    @property
    def phone(self) -> VisitLeg | None:
        """The leg of the phone that rings or talks; None if there is none."""
        for each in self.legs:
            if each[1] == PHONE:
                return each
        return None

    def held(self, leg: Leg) -> VisitLeg | None:
        """What this leg is to the visit; None if it is none of its legs."""
        for each in self.legs:
            if each[0] == leg:
                return each
        return None

    @property
    def in_talk(self) -> bool:
        """Whether a talk has begun of which nobody said yet that it is over."""
        return self.state == TALKING or self.undecided

    @property
    def node(self) -> str:
        """The PBX that holds the caller, or calls them; "" while none does."""
        leg = self.caller
        return leg.node if leg is not None else self.at


@dataclass(slots=True)
class Offer:
    """A caller offered to a person, as a lease: over at deadline_ms whatever is lost (0: frozen).

    phone_leg: once the PBX has dialled. dialled_as: what the PBX calls it, where that is another id. cause:
    what the phone's leg ended with, -1 while it has not. status: how the dial ended, "" while it has not;
    an offer whose phone had a leg is over when both are known. pulled: a supervisor takes it back, as soon as
    all is known that the PBX has said.
    """

    id: int
    visit: int
    agent: str
    deadline_ms: int = 0
    phone_leg: Leg | None = None
    rang: bool = False
    cause: int = -1
    status: str = ""
    dialled_as: int = 0
    pulled: bool = False

    def is_called(self, number: int) -> bool:
        """Whether the PBX means this offer by that number."""
        return number != 0 and number in (self.id, self.dialled_as)


@dataclass(slots=True)
class Engagement:
    """What one person does for one visit: a state of agents.state.ACTIVITY but IDLE.

    offer: under which; 0 where the dialplan rang by itself. since_ms: of this state. until_ms: the end of
    the wrap-up, else 0.
    """

    visit: int
    activity: str
    offer: int = 0
    since_ms: int = 0
    until_ms: int = 0


@dataclass(slots=True)
class Person:
    """A member of staff at work. idle_since_ms orders the idle.

    presumed: their phone is free as we took it, and has not said so yet. engagements: the most pressing
    first. other_legs: of their phone, that serve no visit. leaving: no longer of the staff; gone once nothing
    is left to do.
    calls, busy_ms, idle_ms: of today: talks begun, time in talks and wrap-up, time idle and ready. The
    two times are without the stretch that goes on now, and so can be negative after midnight.
    quiet_min: they take one call in so many minutes at most; 0: as many as come. quiet_until_ms: until then
    they are offered nobody; 0: they are. talked_ms: when their last talk ended. handled: the visits that
    they talked with last, the newest at the end, HANDLED_MAX at most. closed: what they said last of a visit.
    """

    agent: Agent
    presence: str = LOGGED_OUT
    reason: str = ""
    engagements: tuple[Engagement, ...] = ()
    other_legs: tuple[Leg, ...] = ()
    device: str = ""
    presumed: bool = False
    changed_ms: int = 0
    shown: str = LOGGED_OUT
    shown_reason: str = ""
    shown_ms: int = 0
    idle_since_ms: int = 0
    calls: int = 0
    busy_since_ms: int = 0
    busy_ms: int = 0
    idle_ms: int = 0
    misses: int = 0
    leaving: bool = False
    quiet_min: int = 0
    quiet_until_ms: int = 0
    talked_ms: int = 0
    handled: tuple[Handled, ...] = ()
    closed: Closed | None = None

    @property
    def quiet(self) -> bool:
        """Whether their quiet time lasts."""
        return self.quiet_until_ms != 0

    @property
    def last_visit(self) -> int:
        """With which visit they talked last; 0: with none that is known."""
        return self.handled[-1].visit if self.handled else 0

    @property
    def activity(self) -> str:
        """What others see of all that this person is engaged in."""
        return self.engagements[0].activity if self.engagements else IDLE

    @property
    def free(self) -> bool:
        """Whether a caller may be offered now."""
        idle = not self.engagements and not self.other_legs
        return idle and takes_offers(self.presence, IDLE, self.device, self.quiet_until_ms > 0)

    @property
    def appears(self) -> str:
        """The state that others see."""
        device = "INUSE" if self.other_legs else self.device
        activity = self.engagements[0].activity if self.engagements else IDLE
        return shown(self.presence, activity, device, self.quiet_until_ms > 0)

    @property
    def at_work(self) -> bool:
        """Whether they are, as far as is known: neither logged out nor away."""
        return self.presence in AT_WORK

    @property
    def reached(self) -> bool:
        """Whether their phone can be."""
        return self.device in REACHED

    def engaged_with(self, visit: int) -> Engagement | None:
        """What this person does for a visit; None for nothing."""
        for each in self.engagements:
            if each.visit == visit:
                return each
        return None


def pressing(engagement: Engagement) -> tuple[int, int]:
    """The order in which several engagements count."""
    return PRESSING.index(engagement.activity), engagement.visit


@dataclass(slots=True)
class Link:
    """The link to one PBX, and why it is down."""

    up: bool = False
    why: str = "not connected yet"


@dataclass(slots=True)
class World:
    """Everything the engine knows. Two equal worlds decide alike.

    links: by node. closed_ms: when it closed last (epoch ms), 0 if not known. unreached_ms: when it last came
    about that nobody at work could be reached. day_ms: the midnight from which the counts of the day are.
    shadow: a policy that is asked and never obeyed; shadow_said: the last difference told. recent: token ->
    when the caller's last visit ended (epoch ms), RECENT_MAX at most.
    devices: the state of every phone by node and name, DEVICES_MAX at most. gone: legs that ended, by node
    and Uniqueid, with when, GONE_MAX at most: a snapshot asked for before that may still show them. over:
    callers' legs of visits that ended, likewise: a ledger may still tell of them. In all these the oldest is
    forgotten first. suspects: differences that the last look for drift found, by node. judged: by language,
    which of the last waits that were told held (routing.announce). shut: which of the policy's own hours are
    closed, by their key, and since when (epoch ms). left: token -> the place in line that the caller left,
    LEFT_MAX at most. announcement: the emergency announcement that is on. handovers: the open ones by id,
    HANDOVERS_MAX at most: one more is refused. blocked: token -> who is not served, BLOCKED_MAX at most.
    calls_made: token -> how often we dialled its number since midnight, CALLS_MAX at most;
    calls_today: of all. trunk: how calls get out.
    by_hand: what was set for the whole hotline, by key (routing.by_hand). lent: by person, what they can do
    for now. Neither mapping is ever changed: another takes its place.
    threats: by visit, until they are seen to, THREATS_MAX at most: the oldest is forgotten first.
    """

    now_ms: int = 0
    term: int = 0
    counter: int = 0
    links: dict[str, Link] = field(default_factory=dict)
    open: bool = False
    closed_ms: int = 0
    unreached_ms: int = 0
    day_ms: int = 0
    policy: Policy | None = None
    policy_digest: str = ""
    shadow: Policy | None = None
    shadow_digest: str = ""
    shadow_said: tuple[int, str, int, str] = ALIKE
    team_digest: str = ""
    visits: dict[int, Visit] = field(default_factory=dict)
    offers: dict[int, Offer] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    recent: dict[str, int] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    over: dict[str, int] = field(default_factory=dict)
    fallback: tuple[tuple[str, tuple[str, ...]], ...] = ()
    messages_full: bool = False
    suspects: dict[str, tuple[tuple[str, str, str], ...]] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)
    shut: dict[str, int] = field(default_factory=dict)
    left: dict[str, Left] = field(default_factory=dict)
    announcement: AnnouncementSet | None = None
    handovers: dict[int, Handover] = field(default_factory=dict)
    blocked: dict[str, Blocked] = field(default_factory=dict)
    threats: dict[int, Threat] = field(default_factory=dict)
    calls_made: dict[str, int] = field(default_factory=dict)
    calls_today: int = 0
    by_hand: dict[str, ByHand] = field(default_factory=dict)
    lent: dict[str, Lent] = field(default_factory=dict)
    trunk: Trunk = field(default_factory=Trunk)

    @property
    def rules(self) -> Policy:
        """The policy in force. Raises NoPolicy before the first one."""
        if self.policy is None:
            raise NoPolicy
        return self.policy

    @property
    def link_up(self) -> bool:
        """Whether every PBX that we know of is linked, and there is one."""
        return bool(self.links) and all(link.up for link in self.links.values())

    @property
    def link_why(self) -> str:
        """Why not, in the words of the first one that is down; "" if all are up."""
        if not self.links:
            return Link().why
        return next((link.why for link in self.links.values() if not link.up), "")

    def linked(self, node: str) -> bool:
        """Whether this PBX is linked; "": whether any is. A link without a name stands for all others."""
        if node:
            link = self.links.get(node) or self.links.get("")
            return link is not None and link.up
        return any(link.up for link in self.links.values())


class NoPolicy(RuntimeError):
    """A call came before any policy was in force."""


def remember(kept: dict[Any, Any], key: object, value: object, most: int) -> None:
    """Put a value in as the newest; beyond `most` the oldest is forgotten."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > most:
        del kept[next(iter(kept))]


def device_key(node: str, phone: str) -> str:
    """Under which World.devices holds a phone."""
    return f"{node}/{phone}"


def leg_key(leg: Leg) -> str:
    """Under which World.gone and World.over hold a leg."""
    return f"{leg.node}/{leg.uid}"
