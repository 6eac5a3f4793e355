"""The words of all pages: one home, complete in each language, and one clear fault where they are not."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from acd import web
from config import words as home
from config.words import PAGE_LANGUAGES, WordsFault, book, wanted, words

PAGES = Path(web.__file__).parent
SHARED = ("page.mjs", "desk.mjs", "desk-call.mjs", "desk-form.mjs", "desk-alerts.mjs")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Words of another folder, read anew."""
    monkeypatch.setattr(home, "FOLDER", tmp_path)
    book.cache_clear()
    yield tmp_path
    book.cache_clear()


def test_what_is_missing_or_filled_in_otherwise_is_named(elsewhere: Path) -> None:
    (elsewhere / "de.toml").write_text('[a]\none = "Eins {n}"\ntwo = "Zwei"\n', encoding="utf-8")
    (elsewhere / "en.toml").write_text('[a]\none = "One {m}"\n[b]\nthree = "Three"\n', encoding="utf-8")
    with pytest.raises(WordsFault) as fault:
        book("de")
    assert str(fault.value).splitlines() == [
        "words/en.toml: a.one: has other places than de.toml",
        "words/en.toml: a.two: is missing",
        "words/de.toml: b.three: is missing",
    ]


def test_a_later_section_goes_before_an_earlier_one() -> None:
    assert words("en", "live", "desk")["title"] == "My desk"
    assert words("en", "live", "desk")["ready"] == "ready"


@pytest.mark.parametrize(
    ("asked", "accept", "found"),
    [("en", "de", "en"), ("fr", "fr,en-GB;q=0.8", "en"), ("", "fr", "de"), ("", "", "de")],
)
def test_the_pages_language_is_the_one_asked_for_or_the_browsers(asked: str, accept: str, found: str) -> None:
    assert wanted(asked, accept) == found


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_every_word_of_the_desk_is_there_in_each_language(language: str) -> None:
    texts = [(PAGES / "templates" / name).read_text(encoding="utf-8") for name in ("desk.html", "base.html")]
    texts += [(PAGES / "static" / name).read_text(encoding="utf-8") for name in SHARED]
    used = set(re.findall(r"\bwords\.(\w+)", " ".join(texts)))
    assert len(used) > 80
    assert used - set(words(language, "live", "desk")) == set()


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_no_word_of_the_desk_is_for_nothing(language: str) -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in (*PAGES.glob("static/desk*.mjs"), PAGES / "templates/desk.html")
    ]
    used = set(re.findall(r"\bwords\.(\w+)", " ".join(texts))) | {"title"}
    spoken = {
        key for key in book(language)["desk"] if key.startswith(("why_", "hint_", "outcome_", "listened_"))
    }
    assert set(book(language)["desk"]) - used - spoken == set()


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_each_key_of_the_desk_means_one_thing(language: str) -> None:
    found = [
        said for key, said in book(language)["desk"].items() if key.startswith("key_") and key != "key_save"
    ]
    assert len(set(found)) == len(found)
    assert all(len(each) == 1 and each == each.lower() and not each.isdigit() for each in found)
