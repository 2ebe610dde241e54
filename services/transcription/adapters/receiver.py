"""The receiver of recordings that other services stream: into a file without a name, within bounds."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import structlog

from services.kernel.errors import NotFound, UpstreamUnavailable, WrongState
from services.kernel.rpc.client import errors_of
from services.status.domain import RETRYABLE, Reason
from services.transcription.domain import (
    RecordingGone,
    RecordingRefused,
    RecordingTooLarge,
    RecordingUnavailable,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingReceiver:
    """Receives recordings; one of more than `max_bytes` is refused, one that takes longer than `timeout` given up."""

    max_bytes: int
    timeout: timedelta

    @property
    def deadline(self) -> float:
        """Seconds that the call may take that streams a recording."""
        return self.timeout.total_seconds()

    @contextlib.asynccontextmanager
    async def receive(self, call: Any, service: str) -> AsyncIterator[tuple[Path, Any]]:
        """Bring what the call to `service` streams into a file that is gone when the block ends; yields the first message, too.

        The first message has `recording.size_bytes`, every one `data`. Raises what RecordingSource does.
        """
        # The file has no name, so that nothing of it stays behind, however this process ends. Its
        # path goes through us and works in our children too.
        with tempfile.TemporaryFile() as file:
            try:
                with refusals_of(service):
                    first = await self._receive(call, service, file)
            finally:
                call.cancel()
            yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}"), first

    async def _receive(self, call: Any, service: str, file: IO[bytes]) -> Any:
        promised = received = 0
        first = None
        async for response in call:
            first = first or response
            promised = promised or response.recording.size_bytes
            received += len(response.data)
            if max(promised, received) > self.max_bytes:
                raise RecordingTooLarge(f"the recording is larger than {self.max_bytes} bytes")
            await asyncio.to_thread(file.write, response.data)
        if first is None or received != promised:
            raise RecordingUnavailable(
                f"{service} handed out {received} bytes of a recording of {promised}"
            )
        file.flush()
        return first


@contextlib.contextmanager
def refusals_of(service: str) -> Iterator[None]:
    """Turn the error of a call inside the block into the reason why there is no recording."""
    try:
        with errors_of(service):
            yield
    except NotFound as error:
        raise RecordingGone(str(error)) from error
    except WrongState as error:
        raise RecordingRefused(str(error), _reason(error.reason)) from error
    except UpstreamUnavailable as error:
        # The text of a broken connection is for its operator.
        log.warning("recording_unavailable", service=service, error=str(error))
        raise RecordingUnavailable(f"{service} did not hand out the recording") from error


def _reason(word: str) -> Reason:
    """Return the reason that a service gives for good; INVALID_INPUT where it gives none, or one that another try helps."""
    reason = next((each for each in Reason if each.value == word), Reason.INVALID_INPUT)
    return Reason.INVALID_INPUT if reason in RETRYABLE else reason
