"""Bots in protobuf and back. Pure functions."""

from typing import Any

from potok.coordinator.v1 import bot_pb2, report_pb2

from services.bot_status.domain import Bot, Observation, ObservationVerdict
from services.bot_status.ports import Acknowledgement
from services.kernel.rpc.convert import enum_pairs, timestamp
from services.status.domain import BotState
from services.status.mapping import BOT_STATE_FROM_PB, BOT_STATE_TO_PB

VERDICT_TO_PB = enum_pairs(ObservationVerdict, report_pb2.Verdict, "VERDICT")
VERDICT_FROM_PB = {number: member for member, number in VERDICT_TO_PB.items()}


def verdict_to_pb(verdict: ObservationVerdict | None) -> Any:
    return VERDICT_TO_PB[verdict] if verdict else report_pb2.VERDICT_UNSPECIFIED


def _state_to_pb(state: BotState | None) -> Any:
    return BOT_STATE_TO_PB[state] if state else 0


def report_to_pb(bot: Bot) -> bot_pb2.BotReport:
    failed = bot.failure if bot.state is BotState.ERROR else ""  # one that is held back is not told
    return bot_pb2.BotReport(
        bot_id=bot.bot_id or "",
        owner=bot.wish.owner,
        sequence=bot.sequence,
        state=BOT_STATE_TO_PB[bot.state],
        detail=bot.detail,
        error_message=failed,
        media_ready=bot.media_ready,
        meet_url=bot.wish.meet_url,
        bot_name=bot.wish.bot_name,
        day=bot.day.isoformat(),
        time_zone=bot.time_zone,
        language=bot.wish.language,
    )


def acknowledgement_from_pb(bot: Bot, message: bot_pb2.BotVerdict) -> Acknowledgement:
    """Return what the coordinator says of the report of a bot."""
    return Acknowledgement(
        intent_id=bot.wish.intent_id,
        sequence=bot.sequence,
        verdict=VERDICT_FROM_PB.get(message.verdict),
        state=BOT_STATE_FROM_PB.get(message.state, bot.known_state),
    )


def observation_to_pb(observation: Observation) -> bot_pb2.BotObservation:
    return bot_pb2.BotObservation(
        number=observation.number,
        source=observation.source.value,
        raw_status=observation.raw_status,
        state=_state_to_pb(observation.state),
        verdict=verdict_to_pb(observation.verdict),
        message=observation.message,
        time=timestamp(observation.first_at),
        times=observation.times,
        last_time=timestamp(observation.last_at),
    )
