"""The state machine of bots: who may move one where, and what becomes of it. Pure, as `sequence` is for runs.

Ranks only grow and skipping one is legal. The outside moves the first three and may give up before the meeting is
processed; the run of the meeting, and time, move the rest. A final state never changes.
"""

from datetime import datetime
from typing import assert_never

from services.coordinator.state.bot import FINAL, FROM_OUTSIDE, FROM_US, RANK, Bot, BotReport
from services.coordinator.state.domain import (
    Run,
)
from services.coordinator.state.reports import (
    Verdict,
)
from services.status.domain import BotState, RunState, Stage

STATE_OF_STAGE = {
    Stage.TRANSCRIPTION: BotState.TRANSCRIBING,
    Stage.ANALYSIS: BotState.ANALYZING_MEETING,
    Stage.TASKS: BotState.CREATING_TASKS,
}
"""Where a bot is while the run of its meeting is in a stage."""

CANCELLED = "cancelled: the processing of the meeting was stopped"
UNSAID = "the bot failed, and its service did not say why"


def judge_outside(state: BotState, reported: BotState) -> Verdict:
    """Judge a state that the outside reports of a bot in `state`."""
    if reported not in FROM_OUTSIDE:
        return Verdict.ILLEGAL
    processing = state not in FINAL and RANK[state] >= RANK[BotState.TRANSCRIBING]
    if reported is BotState.ERROR and processing:
        return Verdict.STALE  # the bot is no longer needed
    return _judge(state, reported)


def judge_ours(state: BotState, caused: BotState) -> Verdict:
    """Judge a state that the run of the meeting, or time, brings about for a bot in `state`."""
    return _judge(state, caused) if caused in FROM_US else Verdict.ILLEGAL


def _judge(state: BotState, following: BotState) -> Verdict:
    if following is state:
        return Verdict.DUPLICATE
    if state in FINAL or RANK[following] < RANK[state]:
        return Verdict.STALE
    return Verdict.APPLIED


def new_bot(report: BotReport, now: datetime) -> Bot:
    """Return the record that the first report of a bot creates; one with a recording was in its meeting."""
    failed = report.state is BotState.ERROR
    return Bot(
        bot_id=report.bot_id,
        owner=report.owner,
        state=BotState.CONNECTED if failed and report.media_ready else report.state,
        detail=report.detail,
        error_message=(report.error_message or UNSAID) if failed and not report.media_ready else "",
        meet_url=report.meet_url,
        bot_name=report.bot_name,
        sequence=report.sequence,
        day=report.day,
        time_zone=report.time_zone,
        language=report.language,
        created_at=now,
        changed_at=now,
        updated_at=now,
    )


def take_report(bot: Bot, report: BotReport, now: datetime) -> Verdict:
    """Judge a report of the outside and apply it; APPLIED where anything of the bot changed.

    It does not look at `media_ready`: the run that begins then moves the bot.
    """
    if report.sequence <= bot.sequence:
        same = report.sequence == bot.sequence
        return Verdict.DUPLICATE if same else Verdict.STALE
    verdict = judge_outside(bot.state, report.state)
    if verdict not in (Verdict.APPLIED, Verdict.DUPLICATE) or bot.final:
        return verdict
    bot.sequence = report.sequence
    if verdict is Verdict.APPLIED:
        _move(bot, report.state, report.error_message or UNSAID, now)
    elif not _differs(bot, report):
        return Verdict.DUPLICATE
    bot.detail, bot.meet_url, bot.bot_name = report.detail, report.meet_url, report.bot_name
    bot.day, bot.time_zone, bot.language = report.day, report.time_zone, report.language
    bot.updated_at = now
    return Verdict.APPLIED


def follow(bot: Bot, run: Run, now: datetime) -> bool:
    """Move a bot to the state that follows from the run of its meeting; returns whether that changed it."""
    match run.state:
        case RunState.ACTIVE:
            return _become(bot, STATE_OF_STAGE[run.stage], "", now)
        case RunState.CANCELLING:
            return False
        case RunState.COMPLETED:
            return _become(bot, BotState.DONE, "", now)
        case RunState.CANCELLED:
            return _become(bot, BotState.ERROR, CANCELLED, now)
        case RunState.FAILED | RunState.PARTIAL:
            why = run.message or f"the meeting could not be processed in {run.stage.value}"
            return _become(bot, BotState.ERROR, why, now)
        case unknown:
            assert_never(unknown)


def expire(bot: Bot, why: str, now: datetime) -> bool:
    """Give up a bot that did not change for too long; returns whether that changed it."""
    return _become(bot, BotState.ERROR, f"expired: {why}", now)


def _become(bot: Bot, state: BotState, error_message: str, now: datetime) -> bool:
    if judge_ours(bot.state, state) is not Verdict.APPLIED:
        return False
    _move(bot, state, error_message, now)
    bot.detail, bot.updated_at = "", now  # the detail was of the state before
    return True


def _move(bot: Bot, state: BotState, error_message: str, now: datetime) -> None:
    bot.state, bot.changed_at = state, now
    if state is BotState.ERROR:
        bot.error_message = error_message


def _differs(bot: Bot, report: BotReport) -> bool:
    return (bot.detail, bot.meet_url, bot.bot_name) != (
        report.detail,
        report.meet_url,
        report.bot_name,
    )
