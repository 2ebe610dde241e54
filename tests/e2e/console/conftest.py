"""One system with its console for all tests of a worker: it takes long to start, and each test has a client of its own."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.console import Console, running_console


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def console(postgres_home: Path) -> AsyncIterator[Console]:
    """The console of a system, and a browser."""
    async with running_console(postgres_home / f"e2e-console-{os.getpid()}") as console:
        yield console
