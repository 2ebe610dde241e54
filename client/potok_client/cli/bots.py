"""`potok bot`: bots that join meetings, sent, followed, asked to leave, and what came of their meetings."""

import asyncio
import uuid
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from google.protobuf.json_format import MessageToDict
from potok.coordinator.v1 import bot_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2 as watch_pb
from potok.coordinator.v1 import report_pb2
from potok.coordinator.v1.bot_pb2 import BotObservation
from potok.status.v1 import stage_pb2

from potok_client.cli import words
from potok_client.cli.connection import DEADLINE, Coordinator, coordinator
from potok_client.cli.exits import ExitCode
from potok_client.cli.follow import shown
from potok_client.cli.layout import Advised, Hint
from potok_client.cli.lines import Lines
from potok_client.cli.options import BotId, BotStateName, Json
from potok_client.cli.stepper import BOT_STYLES, Steps, bot_picture
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table
from potok_client.state import View
from potok_client.watch import watch

app = typer.Typer(no_args_is_help=True, help="Send a bot to a meeting, and see what comes of it.")

_START_SECONDS = 60
"""The service that runs bots is asked within the call."""
_EXITS = {"done": ExitCode.DONE, "error": ExitCode.FAILED}


@app.command("start")
def start_bot(
    meet_url: Annotated[str, typer.Argument(metavar="URL", help="The address of the meeting.")],
    *,
    name: Annotated[str, typer.Option(help="What the bot is called in the meeting.")] = "Potok",
    language: Annotated[str, typer.Option(help="What is spoken there, as `ru` or `en`.")] = "",
    no_watch: Annotated[bool, typer.Option("--no-watch", help="Do not follow the bot.")] = False,
    as_json: Json = False,
) -> None:
    """Send a bot to a meeting and follow it to the tasks. Ctrl-C detaches: the bot goes on.

    Example: potok bot start https://meet.google.com/abc-defg-hij --name Secretary

    Exit code: 0 done, 4 the bot or the processing of its meeting failed.
    """
    request = pb.TriggerBotRequest(
        meet_url=meet_url, bot_name=name, language=language, request_id=str(uuid.uuid4())
    )
    perform(_start(request, no_watch=no_watch, as_json=as_json))


