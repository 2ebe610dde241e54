"""The current state as a watch begins with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.coordinator.state.bot import Bot
from services.coordinator.state.days import Day
from services.coordinator.state.domain import Execution, Run
from services.coordinator.state.tenant import Subject
from services.coordinator.watch.hub import FRAME_BYTES
from services.coordinator.wire.events import event
from services.coordinator.wire.frames import change_tail, frame_element
from services.kernel.clock import utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The subjects of a watch as of a revision."""

    revision: int
    runs: list[Run]
    executions: list[Execution]
    days: list[Day]
    bots: list[Bot]

    def frames(self) -> Iterator[bytes]:
        """Yield the encoded changes, one a subject, joined to frames of bounded size."""
        tail = change_tail("", utc_now())
        elements: list[bytes] = []
        size = 0
        subjects: list[Subject] = [*self.runs, *self.executions, *self.days, *self.bots]
        for subject in subjects:
            element = frame_element(event(subject) + tail, self.revision)
            if elements and size + len(element) > FRAME_BYTES:
                yield b"".join(elements)
                elements, size = [], 0
            elements.append(element)
            size += len(element)
        if elements:
            yield b"".join(elements)
