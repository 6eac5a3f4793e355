"""The form itself: one page without scripts, in the languages of the centre, and the answer to it."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from acd.dialling import NOT_A_NUMBER, WITHHELD, dialled, written
from acd.ports import KEPT_DAYS, Wish, Wishes
from acd.request.limits import Limit
from acd.request.signed import EARLY, GOOD, LATE, USED, Marks
from acd.request.windows import Window, named, windows
from config.request_words import Words
from config.schema import Centre
from config.words import RIGHT_TO_LEFT

HERE: Final = Path(__file__).parent
STYLES: Final = {"form.css": HERE / "static" / "form.css"}
BODY_MAX: Final = 8_192
FIELD_MAX: Final = 200
CASE: Final = re.compile(r"[A-Za-z0-9./-]{1,40}")
HOUR_S, DAY_S = 3_600.0, 86_400.0
EVERYBODY: Final = "everybody"
NUMBER: Final = re.compile("\u200e?([+]?[0-9][0-9 ]{5,}[0-9])")
NO_BREAK: Final = "\u00a0"
TRAP: Final = "website"
"""A field that nobody sees and only programs fill in."""
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}

Fields = Mapping[str, str]


class Deps(NamedTuple):
    """What the form stands on. books: see config.request_words. key: signs forms and hides who asks."""

    centre: Centre
    books: Mapping[str, tuple[Words, Words]]
    wishes: Wishes
    key: bytes
    now: Callable[[], float] = time.time


class Form:
    """Gives the form out, and takes it."""

    def __init__(self, deps: Deps) -> None:
        rules = deps.centre.request
        if rules is None:
            raise ValueError("the centre has no [request]")
        self._deps, self._rules, self._centre = deps, rules, deps.centre
        self._marks = Marks(deps.key, rules.least_seconds, rules.most_minutes * 60)
        self._addresses = Limit(deps.key, rules.per_address_hour, HOUR_S)
        self._numbers = Limit(deps.key, rules.per_number_day, DAY_S)
        self._all = Limit(deps.key, rules.per_hour, HOUR_S)
        loader = FileSystemLoader(HERE / "templates")
        self._page = Environment(loader=loader, autoescape=select_autoescape()).get_template("form.html")

    # --- the page ------------------------------------------------------------------------------------

    async def given(self, request: Request) -> Response:
        """An empty form, in the language asked for."""
        language = self._language(request.query_params.get("lang", ""), request)
        concern = request.query_params.get("concern", "")
        return self._shown(language, {"language": language, "concern": concern})

    async def taken(self, request: Request) -> Response:
        """A form that was filled in: promised, or given back with all that is wrong and what was typed."""
        fields = await _fields(request)
        language = self._language(fields.get("lang", ""), request)
        now = self._deps.now()
        why = self._marks.judged(fields.get("mark", ""), now)
        if fields.get(TRAP):
            return self._shown(language, {}, done=True)  # a program hears what it would hear
        if why != GOOD:
            said = {EARLY: "too_early", LATE: "too_late", USED: "used"}.get(why, "too_late")
            return self._shown(language, fields, {"": said}, 422)
        wish, faults = self._read(fields, now)
        if faults or wish is None:
            return self._shown(language, fields, faults, 422)
        address = request.client.host if request.client is not None else ""
        number = dialled(wish.number, self._prefixes).number
        bounds = ((self._addresses, address), (self._all, EVERYBODY))
        if not all(limit.allows(who, now) for limit, who in bounds):
            return self._shown(language, fields, {"": "too_many"}, 429)
        for limit, who in bounds:
            limit.count(who, now)
        # who asked for this number before, and was thanked, is promised a call: nothing more is needed
        if self._numbers.allows(number, now):
            became = await self._deps.wishes.wish(wish)
            if became:
                said = became if became in ("not_dialled", "full", "shut_then") else "trouble"
                where = {"not_dialled": "number", "shut_then": "when"}.get(said, "")
                return self._shown(language, fields, {where: said}, 422 if where else 503)
            self._numbers.count(number, now)
        self._marks.use(fields["mark"], now)
        return self._shown(language, {}, done=True)

    # --- what was filled in --------------------------------------------------------------------------

    @property
    def _hotline(self) -> str:
        trunk = self._centre.trunk
        return (trunk.caller_id if trunk is not None else "") or self._centre.centre.hotline

    @property
    def _prefixes(self) -> list[str]:
        return self._centre.callback.prefixes if self._centre.callback is not None else []

    def _read(self, fields: Fields, now: float) -> tuple[Wish | None, dict[str, str]]:
        """The wish, or what is wrong by field: a word's key."""
        faults: dict[str, str] = {}
        if fields.get("language") not in self._centre.languages:
            faults["language"] = "need_language"
        if fields.get("concern") not in self._centre.concerns:
            faults["concern"] = "need_concern"
        found = dialled(fields.get("number", ""), self._prefixes)
        if not found.number:
            wrong = {WITHHELD: "need_number", NOT_A_NUMBER: "bad_number"}
            faults["number"] = wrong.get(found.why, "not_dialled")
        case = fields.get("case", "").strip()
        if case and not CASE.fullmatch(case):
            faults["case"] = "bad_case"
        offered = {each.value: each for each in self._offered(fields, now)}
        when = fields.get("when", "")
        if when and when not in offered:
            always = {each.value for each in windows(self._centre, round(now * 1000))}
            faults["when"] = "shut_then" if when in always else "bad_when"
        if faults:
            return None, faults
        window = offered.get(when)
        span = (window.from_ms, window.until_ms) if window is not None else (0, 0)
        return Wish(fields["language"], fields["concern"], found.number, case, *span), {}

    def _offered(self, fields: Fields, now: float) -> list[Window]:
        """The times for what was chosen, as far as it was."""
        need = [
            value if value in known else ""
            for value, known in (
                (fields.get("language", ""), self._centre.languages),
                (fields.get("concern", ""), self._centre.concerns),
            )
        ]
        return windows(self._centre, round(now * 1000), *need)

    def _language(self, asked: str, request: Request) -> str:
        """The page's: the one asked for, else the browser's first that we have, else the centre's first."""
        codes = self._centre.languages
        if asked in codes:
            return asked
        for part in request.headers.get("accept-language", "").split(",")[:10]:
            if (code := part.split(";")[0].strip()[:2].lower()) in codes:
                return code
        return codes[0]

    def _shown(
        self,
        language: str,
        fields: Fields,
        faults: Mapping[str, str] | None = None,
        status: int = 200,
        *,
        done: bool = False,
    ) -> Response:
        words, concerns = self._deps.books[language]
        now = self._deps.now()
        offered = self._offered(fields, now)
        values = {
            "hotline": written(self._hotline),
            "days": str(max(self._centre.privacy.number_days, self._rules.days + KEPT_DAYS)),
        }
        html = self._page.render(
            words={key: _isolated(said.format(**values)) for key, said in words.items()},
            language=language,
            direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
            languages=[(each.code, each.name) for each in self._centre.language],
            concerns=list(concerns.items()),
            names=concerns,
            appointments=[(key, self._appointment(key, language)) for key in concerns],
            windows=[(each.value, named(each, self._centre, language)) for each in offered],
            fields=fields,
            faults=faults or {},
            done=done,
            mark=self._marks.made(now),
            trap=TRAP,
            right_to_left=RIGHT_TO_LEFT,
        )
        return HTMLResponse(html, status)

    def _appointment(self, concern: str, language: str) -> str:
        url = self._rules.appointment_url
        return url.replace("{concern}", quote(concern, "")).replace("{language}", quote(language, ""))


def _isolated(said: str) -> str:
    """Telephone numbers in it from left to right, and in one line, whichever way the rest is written."""
    return NUMBER.sub(lambda found: f"\u2066{found[1].replace(' ', NO_BREAK)}\u2069", said)


async def _fields(request: Request) -> dict[str, str]:
    """What was sent, each field once and cut; nothing where it is too much."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_MAX:
            return {}
    try:
        pairs = parse_qsl(body.decode("utf-8"), max_num_fields=20)
    except ValueError:
        return {}
    return {name[:40]: value[:FIELD_MAX] for name, value in pairs}


async def _style(request: Request) -> Response:
    path = STYLES.get(request.path_params["name"])
    return FileResponse(path) if path is not None else PlainTextResponse("not here", 404)


async def _guarded(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = await go_on(request)
    for name, value in HEADERS.items():
        answer.headers[name] = value
    return answer


def app(deps: Deps) -> Starlette:
    """The whole application."""
    form = Form(deps)
    routes: list[Any] = [
        Route("/", form.given, methods=["GET"]),
        Route("/", form.taken, methods=["POST"]),
        Route("/style/{name}", _style, methods=["GET"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guarded)])
