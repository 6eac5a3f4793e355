"""The emergency announcement: who hears it when, by which words, and that no offer waits for it."""

import asyncio
import struct
import wave
from collections.abc import AsyncIterator, Coroutine, Generator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.announcement import asked as asked_for
from acd.announcement import emergency as announcement
from acd.announcement import recorded
from acd.announcement.emergency import STOCK, EmergencyAnnouncement, wanted
from acd.announcement.recorded import Unfit
from acd.pbx.announcing import Draft
from acd.pbx.sounds import render
from acd.pbx.speech import SoundFault
from acd.ports import Arrival
from acd.store.open import ready
from acd.store.tables import announcement_texts
from config import prompts
from config.load import load
from config.schema import Centre
from config.tables.calls import Announcement
from routing import events as ev
from routing import facts
from routing import visit as table
from routing.commands import Connect, Say, SetAnnouncement, TurnAway
from routing.engine import Effects
from tests.fakes.centre import NODE, Bench
from tests.unit.test_engine import CALLER, PHONE, only
from tests.unit.test_web import client

FIRE = ev.AnnouncementSet((("de", "made_fire"), ("tr", STOCK), ("und", STOCK)), False)
FLOOD = ev.AnnouncementSet((("de", "made_flood"), ("tr", STOCK), ("und", STOCK)), False)
LEAVE = FIRE._replace(ends_calls=True)
OFF = ev.AnnouncementSet((), False)


def busy() -> Bench:
    """A centre where everybody is there and talks."""
    made = Bench()
    made.login("p01", "p02", "p03")
    for phone in ("p01", "p02", "p03"):
        made.tell(ev.DeviceChanged(phone, "INUSE"))
    return made


def told(effects: Effects) -> list[tuple[str, bool]]:
    """What callers are told in this step, and whether at once; each word is a fact."""
    says = [each for each in effects.commands if isinstance(each, Say)]
    names = [name for each in says for name in each.sentences]
    assert names == [each.sentence for each in effects.facts if isinstance(each, facts.CallerTold)]
    return [(name, each.at_once) for each in says for name in each.sentences]


def test_who_waits_hears_it_at_once_in_their_language_and_only_once() -> None:
    made = busy()
    made.call("1.1", "de")
    made.call("1.2", "tr")
    made.call("1.3", "und")
    effects = made.tell(FIRE)
    assert told(effects) == [("made_fire", True), (STOCK, True), (STOCK, True)]
    assert only(SetAnnouncement, effects.commands)[1:] == (*FIRE, "")
    assert only(facts.AnnouncementChanged, effects.facts)[1:] == tuple(FIRE)
    assert told(made.tell(FIRE)) == []
    assert told(made.tell(FLOOD)) == [("made_flood", True)]


def test_off_and_on_again_it_is_heard_again() -> None:
    made = busy()
    made.call("1.1", "de")
    made.tell(FIRE)
    assert only(SetAnnouncement, made.tell(OFF).commands).sounds == ()
    assert told(made.tell(FIRE)) == [("made_fire", True)]


def test_who_comes_on_hold_later_hears_it_then_unless_the_menu_has_said_it() -> None:
    made = busy()
    made.tell(FIRE)
    assert told(made.call("1.1", "de")) == [("made_fire", False)]
    leg = ev.Leg(NODE, "1.2")
    made.tell(ev.CallArrived(leg, "line"))
    made.tell(ev.AnnouncementHeard(leg, "made_fire"))
    assert told(made.tell(ev.CallWaiting(leg, "de", "other", "", 0, 0))) == []


def test_an_offer_goes_before_it_and_who_is_offered_or_talks_is_left_alone() -> None:
    made = Bench()
    made.login("p02")
    made.tell(FIRE)
    effects = made.call("1.1", "de")
    kinds = [type(each) for each in effects.commands]
    assert kinds.index(Connect) == len(kinds) - 1  # what is sent last is what happens to the caller
    made.tell(ev.DialBegan(CALLER, PHONE, "p02"))
    assert told(made.tell(FLOOD)) == []
    made.tell(ev.Bridged(CALLER, PHONE, "p02"))
    assert told(made.tell(FIRE)) == []


