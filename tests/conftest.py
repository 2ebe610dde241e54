"""For all tests: how properties are tried, and a real Postgres for those that ask for one.

One server a run, a fresh database a test.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from deploy.local import postgres
from deploy.local.database import DATABASE, dsns
from deploy.local.folders import LocalError, data_home, own_folder
from deploy.local.migrate import prepare

# No property is judged by a clock, and everybody tries the same examples: what fails here fails everywhere.
settings.register_profile(
    "potok", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile(
    "explore", settings.get_profile("potok"), derandomize=False, max_examples=1000, print_blob=True
)
settings.load_profile("potok")

_HOME = pytest.StashKey[Path]()
_PREFIX = "potok-tests-"  # of a folder's name; the process id of its owner follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database for one test: all schemas, roles and migrations, no rows."""

    name: str
    home: Path
    server: postgres.Server

    def addresses(self) -> dict[str, str]:
        """Return the address for every role, such as `coordinator_system`."""
        return dsns(self.home, port=self.server.port, database=self.name)

    def dsn(self, role: str) -> str:
        """Return the address for a role; that of `postgres` may do anything."""
        return self.server.dsn(self.name) if role == "postgres" else self.addresses()[role]

    def pool(self, role: str, *, size: int = 4) -> "asyncpg.pool.Pool[asyncpg.Record]":
        """Return a pool of a role's connections, to be opened by `async with`."""
        return asyncpg.create_pool(self.dsn(role), min_size=0, max_size=size)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the server before the first worker of xdist, in the process that outlives them."""
    try:
        node.workerinput["postgres_home"] = str(_home(node.config))
    except LocalError as error:
        pytest.exit(f"no database for the tests: {error}", returncode=1)


@pytest.fixture(scope="session")
def postgres_home(pytestconfig: pytest.Config) -> Path:
    """Return the folder of the run's Postgres, which serves the template `potok`."""
    return _home(pytestconfig)


@pytest.fixture
async def database(postgres_home: Path) -> AsyncIterator[Database]:
    """Make a copy of the migrated database, dropped at the end with all connections to it."""
    server = postgres.found_running(postgres_home)
    assert server, "the Postgres of the tests has ended"
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(server.dsn())
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
        yield Database(name=name, home=postgres_home, server=server)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest.fixture
def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    return postgres.free_port()


def _home(config: pytest.Config) -> Path:
    """Return the folder of this run's Postgres, starting it when nobody has."""
    if workerinput := getattr(config, "workerinput", None):
        return Path(workerinput["postgres_home"])
    if _HOME not in config.stash:
        parent = _parent()
        _remove_leftovers(parent)
        with ExitStack() as stack:
            home = own_folder(parent / f"{_PREFIX}{os.getpid()}")
            stack.callback(shutil.rmtree, home)
            server = stack.enter_context(
                postgres.running(home, log=home / "postgres.log", durable=False)
            )
            asyncio.run(prepare(server, home))
            config.add_cleanup(stack.pop_all().close)
        config.stash[_HOME] = home
    return config.stash[_HOME]


def _parent() -> Path:
    """Return where the cluster of a run lies: in memory where there is room.

    A fresh database is three hundred files, which takes a disk up to half a second.
    """
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3:
        return memory
    return data_home()


def _remove_leftovers(parent: Path) -> None:
    """Remove the folders of runs that were killed; their Postgres ended with them."""
    for folder in parent.glob(f"{_PREFIX}*"):
        if not Path("/proc", folder.name.removeprefix(_PREFIX)).exists():
            shutil.rmtree(folder, ignore_errors=True)
