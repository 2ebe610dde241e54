"""The library's queries by name, and what every use of them shares."""

from typing import Any

import asyncpg

from services.kernel.postgres import UNREACHABLE, load_queries
from services.stage.domain import Execution

Q = load_queries(__file__)

AWAY = (*UNREACHABLE, asyncpg.OperatorInterventionError, asyncpg.InterfaceError)
"""What a query raises while Postgres is away or restarts, or when the connection is lost."""

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Reader = Connection | asyncpg.Pool


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may succeed when it is repeated."""
    again = (*AWAY, asyncpg.TransactionRollbackError, asyncpg.InsufficientResourcesError)
    # asyncpg's refusal of an argument is an InterfaceError, too.
    return isinstance(error, again) and not isinstance(error, ValueError)


def clean(message: str) -> str:
    """Make a sentence fit a column: of bearable length, without what text in Postgres cannot hold."""
    return message.replace("\x00", "").encode("utf-8", "replace").decode()[:1000]


def place(execution: Execution) -> dict[str, Any]:
    """Return where the items of an execution are, as the parameters of a query."""
    return {"stage": execution.stage.value, "owner": execution.owner}


def span(execution: Execution) -> dict[str, Any]:
    """Return where they are and on which days."""
    return {
        **place(execution),
        "start_date": execution.range.start,
        "end_date": execution.range.end,
    }
