"""Items whose outside system asked for a pause."""

from datetime import timedelta

from services.kernel.clock import utc_now
from services.stage.domain import Failure, ItemId
from services.status.domain import Reason, Wait, WaitReason


def failed_with_pause(
    item_id: ItemId,
    reason: Reason,
    message: str,
    pause: timedelta | None,
    *,
    otherwise: Wait | None = None,
) -> Failure:
    """Return a failure that says how long it waits; `otherwise` is why it waits where no pause was asked for."""
    asked = Wait(reason=WaitReason.RATE_LIMIT, until_at=utc_now() + pause) if pause else None
    return Failure(
        item_id=item_id,
        reason=reason,
        message=message,
        retry_after=pause,
        wait=asked or otherwise,
    )
