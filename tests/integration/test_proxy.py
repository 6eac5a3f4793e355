"""The page behind the reverse proxy of the documents: TLS, the stream flows, and who asks is known."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from acd.demo.hotline import PROJECT
from acd.demo.ports import free_port
from acd.identity import Asker
from acd.web.server import WebServer, listen
from tests.fakes.admits import BEARER, Admits
from tests.fakes.pages import app_of, picture_of, waiting_bench

NAME = "hotline.example.org"
AROUND = """
daemon off;
user root;
pid {folder}/nginx.pid;
error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


class Seen(Admits):
    """Remembers from where it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    async def program(self, token: str, address: str) -> Asker | None:
        self.addresses.append(address)
        return await super().program(token, address)


seen = Seen()


@asynccontextmanager
async def page(proxies: tuple[str, ...]) -> AsyncIterator[int]:
    """The page's port."""
    taken = listen("127.0.0.1", 0)
    application = app_of(picture_of(waiting_bench(), 0), hosts=("127.0.0.1", NAME), people=seen)
    serving = asyncio.create_task(WebServer(application, taken, proxies).run())
    try:
        yield taken.getsockname()[1]
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """The proxy's address, and whom to trust."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run(  # noqa: ASYNC221 nothing else is going on yet
        [*made, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    async with page(("127.0.0.1",)) as port:
        mine = free_port()
        server = (PROJECT / "config" / "deploy" / "nginx.conf.example").read_text(encoding="utf-8")
        for theirs, ours in (
            ("listen 443 ssl;", f"listen 127.0.0.1:{mine} ssl;"),
            ("/etc/ssl/certs/hotline.pem", str(certificate)),
            ("/etc/ssl/private/hotline.key", str(key)),
            ("http://127.0.0.1:8080", f"http://127.0.0.1:{port}"),
        ):
            assert server.count(theirs) == 1
            server = server.replace(theirs, ours)
        config = tmp_path / "nginx.conf"
        config.write_text(AROUND.format(folder=tmp_path, server=server), encoding="utf-8")
        nginx = await asyncio.create_subprocess_exec(
            "nginx", "-p", str(tmp_path), "-c", str(config), env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        )
        try:
            async with asyncio.timeout(20):
                while True:
                    with suppress(OSError):
                        socket.create_connection(("127.0.0.1", mine), 1).close()
                        break
                    assert nginx.returncode is None
                    await asyncio.sleep(0.02)
            yield f"https://127.0.0.1:{mine}", ssl.create_default_context(cafile=str(certificate))
        finally:
            nginx.terminate()
            await nginx.wait()


async def entered(stack: AsyncExitStack, client: httpx.AsyncClient, url: str, **headers: str) -> int:
    """Open the stream and keep it; the status. A stream that is let in has told something."""
    answer = await stack.enter_async_context(
        client.stream(
            "GET", f"{url}/events", headers={"Host": NAME, **headers}, extensions={"sni_hostname": NAME}
        )
    )
    if answer.status_code == 200:
        told = answer.aiter_text()
        stack.callback(lambda: told)  # one that nobody holds any more is closed
        assert await anext(told)
    return answer.status_code


def client(address: str, trust: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(local_address=address, verify=trust or False, limits=httpx.Limits())
    return httpx.AsyncClient(transport=transport, timeout=10)


async def test_the_page_and_its_stream_come_through_the_proxy(behind: tuple[str, ssl.SSLContext]) -> None:
    url, trust = behind
    named = {"headers": {"Host": NAME, **BEARER}, "extensions": {"sni_hostname": NAME}}
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(client("127.0.0.5", trust))
        found = await one.get(f"{url}/", **named)  # type: ignore[arg-type]
        assert (found.status_code, "Hotline live" in found.text) == (200, True)
        assert await entered(stack, one, url, **BEARER) == 200


async def test_who_asks_is_known_by_the_address_that_the_proxy_tells(
    behind: tuple[str, ssl.SSLContext],
) -> None:
    """By it those who sign in in vain are slowed down; nobody gets another by claiming one."""
    url, trust = behind
    async with client("127.0.0.5", trust) as one:
        seen.addresses.clear()
        for claimed in ({}, {"X-Forwarded-For": "127.0.0.7"}):
            answer = await one.get(
                f"{url}/api/board",
                headers={"Host": NAME, **BEARER, **claimed},
                extensions={"sni_hostname": NAME},
            )
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert seen.addresses == ["127.0.0.5", "127.0.0.5"]


async def test_without_a_proxy_nobody_is_believed_to_ask_for_another() -> None:
    async with page(()) as port, client("127.0.0.5") as one:
        seen.addresses.clear()
        claimed = {"X-Forwarded-For": "10.0.1.1", "X-Forwarded-Proto": "https", **BEARER}
        answer = await one.get(f"http://127.0.0.1:{port}/api/board", headers=claimed)
        assert "strict-transport-security" not in answer.headers
    assert seen.addresses == ["127.0.0.5"]
