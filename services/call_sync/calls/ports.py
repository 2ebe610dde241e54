"""The ports of the use cases of calls."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.call_sync.calls.domain import (
    CallFilter,
    CallText,
    DueResult,
    Facets,
    Findings,
    FoundCall,
    ListedCall,
    Position,
    StageChanges,
)
from services.call_sync.domain import CallId
from services.status.domain import DateRange, Owner, Stage


class ListedCalls(Protocol):
    """Calls as people look for them; each answer comes with when all was copied that the stages had, None before."""

    async def list_calls(
        self,
        owner: Owner,
        call_filter: CallFilter,
        *,
        whole: bool,
        before: Position | None,
        page_size: int,
    ) -> tuple[list[ListedCall], int | None, datetime | None]:
        """Return calls before a position, the latest first, and from the start how many there are in all.

        `whole`: numbers are looked for whole.
        """

    async def get_call(
        self, owner: Owner, call_id: CallId
    ) -> tuple[ListedCall | None, datetime | None]:
        """Return a call, None where it is not known."""

    async def search_calls(
        self,
        owner: Owner,
        query: str,
        call_filter: CallFilter,
        *,
        whole: bool,
        before: Position | None,
        page_size: int,
    ) -> tuple[list[FoundCall], datetime | None]:
        """Return calls in which it was said, the latest first; raises NothingToLookFor."""

    async def get_call_facets(
        self, owner: Owner, days: DateRange
    ) -> tuple[Facets, datetime | None]:
        """Count the calls of days."""


class StageSource(Protocol):
    """What a stage says of calls."""

    async def list_changes(self, cursor: str) -> StageChanges:
        """Return what changed after a cursor, of all owners.

        Raises CursorRefused where that is worth nothing any more, UpstreamUnavailable.
        """


class TextSource(Protocol):
    """Where transcripts are."""

    async def get_texts(self, owner: Owner, call_ids: Sequence[CallId]) -> list[CallText]:
        """Return the transcripts that there are; raises UpstreamUnavailable, LimitReached for too much at once."""


class FindingsSource(Protocol):
    """Where analyses are."""

    async def get_findings(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Findings]:
        """Return what was found, where something was; raises UpstreamUnavailable."""


class Copies(Protocol):
    """What is copied from the stages."""

    async def take_turn(self, stage: Stage, longest: timedelta) -> str | None:
        """Return the cursor of a stage whose turn is due, and put the next off by `longest`; None where it is not due."""

    async def end_turn(self, stage: Stage, pause: timedelta, as_of: datetime | None) -> None:
        """Let the next turn be due after a pause; `as_of`: what the stage had then is copied."""

    async def copy_changes(self, stage: Stage, cursor: str, changes: StageChanges) -> bool:
        """Copy a page that was read from a cursor; False where somebody else has done so."""

    async def restart(self, stage: Stage, cursor: str) -> None:
        """Begin a stage again whose cursor is worth nothing any more."""

    async def list_due(self, stage: Stage, limit: int) -> list[DueResult]:
        """Return results of a stage that are to be copied, those of one owner together."""

    async def copy_text(self, due: DueResult, text: CallText | None) -> None:
        """Copy what was said; None where it is gone."""

    async def copy_findings(self, due: DueResult, findings: Findings | None) -> None:
        """Copy what was found; None where it is gone."""
