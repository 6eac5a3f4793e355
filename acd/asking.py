"""What commands ask of a running daemon: to read its file again, to look at Asterisk, whether all is well."""

import time
from typing import Any

import httpx
from pydantic import TypeAdapter

from acd import daemon
from acd.reloaded import Reloaded
from config.schema import Centre

ANSWER_S = 10.0
AGAIN_S = 0.2

_RELOADED: TypeAdapter[Reloaded] = TypeAdapter(Reloaded)


class NotRunning(Exception):
    """No daemon answers for this centre; the message says where one was asked."""


def _asked(centre: Centre, method: str, path: str) -> httpx.Response:
    url = f"http://{centre.web.host}:{centre.web.port}"
    try:
        token = daemon.token_path(centre).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        token = ""
    try:
        return httpx.request(
            method,
            url + path,
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
    answer = _asked(centre, "POST", "/api/reload")
    said = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
    if not answer.is_success:
        reasons = said.get("detail", answer.reason_phrase)
        raise Refused("\n".join(reasons) if isinstance(reasons, list) else str(reasons)[:200])
    return _RELOADED.validate_python(said)


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
