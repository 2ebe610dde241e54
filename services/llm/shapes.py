"""What the shapes of answers are made of."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


class AnswerShape(BaseModel):
    """The shape of an answer, or of a part of one; what a model adds to it is ignored.

    The docstrings of shapes are told to the model, as descriptions in the schema.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


def _day_or_none(given: object) -> date | None:
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        return None


Due = Annotated[date | None, BeforeValidator(_day_or_none)]
"""A day; None where a model writes something else, which it has said in a text already."""
