"""A coordinator for the tests that ask for one: its stages and bots are played by the test."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import Database
from tests.coordination import Coordination, Replica, calling, coordination
from tests.identity import token


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Coordination]:
    """What replicas share; none runs yet."""
    async with coordination(database) as world:
        yield world


@pytest.fixture
async def replica(world: Coordination) -> AsyncIterator[Replica]:
    """A replica, as one who is let in everywhere calls it."""
    async with world.replica() as replica:
        yield replica


@pytest.fixture
async def anna(replica: Replica) -> AsyncIterator[Replica]:
    """The same replica as the user anna calls it."""
    async with calling(replica.address, token("anna")) as anna:
        yield anna


@pytest.fixture
async def sql(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The rows of the coordinator."""
    connection = await asyncpg.connect(database.dsn("coordinator_system"))
    yield connection
    await connection.close()
