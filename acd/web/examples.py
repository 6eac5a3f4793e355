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
    "id": "amal",
    "name": "Amal Haddad",
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
    "outcome": "answered",
    "classes": ["urgent"],
    "people": {"suits": 1, "not_free": 4},
    "callers": {"language": 2},
    "accepted": "yes",
    "release": "0.1.0",
    "trouble": {},
    "why": "",
    "link_why": "",
    "seconds": 20,
    "met": 33,
    "total": 41,
    "waited_ms": 90_000,
    "took_ms": 420,
    "cpu_ms": 280,
    "age_ms": 1_500,
    "q10_ms": 20_000,
    "q50_ms": 60_000,
    "q90_ms": 180_000,
    "state": "ready",
    "low": 0.71,
    "high": 0.93,
    "value": 12.0,
    "limit": 10.0,
    "at": "14:30",
    "timestamp": "2026-10-01T09:20:00.000Z",
    "arrived": "2026-10-01T09:12:30.000Z",
    "wanted_until": "2026-10-01T11:00:00.000Z",
    "webhook-id": "visit_ended-7",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
}
"""By field, where the schema allows it; else by the schema alone."""
SPARE: Final = ("text", "urgent", "2026-4711", "rec_1790846400_1")
"""For texts of a pattern: the first that has it."""
DEEPEST: Final = 12
OF_SHAPE: Final[Mapping[str, Mapping[str, Any]]] = {
    "StaffState": {"state": "talking"},
    "WaitingCall": {"state": "waiting", "people": {"suits": 0, "not_free": 4, "language": 10}},
    "Candidate": {"reason": "not_free", "state": "talking", "language_level": 6, "language_needed": 5},
    "Choice": {"interpreter": "", "decided_by": "longest_idle", "candidates": 3},
    "Lost": {"agent": "birgit", "criterion": "longest_idle", "order": 90_000, "best": 17_000},
    "CaseFile": {"state": "in_progress"},
    "CaseBody": {"state": "in_progress"},
    "AnnouncementState": {"languages": {"de": "text", "en": "text", "uk": "stock"}, "trouble": ""},
    "RecordedState": {"name": "rec_1790846400_1", "at_s": AT_MS // 1000, "seconds": 12.5},
    "Reloaded": {
        "faults": [],
        "now": ["staff.amal.name"],
        "render": [],
        "restart": [],
        "unused": [],
        "asterisk": "",
        "staff": "",
    },
    "AlarmState": {
        "kind": "longest_wait",
        "part": "",
        "more": 0,
        "at_ms": 0,
        "de": "Zu lang",
        "en": "Too long",
    },
    "AlarmsTried": {"ways": {"notify": "ok", "city": "ok"}},
    "NotReachedCaller": {"visit": "7", "why": "abandoned_in_queue", "now": ""},
    "NotReachedList": {"total": 1, "nameless": 0, "ends": {"answered": 3}},
    "Note": {"what": "Asked which papers are missing.", "promised": "", "by_when": "", "by_whom": ""},
    "Closing": {"outcome": "done"},
    "Classing": {"name": "urgent"},
    "Waits": {"state": "ok"},
}
"""What a shape means by its fields, where that is something else."""
LOOSE: Final[Mapping[str, Any]] = {
    "/healthz": {"journal": "ok"},
    "/readyz": {"journal": "ok", "link": "ok", "records": "ok", "vault": "ok"},
    "/api/alarms/test": {"ways": {"notify": "ok", "city": "ok"}},
    "/api/resync": {"resync": "done"},
    "/api/desk": {"desk": {"state": "ready", "calls": [], "waiting": [], "handovers": []}, "called": "5f1c"},
    "/api/desk/visits/{visit}/before": {"visits": [], "notes": {}},
    "/api/desk/notes": {"note:17": {"text": "Asked for the list of papers."}},
    "/openapi.json": {"openapi": "3.1.0", "info": {"title": "WelcomeCenter ACD"}, "paths": {}},
    "/api/lead": {"at_ms": AT_MS, "line": [], "working": [], "alarms": [], "trouble": {}},
}
"""What is answered by these paths, where the shape says little; long answers are left short."""


def example(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of this schema for a field of this name. schemas: by name, what the schema refers to."""
    if "$ref" in schema:
        shape = schema["$ref"].rpartition("/")[2]
        found = example(name, schemas[shape], schemas, depth + 1)
        return {**found, **OF_SHAPE.get(shape, {})} if isinstance(found, dict) else found
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
