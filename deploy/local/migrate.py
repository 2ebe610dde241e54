"""Applies the migrations of all services with dbmate, as the owner of each schema."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import postgres
from deploy.local.database import REPORTING, bootstrap, dsns
from deploy.local.environment import plain
from deploy.local.folders import CHECKOUT, LocalError, data_home, log_folder
from deploy.local.services import SERVICES, STAGE_SERVICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrations:
    """A folder of migrations and the schema it is applied to; which were applied stands in `table`."""

    folder: Path
    schema: str
    table: str = "schema_migrations"


def all_migrations(checkout: Path = CHECKOUT) -> list[Migrations]:
    """Return every folder that holds migrations, in the order they are applied.

    The tables that all stage services share come first in the schema of each.
    """
    services = checkout / "services"
    planned: list[Migrations] = []
    for service in SERVICES:
        if service in STAGE_SERVICES:
            stage = services / "stage" / "migrations"
            planned.append(Migrations(folder=stage, schema=service, table="stage_migrations"))
        planned.append(Migrations(folder=services / service / "migrations", schema=service))
    reporting = services / "recommendations" / "reporting" / "reporting_migrations"
    planned.append(Migrations(folder=reporting, schema=REPORTING))
    return [each for each in planned if any(each.folder.glob("*.sql"))]


async def migrate(addresses: Mapping[str, str], checkout: Path = CHECKOUT) -> None:
    """Bring every schema up to date, all at the same time; `addresses` names each `<schema>_owner`'s.

    Raises LocalError with dbmate's own words when a migration fails; it is rolled back whole.
    """
    folders: dict[str, list[Migrations]] = {}
    for each in all_migrations(checkout):
        folders.setdefault(each.schema, []).append(each)

    async def apply_all(schema: str) -> None:
        for each in folders[schema]:
            await _apply(each, addresses[f"{schema}_owner"])

    # To their ends, whatever becomes of the others: none is left behind half-way.
    for outcome in await asyncio.gather(*map(apply_all, folders), return_exceptions=True):
        if outcome is not None:
            raise outcome


async def _apply(migrations: Migrations, owner_dsn: str) -> None:
    schema = migrations.schema
    dbmate = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("dbmate"),
        *("--no-dump-schema", "--migration-lock", "--env-file", os.devnull),
        *("--migrations-dir", migrations.folder),
        *("--migrations-table", f"{schema}.{migrations.table}"),
        *("--env", "POTOK_MIGRATE_URL", "migrate", "--strict"),
        # The address holds a password, which a command line would show to everybody.
        env={
            **plain(),
            "POTOK_MIGRATE_URL": f"{owner_dsn}?sslmode=disable&search_path={schema}",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(120):
            output, _ = await dbmate.communicate()
    finally:
        if dbmate.returncode is None:
            dbmate.kill()
            await dbmate.wait()
    if dbmate.returncode:
        raise LocalError(
            f"migrating schema {schema} from {migrations.folder} failed:\n{output.decode()}"
        )


async def prepare(server: postgres.Server, home: Path) -> dict[str, str]:
    """Make the database of the local system, or bring it up to date; return the roles' addresses."""
    addresses = dsns(home, port=server.port)
    await bootstrap(server.dsn(), addresses)
    await migrate(addresses)
    return addresses


def main() -> None:
    """Migrate the local database, served already or not."""
    home = data_home()
    try:
        if server := postgres.found_running(home):
            asyncio.run(prepare(server, home))
        else:
            with postgres.running(home, log=log_folder() / "postgres.log") as own:
                asyncio.run(prepare(own, home))
    except LocalError as error:
        sys.exit(str(error))
    for each in all_migrations():
        print(f"{each.schema}: {each.folder.relative_to(CHECKOUT)} is applied")


if __name__ == "__main__":
    main()
