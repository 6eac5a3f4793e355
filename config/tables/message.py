"""[message]: who may leave a message, how long it is, and how long it is kept."""

from typing import Annotated

from pydantic import Field

from config.tables.kinds import OneLine, Table


class Message(Table):
    """[message]: without it nobody leaves one.

    folder: where the daemon finds messages, which is spool/monitor of what `acd pbx render` wrote. languages:
    in which it is offered; []: in all. seconds: the longest. days: after so many it is deleted, worked off or
    not. most: while so many wait to be heard, nobody leaves another.
    """

    folder: OneLine
    languages: list[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]] = []
    seconds: Annotated[int, Field(ge=10, le=300)] = 120
    days: Annotated[int, Field(ge=1, le=90)] = 14
    most: Annotated[int, Field(ge=1, le=2_000)] = 300
