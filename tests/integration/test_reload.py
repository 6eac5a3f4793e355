"""A running daemon takes a new file whole, or not at all and with every reason."""

from collections.abc import Iterator

import pytest

from acd.demo.hotline import NUMBER
from tests.integration.conftest import Watched, waiting


@pytest.fixture
def file(hotline: Watched) -> Iterator[str]:
    text = hotline.config.read_text(encoding="utf-8")
    yield text
    hotline.config.write_text(text, encoding="utf-8")


async def reload(hotline: Watched) -> tuple[int, list[str]]:
    async with hotline.client() as client:
        answer = await client.post("/api/reload")
        said = answer.json()
        return answer.status_code, said.get("detail", [])


async def test_a_file_with_faults_is_refused_whole_with_all_of_them(hotline: Watched, file: str) -> None:
    before = hotline.rows("select count(*) as n from incident where kind = 'RulesChanged'")[0]["n"]
    broken = file.replace("wrap_up_seconds = 1", "wrap_up_seconds = -1").replace(
        "owner_seconds = 20", 'owner_seconds = "soon"'
    )
    assert broken.count("-1") > file.count("-1")
    hotline.config.write_text(broken, encoding="utf-8")
    code, faults = await reload(hotline)
    assert code == 422
    assert any("staffing.wrap_up_seconds" in each for each in faults)
    assert any("routing.owner_seconds" in each for each in faults)
    after = hotline.rows("select count(*) as n from incident where kind = 'RulesChanged'")[0]["n"]
    assert after == before


async def test_new_rules_hold_for_those_who_wait_already(hotline: Watched, file: str) -> None:
    await hotline.sipp.phones(["p10"], talk_ms=300)
    await hotline.ask("jonas", "login")
    call = await hotline.sipp.call(NUMBER, [(300, "3"), (600, "1"), (350, "2")])
    await hotline.until("waits", lambda b: waiting(b) == 1)
    hotline.config.write_text(
        file.replace('languages = [\n    "own",\n]', 'languages = ["anybody"]'), encoding="utf-8"
    )
    assert hotline.config.read_text(encoding="utf-8") != file
    assert (await reload(hotline))[0] == 200
    await call.finished()
    hotline.config.write_text(file, encoding="utf-8")
    assert (await reload(hotline))[0] == 200
