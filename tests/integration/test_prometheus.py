"""A real Prometheus asks a real daemon: is let in, takes the rules, and answers what every dashboard asks."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from acd.demo import admitted
from acd.demo.ports import free_port
from acd.web.server import WebServer, listen
from tests.unit.test_daemon import opened as opened
from tests.unit.test_watching import DASHBOARDS, PROMETHEUS, RULES, rules


@pytest.fixture
async def prometheus(opened: Any, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """By the example's own file; only port, folder and interval are the test's."""
    daemon, _ = opened
    with closing(listen("127.0.0.1", 0)) as taken:
        serving = asyncio.ensure_future(WebServer(daemon.app, taken.dup(), []).run())
        folder = tmp_path / "prometheus"
        folder.mkdir()
        for name in RULES:
            text = (PROMETHEUS / name).read_text(encoding="utf-8")
            (folder / name).write_text(text.replace("interval: 1m", "interval: 1s"), encoding="utf-8")
        settings = (PROMETHEUS / "prometheus.example.yml").read_text(encoding="utf-8")
        for said, ours in (("127.0.0.1:8080", f"127.0.0.1:{taken.getsockname()[1]}"), ("15s", "1s")):
            assert said in settings
            settings = settings.replace(said, ours)
        (folder / "prometheus.yml").write_text(settings, encoding="utf-8")
        token = await admitted.program(daemon.rules.centre)
        (folder / "welcomecenter.token").write_text(token, encoding="utf-8")
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            str(shutil.which("prometheus")),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1/") as client:
                yield client
        finally:
            process.terminate()
            await process.wait()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def result(client: httpx.AsyncClient, expr: str) -> list[Any]:
    """What it answers to a query; it has to be one."""
    answer = (await client.get("query", params={"query": expr})).json()
    assert answer["status"] == "success", (expr, answer.get("error"))
    found: list[Any] = answer["data"]["result"]
    return found


async def test_it_scrapes_works_out_the_rules_and_answers_the_dashboards(
    prometheus: httpx.AsyncClient,
) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if await result(prometheus, "acd:service_level_calls:increase1h"):
                    break
            except (httpx.HTTPError, ValueError):
                pass
            await asyncio.sleep(0.2)  # it tells nobody when it has scraped
    (build,) = await result(prometheus, "acd_build_info")
    assert build["metric"]["job"] == "welcomecenter"
    assert [each["value"][1] for each in await result(prometheus, "acd_link_up")] == ["0"]
    found = (await prometheus.get("rules")).json()["data"]["groups"]
    known = [each for group in found for each in group["rules"]]
    assert len(known) == len(rules())
    assert [each["name"] for each in known if each.get("lastError")] == []
    (target,) = (await prometheus.get("targets")).json()["data"]["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    for dashboard in DASHBOARDS.values():
        for panel in dashboard["panels"]:
            for each in panel["targets"]:
                await result(prometheus, each["expr"])
        for note in dashboard["annotations"]["list"]:
            await result(prometheus, note["expr"])
