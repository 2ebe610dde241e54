"""How the processes of the local system are ended."""

import asyncio
import sys

import pytest

from deploy.local.supervision import ended
from tests.waiting import PATIENCE

SLOW_TO_END = """
import os, signal, sys
def told(*_):
    os.write(1, b"told\\n")  # print may be what was interrupted
    sys.stdin.readline()
    sys.exit(0)
signal.signal(signal.SIGTERM, told)
print("ready", flush=True)
signal.pause()
"""


async def test_a_stop_in_the_middle_of_an_end_still_waits_for_it() -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLOW_TO_END, stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            assert await process.stdout.readline() == b"ready\n"
            ending = asyncio.create_task(ended(process, within=PATIENCE))
            assert await process.stdout.readline() == b"told\n"
            ending.cancel()
            await asyncio.sleep(0)
            process.stdin.write(b"\n")
            with pytest.raises(asyncio.CancelledError):
                await ending
            assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
