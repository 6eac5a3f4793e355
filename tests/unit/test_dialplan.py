"""The rendered extensions.conf, walked: no caller can fall out of it, and the daemon's words stand in it."""

import re
from datetime import date

import pytest

from acd.demo.hotline import PROJECT
from acd.pbx.contexts import LANDING
from acd.pbx.dialplan import extensions
from acd.pbx.files import pjsip
from acd.pbx.translate import CONTEXTS, PLACES, SENTENCES, TOLD_FOR_OTHERS, Translator
from agents.model import Reach
from config.load import load
from config.people import team
from config.tables.callback import Callback
from config.tables.calls import Announcement
from config.tables.case_line import CaseLine
from config.tables.house import Agreement
from config.tables.message import Message
from config.tables.request import Request
from config.tables.rules import Outside, Overflow
from config.tables.trunk import Trunk
from routing.commands import NOT_NOW, Command, Connect, SendOutside, TurnAway, Withdraw
from routing.events import Leg

SHIPPED = load(PROJECT / "config" / "welcomecenter.toml")
AGREED = SHIPPED.recording.model_copy(update={"enabled": True, "agreement": "Dienstvereinbarung 7"})
OFFICE = Outside(name="Partner office", number="+4920155500000", gateway="sip:192.0.2.20")
PARTNER = Overflow(name="partner", nobody=True, then="outside", outside=OFFICE)
RECORDED = Announcement(folder="announcements", record_code="*45", phones=["p01"])
ALLOWED = Agreement(name="Dienstvereinbarung 9", date=date(2026, 1, 15), allows=["listen"])
CALLED = {
    "callback": Callback(),
    "message": Message(folder="messages"),
    "case_line": CaseLine(concern="application_state", states=["in_work"]),
    "trunk": Trunk(provider="192.0.2.30"),
    "privacy": SHIPPED.privacy.model_copy(update={"agreement": ALLOWED}),
}
CENTRE = SHIPPED.model_copy(
    update={
        "recording": AGREED,
        "overflow": [PARTNER],
        "announcement": RECORDED,
        **CALLED,
    }
)
"""All that a dialplan can hold: talks may be recorded, and callers sent outside."""
TEXT = extensions(CENTRE, date(2026, 11, 27))
SUBROUTINES = {"acd-leg", "acd-ans", "acd-record", "acd-outside-answered", "acd-called", "acd-called-ans"}
"""On a phone's leg, by Gosub: they return."""
STAFF = {
    "acd-callback",
    "acd-phones",
    "acd-staff",
    "acd-emergency",
    "acd-forget",
    "acd-tell",
    "acd-told",
    "acd-announce",
    "acd-draft",
}
"""No caller comes here: phones of the staff, and helper channels."""
ENDS = {"acd-end"}
LEADS_ON = {"Goto", "Hangup"}


class Line:
    """One priority of an extension."""

    def __init__(self, label: str, text: str) -> None:
        self.label = label
        self.app, _, rest = text.partition("(")
        self.args = rest.removesuffix(")")


def contexts() -> dict[str, dict[str, list[Line]]]:
    """Context -> extension -> priorities in order; the general part and the globals left out."""
    found: dict[str, dict[str, list[Line]]] = {}
    here: dict[str, list[Line]] = {}
    extension: list[Line] = []
    for line in TEXT.splitlines():
        if section := re.fullmatch(r"\[([\w-]+)\]", line):
            here = found.setdefault(section[1], {})
        elif first := re.fullmatch(r"exten => ([^,]+),1,(.*)", line):
            assert first[1] not in here, f"{first[1]} twice"
            extension = here[first[1]] = [Line("", first[2])]
        elif later := re.fullmatch(r" same => n(?:\((\w+)\))?,(.*)", line):
            extension.append(Line(later[1] or "", later[2]))
    return {name: found[name] for name in found if name not in ("general", "globals")}


ALL = contexts()
CALLERS = sorted(set(ALL) - SUBROUTINES - STAFF - ENDS)
REDIRECTED = [("acd-connect", "_X.")] + [("acd-hold", each) for each in SENTENCES.values()]
REDIRECTED += [("acd-closed", "s"), ("acd-closed", NOT_NOW), ("acd-outside", "to_partner")]


def branches(args: str) -> list[str]:
    """Where a GotoIf may go."""
    return [each for each in re.sub(r"^.*\]\?", "", args).split(":") if each]


def goals(context: str, extension: str, line: Line) -> list[tuple[str, str, str]]:
    """(context, extension, priority) of every jump of a line."""
    if line.app == "Goto":
        words = [line.args]
    elif line.app in ("GotoIf", "GotoIfTime"):
        words = branches(line.args) if line.app == "GotoIf" else [line.args.rpartition("?")[2]]
    else:
        return []
    found = []
    for word in words:
        if "${" in word:
            continue
        parts = word.split(",")
        found.append(tuple([context, extension][: 3 - len(parts)] + parts))
    return found  # type: ignore[return-value]


