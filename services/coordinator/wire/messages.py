"""Runs and bots as the messages in which people read them."""

from potok.status.v1 import event_pb2, stage_pb2

from services.coordinator.state.bot import Bot
from services.coordinator.state.domain import Run
from services.kernel.rpc.convert import timestamp
from services.status.mapping import (
    BOT_STATE_TO_PB,
    REASON_TO_PB,
    RUN_MODE_TO_PB,
    RUN_STATE_TO_PB,
    STAGE_TO_PB,
    date_range_to_pb,
)

NO_REASON = stage_pb2.REASON_UNSPECIFIED


def run_status(run: Run) -> event_pb2.RunStatus:
    """Return the state of a run as its message."""
    return event_pb2.RunStatus(
        run_id=run.run_id,
        owner=run.owner,
        client_id=run.client_id,
        range=date_range_to_pb(run.range),
        first_stage=STAGE_TO_PB[run.first_stage],
        last_stage=STAGE_TO_PB[run.last_stage],
        mode=RUN_MODE_TO_PB[run.mode],
        state=RUN_STATE_TO_PB[run.state],
        stage=STAGE_TO_PB[run.stage],
        reason=REASON_TO_PB[run.reason] if run.reason else NO_REASON,
        message=run.message,
        retry_of=run.retry_of or "",
        actor=run.actor,
        create_time=timestamp(run.created_at),
        end_time=timestamp(run.ended_at),
        bot_id=run.bot_id or "",
        cancelled_by=run.cancelled_by,
        cancel_time=timestamp(run.cancelling_at),
    )


def bot_status(bot: Bot) -> event_pb2.BotStatus:
    """Return the state of a bot as its message."""
    return event_pb2.BotStatus(
        bot_id=bot.bot_id,
        owner=bot.owner,
        state=BOT_STATE_TO_PB[bot.state],
        detail=bot.detail,
        error_message=bot.error_message,
        meet_url=bot.meet_url,
        bot_name=bot.bot_name,
        run_id=bot.run_id or "",
        create_time=timestamp(bot.created_at),
        update_time=timestamp(bot.updated_at),
    )
