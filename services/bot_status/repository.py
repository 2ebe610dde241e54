"""Wishes, bots, what is said of them and what the coordinator knows, in Postgres."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import asyncpg

from services.bot_status.domain import (
    FOLLOWED,
    Bot,
    BotId,
    BotNotFound,
    BotRefused,
    External,
    IntentId,
    Observation,
    Phase,
    ReportedStatus,
    RequestChanged,
    Source,
    Started,
    Webhook,
)
from services.bot_status.observing import MOST_MESSAGE, Step, detail_of, state_meant
from services.bot_status.ports import Acknowledgement, Intended, Leased
from services.bot_status.rows import bot_of, observation_of
from services.kernel.postgres import Connection, Reading, afresh, load_queries
from services.status.domain import BotState

_QUERIES = load_queries(__file__)

KEEP_REQUESTS = timedelta(hours=24)
MOST_OBSERVATIONS = 1000
"""Observations that are kept of a bot; older ones are forgotten."""


class PostgresIntents:
    """Implements IntentRepository; `report_in` is when a report that we do not make ourselves is overdue."""

    def __init__(self, pool: asyncpg.Pool, report_in: timedelta) -> None:
        self._pool = pool
        self._report_in = report_in

    async def intend(self, bot: Bot, request_id: str, digest: str, lease: timedelta) -> Intended:
        async with self._pool.acquire() as connection, connection.transaction():
            if request_id:
                key = {"owner": bot.wish.owner, "request_id": request_id}
                await _QUERIES.lock_request(connection, **key)
                found = await _QUERIES.get_request(connection, **key, keep=KEEP_REQUESTS)
                if found and found["request_digest"] != digest:
                    raise RequestChanged(
                        "request_id: it was used for another bot within the last 24 hours"
                    )
                if found:
                    return Intended(bot=bot_of(found), is_new=False)
            row = await insert_bot(connection, bot, lease, report_in=None)
            if request_id:
                await _QUERIES.put_request(
                    connection, **key, digest=digest, intent_id=bot.wish.intent_id
                )
            return Intended(bot=bot_of(row), is_new=True)

    async def begin(self, intent_id: IntentId, started: Started) -> Bot:
        meaning = started.reported.meaning
        state = meaning.state or BotState.INITIALIZED
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                row = await _QUERIES.begin_bot(
                    connection,
                    intent_id=intent_id,
                    bot_id=started.bot_id,
                    external=started.external,
                    state=state.value,
                    detail=detail_of(started.reported),
                    report_in=self._report_in,
                )
                if row is None:
                    raise BotNotFound(f"the wish {intent_id} was given up meanwhile")
                await _QUERIES.insert_observation(
                    connection,
                    intent_id=intent_id,
                    number=row["observations"],
                    owner=row["owner"],
                    source=Source.TRIGGER.value,
                    raw_status=started.reported.raw_status,
                    state=_shown(started.reported),
                    message="",
                    sequence=row["sequence"],
                    verdict=None,
                )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "bots_bot_id_key":
                raise
            raise BotRefused(
                f"the service that runs bots gave an id that another bot has: {started.bot_id}"
            ) from None
        return bot_of(row)

    async def give_up(self, intent_id: IntentId, failure: str, *, doubtful: bool) -> None:
        phase = Phase.DOUBTFUL if doubtful else Phase.FAILED
        async with self._pool.acquire() as connection, connection.transaction():
            await _QUERIES.give_up(
                connection, intent_id=intent_id, phase=phase.value, failure=failure
            )
            await _QUERIES.forget_request(connection, intent_id=intent_id)

    async def claim_unresolved(self, provider: str, lease: timedelta, limit: int) -> list[Bot]:
        rows = _QUERIES.claim_unresolved(self._pool, provider=provider, lease=lease, most=limit)
        return [bot_of(row) async for row in rows]


class PostgresBots:
    """Implements BotRepository; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading, report_in: timedelta) -> None:
        self._pool = pool
        self._reading = reading
        self._report_in = report_in

    async def get_bot(self, bot_id: BotId) -> Bot:
        row = await _QUERIES.get_bot(self._pool, bot_id=bot_id)
        if row is None:
            raise BotNotFound(f"there is no bot {bot_id}")
        return bot_of(row)

    async def change(self, intent_id: IntentId, step: Callable[[Bot], Step]) -> Step:
        async with self._pool.acquire() as connection, connection.transaction():
            return await change_bot(connection, intent_id, step, self._report_in)

    @afresh
    async def list_observations(self, bot_id: BotId, limit: int) -> list[Observation]:
        async with self._reading() as connection:
            bot = await _QUERIES.get_bot(connection, bot_id=bot_id)
            if bot is None:
                raise BotNotFound(f"there is no bot {bot_id}")
            rows = _QUERIES.list_observations(connection, intent_id=bot["intent_id"], most=limit)
            return [observation_of(row) async for row in rows]

    async def claim_due(self, provider: str, lease: timedelta, limit: int) -> list[Leased]:
        rows = _QUERIES.claim_due(self._pool, provider=provider, lease=lease, most=limit)
        return [Leased(bot=bot_of(row), hinted=row["was_hinted"]) async for row in rows]

    async def renew(self, bot: Bot, lease: timedelta) -> None:
        await _QUERIES.renew_lease(
            self._pool, intent_id=bot.wish.intent_id, lease_id=bot.lease_id, lease=lease
        )

    async def release(self, bot: Bot, pause: timedelta, *, failures: int) -> None:
        await _QUERIES.release_lease(
            self._pool,
            intent_id=bot.wish.intent_id,
            lease_id=bot.lease_id,
            pause=pause,
            failures=failures,
        )

    async def hint(self, provider: str, external: External) -> None:
        await _QUERIES.hint(self._pool, provider=provider, external=external)

    async def take_webhook(self, provider: str, webhook: Webhook) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            key = await _QUERIES.insert_webhook(connection, provider=provider, key=webhook.key)
            if key is None:
                return False
            if webhook.external is not None:
                await _QUERIES.hint(connection, provider=provider, external=webhook.external)
        return True

    async def clean_up(self, receipts: timedelta, meetings: timedelta) -> None:
        await _QUERIES.delete_old_webhooks(self._pool, keep=receipts)
        await _QUERIES.delete_old_requests(self._pool, keep=KEEP_REQUESTS)
        await _QUERIES.delete_old_bots(self._pool, keep=meetings)


