"""Documents from tables: `python -m tests.diagrams` writes docs/states.md and the rights of security.md."""

from pathlib import Path

from acd.identity import RIGHTS, SECOND_FACTOR, Action
from agents import state
from routing import visit

PATH = Path(__file__).resolve().parents[1] / "docs" / "states.md"
SECURITY = PATH.with_name("security.md")
BEGIN, END = "<!-- rights -->", "<!-- /rights -->"
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


def with_rights(document: str) -> str:
    """docs/security.md with the table of rights as it is asked."""
    before, _, rest = document.partition(f"{BEGIN}\n")
    _, _, after = rest.partition(END)
    head = ["| action |", *(f" {role} |" for role in RIGHTS)]
    rows = [
        f"| `{action}` |" + "".join(" yes |" if action in may else "  |" for may in RIGHTS.values())
        for action in Action
    ]
    factor = "| *second factor always* |" + "".join(
        " yes |" if role in SECOND_FACTOR else "  |" for role in RIGHTS
    )
    table = ["".join(head), "|---|" + "---|" * len(RIGHTS), *rows, factor]
    return "\n".join([f"{before}{BEGIN}", "", *table, "", f"{END}{after}"])


if __name__ == "__main__":
    SECURITY.write_text(with_rights(SECURITY.read_text(encoding="utf-8")), encoding="utf-8")
    PATH.write_text(text(), encoding="utf-8")
