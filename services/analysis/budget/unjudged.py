"""Why a judge that asked a language model has no judgement, and what its item fails with."""

from services.llm.domain import (
    AnswerTruncated,
    CostLimitReached,
    ModelRefused,
    ModelUnavailable,
    NoAnswer,
)
from services.stage.domain import Failure, ItemId
from services.stage.pauses import failed_with_pause
from services.status.domain import Reason


def unjudged(item_id: ItemId, error: NoAnswer | CostLimitReached | ModelUnavailable) -> Failure:
    """Return the failure of an item: for good, or until the judge answers."""
    pause = error.retry_after if isinstance(error, ModelUnavailable) else None
    return failed_with_pause(item_id, reason_of(error), str(error), pause)


def reason_of(error: Exception) -> Reason:
    """Return why there is no judgement."""
    match error:
        case ModelRefused():
            return Reason.REFUSED
        case AnswerTruncated():
            return Reason.TRUNCATED
        case CostLimitReached():
            return Reason.COST_LIMIT
        case ModelUnavailable():
            return Reason.UPSTREAM_UNAVAILABLE
        case _:
            return Reason.BAD_ANSWER
