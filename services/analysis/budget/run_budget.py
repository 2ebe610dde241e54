"""What a run pays for asking a language model: within its cap, over all processes."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from services.analysis.budget.domain import Reservation
from services.analysis.budget.ports import RunUsages
from services.llm.domain import (
    MOST_REQUESTS,
    NOTHING_USED,
    UNANSWERED,
    A,
    CostLimitReached,
    Message,
    Usage,
    prompt_characters,
)
from services.llm.ports import LanguageModel
from services.status.domain import Cost, Owner, RunId

SPARE_REQUESTS = MOST_REQUESTS + 1
"""Re-asks tell the model more than the first request, so one request more than their number is set apart."""
LOOK_AGAIN = 0.5
"""Seconds until it looks again whether other calls gave something back."""


class RunBudget:
    """Implements Budget for a call of a run.

    What a request may cost is set apart before it is sent, and settled after. A process that dies
    between the two leaves its reservation to expire after `lifetime`, longer than any request.
    """

    def __init__(
        self,
        usages: RunUsages,
        owner: Owner,
        run_id: RunId,
        cap: Cost | None,
        lifetime: timedelta,
    ) -> None:
        self.usage = NOTHING_USED
        self._usages = usages
        self._owner = owner
        self._run_id = run_id
        self._cap = cap
        self._lifetime = lifetime

    async def ask(self, model: LanguageModel, messages: Sequence[Message], shape: type[A]) -> A:
        most = model.price(prompt_characters(messages, shape))
        reservation = await self._reserve(most)
        try:
            answer = await model.ask(
                messages, shape, at_most=reservation.amount if reservation else None
            )
        except UNANSWERED as error:
            await self._settle(reservation, error.usage)
            raise
        except asyncio.CancelledError:  # the model may go on with what it was sent
            await self._settle(
                reservation, Usage(requests=1, prompt_tokens=0, completion_tokens=0, cost=most)
            )
            raise
        await self._settle(reservation, answer.usage)
        return answer.value

    async def _reserve(self, most: Cost | None) -> Reservation | None:
        if self._cap is None or most is None:
            return None
        loop = asyncio.get_running_loop()
        given_up_at = loop.time() + self._lifetime.total_seconds()
        while loop.time() < given_up_at:
            reservation = await self._usages.reserve(
                self._owner,
                self._run_id,
                least=most.amount,
                most=SPARE_REQUESTS * most.amount,
                cap=self._cap,
                lifetime=self._lifetime,
            )
            if reservation is not None:
                return reservation
            await asyncio.sleep(LOOK_AGAIN)
        raise CostLimitReached("other calls hold the rest of what the run may cost")

    async def _settle(self, reservation: Reservation | None, usage: Usage) -> None:
        self.usage += usage
        await self._usages.settle(self._owner, self._run_id, reservation, usage)
