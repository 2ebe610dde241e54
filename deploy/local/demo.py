"""The demo: the sample calls through all stages, live, what comes out, and a meeting to its tasks.

Each step is a command to try by hand.
"""

import json
import os
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Mapping
from pathlib import Path

from potok_client.cli.exits import ExitCode
from potok_client.cli.terminal import console
from potok_client.cli.words import short

CLIENT = "demo"
TIME_ZONE = "Europe/Moscow"
DAYS = ("2026-11-02", "2026-11-04")
"""The days of the calls in deploy/sandbox/clinic.py."""

MEETING = "https://meet.google.com/abc-defg-hij"
"""The sandbox has one meeting, whatever its address is."""

_POTOK = str(Path(sys.executable).with_name("potok"))
_LIVE = {"RUN_STATE_ACTIVE", "RUN_STATE_CANCELLING"}
_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""An opener without the proxies of the environment, which are not for what runs beside us."""


def demo() -> None:
    """Run the steps, up to the first that fails.

    A run where single calls failed is a good one: the samples hold a damaged recording.
    """
    began_at = time.monotonic()
    _add_account()
    _potok("client", "set", CLIENT, "--source", f"amocrm:{CLIENT}", "--time-zone", TIME_ZONE)
    # A demo that was stopped in the middle has gone on.
    run = _live_run()
    following = ("watch", short(run)) if run else ("run", CLIENT, *DAYS)
    _potok(*following, good=(ExitCode.DONE, ExitCode.PARTIAL))
    _potok("report", CLIENT, *DAYS)
    _potok("ledger", CLIENT, *DAYS)
    _potok("bot", "start", MEETING, "--name", "Secretary")
    _aside(f"\nthat took {time.monotonic() - began_at:.0f} s")


def _add_account() -> None:
    """Add the sandbox's AmoCRM as an integration, which gets its tokens for a code and renews them."""
    host = os.environ.get("POTOK_SANDBOX_ADDRESS")
    if not host:
        sys.exit(
            "the demo's calls are in the sandbox: start the system with it, see deploy/README.md"
        )
    _step(f"curl -X POST {host}/sandbox/keys")
    _aside(
        "what AmoCRM shows of an integration under “Keys and scopes”, with a code for 20 minutes"
    )
    with _DIRECTLY.open(f"http://{host}/sandbox/keys", b"", timeout=10) as answer:
        keys = json.load(answer)
    _potok(
        *("account", "add", CLIENT, "--host", host),
        *("--client-id", keys["client_id"], "--redirect-uri", keys["redirect_uri"]),
        secrets={
            "POTOK_AMOCRM_CLIENT_SECRET": keys["client_secret"],
            "POTOK_AMOCRM_CODE": keys["code"],
        },
    )


def _live_run() -> str | None:
    """Return the run of the client that has not ended."""
    listed = subprocess.run(
        (_POTOK, "runs", "--client", CLIENT, "--json"), check=True, capture_output=True, timeout=30
    )
    live = (
        run["status"]["run_id"]
        for run in json.loads(listed.stdout)
        if run["status"]["state"] in _LIVE
    )
    return next(live, None)


def _potok(
    *arguments: str,
    good: Collection[int] = (ExitCode.DONE,),
    secrets: Mapping[str, str] | None = None,
) -> None:
    """Run a command as a person would; end the process with its exit code unless that is a good one."""
    _step(shlex.join(("potok", *arguments)))
    if secrets:
        _aside(f"with {' and '.join(secrets)} in the environment")
    command = ("setpriv", "--pdeathsig", "TERM", "--", _POTOK, *arguments)
    # Without a terminal to ask at, a run begins at once.
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, env={**os.environ, **(secrets or {})}
    ) as potok:
        try:
            code = potok.wait()
        except KeyboardInterrupt:  # the terminal has told the command, too
            code = potok.wait()
    if code not in good:
        sys.exit(code)


def _step(command: str) -> None:
    console().print(f"\n$ {command}", style="bold cyan", soft_wrap=True)


def _aside(words: str) -> None:
    console().print(words, style="dim")


if __name__ == "__main__":
    demo()
