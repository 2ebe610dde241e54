"""What the use cases need from the outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.analysis.budget.ports import Budget
from services.analysis.calls.domain import (
    Analysis,
    AnalysisFilter,
    CallId,
    Conversation,
    Judgement,
)
from services.analysis.playbooks.domain import Playbook
from services.stage.ports import Transaction
from services.status.domain import Cost, ExecutionNumber, Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a page of a list ended: what its last analysis is ordered by."""

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

    async def judge(
        self, conversation: Conversation, playbook: Playbook, budget: Budget
    ) -> Judgement:
        """Judge a conversation with the labels of the playbook, quoting the turns literally.

        A judge that asks a language model pays from the budget, and raises as that does.
        """

    def price(self, playbook: Playbook, duration_seconds: float) -> Cost | None:
        """Return what a call of that length costs at the most without re-asks; None where it is free, or not known."""


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
        self, filter_: AnalysisFilter, after: Position | None, limit: int
    ) -> list[Analysis]:
        """Return at most `limit` analyses after a position, by day, start and id of the call."""

    async def store_analyses(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        analyses: Sequence[Analysis],
    ) -> None:
        """Write analyses over older ones; what a later execution wrote stays."""

    async def delete_analyses(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget the analyses of calls."""