def test_who_is_back_on_hold_hears_what_came_meanwhile() -> None:
    made = Bench()
    made.login("p02")
    made.call("1.1", "de")
    made.tell(FIRE)
    (visit,) = made.engine.world.visits.values()
    assert visit.state == table.OFFERED
    assert told(made.tell(ev.DialEnded(CALLER, visit.offer, "BUSY"))) == [("made_fire", False)]


def test_one_that_ends_calls_lets_go_who_waits_and_who_comes_to_wait() -> None:
    made = busy()
    made.call("1.1", "de")
    effects = made.tell(LEAVE)
    assert only(TurnAway, effects.commands).caller == CALLER
    assert told(effects) == []
    assert only(TurnAway, made.call("1.2", "tr").commands).caller.uid == "1.2"
    made.tell(OFF)
    assert not [each for each in made.call("1.3", "tr").commands if isinstance(each, TurnAway)]


def test_each_pbx_is_told_at_link_up_whatever_it_was_told_before() -> None:
    made = busy()
    made.tell(FIRE)
    made.tell(ev.LinkDown("test", NODE))
    made.tell(OFF)
    devices = tuple((phone, "NOT_INUSE") for phone in ("p01", "p02", "p03"))
    effects = made.tell(ev.PbxSnapshot(made.now, True, (), devices, NODE))
    assert only(SetAnnouncement, effects.commands)[1:] == ((), False, NODE)


# --- from texts to sounds ------------------------------------------------------------------------------


SOURCE = Path("config/welcomecenter.toml")


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    found = load(SOURCE)
    store = found.store.model_copy(update={"folder": str(tmp_path)})
    return found.model_copy(update={"announcement": Announcement(folder=str(tmp_path)), "store": store})


def test_who_has_no_text_is_told_the_stock_sentence_and_nothing_is_translated(centre: Centre) -> None:
    spoken = prompts.sounds(prompts.beside(SOURCE), centre)
    want = wanted(centre, lambda: spoken, {"de": "Es brennt."}, {})
    sounds = dict(want.sounds)
    assert set(sounds) == {*centre.languages, "und"}
    assert {code for code, sound in sounds.items() if sound == STOCK} == {*centre.languages} - {"de"}
    assert [each.text for each in want.made["any", sounds["de"]]] == ["Es brennt."]
    both = want.made["any", sounds["und"]]
    assert [each.language for each in both] == centre.routing.unknown_languages
    assert [each.text for each in both] == ["Es brennt.", spoken["en", STOCK][0].text]
    assert wanted(centre, lambda: spoken, {"de": "Es brennt nicht."}, {}).sounds != want.sounds


class Told:
    """The engine's ear."""

    def __init__(self) -> None:
        self.events: list[ev.AnnouncementSet] = []
        self.more = asyncio.Event()

    async def ask(self, arrival: Arrival) -> None:
        assert isinstance(arrival.event, ev.AnnouncementSet)
        self.events.append(arrival.event)
        self.more.set()

    def now(self) -> ev.AnnouncementSet | None:
        return self.events[-1] if self.events and self.events[-1].sounds else None


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await ready("records", f"sqlite+aiosqlite:///{tmp_path}/records.db")
    yield engine
    await engine.dispose()


TEXTS: Mapping[str, str] = {"de": "Es brennt."}


async def test_it_is_spoken_into_the_folder_and_its_words_are_kept(
    centre: Centre, records: AsyncEngine, tmp_path: Path
) -> None:
    ear = Told()
    made = EmergencyAnnouncement(lambda: centre, SOURCE, records, ear.ask, ear.now)
    said = await made.on(TEXTS, False, "program:api", "fire")
    while said.languages.get("de") != "text":  # a slow machine: the voice comes later
        ear.more.clear()
        await ear.more.wait()
        said = made.now()
    (last,) = ear.events[-1:]
    assert (tmp_path / "any" / "acd" / f"{dict(last.sounds)['de']}.wav").exists()
    await made.settled()
    async with records.connect() as connection:
        kept = {row.sound: row.text for row in await connection.execute(select(announcement_texts))}
    assert kept[dict(last.sounds)["de"]] == "de: Es brennt."
    assert (await made.off("program:api", "")).on is False


