"""What commands ask of a running daemon: to read its file again, to look at Asterisk, whether all is well."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from pydantic import TypeAdapter

from acd.people import local
from acd.ports import Announced, KeptAnnouncement
from acd.reloaded import Reloaded
from config.schema import Centre

ANSWER_S = 10.0
AGAIN_S = 0.2

_ANNOUNCED: TypeAdapter[Announced] = TypeAdapter(Announced)
_KEPT: TypeAdapter[list[KeptAnnouncement]] = TypeAdapter(list[KeptAnnouncement])
_RELOADED: TypeAdapter[Reloaded] = TypeAdapter(Reloaded)


class NotRunning(Exception):
    """No daemon answers for this centre; the message says where one was asked."""


def _asked(centre: Centre, method: str, path: str, body: Any = None) -> httpx.Response:
    url = f"http://{centre.web.host}:{centre.web.port}"
    token = local.read(local.path(centre))
    try:
        return httpx.request(
            method,
            url + path,
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_S,
            trust_env=False,
        )
    except httpx.HTTPError:
        raise NotRunning(f"no daemon answers at {url}") from None


class Refused(Exception):
    """The daemon does not take its file; the message has every reason."""


def reload(centre: Centre) -> Reloaded:
    """Have the daemon read its file again. Raises NotRunning, Refused."""
    return _RELOADED.validate_python(_taken(_asked(centre, "POST", "/api/reload")))


def _taken(answer: httpx.Response) -> Any:
    """What it says. Raises Refused with every reason."""
    said = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
    if not answer.is_success:
        reasons = said.get("detail", answer.reason_phrase)
        raise Refused("\n".join(map(_reason, reasons)) if isinstance(reasons, list) else str(reasons)[:200])
    return said


def _reason(said: Any) -> str:
    """One reason: a sentence, or where and why a value of a request is wrong."""
    if isinstance(said, dict):
        where = ".".join(str(each) for each in said.get("loc", ())[1:])
        return f"{where}: {said.get('msg', '')}"
    return str(said)


def announce(
    centre: Centre, texts: Mapping[str, str], recordings: Sequence[str], ends_calls: bool, reason: str
) -> Announced:
    """Put an emergency announcement on. Raises NotRunning, Refused."""
    body = {
        "texts": dict(texts),
        "recordings": list(recordings),
        "ends_calls": ends_calls,
        "reason": reason,
    }
    return _ANNOUNCED.validate_python(_taken(_asked(centre, "PUT", "/api/announcement", body)))


def announce_no_more(centre: Centre, reason: str) -> Announced:
    """Take it off. Raises NotRunning, Refused."""
    path = f"/api/announcement?{urlencode({'reason': reason})}"
    return _ANNOUNCED.validate_python(_taken(_asked(centre, "DELETE", path)))


def announced(centre: Centre) -> Announced:
    """What is told now. Raises NotRunning, Refused."""
    return _ANNOUNCED.validate_python(_taken(_asked(centre, "GET", "/api/announcement")))


def announcements_kept(centre: Centre) -> list[KeptAnnouncement]:
    """What was recorded by phone, the oldest first. Raises NotRunning, Refused."""
    return _KEPT.validate_python(_taken(_asked(centre, "GET", "/api/announcement/recordings")))


def delete_announcement(centre: Centre, name: str) -> None:
    """Delete a recording. Raises NotRunning, Refused."""
    _taken(_asked(centre, "DELETE", f"/api/announcement/recordings/{quote(name, safe='')}"))


def resync(centre: Centre) -> None:
    """Have the daemon look at Asterisk now. Raises NotRunning."""
    _asked(centre, "POST", "/api/resync")


def ready(centre: Centre, wait_s: float) -> dict[str, str]:
    """Part -> "ok" or what is wrong, as soon as all is well, or after `wait_s`. Raises NotRunning."""
    until = time.monotonic() + wait_s
    while True:
        try:
            answer = _asked(centre, "GET", "/readyz")
            said: dict[str, Any] = answer.json()
            if answer.is_success or time.monotonic() > until:
                return {str(part): str(words) for part, words in said.items()}
        except (NotRunning, ValueError):
            if time.monotonic() > until:
                raise
        time.sleep(AGAIN_S)
