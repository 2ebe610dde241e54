"""One request to a service that runs bots, and its answer as it came."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from services.bot_status.domain import (
    External,
    NoSuchBot,
    ServiceDenies,
    ServiceRefuses,
    ServiceUnavailable,
    SpokenInterval,
)
from services.kernel.clock import utc_now
from services.kernel.retry_after import retry_after
from services.kernel.strangers import number, read_json, storable

MOST_BODY_BYTES = 1 << 20
MOST_LIST_BYTES = 16 << 20
"""The most of an answer that lists things, as transcripts and recordings."""
MOST_PAGES = 20
_MOST_DETAIL = 200
_CONNECT_SECONDS = 3.0
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DENIED = (401, 403)
_BUSY = (408, 425, 429)
_NOTHING_DONE = (429, 503)
"""Answers after which a request has surely not been carried out."""
_DETAILS = ("detail", "error", "message", "error_message", "non_field_errors")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResponse:
    """An answer of a service that runs bots: a success, or a refusal of the request; `body` is None where it is no JSON."""

    status: int
    body: Any

    @property
    def refused(self) -> bool:
        """Whether the service refuses the request."""
        return self.status >= 400  # noqa: PLR2004

    @property
    def detail(self) -> str:
        """What the service says about a refusal."""
        body = self.body if isinstance(self.body, dict) else {}
        found = next((body[name] for name in _DETAILS if body.get(name)), "")
        text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
        return f"HTTP {self.status}" + (f": {storable(text[:_MOST_DETAIL])}" if text else "")

    def check(self) -> None:
        """Raise ServiceRefuses where the service refuses the request."""
        if self.refused:
            raise ServiceRefuses(f"the service that runs bots refuses: {self.detail}")

    def fields(self) -> dict[str, Any]:
        """Return the object that was answered; raises ServiceRefuses, ServiceUnavailable where it is none.

        Where it is no object, what was asked for may have been done all the same.
        """
        self.check()
        if not isinstance(self.body, dict):
            raise ServiceUnavailable(
                f"the service that runs bots answers HTTP {self.status} and no JSON object",
                doubtful=True,
            )
        return self.body


def open_http(timeout: timedelta) -> httpx2.AsyncClient:
    """Return a client: a redirect is never followed, since it would carry the key elsewhere."""
    return httpx2.AsyncClient(
        follow_redirects=False,
        timeout=httpx2.Timeout(timeout.total_seconds(), connect=_CONNECT_SECONDS),
        trust_env=False,
        headers={"User-Agent": "potok", "Accept": "application/json"},
    )


class TooLong(Exception):
    """An answer is longer than what is read of it."""


class Api:
    """Asks one service, by its address and with our key."""

    def __init__(self, http: httpx2.AsyncClient, url: str, headers: Mapping[str, str]) -> None:
        self._http = http
        self.url = url.rstrip("/")
        self._headers = dict(headers)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        most: int = MOST_BODY_BYTES,
    ) -> ApiResponse:
        """Send a request and read at `most` so many bytes; raises ServiceUnavailable, ServiceDenies, NoSuchBot (404)."""
        try:
            status, content, pause = await self._send(method, path, body, query, headers, most)
        except TooLong as error:
            raise ServiceUnavailable(
                f"the service that runs bots answers {method} {path.partition('?')[0]} with more than the "
                f"{most >> 20} MiB that are read of it",
                doubtful=method != "GET",
            ) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise ServiceUnavailable("the service that runs bots cannot be reached") from error
        except (httpx2.HTTPError, TimeoutError, ValueError) as error:
            # The request may have been carried out all the same.
            what = "does not answer in time" if _is_late(error) else "does not answer as it should"
            raise ServiceUnavailable(
                f"the service that runs bots {what}", doubtful=method != "GET"
            ) from error
        if status in _DENIED:
            raise ServiceDenies(f"the service that runs bots does not take our key (HTTP {status})")
        if status == httpx2.codes.NOT_FOUND:
            raise NoSuchBot(f"the service that runs bots knows nothing at {path}")
        if status >= httpx2.codes.INTERNAL_SERVER_ERROR or status in _BUSY:
            raise ServiceUnavailable(
                f"the service that runs bots answers HTTP {status}",
                retry_after=retry_after(pause, utc_now()) if pause else None,
                doubtful=method != "GET" and status not in _NOTHING_DONE,
            )
        if httpx2.codes.MULTIPLE_CHOICES <= status < httpx2.codes.BAD_REQUEST:
            raise ServiceDenies(
                f"the service that runs bots leads elsewhere (HTTP {status}): is POTOK_BOT_STATUS_URL right?"
            )
        return ApiResponse(status=status, body=_json(content))

    async def listed(
        self, path: str, *names: str, query: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Return the objects of a list, of all its pages: a bare list, or one under the first of `names` that is there.

        Raises as `ask` does, and ServiceRefuses.
        """
        found: list[dict[str, Any]] = []
        for _ in range(MOST_PAGES):
            answer = await self.ask("GET", path, query=query, most=MOST_LIST_BYTES)
            answer.check()
            page = objects_under(answer.body, *names)
            found += page
            following = self._own_path(text_of(object_of(answer.body).get("next")))
            if following in ("", path):
                break
            path, query = following, None
        return found

    def _own_path(self, link: str) -> str:
        """Return the path of a link to the service itself; empty for any other, whose host gets no key of ours."""
        if not link:
            return ""
        own, other = urlsplit(self.url), urlsplit(urljoin(f"{self.url}/", link))
        if other.netloc.lower() != own.netloc.lower():
            return ""
        path = other.path.removeprefix(own.path) if own.path else other.path
        return f"{path}?{other.query}" if other.query else path

    async def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        most: int,
    ) -> tuple[int, bytes, str]:
        timeout = self._http.timeout
        whole = (timeout.connect or 0) + 2 * (timeout.read or 0)
        async with (
            asyncio.timeout(whole),
            self._http.stream(
                method,
                f"{self.url}{path}",
                json=body,
                params=query,
                headers={**self._headers, **(headers or {})},
            ) as response,
        ):
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > most:
                    raise TooLong
        return response.status_code, bytes(content), response.headers.get("retry-after", "")


