"""The command line as a user has it: a process, a real coordinator, stages that play along."""

import asyncio
import fcntl
import json
import os
import pty
import signal
import struct
import termios
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import pytest
from potok.stage.v1.stage_service_pb2 import Item, PreviewedItem, PreviewStageResponse
from potok.status.v1 import stage_pb2
from potok.status.v1.progress_pb2 import Cost, DateRange
from potok_client.cli.runs import LAST_YEAR

from tests.command_line import POTOK, Shell, ended, said, shell
from tests.conftest import Database
from tests.coordination import DAY
from tests.waiting import PATIENCE


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Shell]:
    async with shell(database, TERM="xterm-256color") as world:
        yield world


async def test_a_run_is_followed_to_its_end(world: Shell) -> None:
    done = await world.potok("run", "clinic", DAY, "--yes")

    assert done.code == 0
    lines = [line.partition(" ")[2] for line in done.out.splitlines()]
    assert lines[0].endswith(f"of clinic, {DAY}: active")
    assert any(line.startswith("reporting: succeeded") and "3/3 done" in line for line in lines)
    assert "completed after" in lines[-1]
    assert f"potok report clinic {DAY} {DAY}" in done.err


async def test_failed_items_have_their_own_exit_code_and_advice(world: Shell) -> None:
    world.player.failing = {stage_pb2.STAGE_TRANSCRIPTION: 1}
    done = await world.potok("run", "clinic", DAY)

    assert done.code == 3
    assert "transcription: partial" in done.out
    assert "1 failed" in done.out
    run = (await world.potok("runs")).out.splitlines()[1].split()[0]
    assert f"potok retry {run}" in done.err
    again = await world.potok("watch", run)
    assert again.code == 3, "a run that has ended is shown as it ended"


async def test_a_retry_is_a_new_run_of_what_failed(world: Shell) -> None:
    world.player.failing = {stage_pb2.STAGE_ANALYSIS: 1}
    run = json.loads((await world.potok("run", "clinic", DAY, "--no-watch", "--json")).out)
    run_id = run["status"]["run_id"]
    assert (await world.potok("watch", run_id)).code == 3
    world.player.failing = {}

    assert (await world.potok("retry", run_id)).code == 0
    newest = json.loads((await world.potok("runs", "--limit", "1", "--json")).out)[0]["status"]
    assert newest["retry_of"] == run_id
    assert newest["first_stage"] == "STAGE_ANALYSIS"
    nothing = await world.potok("retry", newest["run_id"])
    assert nothing.code == 1
    assert nothing.err.startswith("error: nothing failed in run")


async def test_ctrl_c_detaches_and_the_run_goes_on(world: Shell) -> None:
    world.player.gate.clear()
    process = await world.started("run", "clinic", DAY)
    await said(process, "call_sync: dispatched")
    process.send_signal(signal.SIGINT)
    left = await ended(process)

    assert left.code == 130
    run = json.loads((await world.potok("runs", "--json")).out)[0]["status"]
    assert run["state"] == "RUN_STATE_ACTIVE"
    assert f"potok watch {run['run_id'][:8]}" in left.err
    follower = await world.started("watch", run["run_id"][:8])
    await said(follower, "call_sync: dispatched")
    world.player.gate.set()
    assert (await ended(follower)).code == 0


async def test_a_second_run_is_refused_naming_the_first(world: Shell) -> None:
    world.player.gate.clear()
    run = json.loads((await world.potok("run", "clinic", DAY, "--no-watch", "--json")).out)
    refused = await world.potok("run", "clinic", DAY)

    assert refused.code == 1
    assert refused.err.startswith("error: run ")
    assert f"potok cancel {run['status']['run_id'][:8]}" in refused.err


async def test_a_cancelled_run_ends_its_watch(world: Shell) -> None:
    world.player.gate.clear()
    await world.potok("run", "clinic", DAY, "--no-watch")
    run = (await world.potok("runs")).out.splitlines()[1].split()[0]
    follower = await world.started("watch", run)
    await said(follower, "call_sync: dispatched")

    assert (await world.potok("cancel", run)).code == 0
    assert (await ended(follower)).code == 5
    assert "has ended: cancelled" in (await world.potok("cancel", run)).out


