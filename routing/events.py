"""Everything the engine can be told: immutable values, each journalled under its name and version.

A field may be added at the end with a default and a raised VERSION entry; none is renamed or removed, and a
kind that gets another name is still read under the one of before, so that a later release reads every kept
journal.
"""

from typing import NamedTuple

from agents.model import Reach, Team
from routing.policy import Policy


class Leg(NamedTuple):
    """One channel of a PBX: the PBX's name and the channel's Uniqueid."""

    node: str
    uid: str


# --- the centre and the link -------------------------------------------------------------------------


class TermBegan(NamedTuple):
    """A daemon took the lead. The term rises by one each time and is part of every counted id."""

    term: int


class LinkDown(NamedTuple):
    """A PBX cannot be reached: its callers are not routed, leases frozen, until its next PbxSnapshot.

    node: the PBX's name; "" for every one (we stood still ourselves).
    """

    why: str
    node: str = ""


class LegSeen(NamedTuple):
    """A channel as the PBX lists it, with our own variables on it.

    caller: the caller's leg this one serves (itself for a caller). phone: the endpoint's name for a
    phone's leg, else "". bridge: the bridge's id, or "". Epoch times in ms; 0 where unset. callback: the
    offer of the callback that a leg was dialled for (the person's as well as the caller's), 0 for any other.
    listening: the command by which it is in a talk (Listen.id), 0 for any other.
    """

    leg: Leg
    caller: Leg
    phone: str
    context: str
    bridge: str
    up: bool
    language: str
    concern: str
    second: str
    arrived_ms: int
    queued_ms: int
    offer: int
    answered_ms: int
    callback: int = 0
    listening: int = 0


class PbxSnapshot(NamedTuple):
    """What the PBX has: every leg and the state of every phone (see DeviceChanged), asked at `asked_ms`.

    linkup: the first one after a start or a lost link; the world stood still until now. node: the PBX's
    name; what stands on other nodes is not touched.
    """

    asked_ms: int
    linkup: bool
    legs: tuple[LegSeen, ...]
    devices: tuple[tuple[str, str], ...]
    node: str = ""


class LedgerRing(NamedTuple):
    """A phone that the dialplan rang for a caller. offer: whose it was, 0 where the dialplan rang alone.

    status: Asterisk's DIALSTATUS once the dial is over, else ""; ended_ms: when, 0 where nobody wrote it.
    """

    phone: str
    offer: int
    at_ms: int
    status: str
    ended_ms: int = 0


class LedgerTalk(NamedTuple):
    """A talk as the dialplan wrote it down. ended_ms: 0 while it goes on or where nobody wrote its end."""

    phone: str
    offer: int
    began_ms: int
    ended_ms: int


class LedgerStep(NamedTuple):
    """What became of a recording, and when; the rest as in RecordingTold."""

    at_ms: int
    step: int
    what: str
    by: str


class LedgerOutside(NamedTuple):
    """A time that the dialplan sent a caller outside, by which rule; answered_ms, ended_ms: 0 while not."""

    at_ms: int
    rule: str
    answered_ms: int = 0
    ended_ms: int = 0


class LedgerRow(NamedTuple):
    """One call as the dialplan wrote it down while it ran; times in epoch ms, 0 where not.

    rings, talks: in the order in which they began. by: who ended the call (of facts.BY_*), "" while it
    lives or where it is not known. cause: Q.850 number of the end, 0 if none. recording: what became of
    recording the caller, in order. message: the file of one that they left, "" for none.
    """

    leg: Leg
    line: str
    language: str
    concern: str
    second: str
    arrived_ms: int
    queued_ms: int
    degraded_ms: int
    closed_ms: int
    rings: tuple[LedgerRing, ...]
    talks: tuple[LedgerTalk, ...]
    ended_ms: int
    by: str
    cause: int
    recording: tuple[LedgerStep, ...] = ()
    outside: tuple[LedgerOutside, ...] = ()
    message: str = ""


class LedgerCallback(NamedTuple):
    """A callback as the dialplan wrote it down while it ran; times in epoch ms, 0 where not.

    visit: the callback. phone_leg: of the person who was rung first, at `phone`. lifted_ms: when they lifted;
    called_ms: when the caller was dialled; answered_ms: when both could talk; over_ms: the end of that.
    status, sip: as in CallbackOver, "" and -1 where nobody wrote them.
    """

    offer: int
    visit: int
    phone_leg: Leg
    phone: str
    lifted_ms: int
    called_ms: int
    answered_ms: int
    over_ms: int
    status: str
    sip: int = -1


