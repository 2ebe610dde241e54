"""Settings that can never work are refused when they are set and when a run is started, by the services that know."""

import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2
from potok.stage.v1 import stage_service_pb2 as stage_pb
from potok.status.v1 import progress_pb2, stage_pb2

from tests.coordination import RANGE, SETTINGS, Coordination, Replica
from tests.refusals import reason_of, refusal

CALL_SYNC, ANALYSIS = stage_pb2.STAGE_CALL_SYNC, stage_pb2.STAGE_ANALYSIS
SOURCE = stage_pb.SettingFault(
    field="source", message="there is no account moon", known=["clinic", "sales"]
)
PLAYBOOK = stage_pb.SettingFault(field="playbook", message="there is no playbook 'nothere'")


def setting(**changed: object) -> pb.SetClientRequest:
    settings = progress_pb2.ClientSettings()
    settings.CopyFrom(SETTINGS)
    for name, value in changed.items():
        setattr(settings, name, value)
    return pb.SetClientRequest(client=run_pb2.Client(client_id="new", settings=settings))


async def test_what_a_stage_cannot_work_with_is_named_with_what_there_is(
    world: Coordination, replica: Replica
) -> None:
    world.stages.faults = {CALL_SYNC: [SOURCE], ANALYSIS: [PLAYBOOK]}
    error = await refusal(replica.stub.SetClient(setting()))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details() == (
        "settings.source: there is no account moon, there are: clinic, sales; "
        "settings.playbook: there is no playbook 'nothere'"
    )
    assert (await refusal(replica.stub.GetClient(pb.GetClientRequest(client_id="new")))).code() is (
        grpc.StatusCode.NOT_FOUND
    )


@pytest.mark.parametrize("how", ["down", "stuck"])
async def test_settings_that_nobody_could_look_at_are_not_stored(
    world: Coordination, replica: Replica, how: str
) -> None:
    world.stages.checks_fail = True
    setattr(world.stages, how, True)
    error = await refusal(replica.stub.SetClient(setting()))

    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "nothing was stored" in (error.details() or "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", "../etc/passwd"),
        ("source", "clinic"),
        ("source", "amocrm:"),
        ("language", "RU"),
        ("weight", 101),
        ("min_success_ratio", -0.1),
        ("min_success_ratio", float("nan")),
        ("playbook", "no good"),
        ("left_incoming", "caller"),
    ],
)
async def test_a_setting_without_a_meaning_is_refused_by_its_name(
    replica: Replica, field: str, value: object
) -> None:
    error = await refusal(replica.stub.SetClient(setting(**{field: value})))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert f"settings.{field}" in (error.details() or "")


async def test_a_start_is_refused_once_its_source_has_vanished(
    world: Coordination, replica: Replica
) -> None:
    world.stages.faults = {CALL_SYNC: [SOURCE]}
    start = await refusal(replica.start())
    preview = await refusal(
        replica.stub.PreviewRun(pb.PreviewRunRequest(client_id="clinic", range=RANGE))
    )

    for error in (start, preview):
        assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert reason_of(error) == "SETTINGS_INVALID"
        assert "source: there is no account moon" in (error.details() or "")
        assert "sales" not in (error.details() or ""), "whose accounts there are is not for all"


async def test_a_start_looks_only_at_the_settings_of_its_stages(
    world: Coordination, replica: Replica
) -> None:
    world.stages.faults = {ANALYSIS: [PLAYBOOK]}
    run = await replica.start(stages=[CALL_SYNC])

    assert run.run.status.last_stage == CALL_SYNC


async def test_a_start_does_not_wait_for_a_stage_that_is_away(
    world: Coordination, replica: Replica
) -> None:
    world.stages.checks_fail = world.stages.down = True
    run = await replica.start()

    assert run.run.status.state == stage_pb2.RUN_STATE_ACTIVE
