"""Files through the gateway: whole, with the name that a browser keeps them under."""

from typing import Any

import grpc
from google.api import httpbody_pb2
from potok.recommendations.v1 import report_export_service_pb2_grpc as pb_grpc

from gateway.rendering import SERVICES
from services.kernel.rpc.server import serving
from tests.gateway import running_gateway
from tests.identity import guard

SERVICE = "potok.recommendations.v1.ReportExportService"
LARGEST = 15 << 20
"""Clients of gRPC take 16 MiB."""
NAMED = 'attachment; filename="report.xlsx"'
PATH = (
    "/api/v1/owners/client:clinic/report:export"
    "?range.start_date=2026-11-02&range.end_date=2026-11-04&format=REPORT_FORMAT_XLSX"
)


class Files(pb_grpc.ReportExportServiceServicer):
    """Hands out one large file."""

    async def ExportRangeReport(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        await context.send_initial_metadata((("content-disposition", NAMED),))
        return httpbody_pb2.HttpBody(content_type="application/x-file", data=b"x" * LARGEST)


async def test_a_large_file_comes_whole_and_with_its_name() -> None:
    def register(server: grpc.aio.Server) -> None:
        pb_grpc.add_ReportExportServiceServicer_to_server(Files(), server)

    async with serving("127.0.0.1:0", register, services=[SERVICE], guard=guard()) as port:
        behind = {service: [f"127.0.0.1:{port}"] for service in SERVICES}
        async with running_gateway(behind) as gateway, gateway.http() as http:
            answer = await http.get(PATH)

    assert answer.status_code == 200, answer.text
    assert answer.content == b"x" * LARGEST
    assert answer.headers["content-disposition"] == NAMED
    assert answer.headers["content-type"] == "application/x-file"
