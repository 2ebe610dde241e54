"""What an endpoint understands of a request: all of it, or what is left once it refused a part."""

import enum
from dataclasses import dataclass, replace
from typing import Any, assert_never


class Format(enum.Enum):
    """How an endpoint is held to the shape of an answer."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How to ask an endpoint."""

    format: Format = Format.SCHEMA
    limit: str = "max_tokens"
    temperature: bool = True

    def without(self, parameter: str | None) -> "Dialect | None":
        """Return how to ask after a refusal that may name a parameter; None: there is no other way."""
        match parameter:
            case "temperature" if self.temperature:
                return replace(self, temperature=False)
            case "max_tokens" if self.limit == "max_tokens":
                return replace(self, limit="max_completion_tokens")
        match self.format:
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
            case Format.SCHEMA:
                strict = {"name": name, "strict": True, "schema": schema}
                arguments["response_format"] = {"type": "json_schema", "json_schema": strict}
            case Format.OBJECT:
                arguments["response_format"] = {"type": "json_object"}
            case Format.TEXT:
                pass
            case _:
                assert_never(self.format)
        return arguments