@pytest.mark.parametrize("how", ["slow", "broken", "no folder"])
async def test_a_voice_never_delays_it(
    centre: Centre, records: AsyncEngine, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The stock sentence is told first; where the voice becomes ready, its text from then on."""
    go = asyncio.Event()
    loop = asyncio.get_running_loop()

    def voice(*_: Any, **__: Any) -> list[Path]:
        if how == "broken":
            raise SoundFault("de: the program espeak-ng is not installed")
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result()
        return []

    monkeypatch.setattr(announcement, "render", voice)
    monkeypatch.setattr(announcement, "READY_S", 0.05 if how == "slow" else 60)
    if how == "no folder":
        centre = centre.model_copy(update={"announcement": Announcement()})
    ear = Told()
    made = EmergencyAnnouncement(lambda: centre, SOURCE, records, ear.ask, ear.now)
    said = await made.on(TEXTS, False, "program:api", "")
    assert said.on
    assert set(said.languages.values()) == {"stock"}
    wanted_words = {
        "slow": "not ready",
        "broken": "espeak-ng is not installed",
        "no folder": "announcement.folder",
    }
    assert wanted_words[how] in said.trouble
    if how == "slow":
        ear.more.clear()
        go.set()
        await ear.more.wait()
        assert made.now().languages["de"] == "text"
    await made.settled()
    assert len(ear.events) == (2 if how == "slow" else 1)


class Slow:
    """A voice that is as slow as a test wants: it goes on when that is said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._loop, self._real = asyncio.get_running_loop(), render
        self.began, self.go, self.speaking = asyncio.Event(), asyncio.Event(), 0
        self.most = 0
        monkeypatch.setattr(announcement, "render", self._render)

    def _render(self, *given: Any, **more: Any) -> list[Path]:
        self.speaking += 1
        self.most = max(self.most, self.speaking)
        self._loop.call_soon_threadsafe(self.began.set)
        asyncio.run_coroutine_threadsafe(self.go.wait(), self._loop).result()
        made = self._real(*given, **more)
        self.speaking -= 1
        return made


async def test_what_was_taken_off_while_its_voice_speaks_stays_off(
    centre: Centre, records: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, ear = Slow(monkeypatch), Told()
    made = EmergencyAnnouncement(lambda: centre, SOURCE, records, ear.ask, ear.now)
    on = asyncio.create_task(made.on(TEXTS, False, "program:api", ""))
    await slow.began.wait()
    assert (await made.off("program:api", "")).on is False
    slow.go.set()
    said = await on
    assert not said.on
    assert "meanwhile" in said.trouble
    assert ear.events == [OFF]
    await made.settled()


async def test_a_recording_that_is_not_there_leaves_what_is_on_as_it_is(
    centre: Centre, records: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its voice goes on too, and is heard when it is ready."""
    monkeypatch.setattr(announcement, "READY_S", 0.0)
    slow, ear = Slow(monkeypatch), Told()
    made = EmergencyAnnouncement(lambda: centre, SOURCE, records, ear.ask, ear.now)
    await made.on(TEXTS, False, "program:api", "")
    with pytest.raises(Unfit):
        await made.on({}, False, "program:api", "", ["rec_1764322000_1"])
    slow.go.set()
    await made.settled()
    assert made.now().languages["de"] == "text"


async def test_of_two_at_once_the_later_is_told_and_its_sounds_are_there(
    centre: Centre, records: AsyncEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow, ear = Slow(monkeypatch), Told()
    made = EmergencyAnnouncement(lambda: centre, SOURCE, records, ear.ask, ear.now)
    first = asyncio.create_task(made.on(TEXTS, True, "program:api", "first"))
    await slow.began.wait()
    second = asyncio.create_task(made.on({"de": "Es ist nass."}, False, "program:api", "second"))
    await asyncio.sleep(0)  # the second has begun
    slow.go.set()
    await asyncio.gather(first, second)
    await made.settled()
    assert slow.most == 1
    assert not any(each.ends_calls for each in ear.events)
    sound = dict(ear.events[-1].sounds)["de"]
    assert sound != STOCK
    assert (tmp_path / "any" / "acd" / f"{sound}.wav").exists()


async def test_what_is_on_keeps_its_sounds_until_another_is_told_also_after_a_restart(
    centre: Centre, records: AsyncEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ear = Told()
    before = EmergencyAnnouncement(lambda: centre, SOURCE, records, ear.ask, ear.now)
    await before.on(TEXTS, False, "program:api", "")
    await before.settled()
    old = tmp_path / "any" / "acd" / f"{dict(ear.events[-1].sounds)['de']}.wav"
    there: list[bool] = []

    async def ask(arrival: Arrival) -> None:
        there.append(old.exists())
        await ear.ask(arrival)

    monkeypatch.setattr(announcement, "READY_S", 60.0)
    after = EmergencyAnnouncement(lambda: centre, SOURCE, records, ask, ear.now)
    await after.on({"de": "Es ist nass."}, False, "program:api", "")
    await after.settled()
    assert there == [True]
    await after.on({"de": "Es ist kalt."}, False, "program:api", "")
    await after.settled()
    assert not old.exists()


async def test_a_request_with_faults_names_all_of_them_and_changes_nothing() -> None:
    texts = {"xx": "Hallo", "de": "a" * 301, "tr": "a\nb", "ar": " "}
    async with client() as asking:
        asking.headers["Authorization"] = "Bearer test"
        answer = await asking.put("/api/announcement", json={"texts": texts})
    assert answer.status_code == 422
    assert [each.partition(":")[0] for each in answer.json()["detail"]] == [f"texts.{code}" for code in texts]


# --- a daemon that dies on the way ----------------------------------------------------------------------


class Dies:
    """Something asked for, of a daemon that dies before its n-th wait is over."""

    def __init__(self, asked: Coroutine[Any, Any, object], waits: int) -> None:
        self._asked, self._waits = asked, waits
        self.whole = False

    def __await__(self) -> Generator[Any, None, None]:
        steps = self._asked.__await__()
        for _ in range(self._waits):
            try:
                waited = next(steps)
            except StopIteration:
                self.whole = True
                return
            yield waited
        steps.close()


async def dead(made: EmergencyAnnouncement) -> None:
    """Nothing more comes of what it had begun."""
    if made._later is not None:
        made._later.cancel()
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("what", ["on", "off"])
@pytest.mark.parametrize("waits", range(1, 8))
async def test_whenever_a_daemon_dies_the_next_finishes_what_was_asked_for(
    centre: Centre,
    records: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    what: str,
    waits: int,
) -> None:
    """All of it or nothing: own words, never the stock sentence for good; and off stays off."""
    ear = Told()

    def daemon() -> EmergencyAnnouncement:
        return EmergencyAnnouncement(lambda: centre, SOURCE, records, ear.ask, ear.now)

    def render_nothing(*_: Any, **__: Any) -> list[Path]:
        return []

    monkeypatch.setattr(announcement, "render", render_nothing)
    monkeypatch.setattr(announcement, "READY_S", 0.0)
    first = daemon()
    if what == "off":
        await first.on(TEXTS, False, "person:anna", "fire")
        await first.settled()
    asked = first.on(TEXTS, False, "person:anna", "fire") if what == "on" else first.off("person:ben", "")
    await Dies(asked, waits)
    await dead(first)
    second = daemon()
    await second.resume()
    await second.settled()
    kept = asked_for.read(tmp_path)
    if what == "off":
        assert kept is not None
        assert second.now().on is kept.on
    elif kept is None:
        assert not second.now().on
    else:
        said = second.now()
        assert (said.on, said.languages["de"], said.by) == (True, "text", "person:anna")
        assert said.since_ms == kept.since_ms


async def test_a_start_changes_nothing_of_what_is_on(
    centre: Centre, records: AsyncEngine, tmp_path: Path
) -> None:
    ear = Told()
    first = EmergencyAnnouncement(lambda: centre, SOURCE, records, ear.ask, ear.now)
    await first.on(TEXTS, False, "person:anna", "fire")
    await first.settled()
    told = list(ear.events)
    second = EmergencyAnnouncement(lambda: centre, SOURCE, records, ear.ask, ear.now)
    await second.resume()
    await second.settled()
    assert ear.events == told


# --- recorded by phone ---------------------------------------------------------------------------------


def draft(folder: Path, name: str = "draft_1764322000_17643220001", level: int = 8_000, s: float = 2) -> str:
    """A draft as Asterisk writes it, of a square wave."""
    (folder / "draft").mkdir(exist_ok=True)
    with wave.open(str(folder / "draft" / f"{name}.wav16"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(struct.pack("<16h", *[level] * 8, *[-level] * 8) * int(s * 1_000))
    return name


@pytest.mark.parametrize(
    ("how", "why"),
    [({"level": 20}, "too quiet"), ({"s": 0.3}, "shorter"), ({"s": 0}, "shorter"), (None, "cannot be read")],
)
def test_an_empty_or_quiet_recording_is_refused(
    tmp_path: Path, how: Mapping[str, Any] | None, why: str
) -> None:
    name = draft(tmp_path, **how) if how is not None else "draft_1764322000_1"
    with pytest.raises(Unfit, match=why):
        recorded.keep(tmp_path, name, "de", ())
    assert recorded.kept(tmp_path) == []


@pytest.mark.parametrize("name", ["draft_../../x", "../draft_1764322000_1", "rec_1764322000_1", ""])
def test_a_draft_has_a_drafts_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unfit):
        recorded.drop(tmp_path, name)


def test_so_many_are_kept_and_so_long_but_what_is_on_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "KEPT_MAX", 3)
    names = [
        recorded.keep(tmp_path, draft(tmp_path, f"draft_176432200{n}_1"), "de", ("rec_1764322000_1",))[0]
        for n in range(5)
    ]
    left = [each.name for each in recorded.kept(tmp_path)]
    assert left == [names[0], *names[3:]]
    recorded.forget(tmp_path, 1, 1_764_322_004 + 86_401, (names[0],))
    assert [each.name for each in recorded.kept(tmp_path)] == [names[0]]


def test_a_recording_for_all_is_told_once_to_who_knows_no_language_and_a_text_goes_before_it(
    centre: Centre,
) -> None:
    def unread() -> prompts.Sounds:
        raise AssertionError("no shipped sentence is needed")

    alone = wanted(centre, unread, {}, {"all": "rec_1_1"})
    und = alone.made["any", dict(alone.sounds)["und"]]
    assert [(each.language, each.part) for each in und] == [("all", "rec_1_1")]
    mixed = wanted(centre, unread, {"de": "Es brennt."}, {"all": "rec_1_1", "tr": "rec_2_2"})
    own = {code: mixed.made["any", dict(mixed.sounds)[code]][0] for code in ("de", "tr", "ar")}
    assert own["de"].text == "Es brennt."
    assert (own["tr"].part, own["ar"].part) == ("rec_2_2", "rec_1_1")


async def test_only_phones_that_are_named_are_obeyed(
    centre: Centre, records: AsyncEngine, tmp_path: Path
) -> None:
    rules = Announcement(folder=str(tmp_path), record_code="*45", phones=["p01"])
    centre = centre.model_copy(update={"announcement": rules})
    ear, answers = Told(), asyncio.Queue[tuple[str, bool]]()
    made = EmergencyAnnouncement(
        lambda: centre,
        SOURCE,
        records,
        ear.ask,
        ear.now,
        lambda draft, done: answers.put_nowait((draft.phone, done)),
    )
    serving = asyncio.create_task(made.run())
    for phone in ("p02", "p01"):
        made.told(Draft(draft(tmp_path), "tr", "put_on", phone, "1.1"))
        assert await answers.get() == (phone, phone == "p01")
        assert made.now().on is (phone == "p01")
    await made.settled()
    told = made.now()
    assert (told.languages["tr"], told.languages["de"], told.by) == ("recording", "stock", "phone:p01")
    assert not list((tmp_path / "draft").iterdir())
    assert not await made.delete("rec_1764322000_17643220001"), "it is on"
    serving.cancel()