class LedgerRead(NamedTuple):
    """What the dialplan of `node` wrote down about its calls: read at link-up, before the PbxSnapshot.

    Rows in the order of arrival. A call of which we know something already stands in it all the same.
    """

    node: str
    rows: tuple[LedgerRow, ...]
    callbacks: tuple[LedgerCallback, ...] = ()


class CallbackAsked(NamedTuple):
    """A caller on this leg wants to be called at the number behind `token`, which may be dialled: between
    these two (epoch ms; 0, 0: as soon as it is their turn)."""

    leg: Leg
    token: str
    from_ms: int
    until_ms: int


class MessageLeft(NamedTuple):
    """A caller on this leg left a message. file: its name, without folder and ending."""

    leg: Leg
    file: str


class CallbackWished(NamedTuple):
    """Somebody who is not on the line wants to be called; the rest as in CallbackAsked. case: "" for none.
    blind: they may not learn whether the number is known: full is full for all, and who was called often
    enough today is called another day."""

    token: str
    language: str
    concern: str
    case: str
    from_ms: int
    until_ms: int
    blind: bool = False


class CallbackGiven(NamedTuple):
    """Who made this visit, which is over, was not served: somebody in charge has them called, at the number
    behind `token`, which may be dialled. case: "" for none."""

    visit: int
    token: str
    language: str
    concern: str
    case: str


class CallbackCancelled(NamedTuple):
    """A callback is no longer wanted, says a person."""

    visit: int


class MessageGone(NamedTuple):
    """The sound of a message that nobody has heard is no longer there."""

    visit: int


class CallbackRings(NamedTuple):
    """The phone of the person whom a callback was given to is being rung, on this leg."""

    offer: int
    phone_leg: Leg
    phone: str


class CallbackLifted(NamedTuple):
    """They lifted, and hear whom they are to call."""

    offer: int
    phone_leg: Leg


class CallbackCalls(NamedTuple):
    """They let it dial: the caller's telephone is being called, on `leg`."""

    offer: int
    phone_leg: Leg
    leg: Leg


class CallbackOver(NamedTuple):
    """What became of calling: Asterisk's DIALSTATUS, or SKIPPED where the person never let it dial.

    talked_ms: how long both could talk. sip: what the provider answered last, as SIP numbers it; 0: nothing;
    -1: not told.
    """

    offer: int
    phone_leg: Leg
    status: str
    talked_ms: int
    sip: int = -1


class ClockStepped(NamedTuple):
    """The wall clock was set by `by_ms` while we ran. Set ahead, engine time followed in one leap, and the
    link counts as down; set back, engine time runs slower until both agree."""

    by_ms: int


class Elapsed(NamedTuple):
    """Nothing else came until now: a deadline is due."""


class PolicyChanged(NamedTuple):
    """From here on this policy is in force. The journal keeps the value once, under its digest."""

    digest: str
    policy: Policy


class ShadowChanged(NamedTuple):
    """From here on this policy is asked too, and never obeyed; None: no longer."""

    digest: str
    policy: Policy | None


class TeamChanged(NamedTuple):
    """From here on these are the people. The journal keeps the value once, under its digest."""

    digest: str
    team: Team


class JournalGap(NamedTuple):
    """Sequence numbers from `first` to `last` were lost (a power cut) and are never used again."""

    first: int
    last: int


# --- the caller ---------------------------------------------------------------------------------------


class CallArrived(NamedTuple):
    """A caller was answered by the menu on hotline `line`."""

    leg: Leg
    line: str


UNKNOWN_CASE = "unknown"
"""The case of a caller who keyed in one that nobody knows."""


class CallerKnown(NamedTuple):
    """The vault's random token for the caller, and what is known under it. Never a number.

    owner: id of the person who has the case, or "". classes: priority classes, sorted.
    """

    leg: Leg
    token: str
    case: str
    owner: str
    classes: tuple[str, ...] = ()


class CaseEntered(NamedTuple):
    """The caller keyed in a case number; what is known of it follows as CallerKnown.

    case: "" since what is keyed goes beside the event (it may be the caller's own telephone number); the
    digits in journals of earlier releases.
    """

    leg: Leg
    case: str