async def test_json_of_a_run_is_its_changes_one_a_line(world: Shell) -> None:
    done = await world.potok("run", "clinic", DAY, "--json")
    changes = [json.loads(line) for line in done.out.splitlines()]

    assert done.code == 0
    assert changes[0]["reset"] is True
    states = [e["run"]["state"] for c in changes[1:] for e in c["events"] if "run" in e]
    assert states[0] == "RUN_STATE_ACTIVE"
    assert states[-1] == "RUN_STATE_COMPLETED"


async def test_all_runs_are_followed_until_told_to_stop(world: Shell) -> None:
    process = await world.started("watch", "--client", "clinic")
    assert (await world.potok("run", "clinic", DAY)).code == 0
    await said(process, "completed after")
    process.send_signal(signal.SIGTERM)
    assert (await ended(process)).code == 143


async def test_status_and_items_show_where_a_range_is(world: Shell) -> None:
    await world.potok("run", "clinic", DAY, "--stage", "call_sync", "--stage", "transcription")
    status = json.loads((await world.potok("status", "clinic", DAY, "--json")).out)
    assert status["transcription"]["overall_status"] == "completed"
    assert status["analysis"]["status_breakdown"]["pending"] == 3
    table = (await world.potok("status", "clinic", DAY)).out
    assert ["transcription", "completed", "3"] in [line.split()[:3] for line in table.splitlines()]

    failed = Item(
        item_id="call-7",
        day=DAY,
        state=stage_pb2.ITEM_STATE_FAILED,
        reason=stage_pb2.REASON_BAD_AUDIO,
        message="it cannot be decoded",
        attempt=2,
        duration_seconds=125,
    )
    fine = Item(item_id="call-8", day=DAY, state=stage_pb2.ITEM_STATE_SUCCESS)
    world.coordination.stages.items = [failed, fine]
    shown = await world.potok(
        "items", "clinic", DAY, "--stage", "transcription", "--state", "failed"
    )
    assert shown.out.splitlines()[1].split()[:5] == [DAY, "call-7", "2:05", "failed", "2"]
    assert "bad audio: it cannot be decoded" in shown.out
    assert "call-8" not in shown.out


async def test_a_stage_out_of_order_says_which_to_run_first(world: Shell) -> None:
    refused = await world.potok("run", "clinic", DAY, "--stage", "analysis")
    assert refused.code == 1
    assert refused.err.startswith("error: TRANSCRIPTION never covered")
    assert "--stage transcription" in refused.err


async def test_clients_are_set_up_changed_and_shown(world: Shell, tmp_path: Path) -> None:
    missing = await world.potok("client", "set", "new")
    assert missing.code == 2
    assert "--folder DIR" in missing.err
    made = await world.potok("client", "set", "new", "--folder", str(tmp_path), "--weight", "3")
    assert made.code == 0
    changed = await world.potok("client", "set", "new", "--time-zone", "Europe/Moscow", "--json")
    settings = json.loads(changed.out)["settings"]
    assert settings["source"] == f"folder:{tmp_path}"
    assert (settings["weight"], settings["time_zone"]) == (3, "Europe/Moscow")
    assert "Europe/Moscow" in (await world.potok("client", "show", "new")).out
    await world.potok("client", "set", "new", "--left-incoming", "client")
    sides = await world.potok("client", "set", "new", "--left-outgoing", "operator", "--json")
    settings = json.loads(sides.out)["settings"]
    assert (settings["left_incoming"], settings["left_outgoing"]) == ("client", "operator")
    again = await world.potok("client", "set", "new", "--left-incoming", "default", "--json")
    assert not json.loads(again.out)["settings"].get("left_incoming")
    names = [
        c["client_id"] for c in json.loads((await world.potok("client", "list", "--json")).out)
    ]
    assert names == ["clinic", "new"]
    formless = await world.potok("client", "set", "new", "--source", "somewhere")
    assert formless.code == 1
    assert "settings.source: 'somewhere'" in formless.err
    wrong = await world.potok("client", "set", "new", "--time-zone", "Mars/Base")
    assert wrong.code == 1
    assert "settings.time_zone" in wrong.err


async def test_a_new_epoch_says_what_watches_do_then(world: Shell) -> None:
    done = await world.potok("admin", "new-epoch")

    assert (done.code, done.out) == (0, "epoch 1 of the log: watches take a snapshot and go on\n")


