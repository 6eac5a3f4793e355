"""Which languages and concerns a report leaves out: those whose figures would say how a few people work."""

from collections.abc import Sequence

from routing.privacy import servers
from routing.world import Person
from simulation.drivers.model import Model

Cell = tuple[str, str]


def withheld(model: Model, cells: Sequence[Cell], smallest: int) -> frozenset[Cell]:
    """Of cells like ("language", code): those that fewer than `smallest` people could serve; 0: none.

    What is left out could be had by taking the others from the whole; so those left out are served by at
    least as many together, and if they are not, the next larger ones are left out too.
    """
    people = [Person(agent) for agent in model.roster.agents]
    who: dict[Cell, frozenset[str]] = dict.fromkeys(cells, frozenset())
    for kind in model.kinds:
        found = servers(model.policy, people, kind.language, kind.concern)
        for cell in (("language", kind.language), ("concern", kind.concern)):
            who[cell] |= found
    left_out: set[Cell] = set()
    for what in dict.fromkeys(by for by, _ in cells):
        order = sorted((cell for cell in cells if cell[0] == what), key=lambda cell: (len(who[cell]), cell))
        together: frozenset[str] = frozenset()
        for cell in order:
            if len(who[cell]) >= smallest and (not together or len(together) >= smallest):
                break
            together |= who[cell]
            left_out.add(cell)
    return frozenset(left_out)
