"""The local Postgres itself: who may reach it, what outlives what, where its data may lie."""

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from deploy.local import postgres
from deploy.local.folders import LocalError, OsUser, data_home, open_to, own_folder
from tests.conftest import Database
from tests.tree import ROOT
from tests.waiting import block_until

SERVE_UNTIL_KILLED = """
import sys
from pathlib import Path
from deploy.local import postgres

home = Path(sys.argv[1])
with postgres.running(home, log=home / "postgres.log", durable=False):
    print("ready", flush=True)
    sys.stdin.read()
"""


async def test_a_wrong_password_is_refused(database: Database) -> None:
    address = database.dsn("coordinator_app").replace("@", "x@")

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(address)


async def test_only_loopback_is_listened_on(database: Database) -> None:
    async with database.pool("postgres") as pool:
        settings = await pool.fetch(
            "SELECT setting FROM pg_settings"
            " WHERE name IN ('listen_addresses', 'unix_socket_directories') ORDER BY name"
        )

    assert [row["setting"] for row in settings] == ["127.0.0.1", ""]


async def test_cyrillic_is_folded_whatever_the_locale(database: Database) -> None:
    async with database.pool("postgres") as pool:
        assert await pool.fetchval("SELECT upper('ёлка')") == "ЁЛКА"


def test_secrets_are_readable_by_their_owner_alone(postgres_home: Path) -> None:
    modes = {
        name: stat.S_IMODE((postgres_home / name).stat().st_mode)
        for name in ("password", "roles.json", "data")
    }

    assert modes == {"password": 0o600, "roles.json": 0o600, "data": 0o700}


def test_postgres_ends_with_a_killed_parent_and_keeps_its_rows(home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE_UNTIL_KILLED, home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"ready\n"
        server = postgres.found_running(home)
        assert server
        asyncio.run(_execute(server, "CREATE TABLE kept AS SELECT 7 AS number"))

        parent.kill()
        parent.wait()

    _wait_until_down(home)
    assert "database system is shut down" in (home / "postgres.log").read_text()
    with postgres.running(home, log=home / "postgres.log", durable=False) as again:
        assert asyncio.run(_execute(again, "SELECT number FROM kept")) == 7


def test_a_taken_port_is_an_error_with_the_log(home: Path, postgres_home: Path) -> None:
    other = postgres.found_running(postgres_home)
    assert other

    with (
        pytest.raises(LocalError, match="Address already in use"),
        postgres.running(home, log=home / "postgres.log", port=other.port),
    ):
        pass


def test_a_missing_password_is_named_instead_of_replaced(home: Path) -> None:
    with postgres.running(home, log=home / "postgres.log", durable=False):
        pass
    (home / "password").unlink()

    with pytest.raises(LocalError, match="password is missing"):
        postgres.prepared(home, port=1)


def test_a_folder_is_open_only_when_every_parent_is(tmp_path: Path) -> None:
    stranger = OsUser(uid=65_000, gid=65_000)
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, *inner.parents[:3]):
        folder.chmod(0o755)

    inner.parent.chmod(0o700)
    assert not open_to(stranger, inner)
    assert open_to(OsUser(uid=os.geteuid(), gid=os.getegid()), inner)

    inner.parent.chmod(0o711)
    assert open_to(stranger, inner.parent) == open_to(stranger, tmp_path)


def test_the_data_of_a_deep_checkout_lie_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 80)
    deep.mkdir()

    home = data_home(deep)

    assert home.parent == Path("/var/tmp")
    assert home == data_home(deep)
    home.rmdir()


def test_a_foreign_folder_is_not_taken_for_data(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)

    with pytest.raises(LocalError, match="belongs to somebody else"):
        own_folder(tmp_path / "link")


@pytest.fixture
def home(postgres_home: Path, tmp_path: Path) -> Path:
    """Return a folder for a cluster of the test's own, removed with that of the run."""
    return own_folder(postgres_home / tmp_path.name)


async def _execute(server: postgres.Server, statement: str) -> object:
    connection = await asyncpg.connect(server.dsn())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def _wait_until_down(home: Path) -> None:
    pid = home / "data" / "postmaster.pid"
    block_until(lambda: not pid.exists(), "Postgres ends with its parent")
