"""Reports as files: `potok report` with `--csv` or `--xlsx`."""

import asyncio
from pathlib import Path

from potok.recommendations.v1 import report_export_service_pb2 as pb
from potok.recommendations.v1 import report_export_service_pb2_grpc as pb_grpc
from potok.status.v1.progress_pb2 import DateRange

from potok_client.cli.connection import gateway
from potok_client.cli.exits import CommandFailed
from potok_client.cli.terminal import say

_DEADLINE = 60
"""Seconds that a file may take: what its RPC allows."""
Files = dict["pb.ReportFormat.ValueType", Path]
"""Where a report is to be written, by its format."""


async def export_report(client_id: str, days: DateRange, files: Files) -> None:
    """Write the report of a client's range into files."""
    async with gateway() as channel:
        stub = pb_grpc.ReportExportServiceStub(channel)
        for format_, file in files.items():
            request = pb.ExportRangeReportRequest(
                owner=f"client:{client_id}", range=days, format=format_
            )
            body = await stub.ExportRangeReport(request, timeout=_DEADLINE)
            await asyncio.to_thread(_write, file, body.data)
            say(f"written to {file}", style="dim", stderr=True)


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}") from None
