"""Rows of skipped items that are looked at again."""

from dataclasses import dataclass
from datetime import timedelta

from services.kernel.postgres import Connection, load_queries
from services.stage.domain import Execution, Item
from services.stage.repository.database import Reader, clean, stage_and_owner
from services.status.domain import ExecutionNumber, ItemState, Reason, Stage

_QUERIES = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedItem:
    """A skipped item that is looked at again; `last`: for the last time."""

    execution: ExecutionNumber
    item: Item
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What becomes of a skipped item."""

    state: ItemState
    reason: Reason | None = None
    message: str = ""


async def claim_skipped(
    reader: Reader, stage: Stage, *, pause: timedelta, age: timedelta, page_size: int
) -> list[SkippedItem]:
    """Take skipped items whose next look is due, and set the look after it; of an item of that age it is the last."""
    rows = _QUERIES.claim_skipped(
        reader, stage=stage.value, pause=pause, age=age, page_size=page_size
    )
    return [
        SkippedItem(
            execution=ExecutionNumber(row["execution"]),
            item=Item(item_id=row["item_id"], day=row["day"], attempt=row["attempt"]),
            last=row["last"],
        )
        async for row in rows
    ]


async def end_skipped(
    connection: Connection, execution: Execution, item: Item, conclusion: Conclusion
) -> bool:
    """Write what becomes of an item; False where its fence does not hold."""
    held = await _QUERIES.end_skipped(
        connection,
        **stage_and_owner(execution),
        execution=execution.number,
        item_id=item.item_id,
        attempt=item.attempt,
        state=conclusion.state.value,
        reason=conclusion.reason and conclusion.reason.value,
        message=clean(conclusion.message),
    )
    return held is not None
