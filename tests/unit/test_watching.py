"""Rules and dashboards for Prometheus and Grafana: they ask for nothing that is not told."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from acd.demo import admitted
from acd.demo.hotline import PROJECT
from acd.metrics import house
from acd.metrics.board import BoardFigures
from acd.metrics.counted import Metrics
from acd.metrics.course import Course, Target
from acd.metrics.coverage import Coverage
from acd.metrics.outlook import OutlookFigures
from acd.prospects import Expectation, Waits
from routing import facts
from tests.fakes.centre import PHONES, Bench
from tests.fakes.pages import picture_of, waiting_bench
from tests.properties.test_course import one_call
from tests.unit.test_daemon import opened as opened

PROMETHEUS = PROJECT / "config" / "deploy" / "prometheus"
RULES = {
    name: yaml.safe_load((PROMETHEUS / name).read_text(encoding="utf-8"))
    for name in ("recording.yml", "alerts.yml")
}
DASHBOARDS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((PROJECT / "config" / "deploy" / "grafana").glob("*.json"))
}
DOCS = (PROJECT / "docs" / "metrics.md").read_text(encoding="utf-8")
SCRAPED = {"job", "instance"}
"""Labels that Prometheus itself gives."""
NAME = r"\b(?:acd[a-z0-9_:]*|process_\w+|python_\w+|up|ALERTS)\b"


def told() -> dict[str, set[str]]:
    """Sample name -> its labels, of a hotline in which everything that is counted has happened."""
    bench, registry = waiting_bench(), CollectorRegistry()
    picture = picture_of(bench, 0)
    counted, course = Metrics(registry), Course(lambda: Target(20, "since_queue"))
    one_call(course, 1, "uk")
    counted.facts(1, [facts.CommandLost(1, 1, "gone")])
    counted.observe("decision", 0.1)
    counted.observe("commit", 0.1)
    expected = Waits(1, 1, 1, 1, "ok", 1, (Expectation(1, "uk", "study", 1, 1, 2, 3, 1),))
    for each in (
        BoardFigures(picture, lambda: {"events": 1}),
        course,
        OutlookFigures(lambda: expected, lambda: 1),
        Coverage(lambda: bench.engine.world, lambda: (("de", "ar"), ("other",))),
    ):
        registry.register(each)
    house.register(registry, lambda: {"journal": "ok"})
    found: dict[str, set[str]] = {"acd_facts_set_aside": set()}
    for family in registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def rules() -> list[dict[str, Any]]:
    return [each for file in RULES.values() for group in file["groups"] for each in group["rules"]]


def asked() -> Iterator[tuple[str, str]]:
    """(Where, expression) of all rules and dashboards."""
    for each in rules():
        yield each.get("record") or each["alert"], each["expr"]
    for name, dashboard in DASHBOARDS.items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", target["expr"]


def test_everything_asked_for_is_told_with_the_labels_that_are_asked() -> None:
    """Names, selectors, and what sums are by."""
    known = told()
    recorded = {each["record"] for each in rules() if "record" in each}
    for where, expr in asked():
        bare = re.sub(r'"[^"]*"', '""', expr)
        names = re.findall(NAME, bare)
        assert names, where
        labels: set[str] = set(SCRAPED)
        for name in names:
            assert name in known or name in recorded or name == "ALERTS", f"{where}: {name}"
            labels |= known.get(name, set())
            if name in recorded:
                source = next(each["expr"] for each in rules() if each.get("record") == name)
                labels |= {
                    each for grouped in re.findall(r"by \(([^)]*)\)", source) for each in grouped.split(", ")
                }
                labels |= {"language"} if "wait_seconds:" in name else set()
        for name, chosen in re.findall(rf"({NAME})\{{([^}}]*)\}}", bare):
            wanted = set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", chosen))
            allowed = known.get(name, labels) | SCRAPED if name != "ALERTS" else {"alertname", "alertstate"}
            assert wanted <= allowed, f"{where}: {name}{wanted - allowed}"
        for grouped in re.findall(r"\bby \(([^)]*)\)", bare):
            assert set(grouped.split(", ")) <= labels, f"{where}: by {grouped}"


def test_the_rules_are_accepted_and_raise_what_they_should() -> None:
    for command in (
        ["check", "rules", *(str(PROMETHEUS / name) for name in RULES)],
        ["test", "rules", str(PROJECT / "tests" / "prometheus.yml")],
    ):
        done = subprocess.run([promtool(), *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_of_a_scrape_is_accepted(tmp_path: Any) -> None:
    for name in (*RULES, "prometheus.example.yml"):
        shutil.copy(PROMETHEUS / name, tmp_path)
    (tmp_path / "welcomecenter.token").write_text("acd_secret", encoding="utf-8")
    done = subprocess.run(
        [promtool(), "check", "config", str(tmp_path / "prometheus.example.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_says_in_both_languages_what_is_so_and_what_to_look_at() -> None:
    alerts = [each for each in rules() if "alert" in each]
    assert len(alerts) > 10
    for each in alerts:
        assert each["labels"]["severity"] in ("info", "warning", "critical"), each["alert"]
        assert set(each["annotations"]) == {"summary", "summary_de", "description"}, each["alert"]
        assert re.match(r"Hotline[A-Z]", each["alert"])


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_is_whole(name: str) -> None:
    """Each panel says what it shows; none lies on another; the source of data is chosen once for all."""
    dashboard = DASHBOARDS[name]
    panels = dashboard["panels"]
    assert len({each["id"] for each in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["description"], panel["title"]
        at = panel["gridPos"]
        place = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not place & taken, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        taken |= place
        for each in (panel, *panel["targets"]):
            assert each["datasource"] == {"type": "prometheus", "uid": "${source}"}
    assert [each["name"] for each in dashboard["templating"]["list"]] == ["source"]


async def test_what_the_daemon_tells_is_what_is_described(opened: Any) -> None:
    """Accepted by Prometheus' own check and as OpenMetrics; every figure that rules and dashboards go by is a
    figure of the daemon; every one of ours stands in the document."""
    daemon, _ = opened
    headers = {"Authorization": f"Bearer {await admitted.program(daemon.rules.centre)}"}
    transport = httpx.ASGITransport(daemon.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
        plain = await client.get("/metrics")
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        modern = await client.get("/metrics", headers=accept)
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")
    families = {each.name for each in text_string_to_metric_families(modern.text)}
    known = {re.sub(r"_(total|bucket|sum|count|info|created)$", "", each) for each in told()}
    assert {each for each in known if each.startswith("acd_") and each not in families} == {
        "acd_expected_wait_seconds",
        "acd_outlook_age_seconds",
        "acd_outlook_cpu_seconds",
        "acd_outlook_duration_seconds",
        "acd_outlook_futures",
    }, "told only while there is an outlook"
    named = {each.removesuffix("_total") for each in re.findall(r"`([a-z_*]+)`", DOCS)}
    wild = tuple(each.rstrip("*") for each in named if each.endswith("*"))
    ours = {each for each in families if each.startswith("acd_")}
    assert [each for each in ours if each not in named | {"acd_build"} and not each.startswith(wild)] == []
    checked = await asyncio.to_thread(
        subprocess.run, [promtool(), "check", "metrics"], input=plain.text, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_needs_that_hang_on_one_person_are_counted_and_not_named() -> None:
    """Amal alone speaks Arabic, all three German; who is not logged in serves nobody."""
    bench = Bench()
    needs = (("ar", "de"), ("other",))
    coverage = Coverage(lambda: bench.engine.world, lambda: needs)

    def counted() -> dict[str, float]:
        (family,) = coverage.collect()
        return {each.labels["people"]: each.value for each in family.samples}

    assert counted() == {"none": 2, "one": 0, "more": 0}
    bench.login(PHONES[0])
    assert counted() == {"none": 0, "one": 2, "more": 0}
    bench.login(PHONES[1])
    assert counted() == {"none": 0, "one": 1, "more": 1}
    registry = CollectorRegistry()
    registry.register(coverage)
    assert 'language="' not in generate_latest(registry).decode()


def promtool() -> str:
    found = shutil.which("promtool")
    assert found is not None, "config/deploy/packages.sh test installs it"
    return found
