"""What an item fails with whose judge has no verdict."""

from services.analysis.calls.analyse import reason_of
from services.llm.domain import CostLimitReached, ModelUnavailable, NoAnswer
from services.stage.domain import Failure, ItemId
from services.stage.pauses import failed_with_pause


def no_verdict(item_id: ItemId, error: NoAnswer | CostLimitReached | ModelUnavailable) -> Failure:
    """Return the failure: for good, or until the judge answers."""
    pause = error.retry_after if isinstance(error, ModelUnavailable) else None
    return failed_with_pause(item_id, reason_of(error), str(error), pause)
