"""What the command line says: lines of a run, words of states, errors with advice."""

import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any, cast

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import Change, Event, StageStatus
from potok.status.v1.progress_pb2 import ItemCounts, ReasonCount, StageProgress, Wait
from potok_client import Update, View
from potok_client.cli import words
from potok_client.cli.app import app
from potok_client.cli.exits import RUN_EXITS, ExitCode, refusal
from potok_client.cli.lines import Lines
from potok_client.cli.options import BotStateName, ItemStateName, ModeName, StageName
from potok_client.cli.screen import picture
from rich.console import Console
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from tests.builders.events import BEGAN, RUN, a_run_event, a_stage_event, stamp
from tests.identity import client_environment


def a_stage(
    done: int,
    of: int,
    state: "stage_pb2.ExecutionState.ValueType" = stage_pb2.EXECUTION_STATE_RUNNING,
    wait: Wait | None = None,
) -> Event:
    progress = StageProgress(
        items=ItemCounts(success=done, pending=of - done), discovered=True, wait=wait
    )
    return a_stage_event(
        state=state,
        progress=progress,
        items_per_second=2.0,
        expected_end_time=stamp(66),
        run_expected_end_time=stamp(186),
    )


def at(seconds: float, *events: Event) -> Update:
    return Update(changes=(Change(events=events, time=stamp(seconds)),))


def said(lines: Lines, update: Update) -> list[str]:
    return [line.partition(" ")[2] for line in lines.take(update)]


def test_lines_tell_each_change_of_state_and_counts_only_now_and_then() -> None:
    lines = Lines()
    assert said(lines, at(0, a_run_event())) == ["run 0f3c2b1a of clinic, 2026-11-20: active"]
    assert said(lines, at(1, a_stage(0, 9))) == [
        "transcription: running, 0/9 done, 2.0/s, 1:05 left, the run 3:05 left"
    ]
    assert said(lines, at(2, a_stage(3, 9))) == []
    assert said(lines, at(6, a_stage(5, 9))) == [
        "transcription: running, 5/9 done, 2.0/s, 1:00 left, the run 3:00 left"
    ]
    waiting = Wait(reason=stage_pb2.WAIT_REASON_RATE_LIMIT)
    assert said(lines, at(7, a_stage(5, 9, wait=waiting))) == [
        (
            "transcription: running, 5/9 done, 2.0/s, 0:59 left, the run 2:59 left, "
            "waits: the outside service limits the rate"
        )
    ]
    ended = a_run_event(
        state=stage_pb2.RUN_STATE_FAILED,
        reason=stage_pb2.REASON_GATE_NOT_MET,
        message="0 of 9",
        end_time=stamp(67),
    )
    assert said(lines, at(67, ended)) == [
        "run 0f3c2b1a of clinic, 2026-11-20: failed after 1:07, gate not met: 0 of 9"
    ]


@pytest.mark.parametrize(
    ("seconds", "run_seconds", "said"),
    [
        (0, 186, "2.0/s, 1:06 left, the run 3:06 left"),
        (30, 186, "2.0/s, 0:36 left, the run 2:36 left"),
        (65.5, 186, "2.0/s, a moment left, the run 2:00 left"),
        (300, 66, "2.0/s, longer than expected"),
        (10, 66, "2.0/s, 0:56 left"),
    ],
)
def test_time_left_counts_down_between_events(
    seconds: float, run_seconds: float, said: str
) -> None:
    stage = a_stage(3, 9).stage
    stage.run_expected_end_time.CopyFrom(stamp(run_seconds))

    assert words.pace(stage, stamp(seconds).ToDatetime(UTC)) == said


def test_time_left_is_not_told_where_nobody_knows_it() -> None:
    stage = a_stage(3, 9).stage
    stage.ClearField("expected_end_time")
    stage.ClearField("run_expected_end_time")

    assert words.pace(stage, stamp(1).ToDatetime(UTC)) == "2.0/s"


def test_a_stage_that_ends_names_its_failures_and_a_queued_one_is_no_news() -> None:
    queued = a_stage(0, 1, stage_pb2.EXECUTION_STATE_QUEUED)
    ended = a_stage(1, 1, stage_pb2.EXECUTION_STATE_PARTIAL)
    ended.stage.end_time.CopyFrom(stamp(4))
    ended.stage.progress.failures.add(item_id="call-7", reason=stage_pb2.REASON_TIMEOUT)
    lines = Lines()
    assert said(lines, at(0, queued)) == []
    assert said(lines, at(4, ended)) == [
        "transcription: partial after 0:04, 1/1 done",
        "transcription: call-7 failed, timeout",
    ]


