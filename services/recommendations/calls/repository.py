"""Analysed calls in Postgres: what is rolled up of them."""

from collections.abc import Sequence

from services.kernel.postgres import Reading, afresh, load_queries
from services.recommendations.calls.domain import AnalysedCall, CallId, skill_findings
from services.recommendations.calls.ports import RolledUpCounts, Transaction
from services.status.domain import DateRange, Owner

_QUERIES = load_queries(__file__)


class PostgresAnalysedCalls:
    """Implements AnalysedCallRepository; `reading` sees what whoever asks may see."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def replace_calls(
        self, transaction: Transaction, owner: Owner, calls: Sequence[AnalysedCall]
    ) -> None:
        call_ids = [call.call_id for call in calls]
        employees = [call.employee for call in calls]
        await _QUERIES.note_changed_employees(
            transaction, owner=owner, call_ids=call_ids, employees=employees
        )
        await _QUERIES.upsert_calls(
            transaction,
            owner=owner,
            call_ids=call_ids,
            days=[call.day for call in calls],
            started_at=[call.started_at for call in calls],
            employees=employees,
            call_types=[call.call_type for call in calls],
            outcomes=[call.outcome for call in calls],
            sentiments=[call.sentiment for call in calls],
            scores=[call.score for call in calls],
            told_shares=[call.told_share for call in calls],
            items=[len(call.findings) for call in calls],
        )
        await _QUERIES.delete_parts(transaction, owner=owner, call_ids=call_ids)
        found = [(call, each) for call in calls for each in skill_findings(call.findings)]
        await _QUERIES.insert_call_skills(
            transaction,
            owner=owner,
            call_ids=[call.call_id for call, _ in found],
            skills=[each.skill for _, each in found],
            days=[call.day for call, _ in found],
            employees=[call.employee for call, _ in found],
            applicable=[each.applicable for _, each in found],
            completed=[each.completed for _, each in found],
            attempted=[each.attempted for _, each in found],
            weights=[each.weight for _, each in found],
            values=[each.value for _, each in found],
        )
        applied = [(call, each) for call in calls for each in call.findings if each.applied]
        await _QUERIES.insert_call_items(
            transaction,
            owner=owner,
            call_ids=[call.call_id for call, _ in applied],
            items=[each.item for _, each in applied],
            skills=[each.skill for _, each in applied],
            days=[call.day for call, _ in applied],
            statuses=[each.status.value for _, each in applied],
        )
        advice = [(call.call_id, n, each) for call in calls for n, each in enumerate(call.advice)]
        await _QUERIES.insert_advice(
            transaction,
            owner=owner,
            call_ids=[call_id for call_id, _, _ in advice],
            positions=[position for _, position, _ in advice],
            skills=[each.skill for _, _, each in advice],
            priorities=[each.priority for _, _, each in advice],
            texts=[each.text for _, _, each in advice],
            whys=[each.why for _, _, each in advice],
            quotes=[each.quote.text for _, _, each in advice],
            speakers=[each.quote.speaker for _, _, each in advice],
            seconds=[each.quote.seconds for _, _, each in advice],
        )

    async def delete_calls(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        await _QUERIES.note_changed_employees(
            transaction, owner=owner, call_ids=call_ids, employees=[]
        )
        await _QUERIES.delete_calls(transaction, owner=owner, call_ids=call_ids)

    @afresh
    async def count_calls(self, owner: Owner, days: DateRange) -> RolledUpCounts:
        async with self._reading() as connection:
            row = await _QUERIES.count_calls(
                connection, owner=owner, start_date=days.start, end_date=days.end
            )
        return RolledUpCounts(**row)
