"""What a run would do, shown before it begins."""

import asyncio
import sys
from collections.abc import Iterable

from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.status.v1 import stage_pb2

from potok_client.cli import words
from potok_client.cli.connection import Coordinator
from potok_client.cli.listing import Listing
from potok_client.cli.terminal import as_dict, cell, console, print_json, show, table

DEADLINE = 160
"""Seconds that a preview may take: it asks the source of the calls."""


async def show_preview(
    service: Coordinator, run: pb.StartRunRequest, *, as_json: bool = False
) -> None:
    """Print what a run would do; raises what starting it would."""
    request = pb.PreviewRunRequest(
        client_id=run.client_id, range=run.range, stages=run.stages, mode=run.mode
    )
    answer = await service.stub.PreviewRun(request, timeout=DEADLINE)
    if as_json:
        print_json(as_dict(answer))
    else:
        show(preview_table(answer.stages))


def preview_table(stages: Iterable[pb.StagePreview]) -> Listing:
    """Return the stages of a run with what each would do."""
    numbers = ("calls at most", "minutes", "no work", "failed before", "cost at most")
    rows = table("stage", *numbers, numbers=numbers)
    for stage in stages:
        rows.add_row(
            words.stage_name(stage.stage),
            f"{stage.calls}{'+' if stage.more else ''}",
            _minutes(stage),
            cell(stage.unchanged, "dim"),
            cell(stage.unchanged_failed or "", "red"),
            cell(words.cost(stage.cost) if stage.HasField("cost") else ""),
        )
    return rows


async def confirmed(question: str) -> bool:
    """Ask the person at the terminal; a script, which has none, is not asked and goes on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return True
    console().print(f"{question} [Y/n] ", end="")
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        loop.remove_reader(sys.stdin)
        answer.set_result(sys.stdin.readline())

    loop.add_reader(sys.stdin, read)  # Ctrl-C ends a wait, not a blocking read
    try:
        line = await answer
    finally:
        loop.remove_reader(sys.stdin)
    return bool(line) and line.strip().lower() in ("", "y", "yes")


def _minutes(stage: pb.StagePreview) -> str:
    """Return how long the calls are, for the stages that fetch and hear recordings; later ones read transcripts."""
    if stage.stage not in (stage_pb2.STAGE_CALL_SYNC, stage_pb2.STAGE_TRANSCRIPTION):
        return ""
    known = f"{stage.duration_seconds / 60:.1f}"
    return f"{known} + {stage.unknown_durations} unknown" if stage.unknown_durations else known
