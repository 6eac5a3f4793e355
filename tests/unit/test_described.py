"""OpenAPI, walked route by route: each says what it is for, what goes in and comes out, and its errors."""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, get_args

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from acd.alarmed import Cause, News, OpenAlarm
from acd.hooks import signed
from acd.hooks.told import Told, Visits, of_alarms
from acd.web import lead
from acd.web.described import TAGS, described
from acd.web.door import BODY_MAX
from acd.web.examples import LOOSE, OF_SHAPE
from acd.web.rights import fields
from config.tables.hook import HookEvent
from routing import facts
from routing.world import Visit
from tests.fakes.admits import Admits, person
from tests.fakes.pages import app_of, picture_of, waiting_bench
from tests.unit.test_rights import walked

APP: FastAPI = app_of(picture_of(waiting_bench(), 0), people=Admits(nobody=person("nobody")))
WHOLE = described(APP)
DOORS = {(how, path): door for path, doors in WHOLE["paths"].items() for how, door in doors.items()}
AMONG = Registry().with_resource("urn:api", Resource.from_contents(WHOLE, DRAFT202012))
EVERY = pytest.mark.parametrize("door", DOORS, ids=lambda each: " ".join(each))
OPEN = ("/healthz", "/readyz")


def routes() -> Iterator[tuple[str, APIRoute]]:
    for route in walked(APP.routes):
        if isinstance(route, APIRoute) and route.include_in_schema:
            for how in route.methods:
                yield how.lower(), route


def faults(value: Any, schema: Any) -> list[str]:
    whole = {"$ref": schema["$ref"].replace("#", "urn:api#", 1)} if "$ref" in schema else _absolute(schema)
    return [each.message for each in Draft202012Validator(whole, registry=AMONG).iter_errors(value)]


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: each.replace("#", "urn:api#", 1) if key == "$ref" else _absolute(each)
            for key, each in schema.items()
        }
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema


def test_it_is_openapi() -> None:
    validate(WHOLE)
    assert WHOLE["openapi"].startswith("3.1")
    assert {each["name"] for each in WHOLE["tags"]} == {name for name, _ in TAGS.values()} | {"webhooks"}


def test_every_route_is_in_it() -> None:
    assert {(how, route.path) for how, route in routes()} == set(DOORS)
    assert len(DOORS) > 40
    hidden = {each.path for each in walked(APP.routes) if isinstance(each, APIRoute)} - {
        path for _, path in DOORS
    }
    assert [each for each in hidden if each.startswith("/api/")] == []
    assert {"/metrics", "/openapi.json", "/events", *OPEN} <= {path for _, path in DOORS}


@EVERY
def test_each_route_says_what_it_is_for(door: tuple[str, str]) -> None:
    """In words of somebody, not those of the function's name; under one heading."""
    told = DOORS[door]
    (route,) = (each for how, each in routes() if (how, each.path) == door)
    assert told["summary"] != route.name.replace("_", " ").title(), "give it a summary"
    assert len(told["summary"]) <= 80
    assert not told["summary"].endswith(".")
    assert told["description"]
    assert len(told["tags"]) == 1
    assert told["tags"][0] in {name for name, _ in TAGS.values()}


@EVERY
def test_what_goes_in_and_comes_out_has_an_example_that_is_true(door: tuple[str, str]) -> None:
    told = DOORS[door]
    for each in told["parameters"]:
        assert faults(each["example"], each["schema"]) == [], each["name"]
    contents = [told.get("requestBody", {}).get("content", {})]
    contents += [each.get("content", {}) for each in told["responses"].values()]
    for content in contents:
        for kind, shown in content.items():
            if kind == "application/json":
                assert shown["schema"] != {}, "give it a shape"
                assert shown["schema"] == {"type": "null"} or shown["example"] not in (None, {}), shown
                assert faults(shown["example"], shown["schema"]) == [], shown


def raised(route: APIRoute) -> set[int]:
    """The status codes that the route, what it depends on and what these call may raise, by their source."""
    found, seen = set[int](), set[Any]()
    left: list[Callable[..., Any]] = [route.endpoint]
    dependants = [route.dependant]
    while dependants:
        each = dependants.pop()
        dependants += each.dependencies
        left += [each.call] if each.call is not None else []
    seen |= {fields} if route.methods == {"GET"} else set()  # no read has a form
    while left:
        function = inspect.unwrap(left.pop())
        if (
            not inspect.isfunction(function)
            or function in seen
            or not function.__module__.startswith("acd.web")
        ):
            continue
        seen.add(function)
        known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "HTTPException":
                codes = [each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)]
                found |= {each for each in codes if isinstance(each, int)}
            elif callable(known.get(node.func.id)):
                left.append(known[node.func.id])
    return found


