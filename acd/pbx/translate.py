"""Between the PBX's words and ours: a frame becomes events, a command becomes AMI actions.

Only the fields named here are copied. A caller's number leaves beside the event, for the vault, and so does
what a caller keys in, which may be a number; channel names, which can hold numbers, become ids.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from acd.pbx import calling, case_line, listening, message, outside
from acd.pbx.announcing import ASKED, LEFT, Draft
from acd.pbx.emergency import ENDPOINT
from acd.ports import Arrival, Asked, CaseAsk
from agents.model import UNDETERMINED
from routing import events as ev
from routing.commands import (
    PHONE_LOST,
    AnswerCallback,
    CallBack,
    CallInterpreter,
    CancelCallback,
    Command,
    Confirm,
    Connect,
    EndListening,
    Listen,
    Say,
    SendOutside,
    SetAnnouncement,
    SetFallback,
    SetHours,
    TurnAway,
    Withdraw,
)
from routing.events import Leg
from routing.facts import BY_CALLER, BY_PBX, BY_STAFF, ENDED_BY, RECORDING, REFUSED
from routing.trunk import told as sip_told

STATUS_VARIABLES = (
    "ACD_CALL",
    "ACD_AT",
    "ACD_LANG",
    "ACD_CONCERN",
    "ACD_SECOND",
    "ACD_ARRIVED",
    "ACD_QUEUED",
    "ACD_OFFER",
    "ACD_ANSWERED",
    "ACD_CALLBACK",
)
"""What the Status action is asked for, so that callers can be adopted from the PBX alone."""

REQUEST_TIMEOUT = "408"
"""The SIP stack's own word where the other side answers no more (a session timer ran out)."""

BRIDGES_MAX = 2_000
"""Bridges without a talk that are remembered; the oldest is forgotten first."""

CONTEXTS = frozenset(
    {
        "acd-entry",
        "acd-language",
        "acd-concern",
        "acd-hold",
        "acd-connect",
        "acd-degraded",
        "acd-closed",
        "acd-outside",
        "acd-promised",
    }
)
"""Where a caller can stand. Asked in any other one of ours, they are where their ACD_AT says."""

PLACES = {
    "menu": "acd-entry",
    "hold": "acd-hold",
    "connect": "acd-connect",
    "degraded": "acd-degraded",
    "closed": "acd-closed",
    "outside": "acd-outside",
    "promised": "acd-promised",
}
"""ACD_AT -> context. A caller's own subroutine or include is where they were when they went into it."""

FILE = re.compile(r"[0-9]{1,12}\.[0-9]{1,12}-message")

SIGNS_OF_LIFE = frozenset({"RINGING", "PROGRESS", "PROCEEDING"})
"""DialState of a phone that answered an INVITE with something: 180; 183, or early media with either; 100 is
not told (see acd/pbx/signs.py)."""

SENTENCES = {"": "s", PHONE_LOST: "lost"}
"""Extension of acd-hold that says it."""

DRAFT = "ACDDraft"
ASKS = "ACDCallback"
TOLD_FOR_OTHERS = frozenset({"ACDSays", DRAFT, ASKS, case_line.EVENT})
"""Our own UserEvents that decide nothing: for logs and tests, for who keeps recorded announcements, and for
who finds out whether a number may be called or a case told."""

LISTENS = "Mithoeren"
"""On the display of a phone that is put into a talk."""
CALLS_BACK = "RR"
"""Before the language and concern on the display of a phone that is to call back (Rückruf)."""
RINGS_AT_MOST_MS = 120_000
"""So long Asterisk itself lets a phone ring for a callback; the engine takes it back sooner."""

MADE = "made_"
"""How the names of sounds begin that are made while Asterisk runs (acd.pbx.sounds)."""

PBX = "pbx"

Action = Mapping[str, str]