def test_asterisk_is_told_never_to_hang_up_by_itself() -> None:
    general = TEXT[TEXT.index("[general]") : TEXT.index("[globals]")]
    assert "autofallthrough=no" in general


@pytest.mark.parametrize("context", sorted(ALL))
def test_every_extension_ends_in_a_step_that_leads_on(context: str) -> None:
    for extension, lines in ALL[context].items():
        wanted = {"Return"} if context in SUBROUTINES else LEADS_ON
        last = lines[-1]
        assert last.app in wanted, f"{context},{extension} ends in {last.app}({last.args})"


@pytest.mark.parametrize("context", CALLERS)
def test_whoever_loses_their_step_is_led_on(context: str) -> None:
    for event in "tie":
        assert event in ALL[context], f"{context} has no {event}"
        assert not any(line.app == "Hangup" for line in ALL[context][event])


@pytest.mark.parametrize("context", CALLERS)
def test_the_end_of_every_call_is_written_down(context: str) -> None:
    if context != "acd-trunk":
        block = TEXT[TEXT.index(f"[{context}]") :]
        assert block.splitlines()[1] == "include => acd-end"


def test_every_jump_has_a_goal() -> None:
    for context, extensions_of in ALL.items():
        for extension, lines in extensions_of.items():
            for line in lines:
                for there, name, priority in goals(context, extension, line):
                    assert name in ALL[there], f"{context},{extension}: {line.app}({line.args})"
                    labels = {each.label for each in ALL[there][name]}
                    assert priority == "1" or priority in labels, f"{context},{extension}: {line.args}"


@pytest.mark.parametrize(("context", "extension"), REDIRECTED)
def test_a_redirect_that_lands_too_far_still_lands_before_the_first_real_step(
    context: str, extension: str
) -> None:
    lines = ALL[context][extension]
    assert [line.app for line in lines[:LANDING]] == ["NoOp"] * LANDING
    assert lines[LANDING].app != "NoOp"


def test_a_caught_caller_is_on_hold_at_once_and_the_daemon_hears_it() -> None:
    for context in ("acd-connect", "acd-entry", "acd-hours", "acd-outside"):
        for event in "tie":
            told, back = ALL[context][event][1:]
            assert told.args.startswith("ACDCaught,")
            assert back.args == "acd-hold,s,again"
    entry = [(line.app, line.args) for line in ALL["acd-entry"]["s"]]
    assert entry[1] == ("Set", "TIMEOUT(response)=0.2"), "who lost their step gets t that soon"
    again = next(line for line in ALL["acd-hold"]["s"] if line.label == "again")
    assert again.args.startswith("ACDWaiting,")


def test_no_subroutine_runs_on_a_callers_leg() -> None:
    """A list of channels would show its context and not where the caller stands."""
    for context in CALLERS:
        for extension, lines in ALL[context].items():
            for line in lines:
                assert line.app not in ("Gosub", "GosubIf", "Macro"), f"{context},{extension}"


def test_every_place_of_a_caller_is_known_to_the_translator() -> None:
    said = set(re.findall(r"Set\(ACD_AT=(\w+)\)", TEXT))
    assert said == set(PLACES)
    assert set(PLACES.values()) <= CONTEXTS <= set(ALL)


def test_every_word_of_the_dialplan_is_understood() -> None:
    words = set(re.findall(r"UserEvent\((ACD\w+)", TEXT))
    assert words == set(Translator("pbx1")._by_user_event) | TOLD_FOR_OTHERS


def test_the_daemons_redirects_have_their_place() -> None:
    leg = Leg("pbx1", "1.1")
    translator = Translator("pbx1")
    commands: list[Command] = [
        Connect(7, leg, Reach("phone", "p01"), 3),
        *(Withdraw(8, leg, each) for each in SENTENCES),
    ]
    commands += [TurnAway(9, leg), TurnAway(9, leg, NOT_NOW), SendOutside(10, leg, "partner")]
    for command in commands:
        action = translator.actions(command)[0]
        extension = action["Exten"] if action["Exten"] in ALL[action["Context"]] else "_X."
        assert (action["Context"], extension) in REDIRECTED


def test_a_talk_that_the_phones_side_ends_never_takes_the_caller_along_unseen() -> None:
    """Dial comes back (option g) in every context that rings, and only a talk long enough is hung up."""
    for context, extension in (("acd-connect", "_X."), ("acd-degraded", "s")):
        lines = ALL[context][extension]
        dial = next(i for i, line in enumerate(lines) if line.app == "Dial")
        options = lines[dial].args.split(",")[2]
        assert options.startswith("gm")
        after = [f"{line.app}({line.args})" for line in lines[dial + 1 :]]
        short = next(i for i, each in enumerate(after) if each == "GotoIf($[${ACD_TALKED}<2000]?after)")
        lost = max(i for i, each in enumerate(after) if each.endswith("?acd-hold,lost,1)"))
        end = after.index("Hangup(16)")
        assert short < lost < end


