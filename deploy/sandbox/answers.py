"""The bodies the sandbox answers with, worded as the real systems word theirs."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}
_IN_JSON = {400, 401, 402, 404}
"""Statuses that the application answers; the others come from the nginx before it (facts on AmoCRM, 3.2)."""


class HalResponse(JSONResponse):
    """What the API answers."""

    media_type = "application/hal+json"


class ProblemResponse(JSONResponse):
    """What the API answers where it refuses."""

    media_type = "application/problem+json"


def refused(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as whoever usually answers it does: as JSON of the API, or as a page of nginx."""
    return problem(status) if status in _IN_JSON else page(status, headers)


def problem(status: int, **more: Any) -> Response:
    title = _TITLES[status]
    body = {"title": title, "type": f"https://httpstatus.es/{status}", "status": status} | more
    return ProblemResponse({"detail": title} | body, status)


def page(status: int, headers: Mapping[str, str] | None = None) -> Response:
    title = f"{status} {_TITLES[status]}"
    return HTMLResponse(
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
        status,
        headers,
    )


class CutResponse(Response):
    """A body that says it is `whole` bytes long and ends before: the connection is closed."""

    def __init__(self, body: bytes, whole: int, media_type: str) -> None:
        super().__init__(body, media_type=media_type, headers={"content-length": f"{whole}"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the head and what there is of the body, and nothing that would end it."""
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
