"""Histories of chance: after every step the world is what the facts tell, and decides as if just born."""

import pytest

from routing.engine import Engine
from tests.oracles.wild import Wild

FOUND = (1011, 1024, 1086, 1093, 1099, 1125, 1137, 2050, 2224, 2265)
"""Each of these once found something."""


@pytest.mark.parametrize("seed", [*range(60), *FOUND])
def test_the_world_is_what_the_facts_tell(seed: int) -> None:
    wild = Wild(seed)
    wild.go_on(150)


def test_a_history_told_again_comes_out_the_same() -> None:
    wild = Wild(1000, twins=False)
    wild.go_on(300)
    again = Engine()
    said = [again.step(event, now) for event, now in wild.history]
    assert said == wild.effects
    assert again.world == wild.engine.world
