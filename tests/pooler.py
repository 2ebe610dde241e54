"""A pgbouncer before a database, which hands sessions on after each transaction."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.database import dsns
from deploy.local.folders import database_user, own_folder
from deploy.local.postgres import free_port
from tests.conftest import Database
from tests.waiting import until

SESSIONS = 3
"""Sessions of each role: fewer than the connections to them, so that they change hands all the time."""

_SETTINGS = """\
[databases]
* = host=127.0.0.1 port={target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 200
"""


@contextlib.asynccontextmanager
async def pooled(database: Database, folder: Path) -> AsyncIterator[Database]:
    """Yield the database as it is behind a pgbouncer; the test is left out where there is none."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("no pgbouncer: make programs installs it")
    port, user = free_port(), database_user()
    users, settings = folder / "users.txt", folder / "pgbouncer.ini"
    server = database.server
    addresses = dsns(database.home, port=server.port, database=database.name)
    passwords = {
        role: address.split(":")[2].partition("@")[0] for role, address in addresses.items()
    }
    users.write_text("".join(f'"{role}" "{word}"\n' for role, word in passwords.items()))
    settings.write_text(
        _SETTINGS.format(target=server.port, port=port, users=users, sessions=SESSIONS)
    )
    command = [program, str(settings)]
    if not os.geteuid():  # it refuses to be root
        for path in (own_folder(folder), users, settings):
            os.chown(path, user.uid, user.gid)
        as_user = [f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups"]
        command = ["setpriv", *as_user, "--pdeathsig", "KILL", "--", *command]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )

    async def listens() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    try:
        await until(listens, "pgbouncer listens")
        yield replace(database, server=replace(server, port=port))
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()
