"""Who is in charge sees what callers are told, by whom and since when, and switches it off."""

import httpx

from acd.identity import Asker, Role
from acd.ports import Announced
from acd.web.deps import Because
from tests.fakes.admits import Admits, person
from tests.fakes.pages import app_of, picture_of, waiting_bench

ON = Announced(
    True, True, {"de": "text", "ar": "recording", "tr": "stock"}, "", "person:ute", 1_764_000_000_000
)


async def test_it_says_by_whom_and_since_when_and_how_each_language_hears_it() -> None:
    told = [ON]
    asked: list[tuple[str, str]] = []

    class Announcing:
        async def off(self, by: Asker, why: Because) -> Announced:
            asked.append((why.reason, by.actor))
            told[0] = Announced(False, False, {}, "")
            return told[0]

    people = Admits(ute=person("ute", Role.SUPERVISOR), bob=person("bob", Role.STAFF))
    app = app_of(
        picture_of(waiting_bench(), 0), people=people, announcement=lambda: told[0], announcing=Announcing()
    )
    transport = httpx.ASGITransport(app)
    where = {"transport": transport, "base_url": "http://localhost"}
    async with httpx.AsyncClient(**where, cookies={"acd": "ute"}) as asking:  # type: ignore[arg-type]
        page = (await asking.get("/announcement?lang=en")).text
        assert "It is on since 24.11.2025 16:00, put on by person:ute." in page
        assert "Whoever hears it is let go afterwards." in page
        for each in ("its own text", "the recording", "the general sentence", "العربية"):
            assert each in page
        form = {"csrf": "csrf-ute", "reason": "over"}
        ours = {"Origin": "http://localhost"}
        assert (await asking.post("/announcement/off", data=form, headers=ours)).status_code == 303
        assert "No emergency announcement is on." in (await asking.get("/announcement?lang=en")).text
    assert asked == [("over", "person:ute")]
    async with httpx.AsyncClient(**where, cookies={"acd": "bob"}) as asking:  # type: ignore[arg-type]
        assert (await asking.get("/announcement")).status_code == 403
