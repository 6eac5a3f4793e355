"""112 and 110 from phones of the staff: to the route of the place where the phone stands, or told at once.

Each place is an endpoint of its own; which one a phone has stands on its channels (ACD_HELP).
"""

from config.schema import Centre
from config.tables.house import Emergency

NUMBERS = ("112", "110")
ENDPOINT = "emergency-"
"""Before the number of a place; no phone of the staff has such a name."""
CALL = """\
exten => {number},1,GotoIf($["${{ACD_HELP}}"=""]?none)
 same => n,Dial(PJSIP/{number}@${{ACD_HELP}},,g)
 same => n,GotoIf($["${{DIALSTATUS}}"="ANSWER"]?over)
 same => n(none),Answer()
 same => n,Set(CHANNEL(language)=de)
 same => n,Playback(acd/no_help)
 same => n(over),Hangup(16)"""


def places(centre: Centre) -> list[tuple[str, Emergency]]:
    """Every place with its endpoint's name."""
    return [(f"{ENDPOINT}{number}", each) for number, each in enumerate(centre.emergency, start=1)]


def endpoint_of(centre: Centre, phone: str) -> str:
    """The endpoint to which this phone's 112 goes, "" if there is none."""
    found = places(centre)
    named = [name for name, each in found if phone in each.phones]
    return (named or [name for name, each in found if not each.phones] or [""])[0]


def context() -> str:
    """Where feature codes lead for these numbers. Whoever cannot be put through hears so."""
    return "\n".join(
        [
            "; --- for help: whatever happens, the phone is connected or told ---",
            "[acd-emergency]",
            *(CALL.format(number=number) for number in NUMBERS),
            *(f"exten => {each},1,Hangup(16)" for each in "tie"),
        ]
    )
