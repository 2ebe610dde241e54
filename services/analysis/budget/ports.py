"""What judges pay from, and what keeps the accounts of runs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from services.analysis.budget.domain import Reservation
from services.llm.domain import A, Message, Usage
from services.llm.ports import LanguageModel
from services.status.domain import Cost, Owner, RunId


class Budget(Protocol):
    """What the requests for one call or meeting are paid from; `usage` is what they took so far."""

    @property
    def usage(self) -> Usage:
        """Tell what was used, by requests that failed too."""

    async def ask(self, model: LanguageModel, messages: Sequence[Message], shape: type[A]) -> A:
        """Return the model's answer; raises as the model does."""


class RunUsages(Protocol):
    """What runs asked of the language model, and what is reserved of what they may cost."""

    async def reserve(
        self,
        owner: Owner,
        run_id: RunId,
        *,
        least: float,
        most: float,
        cap: Cost,
        lifetime: timedelta,
    ) -> Reservation | None:
        """Set apart `most`, or what is left of the cap but at least `least`.

        Returns None where other calls hold the rest, of which they will give some back. Raises
        CostLimitReached where what was spent leaves too little.
        """

    async def settle(
        self, owner: Owner, run_id: RunId, reservation: Reservation | None, usage: Usage
    ) -> None:
        """Put down what was used, and give the rest of its reservation back."""

    async def get_usage(self, owner: Owner, run_id: RunId) -> Usage:
        """Return what the run used: nothing where it never asked."""
