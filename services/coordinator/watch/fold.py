"""LATEST delivery: of every subject only its newest state within a frame."""

from collections.abc import Sequence
from dataclasses import dataclass

from potok.status.v1 import event_pb2

from services.coordinator.watch.hub import Filter, Published
from services.coordinator.wire import events as wire


@dataclass(frozen=True, slots=True)
class Folded:
    """The changes that remain, joined, and how many states were left out."""

    elements: bytes
    count: int


def fold(changes: Sequence[Published], wanted: Filter) -> Folded:
    """Keep, of all matching changes, the newest event of each subject; changes without any are left out."""
    kept: list[bytes] = []
    seen: set[tuple[str, ...]] = set()
    left_out = 0
    for published in reversed(changes):
        if not wanted.matches(published):
            continue
        change = wire.read_element(published.element)
        newest = []
        for event in reversed(change.events):
            subject = _subject(event)
            if subject in seen:
                left_out += 1
                continue
            seen.add(subject)
            newest.append(event)
        if len(newest) == len(change.events):
            kept.append(published.element)
        elif newest:
            del change.events[:]
            change.events.extend(reversed(newest))
            change.ClearField("revision")
            kept.append(wire.frame_element(change.SerializeToString(), published.revision))
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
