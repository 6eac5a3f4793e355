"""What a phone shows before it is lifted: language and concern of who calls, and of the number what is set.

All of it is done on the phone's own leg. The caller's leg is left as it is, so that nothing has to be put
back where the call goes elsewhere.
"""

from agents.model import UNDETERMINED
from config.display import shorts
from config.schema import Centre

NOBODY = "anonymous"
"""A number that phones show as none, and that none dials."""
TELLING = 8
"""Digits of a number of which the last four do not say all."""


def names(centre: Centre) -> str:
    """Lines of [globals]: the short name of each concern."""
    return "".join(f"ACD_SHORT_{key}={name}\n" for key, name in sorted(shorts(centre).items()))


def text() -> str:
    """What is shown for this caller, on the caller's leg."""
    tongue = f'${{IF($["${{ACD_LANG}}"="{UNDETERMINED}"]?--:${{TOUPPER(${{ACD_LANG}})}})}}'
    return f"{tongue} ${{ACD_SHORT_${{ACD_CONCERN}}}}"


def shown(centre: Centre, argument: str) -> str:
    """Lines on the phone's leg, before it rings. argument: the variable that holds the text.

    There the number is what the trunk said, until the last of these lines; who withholds theirs has none.
    """
    known = (
        '${IF($["${CONNECTEDLINE(num-pres):0:7}"="allowed" & ${LEN(${ACD_DIGITS})}>0]?${ACD_DIGITS}:' + NOBODY
    )
    lines = [f"Set(CONNECTEDLINE(name,i)=${{{argument}}})"]
    if centre.desk.show_number == "none":
        lines.append(f"Set(CONNECTEDLINE(num,i)={NOBODY})")
    else:
        lines.append("Set(ACD_DIGITS=${FILTER(+0-9,${CONNECTEDLINE(num)})})")
        if centre.desk.show_number == "last4":
            lines.append(
                f"Set(ACD_DIGITS=${{IF($[${{LEN(${{ACD_DIGITS}})}}>={TELLING}]?${{ACD_DIGITS:-4}})}})"
            )
        lines.append(f"Set(CONNECTEDLINE(num,i)={known})}})")
    lines.append("Set(CONNECTEDLINE(pres,i)=allowed_not_screened)")
    return "".join(f" same => n,{each}\n" for each in lines)
