"""Arguments and options that several commands take, and what may stand in them."""

import enum
import re
from datetime import date
from typing import Annotated

import typer
from potok.status.v1 import stage_pb2
from potok.status.v1.progress_pb2 import DateRange

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class StageName(enum.StrEnum):
    """The stages that calls go through, in the coordinator's order; the numbers of the protos are no order."""

    CALL_SYNC = "call_sync"
    TRANSCRIPTION = "transcription"
    ANALYSIS = "analysis"
    RECOMMENDATIONS = "recommendations"
    REPORTING = "reporting"

    @property
    def number(self) -> "stage_pb2.Stage.ValueType":
        """The stage in the protos."""
        return stage_pb2.Stage.Value(f"STAGE_{self.name}")


ALL_STAGES = ", ".join(StageName)
MEETING_STAGES = (
    stage_pb2.STAGE_TRANSCRIPTION,
    stage_pb2.STAGE_ANALYSIS,
    stage_pb2.STAGE_TASKS,
)
"""The stages that a meeting goes through, in the coordinator's order."""


class ModeName(enum.StrEnum):
    """Which items a run takes."""

    PENDING = "pending"
    FAILED = "failed"
    ALL = "all"

    @property
    def number(self) -> "stage_pb2.RunMode.ValueType":
        """The mode in the protos."""
        return stage_pb2.RunMode.Value(f"RUN_MODE_{self.name}")


class ItemStateName(enum.StrEnum):
    """Where an item is."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def number(self) -> "stage_pb2.ItemState.ValueType":
        """The state in the protos."""
        return stage_pb2.ItemState.Value(f"ITEM_STATE_{self.name}")


class BotStateName(enum.StrEnum):
    """Where a bot is."""

    INITIALIZED = "initialized"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    TRANSCRIBING = "transcribing"
    ANALYZING_MEETING = "analyzing_meeting"
    CREATING_TASKS = "creating_tasks"
    DONE = "done"
    ERROR = "error"

    @property
    def number(self) -> "stage_pb2.BotState.ValueType":
        """The state in the protos."""
        return stage_pb2.BotState.Value(f"BOT_STATE_{self.name}")


class RoleName(enum.StrEnum):
    """The roles that a token may have."""

    OPERATOR = "operator"
    ADMIN = "admin"
    SERVICE = "service"


def parse_day(text: str) -> str:
    """Return a day as it was given; refuses what is none."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise typer.BadParameter(f"{text!r} is no day: write it as 2026-01-31")


def date_range(start: str, end: str | None) -> DateRange:
    """Return the range of days that was asked for; a single day where there is no end."""
    return DateRange(start_date=start, end_date=end or start)


RUN_PANEL = "Process calls"
MEETING_PANEL = "Send bots to meetings"
RANGE_PANEL = "See where calls are, and what came out"
SETUP_PANEL = "Set up"
"""The groups that `potok --help` shows commands in."""

ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]
Start = Annotated[
    str, typer.Argument(metavar="START", parser=parse_day, help="The first day, as 2026-01-31.")
]
End = Annotated[
    str | None,
    typer.Argument(metavar="END", parser=parse_day, help="The last day; without it, only START."),
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, or its beginning.")]
BotId = Annotated[str, typer.Argument(metavar="BOT", help="The bot's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
NoWatch = Annotated[bool, typer.Option("--no-watch", help="Do not follow the run.")]
