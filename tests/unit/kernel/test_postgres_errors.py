"""The one list of what an error of Postgres means."""

import asyncio
import socket

import asyncpg
import pytest
from asyncpg import exceptions

from services.kernel.errors import DatabaseAway, DomainError, UpstreamUnavailable
from services.kernel.postgres_errors import why_away


def raised_by_state(state: str) -> Exception:
    return exceptions.PostgresError.new({"C": state, "M": "as Postgres says it"})


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("08000", "does not answer"),
        ("08003", "does not answer"),
        ("08006", "does not answer"),
        ("08P01", "does not answer"),
        ("25006", "read-only"),
        ("25P03", "too long"),
        ("25P04", "too long"),
        ("28000", "does not let this service in"),
        ("28P01", "does not let this service in"),
        ("3D000", "is not there"),
        ("40001", "at the same time"),
        ("40P01", "at the same time"),
        ("53000", "run out of"),
        ("53100", "disk of the database is full"),
        ("53200", "no memory"),
        ("53300", "no connection left"),
        ("53400", "run out of"),
        ("55P03", "held up"),
        ("57014", "too long"),
        ("57P01", "stops"),
        ("57P02", "stopped"),
        ("57P03", "not take calls yet"),
        ("57P04", "is not there"),
        ("57P05", "stood still"),
        ("58030", "cannot use its files"),
    ],
)
def test_every_state_in_which_postgres_does_not_do_its_work_has_a_sentence(
    state: str, says: str
) -> None:
    assert says in (why_away(raised_by_state(state)) or "")


@pytest.mark.parametrize("state", ["22001", "22P05", "23505", "25P02", "42501", "42P01", "XX000"])
def test_a_statement_at_fault_is_none_of_them(state: str) -> None:
    assert why_away(raised_by_state(state)) is None


@pytest.mark.parametrize(
    "error",
    [
        exceptions.InternalClientError(
            "cannot switch to state 12; another operation is in progress"
        ),
        exceptions.ProtocolError("unexpected message"),
        exceptions.InterfaceError("connection is closed"),
        exceptions.InterfaceError("cannot perform operation: another operation is in progress"),
        exceptions.InvalidCachedStatementError("cached plan must not change result type"),
        exceptions.OutdatedSchemaCacheError("unexpected number of attributes"),
        exceptions.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        exceptions.TargetServerAttributeNotMatched("none of the hosts match"),
        DatabaseAway("the database does not answer"),
    ],
)
def test_what_the_driver_says_of_a_lost_connection_is_one(error: Exception) -> None:
    assert why_away(error)


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ClientConfigurationError("invalid DSN"),
        exceptions.InterfaceError("the server expects 1 argument for this query, 2 were passed"),
        FileNotFoundError("a file of ours"),
        ConnectionResetError("a call of ours"),
        TimeoutError(),
        EOFError(),
        UpstreamUnavailable("the source does not answer"),
        DomainError("no"),
        ValueError("no"),
    ],
)
def test_an_error_of_something_else_is_none(error: Exception) -> None:
    assert why_away(error) is None


def test_tasks_that_ran_together_met_an_outage_where_nothing_else_befell_them() -> None:
    lost = exceptions.ConnectionDoesNotExistError("connection was closed")
    full = raised_by_state("53100")
    assert why_away(ExceptionGroup("", [lost, ExceptionGroup("", [full])]))
    assert why_away(ExceptionGroup("", [lost, ValueError("ours")])) is None


def test_a_table_that_has_changed_is_no_silence() -> None:
    changed = exceptions.OutdatedSchemaCacheError("unexpected number of attributes")
    assert why_away(changed) == "the tables have just been changed"


async def test_an_os_error_is_one_where_the_driver_raised_it(free_port: int) -> None:
    with pytest.raises(OSError, match="onnect") as refused:
        await asyncpg.connect(host="127.0.0.1", port=free_port, user="u", database="d")
    assert why_away(refused.value) == "the database does not answer"


async def test_a_server_that_says_nothing_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(TimeoutError) as late:
            await asyncpg.connect(
                host="127.0.0.1", port=port, user="u", database="d", ssl=False, timeout=0.05
            )
    assert why_away(late.value) == "the database does not answer"


async def test_one_that_hangs_up_is_away() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises((OSError, asyncpg.PostgresError)) as gone:
            await asyncpg.connect(host="127.0.0.1", port=port, user="u", database="d", ssl=False)
    assert why_away(gone.value) == "the database does not answer"
