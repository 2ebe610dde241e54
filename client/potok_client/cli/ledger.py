"""`potok ledger`: whether every call of a range is accounted for, from its source to the reporting tables."""

import asyncio
from collections.abc import Iterator, Sequence

import grpc
import typer
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1.range_status_pb2 import StageLedger
from potok.recommendations.v1 import recommendations_service_pb2 as recommendations_pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as recommendations_grpc
from potok.recommendations.v1.reported_calls_pb2 import ReportedCalls
from potok.status.v1 import stage_pb2
from potok.status.v1.progress_pb2 import DateRange
from rich.text import Text

from potok_client.cli import words
from potok_client.cli.connection import DEADLINE, coordinator
from potok_client.cli.exits import ExitCode
from potok_client.cli.options import RANGE_PANEL, ClientId, End, Json, Start, date_range
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table

app = typer.Typer()

CALLS = "calls"
"""The reporting table with one row for each reported call."""


@app.command("ledger", rich_help_panel=RANGE_PANEL)
def show_ledger(client: ClientId, start: Start, end: End = None, as_json: Json = False) -> None:
    """Show that no call is lost: at every stage, found = done + skipped + failed + pending + merged.

    Merged is what the source lists of a call once more. What the source has is found, too. The last line counts the rows of the reporting tables. Example: potok ledger clinic 2026-11-01 2026-11-20

    Exit code: 0 the ledger holds, 1 it does not.
    """
    perform(_ledger(client, date_range(start, end), as_json=as_json))


async def _ledger(client_id: str, days: DateRange, *, as_json: bool) -> ExitCode:
    async with coordinator() as service:
        request = pb.GetLedgerRequest(client_id=client_id, range=days)
        answer, reported = await asyncio.gather(
            service.stub.GetLedger(request, timeout=DEADLINE),
            _count_reported(service.channel, f"client:{client_id}", days),
        )
    gaps = list(gaps_of(answer.stages, reported))
    if as_json:
        stages = [as_dict(stage) for stage in answer.stages]
        print_json({"stages": stages, "reported": as_dict(reported), "gaps": gaps})
    else:
        _print(answer.stages, reported, gaps)
    return ExitCode.ERROR if gaps else ExitCode.DONE


async def _count_reported(channel: grpc.aio.Channel, owner: str, days: DateRange) -> ReportedCalls:
    stub = recommendations_grpc.RecommendationsServiceStub(channel)
    request = recommendations_pb.CountReportedCallsRequest(owner=owner, range=days)
    return (await stub.CountReportedCalls(request, timeout=DEADLINE)).reported


def gaps_of(stages: Sequence[StageLedger], reported: ReportedCalls) -> Iterator[str]:
    """Yield a sentence for each count that does not account for all calls."""
    for stage in stages:
        name = words.stage_name(stage.stage)
        told = stage.success + stage.skipped + stage.failed + stage.pending + stage.merged
        if told != stage.found:
            yield f"{name}: {stage.found} found, but {told} accounted for"
        if stage.listed > stage.found:
            yield f"{name}: the source has {stage.listed}, but {stage.found} are found: run it again"
    available = {stage.stage: stage.available for stage in stages}
    rolled_up = available.get(stage_pb2.STAGE_RECOMMENDATIONS, 0)
    if reported.rolled_up_calls != rolled_up:
        yield (
            f"recommendations: {rolled_up} calls have a result, "
            f"but {reported.rolled_up_calls} are rolled up"
        )
    for table_count in reported.tables:
        expected = table_count.expected_rows
        if table_count.table == CALLS:
            expected = available.get(stage_pb2.STAGE_REPORTING, 0)
        elif not table_count.HasField("expected_rows") or _unsettled(stages):
            continue
        if table_count.rows != expected:
            yield f"reporting.{table_count.table}: {table_count.rows} rows, but {expected} expected"


def _unsettled(stages: Sequence[StageLedger]) -> bool:
    """Return whether the last stages have work left. Until it is done, only the table of calls can be checked."""
    return any(
        stage.pending or stage.gone or stage.stale_days or stage.failed
        for stage in stages
        if stage.stage in (stage_pb2.STAGE_RECOMMENDATIONS, stage_pb2.STAGE_REPORTING)
    )


def _print(stages: Sequence[StageLedger], reported: ReportedCalls, gaps: Sequence[str]) -> None:
    merged = ("merged",) if any(stage.merged for stage in stages) else ()
    counted = ("found", "done", "skipped", "failed", "pending", *merged)
    numbers = (*counted, "with result", "gone", "stale")
    rows = table("stage", *numbers, numbers=numbers)
    for stage in stages:
        rows.add_row(
            words.stage_name(stage.stage),
            str(stage.found),
            str(stage.success),
            str(stage.skipped),
            cell(stage.failed, "red" if stage.failed else ""),
            cell(stage.pending, "cyan" if stage.pending else ""),
            *(cell(stage.merged or "", "yellow") for _ in merged),
            str(stage.available),
            cell(stage.gone or "", "yellow"),
            cell(stage.stale_days or "", "yellow"),
        )
    show(rows)
    tables = ", ".join(f"{each.table} {each.rows}" for each in reported.tables)
    say(f"reporting rows: {tables}", style="dim")
    say(*(cell(gap, "red") for gap in gaps))
    say(Text("the ledger does not hold", "red") if gaps else Text("the ledger holds", "green"))
