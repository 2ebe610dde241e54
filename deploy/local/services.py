"""The services of the local system, in one table: where each listens, which stages it serves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, which has a schema and three roles in the database, a key, a process and a port."""

    name: str
    port: int
    """Where it listens unless the environment says otherwise; its own setting `LISTEN` has the same default.

    Below the ports that Linux gives outgoing connections: one of those may hold any of them for long.
    """
    stages: tuple[str, ...] = ()
    """What it serves of the pipeline, as in `Stage`; a service with stages has the tables of the stage library."""


TABLE = (
    Service(name="coordinator", port=8050),
    Service(name="call_sync", port=8051, stages=("CALL_SYNC",)),
    Service(name="transcription", port=8052, stages=("TRANSCRIPTION",)),
    Service(name="analysis", port=8053, stages=("ANALYSIS",)),
    Service(name="recommendations", port=8054, stages=("RECOMMENDATIONS", "REPORTING", "TASKS")),
    Service(name="bot_status", port=8055),
)
"""Every service of ours. A new one is a line with a port of its own; the others keep theirs."""

SERVICES = tuple(service.name for service in TABLE)
STAGE_SERVICES = tuple(service.name for service in TABLE if service.stages)
