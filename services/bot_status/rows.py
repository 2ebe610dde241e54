"""Rows of Postgres as the domain has them."""

import asyncpg

from services.bot_status.domain import (
    Bot,
    BotId,
    External,
    IntentId,
    Observation,
    ObservationVerdict,
    Phase,
    Source,
    Wish,
)
from services.status.domain import BotState, Owner


def bot_of(row: asyncpg.Record) -> Bot:
    """Return the bot of a row of `bots`."""
    return Bot(
        wish=Wish(
            intent_id=IntentId(str(row["intent_id"])),
            owner=Owner(row["owner"]),
            meet_url=row["meet_url"],
            bot_name=row["bot_name"],
            language=row["language"],
        ),
        provider=row["provider"],
        phase=Phase(row["phase"]),
        bot_id=BotId(row["bot_id"]) if row["bot_id"] else None,
        external=External(row["external"]),
        time_zone=row["time_zone"],
        day=row["day"],
        state=BotState(row["state"]),
        detail=row["detail"],
        failure=row["failure"],
        media_ready=row["media_ready"],
        state_at=row["state_at"],
        joined_at=row["joined_at"],
        left_at=row["left_at"],
        failed_at=row["failed_at"],
        held_until=row["held_until"],
        leave_wanted=row["leave_wanted"],
        missing_at=row["missing_at"],
        answered_at=row["answered_at"],
        failures=row["failures"],
        observations=row["observations"],
        sequence=row["sequence"],
        public_state=BotState(row["public_state"]) if row["public_state"] else None,
        lease_id=str(row["lease_id"] or ""),
        created_at=row["created_at"],
    )


def observation_of(row: asyncpg.Record) -> Observation:
    """Return the observation of a row of `observations`."""
    return Observation(
        number=row["number"],
        source=Source(row["source"]),
        raw_status=row["raw_status"],
        state=BotState(row["state"]) if row["state"] else None,
        message=row["message"],
        verdict=ObservationVerdict(row["verdict"]) if row["verdict"] else None,
        first_at=row["first_at"],
        last_at=row["last_at"],
        times=row["times"],
    )
