"""Reads a dialogue that somebody wrote down, a turn a line. Pure."""

import re
from datetime import datetime

from services.analysis.calls.domain import (
    CallFacts,
    CallId,
    Conversation,
    Direction,
    Speaker,
    Turn,
)
from services.kernel.errors import InvalidInput
from services.status.domain import Owner

MAX_SHOWN = 40
"""Characters of a line that an error shows."""

_LINE = re.compile(r"(?P<who>\w+|\?)\s*:\s*(?P<text>.*\S)")
_SPEAKERS = {
    "o": Speaker.OPERATOR,
    "о": Speaker.OPERATOR,  # the Russian letter, which looks the same
    "c": Speaker.CLIENT,
    "с": Speaker.CLIENT,  # likewise
    "?": Speaker.UNKNOWN,
}


def parse_dialogue(text: str, language: str, now: datetime) -> Conversation:
    """Return the conversation of lines such as `o: Good morning.` and `c: Do you work today?`.

    Turns last a second each, since nobody knows better. Raises InvalidInput that names the line.
    """
    turns: list[Turn] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = _LINE.fullmatch(stripped)
        speaker = _SPEAKERS.get(found["who"].lower()) if found else None
        if found is None or speaker is None:
            raise InvalidInput(
                f"text: line {number}, {stripped[:MAX_SHOWN]!r}, is no turn: begin it with `o:` "
                "(the employee), `c:` (the other side) or `?:` (either)"
            )
        index = len(turns)
        turns.append(
            Turn(
                index=index,
                speaker=speaker,
                start_seconds=index,
                end_seconds=index + 1,
                text=found["text"],
            )
        )
    return Conversation(
        call=CallFacts(
            call_id=CallId("dialogue"),
            owner=Owner(""),
            employee=None,
            day=now.date(),
            started_at=now,
            duration_seconds=len(turns),
            direction=Direction.UNKNOWN,
        ),
        language=language,
        turns=tuple(turns),
        overlap_reliable=False,
    )
