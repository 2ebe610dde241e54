"""Runs programs under supervisord, each with a log of its own; all of them end with the block."""

import asyncio
import contextlib
import os
import shlex
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.environment import MASK, foreign, named
from deploy.local.folders import LocalError

_STOP_SECONDS = 10
"""Seconds that a program may take to end before it is killed; longer than a service's drain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process; those of a lower `rank` start first and stop last."""

    name: str
    group: str
    rank: int
    command: Sequence[str]
    stop_signal: str = "TERM"
    names: Sequence[str] = ()
    """The variables that it may know beside the plain ones, as shell patterns."""


def configuration(
    programs: Sequence[Program],
    *,
    home: Path,
    logs: Path,
    checkout: Path,
    environment: Collection[str] = (),
) -> str:
    """Return the supervisord configuration that runs `programs` in `checkout`.

    Each knows of the variables of `environment` those that it may. A program that ends is started again, later each time while it ends within two seconds.

    Raises LocalError when a path holds a percent sign.
    """
    socket = home / "supervisor.sock"
    sections: dict[str, dict[str, object]] = {
        "supervisord": {
            **({} if os.geteuid() else {"user": "root"}),  # says that it is meant
            "directory": checkout,
            "logfile": logs / "supervisord.log",
            "logfile_maxbytes": "5MB",
            "logfile_backups": 1,
            "pidfile": home / "supervisord.pid",
            "silent": "true",
        },
        "unix_http_server": {"file": socket},
        "supervisorctl": {"serverurl": f"unix://{socket}"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface",
        },
    }
    for program in programs:
        members = [each.name for each in programs if each.group == program.group]
        sections[f"group:{program.group}"] = {
            "programs": ",".join(members),
            "priority": program.rank,
        }
        sections[f"program:{program.name}"] = {
            # supervisord takes its programs along when it is told to stop, not when it is killed.
            "command": shlex.join(
                [
                    *("setpriv", "--pdeathsig", "KILL", "--", "env"),
                    *(f"--unset={name}" for name in foreign(environment, program.names)),
                    *program.command,
                ]
            ),
            "umask": f"{MASK:03o}",
            "startsecs": 2,
            "startretries": 20,
            "stopsignal": program.stop_signal,
            "stopwaitsecs": _STOP_SECONDS,
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": logs / f"{program.name}.log",
            "stdout_logfile_maxbytes": "5MB",
            "stdout_logfile_backups": 2,
        }
    text = "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for name, values in sections.items()
    )
    if "%" in text:  # it would be expanded, in some settings twice
        raise LocalError(f"the system cannot run below a folder with % in its name: {checkout}")
    return text


@asynccontextmanager
async def supervised(
    file: Path, environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run supervisord on the configuration `file` until the block ends, and yield it.

    It ends with us, however we end.
    """
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "TERM", "--"),
        *(Path(sys.executable).with_name("supervisord"), "--nodaemon", "-c", file),
        umask=MASK,
        env=named({**os.environ, **environment}),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is ours to pass on: in order, Postgres last
    )
    try:
        yield process
    finally:
        # It ends one group after the other. A program it has only just forked misses its signal,
        # and is killed when its time is up.
        await ended(process, within=2 * _STOP_SECONDS + 5)


async def ended(process: asyncio.subprocess.Process, *, within: float) -> None:
    """Tell a process to end, and kill it when it has not after `within` seconds.

    A stop that comes meanwhile waits for it, too: nothing may outlive us.
    """
    ending = asyncio.create_task(_end(process, within))
    try:
        await asyncio.shield(ending)
    except asyncio.CancelledError:
        await ending
        raise


async def _end(process: asyncio.subprocess.Process, within: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(within):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
