"""Clients, runs, bots of the coordinator, and what is reported of them; valid, with defaults."""

from datetime import UTC, date, datetime, timedelta

from potok.coordinator.v1 import watch_pb2
from potok.coordinator.v1.coordinator_service_pb2 import WatchStatusResponse

from services.coordinator.state.bot import BotId, BotReport
from services.coordinator.state.days import (
    DayFigures,
)
from services.coordinator.state.domain import (
    Client,
    Execution,
    Run,
    Start,
)
from services.coordinator.state.reports import (
    DayReport,
    StageReport,
)
from services.coordinator.state.tenant import (
    Tenant,
)
from services.status.domain import (
    BotState,
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    ItemCounts,
    Reason,
    RunId,
    RunMode,
    RunState,
    Stage,
    user_owner,
)
from tests.builders.bot_status import MEETING_URL

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAYS = DateRange(start=date(2026, 11, 19), end=date(2026, 11, 20))


def a_client(min_success_ratio: float = 0.0) -> Client:
    return Client(
        client_id="clinic",
        settings=ClientSettings(
            time_zone="UTC",
            source="folder:/calls",
            playbook="clinic",
            language="ru",
            min_success_ratio=min_success_ratio,
            weight=1,
        ),
    )


def a_tenant() -> Tenant:
    return Tenant(owner=a_client().owner, version=0)


def a_start(
    *stages: Stage,
    mode: RunMode = RunMode.PENDING,
    client: Client | None = None,
    days: DateRange = DAYS,
) -> Start:
    return Start(
        client=client or a_client(),
        range=days,
        stages=stages,
        mode=mode,
        actor="tester",
        today=NOON.date(),
    )


def a_run(state: RunState = RunState.ACTIVE, reason: Reason | None = None) -> Run:
    """Return a run of CALL_SYNC alone."""
    return Run(
        run_id=RunId("run"),
        owner=a_client().owner,
        client_id="clinic",
        range=DAYS,
        first_stage=Stage.CALL_SYNC,
        last_stage=Stage.CALL_SYNC,
        mode=RunMode.PENDING,
        settings=a_client().settings,
        actor="anna",
        created_at=NOON,
        state=state,
        stage=Stage.CALL_SYNC,
        reason=reason,
    )


def a_stage_execution(
    state: ExecutionState = ExecutionState.RUNNING, **fields: object
) -> Execution:
    """Return ANALYSIS of a run, as the coordinator keeps it."""
    return Execution(
        number=ExecutionNumber(7),
        run_id=RunId("run"),
        owner=a_client().owner,
        stage=Stage.ANALYSIS,
        mode=RunMode.PENDING,
        created_at=NOON,
        progressed_at=NOON,
        state=state,
        **fields,  # type: ignore[arg-type]
    )


def a_frame(kind: "watch_pb2.FrameKind.ValueType", **fields: object) -> bytes:
    """Return a frame of a watch at revision 7, as it is sent."""
    frame = WatchStatusResponse(kind=kind, revision=7, **fields)  # type: ignore[arg-type]
    return frame.SerializeToString()


def a_stage_report(
    execution: int,
    sequence: int,
    state: ExecutionState = ExecutionState.RUNNING,
    *,
    discovered: bool = True,
    reason: Reason | None = None,
    days: tuple[DayReport, ...] = (),
    **counts: int,
) -> StageReport:
    items = ItemCounts(**counts)
    return StageReport(
        ExecutionNumber(execution),
        sequence,
        state,
        f"{items} {discovered} {reason}".encode(),
        items,
        discovered,
        False,
        reason,
        reason.value if reason else "",
        days,
    )


def a_day_report(day: str = "2026-11-20", version: int = 1, **figures: int) -> DayReport:
    return DayReport(day, version, DayFigures(**figures), f"{day} {version} {figures}".encode())


def days_of(days: DateRange) -> list[str]:
    return [
        (days.start + timedelta(n)).isoformat() for n in range((days.end - days.start).days + 1)
    ]


def a_bot_report(
    sequence: int = 1,
    state: BotState = BotState.INITIALIZED,
    *,
    bot_id: str = "bot_123",
    media_ready: bool = False,
    **fields: str,
) -> BotReport:
    return BotReport(
        bot_id=BotId(bot_id),
        owner=user_owner("anna"),
        sequence=sequence,
        state=state,
        detail=fields.get("detail", ""),
        error_message=fields.get("error_message", ""),
        media_ready=media_ready,
        meet_url=MEETING_URL,
        bot_name="Potok",
        day=NOON.date(),
        time_zone="Europe/Moscow",
        language="ru",
    )
