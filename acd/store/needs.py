"""With which need callers came, whatever a supervisor made of it: what forecasts and plans are about."""

from typing import Any

from sqlalchemy import ColumnElement, case

from acd.store.tables import visits


def own_need() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """As `language` and `concern`: what they chose; those columns of visits are what was talked about."""
    columns = visits.c
    given = columns.chose_language != ""
    return (
        case((given, columns.chose_language), else_=columns.language).label("language"),
        case((given, columns.chose_concern), else_=columns.concern).label("concern"),
    )