class CaseAsked(NamedTuple):
    """The caller asked by number and PIN in what state their case is. became: one of routing.facts.CASE_LINE.
    Neither stands here; whose case it is follows as CallerKnown where they were right."""

    leg: Leg
    became: str


class PriorityGiven(NamedTuple):
    """A supervisor puts a waiting visit into a priority class, beside those it has."""

    visit: int
    name: str


class PriorityTaken(NamedTuple):
    """A supervisor takes a visit out of a priority class."""

    visit: int
    name: str


class VisitPlaced(NamedTuple):
    """A supervisor puts a waiting visit elsewhere in line. where: one of routing.steering.PLACES."""

    visit: int
    where: str


class NeedGiven(NamedTuple):
    """A supervisor gives a waiting visit another language or concern ("": as it is); both "": its own."""

    visit: int
    language: str
    concern: str


class PersonNamed(NamedTuple):
    """A supervisor keeps a waiting visit for this person alone, whatever they can do, as long as they are at
    work. "": for everybody again."""

    visit: int
    agent: str


class OfferedByHand(NamedTuple):
    """A supervisor offers a waiting visit to this free person now, whatever they can do."""

    visit: int
    agent: str


class OfferPulledBack(NamedTuple):
    """A supervisor takes an offer back before anybody talks; the visit waits again."""

    visit: int


class ListeningAllowed(NamedTuple):
    """The caller said by a key that a supervisor may be in their talks."""

    leg: Leg


class ListeningAsked(NamedTuple):
    """A supervisor wants to be in the talk of this visit. how: of routing.listening.HOW. reach: theirs."""

    visit: int
    how: str
    reach: Reach


class ListeningEnded(NamedTuple):
    """They are in it no more, or never came. listening: the command's id."""

    listening: int


SteersVisit = (
    PriorityGiven
    | PriorityTaken
    | VisitPlaced
    | NeedGiven
    | PersonNamed
    | OfferedByHand
    | OfferPulledBack
    | CallbackCancelled
    | ListeningAsked
)
"""What supervisors say of one visit."""


class LanguageChosen(NamedTuple):
    """The caller chose a language (or the menu gave up: "und")."""

    leg: Leg
    language: str


class ConcernChosen(NamedTuple):
    """The caller chose a concern (or the menu gave up: "other")."""

    leg: Leg
    concern: str


class CallWaiting(NamedTuple):
    """The caller stands in the hold context. Repeated freely; only the first one queues.

    arrived_ms and queued_ms are the channel's own times (whole seconds), used where the world has none.
    """

    leg: Leg
    language: str
    concern: str
    second: str
    arrived_ms: int
    queued_ms: int


class SecondLanguageAdded(NamedTuple):
    """The caller said by key that another language is fine too."""

    leg: Leg
    language: str


class SentencesAsked(NamedTuple):
    """The caller asked by key to hear again what was said on hold."""

    leg: Leg


class MenuAsked(NamedTuple):
    """The caller asked by key for the menus again, and keeps their place in line."""

    leg: Leg


class WentOutside(NamedTuple):
    """The caller is on the way outside by this rule of overflow ("" where that is not told)."""

    leg: Leg
    rule: str


class OutsideAnswered(NamedTuple):
    """Somebody outside answered this caller."""

    leg: Leg


class RecordingTold(NamedTuple):
    """The caller answered whether their talk may be recorded, or a recording began, paused, went on or ended.

    what: one of routing.facts.RECORDING. by: "caller" or "staff", "" where nobody pressed a key for it. step:
    its number in this call, from 1; 0 where it is not told. In journals of before (as RecordingRefused) only
    the leg is: there the caller objected.
    """

    leg: Leg
    what: str = "refused"
    by: str = "caller"
    step: int = 0


class Expected(NamedTuple):
    """What a waiting caller has to expect: with a chance of 80 % the remaining wait lies between low_ms and
    high_ms. high_ms: -1 where its end cannot be told. served: their chance in permille to be served before
    we close."""

    visit: int
    low_ms: int
    high_ms: int
    served: int


class WaitsExpected(NamedTuple):
    """The outlook on those who wait, from this event's time on."""

    expected: tuple[Expected, ...]


