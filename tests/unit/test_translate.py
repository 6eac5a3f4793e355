"""Frames as Asterisk sends them become events; hostile content becomes nothing worse than an empty word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.pbx.codec import BadValue, Frame, FrameReader, FrameTooLarge, check, decode, encode
from acd.pbx.translate import Translator
from agents.model import Reach
from routing import events as ev
from routing.commands import Confirm, Connect, SetFallback, Withdraw

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
    assert translator.actions(Withdraw(8, LEG))[0]["Context"] == "acd-hold"
    assert translator.actions(Confirm(9, LEG, False))[0]["Value"] == "refused"
    announced = translator.actions(SetFallback(1, 3, (("", ("p01", "p02")), ("de", ("p01",)))))
    assert [(each["Variable"], each["Value"]) for each in announced] == [
        ("ACD_TERM", "3"),
        ("ACD_PHONES", "p01,p02"),
        ("ACD_PHONES_de", "p01"),
    ]


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
    found = Translator("pbx1").snapshot([status], [device], 5, True)
    assert found.devices == (("p01", "NOT_INUSE"),)
    assert (found.legs[0].language, found.legs[0].queued_ms, found.legs[0].phone) == ("uk", 12_000, "")


def test_what_is_keyed_goes_beside_the_event() -> None:
    """It may be the caller's own number: the event that is journalled says only that it was keyed."""
    keyed = frame(Event="UserEvent", UserEvent="ACDCase", Call="1.1", Case="02018895551")
    [arrival] = Translator("pbx1").events(keyed)
    assert arrival.event == ev.CaseEntered(LEG, "")
    assert (arrival.keyed, arrival.number) == ("02018895551", "")
