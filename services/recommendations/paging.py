"""The page tokens of the list of recommendations: where a page ended, and of which list it was."""

import base64
import binascii
import hashlib
import json
from uuid import UUID

from services.kernel.errors import InvalidInput
from services.recommendations.employees.domain import RecommendationFilter, RecommendationId
from services.recommendations.employees.ports import Place


def page_token(wanted: RecommendationFilter, after: Place) -> str:
    """Return the opaque token of a place in a list."""
    place = [_digest(wanted), after.closed, after.priority, after.age, str(after.id)]
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode()


def parse_page_token(wanted: RecommendationFilter, token: str) -> Place | None:
    """Return the place, None for the empty token; raises InvalidInput for another list's."""
    if not token:
        return None
    try:
        digest, closed, priority, age, recommendation_id = json.loads(
            base64.b64decode(token, altchars="-_", validate=True)
        )
        place = Place(
            closed=bool(closed),
            priority=int(priority),
            age=float(age),
            id=RecommendationId(UUID(recommendation_id)),
        )
    except (binascii.Error, ValueError, TypeError, AttributeError):
        raise InvalidInput("page_token: not a token; begin again without one") from None
    if digest != _digest(wanted):
        raise InvalidInput("page_token: of another request; begin again without one")
    return place


def _digest(wanted: RecommendationFilter) -> str:
    return hashlib.sha256(repr(wanted).encode()).hexdigest()[:12]
