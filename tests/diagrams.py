"""The state tables as Mermaid diagrams: `python -m tests.diagrams` writes docs/states.md."""

from pathlib import Path

from agents import state
from routing import visit

PATH = Path(__file__).resolve().parents[1] / "docs" / "states.md"
HEAD = """# States

Made from the tables in `agents/state.py` and `routing/visit.py` by `make docs`; a test holds them equal.
What is not in a table is refused, changes nothing, and is recorded as a fact.
"""


def diagram(title: str, table: dict[tuple[str, str], str]) -> str:
    """One table; transitions between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (source, trigger), target in table.items():
        arrows.setdefault((source, target), []).append(trigger)
    lines = [f"    {a or 'none'} --> {b}: {', '.join(triggers)}" for (a, b), triggers in arrows.items()]
    return "\n".join([f"## {title}", "", "```mermaid", "stateDiagram-v2", *lines, "```", ""])


def text() -> str:
    """The whole document."""
    parts = [
        diagram("A visit", visit.TRANSITIONS),
        diagram("The interpreter of a talk", visit.INTERPRETING),
        diagram("A person: do they take calls?", state.PRESENCE),
        diagram("A person: what do they do for the hotline?", state.ACTIVITY),
    ]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
