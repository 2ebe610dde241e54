"""Bytes that the encoder of events keeps with a subject."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class EncodedParts:
    """Parts of the event of an execution or a day that most reports leave as they are, encoded once.

    `services.coordinator.wire.events` makes it when it first needs it; nobody else reads or writes it. It stands with
    the subject because a look into a table of all subjects would cost each report more than what it spares.
    """

    header: bytes
    """The part that never changes."""
    trailer: bytes
    """The part that seldom changes: rate and time left of an execution, when a day was covered."""
