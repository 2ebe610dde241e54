"""The files of the console, as the gateway serves them: to everybody, as what they are, and nothing else."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from tests.fakes.public_services import public_services, serving_public
from tests.gateway import Gateway, running_gateway

PAGE = "<!doctype html><title>Potok</title>"
SCRIPT = "console.log('potok');\n" * 100
FILES = {
    "index.html": PAGE,
    "icon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "assets/index-1a2b.js": SCRIPT,
    "assets/index-3c4d.css": "body {}",
    "assets/font-5e6f.woff2": "wOF2",
    "assets/unknown-7a8b.xyz": "?",
}
IMMUTABLE = "public, max-age=31536000, immutable"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A gateway before a built console; `http` has no token."""

    gateway: Gateway
    http: httpx2.AsyncClient


@contextlib.asynccontextmanager
async def door_before(folder: Path) -> AsyncIterator[Door]:
    async with (
        serving_public(public_services()) as address,
        running_gateway({"coordinator": [address]}, console=folder) as gateway,
        gateway.http("") as http,
    ):
        yield Door(gateway=gateway, http=http)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    home = tmp_path_factory.mktemp("console")
    for name, text in FILES.items():
        (home / "dist" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "dist" / name).write_text(text)
    (home / "secret.txt").write_text("what nobody may read")
    async with door_before(home / "dist") as door:
        yield door


@pytest.mark.parametrize(
    ("path", "content_type", "cache"),
    [
        ("", "text/html; charset=utf-8", "no-cache"),
        ("index.html", "text/html; charset=utf-8", "no-cache"),
        ("icon.svg", "image/svg+xml", "no-cache"),
        ("assets/index-1a2b.js", "text/javascript; charset=utf-8", IMMUTABLE),
        ("assets/index-3c4d.css", "text/css; charset=utf-8", IMMUTABLE),
        ("assets/font-5e6f.woff2", "font/woff2", IMMUTABLE),
        ("assets/unknown-7a8b.xyz", "application/octet-stream", IMMUTABLE),
    ],
)
async def test_a_file_is_what_it_is_and_needs_no_token(
    door: Door, path: str, content_type: str, cache: str
) -> None:
    answer = await door.http.get(f"/console/{path}")

    assert answer.status_code == 200
    assert answer.text == FILES[path or "index.html"]
    assert answer.headers.get_list("content-type") == [content_type]
    assert answer.headers.get_list("cache-control") == [cache]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert "set-cookie" not in answer.headers


async def test_the_page_may_load_and_call_nothing_but_its_own(door: Door) -> None:
    headers = (await door.http.get("/console/")).headers
    policy = dict(
        each.strip().split(" ", 1) for each in headers["content-security-policy"].split(";")
    )

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert not [source for source in policy.values() if "unsafe" in source or "*" in source]
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


async def test_the_head_of_a_file_is_its_head_alone(door: Door) -> None:
    answer = await door.http.head("/console/assets/index-1a2b.js")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_what_is_large_is_made_smaller(door: Door) -> None:
    packed = {"accept-encoding": "gzip"}
    async with door.http.stream("GET", "/console/assets/index-1a2b.js", headers=packed) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert len(raw) < len(SCRIPT) / 5
    assert gzip.decompress(raw).decode() == SCRIPT


@pytest.mark.parametrize("path", ["nothing", "assets/nothing.js", "assets/", "assets", "index"])
async def test_what_is_not_there_is_not_found_and_no_folder_is_listed(
    door: Door, path: str
) -> None:
    answer = await door.http.get(f"/console/{path}")
    assert answer.status_code in (403, 404)
    assert not [name for name in FILES if Path(name).name in answer.text]
    assert "immutable" not in answer.headers.get("cache-control", "")
    assert answer.json()["code"] in (5, 7)


@pytest.mark.parametrize(
    "path",
    [
        "/console/../secret.txt",
        "/console/assets/../../secret.txt",
        "/console/%2e%2e/secret.txt",
        "/console/..%2fsecret.txt",
        "/console/%2e%2e%2fsecret.txt",
        "/console/..%5csecret.txt",
        "/console/%252e%252e/secret.txt",
        "/console//etc/passwd",
        "/console/%2fetc/passwd",
        "/console/assets/..;/..;/secret.txt",
    ],
)
async def test_nothing_outside_is_reached(door: Door, path: str) -> None:
    host, _, port = door.gateway.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    # In bytes, since a client of HTTP would tidy the path.
    writer.write(f"GET {path} HTTP/1.1\r\nhost: potok\r\nconnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()

    assert answer.split(" ", 2)[1] in ("400", "403", "404"), answer
    assert "what nobody may read" not in answer
    assert "root:" not in answer


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nobody_changes_a_file(door: Door, method: str) -> None:
    answer = await door.http.request(method, "/console/index.html", content=b"mine")
    assert (answer.status_code, answer.json()["code"]) == (405, 12)
    assert (await door.http.get("/console/")).text == PAGE


async def test_the_page_comes_whatever_cookies_a_neighbour_has_set(door: Door) -> None:
    both = {"cookie": "potok_session=mine; potok_session=theirs"}
    assert (await door.http.get("/console/", headers=both)).text == PAGE


@pytest.mark.parametrize("path", ["/", "/console", "/console?from=mail"])
async def test_who_knows_only_the_address_is_led_there(door: Door, path: str) -> None:
    answer = await door.http.get(path)
    assert answer.status_code == 302
    assert answer.headers["location"].endswith("/console/")


async def test_a_console_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    async with door_before(tmp_path / "dist") as door:
        answer = await door.http.get("/console/")
    assert answer.status_code == 404
    assert "make build-console" in answer.text
