"""[case_line]: who hears by phone in what state their case is, after its number and PIN."""

from typing import Annotated

from pydantic import Field

from config.tables.kinds import OneLine, Table

State = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class CaseLine(Table):
    """[case_line]: without it nobody hears that.

    concern: who chooses it is asked for number and PIN. states: as the office's file names them; each has a
    sentence case_state.STATE in every language's file, and one of any other state the sentence
    case_state.other. key_file: of the key with which PINs are kept; it lies outside the stores. tries: in one
    call. per_case: after so many failures with one case in a day it is locked for that day, whatever is
    keyed. failures: after so many in a day over all the line is closed until the next day.
    """

    concern: OneLine
    states: Annotated[list[State], Field(min_length=1, max_length=40)]
    key_file: Annotated[OneLine, Field(min_length=1)] = "case_line.key"
    tries: Annotated[int, Field(ge=1, le=5)] = 3
    per_case: Annotated[int, Field(ge=1, le=20)] = 5
    failures: Annotated[int, Field(ge=1, le=10_000)] = 50
