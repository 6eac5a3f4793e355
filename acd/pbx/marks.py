"""Marks of what Asterisk's files were made from: its dialplan carries them, so that old files are seen.

ACD_FILES is set at each start and reload of Asterisk, ACD_STARTED at its start alone: it covers what only a
start takes. Passwords are not part of a mark, which is shown; nor is where AMI listens, without which nobody
reads one.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import date
from typing import NamedTuple

from acd.pbx import consent, files
from acd.pbx.contexts import PLAN
from acd.pbx.dialplan import extensions
from acd.pbx.voices import speaker
from agents.model import Team
from config.prompts import Sounds
from config.schema import Centre

SHOWN = 8
"""Characters of a digest: this tells files apart, it proves nothing."""
UNNUMBERED = "1"
"""A dialplan that does not say its number."""
RESTART = "systemctl restart welcomecenter-asterisk"


class Marks(NamedTuple):
    """files: part:digest, by "-". started: of what only a start takes."""

    files: str
    started: str

    def lines(self) -> str:
        """For [globals] of the dialplan."""
        kept = f'${{IF($["${{ACD_STARTED}}"=""]?{self.started}:${{ACD_STARTED}})}}'
        return f"ACD_FILES={self.files}\nACD_STARTED={kept}\n"


def first_of_the_year(today: date) -> date:
    """From when on holidays are written out: files are the same all year, and anew in the next."""
    return today.replace(month=1, day=1)


def marks(centre: Centre, roster: Team, spoken: Sounds, today: date) -> Marks:
    """Of the files that this configuration gives in this year."""
    by = [speaker(each, centre.voice).key() for each in centre.languages]
    passwords = {each.reach.address: "" for each in roster.agents}
    of = {
        "menus": extensions(centre, first_of_the_year(today)) + consent.features(centre),
        "phones": files.pjsip(centre, roster, passwords),
        "prompts": repr((sorted(spoken.items()), by)),
        "rest": repr((files.rtp(centre), files.READ, files.WRITE, files.EVENTS, files.UNHEARD, files.FIXED)),
    }
    start = repr((files.modules(), centre.pbx.sip_address, centre.pbx.sip_port))
    return Marks("-".join(f"{part}:{_digest(text)}" for part, text in of.items()), _digest(start))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:SHOWN]


class FilesInForce:
    """What files Asterisk runs on, as it said last. wanted: those of the configuration; None: not known.

    render: the command that writes them.
    """

    def __init__(self, render: str = "acd pbx render") -> None:
        self.wanted: Marks | None = None
        self._render = render
        self._plan = ""
        self._has = Marks("", "")

    async def read(self, variable: Callable[[str], Awaitable[str]]) -> None:
        """Ask. variable: the value of a global one, "" if there is none."""
        self._plan = await variable("ACD_PLAN") or UNNUMBERED
        self._has = Marks(await variable("ACD_FILES"), await variable("ACD_STARTED"))

    def trouble(self) -> str:
        """ "", or that Asterisk runs on other files than the configuration's, and what to run."""
        if not self._plan:
            return ""
        if self._plan != str(PLAN):
            return (
                f"Asterisk's dialplan is number {self._plan[:20]}, this release's is {PLAN}: "
                f"run {self._render}"
            )
        if self.wanted is None:
            return ""
        if others := self._others(self.wanted.files):
            return (
                f"Asterisk's files are older than the configuration ({', '.join(others)}): run {self._render}"
            )
        if self._has.started != self.wanted.started:
            return f"Asterisk runs on what it was started with, which changed since: run {RESTART}"
        return ""

    def _others(self, wanted: str) -> list[str]:
        has = set(self._has.files.split("-"))
        return [each.partition(":")[0] for each in wanted.split("-") if each not in has]
