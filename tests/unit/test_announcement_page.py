"""Who is in charge sees what callers are told, by whom and since when; puts it on in two steps, and off."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from acd.acts import Acts
from acd.announcing import AnnouncingByHand
from acd.identity import Asker, Role
from acd.ports import Announced, KeptAnnouncement
from acd.web.announcement import Filled, filled
from acd.web.deps import AnnouncementChoices, Because, NoRecording
from config.load import SHIPPED, load
from tests.fakes.admits import Admits, person
from tests.fakes.pages import app_of, picture_of, waiting_bench

ON = Announced(
    True, True, {"de": "text", "ar": "recording", "tr": "stock"}, "", "person:ute", 1_764_000_000_000
)
OFF = Announced(False, False, {}, "")
OURS = {"Origin": "http://localhost"}
CSRF = {"csrf": "csrf-ute"}
STOCK = {"de": "Es gibt eine Störung.", "ar": "يوجد عطل.", "tr": "Bir arıza var."}


class Announcing:
    """Implements acd.web.deps.Announcing over what the test says."""

    def __init__(self, told: Announced = OFF, *, speaks: bool = True) -> None:
        self.told, self.speaks = told, speaks
        self.asked: list[tuple[Any, ...]] = []

    async def on(
        self,
        by: Asker,
        texts: Mapping[str, str],
        recordings: Sequence[str],
        ends_calls: bool,
        why: Because,
    ) -> Announced:
        self.asked.append((by.actor, dict(texts), list(recordings), ends_calls, why.reason))
        self.told = ON
        return ON

    async def off(self, by: Asker, why: Because) -> Announced:
        self.asked.append((by.actor, why.reason))
        self.told = OFF
        return OFF

    def choices(self) -> AnnouncementChoices:
        return AnnouncementChoices(("de", "ar", "tr"), ("de", "tr"), self.speaks)

    async def stock(self) -> Mapping[str, str]:
        return STOCK

    async def heard(self, texts: Mapping[str, str], recordings: Sequence[str]) -> Mapping[str, str]:
        if set(recordings) - {"rec_1_1"}:
            raise NoRecording("there is none")
        own = dict.fromkeys(texts, "text") | ({"ar": "recording"} if recordings else {})
        return {code: own.get(code, "stock") for code in STOCK}

    async def kept(self) -> Sequence[KeptAnnouncement]:
        return [KeptAnnouncement("rec_1_1", "ar", 1_764_000_000, 12.4)]


def client(announcing: Announcing, who: str = "ute") -> httpx.AsyncClient:
    people = Admits(ute=person("ute", Role.SUPERVISOR), bob=person("bob", Role.STAFF))
    picture = picture_of(waiting_bench(), 0)
    app = app_of(picture, people=people, announcement=lambda: announcing.told, announcing=announcing)
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(
        transport=transport, base_url="http://localhost", cookies={"acd": who}, headers=OURS
    )


async def test_it_says_by_whom_and_since_when_and_how_each_language_hears_it() -> None:
    announcing = Announcing(ON)
    async with client(announcing) as asking:
        page = (await asking.get("/announcement?lang=en")).text
        assert "It is on since 24.11.2025 16:00, put on by person:ute." in page
        assert "Whoever hears it is let go afterwards." in page
        for each in ("its own text", "the recording", "the general sentence", "العربية"):
            assert each in page
        form = CSRF | {"reason": "over"}
        assert (await asking.post("/announcement/off", data=form)).status_code == 303
        assert "No emergency announcement is on." in (await asking.get("/announcement?lang=en")).text
    assert announcing.asked == [("person:ute", "over")]
    async with client(announcing, "bob") as asking:
        assert (await asking.get("/announcement")).status_code == 403
        assert (await asking.post("/announcement/on", data=CSRF)).status_code == 403


async def test_what_is_filled_in_is_shown_as_it_will_be_heard_before_it_is_on() -> None:
    announcing = Announcing()
    form = CSRF | {
        "text_de": "Feueralarm.\r\nBitte <später>.",
        "recording_ar": "rec_1_1",
        "ends_calls": "on",
        "reason": "Rauch im Keller",
    }
    async with client(announcing) as asking:
        empty = (await asking.get("/announcement?lang=en")).text
        assert 'name="text_ar" lang="ar" dir="rtl"' in empty
        assert all(sentence in empty for sentence in STOCK.values())
        assert "24.11.2025 16:00 (12 s)" in empty
        seen = (await asking.post("/announcement?lang=en", data=form)).text
        assert announcing.asked == []
        assert "This is what callers will hear" in seen
        assert 'its own text: <q lang="de" dir="ltr">Feueralarm. Bitte &lt;später&gt;.</q>' in seen
        assert 'the general sentence: <q lang="tr" dir="ltr">Bir arıza var.</q>' in seen
        assert "hears it in Deutsch, Türkçe, one after another" in seen
        assert "Whoever hears it is let go afterwards." in seen
        assert STOCK["ar"] not in seen
        again = (await asking.post("/announcement", data=form | {"what": "change"})).text
        assert "Feueralarm. Bitte &lt;später&gt;.</textarea>" in again
        assert (await asking.post("/announcement/on", data=form)).status_code == 303
    assert announcing.asked == [
        ("person:ute", {"de": "Feueralarm. Bitte <später>."}, ["rec_1_1"], True, "Rauch im Keller")
    ]


@pytest.mark.parametrize("path", ["/announcement", "/announcement/on"])
async def test_what_is_wrong_is_told_in_words_and_what_was_filled_in_stays(path: str) -> None:
    announcing = Announcing()
    form = CSRF | {"text_de": "a" * 301, "text_tr": "Su\x07", "recording_ar": "rec_9_9", "reason": "warum"}
    async with client(announcing) as asking:
        answer = await asking.post(f"{path}?lang=en", data=form)
    assert answer.status_code == 422
    for said in (
        "Deutsch: at most 300 characters; this has 301.",
        "Türkçe: there is a character in it that cannot be spoken or seen.",
        "A recording that was chosen is not kept any more.",
        f"{'a' * 301}</textarea>",
        'value="warum"',
    ):
        assert said in answer.text
    assert announcing.asked == []


async def test_a_text_in_every_language_is_not_too_long_for_the_door() -> None:
    """A form writes an Arabic letter with six characters."""
    announcing = Announcing()
    form = CSRF | {"text_ar": "ع" * 300, "text_de": "€" * 300, "text_tr": "…" * 300, "x": "ع" * 2_000}
    async with client(announcing) as asking:
        assert (await asking.post("/announcement/on", data=form)).status_code == 303
        form["x"] = "ع" * 20_000
        assert (await asking.post("/announcement/on", data=form)).status_code == 413


async def test_where_nothing_can_be_spoken_only_the_stock_sentence_is_offered() -> None:
    async with client(Announcing(speaks=False)) as asking:
        page = (await asking.get("/announcement?lang=en")).text
    assert "names no folder for what is spoken" in page
    assert "<textarea" not in page
    assert STOCK["ar"] in page


def test_marks_that_come_along_are_left_out_and_what_parts_letters_in_persian_stays() -> None:
    given = {"text_fa": "\u202bمی\u200cشود\u202c\n  ", "text_xx": "x"}
    assert filled(given, ("de", "fa")) == Filled({"fa": "می\u200cشود"})


async def test_the_stock_sentences_are_those_that_are_rendered() -> None:
    centre = load(SHIPPED)
    acts = Acts(None, None, None, lambda: 0)  # type: ignore[arg-type]
    announcing = AnnouncingByHand(acts, lambda: None, lambda: centre, Path(SHIPPED))  # type: ignore[arg-type,return-value]
    stock = await announcing.stock()
    assert tuple(stock) == centre.languages
    assert stock["en"] == "There is a disturbance at the moment. Please call again later."


async def test_what_is_put_on_by_phone_stands_in_the_audit_under_the_phone() -> None:
    lines: list[tuple[str, str, str, str]] = []

    class Audit:
        async def done(self, by: Asker, action: str, subject: str, reason: str, address: str) -> None:
            lines.append((by.actor, action, subject, reason))

    acts = Acts(None, None, Audit(), lambda: 0)  # type: ignore[arg-type]
    announcing = AnnouncingByHand(acts, lambda: None, lambda: None, Path())  # type: ignore[arg-type,return-value]
    await announcing.spoken("p01", "rec_1_1", "tr", True)
    heard = "on by phone: tr by rec_1_1; ends calls"
    assert lines == [("phone:p01", "AnnouncementSet", heard, "")]
