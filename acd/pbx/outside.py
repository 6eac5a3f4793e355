"""To somebody outside whom a rule of overflow names: an endpoint of its own, and the way there and back.

The trunk dials nobody; each rule's gateway is an endpoint, and only what the centre's file names is dialled.
"""

from acd.pbx.contexts import caught, landing, note
from config.schema import Centre
from config.tables.rules import Outside

ENDPOINT = "outside-"
"""Before the number of a rule; no phone of the staff has such a name."""
RING_S = 40


def places(centre: Centre) -> list[tuple[str, str, Outside]]:
    """Every rule that leads outside: its endpoint, its name, and to whom."""
    rules = [(each.name, each.outside) for each in centre.overflow if each.outside is not None]
    return [(f"{ENDPOINT}{number}", name, to) for number, (name, to) in enumerate(rules, start=1)]


def extension(rule: str) -> str:
    """Where in acd-outside the daemon redirects a caller to."""
    return f"to_{rule}"


def context(centre: Centre) -> str:
    """One extension a rule; empty where no rule leads outside. Who is not answered there waits again."""
    found = places(centre)
    if not found:
        return ""
    lines = [
        "; --- to somebody outside, as a rule of overflow has it ---",
        "[acd-outside]",
        "include => acd-end",
    ]
    for endpoint, rule, to in found:
        lines.append(landing(extension(rule)))
        lines.append(f" same => n,Set(ACD_RULE={rule})")
        lines.append(f" same => n,Set(ACD_TO={to.number}@{endpoint})")
        lines.append(" same => n,Goto(go,1)")
    lines.append(
        f"""\
exten => go,1,Set(ACD_AT=outside)
 same => n,Set(ACD_WAY=$[0${{ACD_WAY}}+1])
 same => n,{note("o${ACD_WAY}", "${ACD_RULE}")}
 same => n,UserEvent(ACDOutside,Call: ${{ACD_CALL}},Rule: ${{ACD_RULE}})
 same => n,StopMusicOnHold()
 same => n,Playback(acd/outside)
 same => n,Set(__ACD_LEG=${{ACD_CALL}})
 same => n,Set(ACD_CAUSE=1)
 same => n,Dial(PJSIP/${{ACD_TO}},{RING_S},gmf({centre.centre.hotline})U(acd-outside-answered^${{ACD_WAY}}))
 same => n,Set(ACD_CAUSE=${{HANGUPCAUSE}})
 same => n,{note("v${ACD_WAY}", "${DIALSTATUS}")}
 same => n,GotoIf($["${{DIALSTATUS}}"="ANSWER"]?over)
 same => n,Set(ACD_SAY=acd/outside_failed)
 same => n,Goto(acd-hold,s,again)
 same => n(over),Set(ACD_BY=pbx)
 same => n,Hangup(16)
{caught("t", "i", "e")}

; on the leg outside, when it is answered
[acd-outside-answered]
exten => s,1,{note("u${ARG1}", call="ACD_LEG")}
 same => n,UserEvent(ACDOutsideAnswered,Call: ${{ACD_LEG}})
 same => n,Return()
"""
    )
    return "\n".join(lines)
