"""The rules of the modes: which items a run takes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.stage.domain import Found
from services.status.domain import RETRYABLE, ExecutionNumber, ItemState, Reason, RunMode

_BY_LISTING = frozenset({Reason.MERGED, Reason.UNREADABLE})
"""Why an item ended by its listing alone."""
NEWEST = ExecutionNumber(2**63 - 1)
"""Higher than any execution has: the number of a preview's, which is never stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """What is stored of an item that discovery lists again."""

    day: date
    execution: ExecutionNumber
    state: ItemState
    reason: Reason | None
    input: int
    seen: int


def failed_among(items: Iterable[KnownItem]) -> int:
    """Count the items that have failed before."""
    return sum(item.state is ItemState.FAILED for item in items)


def takes(
    mode: RunMode,
    known: KnownItem | None,
    found: Found,
    *,
    execution: ExecutionNumber,
    covered: bool,
) -> bool:
    """Decide whether `execution` works on an item; `covered`: this stage covered its day in an earlier one."""
    if known is None:
        return mode is not RunMode.FAILED or not covered
    if known.execution >= execution:
        return False  # taken by this one's first try at discovery, or by a newer one
    match mode:
        case RunMode.ALL:
            return True
        case RunMode.PENDING:
            return _is_due(known, found)
        case RunMode.FAILED:
            return known.state is ItemState.FAILED or (not covered and _is_due(known, found))
        case _:
            assert_never(mode)


def _is_due(known: KnownItem, found: Found) -> bool:
    """Whether the item has no result, or one that is older than its input, or is no longer listed as what it ended for."""
    if found.upstream > known.input:
        return True
    match known.state:
        case ItemState.PENDING | ItemState.PROCESSING:
            return True
        case ItemState.FAILED:
            return known.reason in RETRYABLE or _is_resettled(known, found)
        case ItemState.SKIPPED:
            given_up = known.reason is not Reason.NO_RECORDING_YET
            return not given_up or _is_resettled(known, found)
        case ItemState.SUCCESS:
            return False
        case _:
            assert_never(known.state)


def _is_resettled(known: KnownItem, found: Found) -> bool:
    """Whether an item that ended for what its listing said is listed as something else by now."""
    return known.reason in _BY_LISTING and found.settled is not known.reason
