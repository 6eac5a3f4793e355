"""What every context of the dialplan has in common: nobody falls out, and what is done is written down.

A Redirect that meets a caller between two steps lands on the right context, but maybe one priority too far,
or on t, i or e (the step that WaitExten was about to take). So a context that a Redirect names begins with
lines that do nothing, each extension ends in Goto or Hangup, and t, i and e lead back to hold.
"""

from routing.facts import VANISHED

LANDING = 40
"""Lines that do nothing before the first that does: whichever of them a Redirect meets leads on."""

PLAN = 9
"""The number of the words by which dialplan and daemon speak, in the global ACD_PLAN; it rises with each
change of theirs. 1 did not say so: there the daemon judged who ended a call. From 3 on a caller's yes to a
recording and what becomes of it are told; from 4 on the keys on hold for the menus and to hear it again; from
5 on who is blocked can be let go; from 6 on an emergency announcement can be recorded by phone; from 7 on
callers can ask to be called back, and are; from 8 on they can ask in what state their case is; from 9
on it closes and opens by hand."""

NOW_MS = "${STRFTIME(,,%s%3q)}"
"""Epoch ms, where the whole seconds of EPOCH are too coarse."""


def landing(extension: str) -> str:
    """The begin of an extension that a Redirect may name."""
    return "\n".join([f"exten => {extension},1,NoOp()", *[" same => n,NoOp()"] * (LANDING - 1)])


def caught(*events: str) -> str:
    """Back to hold for a caller who got here by t, i or e; the daemon hears that nothing was dialled."""
    lines: list[str] = []
    for each in events:
        lines.append(f"exten => {each},1,NoOp()")
        lines.append(f" same => n,UserEvent(ACDCaught,Call: ${{ACD_CALL}},By: {each})")
        lines.append(" same => n,Goto(acd-hold,s,again)")
    return "\n".join(lines)


def note(key: str, *words: str, call: str = "ACD_CALL") -> str:
    """The application that writes one line of a call's ledger; acd/ledger.py says what each key means.

    The moment stands before the words. call: the variable that holds the caller's Uniqueid (on a phone's leg
    that is ACD_LEG).
    """
    return f"Set(DB(acd/${{{call}}}/{key})={':'.join([NOW_MS, *words])})"


NO_USER = 18
"""Q.850: no user responding. What a session timer that ran out leaves, if nothing was left before."""

FORGET = """
; --- the daemon names calls that are in the records (ACD_IDS, by -): their lines in the ledger go ---
[acd-forget]
exten => s,1,Set(L=${ACD_IDS})
 same => n(next),Set(ID=${SHIFT(L,-)})
 same => n,GotoIf($["${ID}"=""]?over)
 same => n,DBdeltree(acd/${ID})
 same => n,Goto(next)
 same => n(over),Hangup()
exten => t,1,Hangup()
exten => i,1,Hangup()
exten => e,1,Hangup()
"""


def end(first: str = "") -> str:
    """The end of every call. first: lines of what else is written down before it."""
    return f"""
; --- the end of a call: who ended it. h runs on whatever has our contexts, so others are left out ---
[acd-end]
exten => h,1,GotoIf($["${{ACD_CALL}}"!="${{UNIQUEID}}"]?over)
 same => n,Set(GROUP(acdring)=)
{first}\
; the dialplan's own Hangup has said who (ACD_BY); else the source of the hang-up tells: our own channel is
; the caller, none is the PBX. One that was there before the last wait is left over from a phone.
; Who does not answer any more has a cause of their own, which can be told if no phone left one (ACD_CAUSE).
 same => n,Set(ACD_FROM=${{CHANNEL(hangupsource)}})
 same => n,ExecIf($["${{ACD_BY}}"="" & "${{ACD_FROM}}"=""]?Set(ACD_BY=pbx))
 same => n,ExecIf($["${{ACD_FROM}}"="${{CHANNEL}}" | "${{ACD_FROM}}"="${{ACD_LEFT_OVER}}"]?Set(ACD_FROM=us))
 same => n,GotoIf($["${{ACD_BY}}${{ACD_FROM}}"!="us" | 0${{ACD_CAUSE}}!=0]?told)
 same => n,ExecIf($["${{HANGUPCAUSE}}"="{NO_USER}"]?Set(ACD_BY={VANISHED}))
 same => n(told),ExecIf($["${{ACD_BY}}"=""]?Set(ACD_BY=${{IF($["${{ACD_FROM}}"="us"]?caller:staff)}}))
 same => n,{note("z", "${ACD_BY}", '${IF($["${ACD_BY}"="pbx"]?${HANGUPCAUSE}:16)}')}
 same => n,UserEvent(ACDEnds,Call: ${{ACD_CALL}},By: ${{ACD_BY}})
 same => n(over),Hangup()
"""
