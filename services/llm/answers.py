"""What a model answered, read by the shape it was to have. Pure functions."""

import re

import json_repair
from pydantic import ValidationError

from services.kernel.strangers import read_json, storable_parts
from services.llm.domain import A

MAX_FAULTS = 20
"""The most faults of an answer that the model is told at a time."""

_THOUGHTS = re.compile(
    r"^\s*(?:<(think|thinking|thought|reasoning)>.*?</\1>|[^<{]*</think>)", re.DOTALL
)
"""What a model tells itself before it answers; of some only the end is marked."""


class Misshapen(Exception):
    """An answer does not have its shape; the text says what is wrong, for the model to mend."""


def read_answer(text: str, shape: type[A]) -> A:
    """Return the answer in a text, around which a model may have put fences, thoughts or small slips.

    Raises Misshapen.
    """
    text = _THOUGHTS.sub("", text, count=1)
    try:
        return shape.model_validate(_read(text))
    except ValidationError as error:
        raise Misshapen(_faults(error)) from error
    except (RecursionError, ValueError) as error:  # how json_repair gives up
        raise Misshapen("- the answer: nested too deeply to be read") from error


def _read(text: str) -> object:
    try:
        return read_json(text)
    except ValueError:
        return storable_parts(json_repair.loads(text))


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    told = [
        f"- {'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}"
        for fault in faults[:MAX_FAULTS]
    ]
    return "\n".join(told)
