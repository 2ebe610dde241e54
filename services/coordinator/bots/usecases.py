"""What the coordinator does with bots for its callers, in the words of the protos."""

import itertools
import time
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from services.coordinator.bots.ports import (
    BotChanges,
    BotRepository,
    BotStatus,
    BotWaits,
    MeetingResults,
)
from services.coordinator.state.bot import (
    RANK,
    Bot,
    BotId,
    BotNotFound,
    BotRecord,
    BotReport,
)
from services.coordinator.state.position import Position
from services.coordinator.state.reports import (
    Verdict,
)
from services.kernel.clock import utc_now
from services.kernel.errors import Forbidden, InvalidInput, UpstreamUnavailable
from services.kernel.paging import Page, moment, page_of, page_start, text
from services.kernel.quota import Quota
from services.status.domain import BotState, Owner, user_owner
from services.status.identity import Caller

BOT_NAME = "Potok"


class Bots:
    """Bots, their meetings, and what comes of those."""

    def __init__(
        self,
        bots: BotRepository,
        changes: BotChanges,
        status: BotStatus,
        tasks: MeetingResults,
        waits: BotWaits,
        create_tasks_wait: timedelta,
        quota: Quota,
    ) -> None:
        """`quota` is that of users whose meetings are waited for."""
        self._bots = bots
        self._changes = changes
        self._status = status
        self._tasks = tasks
        self._waits = waits
        self._create_tasks_wait = create_tasks_wait
        self._quota = quota

    async def report_bots(self, reports: Sequence[BotReport]) -> list[tuple[Verdict, BotState]]:
        """Take reports of the outside; one of a bot that is somebody else's is ILLEGAL."""
        owners = await self._bots.owners_of_bots({report.bot_id for report in reports})
        new = {report.owner for report in reports if report.bot_id not in owners}
        if new:
            await self._bots.ensure_owners(new)
        rightful = [owners.get(r.bot_id, r.owner) == r.owner for r in reports]
        verdicts = iter(
            await self._changes.report_bots(list(itertools.compress(reports, rightful)))
        )
        return [next(verdicts) if own else (Verdict.ILLEGAL, BotState.ERROR) for own in rightful]

    async def trigger_bot(
        self, caller: Caller, meet_url: str, bot_name: str, request_id: str, language: str
    ) -> tuple[BotId, BotState]:
        """Send a bot to a meeting; a known `request_id` answers the bot that it sent."""
        address = urlsplit(meet_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise InvalidInput(
                f"meet_url: {meet_url!r} is no address of a meeting, "
                "write it as https://meet.google.com/abc-defg-hij"
            )
        return await self._status.start_bot(
            caller.owner, meet_url, bot_name or BOT_NAME, request_id, language
        )

    async def get_bot_status(self, caller: Caller, bot_id: BotId) -> BotRecord:
        """Return the whole record; raises BotNotFound or Forbidden."""
        return await self._with_result(await self._get_bot(caller, bot_id))

    async def update_bot_status(
        self, bot_id: BotId, status: str, error_message: str, audio_url: str
    ) -> BotState:
        """Take what the service that runs the bot says of it; returns the state of the bot then."""
        state = await self._status.observe_bot(bot_id, status, error_message, audio_url)
        # bot_status is not told of every state that comes after those of the outside.
        owners = await self._bots.owners_of_bots([bot_id])
        record = await self._bots.get_bot(owners[bot_id], bot_id) if bot_id in owners else None
        if record is None:
            _check_awaited(bot_id, state)
            return state
        return record.bot.state

    async def create_tasks(
        self, user_id: str, bot_id: str, audio_url: str, text: str, *, strict: bool
    ) -> BotRecord:
        """Have a meeting processed, or wait with whoever did; returns the record once it is, or as it is after the wait.

        Raises InvalidInput where the bot is not the user's, NotFound where there is none, LimitReached where too many
        wait for the user's meetings already; BotFailed or BotUnfinished, where it is `strict`, unless it is done. The
        work does not depend on the caller staying.
        """
        with self._quota.taken_by(user_id):
            record = await self._create_tasks(user_owner(user_id), bot_id, audio_url, text)
        if strict:
            record.bot.check_done()
        return record

    async def _create_tasks(
        self, owner: Owner, bot_id: str, audio_url: str, text: str
    ) -> BotRecord:
        began_at = time.monotonic()
        record = await self._own_bot(owner, BotId(bot_id)) if bot_id else None
        if record is None or RANK[record.bot.state] < RANK[BotState.TRANSCRIBING]:
            bot_id, state = await self._status.keep_media(owner, bot_id, audio_url, text)
            if await self._bots.get_bot(owner, BotId(bot_id)) is None:
                _check_awaited(bot_id, state)
        wait = self._create_tasks_wait - timedelta(seconds=time.monotonic() - began_at)
        return await self._with_result(await self._ended(owner, BotId(bot_id), wait))

    async def list_bots(
        self,
        caller: Caller,
        states: Collection[BotState],
        page_size: int,
        page_token: str,
    ) -> Page[Bot]:
        """Return a page of the bots in any of `states` that the caller may see, newest first; no states are all.

        Raises InvalidInput for a token of another list or of other states.
        """
        listing = f"ListBots {sorted({state.value for state in states})}"
        before = page_start(listing, page_token, (moment, text), Position)
        found = await self._bots.list_bots(caller.scope, states, before, page_size + 1)
        return page_of(
            listing, found, page_size, lambda bot: Position(bot.created_at, bot.bot_id).keys
        )

    async def stop_bot(self, caller: Caller, bot_id: BotId) -> Bot:
        """Ask a bot to leave its meeting; one that has left is returned as it is."""
        bot = (await self._get_bot(caller, bot_id)).bot
        if RANK[bot.state] >= RANK[BotState.TRANSCRIBING]:
            return bot
        try:
            await self._status.stop_bot(bot_id)
        except UpstreamUnavailable as refusal:
            if refusal.reason == "STOP_NOT_TAKEN":  # it is asked again until it has left
                await self._bots.note_stopped(bot, caller.user, utc_now())
            raise
        await self._bots.note_stopped(bot, caller.user, utc_now())
        return (await self._get_bot(caller, bot_id)).bot

    async def check_bots(self, caller: Caller, bot_ids: Collection[BotId]) -> None:
        """Raise BotNotFound or Forbidden unless the caller may see the bots."""
        if not bot_ids:
            return
        owners = await self._bots.owners_of_bots(bot_ids)
        for bot_id in bot_ids:
            if bot_id not in owners:
                raise _not_found(bot_id)
            if not caller.sees(owners[bot_id]):
                raise Forbidden(f"bot {bot_id} is somebody else's")

    async def _own_bot(self, owner: Owner, bot_id: BotId) -> BotRecord | None:
        """Return the record of a bot of `owner`, None where there is no such bot; refuses one of another owner."""
        owners = await self._bots.owners_of_bots([bot_id])
        if owners.get(bot_id, owner) != owner:
            raise InvalidInput(f"user_id: bot {bot_id} is not theirs, name the user who sent it")
        return await self._bots.get_bot(owner, bot_id)

    async def _get_bot(self, caller: Caller, bot_id: BotId) -> BotRecord:
        record = await self._bots.get_bot(caller.scope, bot_id)
        if record is None:
            await self.check_bots(caller, [bot_id])
            raise _not_found(bot_id)
        return record

    async def _ended(self, owner: Owner, bot_id: BotId, wait: timedelta) -> BotRecord:
        """Return the record of a bot once it is final, or as it is when the wait is over."""
        record = None
        changes = self._waits.changes(bot_id, wait)
        async with aclosing(changes):
            async for _ in changes:
                record = await self._bots.get_bot(owner, bot_id)
                if record and record.bot.final:
                    break
        if record is None:
            raise UpstreamUnavailable(
                f"what was said is kept for bot {bot_id}, but its processing has not begun: ask again"
            )
        return record

    async def _with_result(self, record: BotRecord) -> BotRecord:
        bot = record.bot
        if bot.state is not BotState.DONE:
            return record
        result = await self._tasks.get_meeting_tasks(bot.owner, bot.bot_id)
        return replace(record, result=result)


def _check_awaited(bot_id: str, state: BotState) -> None:
    """Raise BotNotFound for a bot without a record unless its first report may still be on its way."""
    if RANK[state] >= RANK[BotState.TRANSCRIBING]:
        raise _not_found(bot_id)


def _not_found(bot_id: str) -> BotNotFound:
    return BotNotFound(
        f"there is no bot {bot_id}: the id is wrong, or its record has expired; send a new one"
    )
