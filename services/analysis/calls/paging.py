"""The page tokens of lists: where a page ended, and of which list it was."""

import base64
import binascii
import hashlib
import json
from datetime import date, datetime

from services.analysis.calls.domain import AnalysisFilter, CallId
from services.analysis.calls.ports import Position
from services.kernel.errors import InvalidInput


def page_token(wanted: AnalysisFilter, after: Position) -> str:
    """Return the opaque token of a place in a list."""
    place = [_digest(wanted), after.day.isoformat(), after.started_at.isoformat(), after.call_id]
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode()


def parse_page_token(wanted: AnalysisFilter, token: str) -> Position | None:
    """Return the place, None for the empty token; raises InvalidInput for another list's."""
    if not token:
        return None
    try:
        digest, day, started_at, call_id = json.loads(
            base64.b64decode(token, altchars="-_", validate=True)
        )
        position = Position(
            day=date.fromisoformat(day),
            started_at=datetime.fromisoformat(started_at),
            call_id=CallId(str(call_id)),
        )
    except (binascii.Error, ValueError, TypeError):
        raise InvalidInput("page_token: not a token; begin again without one") from None
    if digest != _digest(wanted):
        raise InvalidInput("page_token: of another request; begin again without one")
    return position


def _digest(wanted: AnalysisFilter) -> str:
    return hashlib.sha256(repr(wanted).encode()).hexdigest()[:12]
