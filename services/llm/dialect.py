"""What an endpoint understands of a request: all of it, or what is left once it refused a part."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

_LIMITS = frozenset(
    {"default", "format", "maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum"}
    | {"exclusiveMaximum", "exclusiveMinimum", "pattern", "title"}
)


class Format(enum.Enum):
    """How an endpoint is held to the shape of an answer.

    Limits of lengths and numbers keep a model from rambling, but not every endpoint knows them; the
    answer is checked for them all the same.
    """

    LIMITED_SCHEMA = "a schema with limits"
    SCHEMA = "a schema"
    OBJECT = "JSON"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How to ask an endpoint."""

    format: Format = Format.LIMITED_SCHEMA
    limit: str = "max_tokens"
    temperature: bool = True

    def without(self, parameter: str | None) -> "Dialect | None":
        """Return how to ask after a refusal that may name a parameter; None where there is no other way."""
        match parameter:
            case "temperature" if self.temperature:
                return replace(self, temperature=False)
            case "max_tokens" if self.limit == "max_tokens":
                return replace(self, limit="max_completion_tokens")
        match self.format:
            case Format.LIMITED_SCHEMA:
                return replace(self, format=Format.SCHEMA)
            case Format.SCHEMA:
                return replace(self, format=Format.OBJECT)
            case Format.OBJECT:
                return replace(self, format=Format.TEXT)
            case Format.TEXT:
                return None
        assert_never(self.format)

    def arguments(self, name: str, schema: dict[str, Any], max_tokens: int) -> dict[str, Any]:
        """Return what a request says beside its messages."""
        arguments: dict[str, Any] = {self.limit: max_tokens}
        if self.temperature:
            arguments["temperature"] = 0
        match self.format:
            case Format.LIMITED_SCHEMA:
                arguments["response_format"] = _strict(name, schema)
            case Format.SCHEMA:
                arguments["response_format"] = _strict(name, _without_limits(schema))
            case Format.OBJECT:
                arguments["response_format"] = {"type": "json_object"}
            case Format.TEXT:
                pass
            case _:
                assert_never(self.format)
        return arguments


def _strict(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    strict = {"name": name, "strict": True, "schema": schema}
    return {"type": "json_schema", "json_schema": strict}


def _without_limits(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_limits(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: {name: _without_limits(part) for name, part in value.items()}
        if key in ("properties", "$defs")
        else _without_limits(value)
        for key, value in schema.items()
        if key not in _LIMITS
    }
