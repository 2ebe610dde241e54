"""How much of an account's rate the listing of its calls uses: requests a second beside what is allowed."""

import asyncio
import bisect
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from benchmarks.arena import an_arena, watching_load
from deploy.local.postgres import free_port
from services.kernel.postgres import open_pool
from services.status.domain import DateRange
from tests.amocrm import CLINIC, amocrm
from tests.sandbox import RunningSandbox

CALLS = 3000
DAY = date(2026, 11, 2)
DAYS = DateRange(start=DAY, end=DAY + timedelta(days=29))
RATES = (5, 20)
"""Requests a second: what is set for an account at first, and with a paid package."""
LIMIT = 0.9
SLACK = 2
"""Requests that a second may have above the rate, because a process was late."""
_UP_SECONDS = 20


async def main() -> None:
    """Print for each rate how many requests a second were made."""
    async with an_arena() as arena:
        for rate in RATES:
            with _sandbox(rate) as box:
                async with (
                    open_pool(arena.addresses["call_sync_system"], 8) as pool,
                    amocrm(pool, box) as amo,
                ):
                    await amo.add(rate=rate)
                    with watching_load() as load:
                        calls = await _listed(amo.source.list_calls(CLINIC, DAYS, "Europe/Moscow"))
                assert calls == CALLS, calls
                _print(rate, calls, sorted(each.at for each in box.requests("/api/v4/")))
                print(load)


async def _listed(pages: Any) -> int:
    return sum([len(page) async for page in pages])


@contextlib.contextmanager
def _sandbox(rate: int) -> Iterator[RunningSandbox]:
    """Serve as many made-up calls in a process of its own, which turns away what is faster than AmoCRM allows."""
    box = RunningSandbox(host=f"127.0.0.1:{free_port()}", telephony=f"127.0.0.1:{free_port()}")
    command = (sys.executable, "-m", "deploy.sandbox", "--listen", box.host)
    behaviour = json.dumps({"requests_per_second": rate + SLACK})
    world = ("--calls", f"{CALLS}", "--day", f"{DAY}", "--days", f"{len(DAYS.days)}")
    with subprocess.Popen(
        ("setpriv", "--pdeathsig", "KILL", *command, "--telephony", box.telephony,
         "--behaviour", behaviour, *world)
    ) as process:  # fmt: skip
        try:
            _wait_for(f"http://{box.host}/sandbox/behaviour")
            yield box
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _UP_SECONDS
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            directly.open(url, timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _print(rate: int, calls: int, arrivals: Sequence[float]) -> None:
    seconds = arrivals[-1] - arrivals[0]
    reached = (len(arrivals) - 1) / seconds
    fullest = max(bisect.bisect_left(arrivals, at + 1) - n for n, at in enumerate(arrivals))
    print(f"{calls} calls, {len(arrivals)} requests in {seconds:.1f} s at {rate}/s")
    print(f"reached        {reached:6.2f}/s")
    print(f"fullest second {fullest:6}     at most {rate + SLACK}")
    print(f"ratio          {reached / rate:6.3f}   at least {LIMIT}")


if __name__ == "__main__":
    asyncio.run(main())
