"""The demo: the sample calls through all stages, live, and what comes out. Each step is a command to try by hand."""

import csv
import os
import time
from pathlib import Path

import aiosql
import asyncpg
import grpc
from potok.status.v1.progress_pb2 import DateRange
from potok_client.channels import error_info
from potok_client.cli.clients import set_up
from potok_client.cli.exits import ExitCode
from potok_client.cli.report import report
from potok_client.cli.runs import follow, run_and_follow
from potok_client.cli.terminal import console, perform, table
from potok_client.cli.words import short

from deploy.local.place import CHECKOUT

CLIENT = "demo"
TIME_ZONE = "Europe/Moscow"
FOLDER = "deploy/samples"
"""In the checkout."""

_QUERIES = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg")
_CONNECT_SECONDS = 10


def days_of(samples: Path) -> DateRange:
    """Return the days of the calls that a folder's manifest lists."""
    with (samples / "calls.csv").open(encoding="utf-8", newline="") as manifest:
        days = sorted(row["start_time"][:10] for row in csv.DictReader(manifest))
    return DateRange(start_date=days[0], end_date=days[-1])


async def demo() -> ExitCode:
    """Run the steps; a run where single calls failed is a good one, the samples hold a damaged recording."""
    days = days_of(CHECKOUT / FOLDER)
    over = f"{CLIENT} {days.start_date} {days.end_date}"
    began_at = time.monotonic()
    _step(f"potok client set {CLIENT} --folder {FOLDER} --time-zone {TIME_ZONE}")
    await set_up(CLIENT, {"source": f"folder:{CHECKOUT / FOLDER}", "time_zone": TIME_ZONE})
    _step(f"potok run {over}")
    ended = await _run(days)
    if ended not in (ExitCode.DONE, ExitCode.PARTIAL):
        return ended
    _step(f"potok report {over}")
    await report(CLIENT, days)
    _step("what the reporting database holds of it, for a dashboard to read")
    await _print_reporting_rows()
    console().print(f"\nthat took {time.monotonic() - began_at:.0f} s", style="dim")
    return ExitCode.DONE


async def _run(days: DateRange) -> ExitCode:
    """Run what is new, or follow the run of a demo that was stopped in the middle: it has gone on."""
    try:
        return await run_and_follow(CLIENT, days)
    except grpc.aio.AioRpcError as error:
        refused = error_info(error)
        if refused.reason != "RUN_ACTIVE":
            raise
    _step(f"potok watch {short(refused.metadata['run_id'])}")
    return await follow(refused.metadata["run_id"])


def _step(words: str) -> None:
    console().print(
        f"\n$ {words}" if words.startswith("potok ") else f"\n{words}", style="bold cyan"
    )


async def _print_reporting_rows() -> None:
    address = os.environ["POTOK_RECOMMENDATIONS_REPORTING_URL"]
    connection = await asyncpg.connect(address, timeout=_CONNECT_SECONDS)
    try:
        rows = _QUERIES.count_reporting_rows(connection, client_id=CLIENT)
        counts = [(row["table_name"], row["count"]) async for row in rows]
    finally:
        await connection.close()
    shown = table("table", "rows", numbers=("rows",))
    for name, count in counts:
        shown.add_row(f"reporting.{name}", str(count))
    console().print(shown)


if __name__ == "__main__":
    perform(demo())
