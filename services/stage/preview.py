"""What an execution would take if it began now: discovery and the modes, without a row being written."""

from collections.abc import AsyncIterator, Sequence
from datetime import date

from services.kernel.errors import UpstreamUnavailable, WrongState
from services.stage.domain import (
    DiscoveryFailed,
    DiscoveryWaits,
    Execution,
    Found,
    ItemId,
    Preview,
)
from services.stage.modes import KnownItem, failed_among, takes
from services.stage.ports import StageWork
from services.stage.process import Process
from services.stage.repository import execution_rows, item_rows
from services.status.domain import RETRYABLE, ClientSettings, Cost, Reason, SettingFault, Stage

MOST = 20_000
"""Items that are looked at."""
PAGE = 1000
_MENDS_ITSELF = RETRYABLE | {Reason.SOURCE_UNAVAILABLE}


class Previews:
    """The previews of one service."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._pool = process.pool

    async def preview_stage(self, execution: Execution, coming: Sequence[Found]) -> Preview:
        """Return what the execution, whose number is NEWEST, would take, `coming` included.

        Raises UnknownStage, WrongState where the source refuses, UpstreamUnavailable.
        """
        work = self._process.work_of(execution.stage)
        covered = await execution_rows.list_covered_days(self._pool, execution)
        looked_at: set[ItemId] = set()
        taken: list[Found] = []
        unchanged, unchanged_failed, more = 0, 0, False
        try:
            async for page in _pages(work, execution, coming):
                found = {item.item_id: item for item in page if item.item_id not in looked_at}
                more = len(looked_at) + len(found) > MOST
                fresh = list(found.values())[: MOST - len(looked_at)]
                looked_at.update(item.item_id for item in fresh)
                page_taken, page_left = await self._look(execution, fresh, covered)
                taken += page_taken
                unchanged += len(page_left)
                unchanged_failed += failed_among(page_left)
                if more:
                    break
        except DiscoveryWaits as error:
            raise UpstreamUnavailable(str(error)) from error
        except DiscoveryFailed as error:
            if error.reason in _MENDS_ITSELF:
                raise UpstreamUnavailable(str(error)) from error
            raise WrongState(str(error), reason=error.reason.value) from error
        return Preview(
            taken=taken,
            unchanged=unchanged,
            unchanged_failed=unchanged_failed,
            more=more,
            cost=_cost(work, execution, taken),
        )

    async def check_settings(
        self, stage: Stage, settings: ClientSettings
    ) -> Sequence[SettingFault]:
        """Return what of a client's settings the stage can never work with; raises UnknownStage."""
        return await self._process.work_of(stage).check_settings(settings)

    async def _look(
        self, execution: Execution, found: Sequence[Found], covered: set[date]
    ) -> tuple[list[Found], list[KnownItem]]:
        """Return the items that would be taken, and the others that the stage knows."""
        known = await item_rows.get_known_items(
            self._pool, execution, [item.item_id for item in found]
        )
        taken = [
            item
            for item in found
            if takes(
                execution.mode,
                known.get(item.item_id),
                item,
                execution=execution.number,
                covered=item.day in covered,
            )
        ]
        left = known.keys() - {item.item_id for item in taken}
        return taken, [known[item_id] for item_id in left]


async def _pages(
    work: StageWork, execution: Execution, coming: Sequence[Found]
) -> AsyncIterator[Sequence[Found]]:
    """Yield the coming items first: the stage before still lists them as they were."""
    for start in range(0, len(coming), PAGE):
        yield coming[start : start + PAGE]
    async for page in work.preview(execution):
        yield page


def _cost(work: StageWork, execution: Execution, taken: Sequence[Found]) -> Cost | None:
    """Add up the items that have a price; None where none has, or they are of several currencies."""
    estimates = [work.estimate(execution.settings, item.duration_seconds) for item in taken]
    costs = [cost for cost in estimates if cost is not None]
    currencies = {cost.currency for cost in costs}
    if len(currencies) != 1:
        return None
    return Cost(amount=sum(cost.amount for cost in costs), currency=currencies.pop())
