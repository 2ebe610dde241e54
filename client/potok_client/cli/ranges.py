"""`potok status` and `items`: where a range of days is, whatever runs did it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Annotated

import typer
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1.range_status_pb2 import RangeStatus
from potok.coordinator.v1.run_pb2 import Run
from potok.stage.v1.stage_service_pb2 import Item
from potok.status.v1 import stage_pb2
from potok.status.v1.progress_pb2 import DateRange
from rich.console import RenderableType
from rich.text import Text

from potok_client.cli import words
from potok_client.cli.connection import DEADLINE, Coordinator, coordinator
from potok_client.cli.layout import Advised, Hint
from potok_client.cli.options import (
    ALL_STAGES,
    RANGE_PANEL,
    ClientId,
    End,
    ItemStateName,
    Json,
    StageName,
    Start,
    date_range,
)
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table

app = typer.Typer()

LeftOut = tuple[StageName, Item]
"""An item that failed or was skipped, and in which stage."""

_STYLES = {"completed": "green", "partial": "yellow", "processing": "cyan"}
_ITEM_STYLES = {"success": "green", "failed": "red", "skipped": "yellow", "processing": "cyan"}
_PAGE = 1000


@app.command("status", rich_help_panel=RANGE_PANEL)
def range_status(client: ClientId, start: Start, end: End = None, as_json: Json = False) -> None:
    """Show where every stage is over a range of days, what is stale, and why what is under way waits.

    Stale are days with results that are older than what they were made from. Example: potok status clinic 2026-11-01 2026-11-20
    """
    perform(_status(client, date_range(start, end), as_json=as_json))


@app.command("items", rich_help_panel=RANGE_PANEL)
def list_items(
    client: ClientId,
    start: Start,
    end: End = None,
    *,
    stage: Annotated[
        StageName, typer.Option(metavar="STAGE", help=f"Of which stage: {ALL_STAGES}.")
    ] = StageName.CALL_SYNC,
    state: Annotated[
        list[ItemStateName] | None, typer.Option(help="Only in this state; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """List the calls of a stage, with the reason of what failed or was skipped.

    Example: potok items clinic 2026-11-01 2026-11-20 --stage transcription --state failed
    """
    request = pb.ListItemsRequest(
        client_id=client,
        stage=stage.number,
        range=date_range(start, end),
        states=[name.number for name in state or []],
    )
    perform(_items(request, limit, as_json=as_json))


async def _status(client_id: str, days: DateRange, *, as_json: bool) -> None:
    async def ask(stage: StageName) -> RangeStatus:
        request = pb.GetRangeStatusRequest(client_id=client_id, stage=stage.number, range=days)
        return (await service.stub.GetRangeStatus(request, timeout=DEADLINE)).status

    async with coordinator() as service:
        statuses, run = await asyncio.gather(
            asyncio.gather(*map(ask, StageName)), _active_run(service, client_id)
        )
    found = dict(zip(StageName, statuses, strict=True))
    if as_json:
        print_json({stage.value: as_dict(status) for stage, status in found.items()})
        return
    numbers = ("calls", "pending", "processing", "success", "failed", "progress", "stale")
    rows = table("stage", "status", *numbers, numbers=numbers, tight=True)
    for stage, status in found.items():
        counts = status.status_breakdown
        rows.add_row(
            stage.value,
            cell(status.overall_status, _STYLES.get(status.overall_status, "dim")),
            str(status.total_calls),
            str(counts.pending),
            str(counts.processing),
            str(counts.success),
            cell(counts.failed, "red" if counts.failed else ""),
            f"{status.progress_percentage:g} %",
            cell(status.stale_days or "", "yellow"),
        )
    show(rows)
    say(*_what_now(client_id, days, found, run))


async def _active_run(service: Coordinator, client_id: str) -> Run | None:
    """Return the run of a client that is under way: while there is one, none is newer."""
    request = pb.ListRunsRequest(client_id=client_id, page_size=1)
    newest = (await service.stub.ListRuns(request, timeout=DEADLINE)).runs
    return newest[0] if newest and not newest[0].status.HasField("end_time") else None


def _what_now(
    client_id: str, days: DateRange, found: Mapping[StageName, RangeStatus], run: Run | None
) -> Iterator[RenderableType]:
    """Yield what goes on, why it waits, and what would bring the range up to date."""
    if run:
        stage = words.stage_name(run.status.stage)
        name = words.short(run.status.run_id)
        sentence = f"run {name} is under way in {stage}"
        yield Advised(sentence, f"potok watch {name}", "follows it", "cyan")
        for status in run.stages:
            if why := words.wait(status):
                yield cell(f"{words.stage_name(status.stage)} waits: {why}", "yellow")
    elif any(status.stale_days for status in found.values()):
        over = f"{client_id} {days.start_date} {days.end_date}"
        yield Hint(f"potok run {over}", "makes what is stale anew", "yellow")
    elif left := [stage for stage, status in found.items() if status.status_breakdown.pending]:
        over = f"{client_id} {days.start_date} {days.end_date}"
        stages = ", ".join(
            f"{found[each].status_breakdown.pending} in {each.value}" for each in left
        )
        yield Hint(f"potok run {over}", f"takes what is pending: {stages}", "yellow")


async def list_left_out(
    service: Coordinator, client_id: str, days: DateRange, limit: int
) -> list[LeftOut]:
    """Return the first items of every stage that failed or were skipped, at most `limit` in all."""

    async def ask(stage: StageName) -> list[LeftOut]:
        request = pb.ListItemsRequest(
            client_id=client_id,
            stage=stage.number,
            range=days,
            states=[stage_pb2.ITEM_STATE_FAILED, stage_pb2.ITEM_STATE_SKIPPED],
            page_size=min(_PAGE, limit),
        )
        page = await service.stub.ListItems(request, timeout=DEADLINE)
        return [(stage, item) for item in page.items]

    stages = await asyncio.gather(*map(ask, StageName))
    return [each for stage in stages for each in stage][:limit]


def left_out_table(items: Iterable[LeftOut]) -> RenderableType:
    """Return items that failed or were skipped, with the stage and the reason."""
    rows = table("day", "call", "stage", "state", "why", prose=["why"])
    for stage, item in items:
        rows.add_row(item.day, cell(item.item_id), stage.value, _state(item), cell(_why(item)))
    return rows


async def _items(request: pb.ListItemsRequest, limit: int, *, as_json: bool) -> None:
    items: list[Item] = []
    async with coordinator() as service:
        while True:
            request.page_size = min(_PAGE, limit - len(items))
            page = await service.stub.ListItems(request, timeout=DEADLINE)
            items.extend(page.items)
            request.page_token = page.next_page_token
            if not page.next_page_token or len(items) >= limit:
                break
    if as_json:
        print_json([as_dict(item) for item in items])
    else:
        _print_items(items)
    if request.page_token:
        more = f"only the first {limit} are shown: --limit {10 * limit} shows more"
        say(more, style="yellow", stderr=True)


def _print_items(items: list[Item]) -> None:
    rows = table(
        "day", "call", "length", "state", "tries", "why", numbers=("length", "tries"), prose=["why"]
    )
    for item in items:
        length = words.duration(item.duration_seconds) if item.duration_seconds else ""
        tries = str(item.attempt)
        rows.add_row(item.day, cell(item.item_id), length, _state(item), tries, cell(_why(item)))
    show(rows if items else "no calls there")


def _state(item: Item) -> Text:
    state = words.item_state(item.state)
    return cell(state, _ITEM_STYLES.get(state, ""))


def _why(item: Item) -> str:
    why = ": ".join(filter(None, (words.reason(item.reason), item.message)))
    if item.HasField("retry_time"):
        why += f"; tried again at {words.clock(item.retry_time.ToDatetime(UTC))}"
    return why.removeprefix("; ")
