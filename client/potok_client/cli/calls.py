"""`potok calls`, `call` and `search`: every call, whatever became of it, and what was said in it."""

from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import Annotated, Any

import typer
from potok.call_sync.v1 import call_pb2
from potok.call_sync.v1 import call_service_pb2 as pb
from potok.call_sync.v1 import call_service_pb2_grpc as pb_grpc
from potok.call_sync.v1.listed_call_pb2 import CallFilter, CallStage, FoundCall, ListedCall, Passage
from potok.status.v1 import stage_pb2
from potok.transcription.v1 import transcript_pb2
from rich.text import Text

from potok_client.cli import words
from potok_client.cli.connection import DEADLINE, coordinator
from potok_client.cli.layout import Indented, Prose
from potok_client.cli.options import (
    RANGE_PANEL,
    ClientId,
    ItemStateName,
    Json,
    StageName,
    date_range,
    parse_day,
)
from potok_client.cli.report import time_zone
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table

app = typer.Typer()

_PAGE = 100
_STYLES = {"failed": "red", "skipped": "dim", "processing": "cyan", "pending": "yellow"}
_DIRECTIONS = {call_pb2.DIRECTION_INCOMING: "in", call_pb2.DIRECTION_OUTGOING: "out"}
_SPEAKERS = {
    transcript_pb2.SPEAKER_OPERATOR: "operator",
    transcript_pb2.SPEAKER_CLIENT: "client",
}

_Start = Annotated[
    str | None,
    typer.Argument(metavar="[START]", parser=parse_day, help="The first day; without it, all."),
]
_End = Annotated[
    str | None,
    typer.Argument(metavar="[END]", parser=parse_day, help="The last day; without it, only START."),
]
_Employee = Annotated[str | None, typer.Option(help="Only of this employee; '' of nobody known.")]
_Contact = Annotated[str, typer.Option(help="Only with this name, or the last four digits.")]
_StageOption = Annotated[StageName | None, typer.Option(help="Only calls that this stage knows.")]
_State = Annotated[
    list[ItemStateName] | None, typer.Option(help="Only in this state of --stage; repeatable.")
]
_Type = Annotated[str, typer.Option("--type", help="Only of this type.")]
_Outcome = Annotated[str, typer.Option(help="Only with this outcome.")]
_Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]


@app.command("calls", rich_help_panel=RANGE_PANEL)
def list_calls(
    client: ClientId,
    start: _Start = None,
    end: _End = None,
    *,
    employee: _Employee = None,
    contact: _Contact = "",
    answered: Annotated[
        bool | None, typer.Option("--answered/--missed", help="Only these.", show_default=False)
    ] = None,
    recorded: Annotated[
        bool | None,
        typer.Option("--recorded/--unrecorded", help="Only these.", show_default=False),
    ] = None,
    stage: _StageOption = None,
    state: _State = None,
    call_type: _Type = "",
    outcome: _Outcome = "",
    max_score: Annotated[
        float | None, typer.Option(min=0, max=100, help="Only with at most this score.")
    ] = None,
    limit: _Limit = 50,
    as_json: Json = False,
) -> None:
    """List every call, the latest first: missed, unrecorded, failed and judged ones.

    Example: potok calls clinic 2026-11-01 2026-11-20 --outcome thinking --max-score 60
    """
    if state and not stage:
        raise typer.BadParameter("say with --stage of which stage --state is")
    chosen = CallFilter(
        range=date_range(start, end) if start else None,
        contact=contact,
        stage=stage.number if stage else stage_pb2.STAGE_UNSPECIFIED,
        states=[each.number for each in state or ()],
        call_type=call_type,
        outcome=outcome,
    )
    for name, value in (
        ("employee", employee),
        ("answered", answered),
        ("recorded", recorded),
        ("max_score", max_score),
    ):
        if value is not None:
            setattr(chosen, name, value)
    perform(_calls(client, chosen, limit, as_json=as_json))


@app.command("call", rich_help_panel=RANGE_PANEL)
def show_call(
    client: ClientId,
    call: Annotated[
        str, typer.Argument(metavar="CALL", help="The call's id, as `potok calls` shows it.")
    ],
    as_json: Json = False,
) -> None:
    """Show one call and where it is in every stage.

    Example: potok call clinic amocrm-42709301
    """
    perform(_call(client, call, as_json=as_json))


@app.command("search", rich_help_panel=RANGE_PANEL)
def search_calls(
    client: ClientId,
    said: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="What was said, in any form.")
    ],
    *,
    start: Annotated[
        str | None, typer.Option("--from", parser=parse_day, help="The first day; without it, all.")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", parser=parse_day, help="The last day; without it, only --from."),
    ] = None,
    employee: _Employee = None,
    outcome: _Outcome = "",
    limit: _Limit = 20,
    as_json: Json = False,
) -> None:
    """Find calls in which something was said, the latest first, with the words around it.

    All words are to be in one call, in any form. A phrase stands in quotation marks; `or` is between two of which one
    is enough; behind `--`, a word with a minus is not to be in the call.

    Example: potok search clinic '"сколько стоит" имплант'
    """
    chosen = CallFilter(outcome=outcome)
    if end and not start:
        raise typer.BadParameter("say with --from where the days begin")
    if start:
        chosen.range.CopyFrom(date_range(start, end))
    if employee is not None:
        chosen.employee = employee
    perform(_search(client, " ".join(said), chosen, limit, as_json=as_json))


