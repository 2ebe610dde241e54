"""One request to AmoCRM, and its answer as it came."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2

from services.kernel.fetch.encoding import decoded
from services.kernel.fetch.errors import FetchError

Query = Sequence[tuple[str, str | int | float | bool | None]]

_TIMEOUT = httpx2.Timeout(20, connect=5)
_WHOLE_SECONDS = 60
_MAX_BODY_BYTES = 32 << 20
_MAX_DETAIL = 200
_MAX_DIGITS = 6
_MAX_NUMBER = 30
_NO_ANSWER = (httpx2.RequestError, TimeoutError, FetchError)


class NoCrmAnswer(Exception):
    """There is no answer that could be read to its end; the text says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmResponse:
    """An answer of AmoCRM; `body` is None where it is no JSON, or broken JSON, whatever its headers say."""

    status: int
    is_json: bool
    body: Any
    retry_after: timedelta | None
    request_id: str

    @property
    def detail(self) -> str:
        """What AmoCRM says about a refusal."""
        found = self.body.get("detail") if isinstance(self.body, dict) else None
        return str(found)[:_MAX_DETAIL] if found else ""

    @property
    def blocked(self) -> str:
        """Why access is denied (403), for people: the API answers in JSON, what blocks before it does not."""
        if self.is_json:
            return (
                f"AmoCRM denies access (HTTP 403 {self.detail}): give its user the rights to notes, or "
                "allow the address of this service"
            )
        return "AmoCRM has blocked access (HTTP 403): ask its support why"


def open_http() -> httpx2.AsyncClient:
    """Return a client for AmoCRM: a redirect is never followed, since it would carry the token elsewhere."""
    return httpx2.AsyncClient(
        follow_redirects=False,
        timeout=_TIMEOUT,
        trust_env=False,
        headers={"User-Agent": "potok", "Accept": "application/hal+json"},
    )


async def ask(http: httpx2.AsyncClient, url: str, query: Query, token: str) -> CrmResponse:
    """Send one GET; without a query the address is used as it is.

    Raises NoCrmAnswer, of a body that is larger than any page, too.
    """
    headers = {"Authorization": f"Bearer {token}"}
    params = (
        httpx2.QueryParams(list(query)) if query else None
    )  # empty ones would strip the address
    try:
        async with (
            asyncio.timeout(_WHOLE_SECONDS),
            http.stream("GET", url, params=params, headers=headers) as response,
        ):
            # Without its header the client leaves the body as it comes.
            encoding = response.headers.pop("content-encoding", "")
            body = decoded(response.aiter_bytes(), encoding, _MAX_BODY_BYTES, "the answer")
            content = b"".join([chunk async for chunk in body])
    except _NO_ANSWER as error:
        raise NoCrmAnswer(
            str(error) if isinstance(error, FetchError) else type(error).__name__
        ) from error
    found = _json(content, response.charset_encoding)
    return CrmResponse(
        status=response.status_code,
        is_json=found is not None or "json" in response.headers.get("content-type", ""),
        body=found,
        retry_after=_seconds(response.headers.get("retry-after", "")),
        request_id=response.headers.get("x-request-id", ""),
    )


def _json(content: bytes, charset: str | None) -> Any:
    """Return what JSON says, None where it is none: in UTF-8, 16 or 32 as its bytes tell, else in its charset."""
    for encoding in (None, charset):
        with contextlib.suppress(ValueError, RecursionError, LookupError):
            text = content if encoding is None else content.decode(encoding)
            return json.loads(text, parse_int=_integer)
    return None


def _integer(digits: str) -> int | str:
    """Return a number exactly; one of thousands of digits stays a text, since reading it takes for ever."""
    return int(digits) if len(digits) <= _MAX_NUMBER else digits


def _seconds(text: str) -> timedelta | None:
    """Return the seconds of a Retry-After, None for a date, which AmoCRM was never seen to send."""
    return timedelta(seconds=int(text)) if text.isdecimal() and len(text) <= _MAX_DIGITS else None