def test_no_phone_is_dialled_unclaimed() -> None:
    for context, extension in (("acd-connect", "_X."), ("acd-degraded", "s")):
        text = [f"{line.app}({line.args})" for line in ALL[context][extension]]
        dial = next(i for i, each in enumerate(text) if each.startswith("Dial("))
        claim = max(i for i, each in enumerate(text[:dial]) if each == "Set(GROUP(acdring)=${ACD_PHONE})")
        between = " ".join(text[claim:dial])
        assert "GROUP_COUNT(" in between
        assert "DEVICE_STATE(" in between


def test_only_what_the_configuration_names_is_dialled_outside() -> None:
    """The caller comes back where nobody answers, and what is shown there is the hotline's number."""
    text = [f"{line.app}({line.args})" for lines in ALL["acd-outside"].values() for line in lines]
    (dial,) = [each for each in text if each.startswith("Dial(")]
    assert dial.startswith("Dial(PJSIP/${ACD_TO},40,gm")
    assert f"f({CENTRE.centre.hotline})" in dial
    assert [each for each in text if each.startswith("Set(ACD_TO=")] == [
        "Set(ACD_TO=+4920155500000@outside-1)"
    ]
    made = pjsip(CENTRE, team(CENTRE), {agent.reach.address: "" for agent in team(CENTRE).agents})
    assert "[outside-1]\ntype = aor\ncontact = sip:192.0.2.20\n" in made
    assert "acd-outside" not in extensions(SHIPPED, date(2026, 11, 27))


def text_of(context: str, extension: str) -> list[str]:
    """An extension's steps as they stand in the file."""
    return [f"{line.app}({line.args})" for line in ALL[context][extension]]


def test_after_closing_a_case_is_asked_for_as_by_day_and_leads_back_to_the_closed_menu() -> None:
    """Whoever waited, chose no language or another concern is not asked; nobody is sent into line."""
    offered = " ".join(text_of("acd-closed", "offers"))
    for needed in (
        '"${ACD_QUEUED}"=""',
        '"${ACD_LANG}"!="und"',
        '"${ACD_CONCERN}"="application_state"',
        "?acd-case-line,shut,1",
    ):
        assert needed in offered
    shut = text_of("acd-case-line", "shut")
    asked = next(i for i, each in enumerate(shut) if each.startswith("UserEvent(ACDCaseLine"))
    answered = shut.index('GotoIf($["${ACD_CASE_ANSWER}"!="open"]?over,1)')
    offer = next(i for i, each in enumerate(shut) if each.startswith("Read(ACD_KEY,acd/case_line_shut,"))
    assert asked < answered < offer, "a daemon that is dead, or cannot say it today: not offered"
    assert shut[offer + 1] == 'GotoIf($["${ACD_KEY}"="5"]?s,number)', (
        "its tries and wiping are those of the day"
    )
    back = text_of("acd-case-line", "over")
    assert back[:2] == ["Set(ACD_CASE_NUMBER=)", "Set(ACD_CASE_PIN=)"]
    assert back[2] == 'GotoIf($["${ACD_AT}"="closed"]?acd-closed,leave,1)'
    assert any("acd/callback_closed" in each for each in text_of("acd-closed", "leave"))


def test_after_closing_nobody_is_told_to_stay_in_line() -> None:
    """Each sentence of the case line that speaks of the line has one for the night."""
    steps = " ".join(text_of("acd-case-line", "s"))
    for by_day, by_night in (("refused", "later"), ("closed", "later"), ("stay", "again")):
        assert f'acd/case_line_${{IF($["${{ACD_AT}}"="closed"]?{by_night}:{by_day})}}' in steps


def test_where_it_is_off_closing_offers_no_case() -> None:
    without = extensions(CENTRE.model_copy(update={"case_line": None}), date(2026, 11, 27))
    assert "acd-case-line" not in without
    assert "acd/callback_closed" in without


def _refused(text: str) -> tuple[str, str]:
    """What is played to who is not called back, and where they are led at night."""
    asked = text.partition("[acd-ask-callback]")[2].partition("\n[")[0]
    night = text.partition("[acd-closed]")[2].partition("exten => instead,1")[2].partition("exten =>")[0]
    return asked, night


def test_who_is_not_called_back_is_offered_a_message_by_day_and_by_night() -> None:
    asked, night = _refused(TEXT)
    assert "&acd/message_offer,1" in asked
    assert "?acd-closed,instead,1" in asked
    assert "acd-closed,over,1" not in asked
    assert "acd/message_closed" in night
    asked, night = _refused(extensions(CENTRE.model_copy(update={"message": None}), date(2026, 11, 27)))
    assert "message" not in asked + night
    assert "Goto(over,1)" in night


def test_who_is_not_called_back_hears_of_the_form_where_there_is_one() -> None:
    assert "callback_form" not in TEXT
    form = extensions(CENTRE.model_copy(update={"request": Request()}), date(2026, 11, 27))
    asked, _ = _refused(form)
    assert '"${ACD_SPELT}"="abroad"]?Set(ACD_SAID=${ACD_SAID}&acd/callback_form)' in asked
