"""What an answer says before its body is read."""

import re

import httpx2

from services.kernel.clock import utc_now
from services.kernel.fetch.errors import BodyTooLarge, BodyTruncated, UnexpectedStatus
from services.kernel.fetch.link import Link
from services.kernel.retry_after import retry_after

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WHOLE = re.compile(r"bytes 0-(\d{1,18})/(\d{1,18})")


def check(target: Link, response: httpx2.Response, max_bytes: int) -> None:
    """Refuse by its headers what is not to be read."""
    headers, status = response.headers, response.status_code
    if status not in (httpx2.codes.OK, httpx2.codes.PARTIAL_CONTENT):
        raise UnexpectedStatus(
            f"{target.origin} answers {status}",
            status=status,
            retry_after=retry_after(headers.get("retry-after", ""), utc_now()),
        )
    if int(headers.get("content-length", "0")) > max_bytes:
        raise BodyTooLarge(f"{target.origin} announces more than {max_bytes} bytes")
    if status == httpx2.codes.PARTIAL_CONTENT:
        part = _WHOLE.fullmatch(headers.get("content-range", ""))
        if part is None or int(part[1]) + 1 != int(part[2]):
            raise BodyTruncated(f"{target.origin} sends a part, though all was asked for")


def media_type(response: httpx2.Response) -> str:
    """Return what the host says the body is, in lower case and without parameters."""
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
