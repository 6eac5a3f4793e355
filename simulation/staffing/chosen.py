"""A chosen staff as a scenario file of its own, which extends the one that it was chosen for."""

from collections.abc import Mapping
from typing import Any, Final

import tomli_w

from simulation.scenarios.refusal import doubt
from simulation.scenarios.scenario import Scenario

ENDING: Final = "_chosen"
NAME_MAX: Final = 40
TEXT_MAX: Final = 120


def chosen_name(scenario: str) -> str:
    """What the scenario with the chosen staff is called."""
    return scenario[: NAME_MAX - len(ENDING)] + ENDING


def chosen_text(said: Mapping[str, Any], chosen: Scenario, extends: str) -> str:
    """The file. said: the scenario's own table (scenario_file.said); chosen: as candidates.staffed
    makes it; extends: the other file, as the key of the same name takes it."""
    staff = chosen.staff.model_dump(mode="json")
    number = len(chosen.staff.order)
    table = {
        **said,
        "name": chosen_name(chosen.name),
        "de": f"{number} ausgewählte Beschäftigte: {chosen.de}"[:TEXT_MAX],
        "en": f"{number} chosen staff: {chosen.en}"[:TEXT_MAX],
        "set": {**said.get("set", {}), **{f"staff.{key}": staff[key] for key in ("people", "order", "hire")}},
    }
    first = "# The staff that acd plan staff chose; all else is taken from the file that this one extends.\n"
    return first + tomli_w.dumps({"extends": extends, "scenario": [_plain(table)]})


class _Plain(float):
    """Written so that it cannot be read in two ways."""

    def __str__(self) -> str:
        text = float.__repr__(self)
        return f"{text}0" if doubt(text) else text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return _Plain(value) if isinstance(value, float) else value
