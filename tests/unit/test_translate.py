"""Frames as Asterisk sends them become events; hostile content becomes nothing worse than an empty word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.pbx.codec import BadValue, Frame, FrameReader, FrameTooLarge, check, decode, encode
from acd.pbx.translate import Translator
from agents.model import Reach
from routing import events as ev
from routing.commands import PHONE_LOST, Confirm, Connect, Say, SendOutside, SetFallback, SetHours, Withdraw

LEG = ev.Leg("pbx1", "1.1")
STREAM = (
    b"Asterisk Call Manager/11.0.0\r\n"
    b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n"
    b"Event: UserEvent\r\nUserEvent: ACDEntry\r\nCallerIDNum: 0201\xc3\xa4\r\nCall: 1.1\r\nLine: +49\r\n\r\n"
    b"Response: Success\r\nActionID: acd-1\r\nVariable: A=1\r\nVariable: B=2\r\nMessage:\r\n\r\n"
)
FRAMES = FrameReader().feed(STREAM)


def test_a_stream_is_the_same_wherever_it_is_split() -> None:
    assert len(FRAMES) == 3
    assert FRAMES[1].get("calleridnum") == "0201ä"
    assert FRAMES[2].all("Variable") == ["A=1", "B=2"]
    assert FRAMES[2].get("Message", "missing") == ""
    for cut in range(len(STREAM) + 1):
        reader = FrameReader()
        assert reader.feed(STREAM[:cut]) + reader.feed(STREAM[cut:]) == FRAMES, cut


def test_a_peer_that_never_ends_a_frame_is_cut_off() -> None:
    reader = FrameReader()
    reader.feed(b"Asterisk Call Manager/11\r\n")
    reader.feed(b"x" * 1_000_000)
    with pytest.raises(FrameTooLarge):
        reader.feed(b"x" * 100_000)


@given(st.binary(max_size=3000))
def test_any_bytes_are_decoded_to_clean_text(raw: bytes) -> None:
    for name, value in decode(raw):
        assert name.isprintable()
        assert value.isprintable()
        assert len(value) <= 1024


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\0b"])
def test_no_value_breaks_out_of_its_line(value: str) -> None:
    with pytest.raises(BadValue):
        check({"Action": "Setvar", "Value": value})
    with pytest.raises(BadValue):
        encode({"Action": "Setvar", "Value": value})


def frame(**headers: str) -> Frame:
    return Frame(tuple(headers.items()))


def test_the_number_leaves_beside_the_event_and_nowhere_else() -> None:
    arrival = Translator("pbx1").events(FRAMES[1])[0]
    assert arrival.event == ev.CallArrived(LEG, "+49")
    assert arrival.number == "0201ä"
    assert "0201" not in repr(arrival.event)


def test_a_talk_is_known_when_both_are_in_the_bridge_in_either_order() -> None:
    phone = frame(
        Event="BridgeEnter",
        BridgeUniqueid="b",
        BridgeNumChannels="1",
        Channel="PJSIP/p01-1",
        Uniqueid="1.2",
        Linkedid="1.1",
    )
    caller = frame(
        Event="BridgeEnter",
        BridgeUniqueid="b",
        BridgeNumChannels="2",
        Channel="PJSIP/trunk-1",
        Uniqueid="1.1",
        Linkedid="1.1",
    )
    wanted = ev.Bridged(LEG, ev.Leg("pbx1", "1.2"), "p01")
    translator = Translator("pbx1")
    assert translator.events(phone) == []
    assert [each.event for each in translator.events(caller)] == [wanted]
    second = Frame(tuple((k, "2" if k == "BridgeNumChannels" else v) for k, v in phone))
    assert [each.event for each in Translator("pbx1").events(second)] == [wanted]


def entered(bridge: str, number: int, channel: str, uid: str) -> Frame:
    """A leg enters a bridge that holds so many then."""
    return frame(
        Event="BridgeEnter",
        BridgeUniqueid=bridge,
        BridgeNumChannels=str(number),
        Channel=channel,
        Uniqueid=uid,
        Linkedid="1.1",
    )


def status(uid: str, channel: str, *variables: str, **headers: str) -> Frame:
    """A line of the answer to Status."""
    pairs = {"Event": "Status", "Uniqueid": uid, "Linkedid": "1.1", "Channel": channel} | headers
    return Frame((*pairs.items(), *(("ChanVariable", each) for each in variables)))


def test_a_caller_who_enters_first_talks_too() -> None:
    translator = Translator("pbx1")
    assert translator.events(entered("b", 1, "PJSIP/trunk-1", "1.1")) == []
    found = translator.events(entered("b", 2, "PJSIP/p01-1", "1.2"))
    assert [each.event for each in found] == [ev.Bridged(LEG, ev.Leg("pbx1", "1.2"), "p01")]


def test_the_bridge_says_who_is_connected_where_the_linkedid_names_another_call() -> None:
    translator = Translator("pbx1")
    translator.events(entered("b", 1, "PJSIP/trunk-1", "1.7"))
    found = translator.events(entered("b", 2, "PJSIP/p01-1", "1.2"))
    assert [each.event for each in found] == [ev.Bridged(ev.Leg("pbx1", "1.7"), ev.Leg("pbx1", "1.2"), "p01")]


def test_a_drift_snapshot_leaves_half_filled_bridges_as_they_are() -> None:
    translator = Translator("pbx1")
    translator.events(entered("b", 1, "PJSIP/p01-1", "1.2"))
    translator.snapshot((), [], 5, False)
    assert len(translator.events(entered("b", 2, "PJSIP/trunk-1", "1.1"))) == 1


@pytest.mark.parametrize("phone_first", [True, False])
def test_at_link_up_who_stands_alone_in_a_bridge_is_known(phone_first: bool) -> None:
    both = [("1.2", "PJSIP/p01-1"), ("1.1", "PJSIP/trunk-1")]
    (here, channel), (uid, other) = both if phone_first else both[::-1]
    translator = Translator("pbx1")
    translator.events(entered("old", 1, "PJSIP/p02-1", "1.9"))
    translator.snapshot(translator.legs([status(here, channel, BridgeID="b")]), [], 5, True)
    assert translator.events(entered("old", 2, "PJSIP/trunk-1", "1.8")) == [], "of the link before"
    found = translator.events(entered("b", 2, other, uid))
    assert [each.event for each in found] == [ev.Bridged(LEG, ev.Leg("pbx1", "1.2"), "p01")]


@pytest.mark.parametrize(
    ("context", "place", "wanted"),
    [
        ("acd-hold", "", "acd-hold"),
        ("acd-hours", "menu", "acd-entry"),
        ("acd-leg", "connect", "acd-connect"),
        ("acd-end", "degraded", "acd-degraded"),
        ("acd-hours", "", "acd-hours"),
    ],
)
def test_a_subroutines_context_never_hides_where_a_caller_stands(
    context: str, place: str, wanted: str
) -> None:
    row = status("1.1", "PJSIP/trunk-1", "ACD_CALL=1.1", f"ACD_AT={place}", Context=context)
    assert Translator("pbx1").legs([row])[0].context == wanted


def test_helper_channels_are_no_legs() -> None:
    translator = Translator("pbx1")
    helper = "Local/s@acd-forget-1;2"
    assert translator.legs([status("1.5", helper)]) == ()
    assert translator.events(frame(Event="Hangup", Channel=helper, Uniqueid="1.5", Cause="16")) == []


@pytest.mark.parametrize(
    ("said", "by"), [("caller", "caller"), ("staff", "staff"), ("pbx", "pbx"), ("", "pbx"), ("x,y", "pbx")]
)
def test_who_ended_a_call_the_dialplan_says(said: str, by: str) -> None:
    told = frame(Event="UserEvent", UserEvent="ACDEnds", Call="1.1", By=said)
    assert [each.event for each in Translator("pbx1").events(told)] == [
        ev.CallEnds(ev.Leg("pbx1", "1.1"), by)
    ]


@pytest.mark.parametrize(
    ("context", "exten", "offer"),
    [
        ("acd-connect", "4294967301*3*p01", 4294967301),
        ("acd-connect", "t", None),
        ("acd-degraded", "s", 0),
        ("acd-phones", "p02", None),
    ],
)
def test_for_which_offer_a_phone_is_dialled_the_callers_place_says(
    context: str, exten: str, offer: int | None
) -> None:
    dial = frame(
        Event="DialBegin",
        Uniqueid="1.1",
        DestUniqueid="1.2",
        DestChannel="PJSIP/p01-0000000a",
        Context=context,
        Exten=exten,
    )
    (arrival,) = Translator("pbx1").events(dial)
    assert arrival.event == ev.DialBegan(ev.Leg("pbx1", "1.1"), ev.Leg("pbx1", "1.2"), "p01", offer)


@pytest.mark.parametrize("said", ["RINGING", "PROGRESS", "PROCEEDING"])
def test_every_word_of_a_phone_is_a_sign_of_life(said: str) -> None:
    found = Translator("pbx1").events(frame(Event="DialState", DialStatus=said, DestUniqueid="1.2"))
    assert [each.event for each in found] == [ev.PhoneRang(ev.Leg("pbx1", "1.2"))]


@pytest.mark.parametrize(
    ("aor", "said", "lost"),
    [
        ("p01", "Unreachable", True),
        ("p01", "Removed", False),
        ("p01", "Reachable", False),
        ("p01", "NonQualified", False),
        ("trunk", "Unreachable", False),
    ],
)
def test_only_an_unreachable_phone_is_lost(aor: str, said: str, lost: bool) -> None:
    heard = frame(Event="ContactStatus", AOR=aor, EndpointName=aor, ContactStatus=said)
    found = [each.event for each in Translator("pbx1").events(heard)]
    assert found == ([ev.PhoneLost("p01", "pbx1")] if lost else [])


def test_who_is_caught_who_asks_and_on_which_pbx() -> None:
    translator = Translator("pbx1")
    caught = translator.events(frame(Event="UserEvent", UserEvent="ACDCaught", Call="1.1", By="t"))
    assert [each.event for each in caught] == [ev.CallerCaught(LEG)]
    asked = frame(Event="UserEvent", UserEvent="ACDStaff", Phone="p01", Action="login", Leg="1.3")
    (arrival,) = translator.events(asked)
    assert arrival.actor == "phone:p01"
    assert arrival.event == ev.StaffAsked("", "p01", "login", "", ev.Leg("pbx1", "1.3"), "pbx1")
    changed = translator.events(frame(Event="DeviceStateChange", Device="PJSIP/p01", State="INUSE"))
    assert [each.event for each in changed] == [ev.DeviceChanged("p01", "INUSE", "pbx1")]
    assert translator.snapshot((), [], 5, False).node == "pbx1"


def test_what_is_told_for_others_is_no_stranger() -> None:
    translator = Translator("pbx1")
    assert translator.events(frame(Event="UserEvent", UserEvent="ACDSays", Call="1.1")) == []
    assert translator.strange == {}


@given(
    st.dictionaries(
        st.sampled_from(["Event", "UserEvent", "Call", "Lang", "Offer", "Cause", "Channel"]), st.text()
    )
)
def test_whatever_comes_translation_goes_on(headers: dict[str, str]) -> None:
    for kind in ("UserEvent", "Hangup", "DialBegin", "BridgeEnter", "DeviceStateChange"):
        for arrival in Translator("pbx1").events(Frame((("Event", kind), *headers.items()))):
            assert len(repr(arrival.event)) < 1000


def test_an_unknown_event_of_ours_is_counted() -> None:
    translator = Translator("pbx1")
    assert translator.events(frame(Event="UserEvent", UserEvent="ACDNew", Call="1.1")) == []
    assert translator.strange == {"UserEvent ACDNew": 1}


def test_commands_become_actions() -> None:
    translator = Translator("pbx1")
    connect = translator.actions(Connect(7, LEG, Reach("phone", "p01"), 3))
    assert [(each["Context"], each["Exten"], each["Channel"]) for each in connect] == [
        ("acd-connect", "7*3*p01", "1.1")
    ]
    for sentence, extension in (("", "s"), (PHONE_LOST, "lost")):
        action = translator.actions(Withdraw(8, LEG, sentence))[0]
        assert (action["Context"], action["Exten"]) == ("acd-hold", extension)
    assert translator.actions(Confirm(9, LEG, False))[0]["Value"] == "refused"
    (says,) = translator.actions(Say(10, LEG, ("next_in_line", "wait_less_5")))
    assert (says["Variable"], says["Value"]) == ("ACD_SAY", "acd/next_in_line&acd/wait_less_5")
    says, moves = translator.actions(Say(11, LEG, ("emergency_stock",), at_once=True))
    assert (says["Value"], moves["Context"]) == ("acd/emergency_stock", "acd-hold")
    announced = translator.actions(SetFallback(1, 3, (("", ("p01", "p02")), ("de", ("p01",)))))
    assert [(each["Variable"], each["Value"]) for each in announced] == [
        ("ACD_TERM", "3"),
        ("ACD_PHONES", "p01,p02"),
        ("ACD_PHONES_de", "p01"),
        ("ACD_FULL", ""),
    ]
    assert translator.actions(SetFallback(1, 3, (), full=True))[-1]["Value"] == "1"


def test_hours_by_hand_are_one_word_each_and_end_on_a_whole_second() -> None:
    translator = Translator("pbx1")
    hours = (("/", "open"), ("/study", "closed"), ("tr/; x", "open"), ("tr/study", "open"))
    said = translator.actions(SetHours(1, hours, True, 1_500_001))
    assert [(each["Variable"], each["Value"]) for each in said] == [
        ("ACD_HAND_UNTIL", "1501"),
        ("ACD_HAND", "-_=open-_study=closed-tr_study=open-drain-"),
    ]
    said = translator.actions(SetHours(2, (), False, 0))
    assert [each["Value"] for each in said] == ["0", ""]


def test_a_snapshot_is_read_from_the_lists() -> None:
    status = frame(
        Event="Status",
        Channel="PJSIP/trunk-1",
        Uniqueid="1.1",
        Linkedid="1.1",
        Context="acd-hold",
        ChannelStateDesc="Up",
        Variable="ACD_LANG=uk",
        ChanVariable="ACD_QUEUED=12",
    )
    device = frame(Event="DeviceStateChange", Device="PJSIP/p01", State="NOT_INUSE")
    translator = Translator("pbx1")
    found = translator.snapshot(translator.legs([status]), [device], 5, True)
    assert found.devices == (("p01", "NOT_INUSE"),)
    assert (found.legs[0].language, found.legs[0].queued_ms, found.legs[0].phone) == ("uk", 12_000, "")


def test_what_is_keyed_goes_beside_the_event() -> None:
    """It may be the caller's own number: the event that is journalled says only that it was keyed."""
    keyed = frame(Event="UserEvent", UserEvent="ACDCase", Call="1.1", Case="02018895551")
    [arrival] = Translator("pbx1").events(keyed)
    assert arrival.event == ev.CaseEntered(LEG, "")
    assert (arrival.keyed, arrival.number) == ("02018895551", "")


