"""Makes the database of the local system: a schema per service, its three roles, their passwords."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiosql
import asyncpg

from deploy.local.folders import write_private
from deploy.local.services import SERVICES

DATABASE = "potok"
REPORTING = "reporting"
"""The schema that stands for a client's reporting database."""

ROLES = (
    *(f"{service}_{kind}" for service in SERVICES for kind in ("owner", "app", "system")),
    f"{REPORTING}_owner",
)

_QUERIES = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg")


def dsns(home: Path, *, port: int, database: str = DATABASE) -> dict[str, str]:
    """Return the address of `database` for each role of ROLES.

    The passwords are random, and kept in one file in `home` that only its owner can read.
    """
    passwords = _passwords(home / "roles.json")
    return {
        role: f"postgresql://{role}:{passwords[role]}@127.0.0.1:{port}/{database}" for role in ROLES
    }


async def bootstrap(superuser_dsn: str, addresses: Mapping[str, str]) -> None:
    """Make the database, the schemas and the roles; what is there already is left as it is.

    `superuser_dsn` names any database of the server. `addresses` is what dsns() returned: they
    name the database to make, and each role gets the password of its address.
    """
    database = urlsplit(addresses[ROLES[0]]).path.removeprefix("/")
    connection = await asyncpg.connect(superuser_dsn)
    try:
        if not await _QUERIES.has_database(connection, database=database):
            statement = await _QUERIES.database_statement(connection, database=database)
            await connection.execute(statement)
    finally:
        await connection.close()
    connection = await asyncpg.connect(superuser_dsn, database=database)
    try:
        async with connection.transaction():
            for service in SERVICES:
                await _service(connection, service, addresses)
            await _role(connection, f"{REPORTING}_owner", REPORTING, addresses)
            await _schema(connection, REPORTING)
    finally:
        await connection.close()


async def _service(
    connection: asyncpg.Connection, service: str, addresses: Mapping[str, str]
) -> None:
    owner, app, system = (f"{service}_{kind}" for kind in ("owner", "app", "system"))
    for role in (owner, app, system):
        await _role(connection, role, service, addresses)
    await _schema(connection, service)
    grants = _QUERIES.grant_statements(
        connection, schema=service, owner=owner, app=app, system=system
    )
    for statement in [row["statement"] async for row in grants]:
        await connection.execute(statement)


async def _role(
    connection: asyncpg.Connection, role: str, schema: str, addresses: Mapping[str, str]
) -> None:
    changes = _QUERIES.role_statements(
        connection,
        role=role,
        schema=schema,
        password=urlsplit(addresses[role]).password,
        # Queue, dispatcher and tailer work for every tenant; row level security is for readers.
        sees_all_rows=role.endswith("_system"),
    )
    for statement in [row["statement"] async for row in changes]:
        await connection.execute(statement)


async def _schema(connection: asyncpg.Connection, schema: str) -> None:
    await connection.execute(
        await _QUERIES.schema_statement(connection, schema=schema, owner=f"{schema}_owner")
    )


def _passwords(file: Path) -> dict[str, str]:
    """Return the password of every role, adding those that `file` lacks."""
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [role for role in ROLES if role not in known]
    if missing:
        known |= {role: secrets.token_urlsafe(24) for role in missing}
        write_private(file, json.dumps(known, indent=1))
    return known
