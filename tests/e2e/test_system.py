"""The whole system as a user runs it: real processes, real speech, the sample calls."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.folders import CHECKOUT
from deploy.local.services import SERVICES
from deploy.local.settings import GATEWAY, SANDBOX, TELEPHONY
from deploy.local.system import System
from deploy.sandbox.behaviour import Behaviour
from deploy.sandbox.clinic import ANNA
from deploy.sandbox.world import Call, Entity, Manner, Note, Recording, World
from tests.sandbox import RunningSandbox, running_sandbox
from tests.whole_system import free_places, whole_system

DAYS = ("2026-11-02", "2026-11-04")
PARTIAL = 3
"""What `potok` exits with when single calls failed: one sample is damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSystem:
    """A system of its own, on free ports."""

    system: System
    home: Path

    async def run(self, *command: str, **environment: str) -> tuple[int, str]:
        """Run a program of the Python environment to its end; returns its exit code and what it said."""
        process = await self.start(*command, **environment)
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode()

    async def start(self, *command: str, **environment: str) -> asyncio.subprocess.Process:
        program, *arguments = command
        return await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *(str(Path(sys.executable).with_name(program)), *arguments),
            cwd=CHECKOUT,
            env={
                **os.environ,
                **self.system.settings,
                **environment,
                "TERM": "dumb",
                "COLUMNS": "120",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    def sandbox(self) -> RunningSandbox:
        """Return the sandbox of the system, whose calls the demo takes."""
        settings = self.system.settings
        telephony = json.loads(settings["POTOK_CALL_SYNC_PRIVATE_HOSTS"])[0]
        return RunningSandbox(host=settings["POTOK_SANDBOX_ADDRESS"], telephony=telephony)

    async def kill(self, service: str, group: str = "services") -> None:
        """End a program as the kernel would when memory runs out; supervisor starts it again."""
        conf = str(self.home / "supervisord.conf")
        code, said = await self.run(
            "supervisorctl", "-c", conf, "signal", "KILL", f"{group}:{service}"
        )
        assert code == 0, said


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """An account of AmoCRM beside that of the demo, with calls of an hour ago."""
    with running_sandbox(fresh_calls(), Behaviour(access_token_requests=8)) as running:
        yield running


@pytest.fixture
async def world(postgres_home: Path, sandbox: RunningSandbox) -> AsyncIterator[RunningSystem]:
    home = postgres_home / f"e2e-{os.getpid()}"
    listens = free_places()
    also = {
        "POTOK_CALL_SYNC_RECORDING_DELAYS": json.dumps(["PT0.5S", "PT1S"]),
        "POTOK_CALL_SYNC_CRM_HOSTS": json.dumps([listens[SANDBOX], sandbox.host]),
        "POTOK_CALL_SYNC_PRIVATE_HOSTS": json.dumps([listens[TELEPHONY], sandbox.telephony]),
    }
    async with whole_system(home, listens, also) as system:
        yield RunningSystem(system=system, home=home)


def fresh_calls() -> World:
    """Return calls whose recordings differ: there at once, late, late for good, refused to this day."""
    manners = {
        61: Recording(seed=61),
        62: Recording(seed=62, manner=Manner.HTML, tries=1),
        63: Recording(seed=63, manner=Manner.NOT_FOUND),
        64: Recording(seed=64, manner=Manner.REDIRECT_PRIVATE),
    }
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    return World(
        users=(ANNA,),
        calls=tuple(
            Call(
                incoming=True,
                duration_seconds=2,
                phone=f"+700000000{note_id}",
                user_id=ANNA.user_id,
                notes=(
                    Note(
                        note_id=note_id,
                        entity=Entity.LEADS,
                        entity_id=1,
                        created_at=hour_ago,
                        updated_at=hour_ago,
                        uniq=f"{note_id}",
                    ),
                ),
                recording=recording,
            )
            for note_id, recording in manners.items()
        ),
    )


async def test_the_demo_ends_with_the_report_and_a_second_one_does_nothing_twice(
    world: RunningSystem,
) -> None:
    sandbox = world.sandbox()
    code, first = await world.run("python", "-m", "deploy.local.demo")
    tokens = [each.status for each in sandbox.requests("/oauth2/access_token")]
    late = [each.status for each in sandbox.requests("/recordings/42709303")]
    again, second = await world.run("python", "-m", "deploy.local.demo")

    assert code == 0, first
    assert "partial" in first
    for word in ("new_booking", "price_inquiry", "wrong_number", "booked", "thinking", "Анна"):
        assert word in first, first
    assert "the ledger holds" in first, first
    assert "amocrm-42709301" in first, first
    assert "merged: the source lists it as amocrm-42709301, too" in first, first
    assert late == [202, 200]
    assert len(tokens) > 1, "no token was renewed"
    assert set(tokens) == {200}, "a refresh token was used twice"
    assert again == 0, second
    assert "transcription: succeeded" in second, second
    assert re.search(r"transcription: succeeded after 0:0\d.*unchanged", second), second


async def test_recordings_of_an_account_come_late_or_never_and_each_says_so(
    world: RunningSystem, sandbox: RunningSandbox
) -> None:
    integration = ("--client-id", sandbox.client_id, "--redirect-uri", sandbox.redirect_uri)
    added, said = await world.run(
        *("potok", "account", "add", "clinic", "--host", sandbox.host, *integration),
        POTOK_AMOCRM_CLIENT_SECRET=sandbox.client_secret,
        POTOK_AMOCRM_CODE=sandbox.code(),
    )
    assert added == 0, said
    made, said = await world.run("potok", "client", "set", "clinic", "--source", "amocrm:clinic")
    assert made == 0, said
    today = datetime.now(UTC).date()
    days = (f"{today - timedelta(days=1)}", f"{today}")
    ended, heard = await world.run("potok", "run", "clinic", *days, "--stage", "call_sync")
    shown, listed = await world.run(
        "potok", "items", "clinic", *days, "--stage", "call_sync", "--json"
    )

    assert ended == PARTIAL, heard
    assert shown == 0, listed
    items = {item["item_id"]: item for item in json.loads(listed)}
    reasons = {each: (items[each]["state"], items[each]["reason"]) for each in items}
    assert reasons == {
        "amocrm-61": ("ITEM_STATE_SUCCESS", "REASON_UNSPECIFIED"),
        "amocrm-62": ("ITEM_STATE_SUCCESS", "REASON_UNSPECIFIED"),
        "amocrm-63": ("ITEM_STATE_SKIPPED", "REASON_NO_RECORDING_YET"),
        "amocrm-64": ("ITEM_STATE_FAILED", "REASON_INVALID_INPUT"),
    }
    tokens = [each.status for each in sandbox.requests("/oauth2/access_token")]
    assert len(tokens) > 1, "no token was renewed"
    assert set(tokens) == {200}, "a refresh token was used twice"


async def test_a_run_survives_the_death_of_every_service(world: RunningSystem) -> None:
    samples = str(CHECKOUT / "deploy" / "samples")
    made, said = await world.run("potok", "client", "set", "clinic", "--folder", samples)
    assert made == 0, said
    run = await world.start("potok", "run", "clinic", *DAYS)
    assert run.stdout is not None
    heard = ""
    while "transcription: running" not in heard:
        line = await run.stdout.readline()
        assert line, heard
        heard += line.decode()
    for service in SERVICES:
        await world.kill(service)
    await world.kill(GATEWAY, group="door")
    rest, _ = await run.communicate()
    heard += rest.decode()

    assert run.returncode == PARTIAL, heard
    shown, items = await world.run("potok", "items", "clinic", *DAYS, "--stage", "transcription")
    assert shown == 0, items
    assert re.search(r"sample-5 .*failed.*", items), items
    assert len(re.findall(r"success", items)) == 3, items
    _, report = await world.run("potok", "report", "clinic", *DAYS)
    assert "3 calls" in report, report
