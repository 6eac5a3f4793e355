"""Who works here and what they can do: values without behaviour.

Language levels follow the Common European Framework of Reference (Council of Europe, 2001),
with native speakers above C2. Concern levels run from 1 (knows whom to ask) to 5 (decides alone).
"""

from enum import IntEnum
from typing import NamedTuple

UNDETERMINED = "und"
"""ISO 639's code for a language nobody knows yet: the caller pressed nothing."""


class Cefr(IntEnum):
    """How well a language is spoken; the integers order the levels."""

    NONE = 0
    A1 = 1
    A2 = 2
    B1 = 3
    B2 = 4
    C1 = 5
    C2 = 6
    NATIVE = 7


CONCERN_MIN = 1
CONCERN_MAX = 5


class Reach(NamedTuple):
    """How a person is reached by telephone.

    `kind` is "phone" (an endpoint registered with our Asterisk). Other kinds (an extension behind a
    trunk, an outside number) have their place here and are not built yet. node: the PBX where it is
    registered; "" where there is only one.
    """

    kind: str
    address: str
    node: str = ""


class Agent(NamedTuple):
    """A member of staff. Skills are sorted tuples of (key, level), so that equal people are equal values."""

    id: str
    name: str
    reach: Reach
    languages: tuple[tuple[str, int], ...]
    concerns: tuple[tuple[str, int], ...]

    def language_level(self, language: str) -> int:
        """The CEFR level (0 to 7) in `language`; 0 if it is not spoken."""
        return _level(self.languages, language)

    def concern_level(self, concern: str) -> int:
        """The level (0 to 5) in `concern`; 0 if it is not known."""
        return _level(self.concerns, concern)


def _level(skills: tuple[tuple[str, int], ...], key: str) -> int:
    for name, level in skills:
        if name == key:
            return level
    return 0


class Team(NamedTuple):
    """Everybody who may log in, sorted by id."""

    agents: tuple[Agent, ...]
