"""Runs the whole system on this machine: Postgres and the services; nothing of it outlives us."""

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import postgres
from deploy.local.console import console
from deploy.local.database import dsns
from deploy.local.environment import named, names_of, private
from deploy.local.folders import (
    CHECKOUT,
    LocalError,
    close,
    data_home,
    log_folder,
    write_private,
)
from deploy.local.migrate import prepare
from deploy.local.readiness import not_ready, probing
from deploy.local.services import SERVICES
from deploy.local.settings import (
    BOTS,
    GATEWAY,
    OUTSIDE,
    SANDBOX,
    TELEPHONY,
    environment,
    listening,
)
from deploy.local.startup import SUPERVISOR, RunLogs, start_limit, until_ready
from deploy.local.supervision import Program, configuration, ended, supervised

DEMO: tuple[tuple[str, ...], ...] = (("python", "-m", "deploy.local.demo"),)
"""The commands of the demo, one after another; the first is a program of the environment."""

HURRIED = {"POTOK_CALL_SYNC_RECORDING_DELAYS": json.dumps(["PT2S", "PT5S", "PT15S"])}
"""Settings by which a late recording is looked for soon: nobody likes to wait minutes for a demo."""

_SANDBOX_BEHAVIOUR = {"access_token_requests": 8}
"""A behaviour whose tokens soon end, so that the demo sees them renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A system that runs: the settings of all its parts, and what holds them."""

    settings: dict[str, str]
    supervisor: asyncio.subprocess.Process


@asynccontextmanager
async def running(
    home: Path,
    listens: Mapping[str, str],
    logs: Path | None = None,
    port: int | None = None,
    also: Mapping[str, str] | None = None,
) -> AsyncIterator[System]:
    """Run the system until the block ends; the block begins when every part is ready.

    Logs go to `logs`, or to the checkout's own folder. Postgres listens on `port`, or where it usually does.
    `also` are settings beside the usual ones.

    Raises LocalError when another system is in the way, or a part of this one does not come up.
    """
    close(home)
    with private(), _only_one(home):
        _refuse_taken(listens)
        logs, limit = logs or log_folder(), start_limit(os.environ)
        logs.chmod(0o700)
        of_this_run = RunLogs(logs)
        port = port or postgres.preferred_port()
        # First alone: the services come to a database that is up to date.
        with postgres.running(home, log=logs / "postgres.log", port=port) as server:
            settings = environment(await prepare(server, home), listens, home) | dict(also or {})
        file = home / "supervisord.conf"
        programs = _programs(home, port, listens)
        names = named({**os.environ, **settings})
        write_private(
            file,
            configuration(programs, home=home, logs=logs, checkout=CHECKOUT, environment=names),
        )
        async with supervised(file, settings) as supervisor:
            await _wait_until_ready(listens, supervisor, of_this_run, limit)
            yield System(settings=settings, supervisor=supervisor)


async def up(home: Path, listens: Mapping[str, str]) -> int:
    """Run the system until we are cancelled; returns 1 should it end by itself."""
    print("starting Postgres and the services ...", flush=True)
    async with running(home, listens) as system:
        address = listens[GATEWAY].replace("127.0.0.1", "localhost")
        print(f"ready: http://{address}\nlogs are in {log_folder()}; Ctrl-C ends it")
        print(
            f"the console: {console(listens)}; make console prints a link that opens it", flush=True
        )
        if home != CHECKOUT / ".potok":
            key = system.settings["POTOK_ISSUER_KEY"]
            print(f"in other terminals: export POTOK_ISSUER_KEY={key}", flush=True)
        logs = RunLogs(log_folder())
        await system.supervisor.wait()
    print(f"supervisord ended; {logs.end(SUPERVISOR)}")
    return 1


async def demo(home: Path, listens: Mapping[str, str]) -> int:
    """Run the demo's commands against the system that runs here, or else one of our own."""
    server = postgres.found_running(home)
    if server and not await not_ready(listens, within=2, plain=OUTSIDE, doors=[GATEWAY]):
        code = await _run_all(DEMO, environment(dsns(home, port=server.port), listens, home))
        if not code:
            print(f"see it at {console(listens)}: make console prints a link that opens it")
        return code
    print("starting Postgres and the services ...", flush=True)
    async with running(home, listens, also=HURRIED) as system:
        code = await _run_all(DEMO, system.settings)
    if not code:
        print(
            f"see it at {console(listens)}: make up runs the system again, "
            "and make console prints a link that opens it"
        )
    return code


