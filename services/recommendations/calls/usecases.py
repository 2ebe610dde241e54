"""What the service can do with analysed calls: copy of them what is rolled up, and forget it."""

from collections.abc import Mapping, Sequence

from services.recommendations.calls.domain import AnalysedCall, CallId
from services.recommendations.calls.ports import AnalysedCallRepository, Payloads, Transaction
from services.status.domain import Owner


class AnalysedCalls:
    """The calls of all owners, as far as they are rolled up."""

    def __init__(self, payloads: Payloads, calls: AnalysedCallRepository) -> None:
        self._payloads = payloads
        self._calls = calls

    async def get_analyses(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> Mapping[CallId, AnalysedCall]:
        """Return what was found about calls; raises UpstreamUnavailable."""
        return await self._payloads.get_analyses(owner, call_ids)

    async def replace_calls(
        self, transaction: Transaction, owner: Owner, calls: Sequence[AnalysedCall]
    ) -> None:
        """Store what analyses found, in place of what was known of the same calls."""
        await self._calls.replace_calls(transaction, owner, calls)

    async def delete_calls(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget calls whose analyses are gone."""
        await self._calls.delete_calls(transaction, owner, call_ids)
