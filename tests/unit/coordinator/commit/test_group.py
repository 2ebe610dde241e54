"""What a group of changes collects."""

import pytest

from services.coordinator.commit.group import Delivery, Group
from services.coordinator.state.domain import DeliveryKind
from services.status.domain import ExecutionNumber, ExecutionState
from tests.builders.coordinator import NOON, a_stage_execution, a_tenant

NUMBER = ExecutionNumber(7)
RUN = Delivery(execution=NUMBER, kind=DeliveryKind.RUN, add=True)
NO_RUN = Delivery(execution=NUMBER, kind=DeliveryKind.RUN, add=False)
CANCEL = Delivery(execution=NUMBER, kind=DeliveryKind.CANCEL, add=True)


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
    group, execution, tenant = Group(NOON), a_stage_execution(state, written=before), a_tenant()
    group.note(tenant, [execution], "run", "analysis")
    group.note(tenant, [execution], "run", "analysis")

    assert group.deliveries == deliveries
    assert len(group.entries) == 2


def test_what_is_kept_quietly_tells_nobody() -> None:
    group, execution = (
        Group(NOON),
        a_stage_execution(ExecutionState.SUCCEEDED, written=ExecutionState.RUNNING),
    )
    group.keep_quietly(a_tenant(), execution)

    assert group.executions == {execution}
    assert (group.deliveries, group.entries) == ([], [])
