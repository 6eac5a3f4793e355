"""A telephone system of memory that speaks AMI over TCP: callers and phones without SIP, as many as needed.

It says what Asterisk says, in Asterisk's order; tests/contract holds both to it.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from acd.pbx.contexts import PLAN
from acd.pbx.marks import Marks
from tests.fakes.ami import Action, FakeAmi

BUSY = ("BUSY", 17)
DECLINED = ("CHANUNAVAIL", 21)
NO_ANSWER = ("NOANSWER", 0)
REFUSALS = {486: BUSY, 603: DECLINED}


@dataclass
class Phone:
    """How a phone behaves: rings so long, then answers, or refuses at once; talks so long, or for ever.

    silent_ms: how long it says nothing before it rings.
    """

    answer_ms: int = 0
    talk_ms: int | None = None
    refuse: int = 0
    state: str = "NOT_INUSE"
    silent_ms: int = 0


@dataclass
class Channel:
    """A caller, and the phone's leg they are connected with or that rings for them."""

    uid: str
    variables: dict[str, str] = field(default_factory=dict)
    context: str = "acd-hold"
    phone: str = ""
    phone_uid: str = ""
    bridge: str = ""
    dial: int = 0


class FakePbx(FakeAmi):
    """Callers come by `caller`; what the daemon asks for is done as the dialplan would."""

    def __init__(self, phones: Sequence[str], short_talk_ms: int = 0) -> None:
        super().__init__(self._do)
        self._short_talk_ms = short_talk_ms
        self.phones = {name: Phone(state="UNAVAILABLE") for name in phones}
        self.calls: dict[str, Channel] = {}
        self.globals: dict[str, str] = {}
        self._files = {"ACD_PLAN": str(PLAN)}
        self.torn: list[str] = []
        self.talks = 0
        self._uids = (f"17{i:08}.{i}" for i in itertools.count(1))
        self._ring_s = 15.0
        self._quiet = asyncio.Event()

    # --- the world outside ---------------------------------------------------------------------------

    def runs_on(self, made_of: Marks) -> None:
        """These are the files that it was started with."""
        self._files |= {"ACD_FILES": made_of.files, "ACD_STARTED": made_of.started}

    def register(self, name: str, phone: Phone) -> None:
        """A phone is there and behaves like this."""
        self.phones[name] = phone
        self._device(name, "NOT_INUSE")

    def caller(self, language: str, concern: str, number: str = "") -> Channel:
        """Somebody called, chose, and is on hold."""
        call = Channel(next(self._uids))
        self.calls[call.uid] = call
        call.variables |= {"ACD_LANG": language, "ACD_CONCERN": concern, "ACD_QUEUED": "1700000000"}
        self._user(call, "ACDEntry", Line="line", CallerIDNum=number)
        self._user(call, "ACDLanguage", Lang=language)
        self._user(call, "ACDConcern", Concern=concern)
        self._hold(call)
        return call

    def hang_up(self, call: Channel) -> None:
        """The caller leaves."""
        self._end_phone(call, 26 if not call.bridge else 16)
        self._gone(call, 16, "caller")

    async def quiet(self) -> None:
        """Until nobody is left."""
        while self.calls:
            self._quiet.clear()
            await self._quiet.wait()

    # --- what the daemon asks for --------------------------------------------------------------------

    def _do(self, action: Action, _: FakeAmi) -> None:
        key, name = action["ActionID"], action["Action"]
        if name == "Setvar":
            if not action.get("Channel"):
                self.globals[action["Variable"]] = action["Value"]
            self.say(Response="Success", ActionID=key)
        elif name == "Status":
            self._list(key, "Status", [self._row(*each) for each in self._rows()])
        elif name == "DeviceStateList":
            rows = [[("Device", f"PJSIP/{each}"), ("State", p.state)] for each, p in self.phones.items()]
            self._list(key, "DeviceStateChange", rows)
        elif name == "DBGetTree":
            self._list(key, "DBGetTree", [])
        elif name == "Getvar":
            value = self._files.get(action.get("Variable", ""), "")
            self.say(Response="Success" if value else "Error", ActionID=key, Value=value)
        elif name == "Redirect":
            self._redirect(action)

    def _list(self, key: str, event: str, rows: Sequence[Sequence[tuple[str, str]]]) -> None:
        self.say(Response="Success", ActionID=key, EventList="start")
        for row in rows:
            pairs = [("Event", event), ("ActionID", key), *row]
            self.send("".join(f"{name}: {value}\r\n" for name, value in pairs).encode() + b"\r\n")
        self.say(Event=f"{event}Complete", ActionID=key, EventList="Complete", ListItems=str(len(rows)))

    def _rows(self) -> list[tuple[Channel, bool]]:
        found = [(call, False) for call in self.calls.values()]
        return found + [(call, True) for call in self.calls.values() if call.phone_uid]

    def _row(self, call: Channel, phone: bool) -> list[tuple[str, str]]:
        return [
            ("Channel", f"PJSIP/{call.phone if phone else 'trunk'}-{call.uid}"),
            ("Uniqueid", call.phone_uid if phone else call.uid),
            ("Linkedid", call.uid),
            ("Context", call.context),
            ("BridgeID", call.bridge),
            ("ChannelStateDesc", "Up"),
            *(("Variable", f"{name}={value}") for name, value in call.variables.items()),
        ]

    def _redirect(self, action: Action) -> None:
        key, call = action["ActionID"], self.calls.get(action["Channel"])
        if call is None:
            self.say(Response="Error", ActionID=key, Message="Channel does not exist")
            return
        self.say(Response="Success", ActionID=key, Message="Redirect successful")
        if call.bridge:
            self.torn.append(call.uid)
        self._end_phone(call, 16)
        call.dial += 1
        if action["Context"] != "acd-connect":
            self._hold(call)
            return
        offer, term, phone = action["Exten"].split("*")
        if int(term) < int(self.globals.get("ACD_TERM", "0")):
            self._user(call, "ACDStale", Offer=offer, Term=term)
            self._hold(call)
            return
        call.context = "acd-connect"
        call.variables["ACD_OFFER"] = offer
        self._dial(call, offer, phone)

    def _dial(self, call: Channel, offer: str, name: str) -> None:
        phone = self.phones[name]
        if phone.state == "UNAVAILABLE":
            self._after(call, offer, "CHANUNAVAIL")
            return
        call.phone, call.phone_uid = name, next(self._uids)
        channel = f"PJSIP/{name}-{call.phone_uid}"
        self.say(
            Event="DialBegin",
            Uniqueid=call.uid,
            DestUniqueid=call.phone_uid,
            DestChannel=channel,
            Channel="t",
            Context="acd-connect",
            Exten=f"{offer}*{self.globals.get('ACD_TERM', '0')}*{name}",
        )
        if phone.refuse:
            status, cause = REFUSALS[phone.refuse]
            self._end_phone(call, cause)
            self._after(call, offer, status)
            return
        if phone.silent_ms:
            self._device(name, "INUSE")
            loop = asyncio.get_running_loop()
            loop.call_later(phone.silent_ms / 1000, self._ring, call, call.dial, offer)
        else:
            self._ring(call, call.dial, offer)

    def _ring(self, call: Channel, dial: int, offer: str) -> None:
        if call.uid not in self.calls or call.dial != dial:
            return
        name, phone = call.phone, self.phones[call.phone]
        self._device(name, "RINGING")
        self.say(Event="DialState", DialStatus="RINGING", Uniqueid=call.uid, DestUniqueid=call.phone_uid)
        loop = asyncio.get_running_loop()
        if phone.answer_ms / 1000 < self._ring_s:
            loop.call_later(phone.answer_ms / 1000, self._pick_up, call, dial)
        else:
            loop.call_later(self._ring_s, self._ring_out, call, dial, offer)

    def _ring_out(self, call: Channel, dial: int, offer: str) -> None:
        if call.uid in self.calls and call.dial == dial:
            self._end_phone(call, 0)
            self._after(call, offer, "NOANSWER")

    def _pick_up(self, call: Channel, dial: int) -> None:
        if call.uid not in self.calls or call.dial != dial:
            return
        call.bridge = f"bridge-{call.phone_uid}"
        self.talks += 1
        phone = self.phones[call.phone]
        self._device(call.phone, "INUSE")
        for i, (channel, uid) in enumerate((("trunk", call.uid), (call.phone, call.phone_uid)), start=1):
            self.say(
                Event="BridgeEnter",
                BridgeUniqueid=call.bridge,
                BridgeNumChannels=str(i),
                Channel=f"PJSIP/{channel}-{uid}",
                Uniqueid=uid,
                Linkedid=call.uid,
            )
        if phone.talk_ms is not None:
            asyncio.get_running_loop().call_later(phone.talk_ms / 1000, self._staff_leaves, call, dial)

    def _staff_leaves(self, call: Channel, dial: int) -> None:
        if call.uid in self.calls and call.dial == dial and call.bridge:
            talk_ms = self.phones[call.phone].talk_ms
            self._end_phone(call, 16)
            if talk_ms is not None and talk_ms < self._short_talk_ms:
                self._after(call, call.variables["ACD_OFFER"], "ANSWER")
            else:
                self._gone(call, 16, "staff")

    # --- what happens --------------------------------------------------------------------------------

    def _hold(self, call: Channel) -> None:
        call.context = "acd-hold"
        variables = call.variables
        self._user(
            call,
            "ACDWaiting",
            Lang=variables["ACD_LANG"],
            Concern=variables["ACD_CONCERN"],
            Second="",
            Arrived=variables["ACD_QUEUED"],
            Queued=variables["ACD_QUEUED"],
        )

    def _after(self, call: Channel, offer: str, status: str) -> None:
        self._user(call, "ACDAfterDial", Offer=offer, Status=status)
        self._hold(call)

    def _end_phone(self, call: Channel, cause: int) -> None:
        if call.phone_uid:
            name, uid, call.phone, call.phone_uid = call.phone, call.phone_uid, "", ""
            call.bridge = ""
            self.say(Event="Hangup", Uniqueid=uid, Linkedid=call.uid, Cause=str(cause))
            self._device(name, "NOT_INUSE")

    def _gone(self, call: Channel, cause: int, by: str) -> None:
        del self.calls[call.uid]
        if not self.calls:
            self._quiet.set()
        self._user(call, "ACDEnds", By=by)
        self.say(Event="Hangup", Uniqueid=call.uid, Linkedid=call.uid, Cause=str(cause))

    def _device(self, name: str, state: str) -> None:
        self.phones[name].state = state
        self.say(Event="DeviceStateChange", Device=f"PJSIP/{name}", State=state)

    def _user(self, call: Channel, name: str, **headers: str) -> None:
        self.say(Event="UserEvent", UserEvent=name, Uniqueid=call.uid, Call=call.uid, **headers)