async def _calls(client_id: str, chosen: CallFilter, limit: int, *, as_json: bool) -> None:
    found: list[ListedCall] = []
    request = pb.ListCallsRequest(owner=f"client:{client_id}", filter=chosen)
    async with coordinator() as service:
        zone = await time_zone(service, client_id)
        stub = pb_grpc.CallServiceStub(service.channel)
        total = 0
        while True:
            request.page_size = min(_PAGE, limit - len(found))
            page = await stub.ListCalls(request, timeout=DEADLINE)
            total = total if request.page_token else page.total
            found.extend(page.calls)
            request.page_token = page.next_page_token
            if not page.next_page_token or len(found) >= limit:
                break
    if as_json:
        print_json([as_dict(call) for call in found])
        return
    show(_table(found, zone) if found else "there are no such calls")
    _say_as_of(page, zone)
    if len(found) < total:
        more = f"only the latest {limit} of {total} are shown: --limit {10 * limit} shows more"
        say(more, style="yellow", stderr=True)


async def _call(client_id: str, call_id: str, *, as_json: bool) -> None:
    request = pb.GetCallRequest(owner=f"client:{client_id}", call_id=call_id)
    async with coordinator() as service:
        zone = await time_zone(service, client_id)
        stub = pb_grpc.CallServiceStub(service.channel)
        answer = await stub.GetCall(request, timeout=DEADLINE)
    if as_json:
        print_json(as_dict(answer.call))
        return
    rows = table("stage", "state", "why", prose=["why"])
    for stage in answer.call.stages:
        state = words.item_state(stage.state)
        rows.add_row(
            words.stage_name(stage.stage), cell(state, _STYLES.get(state, "")), _why(stage)
        )
    show(_table([answer.call], zone), *([rows] if answer.call.stages else []))
    if answer.call.call.HasField("card"):
        say(f"{answer.call.call.card.kind} {answer.call.call.card.link}")
    _say_as_of(answer, zone)


async def _search(
    client_id: str, query: str, chosen: CallFilter, limit: int, *, as_json: bool
) -> None:
    found: list[FoundCall] = []
    request = pb.SearchCallsRequest(owner=f"client:{client_id}", query=query, filter=chosen)
    async with coordinator() as service:
        zone = await time_zone(service, client_id)
        stub = pb_grpc.CallServiceStub(service.channel)
        while True:
            request.page_size = min(_PAGE, limit - len(found))
            page = await stub.SearchCalls(request, timeout=DEADLINE)
            found.extend(page.calls)
            request.page_token = page.next_page_token
            if not page.next_page_token or len(found) >= limit:
                break
    if as_json:
        print_json([as_dict(call) for call in found])
        return
    for each in found:
        _show_found(each, zone)
    if not found:
        say("nobody said so")
    _say_as_of(page, zone)
    if request.page_token:
        more = f"only the latest {limit} are shown: --limit {10 * limit} shows more"
        say(more, style="yellow", stderr=True)


def _table(calls: Iterable[ListedCall], zone: tzinfo) -> Any:
    rows = table(
        *("day", "time", "employee", "way", "contact", "length", "state"),
        *("type", "outcome", "score", "call"),
        numbers=("length", "score"),
        tight=True,
    )
    for listed in calls:
        call = listed.call
        rows.add_row(
            call.day,
            f"{call.start_time.ToDatetime(UTC).astimezone(zone):%H:%M}",
            cell(call.employee),
            _DIRECTIONS.get(call.direction, ""),
            cell(call.contact),
            words.duration(call.duration_seconds) if call.HasField("duration_seconds") else "",
            _state(listed),
            cell(listed.call_type),
            cell(listed.outcome),
            f"{listed.score:.0f}" if listed.HasField("score") else "",
            cell(call.call_id),
        )
    return rows


def _state(listed: ListedCall) -> Text:
    """Return where a call is: in which stage it has not come through, or that it has come through all it is in."""
    for stage in listed.stages:
        if stage.state != stage_pb2.ITEM_STATE_SUCCESS:
            state = words.item_state(stage.state)
            text = words.reason(stage.reason) or f"{words.stage_name(stage.stage)} {state}"
            return cell(text, _STYLES.get(state, ""))
    return cell(words.stage_name(listed.stages[-1].stage) if listed.stages else "")


def _why(stage: CallStage) -> Text:
    return cell(": ".join(filter(None, (words.reason(stage.reason), stage.message))))


def _show_found(found: FoundCall, zone: tzinfo) -> None:
    call = found.call.call
    at = f"{call.start_time.ToDatetime(UTC).astimezone(zone):%H:%M}"
    head = " ".join(filter(None, (call.day, at, call.employee, call.contact)))
    show(Text.assemble(cell(head, "bold"), "  ", cell(call.call_id, "dim")))
    for passage in found.passages:
        mark = (
            f"{words.duration(passage.start_seconds)} {_SPEAKERS.get(passage.speaker, '')}".strip()
        )
        show(Indented(Prose(_marked(passage), Text(f"{mark}: ", "dim"))))
    if found.more_passages:
        show(Indented(Text(f"and {found.more_passages} more", "dim")))


def _marked(passage: Passage) -> Text:
    """Return the words of a passage, those bold that were looked for."""
    text = cell(passage.text)
    for span in passage.highlights:
        text.stylize("bold yellow", span.start, span.end)
    return text


def _say_as_of(answer: Any, zone: tzinfo) -> None:
    """Say as of when an answer is whole, where that is not known, that it may lack something."""
    if answer.HasField("as_of_time"):
        at = answer.as_of_time.ToDatetime(UTC).astimezone(zone)
        say(f"as of {at:%Y-%m-%d %H:%M:%S}", style="dim", stderr=True)
    else:
        said = "what the stages know is being copied: something may be missing yet"
        say(said, style="yellow", stderr=True)
