"""What commands ask of a running daemon: to look at Asterisk, and whether all is well."""

import time
from typing import Any

import httpx

from acd import daemon
from config.schema import Centre

ANSWER_S = 10.0
AGAIN_S = 0.2


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
