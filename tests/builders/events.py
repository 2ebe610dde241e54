"""Events as a watch brings them to a client; valid, with defaults."""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import DayStatus, Event, RunStatus, StageStatus
from potok.status.v1.progress_pb2 import DateRange, DayCounts, StageProgress

BEGAN = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
RUN = "0f3c2b1a-0000-4000-8000-000000000000"


def stamp(seconds: float) -> Timestamp:
    """Return a time so long after BEGAN."""
    moment = Timestamp()
    moment.FromDatetime(BEGAN + timedelta(seconds=seconds))
    return moment


def a_run_event(run_id: str = RUN, **fields: object) -> Event:
    """Return a run of TRANSCRIPTION and ANALYSIS that is ACTIVE, unless `fields` say otherwise."""
    given = {"state": stage_pb2.RUN_STATE_ACTIVE, **fields}
    return Event(
        run=RunStatus(
            run_id=run_id,
            client_id="clinic",
            range=DateRange(start_date="2026-11-20", end_date="2026-11-20"),
            first_stage=stage_pb2.STAGE_TRANSCRIPTION,
            last_stage=stage_pb2.STAGE_ANALYSIS,
            create_time=stamp(0),
            **given,  # type: ignore[arg-type]
        )
    )


def a_stage_event(run_id: str = RUN, execution: int = 1, **fields: object) -> Event:
    """Return TRANSCRIPTION of a run, RUNNING unless `fields` say otherwise."""
    given = {"state": stage_pb2.EXECUTION_STATE_RUNNING, "progress": StageProgress(), **fields}
    return Event(
        stage=StageStatus(
            run_id=run_id,
            execution=execution,
            stage=stage_pb2.STAGE_TRANSCRIPTION,
            create_time=stamp(0),
            **given,  # type: ignore[arg-type]
        )
    )


def a_day_event(owner: str, day: str, **counts: int) -> Event:
    """Return a day of ANALYSIS in the ledger."""
    status = DayStatus(owner=owner, stage=stage_pb2.STAGE_ANALYSIS)
    status.counts.CopyFrom(DayCounts(day=day, **counts))
    return Event(day=status)
