"""What a model answered, read by the shape it was to have. Pure functions."""

import re

import json_repair
from pydantic import ValidationError

from services.llm.domain import A

MAX_FAULTS = 20
"""The most faults of an answer that the model is told at a time."""

_THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)


class Misshapen(Exception):
    """An answer does not have its shape; the text says what is wrong, for the model to mend."""


def read_answer(text: str, shape: type[A]) -> A:
    """Return the answer in a text, around which a model may have put fences, thoughts or small slips.

    Raises Misshapen.
    """
    text = _THOUGHTS.sub("", text, count=1)
    try:
        try:
            return shape.model_validate_json(text)
        except ValidationError as error:
            if not any(fault["type"] == "json_invalid" for fault in error.errors()):
                raise
            return shape.model_validate(json_repair.loads(text))
    except ValidationError as error:
        raise Misshapen(_faults(error)) from error
    except (RecursionError, ValueError) as error:  # how json_repair gives up
        raise Misshapen("- the answer: nested too deeply to be read") from error


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    told = [
        f"- {'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}"
        for fault in faults[:MAX_FAULTS]
    ]
    return "\n".join(told)
