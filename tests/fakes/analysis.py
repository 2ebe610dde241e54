"""Stand-ins for the ports of analysis and the services before it, and valid objects with defaults."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

import grpc
from potok.call_sync.v1.call_sync_service_pb2_grpc import add_CallSyncServiceServicer_to_server
from potok.stage.v1 import stage_service_pb2
from potok.stage.v1.stage_service_pb2_grpc import add_StageServiceServicer_to_server
from potok.status.v1 import stage_pb2
from potok.transcription.v1 import transcript_pb2
from potok.transcription.v1 import transcription_service_pb2 as transcription_pb2
from potok.transcription.v1.transcription_service_pb2_grpc import (
    TranscriptionServiceServicer,
    add_TranscriptionServiceServicer_to_server,
)

from services.analysis.budget.domain import Reservation
from services.analysis.calls.domain import (
    Analysis,
    AnalysisFilter,
    CallId,
)
from services.analysis.calls.ports import Position
from services.analysis.meetings.domain import BotId, MeetingAnalysis
from services.call_sync.servicer import CallSyncServicer
from services.call_sync.usecases import CallSync
from services.kernel.rpc.server import serving
from services.llm.domain import NOTHING_USED, CostLimitReached, Usage
from services.stage.ports import Transaction
from services.status.domain import Cost, ExecutionNumber, Owner, RunId
from tests.fakes.call_sync import FakeCalls, FakeRecordings
from tests.fakes.stage_services import FakeStages
from tests.identity import guard


class FakeAnalyses:
    """An AnalysisRepository in memory; a transaction is whatever it is given."""

    def __init__(self) -> None:
        self.stored: dict[tuple[Owner, CallId], tuple[ExecutionNumber, Analysis]] = {}

    async def get_analyses(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Analysis]:
        return [self.stored[owner, i][1] for i in call_ids if (owner, i) in self.stored]

    async def list_analyses(
        self, filter_: AnalysisFilter, after: Position | None, limit: int
    ) -> list[Analysis]:
        own = [each for (owner, _), (_, each) in self.stored.items() if owner == filter_.owner]
        listed = sorted((each for each in own if _selects(filter_, each)), key=_order)
        if after:
            last = (after.day, after.started_at, after.call_id)
            listed = [each for each in listed if _order(each) > last]
        return listed[:limit]

    async def store_analyses(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        analyses: Sequence[Analysis],
    ) -> None:
        del transaction
        for analysis in analyses:
            key = owner, analysis.call.call_id
            if key not in self.stored or self.stored[key][0] <= execution:
                self.stored[key] = execution, analysis

    async def delete_analyses(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        del transaction
        for call_id in call_ids:
            self.stored.pop((owner, call_id), None)


class FakeMeetingAnalyses:
    """A MeetingAnalysisRepository in memory; a transaction is whatever it is given."""

    def __init__(self) -> None:
        self.stored: dict[tuple[Owner, BotId], tuple[ExecutionNumber, MeetingAnalysis]] = {}

    async def get_meeting_analysis(self, owner: Owner, bot_id: BotId) -> MeetingAnalysis | None:
        found = self.stored.get((owner, bot_id))
        return found[1] if found else None

    async def store_meeting_analyses(
        self,
        transaction: Transaction,
        execution: ExecutionNumber,
        analyses: Sequence[MeetingAnalysis],
    ) -> None:
        del transaction
        for each in analyses:
            older = self.stored.get((each.owner, each.bot_id))
            if older is None or older[0] <= execution:
                self.stored[each.owner, each.bot_id] = execution, each

    async def delete_meeting_analyses(
        self, transaction: Transaction, owner: Owner, bot_ids: Sequence[BotId]
    ) -> None:
        del transaction
        for bot_id in bot_ids:
            self.stored.pop((owner, bot_id), None)


class FakeRunUsages:
    """RunUsages in memory, whose reservations never expire."""

    def __init__(self) -> None:
        self.used: dict[tuple[Owner, RunId], Usage] = {}
        self.held: dict[tuple[Owner, RunId, int], float] = {}

    async def reserve(
        self,
        owner: Owner,
        run_id: RunId,
        *,
        least: float,
        most: float,
        cap: Cost,
        lifetime: timedelta,
    ) -> Reservation | None:
        del lifetime
        used = (await self.get_usage(owner, run_id)).cost
        left = cap.amount - (used.amount if used else 0.0)
        if least > left:
            raise CostLimitReached("too much")
        free = left - sum(self.held[key] for key in self.held if key[:2] == (owner, run_id))
        if least > free:
            return None
        reservation = Reservation(reservation_id=len(self.held), amount=min(most, free))
        self.held[owner, run_id, reservation.reservation_id] = reservation.amount
        return reservation

    async def settle(
        self, owner: Owner, run_id: RunId, reservation: Reservation | None, usage: Usage
    ) -> None:
        if reservation:
            del self.held[owner, run_id, reservation.reservation_id]
        self.used[owner, run_id] = await self.get_usage(owner, run_id) + usage

    async def get_usage(self, owner: Owner, run_id: RunId) -> Usage:
        return self.used.get((owner, run_id), NOTHING_USED)


class CallsBefore(TranscriptionServiceServicer, FakeStages):
    """The services before analysis at one address: what they know is what a test puts in."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = FakeCalls()
        self.transcripts: dict[str, transcript_pb2.Transcript] = {}
        self.silent = False

    async def GetTranscripts(
        self, request: transcription_pb2.GetTranscriptsRequest, context: Any
    ) -> transcription_pb2.GetTranscriptsResponse:
        await self._answer(context)
        if self.silent:
            await asyncio.Event().wait()
        known = [self.transcripts[i] for i in request.call_ids if i in self.transcripts]
        return transcription_pb2.GetTranscriptsResponse(transcripts=known)

    async def ListItems(
        self, request: stage_service_pb2.ListItemsRequest, context: Any
    ) -> stage_service_pb2.ListItemsResponse:
        await self._answer(context)
        assert request.stage == stage_pb2.STAGE_TRANSCRIPTION
        assert request.available
        return stage_service_pb2.ListItemsResponse(
            items=[
                stage_service_pb2.Item(item_id=call_id, day="2026-03-01", output=5)
                for call_id in self.transcripts
            ]
        )

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port; yields the address."""
        call_sync = CallSyncServicer(CallSync(self.calls, FakeRecordings(), {}))

        def register(server: grpc.aio.Server) -> None:
            add_TranscriptionServiceServicer_to_server(self, server)
            add_StageServiceServicer_to_server(self, server)
            add_CallSyncServiceServicer_to_server(call_sync, server)

        async with serving("127.0.0.1:0", register, services=[], guard=guard()) as port:
            yield f"127.0.0.1:{port}"


def calls_before() -> CallsBefore:
    """Return the services; RPCs that they lack are UNIMPLEMENTED."""
    made: CallsBefore = cast(Any, CallsBefore)()
    return made


def _order(analysis: Analysis) -> tuple[date, datetime, str]:
    return analysis.call.day, analysis.call.started_at, analysis.call.call_id


def _selects(filter_: AnalysisFilter, analysis: Analysis) -> bool:
    judgement, score = analysis.judgement, analysis.scores.checklist
    pairs = (
        (filter_.call_type, judgement.call_type),
        (filter_.outcome, judgement.outcome),
        (filter_.sentiment, judgement.sentiment),
        (filter_.employee, analysis.call.employee),
    )
    return (
        filter_.days.start <= analysis.call.day <= filter_.days.end
        and all(asked is None or asked == is_so for asked, is_so in pairs)
        and (filter_.min_score is None or (score is not None and score >= filter_.min_score))
        and (filter_.max_score is None or (score is not None and score <= filter_.max_score))
    )
