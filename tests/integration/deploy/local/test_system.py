"""The local system around the services: what it refuses, and that nothing of it stays behind."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.database import ROLES
from deploy.local.folders import CHECKOUT, LocalError
from deploy.local.readiness import not_ready
from deploy.local.services import SERVICES
from deploy.local.settings import GATEWAY, environment, listening
from deploy.local.supervision import Program, configuration
from deploy.local.system import running
from services.status.domain import Stage
from tests.processes import is_alive
from tests.waiting import block_until

SUPERVISE = """
import asyncio, sys
from pathlib import Path
from deploy.local.supervision import supervised

async def main():
    async with supervised(Path(sys.argv[1]), {}) as process:
        await process.wait()

asyncio.run(main())
"""
WAIT_UNTIL_TOLD = """
import asyncio, sys
from deploy.local.system import _until_told

async def wait():
    print("waiting", flush=True)
    await asyncio.Event().wait()

sys.exit(asyncio.run(_until_told(wait())))
"""
WRITE_PID_AND_WAIT = """
import os, sys, signal
from pathlib import Path

signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[2] == "stubborn" else signal.SIG_DFL)
path = Path(sys.argv[1])
path.with_suffix(".new").write_text(str(os.getpid()))
path.with_suffix(".new").rename(path)
signal.pause()
"""


def test_an_address_without_a_port_is_named_with_its_setting() -> None:
    with pytest.raises(LocalError, match="POTOK_ANALYSIS_LISTEN must be host:port"):
        listening({"POTOK_ANALYSIS_LISTEN": "localhost"})


def test_every_service_is_told_its_database_and_address(tmp_path: Path) -> None:
    settings = environment({role: f"dsn of {role}" for role in ROLES}, listening({}), tmp_path)

    for service in SERVICES:
        assert settings[f"POTOK_{service.upper()}_DATABASE_URL"] == f"dsn of {service}_system"
        assert settings[f"POTOK_{service.upper()}_LISTEN"] == listening({})[service]


def test_an_empty_address_leaves_the_sandbox_out(tmp_path: Path) -> None:
    listens = listening({"POTOK_SANDBOX_LISTEN": ""})
    settings = environment(dict.fromkeys(ROLES, ""), listens, tmp_path)

    assert set(listens) == {*SERVICES, GATEWAY}
    assert "POTOK_CALL_SYNC_CRM_HOSTS" not in settings
    assert "POTOK_CALL_SYNC_PRIVATE_HOSTS" not in settings


def test_the_key_of_secrets_stays_and_is_for_its_owner_only(tmp_path: Path) -> None:
    first, again = (
        environment(dict.fromkeys(ROLES, ""), listening({}), tmp_path) for _ in range(2)
    )

    assert first["POTOK_CALL_SYNC_SECRETS_KEY"] == again["POTOK_CALL_SYNC_SECRETS_KEY"]
    assert (tmp_path / "secrets.key").stat().st_mode & 0o777 == 0o600


def test_every_stage_has_an_address(tmp_path: Path) -> None:
    settings = environment(dict.fromkeys(ROLES, ""), listening({}), tmp_path)

    assert set(json.loads(settings["POTOK_COORDINATOR_STAGES"])) == {stage.value for stage in Stage}


async def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"

        with pytest.raises(LocalError, match=f"call_sync cannot listen on {taken} .*POTOK_CALL"):
            async with running(tmp_path, {"call_sync": taken}):
                pass

    assert not (tmp_path / "data").exists()


async def test_a_service_that_does_not_answer_is_named(free_port: int) -> None:
    addresses = dict.fromkeys(("analysis", "sandbox"), f"127.0.0.1:{free_port}")

    assert await not_ready(addresses, within=0.2, plain=["sandbox"]) == ["analysis", "sandbox"]


def test_a_percent_sign_in_a_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="with % in its name"):
        configuration([], home=tmp_path / "100%", logs=tmp_path, checkout=CHECKOUT)


def test_a_terminal_that_is_closed_ends_the_system_all_the_same() -> None:
    terminal, errors = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", WAIT_UNTIL_TOLD],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=errors,
    ) as waiting:
        assert waiting.stdout
        assert waiting.stdout.readline() == b"waiting\n"
        os.close(errors)
        os.close(terminal)  # nobody is there to read what it says

        waiting.send_signal(signal.SIGHUP)

        try:
            # Or 120, where Python had words left that it could not say.
            assert waiting.wait(20) in (128 + signal.SIGHUP, 120)
        finally:
            waiting.kill()


@pytest.mark.parametrize("killed", ["supervising", "supervisord"])
def test_no_program_outlives_what_watches_over_it(tmp_path: Path, killed: str) -> None:
    (tmp_path / "program.py").write_text(WRITE_PID_AND_WAIT)
    # Told by supervisord it ends; when supervisord is killed, nobody is there to ask it.
    kind = "willing" if killed == "supervising" else "stubborn"
    command = (sys.executable, f"{tmp_path / 'program.py'}", f"{tmp_path / 'pid'}", kind)
    file = tmp_path / "supervisord.conf"
    program = Program(name="one", group="all", rank=1, command=command)
    file.write_text(configuration([program], home=tmp_path, logs=tmp_path, checkout=CHECKOUT))
    with subprocess.Popen([sys.executable, "-c", SUPERVISE, file], cwd=CHECKOUT) as supervising:
        block_until((tmp_path / "pid").exists, "the program runs")
        pid = int((tmp_path / "pid").read_text())
        supervisord = int((tmp_path / "supervisord.pid").read_text())
        assert is_alive(pid)

        os.kill(supervising.pid if killed == "supervising" else supervisord, signal.SIGKILL)

    block_until(lambda: not is_alive(pid) and not is_alive(supervisord), "both have ended")
