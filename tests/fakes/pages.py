"""The pages without a daemon: an engine's world that only the test moves, and what they show of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from acd.changes import Changes
from acd.picture import Picture
from acd.ports import Announced, Health
from acd.prospects import Waits
from acd.web.app import make_app
from acd.web.deps import DeskChoices, Names, ServiceLevel, StaffSource, WebDeps
from routing.others import Others
from tests.fakes.admits import Admits
from tests.fakes.centre import Bench


def waiting_bench() -> Bench:
    """Nobody is logged in: one Turkish, one Arabic and two German callers wait."""
    bench = Bench()
    for uid, language in (("1", "tr"), ("2", "ar"), ("3", "de"), ("4", "de")):
        bench.call(uid, language)
        bench.now += 1_000
    return bench


def picture_of(bench: Bench, smallest: int, *, agreed: bool = True) -> Picture:
    """What may be seen of it. agreed: a service agreement lets others see all of a person."""
    others = Others(agreed)
    return Picture(lambda: bench.engine.world, lambda: bench.now, smallest, others=others)


def app_of(
    picture: Picture,
    met: int = 0,
    total: int = 0,
    health: Callable[[], Health] = lambda: {"journal": "ok"},
    **doors: Any,
) -> FastAPI:
    """Pages and API over a picture, with this service level; whatever else is asked fails, but `doors`."""

    async def level() -> ServiceLevel:
        return ServiceLevel("all_offered", "since_queue", 20, met, total, total, 0, 0.0, 1.0)

    async def unasked(*_: object) -> Any:
        raise AssertionError

    deps = WebDeps(
        names=lambda: Names(
            "test",
            {"de": "Deutsch", "ar": "العربية", "tr": "Türkçe"},
            {"other": {"de": "Anderes", "en": "Other"}},
        ),
        staff_source=lambda: StaffSource("file", 1_700_000_000_000, 15, 0),
        board=picture,
        own=picture.own,
        changes=Changes(),
        service_level=level,
        explain=unasked,
        reasons=unasked,
        lead=unasked,
        classes=lambda: ["vip"],
        explain_visit=unasked,
        differences=unasked,
        cases=None,  # type: ignore[arg-type]
        announcement=lambda: Announced(False, False, {}, ""),
        announcing=None,  # type: ignore[arg-type]
        reload=unasked,
        resync=unasked,
        outlook=lambda: Waits(0, 0, 0, 0, "nobody waits", 0, ()),
        what_if=unasked,
        health=health,
        people=Admits(),  # type: ignore[arg-type]
        agents=lambda: [("amal", "Amal Haddad")],
        zone=lambda: UTC,
        desk=None,  # type: ignore[arg-type]
        steering=None,  # type: ignore[arg-type]
        teaching=None,  # type: ignore[arg-type]
        history=None,  # type: ignore[arg-type]
        not_reached=None,  # type: ignore[arg-type]
        desk_choices=lambda: DeskChoices({}, {}, (), 24),
        case_link=lambda reference: "",
        registry=CollectorRegistry(),
    )
    return make_app(replace(deps, **doors))