class Counted(bytearray):
    """A buffer that counts the bytes which each look and each cut goes over."""

    work = 0

    def find(self, sub, start=0, end=None):
        self.work += len(self) - start
        return super().find(sub, start)

    def split(self, sep=None, maxsplit=-1):
        self.work += len(self)
        return super().split(sep, maxsplit)

    def __contains__(self, sub):
        self.work += len(self)
        return super().__contains__(sub)

    def __delitem__(self, key):
        self.work += len(self)
        super().__delitem__(key)


@pytest.mark.parametrize("piece", [1, 3, 4, 1000])
@pytest.mark.parametrize("greeting", [b"", b"Asterisk Call Manager/11.0.0\r\n"])
def test_the_reader_goes_over_each_byte_a_few_times_whatever_the_pieces(piece: int, greeting: bytes) -> None:
    stream = greeting + b"A: " + b"x" * 50_000 + b"\r\nB: 1\r\n\r\n" + b"Event: E\r\n\r\n" * 50
    reader = FrameReader()
    buffer = reader._buffer = Counted()
    frames = [f for at in range(0, len(stream), piece) for f in reader.feed(stream[at : at + piece])]
    assert len(frames) == 51
    assert reader._buffer is buffer, "the half frame was copied"
    assert buffer.work < 10 * len(stream)