@EVERY
def test_each_route_names_every_error_that_it_raises_and_no_other(door: tuple[str, str]) -> None:
    (route,) = (each for how, each in routes() if (how, each.path) == door)
    told = {int(status) for status in DOORS[door]["responses"] if int(status) >= 400}
    everywhere = {500, *(() if door[1] in OPEN else (401, 403, 503))} | (
        {413, 422} if door[0] != "get" else set()
    )
    checked = {422} if DOORS[door]["parameters"] or "requestBody" in DOORS[door] else set()
    health = {503} if door[1] in OPEN else set()
    routers = set(lead.REFUSALS) if door[1].startswith("/api/lead/") else set()
    assert raised(route) - told == set(), "say so in its responses"
    assert told - routers == (raised(route) | everywhere | checked | health) - routers
    for status, said in DOORS[door]["responses"].items():
        assert said["description"] not in ("", "Validation Error"), status
        assert int(status) < 400 or said["content"]["application/json"]["example"].get("detail", "health")
        if int(status) == 503 and door[1] not in OPEN:
            assert "Retry-After" in said["headers"]


@EVERY
async def test_what_holds_for_all_is_what_each_answers(door: tuple[str, str]) -> None:
    """Nobody, somebody without the right, somebody with too much to say."""
    how, path = door[0].upper(), re.sub(r"\{(\w+)\}", "1", door[1])
    transport = httpx.ASGITransport(APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as asking:
        ours = {"Origin": "http://localhost", "Cookie": "acd=nobody", "X-ACD-CSRF": "csrf-nobody"}
        answers = [await asking.request(how, path)]
        answers.append(await asking.request(how, path, headers=ours))
        if how != "GET":
            answers.append(await asking.request(how, path, headers=ours, content=b" " * (BODY_MAX + 1)))
    wanted = [200, 200] if door[1] in OPEN else [401, 403, 413][: len(answers)]
    assert [each.status_code for each in answers] == wanted
    for answer in answers:
        shown = DOORS[door]["responses"][str(answer.status_code)]["content"]["application/json"]
        assert faults(answer.json(), shown["schema"]) == []


def test_no_example_is_of_a_shape_or_path_that_is_not_there() -> None:
    assert set(OF_SHAPE) - set(WHOLE["components"]["schemas"]) == set()
    assert set(LOOSE) - set(WHOLE["paths"]) == set()
    fields = {
        name: set(shape["properties"])
        for name, shape in WHOLE["components"]["schemas"].items()
        if name in OF_SHAPE
    }
    assert [name for name, values in OF_SHAPE.items() if not set(values) <= fields[name]] == []


async def test_it_is_what_is_served() -> None:
    asked = app_of(picture_of(waiting_bench(), 0))
    transport = httpx.ASGITransport(asked)
    headers = {"Authorization": "Bearer test"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as asking:
        assert (await asking.get("/openapi.json")).json() == described(asked)


ALARM = OpenAlarm(
    Cause("long_wait", "uk"), "longest_wait", 1, 12.0, 10.0, (("uk", "study"),), 0, 0, "Lange", "Long"
)


def sent() -> list[Told]:
    """Whatever a hook may be told, by who tells it."""
    bench, visits = waiting_bench(), Visits(lambda: None)
    visits.begin(bench.engine.world)
    found = [
        told
        for each in bench.engine.world.visits.values()
        for told in visits.ended([facts.VisitEnded(bench.now, each.id, facts.ABANDONED_QUEUE, "caller", "")])
    ]
    found += visits.ended(
        [facts.VisitBegan(1, 99, None, "", 1, False), facts.VisitEnded(2, 99, facts.CLOSED, "pbx", "")]
    )
    for until_ms in (0, 9_000):
        left = Visit(
            50 + until_ms, (), "", 1, kind="callback", state="waiting", until_ms=until_ms, language="uk"
        )
        bench.engine.world.visits[left.id] = left
    found += visits.due(bench.engine.world, bench.now)
    found += of_alarms(News(1, test=True))
    return [*found, *of_alarms(News(1, (ALARM,), (ALARM,)))]


def test_web_hooks_send_what_is_described_and_all_that_is() -> None:
    types = set()
    for told in sent():
        content = WHOLE["webhooks"][told.kind]["post"]["requestBody"]["content"]["application/json"]
        assert faults(json.loads(told.body), content["schema"]) == [], told
        types.add(json.loads(told.body)["type"])
    assert types == {"visit.ended", "callback.due", "alarm.raised", "alarm.over", "test"}
    assert set(WHOLE["webhooks"]) == set(get_args(HookEvent))


@pytest.mark.parametrize("name", WHOLE["webhooks"])
def test_each_web_hook_has_a_true_example_and_names_what_signs_it(name: str) -> None:
    told = WHOLE["webhooks"][name]["post"]
    content = told["requestBody"]["content"]["application/json"]
    assert faults(content["example"], content["schema"]) == []
    named = {each["name"] for each in told["parameters"]}
    assert named == {each.lower() for each in signed.headers(b"secret", "id", 1, b"body")} - {"content-type"}
    assert told["summary"]
    assert told["description"]
