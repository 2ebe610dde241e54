"""What is read of an endpoint's reply, in whatever of the usual shapes it is; what else it says does not matter. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.kernel.strangers import count, read_json

_NO_TEXT = ("refusal", "reasoning", "thinking", "redacted_thinking", "tool_use")
"""Parts of a message that are not its answer."""
_CUT = ("length", "max_tokens", "max_output_tokens")
_FILTERED = ("content_filter", "safety", "recitation", "blocklist", "prohibited_content")
_FAILED = ("error",)


class NoCompletion(ValueError):
    """A reply is in no shape of the protocol; `counted` is what the endpoint counted all the same."""

    def __init__(self, message: str, counted: "Counted") -> None:
        super().__init__(message)
        self.counted = counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Tokens as the endpoint counts them; None where it does not, or not in numbers."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


NOT_COUNTED = Counted()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The reply to a request for one answer.

    `refusal` is why there is no answer, in the model's words or as its content filter has it; `cut` tells that the
    answer did not fit. `error` is what an endpoint says that fails with a status of success.
    """

    text: str = ""
    refusal: str = ""
    cut: bool = False
    model: str = ""
    counted: Counted = NOT_COUNTED
    error: Mapping[str, Any] | None = None


def read_completion(content: bytes) -> Completion:
    """Return what a reply says; raises NoCompletion."""
    try:
        reply = read_json(content)
    except ValueError as error:
        raise NoCompletion(f"no JSON: {error}", NOT_COUNTED) from error
    if isinstance(reply, list) and len(reply) == 1:
        reply = reply[0]
    if not isinstance(reply, Mapping):
        raise NoCompletion("no object", NOT_COUNTED)
    counted = _counted(reply.get("usage"))
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, Mapping):
        choice = {}
    finish = str(choice.get("finish_reason") or "").lower()
    message = choice.get("message")
    text = _text(message.get("content") if isinstance(message, Mapping) else choice.get("text"))
    failure = _error(choice) or _error(reply) or _bare_error(reply)
    if failure is not None and (not text.strip() or finish in _FAILED):
        return Completion(error=failure, counted=counted)
    if not isinstance(message, Mapping) and not isinstance(choice.get("text"), str):
        raise NoCompletion("no choice with a message", counted)
    refusal = _refusal(message) if isinstance(message, Mapping) else ""
    if not refusal and finish in _FILTERED:
        refusal = "its content filter"
    model = reply.get("model")
    return Completion(
        text=text,
        refusal=refusal,
        cut=finish in _CUT,
        model=model if isinstance(model, str) else "",
        counted=counted,
    )


def _text(content: object) -> str:
    """Return the text of a message, which may come in parts, or as the very object that was asked for."""
    match content:
        case str():
            return content
        case list():
            return "".join(_text(part) for part in content)
        case {"type": str(kind)} if kind in _NO_TEXT:
            return ""
        case {"type": str(), "text": text} | {"value": text, "annotations": _}:
            return _text(text)
        case dict():
            return json.dumps(content, ensure_ascii=False) if content else ""
    return ""


def _refusal(message: Mapping[str, Any]) -> str:
    found = message.get("refusal")
    content = message.get("content")
    if not found and isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping)]
        found = next((part["refusal"] for part in parts if part.get("refusal")), None)
    return found if isinstance(found, str) else json.dumps(found) if found else ""


def _counted(usage: object) -> Counted:
    if not isinstance(usage, Mapping):
        return NOT_COUNTED
    return Counted(
        prompt_tokens=count(usage.get("prompt_tokens", usage.get("input_tokens"))),
        completion_tokens=count(usage.get("completion_tokens", usage.get("output_tokens"))),
    )


def _error(holder: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = holder.get("error")
    if not found:
        return None
    return found if isinstance(found, Mapping) else {"message": str(found)}


def _bare_error(reply: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the error of a reply that is nothing else."""
    if "choices" in reply or not isinstance(reply.get("message", reply.get("detail")), str):
        return None
    return {"message": reply.get("detail"), **reply}