def test_a_greeting_without_end_is_read_once_whatever_the_pieces() -> None:
    reader = FrameReader()
    buffer = reader._buffer = Counted()
    for _ in range(20_000):
        reader.feed(b"x")
    assert reader._buffer is buffer
    assert buffer.work < 10 * 20_000


def test_a_leg_outside_is_no_phone_of_ours_and_its_talk_none_of_ours() -> None:
    """In whichever order they enter, when it is dialled, in the list of channels, and as a device."""
    ours, theirs = ("PJSIP/trunk-1", "1.1"), ("PJSIP/outside-1-1", "1.2")
    for first, second in ((ours, theirs), (theirs, ours)):
        translator = Translator("pbx1")
        assert translator.events(entered("b", 1, *first)) == []
        assert translator.events(entered("b", 2, *second)) == []
    dial = frame(
        Event="DialBegin",
        Channel="PJSIP/trunk-1",
        Uniqueid="1.1",
        DestChannel="PJSIP/outside-1-1",
        DestUniqueid="1.2",
        Context="acd-outside",
    )
    translator = Translator("pbx1")
    assert translator.events(dial) == []
    assert translator.events(frame(Event="DeviceStateChange", Device="PJSIP/outside-1", State="INUSE")) == []
    legs = translator.legs([status("1.1", "PJSIP/trunk-1"), status("1.2", "PJSIP/outside-1-1")])
    assert [each.leg.uid for each in legs] == ["1.1"]


def test_the_way_outside_in_the_dialplans_words_and_ours() -> None:
    told = [
        frame(Event="UserEvent", UserEvent="ACDOutside", Call="1.1", Rule="partner"),
        frame(Event="UserEvent", UserEvent="ACDOutsideAnswered", Call="1.1"),
    ]
    translator = Translator("pbx1")
    assert [arrival.event for each in told for arrival in translator.events(each)] == [
        ev.WentOutside(LEG, "partner"),
        ev.OutsideAnswered(LEG),
    ]
    (action,) = translator.actions(SendOutside(1, LEG, "partner"))
    assert (action["Context"], action["Exten"]) == ("acd-outside", "to_partner")
    at = ("ACD_CALL=1.1", "ACD_AT=outside")
    (row,) = translator.legs([status("1.1", "PJSIP/trunk-1", *at, Context="acd-end")])
    assert row.context == "acd-outside"
