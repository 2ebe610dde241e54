"""What an endpoint means by a status that is no answer."""

from http import HTTPStatus

import openai

from services.kernel.clock import utc_now
from services.kernel.retry_after import retry_after
from services.llm.domain import AnswerTruncated, ModelRefused, ModelUnavailable, Usage

MAX_DETAIL = 200
"""Characters of an endpoint's own words in an error."""


def failure_of(error: openai.APIStatusError, name: str, variables: str, used: Usage) -> Exception:
    """Return what a status means; those that a person must mend name the setting."""
    detail = str(error.message)[:MAX_DETAIL]
    unavailable = f"model {name} does not answer: HTTP {error.status_code}"
    key_variable, name_variable, url_variable = (
        variables + part for part in ("API_KEY", "NAME", "URL")
    )
    match error.status_code:
        case HTTPStatus.BAD_REQUEST if error.code == "content_filter":
            return ModelRefused(f"model {name} refused: its content filter", used)
        case HTTPStatus.BAD_REQUEST if too_long(error):
            return AnswerTruncated(f"it is too long for model {name}: {detail}", used)
        case HTTPStatus.UNAUTHORIZED:
            why = f"its endpoint does not take the key: set {key_variable}"
        case HTTPStatus.FORBIDDEN:
            why = f"the key may not use it: check {key_variable} and {name_variable}"
        case HTTPStatus.NOT_FOUND:
            why = f"it is not there: check {name_variable} and {url_variable}"
        case HTTPStatus.TOO_MANY_REQUESTS if error.code == "insufficient_quota":
            why = "the account behind its key has no credit left: pay, or set another key"
        case HTTPStatus.TOO_MANY_REQUESTS:
            wait = retry_after(error.response.headers.get("retry-after", ""), utc_now())
            return ModelUnavailable(f"model {name} limits the rate", wait, used)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            wait = retry_after(error.response.headers.get("retry-after", ""), utc_now())
            return ModelUnavailable(unavailable, wait, used)
        case _:
            why = f"its endpoint refuses the request: {detail}"
    return ModelUnavailable(f"model {name} cannot be used: {why}", usage=used)


def too_long(error: openai.APIStatusError) -> bool:
    """Tell whether an endpoint says, each in its own way, that the request does not fit the model."""
    return (
        error.code == "context_length_exceeded"
        or error.type == "exceed_context_size_error"
        or "maximum context length" in error.message
    )
