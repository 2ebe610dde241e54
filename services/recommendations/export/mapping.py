"""What reports are taken out as, from protobuf. Pure functions."""

from potok.recommendations.v1 import report_export_service_pb2 as pb

from services.kernel.rpc.convert import enum_pairs
from services.recommendations.export.domain import ReportFormat

FORMAT_FROM_PB = {
    number: format_
    for format_, number in enum_pairs(ReportFormat, pb.ReportFormat, "REPORT_FORMAT").items()
}