class AnnouncementSet(NamedTuple):
    """An emergency announcement is on from now on, or off (no sounds).

    sounds: sorted (language, name of a sound) pairs: every language of the centre and the undetermined one.
    ends_calls: whoever hears it is let go.
    """

    sounds: tuple[tuple[str, str], ...]
    ends_calls: bool


class AnnouncementHeard(NamedTuple):
    """The dialplan says the emergency announcement to a caller, by this sound."""

    leg: Leg
    sound: str


class DegradedEntered(NamedTuple):
    """The dialplan serves this caller by itself, since it heard nothing from us."""

    leg: Leg


class TurnedAway(NamedTuple):
    """The centre is closed: the caller hears so and is released."""

    leg: Leg
    language: str


class CallEnds(NamedTuple):
    """The dialplan's last word about a call, just before its caller's LegEnded: who ended it (of facts.BY_*).

    In journals of before (as HangupAsked) `by` is empty, and the leg is that of the side that hung up.
    """

    leg: Leg
    by: str = ""


class LegEnded(NamedTuple):
    """A leg is gone. cause: the Q.850 number the PBX gave, 0 if none. vanished: nobody hung up, the other
    side did not answer when it was asked whether it is there."""

    leg: Leg
    cause: int
    vanished: bool = False


# --- an offer on its way -----------------------------------------------------------------------------


class DialBegan(NamedTuple):
    """The PBX sends an INVITE to `phone` on behalf of `caller`; the phone's leg has a name now.

    offer: the id of the offer that it does so for; 0: the dialplan by itself, for a caller whom it serves
    alone; None: not told.
    """

    caller: Leg
    phone_leg: Leg
    phone: str
    offer: int | None = None


class PhoneRang(NamedTuple):
    """The phone said that it rings, or gave another sign of life before an answer (183, early media)."""

    phone_leg: Leg


class Bridged(NamedTuple):
    """Caller and phone are in one bridge: they can talk."""

    caller: Leg
    phone_leg: Leg
    phone: str


class InterpreterJoined(NamedTuple):
    """The interpreter is in the talk of `caller`."""

    caller: Leg


class InterpreterFailed(NamedTuple):
    """No interpreter could be brought into the talk of `caller`."""

    caller: Leg


class InterpreterLeft(NamedTuple):
    """The interpreter is gone from the talk of `caller`."""

    caller: Leg


class DialEnded(NamedTuple):
    """The dialplan's Dial is over and the caller is on the way back to hold.

    status: Asterisk's DIALSTATUS (ANSWER: answered, but the phone's side ended it at once), or STALE where
    acd-connect refused an old term, or TAKEN where the phone rang or was in use already.
    """

    leg: Leg
    offer: int
    status: str


class CallerCaught(NamedTuple):
    """A redirect met the caller between two steps of the dialplan: they are on hold, nothing was dialled."""

    leg: Leg


class CommandFailed(NamedTuple):
    """The PBX refused a command, or nobody knows whether it arrived."""

    command: int
    why: str


# --- the staff ---------------------------------------------------------------------------------------


class StaffAsked(NamedTuple):
    """A person (or a supervisor for them) asks for a change. what: login, logout, ready, notready,
    wrap_longer (the policy's wrap-up once more), wrap_over (it is done; presence stays as it is).

    agent: id of the person, or "" where `phone` names them (feature code). leg: the phone's leg that
    waits for a spoken confirmation, or None. reason: for notready, a code of the house.
    """

    agent: str
    phone: str
    what: str
    reason: str
    leg: Leg | None
    node: str = ""


class SkillsLent(NamedTuple):
    """A supervisor says what a person can do until until_ms (epoch ms), whatever the roster says; 0: it is as
    the roster says again. languages, concerns: as in agents.model.Agent."""

    agent: str
    languages: tuple[tuple[str, int], ...]
    concerns: tuple[tuple[str, int], ...]
    until_ms: int


class SetByHand(NamedTuple):
    """A supervisor sets something for the whole hotline until until_ms (epoch ms; 0: until it is undone).
    what, of, how: see routing.by_hand.HOW."""

    what: str
    of: str
    how: str
    until_ms: int


class QuietAsked(NamedTuple):
    """A person takes one call in so many minutes at most from now on, until they log out. It counts from the
    end of their last talk. 0: they take as many as come."""

    agent: str
    minutes: int