@app.command("status")
def show_bot(
    bot: BotId,
    *,
    observations: Annotated[
        bool,
        typer.Option(
            "--observations", help="Also what was said about it, and what became of that."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show where a bot is, and the tasks of its meeting once they are there.

    Example: potok bot status bot_123 --observations
    """
    perform(_status(bot, observations=observations, as_json=as_json))


@app.command("watch")
def watch_bot(bot: BotId, as_json: Json = False) -> None:
    """Follow a bot to the tasks of its meeting. Ctrl-C detaches: the bot goes on.

    Example: potok bot watch bot_123

    Exit code: as of `start`.
    """
    perform(_watch(bot, as_json=as_json))


@app.command("stop")
def stop_bot(bot: BotId, as_json: Json = False) -> None:
    """Ask a bot to leave its meeting; what it has recorded is processed.

    Example: potok bot stop bot_123
    """
    perform(_stop(bot, as_json=as_json))


@app.command("list")
def list_bots(
    *,
    state: Annotated[
        list[BotStateName] | None,
        typer.Option(metavar="STATE", help="Only bots in this state; may be repeated."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List your bots, newest first; a record is kept for a day after its last change.

    Example: potok bot list --state connecting
    """
    request = pb.ListBotsRequest(states=[each.number for each in state or []], page_size=limit)
    perform(_list(request, as_json=as_json))


async def _start(request: pb.TriggerBotRequest, *, no_watch: bool, as_json: bool) -> ExitCode:
    async with coordinator() as service:
        answer = await service.bots.TriggerBot(request, timeout=_START_SECONDS)
        if not no_watch:
            return await _follow(service, answer.bot_id, as_json=as_json)
    if as_json:
        print_json(as_dict(answer))
    else:
        follow = f"potok bot watch {words.plain(answer.bot_id)}"
        say(Advised(words.plain(answer.message), follow, "follows it"))
    return ExitCode.DONE


async def _watch(bot_id: str, *, as_json: bool) -> ExitCode:
    async with coordinator() as service:
        return await _follow(service, bot_id, as_json=as_json)


async def _follow(service: Coordinator, bot_id: str, *, as_json: bool) -> ExitCode:
    """Show a bot until it is final, then what came of it; returns the exit code of that."""
    view, steps = View(), Steps(bot_id)
    request = watch_pb.WatchStatusRequest(bot_ids=[bot_id])
    try:
        async with (
            shown(
                lambda: bot_picture(view, steps, datetime.now(UTC)),
                Lines().take,
                as_json=as_json,
            ) as show,
            aclosing(watch(service.replicas, request)) as updates,
        ):
            async for update in updates:
                view.apply(update)
                steps.take(update)
                show(update)
                if bot_id in view.bots and view.bots[bot_id].state in words.FINAL_BOTS:
                    break
    except asyncio.CancelledError:
        say(f"detached: bot {words.plain(bot_id)} goes on", style="yellow", stderr=True)
        follows = Hint(f"potok bot watch {words.plain(bot_id)}", "follows it again")
        say(follows, Hint(f"potok bot stop {words.plain(bot_id)}", "asks it to leave"), stderr=True)
        raise
    record = await _record(service, bot_id)
    if as_json:
        print_json({"bot": record}, line=True)
    else:
        _show_result(record)
    return _EXITS[record["status"]]


async def _status(bot_id: str, *, observations: bool, as_json: bool) -> None:
    async with coordinator() as service:
        record = await _record(service, bot_id)
        said: list[BotObservation] = []
        if observations:
            answer = await service.bots.ListBotObservations(
                pb.ListBotObservationsRequest(bot_id=bot_id), timeout=DEADLINE
            )
            said.extend(answer.observations)
    if as_json:
        print_json(
            record | ({"observations": [as_dict(one) for one in said]} if observations else {})
        )
        return
    shown_record = table("", "")
    for name in ("bot_id", "status", "detail", "user_id", "created_at", "updated_at", "session_id"):
        shown_record.add_row(cell(name.replace("_", " "), "dim"), cell(record.get(name) or "-"))
    show(shown_record)
    _show_result(record)
    if observations:
        _show_observations(said)


async def _stop(bot_id: str, *, as_json: bool) -> None:
    async with coordinator() as service:
        answer = await service.bots.StopBot(
            pb.StopBotRequest(bot_id=bot_id), timeout=_START_SECONDS
        )
    if as_json:
        print_json(as_dict(answer.bot))
    elif answer.bot.state <= stage_pb2.BOT_STATE_CONNECTED:
        bot = words.plain(bot_id)
        say(Advised(f"bot {bot} is asked to leave", f"potok bot watch {bot}", "follows it"))
    else:
        say(cell(f"bot {bot_id} has left its meeting: {words.bot(answer.bot)}"))


async def _list(request: pb.ListBotsRequest, *, as_json: bool) -> None:
    async with coordinator() as service:
        answer = await service.bots.ListBots(request, timeout=DEADLINE)
    if as_json:
        print_json([as_dict(bot) for bot in answer.bots])
        return
    rows = table("bot", "owner", "meeting", "state", "started")
    for bot in answer.bots:
        rows.add_row(
            cell(bot.bot_id),
            cell(bot.owner.removeprefix("user:")),
            cell(bot.meet_url or "-"),
            cell(words.bot(bot), BOT_STYLES.get(bot.state, "")),
            f"{bot.create_time.ToDatetime(UTC).astimezone():%Y-%m-%d %H:%M:%S}",
        )
    show(rows if answer.bots else Advised("no bots", "potok bot start URL"))


async def _record(service: Coordinator, bot_id: str) -> dict[str, Any]:
    """Return the record of a bot as browsers read it."""
    answer = await service.bots.GetBotStatus(
        pb.GetBotStatusRequest(bot_id=bot_id), timeout=DEADLINE
    )
    return MessageToDict(answer, preserving_proto_field_name=True)


def _show_result(record: dict[str, Any]) -> None:
    """Show what came of a meeting: why it failed, or its summary and tasks."""
    if record["error_message"]:
        say(cell(record["error_message"], "red"))
    result = record["result_data"]
    if not result:
        return
    say(cell(result["summary"]))
    rows = table("task", "who", "until", "priority", prose=["task"])
    for task in result["tasks"]:
        rows.add_row(
            cell(task["title"]),
            cell(task["assignee"] or "-"),
            cell(task["due_date"] or "-"),
            cell(task["priority"]),
        )
    if result["tasks"]:
        show(rows)


def _show_observations(said: list[BotObservation]) -> None:
    rows = table(
        "time", "by", "said", "means", "verdict", "times", "why", numbers=["times"], prose=["why"]
    )
    for one in said:
        rows.add_row(
            words.clock(one.last_time.ToDatetime(UTC)),
            cell(one.source),
            cell(one.raw_status),
            words.bot_state(one.state) if one.state else "-",
            report_pb2.Verdict.Name(one.verdict).removeprefix("VERDICT_").lower()
            if one.verdict
            else "not judged yet",
            str(one.times),
            cell(one.message, "dim"),
        )
    show(rows if said else "nothing was said about it yet")
