"""An answer of the history: the figures of a view by step and group, and what they say together."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from acd.history.fairness import Standing, standings
from acd.history.figures import Aim, Band, Figures, Group, by_wait, figures
from acd.history.view import View

Label = tuple[str, ...]


class Row(NamedTuple):
    """begin: where the step begins, by the centre's clock. label: of the group, () where all are one."""

    begin: datetime
    label: Label
    figures: Figures


class Answer(NamedTuple):
    """What a view shows. total: of all rows together. bands: giving up by how long they waited. fairness: of
    languages, none where fewer than two may be told apart. merged: some groups are shown as one, since few
    people could serve them. since: the first day that is known, None for none. languages, concerns: what may
    be asked for alone."""

    view: View
    aim: Aim
    rows: Sequence[Row]
    total: Figures
    bands: Sequence[Band]
    fairness: Sequence[Standing]
    merged: bool
    since: date | None
    languages: Sequence[str]
    concerns: Sequence[str]


def rows(groups: Mapping[tuple[datetime, Label], Group], aim: Aim) -> list[Row]:
    """In the order of time, then name."""
    return [Row(*key, figures(group, aim)) for key, group in sorted(groups.items())]


def together(groups: Mapping[tuple[datetime, Label], Group]) -> Group:
    """All of them as one."""
    whole = Group()
    for group in groups.values():
        whole.take(group)
    return whole


def summed(
    view: View,
    aim: Aim,
    groups: Mapping[tuple[datetime, Label], Group],
    by_language: Mapping[Label, Group],
) -> Answer:
    """The answer, but for what may be asked for and since when."""
    whole = together(groups)
    languages = {label[0]: figures(group, aim) for label, group in by_language.items()}
    fair = standings(languages, aim.variant) if len(languages) > 1 else []
    return Answer(
        view, aim, rows(groups, aim), figures(whole, aim), by_wait(whole), fair, False, None, (), ()
    )
