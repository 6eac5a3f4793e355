"""The form's process: reads the centre's file, keeps a key of its own, and serves."""

import secrets
from pathlib import Path
from typing import Final

import uvicorn

from acd.ownership import as_its_folder
from acd.request.app import Deps, app
from acd.request.sending import Socket
from acd.requests import path_of
from config.load import load
from config.prompts import beside
from config.request_words import books

KEY: Final = "request.key"
KEY_BYTES: Final = 32


class RequestFault(Exception):
    """The form cannot be served; the message says why and what to do."""


def key_of(path: Path) -> bytes:
    """The key in this file, made where there is none. Raises RequestFault."""
    try:
        if path.exists():
            if path.stat().st_mode & 0o077:
                raise RequestFault(f"{path}: others can read it; delete it, a new one is made")
            found = path.read_bytes()
            if len(found) == KEY_BYTES:
                return found
        made = secrets.token_bytes(KEY_BYTES)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(made)
        as_its_folder(path)
    except OSError as fault:
        raise RequestFault(f"{path}: cannot be used: {fault.strerror}") from None
    return made


def serve(config: Path) -> None:
    """Until it is stopped. Raises ConfigFaults, RequestFault."""
    centre = load(config)
    rules = centre.request
    if rules is None:
        raise RequestFault(f"{config}: has no [request]; see docs/request.md")
    socket = path_of(centre)
    form = app(Deps(centre, books(centre, beside(config)), Socket(socket), key_of(socket.with_name(KEY))))
    uvicorn.run(
        form,
        host=rules.host,
        port=rules.port,
        proxy_headers=bool(rules.proxies),
        forwarded_allow_ips=rules.proxies,
        server_header=False,
        access_log=False,
        log_level="warning",
        limit_concurrency=100,
        timeout_keep_alive=5,
    )
