"""What every stage service is told by its environment."""

from datetime import timedelta

from services.kernel.settings import ServiceSettings


class StageSettings(ServiceSettings):
    """The settings that all stage services share; a service adds its own and its prefix."""

    coordinator: str = "127.0.0.1:8050"
    """`host:port` of the coordinator, where reports go."""
    report_debounce: timedelta = timedelta(milliseconds=50)
    """What happens within it goes into one report."""
    report_heartbeat: timedelta = timedelta(seconds=5)
    """How often the coordinator hears of an execution with nothing new to say."""
    report_timeout: timedelta = timedelta(seconds=10)
    """A batch of reports without an acknowledgement for so long ends the stream; it is opened again."""
    report_backoff: timedelta = timedelta(seconds=5)
    """The longest pause before the stream is opened again."""
    watch: timedelta = timedelta(seconds=1)
    """How often running jobs look whether their execution is still open."""
    reconcile: timedelta = timedelta(seconds=5)
    """How often lost jobs and dead workers are looked for."""
    revisit: timedelta = timedelta(hours=1)
    """How often a call whose recording was not there yet is looked at again."""
    revisit_age: timedelta = timedelta(hours=24)
    """For how long after its discovery."""
    keep_executions: timedelta = timedelta(days=30)
    """How long an ended execution is kept that no item refers to."""
    clean_up: timedelta = timedelta(hours=1)
    """How often those are deleted."""
    job_poll: timedelta = timedelta(seconds=1)
    """How often the queue is looked at when no hint comes."""
    job_rest: timedelta = timedelta(seconds=5)
    """After so long without a job nothing but that look is left of the queue."""
    job_hint: timedelta = timedelta(milliseconds=20)
    """Jobs that are queued within it are hinted at together."""
    job_heartbeat: timedelta = timedelta(seconds=30)
    """A job whose worker is silent for so long is handed to another."""
    step_timeout: timedelta = timedelta(minutes=50)
    """How long a discovery or a finish may take at the most."""