async def _run_all(commands: Sequence[Sequence[str]], settings: Mapping[str, str]) -> int:
    """Run programs of our Python environment one after another, up to the first that fails."""
    for program, *arguments in commands:
        process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "TERM", "--"),
            *(str(Path(sys.executable).with_name(program)), *arguments),
            env={**os.environ, **settings},
        )
        try:
            code = await process.wait()
        finally:
            await ended(process, within=5)
        if code:
            return code
    return 0


def _programs(home: Path, port: int, listens: Mapping[str, str]) -> list[Program]:
    python = (sys.executable, "-m")
    server = (*python, "deploy.local.postgres", "--home", f"{home}", "--port", f"{port}")
    return [
        Program(name="postgres", group="infra", rank=10, command=server, stop_signal="INT"),
        *(
            Program(
                name=name,
                group="services",
                rank=20,
                command=(*python, f"services.{name}"),
                names=names_of(name, service=True),
            )
            for name in SERVICES
        ),
        *_sandbox(home, listens),
        Program(
            name=GATEWAY,
            group="door",
            rank=30,
            command=(*python, "gateway"),
            names=names_of(GATEWAY, service=False),
        ),
    ]


def _sandbox(home: Path, listens: Mapping[str, str]) -> Iterator[Program]:
    """Yield the sandbox, unless it is left out."""
    if SANDBOX in listens:
        command = (
            *(sys.executable, "-m", "deploy.sandbox"),
            *("--listen", listens[SANDBOX], "--telephony", listens[TELEPHONY]),
            *("--bots", listens[BOTS], "--gateway", f"http://{listens[GATEWAY]}"),
            # What it handed out counts after a restart, too: our database holds the tokens.
            *("--tokens", f"{home / 'sandbox-tokens.json'}"),
            *("--behaviour", json.dumps(_SANDBOX_BEHAVIOUR)),
        )
        yield Program(
            name=SANDBOX,
            group="outside",
            rank=20,
            command=command,
            names=names_of(SANDBOX, service=False),
        )


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the lock of this checkout's system."""
    with (home / "system.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError("a system of this checkout runs already: end that first") from None
        yield


def _refuse_taken(listens: Mapping[str, str]) -> None:
    with contextlib.ExitStack() as probes:  # all at once, so that two of ours cannot share one
        for part, address in listens.items():
            host, _, port = address.rpartition(":")
            probe = probes.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, int(port)))
                probe.listen()
            except OSError as error:
                raise LocalError(
                    f"{part} cannot listen on {address} ({error.strerror}): another system may "
                    f"run there; end it, or set POTOK_{part.upper()}_LISTEN to another host:port"
                ) from None


async def _wait_until_ready(
    listens: Mapping[str, str],
    supervisor: asyncio.subprocess.Process,
    logs: RunLogs,
    limit: float,
) -> None:
    over = asyncio.create_task(supervisor.wait())
    try:
        async with probing(listens, plain=OUTSIDE, doors=[GATEWAY]) as ready:
            await until_ready(ready, over, logs, limit)
    finally:
        over.cancel()


async def _until_told(work: Coroutine[Any, Any, int]) -> int:
    """Await `work`; the first stop signal cancels it, and later ones do not disturb its end."""
    task = asyncio.ensure_future(work)
    told: list[int] = []

    def stop(number: int) -> None:
        told.append(number)
        if len(told) == 1:
            task.cancel()
            with contextlib.suppress(OSError):  # the terminal may be what has gone
                print("stopping ...", file=sys.stderr, flush=True)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        return 128 + told[0]


def main() -> None:
    """Do what the command line names; ends with 128 + signal when told to stop."""
    arguments = argparse.ArgumentParser(prog="python -m deploy.local.system")
    arguments.add_argument("action", choices=["up", "demo"])
    action = {"up": up, "demo": demo}[arguments.parse_args().action]
    try:
        sys.exit(asyncio.run(_until_told(action(data_home(), listening(os.environ)))))
    except LocalError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
