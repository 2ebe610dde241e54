"""What an item fails with whose judge has no verdict."""

from services.analysis.analyse import reason_of
from services.kernel.clock import utc_now
from services.llm.domain import CostLimitReached, ModelUnavailable, NoAnswer
from services.stage.domain import Failure, ItemId
from services.status.domain import Wait, WaitReason


def no_verdict(item_id: ItemId, error: NoAnswer | CostLimitReached | ModelUnavailable) -> Failure:
    """Return the failure: for good, or until the judge answers."""
    pause = error.retry_after if isinstance(error, ModelUnavailable) else None
    return Failure(
        item_id=item_id,
        reason=reason_of(error),
        message=str(error),
        retry_after=pause,
        wait=Wait(reason=WaitReason.RATE_LIMIT, until_at=utc_now() + pause) if pause else None,
    )