class Frame(Protocol):
    """What translation needs of an AMI frame: headers by name, case-insensitive."""

    def get(self, name: str, default: str = "") -> str: ...

    def all(self, name: str) -> Iterable[str]: ...


def _word(text: str) -> str:
    """A code of ours (language, concern): letters, digits, _ and -, 40 at most; else nothing."""
    word = text.strip()
    ours = word.replace("_", "").replace("-", "").isalnum() and word.isascii()
    return word if ours and len(word) <= 40 else ""


def _sound(path: str) -> str:
    """The name of a sound by the file that the dialplan plays; "" if it is none of ours."""
    name = path.rpartition("/")[2]
    return name if name.replace("_", "").isalnum() and name.isascii() and len(name) <= 80 else ""


def _file(name: str) -> str:
    """The name of a message's file: its caller's Uniqueid, and what it is."""
    return name if FILE.fullmatch(name) else ""


def _shown(text: str) -> str:
    """What a display takes: letters, digits and what stands between words."""
    return "".join(each for each in text if each.isalnum() or each in " .-")[:40]


def _int(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else 0


def _dialled_for(frame: Frame) -> int | None:
    """The offer of a DialBegin: its caller stands in acd-connect at OFFER*TERM*PHONE, or is served alone."""
    context = frame.get("Context")
    if context == "acd-connect":
        return _int(frame.get("Exten").partition("*")[0]) or None
    return 0 if context == "acd-degraded" else None


def _who(text: str) -> str:
    """Who ended a call, in our words; the PBX if it is none of them."""
    return text if text in ENDED_BY else BY_PBX


def _endpoint(channel: str) -> str:
    """The PJSIP endpoint of a channel name like PJSIP/p01-0000000a; "" for any other technology."""
    technology, _, rest = channel.partition("/")
    return rest.rpartition("-")[0] if technology == "PJSIP" else ""


def _helper(frame: Frame) -> bool:
    """Whether a frame is about a channel that is no telephone: one of Asterisk's own."""
    return not frame.get("Channel", "PJSIP/").startswith("PJSIP/")


def _outside(channel: str) -> bool:
    """Whether a channel leads to somebody outside: it is no phone of ours, and serves no visit."""
    return _endpoint(channel).startswith(outside.ENDPOINT)


class Entered(NamedTuple):
    """A leg in a bridge where no talk has begun yet. phone: "" for a caller's leg."""

    leg: Leg
    phone: str
    caller: Leg


class Translator:
    """Translates for one PBX. Holds nothing but the half-filled bridges of calls being connected.

    made: the folder, as Asterisk sees it, of sounds that are made while it runs. short: what a concern is
    called on a phone's display.
    """

    def __init__(
        self,
        node: str,
        trunk: str = "trunk",
        made: str = "",
        short: Callable[[str], str] = lambda concern: concern,
    ) -> None:
        self._node = node
        self._trunk = trunk
        self._made = made
        self._short = short
        self._bridges: dict[str, Entered] = {}
        self.strange: dict[str, int] = {}
        self._by_event: dict[str, Callable[[Frame], list[Arrival]]] = {
            "UserEvent": self._user_event,
            "Hangup": self._hangup,
            "DialBegin": self._dial_begin,
            "DialState": self._dial_state,
            "BridgeEnter": self._bridge_enter,
            "BridgeLeave": self._bridge_leave,
            "DeviceStateChange": self._device,
            "ContactStatus": self._contact,
        }
        self._by_user_event: dict[str, Callable[[Frame], ev.Event]] = {
            "ACDEntry": lambda f: ev.CallArrived(self._call(f), f.get("Line")[:40]),
            "ACDLanguage": lambda f: ev.LanguageChosen(self._call(f), _word(f.get("Lang"))),
            "ACDConcern": lambda f: ev.ConcernChosen(self._call(f), _word(f.get("Concern"))),
            "ACDWaiting": self._waiting,
            "ACDSecond": lambda f: ev.SecondLanguageAdded(self._call(f), _word(f.get("Lang"))),
            "ACDCase": lambda f: ev.CaseEntered(self._call(f), ""),
            listening.EVENT: lambda f: ev.ListeningAllowed(self._call(f)),
            "ACDAgain": lambda f: ev.SentencesAsked(self._call(f)),
            "ACDMenu": lambda f: ev.MenuAsked(self._call(f)),
            "ACDTells": lambda f: ev.AnnouncementHeard(self._call(f), _sound(f.get("Sound"))),
            "ACDRecord": self._recording,
            "ACDDegraded": lambda f: ev.DegradedEntered(self._call(f)),
            "ACDClosed": lambda f: ev.TurnedAway(self._call(f), _word(f.get("Lang"))),
            "ACDAfterDial": lambda f: ev.DialEnded(
                self._call(f), _int(f.get("Offer")), _word(f.get("Status"))
            ),
            "ACDStale": lambda f: ev.DialEnded(self._call(f), _int(f.get("Offer")), "STALE"),
            "ACDCaught": lambda f: ev.CallerCaught(self._call(f)),
            "ACDEnds": lambda f: ev.CallEnds(self._call(f), _who(f.get("By"))),
            "ACDStaff": self._staff,
            "ACDMessage": lambda f: ev.MessageLeft(self._call(f), _file(f.get("File"))),
            "ACDOutside": lambda f: ev.WentOutside(self._call(f), _word(f.get("Rule"))),
            "ACDOutsideAnswered": lambda f: ev.OutsideAnswered(self._call(f)),
            "ACDLifted": lambda f: ev.CallbackLifted(_int(f.get("Offer")), self._call(f)),
            "ACDCalls": lambda f: ev.CallbackCalls(_int(f.get("Offer")), self._call(f), self._leg(f, "Leg")),
            "ACDCalledBack": lambda f: ev.CallbackOver(
                _int(f.get("Offer")),
                self._call(f),
                _word(f.get("Status")),
                _int(f.get("Talked")),
                sip_told(f.get("Sip")),
            ),
        }

    # --- in ------------------------------------------------------------------------------------------

    def events(self, frame: Frame) -> list[Arrival]:
        """What a frame means to us: usually nothing or one event. Never raises for bad content."""
        make = self._by_event.get(frame.get("Event"))
        return make(frame) if make is not None else []

    def draft(self, frame: Frame) -> Draft | None:
        """What a phone asks for an announcement it recorded; None: the frame is about something else."""
        if frame.get("Event") != "UserEvent" or frame.get("UserEvent") != DRAFT:
            return None
        name, language, do = (_word(frame.get(each)) for each in ("Draft", "For", "Do"))
        phone = _word(frame.get("Phone"))
        if not (name and language and phone) or do not in ASKED:
            self._strange(f"UserEvent {DRAFT}")
            return None
        return Draft(name, language, do, phone, frame.get("Leg")[:80])

    def asked(self, frame: Frame) -> Asked | None:
        """Who asks on the line to be called back; None: the frame is about something else."""
        if frame.get("Event") != "UserEvent" or frame.get("UserEvent") != ASKS or not frame.get("Call"):
            return None
        number = frame.get("Number") or frame.get("CallerIDNum")
        return Asked(self._call(frame), "" if number == "<unknown>" else number[:64])

    def case_asked(self, frame: Frame) -> CaseAsk | None:
        """Who asks on the line for the state of a case; None: the frame is about something else."""
        ours = frame.get("Event") == "UserEvent" and frame.get("UserEvent") == case_line.EVENT
        if not ours or not frame.get("Call"):
            return None
        return CaseAsk(self._call(frame), frame.get("Step") == case_line.KEYED)

    def legs(self, status: Iterable[Frame]) -> tuple[ev.LegSeen, ...]:
        """The answer to Status: every channel but helpers."""
        return tuple(
            self._leg_seen(each)
            for each in status
            if each.get("Event") == "Status" and not _helper(each) and not _outside(each.get("Channel"))
        )

    def snapshot(
        self, legs: tuple[ev.LegSeen, ...], devices: Iterable[Frame], asked_ms: int, linkup: bool
    ) -> ev.PbxSnapshot:
        """What there is, with the answer to DeviceStateList, as one event."""
        states = {
            each.get("Device").removeprefix("PJSIP/"): _word(each.get("State"))
            for each in devices
            if each.get("Event") == "DeviceStateChange" and each.get("Device").startswith("PJSIP/")
        }
        if linkup:
            self._take_up(legs)
        return ev.PbxSnapshot(asked_ms, linkup, legs, tuple(sorted(states.items())), self._node)

    def _take_up(self, legs: Iterable[ev.LegSeen]) -> None:
        """Who stood alone in a bridge when the link came up: the other may enter next. Between two snapshots
        of one link the events have told all that, and a snapshot would only be older than they are."""
        self._bridges.clear()
        together: dict[str, list[ev.LegSeen]] = {}
        for leg in legs:
            if leg.bridge:
                together.setdefault(leg.bridge, []).append(leg)
        for bridge, there in together.items():
            if len(there) == 1:
                self._bridges[bridge] = Entered(there[0].leg, there[0].phone, there[0].caller)

    def _leg(self, frame: Frame, header: str = "Uniqueid") -> Leg:
        return Leg(self._node, frame.get(header)[:80])

    def _call(self, frame: Frame) -> Leg:
        return self._leg(frame, "Call")

    def _strange(self, what: str) -> None:
        if what in self.strange or len(self.strange) < 100:
            self.strange[what] = self.strange.get(what, 0) + 1

    def _user_event(self, frame: Frame) -> list[Arrival]:
        name = frame.get("UserEvent")
        if name in TOLD_FOR_OTHERS:
            return []
        make = self._by_user_event.get(name)
        if make is None or not (frame.get("Call") or frame.get("Phone")):
            self._strange(f"UserEvent {_word(name)}")
            return []
        event = make(frame)
        if isinstance(event, ev.StaffAsked):
            return [Arrival(event, f"phone:{event.phone}")]
        number = frame.get("CallerIDNum")[:64] if isinstance(event, ev.CallArrived) else ""
        keyed = _word(frame.get("Case")) if isinstance(event, ev.CaseEntered) else ""
        return [Arrival(event, PBX, number="" if number == "<unknown>" else number, keyed=keyed)]

    def _staff(self, frame: Frame) -> ev.StaffAsked:
        phone, action = _word(frame.get("Phone")), _word(frame.get("Action"))
        return ev.StaffAsked("", phone, action, "", self._leg(frame, "Leg"), self._node)

    def _recording(self, frame: Frame) -> ev.RecordingTold:
        """A word that is none of ours is a no: so the dialplan of before says that the caller objects."""
        what, by = frame.get("What"), frame.get("By")
        if what not in RECORDING:
            return ev.RecordingTold(self._call(frame), REFUSED, BY_CALLER)
        side = by if by in (BY_CALLER, BY_STAFF) else ""
        return ev.RecordingTold(self._call(frame), what, side, _int(frame.get("Step")))

    def _waiting(self, frame: Frame) -> ev.CallWaiting:
        return ev.CallWaiting(
            self._call(frame),
            _word(frame.get("Lang")) or UNDETERMINED,
            _word(frame.get("Concern")) or "other",
            _word(frame.get("Second")),
            _int(frame.get("Arrived")) * 1000,
            _int(frame.get("Queued")) * 1000,
        )

    def _hangup(self, frame: Frame) -> list[Arrival]:
        if _helper(frame):
            return []
        if listens := listening.listening_of(frame.get("Uniqueid")):
            return [Arrival(ev.ListeningEnded(listens), PBX), Arrival(ev.LegEnded(self._leg(frame), 0), PBX)]
        vanished = frame.get("TechCause") == REQUEST_TIMEOUT
        return [Arrival(ev.LegEnded(self._leg(frame), _int(frame.get("Cause")), vanished), PBX)]

    def _dial_begin(self, frame: Frame) -> list[Arrival]:
        phone = _endpoint(frame.get("DestChannel"))
        if offer := calling.offer_of(frame.get("DestUniqueid")):
            return [Arrival(ev.CallbackRings(offer, self._leg(frame, "DestUniqueid"), phone), PBX)]
        by_a_phone = _endpoint(frame.get("Channel")) not in ("", self._trunk)
        ours = phone not in ("", self._trunk) and not _outside(frame.get("DestChannel"))
        if not ours or by_a_phone or not frame.get("Uniqueid"):
            return []
        event = ev.DialBegan(self._leg(frame), self._leg(frame, "DestUniqueid"), phone, _dialled_for(frame))
        return [Arrival(event, PBX)]

    def _dial_state(self, frame: Frame) -> list[Arrival]:
        if frame.get("DialStatus") not in SIGNS_OF_LIFE or not frame.get("DestUniqueid"):
            return []
        return [Arrival(ev.PhoneRang(self._leg(frame, "DestUniqueid")), PBX)]

    def _bridge_enter(self, frame: Frame) -> list[Arrival]:
        """A talk is known when caller and phone are both there, whoever was first.

        The bridge says who is connected; the phone's Linkedid names the caller where nobody else does.
        """
        channel = _endpoint(frame.get("Channel"))
        if not channel:
            return []
        if _outside(frame.get("Channel")):
            self._bridges.pop(frame.get("BridgeUniqueid"), None)
            return []
        bridge, leg = frame.get("BridgeUniqueid"), self._leg(frame)
        phone = "" if channel == self._trunk else channel
        came = Entered(leg, phone, self._leg(frame, "Linkedid") if phone else leg)
        there = self._bridges.pop(bridge, None)
        if frame.get("BridgeNumChannels") == "2":
            if phone and there is not None and there.phone:
                return []  # two phones, or one that calls for help
            if phone:
                caller = there.leg if there is not None and not there.phone else came.caller
                return [Arrival(ev.Bridged(caller, leg, phone), PBX)]
            if there is not None and there.phone:
                return [Arrival(ev.Bridged(leg, there.leg, there.phone), PBX)]
            return []
        if frame.get("BridgeNumChannels") == "1":
            if len(self._bridges) >= BRIDGES_MAX:
                self._bridges.pop(next(iter(self._bridges)))
            self._bridges[bridge] = came
        return []

    def _bridge_leave(self, frame: Frame) -> list[Arrival]:
        self._bridges.pop(frame.get("BridgeUniqueid"), None)
        return []

    def _device(self, frame: Frame) -> list[Arrival]:
        device = frame.get("Device")
        if not device.startswith("PJSIP/"):
            return []
        phone = device.removeprefix("PJSIP/")
        if phone == self._trunk or phone.startswith((ENDPOINT, outside.ENDPOINT)):
            return []
        return [Arrival(ev.DeviceChanged(phone[:40], _word(frame.get("State")), self._node), PBX)]

    def _contact(self, frame: Frame) -> list[Arrival]:
        """Qualify's word on a phone. It comes while the phone talks too, when its device is only INUSE. A
        contact that is Removed was replaced by a newer one, mostly of the same phone, which lives."""
        phone = frame.get("AOR") or frame.get("EndpointName")
        if frame.get("ContactStatus") != "Unreachable" or not phone or phone == self._trunk:
            return []
        return [Arrival(ev.PhoneLost(phone[:40], self._node), PBX)]

    def _leg_seen(self, frame: Frame) -> ev.LegSeen:
        known: dict[str, str] = {}
        for header in ("Variable", "ChanVariable"):
            for pair in frame.all(header):
                name, _, value = pair.partition("=")
                known[name] = "" if value == "(null)" else value
        phone = _endpoint(frame.get("Channel"))
        leg = self._leg(frame)
        context = frame.get("Context")[:40]
        if context not in CONTEXTS and known.get("ACD_CALL") == leg.uid:
            context = PLACES.get(known.get("ACD_AT", ""), context)
        linked = self._leg(frame, "Linkedid")
        return ev.LegSeen(
            leg=leg,
            caller=linked if linked.uid else leg,
            phone="" if phone == self._trunk else phone,
            context=context,
            bridge=frame.get("BridgeID")[:80],
            up=frame.get("ChannelStateDesc") == "Up",
            language=_word(known.get("ACD_LANG", "")),
            concern=_word(known.get("ACD_CONCERN", "")),
            second=_word(known.get("ACD_SECOND", "")),
            arrived_ms=_int(known.get("ACD_ARRIVED", "")) * 1000,
            queued_ms=_int(known.get("ACD_QUEUED", "")) * 1000,
            offer=_int(known.get("ACD_OFFER", "")),
            answered_ms=_int(known.get("ACD_ANSWERED", "")) * 1000,
            callback=calling.offer_of(leg.uid) or _int(known.get("ACD_CALLBACK", "")),
            listening=listening.listening_of(leg.uid),
        )

    # --- out -----------------------------------------------------------------------------------------

    def actions(self, command: Command) -> list[Action]:
        """The AMI actions of a command, in order."""
        if isinstance(command, Connect):
            extension = f"{command.id}*{command.term}*{command.reach.address}"
            return [self._redirect(command.caller, "acd-connect", extension)]
        if isinstance(command, Withdraw):
            return [self._redirect(command.caller, "acd-hold", SENTENCES.get(command.sentence, "s"))]
        if isinstance(command, Confirm):
            answer = "ok" if command.accepted else "refused"
            return [self._set("ACD_ACK", answer, command.leg.uid)]
        if isinstance(command, Say):
            sounds = "&".join(self._file(each) for each in command.sentences)
            actions = [self._set("ACD_SAY", sounds, command.caller.uid)]
            if command.at_once:
                actions.append(self._redirect(command.caller, "acd-hold", "s"))
            return actions
        if isinstance(command, TurnAway):
            return [self._redirect(command.caller, "acd-closed", command.sentence or "s")]
        if isinstance(command, SendOutside):
            return [self._redirect(command.caller, "acd-outside", outside.extension(command.destination))]
        if isinstance(command, AnswerCallback):
            return [self._set("ACD_ACK", command.answer, command.caller.uid)]
        if isinstance(command, CancelCallback):
            return [{"Action": "Hangup", "Channel": calling.channel_id(command.offer)}]
        if isinstance(command, Listen):
            return [self._listen(command)]
        if isinstance(command, EndListening):
            return [{"Action": "Hangup", "Channel": listening.channel_id(command.listening)}]
        if isinstance(command, CallBack):
            return []  # see originate: its number is looked up first
        if isinstance(command, CallInterpreter):
            return []  # the person is told on the page; the conference is not built yet
        if isinstance(command, SetAnnouncement):
            return self._announcement(command)
        if isinstance(command, SetHours):
            return self._hours(command)
        return self._globals(command)

    def originate(self, command: CallBack, number: str) -> Action:
        """The action of a callback, once its number is known."""
        call = calling.channel_id(command.id)
        known = {
            "ACD_CALL": call,
            "ACD_OFFER": str(command.id),
            "ACD_VISIT": str(command.visit),
            "ACD_ASKED_IN": str(command.term),
            "ACD_LANG": _word(command.language),
            "ACD_CONCERN": _word(command.concern),
            "ACD_CASE": _word(command.case),
            "ACD_TO": number,
            "ACD_FILE": _file(command.message),
        }
        tongue = "--" if command.language == UNDETERMINED else _word(command.language).upper()
        return {
            "Action": "Originate",
            "Channel": f"PJSIP/{command.reach.address}",
            "Context": calling.CONTEXT,
            "Exten": "s",
            "Priority": "1",
            "Async": "true",
            "Timeout": str(RINGS_AT_MOST_MS),
            "ChannelId": call,
            "CallerID": f'"{CALLS_BACK} {tongue} {_shown(self._short(command.concern))}" <{calling.NOBODY}>',
            "Variable": ",".join(f"{name}={value}" for name, value in known.items()),
        }

    def _listen(self, command: Listen) -> Action:
        options = listening.OPTIONS + listening.ALSO.get(command.how, "")
        return {
            "Action": "Originate",
            "Channel": f"PJSIP/{command.reach.address}",
            "Application": "ChanSpy",
            "Data": f"{command.leg.uid},{options}",
            "Async": "true",
            "Timeout": str(RINGS_AT_MOST_MS),
            "ChannelId": listening.channel_id(command.id),
            "CallerID": f'"{LISTENS}" <{calling.NOBODY}>',
        }

    def refused(self, leg: Leg, answer: str) -> Action:
        """The action that tells who asked to be called back why they are not."""
        return self._set("ACD_ACK", answer, leg.uid)

    def case_told(self, leg: Leg, answer: str) -> Action:
        """The action that answers who asks for the state of a case."""
        return self._set(case_line.ANSWER, _word(answer), leg.uid)

    def answer(self, leg: str, accepted: bool) -> Action:
        """The action that answers a phone which waits for it (announcing)."""
        return self._set("ACD_ACK", "ok" if accepted else "refused", leg)

    def taken(self) -> Action:
        """The action that says that what the dialplan left is known."""
        return self._set(LEFT, "")

    def beat(self, count: int) -> Action:
        """The action that tells the dialplan that somebody decides."""
        return self._set("ACD_ALIVE", str(count))

    def _redirect(self, leg: Leg, context: str, extension: str) -> Action:
        return {
            "Action": "Redirect",
            "Channel": leg.uid,
            "Context": context,
            "Exten": extension,
            "Priority": "1",
        }

    def _set(self, name: str, value: str, channel: str = "") -> Action:
        action = {"Action": "Setvar", "Variable": name, "Value": value}
        return action | {"Channel": channel} if channel else action

    def _file(self, sound: str) -> str:
        """Where a sound lies: those made at run time in a folder of their own, all others with their
        language's."""
        return f"{self._made}/{sound}" if sound.startswith(MADE) else f"acd/{sound}"

    def _announcement(self, command: SetAnnouncement) -> list[Action]:
        """The last one makes it so."""
        actions = [self._set(f"ACD_TELLS_{code}", self._file(sound)) for code, sound in command.sounds]
        actions.append(self._set("ACD_TELLS_END", "1" if command.ends_calls else ""))
        return [*actions, self._set("ACD_TELLS", "1" if command.sounds else "")]

    def _hours(self, command: SetHours) -> list[Action]:
        """See acd.pbx.opening_hours. The last one makes it so. What is no code of ours is nobody's."""
        whose = [(*each.partition("/")[::2], how) for each, how in command.hours]
        ours = [each for each in whose if (_word(each[0]), _word(each[1])) == each[:2]]
        words = [f"{language}_{concern}={how}" for language, concern, how in ours]
        words += ["drain"] if command.drains else []
        until_s = -(-command.until_ms // 1000)
        said = f"-{'-'.join(words)}-" if words else ""
        return [self._set("ACD_HAND_UNTIL", str(until_s)), self._set("ACD_HAND", said)]

    def _globals(self, command: SetFallback) -> list[Action]:
        actions = [self._set("ACD_TERM", str(command.term))]
        for language, phones in command.phones:
            name = f"ACD_PHONES_{language}" if language else "ACD_PHONES"
            actions.append(self._set(name, ",".join(phones)))
        actions.append(self._set(message.FULL, "1" if command.full else ""))
        return actions
