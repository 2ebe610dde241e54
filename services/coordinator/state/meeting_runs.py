"""The run of a meeting: begun by the report that its recording is there, given up with its bot. Pure."""

from datetime import datetime

from services.coordinator.state import bot_steps
from services.coordinator.state.actors import BOT_STATUS, COORDINATOR
from services.coordinator.state.bot import Bot, BotReport
from services.coordinator.state.domain import (
    Run,
)
from services.coordinator.state.order import MEETING
from services.coordinator.state.reports import (
    Verdict,
)
from services.coordinator.state.sequence import NextNumber, cancel_run, open_execution
from services.coordinator.state.tenant import (
    Subject,
    Tenant,
)
from services.status.domain import BotState, ClientSettings, DateRange, RunId, RunMode

PLAYBOOK = "meeting"


def take_bot_report(
    tenant: Tenant, report: BotReport, run_id: RunId, next_number: NextNumber, now: datetime
) -> tuple[Verdict, list[Subject]]:
    """Judge a report of a bot and apply it; one that says that the recording is there begins the run `run_id`.

    A recording counts for more than an error in the same report: it is processed all the same.
    """
    bot = tenant.bots.get(report.bot_id)
    if bot is None:
        bot = tenant.bots[report.bot_id] = bot_steps.new_bot(report, now)
        verdict, begins = Verdict.APPLIED, report.media_ready and not bot.final
    else:
        newer = report.sequence > bot.sequence
        begins = report.media_ready and newer and not (bot.run_id or bot.final)
        if begins and report.state is BotState.ERROR:
            verdict = Verdict.APPLIED
        else:
            verdict = bot_steps.take_report(bot, report, now)
    if begins and verdict is not Verdict.ILLEGAL:
        bot.sequence = report.sequence
        return Verdict.APPLIED, _begin_meeting(tenant, bot, run_id, next_number, now)
    return verdict, [bot] if verdict is Verdict.APPLIED else []


def _begin_meeting(
    tenant: Tenant, bot: Bot, run_id: RunId, next_number: NextNumber, now: datetime
) -> list[Subject]:
    """Begin the run of a bot's meeting, whose one item is the meeting itself."""
    run = Run(
        run_id=run_id,
        owner=tenant.owner,
        client_id="",
        range=DateRange(start=bot.day, end=bot.day),
        first_stage=MEETING[0],
        last_stage=MEETING[-1],
        mode=RunMode.ALL,
        settings=ClientSettings(
            time_zone=bot.time_zone,
            source=f"bot:{bot.bot_id}",
            playbook=PLAYBOOK,
            language=bot.language,
            min_success_ratio=0.0,
            weight=1,
        ),
        actor=BOT_STATUS,
        created_at=now,
        stage=MEETING[0],
        bot_id=bot.bot_id,
    )
    tenant.runs[run_id], bot.run_id = run, run_id
    execution = open_execution(tenant, run, run.mode, next_number(), now)
    bot_steps.follow(bot, run, now)
    return [run, execution, bot]


def expire_bot(tenant: Tenant, bot: Bot, why: str, now: datetime) -> list[Subject]:
    """Give up a bot that did not change for too long, and with it the run of its meeting."""
    if not bot_steps.expire(bot, why, now):
        return []
    run = tenant.runs.get(bot.run_id) if bot.run_id else None
    return [*(cancel_run(tenant, run, COORDINATOR, now) if run else []), bot]
