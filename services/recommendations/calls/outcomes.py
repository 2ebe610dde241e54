"""How calls end that a stage could not work on. Pure functions."""

from collections.abc import Sequence

from services.kernel.errors import UpstreamUnavailable
from services.recommendations.calls.domain import CallId
from services.stage.domain import (
    Failure,
    Item,
    Outcome,
)
from services.status.domain import Reason, Stage, Wait, WaitReason


def call_ids(items: Sequence[Item]) -> list[CallId]:
    """Return the calls that items are."""
    return [CallId(item.item_id) for item in items]


def unavailable(items: Sequence[Item], error: UpstreamUnavailable) -> list[Outcome]:
    """Return failures that are tried again once the service that is away is back."""
    return [
        Failure(
            item_id=item.item_id,
            reason=Reason.UPSTREAM_UNAVAILABLE,
            message=str(error),
            wait=Wait(reason=WaitReason.SERVICE_DOWN),
        )
        for item in items
    ]


def gone(item: Item, what: str, stage: Stage) -> Failure:
    """Return the failure of a call of which something was removed meanwhile; `stage` brings it back."""
    return Failure(
        item_id=item.item_id,
        reason=Reason.INTERNAL,
        message=f"its {what} was removed while it was worked on: run {stage.value} again",
    )
