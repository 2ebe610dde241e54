"""Whoever knows the stages by name knows all of them, in the coordinator's order."""

from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import RunStatus
from potok_client.cli.options import MEETING_STAGES, StageName
from potok_client.cli.screen import planned_stages

from deploy.local.services import TABLE
from services.coordinator.state.order import MEETING, ORDER
from services.status.domain import Stage


def test_a_stage_is_in_the_protos_and_in_the_words_of_the_services() -> None:
    said = {name.removeprefix("STAGE_") for name in dict(stage_pb2.Stage.items())} - {"UNSPECIFIED"}
    known = {stage.value for stage in Stage}

    assert said == known, (
        f"{sorted(said ^ known)}: write it in the enum Stage of protos/potok/status/v1/stage.proto, "
        "make gen, and in Stage of services/status/domain.py"
    )


def test_a_stage_has_its_position_in_an_order() -> None:
    lost = {stage.value for stage in Stage} - {stage.value for stage in (*ORDER, *MEETING)}

    assert not lost, (
        f"{sorted(lost)}: write it in ORDER, or of meetings in MEETING, of services/coordinator/state/order.py"
    )


def test_a_stage_has_a_service_of_the_local_system() -> None:
    served = [stage for service in TABLE for stage in service.stages]

    assert sorted(served) == sorted(stage.value for stage in Stage), (
        "write in deploy/local/services.py which service serves which stage"
    )


def test_the_command_line_has_the_coordinator_s_order() -> None:
    assert [stage.name for stage in StageName] == [stage.value for stage in ORDER], (
        "write the stages of ORDER in services/coordinator/state/order.py, in that order, in StageName of "
        "client/potok_client/cli/options.py"
    )
    meeting = [stage_pb2.Stage.Name(stage).removeprefix("STAGE_") for stage in MEETING_STAGES]
    assert meeting == [stage.value for stage in MEETING], (
        "write the stages of MEETING in services/coordinator/state/order.py, in that order, in MEETING_STAGES of "
        "client/potok_client/cli/options.py"
    )


def test_a_run_is_drawn_with_its_own_stages() -> None:
    run = RunStatus(
        first_stage=stage_pb2.STAGE_TRANSCRIPTION, last_stage=stage_pb2.STAGE_RECOMMENDATIONS
    )

    assert planned_stages(run) == [
        stage_pb2.STAGE_TRANSCRIPTION,
        stage_pb2.STAGE_ANALYSIS,
        stage_pb2.STAGE_RECOMMENDATIONS,
    ]


def test_a_stage_of_a_newer_server_is_not_guessed() -> None:
    newer = RunStatus(first_stage=stage_pb2.STAGE_CALL_SYNC, last_stage=99)  # type: ignore[arg-type]

    assert planned_stages(newer) == []