def test_states_that_were_folded_away_are_counted() -> None:
    assert list(Lines().take(Update(folded=41))) == ["41 older states were folded into the newest"]


def test_a_run_that_was_cancelled_says_by_whom() -> None:
    cancelling = a_run_event(state=stage_pb2.RUN_STATE_CANCELLING, cancelled_by="anna")

    assert said(Lines(), at(0, cancelling)) == [
        "run 0f3c2b1a of clinic, 2026-11-20: cancelling by anna"
    ]


def test_a_lost_connection_is_a_line() -> None:
    assert list(Lines().take(Update(lost="gone"))) == [
        "connection lost (gone); trying to resume ..."
    ]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_picture_shows_every_stage_at_any_width(width: int) -> None:
    view = View()
    wait = Wait(reason=stage_pb2.WAIT_REASON_QUEUE)
    view.apply(at(0, a_run_event(), a_stage(3, 9, wait=wait)))
    out = Console(width=width, record=True, file=io.StringIO())
    out.print(picture(view, list(view.runs.values()), BEGAN + timedelta(seconds=75)))
    text = out.export_text()

    assert max(map(len, text.splitlines())) <= width
    assert "3/9" in text
    assert "1:15" in text
    assert "transcription" in text
    assert "analysis" in text
    assert "ahead in the queue" in " ".join(text.split())


def test_control_characters_of_the_server_never_reach_the_terminal() -> None:
    assert words.plain("a\x1b[2Jb\u202ec\n") == "a [2Jb c "


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0:00"), (7, "0:07"), (200, "3:20"), (3723, "1:02:03")]
)
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_the_names_that_commands_take_are_those_of_the_protos() -> None:
    of_meetings = stage_pb2.STAGE_TASKS
    stages = [n for n in stage_pb2.Stage.values()[1:] if n != of_meetings]
    assert [s.number for s in StageName] == stages
    assert [m.number for m in ModeName] == list(stage_pb2.RunMode.values())[1:]
    assert [i.number for i in ItemStateName] == list(stage_pb2.ItemState.values())[1:]
    assert [b.number for b in BotStateName] == list(stage_pb2.BotState.values())[1:]


def test_every_end_of_a_run_has_its_own_exit_code() -> None:
    ends = set(stage_pb2.RunState.values()) - {
        stage_pb2.RUN_STATE_UNSPECIFIED,
        stage_pb2.RUN_STATE_ACTIVE,
        stage_pb2.RUN_STATE_CANCELLING,
    }
    assert set(RUN_EXITS) == ends
    assert len(set(RUN_EXITS.values())) == len(ends)


def refused(
    code: grpc.StatusCode, message: str, reason: str = "", **facts: str
) -> grpc.aio.AioRpcError:
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="potok", metadata=facts))
    rich = status_pb2.Status(
        code=code.value[0], message=message, details=[detail] if reason else []
    )
    trailers = grpc.aio.Metadata(*rpc_status.to_status(rich).trailing_metadata)
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailers, message)


def test_who_may_not_do_it_is_told_what_may() -> None:
    error = refused(grpc.StatusCode.PERMISSION_DENIED, "SetClient is not for you")
    assert refusal(error).advice == ("POTOK_TOKEN=…   is a token of somebody who may",)


