"""What runs asked of the language model, in Postgres."""

from datetime import timedelta

import asyncpg

from services.analysis.budget.domain import Reservation
from services.kernel.postgres import Reading, afresh, load_queries
from services.llm.domain import NOTHING_USED, CostLimitReached, Usage
from services.status.domain import Cost, Owner, RunId

_QUERIES = load_queries(__file__)


class PostgresRunUsages:
    """Implements RunUsages. The row of a run is the lock under which its money is counted."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        """`reading` sees what whoever asks for a usage may see."""
        self._pool = pool
        self._reading = reading

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
        async with self._pool.acquire() as connection, connection.transaction():
            spent = await _QUERIES.lock_run_usage(connection, owner=owner, run_id=run_id)
            if least > cap.amount:
                raise CostLimitReached(
                    f"this call may cost {least:.6g} {cap.currency}, and a whole run no more than "
                    f"{cap.amount:.6g}: no retry can pass, raise POTOK_ANALYSIS_RUN_COST_CAP to at least "
                    f"{least:.6g} first"
                )
            if spent + least > cap.amount:
                raise CostLimitReached(
                    f"the run has cost {spent:.2f} of {cap.amount:.2f} {cap.currency} and this call "
                    f"may cost {least:.4f}: retry it in a new run, which may cost as much again, or "
                    "raise POTOK_ANALYSIS_RUN_COST_CAP first"
                )
            await _QUERIES.delete_expired_reservations(connection, owner=owner, run_id=run_id)
            row = await _QUERIES.add_reservation(
                connection,
                owner=owner,
                run_id=run_id,
                least=least,
                most=most,
                left=cap.amount - spent,
                lifetime=lifetime,
            )
        return Reservation(**row) if row else None

    async def settle(
        self, owner: Owner, run_id: RunId, reservation: Reservation | None, usage: Usage
    ) -> None:
        await _QUERIES.settle_usage(
            self._pool,
            owner=owner,
            run_id=run_id,
            reservation_id=reservation.reservation_id if reservation else None,
            requests=usage.requests,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost=usage.cost.amount if usage.cost else 0.0,
            currency=usage.cost.currency if usage.cost else None,
        )

    @afresh
    async def get_usage(self, owner: Owner, run_id: RunId) -> Usage:
        async with self._reading() as connection:
            row = await _QUERIES.get_run_usage(connection, owner=owner, run_id=run_id)
        if row is None:
            return NOTHING_USED
        return Usage(
            requests=row["requests"],
            prompt_tokens=row["prompt_tokens"],
            completion_tokens=row["completion_tokens"],
            cost=Cost(amount=row["cost"], currency=row["currency"]) if row["currency"] else None,
        )
