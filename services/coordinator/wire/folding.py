"""LATEST delivery: of every subject only its newest state within a frame."""

from collections.abc import Sequence
from dataclasses import dataclass

from potok.status.v1 import event_pb2

from services.coordinator.wire.frames import frame_element, read_element


@dataclass(frozen=True, slots=True)
class Folded:
    """The changes that remain, joined, and how many states were left out."""

    elements: bytes
    count: int


def fold(changes: Sequence[tuple[int, bytes]]) -> Folded:
    """Keep, of changes by their revisions, the newest event of each subject; changes without any are left out."""
    kept: list[bytes] = []
    seen: set[tuple[str, ...]] = set()
    left_out = 0
    for revision, element in reversed(changes):
        change = read_element(element)
        newest = []
        for event in reversed(change.events):
            subject = _subject(event)
            if subject in seen:
                left_out += 1
                continue
            seen.add(subject)
            newest.append(event)
        if len(newest) == len(change.events):
            kept.append(element)
        elif newest:
            del change.events[:]
            change.events.extend(reversed(newest))
            change.ClearField("revision")
            kept.append(frame_element(change.SerializeToString(), revision))
    return Folded(b"".join(reversed(kept)), left_out)


def _subject(event: event_pb2.Event) -> tuple[str, ...]:
    match event.WhichOneof("subject"):
        case "run":
            return ("run", event.run.run_id)
        case "stage":
            return ("stage", str(event.stage.execution))
        case "day":
            return ("day", event.day.owner, str(event.day.stage), event.day.counts.day)
        case "bot":
            return ("bot", event.bot.bot_id)
        case unknown:
            raise ValueError(f"an event without a subject: {unknown}")
