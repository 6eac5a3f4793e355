"""The audit shows a supervisor's reason in their own words while they are kept, and nothing else of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from acd.identity import Audited, Role
from tests.fakes.admits import Admits, person
from tests.fakes.centre import Bench
from tests.fakes.pages import app_of, picture_of

KEPT, GONE, NOTE = "a" * 32, "b" * 32, "c" * 32


class House(Admits):
    """Three acts with reasons that lie in the vault, or did, or are none."""

    async def audit(self, before: int, limit: int) -> list[Audited]:
        lines = ((KEPT, 1), (GONE, 2), (NOTE, 3), ("plain", 4))
        return [
            Audited(n, 0, "person:ute", "VisitPlaced", "visit 7 front", why, True, "") for why, n in lines
        ]


async def words(refs: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    assert set(refs) == {KEPT, GONE, NOTE}
    return {KEPT: {"why": "<b>weint am Telefon</b>"}, NOTE: {"what": "a note about a caller"}}


async def away(refs: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    raise OSError("away")


@pytest.mark.parametrize(
    ("reasons", "seen", "unseen"),
    [
        (words, ["&lt;b&gt;weint am Telefon", "(reason no longer known)", "plain"], [KEPT, GONE, "a note"]),
        (away, [KEPT, GONE, NOTE, "plain"], ["no longer known"]),
    ],
)
async def test_reasons_are_in_words_while_they_are_kept(
    reasons: Any, seen: list[str], unseen: list[str]
) -> None:
    people = House(ida=person("ida", Role.AUDITOR))
    app = app_of(picture_of(Bench(), 0), people=people, reasons=reasons)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        page = (await client.get("/audit?lang=en", headers={"Cookie": "acd=ida"})).text
    assert [each for each in seen if each not in page] == []
    assert [each for each in unseen if each in page] == []
