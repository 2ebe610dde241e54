"""gRPC in, use case, gRPC out. No decisions are made here."""

from google.api import httpbody_pb2
from potok.recommendations.v1 import report_export_service_pb2 as pb
from potok.recommendations.v1 import report_export_service_pb2_grpc as pb_grpc

from services.kernel.rpc.headers import NO_STORE
from services.kernel.rpc.server import Context
from services.recommendations.export.mapping import FORMAT_FROM_PB
from services.recommendations.export.usecases import ReportExports
from services.status.domain import Owner
from services.status.mapping import date_range_from_pb
from services.status.rpc.access import current_caller

SERVICE = "potok.recommendations.v1.ReportExportService"


class ReportExportServicer(pb_grpc.ReportExportServiceServicer):
    """Serves potok.recommendations.v1.ReportExportService."""

    def __init__(self, exports: ReportExports) -> None:
        self._exports = exports

    async def ExportRangeReport(
        self, request: pb.ExportRangeReportRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        file = await self._exports.export_range_report(
            Owner(request.owner),
            date_range_from_pb(request.range),
            FORMAT_FROM_PB[request.format],
            current_caller().user,
        )
        disposition = f'attachment; filename="{file.file_name}"'
        await context.send_initial_metadata((("content-disposition", disposition), *NO_STORE))
        return httpbody_pb2.HttpBody(content_type=file.content_type, data=file.content)
