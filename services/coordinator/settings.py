"""What the coordinator is told by its environment."""

from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from services.kernel.settings import ServiceSettings
from services.status.domain import Stage


class Limits(BaseModel):
    """Waits and intervals; tests shorten them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    silent: timedelta = timedelta(seconds=20)
    """A service that says nothing of an execution for so long is asked for it, and it is STALLED where that does not help."""
    stall_limit: timedelta = timedelta(minutes=30)
    """One that stays silent, or undelivered, for so long is FAILED."""
    progress_limit: timedelta = timedelta(hours=1)
    """One whose items do not move for so long, without a stated wait, is FAILED."""
    wait_limit: timedelta = timedelta(hours=24)
    """One whose items do not move for so long, with a stated wait, is FAILED."""
    cancel_grace: timedelta = timedelta(seconds=10)
    """A service has so long to confirm a cancel."""
    log_retention: timedelta = timedelta(days=7)
    """A watch can resume from so far back."""
    heartbeat_writes: timedelta = timedelta(seconds=5)
    """Heartbeats of an execution are stored at most so often."""
    watchdog: timedelta = timedelta(seconds=1)
    """How often overdue executions are looked for."""
    dispatch: timedelta = timedelta(milliseconds=500)
    """How often deliveries of other replicas are looked for; a replica knows its own, and when the next is due."""
    watch_age: timedelta = timedelta(minutes=30)
    """A watch is ended, to be resumed, at this age +-10 %."""
    watch_slow: timedelta = timedelta(seconds=30)
    """A watch that takes nothing for so long is ended."""
    watch_drain: timedelta = timedelta(seconds=3)
    """The time over which watches are ended on SIGTERM."""
    watches_per_user: int = Field(default=20, ge=1)
    """A user may have so many watches at a replica."""
    waits_per_user: int = Field(default=20, ge=1)
    """A user may have so many calls that wait for an end: SyncCalls, and CreateTasksFromAudio of their meetings."""
    sync_wait: timedelta = Field(default=timedelta(hours=1), gt=timedelta(0), le=timedelta(hours=1))
    """SyncCalls waits so long for its run, which goes on. An hour is all the deadline of the RPC allows."""
    bot_retention: timedelta = Field(default=timedelta(hours=24), gt=timedelta(0))
    """A bot whose state has not changed for so long is given up; the record of one that had ended is deleted."""
    bot_clean_up: timedelta = Field(default=timedelta(hours=1), gt=timedelta(0))
    """How often such bots are looked for."""
    create_tasks_wait: timedelta = Field(
        default=timedelta(seconds=110), gt=timedelta(0), le=timedelta(seconds=110)
    )
    """CreateTasksFromAudio answers after so long; the work goes on. The deadline of the RPC does not allow more."""


class CoordinatorSettings(ServiceSettings):
    """`POTOK_COORDINATOR_…`; nested ones as `POTOK_COORDINATOR_LIMITS__SILENT`."""

    model_config = SettingsConfigDict(
        env_prefix="POTOK_COORDINATOR_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    listen: str = "127.0.0.1:8050"
    stages: dict[Stage, str]
    """The table stage -> address, as JSON: `{"CALL_SYNC": "host:port", …}`."""
    bot_status: str
    """The service that knows the outside of bots, `host:port`."""
    issuer_key: Path | None = None
    """The file of the private key (EC, P-256, PEM) by which tokens of users are issued here. Without it they come from
    elsewhere."""
    limits: Limits = Limits()
