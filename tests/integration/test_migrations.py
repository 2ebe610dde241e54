"""The migrations and the queries of all services, against a real Postgres."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import aiosql
import asyncpg
import pytest

from deploy.local import postgres
from deploy.local.database import ROLES, bootstrap
from deploy.local.folders import CHECKOUT, LocalError
from deploy.local.migrate import migrate
from deploy.local.services import SERVICES
from services.call_sync.calls.adapters.stages import OwnStage
from services.call_sync.calls.copying import Copying
from services.call_sync.calls.repository.copies import PostgresCopies
from services.call_sync.repository import PostgresCalls
from services.status.domain import ExecutionNumber, Owner, Stage
from tests.builders.call_sync import a_call
from tests.conftest import Database
from tests.identity import everything
from tests.waiting import until

FOLDERS = sorted({file.parent for file in CHECKOUT.glob("services/**/*migrations/*.sql")})
QUERIES = sorted(
    file
    for file in CHECKOUT.glob("services/**/queries.sql")
    if file.parent.name != "reporting"  # those are of another database
)


def _named(path: Path) -> str:
    return str(path.relative_to(CHECKOUT / "services"))


@pytest.mark.parametrize("folder", FOLDERS, ids=_named)
def test_the_numbers_of_migrations_are_dense(folder: Path) -> None:
    # dbmate skips a repeated number in silence.
    numbers = sorted(file.name.partition("_")[0] for file in folder.glob("*.sql"))

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("file", QUERIES, ids=_named)
async def test_every_query_prepares(database: Database, file: Path) -> None:
    service, *_ = file.relative_to(CHECKOUT / "services").parts
    # The stage library's queries run in the schema of each stage service alike.
    role = "transcription_system" if service == "stage" else f"{service}_system"
    queries = aiosql.from_path(file, "asyncpg")
    connection = await asyncpg.connect(database.dsn(role))
    names = [name for name in queries.available_queries if not name.endswith("_cursor")]
    failed = []
    for name in names:
        try:
            await connection.prepare(getattr(queries, name).sql)
        except asyncpg.PostgresError as error:
            failed.append(f"{name}: {error}")
    await connection.close()

    assert names
    assert not failed


async def test_a_second_bootstrap_and_migration_change_nothing(database: Database) -> None:
    before = _dump(database)

    await bootstrap(database.server.dsn(), database.addresses())
    await migrate(database.addresses())

    assert _dump(database) == before
    assert all(f"CREATE SCHEMA {service};" in before for service in SERVICES)


async def test_a_failing_migration_is_named_with_its_folder(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "services" / "coordinator" / "migrations"
    folder.mkdir(parents=True)
    # Its number is late enough for a database that holds the real ones.
    (folder / "9999_break.sql").write_text("-- migrate:up\nCREATE TABLE (;\n-- migrate:down\n")

    with pytest.raises(LocalError, match=r"(?s)schema coordinator from .*syntax error") as raised:
        await migrate(database.addresses(), tmp_path)

    assert str(urlsplit(database.dsn("coordinator_owner")).password) not in str(raised.value)


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_reaches_its_own_schema_alone(database: Database, role: str) -> None:
    connection = await asyncpg.connect(database.dsn(role))
    reachable = await connection.fetchval(
        "SELECT array_agg(nspname::text) FROM pg_namespace"
        " WHERE nspname = ANY($1) AND has_schema_privilege(oid, 'USAGE')",
        [*SERVICES, "reporting"],
    )
    schema = await connection.fetchval("SELECT current_schema()")
    passes_rls = await connection.fetchval(
        "SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user"
    )
    await connection.close()

    assert reachable == [schema] == [role.rpartition("_")[0]]
    assert passes_rls == role.endswith("_system")


async def test_the_rights_on_new_tables_are_those_of_the_role(database: Database) -> None:
    owner = await asyncpg.connect(database.dsn("analysis_owner"))
    await owner.execute("CREATE TABLE probes (id bigint GENERATED ALWAYS AS IDENTITY, word text)")
    await owner.close()

    async with database.pool("analysis_system") as system, database.pool("analysis_app") as app:
        await system.execute("INSERT INTO probes (word) VALUES ('a')")
        await system.execute("UPDATE probes SET word = 'b'")
        assert await app.fetchval("SELECT word FROM probes") == "b"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute("DELETE FROM probes")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await system.execute("TRUNCATE probes")


# The last migrations of 0.1: those before calls could be listed.
OLD = {"stage": 7, "call_sync": 6, "recommendations": 6, "transcription": 4}
CLINIC = Owner("client:clinic")


@pytest.fixture
async def old_database(postgres_home: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """Make a database by the migrations of OLD."""
    server = postgres.found_running(postgres_home)
    assert server, "the Postgres of the tests has ended"
    database = Database(name=f"test_{uuid4().hex}", home=postgres_home, server=server)
    for folder in FOLDERS:
        own = tmp_path / folder.relative_to(CHECKOUT)
        shutil.copytree(folder, own)
        last = OLD.get(folder.parent.name, 9999) if folder.name == "migrations" else 9999
        for file in own.glob("*.sql"):
            if int(file.name.partition("_")[0]) > last:
                file.unlink()
    try:
        await bootstrap(server.dsn(), database.addresses())
        await migrate(database.addresses(), tmp_path)
        yield database
    finally:
        connection = await asyncpg.connect(server.dsn())
        await connection.execute(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")
        await connection.close()


async def test_a_filled_old_database_loses_nothing_and_its_calls_are_copied_whole(
    old_database: Database,
) -> None:
    calls, items = "SELECT * FROM calls ORDER BY call_id", "SELECT * FROM items ORDER BY item_id"
    async with old_database.pool("call_sync_system") as pool:
        await pool.execute(
            """
            INSERT INTO call_sync.calls (owner, call_id, execution, day, started_at, direction, duration_seconds,
                                         employee, contact, answered)
            SELECT 'client:clinic', 'c' || n, 1, '2026-03-01', '2026-03-01 09:00Z'::timestamptz + n * interval '1 minute',
                   'INCOMING', n, 'Анна', '+7 916 000-00-' || lpad(n::text, 2, '0'), true
              FROM generate_series(1, 20) AS n
            """
        )
        await pool.execute(
            """
            INSERT INTO items (stage, owner, item_id, day, execution, state, reason, output, seen)
            SELECT 'CALL_SYNC', owner, call_id, day, 1, CASE WHEN duration_seconds > 15 THEN 'FAILED' ELSE 'SUCCESS' END,
                   CASE WHEN duration_seconds > 15 THEN 'INTERNAL' END, (duration_seconds <= 15)::int, 1
              FROM call_sync.calls
            """
        )
        old = {look: [dict(row) for row in await pool.fetch(look)] for look in (calls, items)}

    await migrate(old_database.addresses())

    async with old_database.pool("call_sync_system") as pool:
        for look, rows in old.items():
            kept = [dict(row) for row in await pool.fetch(look)]
            assert [{name: row[name] for name in rows[0]} for row in kept] == rows
        copying = Copying(Stage.CALL_SYNC, PostgresCopies(pool), OwnStage(pool, Stage.CALL_SYNC, 7))

        async def whole() -> bool:
            await pool.execute("UPDATE call_sync.copied_stages SET turn_at = now()")
            await copying.turn()
            return bool(
                await pool.fetchval(
                    "SELECT count(*) = 20 AND bool_and(stages = ARRAY['CALL_SYNC ' || state])"
                    "  FROM call_sync.calls JOIN items ON item_id = call_id"
                )
            )

        await until(whole, "all is copied that was there before")
        [digits] = await pool.fetch("SELECT contact_digits FROM calls WHERE call_id = 'c7'")
        assert digits["contact_digits"] == "79160000007"
        # What lies there can be listed again, and moved in time.
        repository = PostgresCalls(pool, everything(pool))
        await repository.upsert_calls(CLINIC, ExecutionNumber(2), [a_call("c7"), a_call("c21")])
        assert len(await repository.get_calls(CLINIC, [a_call("c7").call_id])) == 1


def _dump(database: Database) -> str:
    """Return everything in the database and all roles, as SQL."""
    address = ["--host=127.0.0.1", f"--port={database.server.port}", "--username=postgres"]
    programs = postgres.binaries()
    text = ""
    for program in (
        ["pg_dump", database.name],
        ["pg_dumpall", "--roles-only", "--no-role-passwords"],
    ):
        text += subprocess.run(
            [programs / program[0], *address, *program[1:]],
            env={**os.environ, "PGPASSWORD": database.server.password},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    # A word against injection, new in every dump.
    return "\n".join(line for line in text.splitlines() if "restrict" not in line[:12])
