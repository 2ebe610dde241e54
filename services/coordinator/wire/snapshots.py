"""The current state as the frames that a watch begins with."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.coordinator.state.tenant import Subject
from services.coordinator.wire.events import event
from services.coordinator.wire.frames import FRAME_BYTES, change_tail, frame_element


def snapshot_elements(subjects: Iterable[Subject], revision: int, now: datetime) -> Iterator[bytes]:
    """Yield the encoded changes, one a subject, joined to the size of a frame."""
    tail = change_tail("", now)
    elements: list[bytes] = []
    size = 0
    for subject in subjects:
        element = frame_element(event(subject) + tail, revision)
        if elements and size + len(element) > FRAME_BYTES:
            yield b"".join(elements)
            elements, size = [], 0
        elements.append(element)
        size += len(element)
    if elements:
        yield b"".join(elements)