class HandlingClosed(NamedTuple):
    """What a person says of a visit that they handle or handled lately; said again, the last counts.

    outcome: a code of the house. note, case: references. "" for none.
    """

    visit: int
    agent: str
    outcome: str
    note: str
    case: str


class HandedOver(NamedTuple):
    """A person leaves a follow-up of a visit that they handle or handled lately on a colleague's desk."""

    visit: int
    agent: str
    to: str
    note: str


class HandoverDone(NamedTuple):
    """That follow-up is done, says who has it or who left it."""

    handover: int
    agent: str


class ThreatTold(NamedTuple):
    """A person was threatened on a visit that they handle or handled lately. note: a reference, or "".

    block_ms: so long this caller is not served; 0: they are.
    """

    visit: int
    agent: str
    note: str
    block_ms: int


class ThreatSeen(NamedTuple):
    """A supervisor sees to the threat that was told on this visit."""

    visit: int


class TokenUnblocked(NamedTuple):
    """The caller who was blocked on this visit is served again."""

    visit: int


class DeviceChanged(NamedTuple):
    """The state of a phone of `node` as Asterisk names it: NOT_INUSE, INUSE, BUSY, RINGING, RINGINUSE,
    ONHOLD, UNAVAILABLE, INVALID, UNKNOWN."""

    phone: str
    state: str
    node: str = ""


class PhoneLost(NamedTuple):
    """A phone of `node` does not answer the PBX any more, whatever calls stand on it."""

    phone: str
    node: str = ""


Event = (
    TermBegan
    | LinkDown
    | LedgerRead
    | PbxSnapshot
    | ClockStepped
    | Elapsed
    | PolicyChanged
    | ShadowChanged
    | TeamChanged
    | JournalGap
    | CallArrived
    | CallerKnown
    | CaseEntered
    | CaseAsked
    | ListeningAllowed
    | ListeningAsked
    | ListeningEnded
    | PriorityGiven
    | PriorityTaken
    | VisitPlaced
    | NeedGiven
    | PersonNamed
    | OfferedByHand
    | OfferPulledBack
    | LanguageChosen
    | ConcernChosen
    | CallWaiting
    | SecondLanguageAdded
    | SentencesAsked
    | MenuAsked
    | CallbackAsked
    | CallbackWished
    | CallbackGiven
    | MessageLeft
    | CallbackCancelled
    | CallbackRings
    | CallbackLifted
    | CallbackCalls
    | CallbackOver
    | MessageGone
    | WaitsExpected
    | AnnouncementSet
    | AnnouncementHeard
    | RecordingTold
    | WentOutside
    | OutsideAnswered
    | DegradedEntered
    | TurnedAway
    | CallEnds
    | LegEnded
    | DialBegan
    | PhoneRang
    | Bridged
    | InterpreterJoined
    | InterpreterFailed
    | InterpreterLeft
    | DialEnded
    | CallerCaught
    | CommandFailed
    | StaffAsked
    | SkillsLent
    | SetByHand
    | QuietAsked
    | HandlingClosed
    | HandedOver
    | HandoverDone
    | ThreatTold
    | ThreatSeen
    | TokenUnblocked
    | DeviceChanged
    | PhoneLost
)

KINDS: dict[str, type] = {kind.__name__: kind for kind in Event.__args__} | {
    "RosterChanged": TeamChanged,
    "HangupAsked": CallEnds,
    "RecordingRefused": RecordingTold,
}
"""Journal name -> class; the last ones are names of before."""

VERSION: dict[str, int] = dict.fromkeys(KINDS, 1) | {
    "CallbackOver": 2,
    "CallbackWished": 2,
    "DialBegan": 2,
    "LedgerRead": 5,
    "LegEnded": 2,
    "PbxSnapshot": 2,
    "StaffAsked": 2,
}
"""Schema version under which each kind is written today."""


class Envelope(NamedTuple):
    """An event as it stands in the journal.

    seq: unique, rising, given by the writer. term: the leadership term it was written under.
    at_ms: when it happened in engine time, never falling. actor: "person:ID", "phone:ID",
    "program:NAME", "pbx" or "daemon". reason: what a person gave as reason, or "". cause: seq of the
    event that led to this, 0 if none.
    """

    seq: int
    term: int
    at_ms: int
    actor: str
    reason: str
    cause: int
    event: Event
