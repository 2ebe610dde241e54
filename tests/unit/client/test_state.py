"""The view of a watch: what it holds after updates."""

from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import Change, Event
from potok_client import Update, View

from tests.builders.events import a_day_event, a_run_event, a_stage_event

ACTIVE, COMPLETED = stage_pb2.RUN_STATE_ACTIVE, stage_pb2.RUN_STATE_COMPLETED


def an_update(revision: int, *events: Event, reset: bool = False) -> Update:
    change = Change(events=events, revision=revision)
    return Update(changes=(change,), revision=revision, reset=reset)


def test_the_newest_state_of_every_subject_is_kept() -> None:
    view = View()
    view.apply(
        an_update(
            1,
            a_run_event("r1"),
            a_stage_event("r1", 1),
            a_day_event("client:c", "2026-11-20", success=1),
        )
    )
    view.apply(an_update(2, a_run_event("r2")))
    view.apply(
        an_update(
            3, a_run_event("r1", state=COMPLETED), a_day_event("client:c", "2026-11-20", success=2)
        )
    )

    assert view.revision == 3
    assert view.runs["r1"].state == COMPLETED
    assert view.runs["r2"].state == ACTIVE
    assert [day.counts.success for day in view.days("client:c")] == [2]
    assert list(view.days("client:other")) == []


def test_stages_stand_in_the_order_in_which_they_began() -> None:
    view = View()
    view.apply(
        an_update(1, a_stage_event("r1", 12), a_stage_event("r1", 9), a_stage_event("r2", 10))
    )
    view.apply(an_update(2, a_stage_event("r1", 9, items_per_second=2.0)))

    assert [stage.execution for stage in view.stages("r1")] == [9, 12]
    assert view.stages("r1")[0].items_per_second == 2.0
    assert view.stages("unknown") == []


def test_a_reset_forgets_everything_before_it() -> None:
    view = View()
    view.apply(
        an_update(
            7,
            a_run_event("old"),
            a_stage_event("old", 1),
            a_day_event("client:c", "2026-11-20", success=1),
        )
    )
    view.apply(an_update(3, a_run_event("new"), reset=True))

    assert list(view.runs) == ["new"]
    assert view.stages("old") == []
    assert list(view.days("client:c")) == []
    assert view.revision == 3


def test_a_loss_is_noted_and_changes_nothing_until_the_watch_is_back() -> None:
    view = View()
    view.apply(an_update(1, a_run_event("r1")))
    view.apply(Update(lost="the server fell silent"))
    assert view.lost == "the server fell silent"
    assert view.revision == 1
    assert list(view.runs) == ["r1"]

    view.apply(Update(revision=2))
    assert view.lost == ""
    assert view.revision == 2


def test_a_subject_of_a_newer_server_is_passed_over() -> None:
    view = View()
    view.apply(an_update(4, Event()))
    assert view.revision == 4
