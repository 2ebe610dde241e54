"""What the reporting database holds, in protobuf. Pure functions."""

from potok.recommendations.v1 import reported_calls_pb2 as reported_pb

from services.recommendations.reporting.domain import ReportedCalls


def reported_calls_to_pb(reported: ReportedCalls) -> reported_pb.ReportedCalls:
    return reported_pb.ReportedCalls(
        rolled_up_calls=reported.rolled_up_calls,
        tables=[
            reported_pb.TableCount(
                table=each.table, rows=each.rows, expected_rows=each.expected_rows
            )
            for each in reported.tables
        ],
    )
