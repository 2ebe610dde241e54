"""What a group of changes collects."""

import pytest

from services.coordinator.commit.group import Delivery, Group
from services.coordinator.state.domain import DeliveryKind, Execution
from services.status.domain import ExecutionNumber, ExecutionState, Owner, RunId, RunMode, Stage
from tests.builders.coordinator import NOON, a_tenant

NUMBER = ExecutionNumber(7)
RUN = Delivery(execution=NUMBER, kind=DeliveryKind.RUN, add=True)
NO_RUN = Delivery(execution=NUMBER, kind=DeliveryKind.RUN, add=False)
CANCEL = Delivery(execution=NUMBER, kind=DeliveryKind.CANCEL, add=True)


def an_execution(state: ExecutionState, written: ExecutionState | None) -> Execution:
    return Execution(
        number=NUMBER,
        run_id=RunId("run"),
        owner=Owner("client:clinic"),
        stage=Stage.ANALYSIS,
        mode=RunMode.PENDING,
        created_at=NOON,
        progressed_at=NOON,
        state=state,
        written=written,
    )


@pytest.mark.parametrize(
    ("before", "state", "deliveries"),
    [
        (None, ExecutionState.QUEUED, [RUN]),
        (ExecutionState.QUEUED, ExecutionState.DISPATCHED, []),
        (ExecutionState.DISPATCHED, ExecutionState.RUNNING, []),
        (ExecutionState.RUNNING, ExecutionState.STALLED, [RUN]),
        (ExecutionState.STALLED, ExecutionState.RUNNING, []),
        (ExecutionState.RUNNING, ExecutionState.CANCELLING, [NO_RUN, CANCEL]),
        (ExecutionState.CANCELLING, ExecutionState.CANCELLED, [NO_RUN]),
        (ExecutionState.RUNNING, ExecutionState.SUCCEEDED, [NO_RUN]),
    ],
)
def test_a_service_is_told_once_what_follows_from_a_new_state(
    before: ExecutionState | None, state: ExecutionState, deliveries: list[Delivery]
) -> None:
    group, execution, tenant = Group(NOON), an_execution(state, before), a_tenant()
    group.note(tenant, [execution], "run", "analysis")
    group.note(tenant, [execution], "run", "analysis")

    assert group.deliveries == deliveries
    assert len(group.entries) == 2


def test_what_is_kept_quietly_tells_nobody() -> None:
    group, execution = Group(NOON), an_execution(ExecutionState.SUCCEEDED, ExecutionState.RUNNING)
    group.keep_quietly(a_tenant(), execution)

    assert group.executions == {execution}
    assert (group.deliveries, group.entries) == ([], [])
