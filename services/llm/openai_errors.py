"""What an endpoint means that does not answer, by its status or by what it writes in place of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import openai

from services.kernel.clock import utc_now
from services.kernel.retry_after import retry_after
from services.kernel.strangers import number, storable
from services.llm.completion import NOT_COUNTED, Counted
from services.llm.domain import AnswerTruncated, ModelRefused, ModelUnavailable, Usage

MAX_DETAIL = 200
"""Characters of an endpoint's own words in an error."""

_STATUS_OF_WORD = {
    "rate_limit": HTTPStatus.TOO_MANY_REQUESTS,
    "too_many_requests": HTTPStatus.TOO_MANY_REQUESTS,
    "resource_exhausted": HTTPStatus.TOO_MANY_REQUESTS,
    "insufficient_quota": HTTPStatus.TOO_MANY_REQUESTS,
    "api_key": HTTPStatus.UNAUTHORIZED,
    "authentication": HTTPStatus.UNAUTHORIZED,
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "permission": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "content_filter": HTTPStatus.BAD_REQUEST,
    "context_length": HTTPStatus.BAD_REQUEST,
    "exceed_context_size": HTTPStatus.BAD_REQUEST,
    "invalid": HTTPStatus.BAD_REQUEST,
}
"""What the word for an error begins with or holds, in the order to look; any other is the endpoint's own failure."""
_LAST_STATUS = 599
_PAUSES = ("retry_after", "retry_after_seconds", "retrydelay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """How an endpoint refuses a request; `told` names where it says so, `pause` is what Retry-After would be."""

    status: int
    told: str
    code: str = ""
    type: str = ""
    message: str = ""
    param: str = ""
    pause: str = ""
    counted: Counted = NOT_COUNTED

    @property
    def filtered(self) -> bool:
        """Whether a filter took the request for something that may not be asked."""
        return self.code == "content_filter"

    @property
    def too_long(self) -> bool:
        """Whether the endpoint says, each in its own way, that the request does not fit the model."""
        return (
            self.code == "context_length_exceeded"
            or self.type == "exceed_context_size_error"
            or "maximum context length" in self.message
        )


class Refused(Exception):
    """An endpoint refused a request."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refusal_of(error: openai.APIStatusError) -> Refusal:
    """Return what a status that is no success says."""
    return Refusal(
        status=error.status_code,
        told=f"HTTP {error.status_code}",
        code=str(error.code or ""),
        type=str(error.type or ""),
        message=storable(str(error.message)),
        param=str(error.param or ""),
        pause=error.response.headers.get("retry-after", ""),
    )


def refusal_in(error: Mapping[str, Any], headers: Mapping[str, str], counted: Counted) -> Refusal:
    """Return what an error says that came with a status of success."""
    code, kind = str(error.get("code") or ""), str(error.get("type") or "")
    status = next(
        (int(found) for each in ("code", "status") if (found := number(error.get(each)))), 0
    )
    if not HTTPStatus.BAD_REQUEST <= status <= _LAST_STATUS:
        words = " ".join((code, kind, str(error.get("status") or ""))).lower()
        known = (status for word, status in _STATUS_OF_WORD.items() if word in words)
        status = next(known, HTTPStatus.INTERNAL_SERVER_ERROR)
    message = str(error.get("message") or "")
    return Refusal(
        status=status,
        told=f"an error in place of an answer: {message[:MAX_DETAIL] or code or kind}",
        code=code,
        type=kind,
        message=message,
        param=str(error.get("param") or ""),
        pause=headers.get("retry-after", "") or _pause(error),
        counted=counted,
    )


def failure_of(refusal: Refusal, name: str, variables: str, used: Usage) -> Exception:
    """Return what a refusal means; those that a person must mend name the setting."""
    detail = refusal.message[:MAX_DETAIL]
    key_variable, name_variable, url_variable = (
        variables + part for part in ("API_KEY", "NAME", "URL")
    )
    match refusal.status:
        case HTTPStatus.BAD_REQUEST if refusal.filtered:
            return ModelRefused(f"model {name} refused: its content filter", used)
        case HTTPStatus.BAD_REQUEST if refusal.too_long:
            return AnswerTruncated(f"it is too long for model {name}: {detail}", used)
        case HTTPStatus.UNAUTHORIZED:
            why = f"its endpoint does not take the key: set {key_variable}"
        case HTTPStatus.FORBIDDEN:
            why = f"the key may not use it: check {key_variable} and {name_variable}"
        case HTTPStatus.NOT_FOUND:
            why = f"it is not there: check {name_variable} and {url_variable}"
        case HTTPStatus.PAYMENT_REQUIRED:
            why = "the account behind its key has no credit left: pay, or set another key"
        case HTTPStatus.TOO_MANY_REQUESTS if "insufficient_quota" in (refusal.code, refusal.type):
            why = "the account behind its key has no credit left: pay, or set another key"
        case HTTPStatus.TOO_MANY_REQUESTS:
            wait = retry_after(refusal.pause, utc_now())
            return ModelUnavailable(f"model {name} limits the rate", wait, used)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = retry_after(refusal.pause, utc_now())
            return ModelUnavailable(f"model {name} does not answer: {refusal.told}", wait, used)
        case _:
            why = f"its endpoint refuses the request: {detail}"
    return ModelUnavailable(f"model {name} cannot be used: {why}", usage=used)


def _pause(error: object) -> str:
    """Return the pause that stands somewhere in an error, in seconds; empty where none does."""
    if isinstance(error, list):
        return next(filter(None, map(_pause, error)), "")
    if not isinstance(error, Mapping):
        return ""
    for key, value in error.items():
        if key.lower().replace("-", "_") in _PAUSES and not isinstance(value, Mapping | list):
            return str(value).removesuffix("s")
    return next(filter(None, map(_pause, error.values())), "")
