"""What the services of the stages are told, as messages."""

from potok.stage.v1 import stage_service_pb2

from services.coordinator.dispatch.domain import Assignment
from services.status.mapping import RUN_MODE_TO_PB, STAGE_TO_PB, date_range_to_pb, settings_to_pb


def run_stage_request(assignment: Assignment) -> stage_service_pb2.RunStageRequest:
    """Return what the service of a stage is told of an execution."""
    return stage_service_pb2.RunStageRequest(
        execution=assignment.execution,
        stage=STAGE_TO_PB[assignment.stage],
        run_id=assignment.run_id,
        owner=assignment.owner,
        mode=RUN_MODE_TO_PB[assignment.mode],
        range=date_range_to_pb(assignment.range),
        settings=settings_to_pb(assignment.settings),
        bot_id=assignment.bot_id,
    )
