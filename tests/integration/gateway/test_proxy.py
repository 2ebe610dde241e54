"""The gateway behind nginx: with the lines of docs/proxy.md, and with nothing but its defaults."""

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest

from deploy.local.postgres import free_port
from tests.fakes.public_services import public_services, serving_public
from tests.gateway import running_gateway, token
from tests.tree import ROOT
from tests.waiting import PATIENCE, until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
STATUS = "/api/calls/transcribe-by-date-range-status"
RANGE = {"client_id": "clinic", "start_date": "2026-11-01", "end_date": "2026-11-02"}

pytestmark = pytest.mark.skipif(
    NGINX is None, reason="there is no nginx: make programs installs it"
)


def documented(own: str, behind: str) -> str:
    """Return the server of the page, at other addresses."""
    page = (ROOT / "docs" / "proxy.md").read_text(encoding="utf-8")
    (server,) = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    return str(server).replace("8443", own).replace("127.0.0.1:8000", behind)


def plain(own: str, behind: str) -> str:
    return f"server {{ listen {own}; location / {{ proxy_pass http://{behind}; }} }}"


@contextlib.asynccontextmanager
async def nginx(server: str, own: str, folder: Path) -> AsyncIterator[str]:
    """Run nginx with one server until the block ends; yields its URL."""
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}}"
        f"http {{ access_log off; {places} {server} }}"
    )
    assert NGINX
    process = await asyncio.create_subprocess_exec(
        NGINX, "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")
    )
    try:

        async def listens() -> bool:
            assert process.returncode is None, (folder / "errors").read_text()
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", int(own))
                writer.close()
                return True
            return False

        await until(listens, "nginx listens")
        yield f"http://127.0.0.1:{own}"
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize("server", [documented, plain])
async def test_calls_and_streams_come_through_a_proxy(
    tmp_path: Path, server: Callable[[str, str], str]
) -> None:
    behind, own = public_services(), str(free_port())
    async with (
        serving_public(behind) as address,
        running_gateway({"coordinator": [address]}, trusted_hops=1) as gateway,
        nginx(server(own, gateway.address), own, tmp_path) as url,
        httpx2.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE) as http,
    ):
        bearer = {"authorization": f"Bearer {token()}"}
        assert (await http.get(STATUS, params=RANGE, headers=bearer)).status_code == 200
        assert (await http.get(STATUS, params=RANGE)).status_code == 401
        behind.next_event.put_nowait("1")  # an answer begins with its first event
        async with http.stream("GET", "/api/v1/watch", headers=bearer) as watch:
            lines = watch.aiter_lines()
            while await anext(lines) != "id: 1":
                pass
            behind.next_event.put_nowait("2")  # and goes on with each: nothing is held back
            while await anext(lines) != "id: 2":
                pass
            behind.next_event.put_nowait("end")


async def test_a_session_counts_behind_the_documented_proxy(tmp_path: Path) -> None:
    behind, own = public_services(), str(free_port())
    async with (
        serving_public(behind) as address,
        running_gateway({"coordinator": [address]}, trusted_hops=1) as gateway,
        nginx(documented(own, gateway.address), own, tmp_path) as url,
        httpx2.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE) as http,
    ):
        page = {"cookie": f"potok_session={token()}", "origin": url}
        start = "/api/calls/transcribe-by-date-range"
        assert (await http.post(start, json=RANGE, headers=page)).status_code == 200
        evil = page | {"origin": "http://wiki.corp.test:9000"}
        assert (await http.post(start, json=RANGE, headers=evil)).status_code == 401
