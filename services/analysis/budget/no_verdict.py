"""What an item fails with whose judge has no verdict."""

from services.llm.domain import CostLimitReached, ModelUnavailable, NoAnswer, Refused, Truncated
from services.stage.domain import Failure, ItemId
from services.stage.pauses import failed_with_pause
from services.status.domain import Reason


def no_verdict(item_id: ItemId, error: NoAnswer | CostLimitReached | ModelUnavailable) -> Failure:
    """Return the failure: for good, or until the judge answers."""
    pause = error.retry_after if isinstance(error, ModelUnavailable) else None
    return failed_with_pause(item_id, reason_of(error), str(error), pause)


def reason_of(error: Exception) -> Reason:
    """Return why there is no verdict."""
    match error:
        case Refused():
            return Reason.REFUSED
        case Truncated():
            return Reason.TRUNCATED
        case CostLimitReached():
            return Reason.COST_LIMIT
        case ModelUnavailable():
            return Reason.UPSTREAM_UNAVAILABLE
        case _:
            return Reason.BAD_ANSWER
