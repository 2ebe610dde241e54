"""New bots, and what they are where nobody says."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.bot_status.domain import Bot, BotId, External, Phase, Wish
from services.kernel.clock import utc_now
from services.status.domain import BotState


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds for a bot where its caller does not say."""

    time_zone: str
    language: str
    bot_name: str = "Potok"


def new_bot(
    wish: Wish,
    time_zone: str,
    provider: str,
    *,
    bot_id: BotId | None = None,
    state: BotState = BotState.INITIALIZED,
) -> Bot:
    """Return a bot that is only wished for, or one that has its id already."""
    now = utc_now()
    return Bot(
        wish=wish,
        provider=provider,
        phase=Phase.STARTED if bot_id else Phase.INTENDED,
        bot_id=bot_id,
        external=External(""),
        time_zone=time_zone,
        day=now.astimezone(ZoneInfo(time_zone)).date(),
        state=state,
        state_at=now,
        answered_at=now,
        created_at=now,
    )
