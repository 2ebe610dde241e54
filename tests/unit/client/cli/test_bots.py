"""What people see of a bot: its steps drawn, its states in lines."""

import io
from datetime import UTC, datetime, timedelta

from potok.status.v1 import event_pb2, stage_pb2
from potok_client import Update, View
from potok_client.cli.lines import Lines
from potok_client.cli.screen import picture
from potok_client.cli.stepper import Steps, bot_picture
from rich.console import Console

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_change(
    state: "stage_pb2.BotState.ValueType", minutes: int = 0, **fields: str
) -> event_pb2.Change:
    bot = event_pb2.BotStatus(
        bot_id="bot_123",
        owner="user:anna",
        state=state,
        meet_url="https://meet.google.com/abc",
        **fields,  # type: ignore[arg-type]
    )
    bot.create_time.FromDatetime(NOW)
    change = event_pb2.Change(events=[event_pb2.Event(bot=bot)])
    change.time.FromDatetime(NOW + timedelta(minutes=minutes))
    return change


def drawn(*updates: Update) -> list[str]:
    view, steps = View(), Steps("bot_123")
    for update in updates:
        view.apply(update)
        steps.take(update)
    out = Console(width=80, record=True, file=io.StringIO())
    out.print(bot_picture(view, steps, NOW + timedelta(minutes=5)))
    return [line.rstrip() for line in out.export_text().splitlines()]


def snapshot(change: event_pb2.Change) -> Update:
    return Update(changes=(change,), reset=True)


def later(change: event_pb2.Change) -> Update:
    return Update(changes=(change,))


def test_a_bot_is_drawn_step_by_step() -> None:
    lines = drawn(
        snapshot(a_change(stage_pb2.BOT_STATE_INITIALIZED)),
        later(a_change(stage_pb2.BOT_STATE_CONNECTING, 1, detail="waiting_room")),
    )

    assert lines[0] == "bot bot_123  https://meet.google.com/abc  connecting  5:00"
    assert lines[1].startswith(" ✓ initialized")
    assert lines[2].startswith(" ● connecting")
    assert lines[2].endswith("waiting room")
    assert [line.split()[0] for line in lines[3:]] == ["○"] * 5


def test_a_bot_that_failed_shows_how_far_it_came_and_why() -> None:
    lines = drawn(
        snapshot(a_change(stage_pb2.BOT_STATE_CONNECTING)),
        later(a_change(stage_pb2.BOT_STATE_ERROR, 2, error_message="nobody let it in")),
    )

    assert [line.strip() for line in lines[1:]] == [
        "✓ initialized",
        "✓ connecting",
        "nobody let it in",
    ]


def test_the_stages_of_its_meeting_are_drawn_with_it() -> None:
    change = a_change(stage_pb2.BOT_STATE_TRANSCRIBING, run_id="0190-run")
    run = event_pb2.RunStatus(
        run_id="0190-run",
        bot_id="bot_123",
        first_stage=stage_pb2.STAGE_TRANSCRIPTION,
        last_stage=stage_pb2.STAGE_TASKS,
    )
    change.events.add(run=run)
    text = "\n".join(drawn(snapshot(change)))

    assert [word for word in ("transcription", "analysis", "tasks") if word in text] == [
        "transcription",
        "analysis",
        "tasks",
    ]
    assert "recommendations" not in text


def test_where_nothing_is_drawn_each_state_is_a_line() -> None:
    lines = Lines()
    first = list(lines.take(snapshot(a_change(stage_pb2.BOT_STATE_CONNECTING))))
    again = list(lines.take(later(a_change(stage_pb2.BOT_STATE_CONNECTING, 1))))
    last = list(
        lines.take(later(a_change(stage_pb2.BOT_STATE_ERROR, 2, error_message="gone\x1b[2J")))
    )

    assert [line.partition(" ")[2] for line in first] == ["bot bot_123: connecting"]
    assert again == []
    assert [line.partition(" ")[2] for line in last] == ["bot bot_123: error, gone [2J"]


def test_all_that_happens_shows_bots_before_their_meetings_are_processed() -> None:
    view = View()
    view.apply(snapshot(a_change(stage_pb2.BOT_STATE_CONNECTED)))
    out = Console(width=80, record=True, file=io.StringIO())
    out.print(picture(view, [], NOW))

    assert out.export_text().strip() == "bot bot_123  connected"
