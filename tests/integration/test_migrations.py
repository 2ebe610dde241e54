"""The migrations and the queries of all services, against a real Postgres."""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import aiosql
import asyncpg
import pytest

from deploy.local import postgres
from deploy.local.database import ROLES, bootstrap
from deploy.local.folders import CHECKOUT, LocalError
from deploy.local.migrate import migrate
from deploy.local.services import SERVICES
from tests.conftest import Database

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
