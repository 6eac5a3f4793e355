"""An answer overtakes the events that wait to be told: they are as old as they were."""

from acd.pbx.pbx_time import PbxTime


def test_events_that_an_answer_overtook_keep_their_age() -> None:
    clock = PbxTime()
    assert clock.age(100.0, 100.0) == 0
    clock.answered(102.0, 102.0, 102.0)
    assert clock.age(100.5, 102.0) == 1.5
