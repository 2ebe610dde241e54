"""Recordings that are heard by HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.hearing import Hearing, running_hearing


@pytest.fixture
async def hearing(database: Database, free_port: int, tmp_path: Path) -> AsyncIterator[Hearing]:
    async with running_hearing(database, free_port, tmp_path) as hearing:
        yield hearing
