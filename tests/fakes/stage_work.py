"""A stage whose items and outcomes are given by the test, and a service around it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import asyncpg
from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import progress_pb2
from pydantic import SecretStr

from services.stage.app import stage_service
from services.stage.domain import (
    Execution,
    Found,
    Item,
    ItemId,
    Limits,
    Outcome,
    Success,
)
from services.stage.settings import StageSettings
from services.status.domain import (
    ClientSettings,
    Cost,
    DateRange,
    Owner,
    RunMode,
    SettingFault,
    Stage,
)
from services.status.mapping import RUN_MODE_TO_PB, STAGE_TO_PB, date_range_to_pb
from tests.fakes.coordinator import FakeCoordinator, serving_coordinator
from tests.identity import identity, keys, open_channel
from tests.waiting import until

DAY = date(2026, 5, 4)


def found(*names: str, day: date = DAY, upstream: int = 0) -> list[Found]:
    return [Found(item_id=ItemId(name), day=day, upstream=upstream) for name in names]


def succeed(item: Item) -> Outcome:
    return Success(item_id=item.item_id, result=f"result of {item.item_id}")


@dataclass(kw_only=True, eq=False)
class FakeStage:
    """Lists `items` by owner, ends each as `outcome` says, and keeps what it was asked."""

    stage: Stage = Stage.TRANSCRIPTION
    limits: Limits = field(default_factory=Limits)
    items: dict[str, list[Found]] = field(default_factory=dict)
    outcome: Callable[[Item], Outcome] = succeed
    page_size: int = 1000
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    worked: list[str] = field(default_factory=list)
    jobs: list[list[str]] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    faults: Sequence[SettingFault] = ()
    discoveries: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        self.go_on.set()

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        self.discoveries += 1
        items = self.items.get(execution.owner, [])
        for start in range(0, len(items), self.page_size):
            yield items[start : start + self.page_size]

    def preview(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        return self.discover(execution)

    async def check_settings(self, settings: ClientSettings) -> Sequence[SettingFault]:  # noqa: ARG002
        return self.faults

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> Cost | None:  # noqa: ARG002
        return None if duration_seconds is None else Cost(amount=duration_seconds, currency="EUR")

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        self.worked += [f"{execution.owner}/{item.item_id}" for item in items]
        self.jobs.append([item.item_id for item in items])
        self.started.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return [self.outcome(item) for item in items]

    async def store(
        self,
        transaction: Any,  # noqa: ARG002
        execution: Execution,  # noqa: ARG002
        successes: Sequence[Success],
    ) -> None:
        self.stored += [success.item_id for success in successes]

    async def forget(
        self,
        transaction: Any,  # noqa: ARG002
        owner: Owner,  # noqa: ARG002
        item_ids: Sequence[ItemId],
    ) -> None:
        self.forgotten += item_ids

    async def discard(
        self,
        transaction: Any,  # noqa: ARG002
        owner: Owner,  # noqa: ARG002
        item_ids: Sequence[ItemId],
    ) -> None:
        self.discarded += item_ids

    async def finish(self, execution: Execution) -> None:
        self.finished.append(execution.number)

    async def until_stored(self, least: int) -> None:
        await until(lambda: len(self.stored) >= least, f"{least} items are stored")


def a_run_request(
    execution: int = 7,
    *,
    owner: str = "client:a",
    stage: Stage = Stage.TRANSCRIPTION,
    mode: RunMode = RunMode.PENDING,
    days: int = 1,
    weight: int = 1,
    bot_id: str = "",
) -> pb.RunStageRequest:
    return pb.RunStageRequest(
        execution=execution,
        stage=STAGE_TO_PB[stage],
        run_id="3b241101-e2bb-4255-8caf-4136c566a962",
        owner=owner,
        mode=RUN_MODE_TO_PB[mode],
        bot_id=bot_id,
        range=date_range_to_pb(DateRange(start=DAY, end=DAY + timedelta(days - 1))),
        settings=progress_pb2.ClientSettings(
            time_zone="UTC", source="folder:/calls", playbook="clinic", language="ru", weight=weight
        ),
    )


def quick_settings(dsn: str, coordinator: str, **more: Any) -> StageSettings:
    """Settings with which nothing has to be waited for; `more` takes their place."""
    settings: dict[str, Any] = {
        "report_debounce": timedelta(milliseconds=5),
        "report_heartbeat": timedelta(seconds=0.2),
        "report_timeout": timedelta(seconds=1),
        "report_backoff": timedelta(seconds=0.2),
        "watch": timedelta(seconds=0.05),
        "reconcile": timedelta(seconds=0.1),
        "job_poll": timedelta(seconds=0.2),
        "job_hint": timedelta(milliseconds=5),
        "job_heartbeat": timedelta(seconds=2),
        "drain": timedelta(seconds=0.2),
    }
    return StageSettings(
        database_url=SecretStr(dsn),
        app_database_url=SecretStr(dsn),  # the library itself reads for nobody
        keys=keys(),
        listen="127.0.0.1:0",
        coordinator=coordinator,
        **(settings | more),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A stage service under test: its client, the pool it works on, the coordinator it reports to."""

    stub: Any
    pool: Any
    coordinator: FakeCoordinator

    async def item(self, item_id: str) -> Any:
        return await self.pool.fetchrow("SELECT * FROM items WHERE item_id = $1", item_id)


@contextlib.asynccontextmanager
async def serving_stage(
    dsn: str, *stages: FakeStage, coordinator: FakeCoordinator | None = None, **more: Any
) -> AsyncIterator[Served]:
    """Run a stage service on the schema of transcription, and its coordinator."""
    coordinator = coordinator or FakeCoordinator()
    async with (
        serving_coordinator(coordinator) as address,
        asyncpg.create_pool(dsn, min_size=0, max_size=8) as pool,
        stage_service(
            "transcription",
            pool,
            stages,
            quick_settings(dsn, address, **more),
            identity("transcription"),
        ) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield Served(stub=StageServiceStub(channel), pool=pool, coordinator=coordinator)
