"""Waits for the parts of a system for as long as they get on, and says what holds them up."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from deploy.local.folders import LocalError

LIMIT = "POTOK_START_LIMIT"
"""The setting of how many seconds may pass without progress."""
_USUAL_LIMIT = 60.0
_WHOLE = 10
"""So many limits are all the time that a start may take."""
_LOOK_SECONDS = 0.2
_LINES = 20
_EXITS = 2
"""A program that has ended so often does not come up: once may be because another one was not there yet."""
_EXITED = re.compile(r"exited: (\S+) \(")
SUPERVISOR = "supervisord"


class RunLogs:
    """The logs of a run, of which nothing is told that was in them before it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = {file.name: file.stat().st_size for file in folder.glob("*.log")}

    def text(self, name: str) -> str:
        """Return what a program has written in this run."""
        file = self._folder / f"{name}.log"
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            return ""
        before = self._before.get(file.name, 0)
        return content[before if len(content) >= before else 0 :].decode(errors="replace")

    def end(self, name: str) -> str:
        """Return where the log of a program is, and the last lines of this run."""
        lines = self.text(name).splitlines()[-_LINES:]
        last = "\n".join(lines) or "(it has written nothing in this run)"
        return f"the end of {self._folder / name}.log:\n{last}"

    def written(self) -> int:
        """Return the size of all logs, which grows while something happens."""
        return sum(file.stat().st_size for file in self._folder.glob("*.log"))

    def exits(self) -> Mapping[str, int]:
        """Return how often each program has ended in this run."""
        return Counter(_EXITED.findall(self.text(SUPERVISOR)))


def start_limit(given: Mapping[str, str]) -> float:
    """Return how many seconds may pass without progress; raises LocalError for what is no such number."""
    text = given.get(LIMIT) or f"{_USUAL_LIMIT}"
    try:
        limit = float(text)
    except ValueError:
        limit = 0.0
    if not 0 < limit < float("inf"):
        raise LocalError(f"{LIMIT} is {text!r}: write seconds, such as {_USUAL_LIMIT:.0f}")
    return limit


async def until_ready(
    ready: Mapping[str, "asyncio.Task[None]"],
    supervisor: "asyncio.Task[int]",
    logs: RunLogs,
    limit: float,
) -> None:
    """Wait until every part is ready, whose task ends then.

    Raises LocalError where the supervisor ends, a program ends again and again, or for `limit` seconds nothing happens;
    in any case after ten times that.
    """
    now = asyncio.get_running_loop().time
    begun_at = moved_at = now()
    seen: tuple[int, int] = (0, 0)
    while waiting := [name for name, task in ready.items() if not task.done()]:
        if supervisor.done():
            raise LocalError(f"supervisord ended; {logs.end(SUPERVISOR)}")
        for name, exits in logs.exits().items():
            if exits >= _EXITS:
                raise LocalError(f"{name} does not come up; {logs.end(name)}")
        at = (len(ready) - len(waiting), logs.written())
        if at != seen:
            seen, moved_at = at, now()
        if now() - moved_at > limit or now() - begun_at > _WHOLE * limit:
            name = _culprit(waiting)
            others = f" (nor {', '.join(each for each in waiting if each != name)})"
            raise LocalError(
                f"{name} is not ready{others if len(waiting) > 1 else ''}, and nothing has happened for "
                f"{now() - moved_at:.0f} s ({LIMIT} allows {limit:.0f}); {logs.end(name)}"
            )
        await asyncio.wait(
            [supervisor, *(ready[name] for name in waiting)],
            timeout=_LOOK_SECONDS,
            return_when=asyncio.FIRST_COMPLETED,
        )


def _culprit(waiting: list[str]) -> str:
    """Return what to blame: the gateway waits for all the others."""
    return next((name for name in waiting if name != "gateway"), waiting[0])
