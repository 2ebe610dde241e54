"""What the use cases need from the outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from services.analysis.domain import Analysis, AnalysisFilter, CallId, Conversation, Judgement
from services.analysis.playbook import Playbook
from services.status.domain import ExecutionNumber, Owner

Transaction = Any
"""An open transaction of the database; opaque to the core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a page of a list ended: the place of its last analysis in the order of the list."""

    day: date
    started_at: datetime
    call_id: CallId


class Judge(Protocol):
    """Whoever reads a conversation: a set of rules or a language model.

    `version` changes whenever the same conversation and playbook may give another judgement.
    """

    @property
    def name(self) -> str:
        """Name the judge, for instance `rules`."""

    @property
    def version(self) -> str:
        """Tell which edition of the judge this is."""

    async def judge(self, conversation: Conversation, playbook: Playbook) -> Judgement:
        """Judge a conversation with the labels of the playbook, quoting the turns literally."""


class Conversations(Protocol):
    """Where calls and what was said in them come from."""

    async def get_conversations(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> list[Conversation]:
        """Return the conversations of the calls that have one; raises UpstreamUnavailable."""


class AnalysisRepository(Protocol):
    """Analyses, one a call of an owner."""

    async def get_analyses(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Analysis]:
        """Return the analyses that there are, in the order asked for."""

    async def list_analyses(
        self, wanted: AnalysisFilter, after: Position | None, page_size: int
    ) -> list[Analysis]:
        """Return the analyses after a position, by day, start and id of the call."""

    async def store_analyses(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        analyses: Sequence[Analysis],
    ) -> None:
        """Write analyses in the place of older ones; what a later execution wrote stays."""

    async def delete_analyses(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget the analyses of calls."""
