"""A number of a scenario: never without its unit and where it comes from."""

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from config.tables.kinds import Table

ASSUMPTION = "assumption"
"""A source that begins with this word says that nobody has measured the number."""


class Quantity(Table):
    """A value, its unit, and its source: a document, a measurement, or the word "assumption"."""

    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: str
    source: Annotated[str, StringConstraints(min_length=3, max_length=300)]

    @property
    def assumed(self) -> bool:
        """Whether nobody has measured it."""
        return self.source.lower().startswith(ASSUMPTION)


def _fits(unit: str, least: float, most: float, whole: bool, given: Quantity) -> Quantity:
    of = "" if unit == "1" else f" {unit}"
    if given.unit != unit:
        raise ValueError(f"has the unit {given.unit!r}; it is counted in {unit!r}")
    if not least <= given.value <= most:
        raise ValueError(f"is {given.value:g}; it lies between {least:g} and {most:g}{of}")
    if whole and given.value != int(given.value):
        raise ValueError(f"is {given.value:g}; it is a whole number{of and f' of{of}'}")
    return given


def counted(unit: str, least: float, most: float, *, whole: bool = False) -> AfterValidator:
    """For Annotated[Quantity, ...]: a quantity in this unit between these limits, both included."""
    return AfterValidator(partial(_fits, unit, least, most, whole))
