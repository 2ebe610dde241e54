"""What all queries of the library share: types, parameters."""

from typing import Any

import asyncpg

from services.kernel.postgres import Connection
from services.kernel.strangers import storable
from services.stage.domain import Execution

Pool = asyncpg.Pool
Reader = Connection | Pool
"""What one statement can be sent by, inside a transaction or without one."""


def clean(message: str) -> str:
    """Make a sentence fit a column: at most 1,000 characters, all of which can be stored."""
    return storable(message)[:1000]


def stage_and_owner(execution: Execution) -> dict[str, Any]:
    """Return whose items, and of which stage, an execution has, as the parameters of a query."""
    return {"stage": execution.stage.value, "owner": execution.owner}


def range_of(execution: Execution) -> dict[str, Any]:
    """Return the same with the days of its range."""
    return {
        **stage_and_owner(execution),
        "start_date": execution.range.start,
        "end_date": execution.range.end,
    }
