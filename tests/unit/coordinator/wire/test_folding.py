"""LATEST leaves of every subject its newest state."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from potok.coordinator.v1 import coordinator_service_pb2
from potok.status.v1 import event_pb2

from services.coordinator.state import bot_steps
from services.coordinator.wire import events
from services.coordinator.wire.folding import Folded, fold
from services.coordinator.wire.frames import frame_element
from services.status.domain import BotState
from tests.builders.coordinator import NOON, a_bot_report


def test_of_a_bot_and_its_run_the_newest_states_are_kept() -> None:
    older = bot_steps.new_bot(a_bot_report(), NOON)
    newer = replace(older, state=BotState.CONNECTED)
    changes = [(n, frame_element(events.event(bot), n)) for n, bot in enumerate((older, newer), 1)]

    assert fold(changes) == Folded(changes[1][1], 1)


def an_event(kind: str, subject: int, value: int) -> event_pb2.Event:
    if kind == "run":
        return event_pb2.Event(run=event_pb2.RunStatus(run_id=str(subject), message=str(value)))
    if kind == "stage":
        return event_pb2.Event(stage=event_pb2.StageStatus(execution=subject, message=str(value)))
    day = event_pb2.DayStatus(owner="client:a", stage=1)  # type: ignore[arg-type]
    day.counts.day, day.counts.version = f"2026-11-{subject + 1:02}", value
    return event_pb2.Event(day=day)


def unnumbered(change: event_pb2.Change) -> bytes:
    return event_pb2.Change(events=change.events, actor="t").SerializeToString()


def state_after(changes: list[event_pb2.Change]) -> dict[str, event_pb2.Event]:
    """Fold events as a client does: the newest of every subject."""
    state = {}
    for change in changes:
        for event in change.events:
            name = (
                event.run.run_id
                or (event.stage.execution and f"stage {event.stage.execution}")
                or event.day.counts.day
            )
            state[str(name)] = event
    return state


changes_of_subjects = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["run", "stage", "day"]), st.integers(1, 3)),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    max_size=20,
)


@given(changes_of_subjects)
def test_latest_leaves_the_newest_of_every_subject_and_counts_the_rest(
    plan: list[list[tuple[str, int]]],
) -> None:
    whole = [
        event_pb2.Change(
            events=[an_event(kind, number, revision) for kind, number in subjects],
            revision=revision,
        )
        for revision, subjects in enumerate(plan, 1)
    ]
    elements = [frame_element(unnumbered(change), change.revision) for change in whole]
    folded = fold(list(enumerate(elements, 1)))
    few = list(coordinator_service_pb2.WatchStatusResponse.FromString(folded.elements).changes)

    assert state_after(few) == state_after(whole)
    kept = sum(len(change.events) for change in few)
    assert kept == len(state_after(whole))
    assert kept + folded.count == sum(len(change.events) for change in whole)
    assert [c.revision for c in few] == sorted(c.revision for c in few)
    assert all(change.events for change in few)
