"""The rows of bots: what is read for their owners, and how the lanes write them."""

import asyncpg

from services.coordinator.bot import Bot, BotId
from services.coordinator.repository import QUERIES
from services.status.domain import BotState, Owner, RunId


def bot_from_row(row: asyncpg.Record) -> Bot:
    return Bot(
        bot_id=BotId(row["bot_id"]),
        owner=Owner(row["owner"]),
        state=BotState(row["state"]),
        detail=row["detail"],
        error_message=row["error_message"],
        meet_url=row["meet_url"],
        bot_name=row["bot_name"],
        sequence=row["sequence"],
        run_id=RunId(str(row["run_id"])) if row["run_id"] else None,
        day=row["day"],
        time_zone=row["time_zone"],
        language=row["language"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        updated_at=row["updated_at"],
        stored=True,
    )


async def write_bot(connection: asyncpg.Connection, bot: Bot) -> None:
    """Write the row of a bot; raises UniqueViolationError where another owner has a bot of that id."""
    row = {
        "bot_id": bot.bot_id,
        "state": bot.state.value,
        "detail": bot.detail,
        "error_message": bot.error_message,
        "meet_url": bot.meet_url,
        "bot_name": bot.bot_name,
        "sequence": bot.sequence,
        "run_id": bot.run_id,
        "day": bot.day,
        "time_zone": bot.time_zone,
        "language": bot.language,
        "changed_at": bot.changed_at,
        "updated_at": bot.updated_at,
    }
    if bot.stored:
        await QUERIES.update_bot(connection, **row)
        return
    await QUERIES.insert_bot(connection, owner=bot.owner, created_at=bot.created_at, **row)
    bot.stored = True
