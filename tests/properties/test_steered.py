"""A supervisor in histories of chance: the world is what the facts tell, and nobody waits beside who may
take them."""

import pytest

from routing.engine import Engine
from tests.oracles.steered import Steered


@pytest.mark.parametrize("seed", range(60))
def test_what_is_steered_holds_and_all_else_goes_by_the_rules(seed: int) -> None:
    Steered(seed).go_on(150)


def test_a_steered_history_told_again_comes_out_the_same() -> None:
    wild = Steered(1000, twins=False)
    wild.go_on(300)
    again = Engine()
    assert [again.step(event, now) for event, now in wild.history] == wild.effects
    assert again.world == wild.engine.world
