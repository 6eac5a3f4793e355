"""An example of any shape of the API: typical values by the names of fields, as its schema has them."""

import re
from collections.abc import Mapping
from typing import Any, Final

AT_MS: Final = 1_790_846_400_000
TYPICAL: Final[Mapping[str, Any]] = {
    "agent": "amal",
    "owner": "amal",
    "to": "birgit",
    "by": "person:anna",
    "name": "urgent",
    "language": "uk",
    "second": "en",
    "concern": "study",
    "case": "2026-4711",
    "reference": "2026-4711",
    "link": "https://files.example.org/case/2026-4711",
    "reason": "",
    "code": "",
    "text": "The offices are closed today.",
    "texts": {"en": "The offices are closed today."},
    "languages": {"uk": "C1"},
    "concerns": {"study": 3},
    "what": "ready",
    "rule": "long_wait",
    "variant": "short_abandons_excluded",
    "clock": "since_queue",
    "recordings": ["rec_1790846400_1"],
    "kind": "voice",
    "visit": 7,
    "visits": [7],
    "outcomes": [],
    "outcome": "done",
    "classes": ["urgent"],
    "people": {"suits": 1, "not_free": 4},
    "callers": {"language": 2},
    "accepted": "yes",
    "release": "0.1.0",
    "trouble": {},
    "state": "ready",
    "low": 0.71,
    "high": 0.93,
    "value": 12.0,
    "limit": 10.0,
    "at": "14:30",
}
"""By field, where the schema allows it; else by the schema alone."""
SPARE: Final = ("rec_1790846400_1", "2026-4711", "text")
"""For texts of a pattern: the first that has it."""
DEEPEST: Final = 12
LOOSE: Final[Mapping[str, Any]] = {
    "/api/desk": {"desk": {"state": "ready", "calls": [], "waiting": [], "handovers": []}, "called": "5f1c"},
    "/api/desk/visits/{visit}/before": {"visits": [], "notes": {}},
    "/api/desk/notes": {"note:17": {"text": "Asked for the list of papers."}},
    "/openapi.json": {"openapi": "3.1.0", "info": {"title": "WelcomeCenter ACD"}, "paths": {}},
    "/api/lead": {"at_ms": AT_MS, "line": [], "working": [], "alarms": [], "trouble": {}},
}
"""Of what is answered in no fixed shape, by path; left short."""


def example(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of this schema for a field of this name. schemas: by name, what the schema refers to."""
    if "$ref" in schema:
        return example(name, schemas[schema["$ref"].rpartition("/")[2]], schemas, depth + 1)
    for key in ("const", "default"):
        if key in schema and (key == "const" or schema[key] not in (None, {}, [], "")):
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    kinds = [each for each in schema.get("anyOf", schema.get("oneOf", ())) if each.get("type") != "null"]
    if kinds and depth < DEEPEST:
        return example(name, kinds[0], schemas, depth + 1)
    if name in TYPICAL and _fits(TYPICAL[name], schema):
        return TYPICAL[name]
    return _plain(name, schema, schemas, depth)


def _plain(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {
                field: example(field, each, schemas, depth + 1)
                for field, each in schema["properties"].items()
            }
        case "object":
            values = schema.get("additionalProperties")
            if not isinstance(values, Mapping):
                return {}
            return {"key": example("", values, schemas, depth + 1)} if depth else _answered(values)
        case "array":
            return [] if depth >= DEEPEST else [example(name, schema.get("items", {}), schemas, depth + 1)]
        case "integer":
            return AT_MS if name.endswith("_ms") else max(1, int(schema.get("minimum", 1)))
        case "number":
            return float(schema.get("minimum", 0.5))
        case "boolean":
            return True
        case "string":
            pattern = schema.get("pattern", "")
            return next((each for each in SPARE if re.search(pattern, each)), "")
        case "null":
            return None
        case _:
            return None


def _answered(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a request that was taken is answered with."""
    return {"accepted": "yes"} if values.get("type") == "string" else {"calls": 1}


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    kinds = {"string": str, "array": list, "object": dict, "integer": int, "number": float}
    if not isinstance(value, kinds.get(str(schema.get("type")), object)) or "properties" in schema:
        return False
    if isinstance(value, list):
        return all(_fits(each, schema.get("items", {})) for each in value)
    return not isinstance(value, str) or re.search(schema.get("pattern", ""), value) is not None