class PostgresReports:
    """Implements ReportRepository."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def list_unreported(self, intent_ids: Sequence[IntentId]) -> list[Bot]:
        rows = _QUERIES.list_unreported(self._pool, intent_ids=list(intent_ids))
        return [bot_of(row) async for row in rows]

    async def claim_unreported(self, pause: timedelta, limit: int) -> list[Bot]:
        rows = _QUERIES.claim_unreported(self._pool, pause=pause, most=limit)
        return [bot_of(row) async for row in rows]

    async def acknowledge(self, acknowledged: Sequence[Acknowledgement]) -> None:
        ordered = sorted(acknowledged, key=lambda each: each.intent_id)
        keys = {
            "intent_ids": [each.intent_id for each in ordered],
            "sequences": [each.sequence for each in ordered],
        }
        async with self._pool.acquire() as connection, connection.transaction():
            await _QUERIES.acknowledge(
                connection,
                **keys,
                states=[each.state.value for each in ordered],
                followed=[each.state in FOLLOWED for each in ordered],
            )
            await _QUERIES.judge_observations(
                connection,
                **keys,
                verdicts=[each.verdict and each.verdict.value for each in ordered],
            )


async def insert_bot(
    connection: Connection, bot: Bot, lease: timedelta | None, report_in: timedelta | None
) -> asyncpg.Record:
    """Store a new bot; it is reported after `report_in`, and not at all where that is None."""
    row: asyncpg.Record = await _QUERIES.insert_bot(
        connection,
        intent_id=bot.wish.intent_id,
        owner=bot.wish.owner,
        provider=bot.provider,
        phase=bot.phase.value,
        bot_id=bot.bot_id,
        meet_url=bot.wish.meet_url,
        bot_name=bot.wish.bot_name,
        language=bot.wish.language,
        time_zone=bot.time_zone,
        day=bot.day,
        state=bot.state.value,
        media_ready=bot.media_ready,
        sequence=bot.sequence,
        report_in=report_in,
        lease=lease,
    )
    return row


async def change_bot(
    connection: Connection,
    intent_id: IntentId,
    step: Callable[[Bot], Step],
    report_in: timedelta,
) -> Step:
    """Do a step with a bot, whose row stays locked until the transaction ends; raises BotNotFound."""
    row = await _QUERIES.lock_bot(connection, intent_id=intent_id)
    if row is None:
        raise BotNotFound("there is no such bot any more")
    done = step(bot_of(row))
    number = await _record(connection, done)
    bot = done.bot
    await _QUERIES.set_bot(
        connection,
        intent_id=intent_id,
        day=bot.day,
        state=bot.state.value,
        detail=bot.detail,
        failure=bot.failure,
        media_ready=bot.media_ready,
        state_at=bot.state_at,
        joined_at=bot.joined_at,
        left_at=bot.left_at,
        failed_at=bot.failed_at,
        held_until=bot.held_until,
        leave_wanted=bot.leave_wanted,
        missing_at=bot.missing_at,
        answered_at=bot.answered_at,
        observations=number,
        sequence=bot.sequence,
        told=done.told,
        report_in=report_in,
        followed=bot.followed and not bot.media_ready,
    )
    return done


async def _record(connection: Connection, done: Step) -> int:
    """Store what was said, and return the number of the bot's last observation."""
    bot, reported = done.bot, done.reported
    if reported is None or done.source is None:
        return bot.observations
    what = {
        "intent_id": bot.wish.intent_id,
        "source": done.source.value,
        "raw_status": reported.raw_status,
        "state": _shown(reported),
        "message": reported.meaning.message[:MOST_MESSAGE],
    }
    if not done.told and await _QUERIES.fold_observation(connection, **what) is not None:
        return bot.observations
    number = bot.observations + 1
    await _QUERIES.insert_observation(
        connection,
        **what,
        number=number,
        owner=bot.wish.owner,
        # What is held back is part of a report that is still to come.
        sequence=bot.sequence if done.told and not done.held else bot.sequence + 1,
        verdict=done.verdict and done.verdict.value,
    )
    await _QUERIES.delete_old_observations(
        connection, intent_id=bot.wish.intent_id, number=number - MOST_OBSERVATIONS
    )
    return number


def _shown(reported: ReportedStatus) -> str | None:
    """Return the state that people read a status as; None where it means nothing."""
    state = state_meant(reported)
    return state and state.value