async def test_what_is_not_there_is_said_in_one_line_with_what_to_do(world: Shell) -> None:
    nobody = await world.potok("run", "nobody", DAY)
    assert nobody.code == 1
    assert nobody.err.splitlines()[0] == "error: client nobody does not exist: set it up first"
    assert (await world.potok("watch", "ffff")).err.splitlines()[1].strip().startswith("potok runs")


@pytest.mark.parametrize(
    ("term", "drawn"), [("xterm-256color", True), ("dumb", False)], ids=["terminal", "dumb"]
)
async def test_a_terminal_is_drawn_on_and_a_dumb_one_gets_lines(
    world: Shell, term: str, drawn: bool
) -> None:
    code, text = await on_a_terminal(world, term, "run", "clinic", DAY, typed="\n")

    assert code == 0
    assert "start the run? [Y/n]" in text
    assert ("\x1b[?25h" in text) is drawn, "the cursor is shown again"
    assert ("━" in text) is drawn
    assert ("\x1b" in text) is drawn
    assert "reporting" in text
    assert "completed" in text


async def test_a_run_shows_first_what_it_would_do(world: Shell) -> None:
    taken = [
        PreviewedItem(item_id="call-1", day=DAY, duration_seconds=90),
        PreviewedItem(item_id="call-2", day=DAY),
    ]
    world.coordination.stages.preview = {
        stage_pb2.STAGE_CALL_SYNC: PreviewStageResponse(taken=taken, unchanged=4),
        stage_pb2.STAGE_ANALYSIS: PreviewStageResponse(
            taken=taken, more=True, cost=Cost(amount=0.003, currency="USD")
        ),
    }
    shown = await world.potok("run", "clinic", DAY, "--preview")

    assert shown.code == 0
    rows = {line.split()[0]: line.split()[1:] for line in shown.out.splitlines()}
    assert rows["call_sync"] == ["2", "1.5", "+", "1", "unknown", "4"]
    assert rows["analysis"] == ["2+", "0", "0.0030", "USD"]
    as_json = json.loads((await world.potok("run", "clinic", DAY, "--preview", "--json")).out)
    assert as_json["stages"][0]["unknown_durations"] == 1
    assert "no runs yet" in (await world.potok("runs")).out
    assert "call_sync" in (await world.potok("run", "clinic", DAY)).out, "a script is not asked"


async def test_a_person_who_says_no_starts_nothing(world: Shell) -> None:
    code, text = await on_a_terminal(world, "xterm", "run", "clinic", DAY, typed="n\n")

    assert (code, "start the run?" in text) == (0, True)
    assert "no runs yet" in (await world.potok("runs")).out


async def test_a_folder_becomes_a_client_of_its_own(world: Shell, tmp_path: Path) -> None:
    relative = os.path.relpath(tmp_path)  # noqa: ASYNC240  # no file is touched
    done = await world.potok("run", "--folder", relative, "--no-watch")

    assert done.code == 0
    made = json.loads((await world.potok("client", "show", "local", "--json")).out)
    assert made["settings"]["source"] == f"folder:{tmp_path}"
    run = json.loads((await world.potok("runs", "--json")).out)[0]["status"]
    days = DateRange(**run["range"])
    assert date.fromisoformat(days.end_date) - date.fromisoformat(days.start_date) == LAST_YEAR
    await world.potok("client", "set", "crm", "--source", "amocrm:crm")
    refused = await world.potok("run", "crm", "--folder", str(tmp_path))
    assert refused.code == 2
    assert "takes its calls from amocrm:crm" in refused.err
    nothing = await world.potok("run")
    assert nothing.code == 2
    assert "--folder" in nothing.err


async def on_a_terminal(
    world: Shell, term: str, *arguments: str, typed: str = ""
) -> tuple[int, str]:
    """Run a command on a terminal of 100 columns; returns its exit code and what it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    environment = {k: v for k, v in world.environment.items() if k not in ("COLUMNS", "NO_COLOR")}
    process = await asyncio.create_subprocess_exec(
        POTOK,
        *arguments,
        env={**environment, "TERM": term, "PYTHONUTF8": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    try:
        async with asyncio.timeout(2 * PATIENCE):
            text = await asyncio.to_thread(all_of, lambda: os.read(ours, 65536))
            return await process.wait(), text
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)


def all_of(read: Callable[[], bytes]) -> str:
    """Read until the other side of a terminal is closed."""
    parts = []
    try:
        while part := read():
            parts.append(part)
    except OSError:  # how Linux says it
        pass
    return b"".join(parts).decode()
