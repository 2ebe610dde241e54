"""States, reasons, waits and durations in the words people read. Pure."""

import unicodedata
from datetime import UTC, datetime

import grpc
from potok.analysis.v1.analysis_pb2 import Usage
from potok.coordinator.v1 import report_pb2
from potok.status.v1 import audit_pb2, stage_pb2
from potok.status.v1.event_pb2 import BotStatus, RunStatus, StageStatus
from potok.status.v1.progress_pb2 import Cost, ItemCounts, ItemFailure, StageProgress, Wait

from potok_client.cli.machine_words import in_words

SHORT_ID = 8
"""The number of characters of a run's id that are shown, and are enough to name the run."""
_CENT = 0.01
_MOMENT_SECONDS = 5.0
"""An end that is past by less is due at any moment."""
FINAL_BOTS = frozenset({stage_pb2.BOT_STATE_DONE, stage_pb2.BOT_STATE_ERROR})
"""The states that end a bot."""

_UNDONE = (stage_pb2.REASON_CANCELLED, stage_pb2.REASON_EXECUTION_FAILED)
_WAITS = {
    stage_pb2.WAIT_REASON_QUEUE: "other work is ahead in the queue",
    stage_pb2.WAIT_REASON_RATE_LIMIT: "the outside service limits the rate",
    stage_pb2.WAIT_REASON_ACCOUNT_PAUSED: "the outside account is paused",
    stage_pb2.WAIT_REASON_SERVICE_DOWN: "the service of this stage cannot be reached",
    stage_pb2.WAIT_REASON_RECORDING: "recordings are not ready at the source",
    stage_pb2.WAIT_REASON_UPSTREAM: "an outside service does not answer; it is asked again",
}


def plain(text: str) -> str:
    """Return a text of the server without control characters, which a terminal would obey."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf") else " " for c in text)


def short(run_id: str) -> str:
    """Return the beginning of a run's id."""
    return run_id[:SHORT_ID]


def stage_name(stage: "stage_pb2.Stage.ValueType") -> str:
    """Return a stage as commands take it."""
    return _lower(stage_pb2.Stage, stage, "STAGE_")


def run_state(state: "stage_pb2.RunState.ValueType") -> str:
    return _lower(stage_pb2.RunState, state, "RUN_STATE_")


def run_mode(mode: "stage_pb2.RunMode.ValueType") -> str:
    return _lower(stage_pb2.RunMode, mode, "RUN_MODE_")


def item_state(state: "stage_pb2.ItemState.ValueType") -> str:
    return _lower(stage_pb2.ItemState, state, "ITEM_STATE_")


def execution_state(state: "stage_pb2.ExecutionState.ValueType") -> str:
    return _lower(stage_pb2.ExecutionState, state, "EXECUTION_STATE_")


def bot_state(state: "stage_pb2.BotState.ValueType") -> str:
    """Return where a bot is, as browsers read it."""
    return _lower(stage_pb2.BotState, state, "BOT_STATE_")


def audit_action(action: "audit_pb2.AuditAction.ValueType") -> str:
    """Return what somebody did."""
    return _lower(audit_pb2.AuditAction, action, "AUDIT_ACTION_").replace("_", " ")


def verdict(verdict: "report_pb2.Verdict.ValueType") -> str:
    """Return what became of a report."""
    return _lower(report_pb2.Verdict, verdict, "VERDICT_")


def whose(run: RunStatus) -> str:
    """Return whose calls a run processes, or whose meeting."""
    return plain(f"bot {run.bot_id}" if run.bot_id else run.client_id)


def bot(bot: BotStatus) -> str:
    """Return where a bot is, and what else is known of it."""
    parts = [
        bot_state(bot.state).replace("_", " "),
        bot.detail.replace("_", " "),
        bot.error_message,
    ]
    return plain(", ".join(part for part in parts if part))


def reason(reason: "stage_pb2.Reason.ValueType") -> str:
    """Return a reason in words; empty where there is none."""
    return _lower(stage_pb2.Reason, reason, "REASON_").replace("_", " ") if reason else ""


def by_whom(run: RunStatus) -> str:
    """Return who started a run, and who asked it to stop."""
    return f"{run.actor}, cancelled by {run.cancelled_by}" if run.cancelled_by else run.actor


def why(run: RunStatus) -> str:
    """Return why a run ended as it did."""
    return ": ".join(filter(None, (reason(run.reason), plain(run.message))))


def days(run: RunStatus) -> str:
    """Return the days of a run."""
    first, last = run.range.start_date, run.range.end_date
    return first if first == last else f"{first} to {last}"


