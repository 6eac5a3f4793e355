"""The values that stand in files and records, and what a person's states mean, each one written out."""

from itertools import product

from agents import state
from agents.model import CONCERN_MAX, CONCERN_MIN, Agent, Cefr, Reach

PRESENCES = ("logged_out", "ready", "not_ready", "away")
ACTIVITIES = ("idle", "reserved", "ringing", "calling", "talking", "wrap_up")
DEVICES = {
    "NOT_INUSE": "",
    "INUSE": "busy_outside",
    "BUSY": "busy_outside",
    "RINGING": "busy_outside",
    "RINGINUSE": "busy_outside",
    "ONHOLD": "busy_outside",
    "UNAVAILABLE": "unreachable",
    "INVALID": "unreachable",
    "UNKNOWN": "unreachable",
    "LOST": "unreachable",
    "": "unreachable",
}


def test_levels_of_language_and_concern_are_those_of_the_files() -> None:
    assert [(each.name, int(each)) for each in Cefr] == [
        ("NONE", 0),
        ("A1", 1),
        ("A2", 2),
        ("B1", 3),
        ("B2", 4),
        ("C1", 5),
        ("C2", 6),
        ("NATIVE", 7),
    ]
    assert (CONCERN_MIN, CONCERN_MAX) == (1, 5)


def test_what_somebody_does_not_know_is_at_level_nought() -> None:
    agent = Agent("a", "A", Reach("phone", "p"), (("de", 5),), (("study", 2),))
    assert (agent.language_level("de"), agent.language_level("en")) == (5, 0)
    assert (agent.concern_level("study"), agent.concern_level("other")) == (2, 0)


def test_work_is_shown_before_presence_and_presence_before_the_phone() -> None:
    for presence, activity, device in product(PRESENCES, ACTIVITIES, DEVICES):
        wanted = presence if presence != "ready" else DEVICES[device] or "ready"
        assert state.shown(presence, activity, device) == (wanted if activity == "idle" else activity)
        takes = (presence, activity, device) == ("ready", "idle", "NOT_INUSE")
        assert state.takes_offers(presence, activity, device) == takes
        quiet = (
            "quiet" if wanted == "ready" and activity == "idle" else state.shown(presence, activity, device)
        )
        assert state.shown(presence, activity, device, True) == quiet
        assert not state.takes_offers(presence, activity, device, True)


def test_every_state_that_is_shown_is_named_once() -> None:
    reached = {state.shown(*each) for each in product(PRESENCES, ACTIVITIES, DEVICES, (False, True))}
    assert sorted(state.SHOWN) == sorted(reached)
