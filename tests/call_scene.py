"""Calls as people look for them, over a real server and Postgres; what stages say of them is played by the test."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import grpc
from potok.call_sync.v1.call_service_pb2_grpc import (
    CallServiceStub,
    add_CallServiceServicer_to_server,
)

from services.call_sync.calls.domain import (
    CallText,
    CopiedTurn,
    DueResult,
    Findings,
    Speaker,
    StageChange,
    StageChanges,
)
from services.call_sync.calls.repository.copies import PostgresCopies
from services.call_sync.calls.repository.listed_calls import PostgresListedCalls
from services.call_sync.calls.servicer import CallServicer
from services.call_sync.calls.usecases import Calls
from services.call_sync.domain import CallFacts, CallId
from services.call_sync.repository import PostgresCalls
from services.kernel.rpc.server import serving
from services.status.domain import ExecutionNumber, ItemState, Owner, Reason, Stage
from services.status.rpc.access import reading_for_caller
from tests.builders.call_sync import a_call
from tests.conftest import Database
from tests.identity import admin, everything, guard, open_channel

if TYPE_CHECKING:
    from potok.call_sync.v1.call_service_pb2_grpc import CallServiceAsyncStub

CLINIC = Owner("client:clinic")
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def a_call_at(call_id: str, minutes: int = 0, **facts: Any) -> CallFacts:
    """Return a call of some minutes after START."""
    started_at = START + timedelta(minutes=minutes)
    given = {"started_at": started_at, "day": started_at.date(), **facts}
    return replace(a_call(call_id), **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallScene:
    """What is served, and what puts calls in."""

    address: str
    pool: "asyncpg.Pool[asyncpg.Record]"
    calls: PostgresCalls
    copies: PostgresCopies

    @contextlib.asynccontextmanager
    async def stub(self, as_: str = "") -> "AsyncIterator[CallServiceAsyncStub]":
        """Call the service with a token, by default of an administrator."""
        async with open_channel(self.address, as_=as_ or admin()) as channel:
            stub: CallServiceAsyncStub = CallServiceStub(channel)
            yield stub

    async def list(self, *calls: CallFacts, owner: Owner = CLINIC, execution: int = 1) -> None:
        """Have CALL_SYNC list calls."""
        await self.calls.upsert_calls(owner, ExecutionNumber(execution), calls)

    async def change(
        self,
        stage: Stage,
        call_ids: Sequence[str],
        state: ItemState | None = ItemState.SUCCESS,
        *,
        owner: Owner = CLINIC,
        output: int = 1,
        reason: Reason | None = None,
        message: str = "",
    ) -> None:
        """Have a stage say where calls are; None: it has them no more."""
        cursor = await self.pool.fetchval(
            "SELECT cursor FROM call_sync.copied_stages WHERE stage = $1", stage.value
        )
        changes = [
            StageChange(
                owner=owner,
                call_id=CallId(call_id),
                state=state,
                reason=reason,
                message=message,
                output=output if state else 0,
                updated_at=START if state else None,
            )
            for call_id in call_ids
        ]
        page = StageChanges(changes=changes, cursor=f"{cursor}+", more=False, as_of=START)
        assert await self.copies.copy_changes(stage, cursor, page)

    async def say(
        self,
        call_id: str,
        *turns: str,
        owner: Owner = CLINIC,
        output: int = 1,
        language: str = "ru",
    ) -> None:
        """Have a call transcribed; its speakers take turns of ten seconds."""
        await self.change(Stage.TRANSCRIPTION, [call_id], owner=owner, output=output)
        text = CallText(
            call_id=CallId(call_id),
            language=language,
            turns=[
                CopiedTurn(
                    speaker=(Speaker.OPERATOR, Speaker.CLIENT)[index % 2],
                    start_seconds=index * 10.0,
                    end_seconds=index * 10.0 + 9,
                    text=turn,
                )
                for index, turn in enumerate(turns)
            ],
        )
        await self.copies.copy_text(DueResult(owner, CallId(call_id), output), text)

    async def find(self, call_id: str, *, owner: Owner = CLINIC, **findings: Any) -> None:
        """Have a call analysed."""
        await self.change(Stage.ANALYSIS, [call_id], owner=owner)
        found = Findings(call_id=CallId(call_id), **findings)
        await self.copies.copy_findings(DueResult(owner, CallId(call_id), 1), found)


@contextlib.asynccontextmanager
async def call_scene(
    database: Database, others: Callable[[grpc.aio.Server], None] | None = None
) -> AsyncIterator[CallScene]:
    """Serve calls out of a database, and what `others` registers beside them."""
    async with (
        database.pool("call_sync_system") as pool,
        database.pool("call_sync_app") as readers,
    ):
        servicer = CallServicer(Calls(PostgresListedCalls(reading_for_caller(readers))))

        def register(server: grpc.aio.Server) -> None:
            add_CallServiceServicer_to_server(servicer, server)
            if others:
                others(server)

        async with serving("127.0.0.1:0", register, services=[], guard=guard()) as port:
            yield CallScene(
                address=f"127.0.0.1:{port}",
                pool=pool,
                calls=PostgresCalls(pool, everything(pool)),
                copies=PostgresCopies(pool),
            )