def duration(seconds: float) -> str:
    """Return a duration as 0:07, 3:20 or 1:02:03."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def lasted(status: RunStatus | StageStatus, now: datetime) -> str:
    """Return how long a run or stage took, or has taken up to `now`."""
    end = status.end_time.ToDatetime(UTC) if status.HasField("end_time") else now
    return duration((end - status.create_time.ToDatetime(UTC)).total_seconds())


def clock(moment: datetime) -> str:
    """Return a moment as the clock on the wall shows it."""
    return f"{moment.astimezone():%H:%M:%S}"


def ended_items(items: ItemCounts) -> int:
    return items.success + items.failed + items.skipped


def undone_items(progress: StageProgress) -> int:
    """Return how many of the failed items were only left over when their execution was ended."""
    return sum(counted.count for counted in progress.reasons if counted.reason in _UNDONE)


def done_items(progress: StageProgress) -> int:
    """Return how many items are done, one way or another."""
    return ended_items(progress.items) - undone_items(progress)


def all_items(items: ItemCounts) -> int:
    return ended_items(items) + items.pending + items.processing


def wait(stage: StageStatus) -> str:
    """Return why a stage that has not ended does not move; empty where it does."""
    if stage.HasField("end_time"):
        return ""
    if stage.state == stage_pb2.EXECUTION_STATE_STALLED:
        return "the service of this stage is silent; it is asked again"
    found = stage.wait if stage.HasField("wait") else stage.progress.wait
    return _wait(found) if found.reason else ""


def _wait(wait: Wait) -> str:
    text = _WAITS.get(wait.reason, "for something this program does not know")
    if wait.HasField("until_time"):
        text += f", until {clock(wait.until_time.ToDatetime(UTC))}"
    return text


def lost(why: str) -> str:
    """Return a sentence that nothing comes for the moment."""
    said = plain(in_words(grpc.StatusCode.UNAVAILABLE, why))
    return f"connection lost ({said}); trying to resume ..."


def folded(count: int) -> str:
    """Return a sentence that a watch left older states out."""
    return f"{count} older {'state was' if count == 1 else 'states were'} folded into the newest"


def merged_items(progress: StageProgress) -> int:
    """Return how many items are another listing of a call that is counted already."""
    return sum(
        counted.count for counted in progress.reasons if counted.reason == stage_pb2.REASON_MERGED
    )


def remarks(stage: StageStatus) -> str:
    """Return what is to be said of the items of a stage beside how many are done."""
    progress = stage.progress
    undone = undone_items(progress)
    merged = merged_items(progress)
    counts = {
        "failed": progress.items.failed - undone,
        "left undone": undone,
        "skipped": progress.items.skipped - merged,
        "merged": merged,
        "unchanged": progress.unchanged,
        "of them failed before": progress.unchanged_failed,
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def failure(failure: ItemFailure) -> str:
    """Return which item failed and why."""
    text = f"{failure.item_id} failed, {reason(failure.reason)}"
    return plain(f"{text}: {failure.message}" if failure.message else text)


def usage(usage: Usage) -> str:
    """Return what was asked of a language model, and what that cost where it is known."""
    tokens = usage.prompt_tokens + usage.completion_tokens
    text = f"asked a language model {usage.requests} times: {tokens} tokens"
    return f"{text}, {cost(usage.cost)}" if usage.HasField("cost") else text


def cost(cost: Cost) -> str:
    """Return an amount of money; what is less than a cent keeps its digits."""
    digits = 2 if cost.amount >= _CENT or not cost.amount else 4
    return f"{cost.amount:.{digits}f} {plain(cost.currency)}"


def pace(stage: StageStatus, now: datetime) -> str:
    """Return rate and time left at `now` of a stage under way, and of its run, as far as they are known."""
    if stage.HasField("end_time"):
        return ""
    parts = []
    if stage.items_per_second:
        rate = stage.items_per_second
        parts.append(f"{rate:.1f}/s" if rate >= 1 else f"{rate * 60:.1f}/min")
    if stage.HasField("expected_end_time"):
        parts.append(_left(stage.expected_end_time.ToDatetime(UTC), now))
    if (
        stage.HasField("run_expected_end_time")
        and stage.run_expected_end_time != stage.expected_end_time
    ):
        parts.append(f"the run {_left(stage.run_expected_end_time.ToDatetime(UTC), now)}")
    return ", ".join(parts)


def _left(end: datetime, now: datetime) -> str:
    seconds = (end - now).total_seconds()
    if seconds >= 1:
        return f"{duration(seconds)} left"
    return "a moment left" if seconds > -_MOMENT_SECONDS else "longer than expected"


def _lower(kind: type, value: int, prefix: str) -> str:
    try:
        name: str = kind.Name(value)  # type: ignore[attr-defined]
    except ValueError:  # of a newer server
        return str(value)
    return name.removeprefix(prefix).lower()
