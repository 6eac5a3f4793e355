"""The API as OpenAPI describes it: what the routes say of themselves, and what holds for all of them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI

from acd.web.door import ASKED, BODY_MAX
from acd.web.examples import LOOSE, example

TAGS: Final = {
    "/events": ("board", "The hotline now: what pages and walls show."),
    "/api/board": ("board", ""),
    "/api/alarms": ("alarms", "What is raised, and whether it reaches those whom it should."),
    "/api/explain": ("decisions", "Why callers wait and people are free; what other rules would decide."),
    "/api/shadow": ("decisions", ""),
    "/api/outlook": ("outlook", "What callers have to expect, and what would change it."),
    "/api/staff": ("steering", "People and calls, steered by other programs."),
    "/api/visits": ("steering", ""),
    "/api/lead": ("lead", "What who is in charge sees and does."),
    "/api/desk": ("desk", "One's own desk: no program has one."),
    "/api/cases": ("cases", "Cases and their owners, by number."),
    "/api/announcement": ("announcement", "The emergency announcement."),
    "/api/reload": ("daemon", "The daemon itself."),
    "/api/resync": ("daemon", ""),
    "/healthz": ("daemon", ""),
    "/readyz": ("daemon", ""),
    "/metrics": ("daemon", ""),
    "/openapi.json": ("daemon", ""),
}
"""By how a path begins: the tag, and where it stands first what it is about."""

REQUEST: Final = 400
JSON: Final = "application/json"
TEXTS: Final = {"text/event-stream": "data: {...}\n\n", "text/plain": "acd_open 1.0\n"}
"""What is no JSON, with an example."""
LATER: Final = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
ERRORS: Final[Mapping[int, tuple[str, Any]]] = {
    401: ("Nobody we know asks.", ASKED),
    403: (
        "Who asks may not (`denied`); from a browser also what another site sends (`cross_site`) or a page "
        "of an ended session (`stale_form`).",
        "denied",
    ),
    413: ("The body is too long.", f"at most {BODY_MAX} bytes"),
    422: (
        "What is sent cannot be taken: each fault by its place, or in a sentence.",
        [{"type": "missing", "loc": ["body", "language"], "msg": "Field required"}],
    ),
    500: ("A fault of ours; the log has it.", "internal"),
    503: ("Not now; ask again.", "later"),
}
"""What any route may answer beside its own: status -> (when, what it says)."""
FAULT: Final = {
    "title": "Fault",
    "description": "A stable code or a sentence; of what is sent each fault by itself.",
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}},
                {"type": "array", "items": {"type": "object"}},
            ]
        }
    },
}


def described(app: FastAPI) -> dict[str, Any]:
    """The whole description; the app's own is not changed."""
    whole = dict(app.openapi())
    whole["info"] = {
        **whole["info"],
        "description": "Who asks shows a bearer token (`acd people tokens add`); each route asks for one "
        "right, as docs/security.md has it. Times are epoch ms unless a name says otherwise. Every answer is "
        "JSON but streams and sounds; an error is a `detail`.",
        "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
    }
    whole["tags"] = [
        *({"name": name, "description": said} for name, said in TAGS.values() if said),
        {"name": "webhooks", "description": "What is told to other systems: see docs/hooks.md."},
    ]
    schemas = {
        name: shape
        for name, shape in whole["components"]["schemas"].items()
        if name not in ("HTTPValidationError", "ValidationError")
    }
    whole["components"] = {**whole["components"], "schemas": {**schemas, "Fault": FAULT}}
    whole["paths"] = {
        path: {how: _door(path, how, door, schemas) for how, door in doors.items()}
        for path, doors in whole["paths"].items()
    }
    whole["webhooks"] = {
        name: {how: _hook(door, schemas) for how, door in doors.items()}
        for name, doors in whole["webhooks"].items()
    }
    return whole


def _hook(door: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent by us."""
    found = _door("/api/alarms", "get", {**door, "responses": {}}, schemas)
    taken = "Taken. Anything else, and it is sent again, later and later, for a quarter of an hour."
    return {**found, "tags": ["webhooks"], "responses": {"2XX": {"description": taken}}}


def _door(path: str, how: str, door: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    found = {**door, "tags": door.get("tags") or [tag(path)]}
    found["parameters"] = [
        {**each, "example": example(each["name"], each["schema"], schemas)}
        for each in door.get("parameters", [])
    ]
    if "requestBody" in door:
        found["requestBody"] = {
            **door["requestBody"],
            "content": _shown(door["requestBody"]["content"], schemas),
        }
    answers = {status: _answer(status, said, schemas) for status, said in door["responses"].items()}
    if path in LOOSE:
        answers["200"]["content"]["application/json"]["example"] = LOOSE[path]
    for status in _also(how, door):
        answers.setdefault(str(status), _fault(status, {}))
    found["responses"] = dict(sorted(answers.items()))
    return found


def tag(path: str) -> str:
    """Under which heading a path stands. Raises KeyError for one that nobody has thought about."""
    begins = max((each for each in TAGS if path.startswith(each)), key=len, default=path)
    return TAGS[begins][0]


def _also(how: str, door: Mapping[str, Any]) -> Iterator[int]:
    """What holds for every route of its kind."""
    yield 500
    if door.get("security"):
        yield from (401, 403, 503)
    if how not in ("get", "head"):
        yield from (413, 422)


def _answer(status: str, said: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """FastAPI's own words for 422 are of another shape than ours."""
    ours = said.get("description") != "Validation Error"
    if int(status) >= REQUEST and (not ours or "application/json" not in said.get("content", {})):
        return _fault(int(status), said if ours else {})
    when = "Done." if said["description"] == "Successful Response" else said["description"]
    shown = {"content": _shown(said["content"], schemas)} if "content" in said else {}
    return {**said, "description": when, **shown}


def _fault(status: int, said: Mapping[str, Any]) -> dict[str, Any]:
    """As the route says it, else as it is everywhere. What a route calls by its code is its example."""
    when, detail = ERRORS.get(status, ("", ""))
    when = said.get("description", when)
    if status not in ERRORS:
        detail = when.split("`")[1] if "`" in when else when
    found = {
        "description": when,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Fault"},
                "example": {"detail": detail},
            }
        },
    }
    return {**found, "headers": LATER} if status == 503 else found


def _shown(content: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """With an example, where there is none yet."""
    found = dict[str, Any]()
    for kind, told in content.items():
        if kind in TEXTS:
            found[kind] = {"schema": {"type": "string"}, "example": TEXTS[kind]}
        elif kind == JSON and "example" not in told:
            found[kind] = {**told, "example": example("", told.get("schema", {}), schemas)}
        else:
            found[kind] = told
    return found
