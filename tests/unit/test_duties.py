"""A duty roster says who is there when, and the outlook knows by it who leaves and who comes."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from acd.outlook.ahead import beliefs
from acd.outlook.drawn import Drawn
from acd.outlook.expectation import Remaining
from acd.outlook.prior import prior
from acd.outlook.rostered import rostered
from acd.outlook.scene import Scene
from config import duties
from config.duties import Duty, Presence, comes, leaves
from config.load import ConfigFaults, load
from routing import events as ev
from tests.fakes.beliefs import believed
from tests.fakes.centre import Bench

HEAD = "date,person,begin,end,rest_begin,rest_end\n"
ESSEN = ZoneInfo("Europe/Berlin")
CENTRE = load(Path("config/welcomecenter.toml"))
HOUR = 3_600_000


def written(folder: Path, text: str) -> Path:
    path = folder / "duties.csv"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    given = {
        "anna": [Duty(date(2026, 3, 3), 450, 960, ((720, 750),)), Duty(date(2026, 3, 2), 480, 720)],
        "amal": [Duty(date(2026, 3, 2), 480, 1440)],
    }
    duties.write(tmp_path / "duties.csv", given)
    read = duties.read(tmp_path / "duties.csv", ["amal", "anna"])
    assert not read.faults
    assert {name: sorted(each) for name, each in read.duties().items()} == {
        name: sorted(each) for name, each in given.items()
    }


def test_every_fault_is_told_with_its_line_and_the_rest_is_known(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "2026-03-02,amal,08:00,16:00,,\nsoon,ana,8 o'clock,16:00,,\n02.03.2026,anna,08:00,12:00,,\n",
    )
    read = duties.read(path, ["amal", "anna"])
    assert [each.key for each in read.faults] == ["line 3, person", "line 3, date", "line 3, begin"]
    assert "did you mean anna?" in read.faults[0].reason
    assert [each.person for each in read.listed] == ["amal", "anna"]


def test_times_are_those_of_the_wall_clock_where_the_centre_is(tmp_path: Path) -> None:
    """On 29 March 2026 clocks go from 2:00 to 3:00; a duty until 24:00 ends with the day."""
    path = written(
        tmp_path,
        "2026-03-28,amal,01:00,24:00,,\n2026-03-29,amal,01:00,04:00,,\n2026-03-29,anna,08:00,24:00,,\n",
    )
    day, night, late = duties.read(path, ["amal", "anna"]).presences(ESSEN)
    assert day.end_ms - day.begin_ms == 23 * HOUR
    assert night.end_ms - night.begin_ms == 2 * HOUR
    assert late.end_ms - late.begin_ms == 16 * HOUR


def test_who_has_another_duty_by_then_stays() -> None:
    known = [
        Presence("amal", 0, 100),
        Presence("amal", 100, 200),
        Presence("anna", 0, 150),
        Presence("bo", 160, 300),
    ]
    assert leaves(known, 50, 250) == (("amal", 200), ("anna", 150))
    assert comes(known, 50, 250) == (("amal", 100), ("bo", 160))
    assert leaves(known, 150, 199) == ()
    assert comes(known, 160, 250) == ()


def test_the_file_of_the_centre_with_what_is_wrong_in_it(tmp_path: Path) -> None:
    path = written(tmp_path, "2026-03-02,amal,08:00,16:00,,\n2026-03-02,nobody,08:00,x,,\n")
    centre = CENTRE.model_copy(
        update={"staffing": CENTRE.staffing.model_copy(update={"duties": path.name}), "base": tmp_path}
    )
    found = rostered(centre, ["amal"])
    assert [each.person for each in found.presences] == ["amal"]
    assert found.trouble.startswith("the duty roster: ")
    assert "line 3, person" in found.trouble
    assert "and 1 more" in found.trouble
    path.unlink()
    gone = rostered(centre, ["amal"])
    assert gone.presences == ()
    assert "cannot be read" in gone.trouble
    assert rostered(CENTRE, []).trouble == ""


def test_a_file_that_is_no_roster_is_refused_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "duties.csv").write_text("who,when\n")
    with pytest.raises(ConfigFaults, match="wanted are date, person"):
        duties.read(tmp_path / "duties.csv", [])


def test_beliefs_hold_who_leaves_and_comes_until_the_horizon() -> None:
    now = 1_774_341_000_000
    known = (Presence("amal", now - HOUR, now + HOUR), Presence("anna", now + HOUR, now + 9 * HOUR))
    found = beliefs(prior(CENTRE), CENTRE, now, now + 2 * HOUR, (), duties=known)
    assert found.leaves == (("amal", now + HOUR),)
    assert found.comes == (("anna", now + HOUR),)


@pytest.mark.parametrize("planned", [True, False])
def test_futures_know_when_the_last_who_suits_goes_home(planned: bool) -> None:
    """One person, in a talk for hours: who waits is served only by whoever comes."""
    made = Bench()
    agent = made.engine.world.people[next(iter(made.engine.world.people))].agent
    made.login(agent.reach.address)
    for place in range(4):
        leg = ev.Leg("pbx1", f"w{place}")
        made.tell(ev.CallArrived(leg, "line"))
        made.tell(ev.CallWaiting(leg, "de", "other", "", made.now, made.now))
    scene = Scene(made.engine.world, made.now)
    known = believed()
    if planned:
        known = known._replace(leaves=((agent.id, made.now + 60_000),))
    remaining = Remaining(scene, Drawn(known, scene.policy), 1, made.now + HOUR, made.now + HOUR)
    for _ in range(20):
        remaining.one_more()
    last = remaining.expectations()[-1]
    assert (last.served == 0) == planned


def test_who_is_on_duty_later_is_counted_on_from_then() -> None:
    made = Bench()
    agent = made.engine.world.people[next(iter(made.engine.world.people))].agent
    leg = ev.Leg("pbx1", "w")
    made.tell(ev.CallArrived(leg, "line"))
    made.tell(ev.CallWaiting(leg, "de", "other", "", made.now, made.now))
    made.tell(ev.DeviceChanged(agent.reach.address, "NOT_INUSE", "pbx1"))
    scene = Scene(made.engine.world, made.now)
    known = believed()._replace(comes=((agent.id, made.now + 600_000),))
    remaining = Remaining(scene, Drawn(known, scene.policy), 1, made.now + HOUR, made.now + HOUR)
    for _ in range(20):
        remaining.one_more()
    (only,) = remaining.expectations()
    assert only.served == 1_000
    assert 600_000 <= only.q10_ms < 700_000