def checked(external: External | str) -> str:
    """Return an id that may stand in a path; raises NoSuchBot for any other."""
    if not _ID.fullmatch(external):
        raise NoSuchBot("its id is none")
    return external


def id_of(found: Any) -> str:
    """Return an id as text: services write the same one as a text or as a number; empty where it is none.

    A number with a fraction of zero is what some make of a whole one; a text may have blanks around it.
    """
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    text = (
        str(found).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""
    )
    return text if _ID.fullmatch(text) else ""


def public_id(found: Any) -> str:
    """Return the id that a service gave a bot; raises ServiceUnavailable where it gave no usable one."""
    text = id_of(found)
    if not text:
        raise ServiceUnavailable("the service gave the bot no usable id", doubtful=True)
    return text


def text_of(found: Any) -> str:
    """Return a text as it can be kept; empty for anything else."""
    return storable(found) if isinstance(found, str) else ""


def number_of(found: Any) -> float:
    """Return a number; 0 for anything else."""
    return number(found) or 0.0


def spoken(name: str, start: float, end: float) -> SpokenInterval:
    """Return who spoke from when to when, in seconds of the recording, which a service may begin later."""
    return SpokenInterval(
        speaker_name=name[:256], start_seconds=max(0.0, start), end_seconds=max(0.0, end)
    )


def objects_of(found: Any) -> list[dict[str, Any]]:
    """Return the objects in a list; empty for anything else."""
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def objects_under(found: Any, *names: str) -> list[dict[str, Any]]:
    """Return the objects of a list, or of the first list under one of `names`; a single object there is one of them."""
    if isinstance(found, list):
        return objects_of(found)
    for name in names:
        under = object_of(found).get(name)
        if isinstance(under, list):
            return objects_of(under)
        if isinstance(under, dict):
            return [under]
    return []


def object_of(found: Any) -> dict[str, Any]:
    """Return an object; an empty one for anything else."""
    return found if isinstance(found, dict) else {}


def _is_late(error: Exception) -> bool:
    return isinstance(error, httpx2.TimeoutException | TimeoutError)


def _json(content: bytes) -> Any:
    try:
        return read_json(content)
    except ValueError:
        return None