def test_a_refusal_says_what_to_do() -> None:
    active = refusal(refused(grpc.StatusCode.ABORTED, "busy", "RUN_ACTIVE", run_id=RUN))
    assert str(active) == "busy"
    assert any("potok watch 0f3c2b1a" in line for line in active.advice)
    early = refused(
        grpc.StatusCode.FAILED_PRECONDITION, "early", "STAGE_OUT_OF_ORDER", stage="CALL_SYNC"
    )
    assert "--stage call_sync" in refusal(early).advice[0]
    for mode in ("FAILED", "PENDING", "ALL"):
        gate = refused(
            grpc.StatusCode.FAILED_PRECONDITION, "few", "GATE_NOT_MET", stage="ANALYSIS", mode=mode
        )
        assert f"--stage analysis --mode {mode.lower()}" in refusal(gate).advice[0]
    away = refusal(refused(grpc.StatusCode.UNAVAILABLE, "away"))
    assert away.code is ExitCode.UNREACHABLE


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("client bot does not exist: set it up first", ["potok client list", "potok client set"]),
        ("client_ids: there is no run, call", ["potok client list", "potok client set"]),
        ("run 0f3c2b1a does not exist", ["potok runs"]),
        ("account my-client is not known", ["potok account list"]),
        ("call client-account-7 has no transcript", ["potok items"]),
        ("recommendation 3f2a is unknown", ["potok advice list"]),
        ("there is no bot client-7: the id is wrong", ["potok bot list", "potok bot start"]),
        ("playbook: client is unknown, there are: clinic", []),
    ],
)
def test_what_is_not_found_is_looked_for_among_its_like(message: str, advice: list[str]) -> None:
    found = refusal(refused(grpc.StatusCode.NOT_FOUND, message)).advice
    assert len(found) == len(advice)
    assert all(line.startswith(command) for line, command in zip(found, advice, strict=True))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "clinic", "20.11.2026"], "is no day"),
        (["run", "clinic", "2026-02-30"], "is no day"),
        (["run", "clinic", "2026-11-20", "--stage", "singing"], "singing"),
        (["watch", "abc", "--client", "clinic"], "not both"),
        (["items", "clinic", "2026-11-20", "--limit", "0"], "--limit"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_asked(arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == ExitCode.USAGE
    assert complaint in result.output


def test_an_address_that_is_none_is_said_to_be_none() -> None:
    result = CliRunner().invoke(app, ["runs"], env={"POTOK_ADDRESS": "localhost"})
    assert result.exit_code == ExitCode.USAGE
    assert "POTOK_ADDRESS is 'localhost': write host:port" in result.output


def test_a_coordinator_that_is_not_there_is_one_line_and_what_to_do(free_port: int) -> None:
    address = f"127.0.0.1:{free_port}"
    result = CliRunner().invoke(app, ["runs"], env=client_environment(address))
    assert result.exit_code == ExitCode.UNREACHABLE
    assert result.output.splitlines()[0] == f"error: the gateway does not answer at {address}"
    assert "make up" in result.output


def commands(group: TyperGroup, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *path, name)
        else:
            yield (*path, name), command


COMMANDS = dict(commands(cast(TyperGroup, get_command(app))))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_has_an_example_that_parses(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    examples = re.findall(r"potok ([^;\n]+)", (command.help or "").partition("Example")[2])

    assert examples, f"potok {' '.join(path)} --help shows no example"
    for example in examples:
        words_of_it = shlex.split(example)
        assert tuple(words_of_it[: len(path)]) == path
        command.make_context(" ".join(path), words_of_it[len(path) :])  # raises what is wrong


def test_lines_of_many_runs_name_the_run_and_leave_out_what_was_over_before() -> None:
    lines = Lines(many=True)
    over = a_run_event(state=stage_pb2.RUN_STATE_COMPLETED, end_time=stamp(9), run_id="ffff0000-1")
    said = list(lines.take(replace(at(10, over, a_run_event(), a_stage(1, 4)), reset=True)))

    assert not any("ffff0000" in line for line in said)
    assert any("0f3c2b1a transcription: running" in line for line in said)
    ended = a_run_event(state=stage_pb2.RUN_STATE_COMPLETED, end_time=stamp(20))
    assert any("completed" in line for line in lines.take(replace(at(21, ended), reset=True))), (
        "what ended while the connection was lost is said"
    )


def test_what_an_ended_run_left_over_is_neither_done_nor_failed() -> None:
    progress = StageProgress(
        items=ItemCounts(success=52, failed=650),
        reasons=[
            ReasonCount(reason=stage_pb2.REASON_CANCELLED, count=640),
            ReasonCount(reason=stage_pb2.REASON_EXECUTION_FAILED, count=8),
            ReasonCount(reason=stage_pb2.REASON_BAD_AUDIO, count=2),
        ],
        unchanged=17,
        unchanged_failed=3,
    )
    stage = StageStatus(progress=progress)

    assert words.done_items(progress) == 54
    assert (
        words.remarks(stage) == "2 failed, 648 left undone, 17 unchanged, 3 of them failed before"
    )
