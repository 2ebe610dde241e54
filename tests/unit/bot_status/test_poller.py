"""What follows once a bot's recording is there, or is said to be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from services.bot_status.domain import Bot, External, Kind, Meaning, ReportedStatus
from services.bot_status.observing import Step
from services.bot_status.patience import Patience
from services.bot_status.poller import Poller
from services.bot_status.ports import Leased
from services.recordings.domain import NotFetched, RecordingMissing
from tests.builders.bot_status import a_bot


@dataclass
class Outside:
    """Plays the provider, the rows, the reports and what fetches: the coordinator takes no report."""

    bot: Bot
    refusal: NotFetched | None = None
    fetched: list[Bot] = field(default_factory=list)

    async def get(self, _external: External) -> ReportedStatus:
        return ReportedStatus(raw_status="ended", meaning=Meaning(kind=Kind.RECORDED))

    async def change(self, _intent_id: object, step: Callable[[Bot], Step]) -> Step:
        made = step(self.bot)
        self.bot = made.bot
        return made

    async def report(self, _intent_id: object) -> None: ...

    async def fetch_of_provider(self, bot: Bot) -> None:
        self.fetched.append(bot)
        if self.refusal:
            raise self.refusal


async def looked(outside: Outside) -> tuple[int, timedelta | None]:
    part: Any = cast("Any", outside)
    poller = Poller(
        part, part, part, part, patience=Patience(), lease=timedelta(minutes=1), concurrency=1
    )
    return await poller._look_at(Leased(bot=outside.bot, hinted=False))


async def test_a_recording_that_is_kept_is_not_fetched_again_while_nobody_takes_the_report() -> (
    None
):
    there, kept = Outside(a_bot()), Outside(a_bot(media_ready=True))

    assert await looked(there) == (0, None)
    assert await looked(kept) == (0, None)
    assert (len(there.fetched), len(kept.fetched)) == (1, 0)


@pytest.mark.parametrize("may_come", [True, False])
async def test_a_link_that_is_refused_loses_the_meeting_only_when_nothing_may_come(
    may_come: bool,
) -> None:
    pause = timedelta(seconds=7)
    outside = Outside(a_bot(), RecordingMissing("not there", may_come=may_come, retry_after=pause))

    again = await looked(outside)

    assert again == ((1, pause) if may_come else (0, None))
    assert bool(outside.bot.failure) is not may_come
