"""What a phone's display says: short, in letters of every phone, one line for each concern."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acd.demo.hotline import PROJECT
from config.display import CHARACTERS, OTHERS, short, shorts
from config.load import ConfigFaults, load
from config.tables.place import SHORT_MAX, Concern

SHIPPED = PROJECT / "config" / "welcomecenter.toml"
CENTRE = load(SHIPPED)


def test_every_language_and_concern_fits_into_one_line_of_any_phone() -> None:
    found = shorts(CENTRE)
    assert list(found) == [each.key for each in CENTRE.concern]
    assert len(set(found.values())) == len(found)
    for code in CENTRE.languages:
        for name in found.values():
            line = f"{code.upper()} {name}"
            assert len(line) <= CHARACTERS
            assert line.isascii()
            assert not OTHERS.search(line)


@pytest.mark.parametrize(
    ("de", "shown"),
    [
        ("Studium", "Studium"),
        ("Anmeldung und Unterlagen", "Anmeldung"),
        ("Anerkennung ausländischer Qualifikationen", "Anerkennung"),
        ("Selbständige", "Selbstaendige"),
        ("Selbstaendige".replace("ae", "a\u0308"), "Selbstaendige"),
        ("Übermäßig", "Uebermaessig"),
        ("Donaudampfschifffahrt", "Donaudampfschiff"),
        ("Café (Bar), ${EVIL}^;", "Cafe Bar EVIL"),
        ("رخصة", "a concern"),
    ],
)
def test_a_name_is_cut_at_a_word_and_spelt_for_old_phones(de: str, shown: str) -> None:
    assert short(Concern(key="a_concern", de=de, en="-")) == shown


@given(st.text(min_size=1, max_size=120), st.from_regex(r"\A[a-z][a-z0-9_]{0,31}\Z"))
@example(de=":", key="a_")
def test_whatever_a_concern_is_called_its_short_name_is_harmless(de: str, key: str) -> None:
    found = short(Concern.model_construct(key=key, de=de, short=""))
    assert 0 < len(found) <= SHORT_MAX
    assert not OTHERS.search(found)
    assert found == found.strip()


def test_a_short_name_of_ones_own_is_taken_as_it_is() -> None:
    assert short(Concern(key="study", de="Studium", en="Studies", short="Uni/FH")) == "Uni/FH"


@pytest.mark.parametrize("bad", ["Beschäftigung", "a" * 17, "x)y", "a,b", "${X}", "-a", "a\nb"])
def test_a_short_name_that_no_display_or_dialplan_takes_is_one_clear_error(tmp_path: Path, bad: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace('"Arbeitgeber"', repr(bad))
    path = tmp_path / "centre.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigFaults) as caught:
        load(path)
    assert [line for line in str(caught.value).splitlines() if "short" in line and "displays" in line]
