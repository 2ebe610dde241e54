"""Reports of bots to the coordinator, made until it has acknowledged them."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from services.bot_status.domain import Bot, IntentId
from services.bot_status.ports import Acknowledgement, Coordinator, ReportRepository
from services.kernel.errors import DomainError, InvalidInput

log = structlog.get_logger()

MOST_REPORTS = 100
"""Reports in one call; the coordinator takes no more."""
_MOST_TURNS = 100


class BotReports:
    """Reports what is stored; what was not acknowledged is reported again, by any replica, `again` later."""

    def __init__(
        self, reports: ReportRepository, coordinator: Coordinator, *, again: timedelta
    ) -> None:
        self._reports = reports
        self._coordinator = coordinator
        self._again = again

    async def report(self, intent_id: IntentId) -> Acknowledgement | None:
        """Report a bot now where there is something new of it; returns None where the coordinator did not take it."""
        try:
            acknowledged = await self._send(await self._reports.list_unreported([intent_id]))
        except DomainError as error:
            log.warning("bots_not_reported", error=str(error))
            return None
        return acknowledged.get(intent_id)

    async def turn(self) -> None:
        """Report all that is overdue; any number of processes may do so at once. Raises DomainError."""
        for _ in range(_MOST_TURNS):
            bots = await self._reports.claim_unreported(self._again, MOST_REPORTS)
            await self._send(bots)
            if len(bots) < MOST_REPORTS:
                return

    async def _send(self, bots: Sequence[Bot]) -> dict[IntentId, Acknowledgement]:
        if not bots:
            return {}
        try:
            acknowledged = await self._coordinator.report(bots)
        except InvalidInput as error:
            if len(bots) == 1:
                log.exception("bot_report_refused", bot_id=bots[0].bot_id, error=str(error))
                return {}
            # A report that cannot be taken must not hold up the others.
            alone = [await self._send([bot]) for bot in bots]
            return {intent_id: each for found in alone for intent_id, each in found.items()}
        await self._reports.acknowledge(acknowledged)
        return {each.intent_id: each for each in acknowledged}
