"""What the dialplan holds of recording: nothing where it is off, and nothing without a yes where it is on."""

import re
from datetime import date

import pytest

from acd.pbx import consent
from acd.pbx.codec import Frame
from acd.pbx.dialplan import extensions
from acd.pbx.translate import Translator
from config import keys
from config.schema import Centre
from routing import facts
from routing.events import Leg, RecordingTold
from tests.unit.test_dialplan import ALL, CENTRE, SHIPPED, TEXT

TODAY = date(2026, 11, 27)


def with_recording(**values: object) -> Centre:
    return SHIPPED.model_copy(update={"recording": SHIPPED.recording.model_copy(update=values)})


@pytest.mark.parametrize(
    "centre", [SHIPPED, with_recording(enabled=True), with_recording(agreement="Dienstvereinbarung 7")]
)
def test_where_it_is_off_or_no_agreement_is_named_nothing_can_record(centre: Centre) -> None:
    text = extensions(centre, TODAY)
    for word in ("MixMonitor", "ACDRecord", "DYNAMIC_FEATURES", "acd-consent", "Set(ACD_RECORD=1)"):
        assert word not in text
    assert "=>" not in consent.features(centre)
    assert "Goto(acd-hold,enter,1)" in text[text.index("[acd-concern]") :]


def test_only_the_key_for_yes_sets_what_records() -> None:
    setting = [
        (context, extension)
        for context, names in ALL.items()
        for extension, lines in names.items()
        for line in lines
        if line.app == "Set" and line.args.startswith("ACD_RECORD=1")
    ]
    assert setting == [("acd-consent", keys.YES)]
    assert TEXT.count("ACD_RECORD)=1") == 1, "who paused goes on"
    starting = re.findall(r"GosubIf\((.*?)\?acd-record,start", TEXT)
    assert starting == ['$["${ARG2}"="1"]']
    assert set(re.findall(r"U\(acd-ans(.*?)\)", TEXT)) == {"^${ACD_OFFER}^${ACD_RECORD}^${ACD_RING}"}
    assert len(re.findall(r"\bMixMonitor\(", TEXT)) == 2, "its begin, and after a pause"


def test_every_other_way_out_of_the_question_is_a_no() -> None:
    question = ALL["acd-consent"]
    assert set(question) == {"s", keys.YES, "no", "t", "i", "e"}
    for event in "tie":
        assert [(each.app, each.args) for each in question[event]] == [("Goto", "no,1")]
    heard = [f"{each.app}({each.args})" for each in question["s"]]
    assert heard.pop(0) == 'GotoIf($["${ACD_STEP}"!=""]?acd-may-listen,s,1)', "asked once: the answer stands"
    assert "ACD_RECORD=0" in [each.args for each in question["no"]]
    assert heard[0] == "Playback(acd/consent_question)", "not Background: a key before its end is no answer"
    assert heard[1] == 'GotoIf($["${PLAYBACKSTATUS}"!="SUCCESS"]?no,1)', "nor a question that nobody heard"


def test_who_chose_no_language_is_not_asked() -> None:
    unknown = [each.args for each in ALL["acd-language"]["none"]]
    assert "ACD_NEXT=acd-hold,enter,1" in unknown
    assert ALL["acd-concern"]["chosen"][-1].args == "acd-case-line,s,1"
    assert ALL["acd-case-line"]["over"][-1].args == "acd-consent,s,1"


def test_both_sides_have_both_codes_and_each_does_its_work_on_the_phones_leg() -> None:
    codes = dict(re.findall(r"^(\S+) => (.*)$", consent.features(CENTRE), re.M))
    assert codes == {
        "acd-stopped-caller": "*1,peer,Gosub(acd-record,stop,1(caller))",
        "acd-stopped-staff": "*1,self,Gosub(acd-record,stop,1(staff))",
        "acd-paused-caller": "*2,peer,Gosub(acd-record,pause,1(caller))",
        "acd-paused-staff": "*2,self,Gosub(acd-record,pause,1(staff))",
    }
    allowed = {name for each in re.findall(r"\?(acd-\w+-\w+#\S+?)\)", TEXT) for name in each.split("#")}
    assert {name.rstrip("}") for name in allowed} == set(codes)


def test_each_step_is_an_event_and_what_older_files_say_is_a_no() -> None:
    said = set(re.findall(r"UserEvent\(ACDRecord,Call: \S+?,What: (\w+)", TEXT))
    assert said == set(facts.RECORDING)

    def told(**headers: str) -> RecordingTold:
        frame = Frame((("Event", "UserEvent"), ("UserEvent", "ACDRecord"), ("Call", "1.1"), *headers.items()))
        (arrival,) = Translator("pbx1").events(frame)
        assert isinstance(arrival.event, RecordingTold)
        return arrival.event

    leg = Leg("pbx1", "1.1")
    assert told(What="paused", By="staff") == RecordingTold(leg, "paused", "staff", 0)
    assert told(What="stopped", By="caller", Step="3") == RecordingTold(leg, "stopped", "caller", 3)
    assert told(What="started") == RecordingTold(leg, "started", "")
    assert told(What="paused", By="x" * 99) == RecordingTold(leg, "paused", "")
    assert told(Record="0") == RecordingTold(leg, facts.REFUSED, facts.BY_CALLER)
