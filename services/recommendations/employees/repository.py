"""Recommendations to employees in Postgres."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from services.kernel.postgres import Connection, ConnectionOrPool, Reading, afresh, load_queries
from services.recommendations.calls.domain import CallAdvice, CallId, SpokenQuote
from services.recommendations.employees.domain import (
    DatedQuote,
    EmployeeRecommendation,
    FollowThrough,
    FollowUpRules,
    NotClosedByHand,
    Position,
    RecommendationDecision,
    RecommendationFilter,
    RecommendationId,
    RecommendationNotFound,
    RecommendationState,
    SkillCall,
)
from services.recommendations.employees.follow_up import follow_up
from services.status.domain import AuditAction, AuditEntry, Owner

_QUERIES = load_queries(__file__)
FIRST = Position(closed=False, priority=0, age=float("-inf"), id=RecommendationId(UUID(int=0)))


class PostgresRecommendations:
    """Implements RecommendationRepository; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading, rules: FollowUpRules) -> None:
        self._pool = pool
        self._reading = reading
        self._rules = rules

    async def tell(self, owner: Owner) -> None:
        while await self._tell_one(owner):
            pass

    async def _tell_one(self, owner: Owner) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            employee = await _QUERIES.take_changed_employee(connection, owner=owner)
            if employee is None:
                return False
            await _QUERIES.lock_employee(connection, owner=owner, employee=employee)
            await self._retell(connection, owner, employee)
        return True

    @afresh
    async def list_recommendations(
        self, filter_: RecommendationFilter, after: Position | None, limit: int
    ) -> list[EmployeeRecommendation]:
        async with self._reading() as connection:
            return await self._list(connection, filter_, after or FIRST, limit)

    async def _list(
        self,
        connection: Connection,
        filter_: RecommendationFilter,
        after: Position,
        limit: int,
        recommendation_id: RecommendationId | None = None,
    ) -> list[EmployeeRecommendation]:
        rows = _QUERIES.list_recommendations(
            connection,
            owner=filter_.owner,
            states=[state.value for state in filter_.states],
            employee=filter_.employee,
            skill=filter_.skill,
            id=recommendation_id,
            after_closed=after.closed,
            after_priority=after.priority,
            after_age=after.age,
            after_id=after.id,
            limit=limit,
        )
        return [_listed(row) async for row in rows]

    async def close(
        self,
        owner: Owner,
        recommendation_id: RecommendationId,
        state: RecommendationState,
        closed_by: str,
        comment: str,
        at: datetime,
    ) -> EmployeeRecommendation:
        async with self._pool.acquire() as connection, connection.transaction():
            found = await self._locked(connection, owner, recommendation_id)
            still_open = found["state"] == RecommendationState.OPEN.value
            until = await _QUERIES.get_latest_start(connection, owner=owner) if still_open else None
            await _QUERIES.decide(
                connection,
                owner=owner,
                id=recommendation_id,
                state=state.value,
                closed_by=closed_by,
                comment=comment,
                decided_at=at,
                first_at=found["first_at"] or found["opened_at"],
                until_at=found["until_at"] or until or found["last_at"],
            )
            action = (
                AuditAction.DISMISS_RECOMMENDATION
                if state is RecommendationState.DISMISSED
                else AuditAction.CLOSE_RECOMMENDATION
            )
            about = f"{found['skill']} of {found['employee'] or 'unknown'}"
            detail = f"{about}: {comment}" if comment else about
            await _keep(connection, owner, closed_by, action, recommendation_id, detail, at)
            return await self._retold(connection, owner, found["employee"], recommendation_id)

    async def reopen(
        self, owner: Owner, recommendation_id: RecommendationId, actor: str, at: datetime
    ) -> EmployeeRecommendation:
        async with self._pool.acquire() as connection, connection.transaction():
            found = await self._locked(connection, owner, recommendation_id)
            if found["first_at"] is None:
                raise NotClosedByHand(
                    f"recommendation {recommendation_id} was closed by nobody",
                    reason="NOT_CLOSED_BY_HAND",
                )
            await _QUERIES.take_decision_back(connection, owner=owner, id=recommendation_id)
            action = AuditAction.REOPEN_RECOMMENDATION
            about = f"{found['skill']} of {found['employee'] or 'unknown'}"
            await _keep(connection, owner, actor, action, recommendation_id, about, at)
            return await self._retold(connection, owner, found["employee"], recommendation_id)

    @afresh
    async def list_audit_entries(
        self, owner: Owner, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        async with self._reading() as connection:
            rows = _QUERIES.list_audit_entries(
                connection, owner=owner, before=before, page_size=page_size
            )
            return [_audit_entry(row) async for row in rows]

    async def _locked(
        self, connection: Connection, owner: Owner, recommendation_id: RecommendationId
    ) -> Any:
        """Return what is known of a recommendation, while nobody else tells those of its employee anew."""
        of = {"owner": owner, "id": recommendation_id}
        async with self._reading() as seen:  # by who asks, which `connection` does not know
            found = await _QUERIES.get_recommendation(seen, **of)
        if found:
            await _QUERIES.lock_employee(connection, owner=owner, employee=found["employee"])
            found = await _QUERIES.get_recommendation(connection, **of)
        if found is None:
            raise RecommendationNotFound(f"recommendation {recommendation_id} is unknown")
        return found

    async def _retold(
        self,
        connection: Connection,
        owner: Owner,
        employee: str,
        recommendation_id: RecommendationId,
    ) -> EmployeeRecommendation:
        await self._retell(connection, owner, employee)
        filter_ = RecommendationFilter(owner=owner, states=(), employee=employee, skill="")
        found = await self._list(connection, filter_, FIRST, 1, recommendation_id)
        if not found:
            raise RecommendationNotFound(
                f"recommendation {recommendation_id} is not borne out by its calls any more"
            )
        return found[0]

    async def _retell(self, connection: Connection, owner: Owner, employee: str) -> None:
        of = {"owner": owner, "employee": employee}
        known = [
            _recommendation(row)
            async for row in _QUERIES.list_employee_recommendations(connection, **of)
        ]
        rows = [row async for row in _QUERIES.list_skill_calls(connection, **of)]
        calls = {
            skill: [_skill_call(row) for row in own]
            for skill, own in groupby(rows, key=lambda row: str(row["skill"]))
        }
        told = [
            recommendation
            for skill in sorted({*calls, *(each.skill for each in known)})
            for recommendation in follow_up(
                employee,
                skill,
                calls.get(skill, []),
                [each for each in known if each.skill == skill],
                self._rules,
                _new_id,
            )
        ]
        await _QUERIES.delete_employee_recommendations(connection, **of)
        await _insert(connection, owner, employee, told)


async def insert_audit_entry(connection: ConnectionOrPool, entry: AuditEntry) -> None:
    """Keep what somebody did, in the transaction of what it changed."""
    await _QUERIES.insert_audit_entry(
        connection,
        owner=entry.owner,
        actor=entry.actor,
        action=entry.action.value,
        subject=entry.subject,
        detail=entry.detail,
        at=entry.at,
    )


async def _keep(
    connection: Connection,
    owner: Owner,
    actor: str,
    action: AuditAction,
    recommendation_id: RecommendationId,
    detail: str,
    at: datetime,
) -> None:
    """Keep who decided on a recommendation."""
    entry = AuditEntry(
        actor=actor,
        action=action,
        owner=owner,
        subject=str(recommendation_id),
        detail=detail,
        at=at,
    )
    await insert_audit_entry(connection, entry)


def _audit_entry(row: Any) -> AuditEntry:
    return AuditEntry(
        actor=row["actor"],
        action=AuditAction(row["action"]),
        owner=row["owner"],
        subject=row["subject"],
        detail=row["detail"],
        at=row["at"],
        number=row["number"],
    )


async def _insert(
    connection: Connection, owner: Owner, employee: str, told: Sequence[EmployeeRecommendation]
) -> None:
    decisions = [each.decision for each in told]
    await _QUERIES.insert_employee_recommendations(
        connection,
        owner=owner,
        employee=employee,
        ids=[each.id for each in told],
        skills=[each.skill for each in told],
        states=[each.state.value for each in told],
        priorities=[each.priority for each in told],
        texts=[each.text for each in told],
        whys=[each.why for each in told],
        opened_call_ids=[each.opened_call_id for each in told],
        opened_days=[each.opened_day for each in told],
        opened_at=[each.opened_at for each in told],
        advised_calls=[each.advised_calls for each in told],
        advised_days=[each.advised_day for each in told],
        advised_at=[each.advised_at for each in told],
        expires_days=[each.expires_day for each in told],
        followed=[each.follow_through.followed for each in told],
        partly=[each.follow_through.partly for each in told],
        not_followed=[each.follow_through.not_followed for each in told],
        last_at=[each.last_at for each in told],
        closed_days=[each.closed_day for each in told],
        closed_call_ids=[each.closed_call_id for each in told],
        closed_by=[each and each.closed_by for each in decisions],
        comments=[each and each.comment for each in decisions],
        decided_at=[each and each.decided_at for each in decisions],
        first_at=[each and each.first_at for each in decisions],
        until_at=[each and each.until_at for each in decisions],
    )


def _skill_call(row: asyncpg.Record) -> SkillCall:
    advice = None
    if row["priority"] is not None:
        advice = CallAdvice(
            skill=row["skill"],
            priority=row["priority"],
            text=row["text"],
            why=row["why"],
            quote=SpokenQuote(
                text=row["quote"], speaker=row["quote_speaker"], seconds=row["quote_seconds"]
            ),
        )
    return SkillCall(
        call_id=CallId(row["call_id"]),
        day=row["day"],
        started_at=row["started_at"],
        applicable=row["applicable"],
        completed=row["completed"],
        attempted=row["attempted"],
        advice=advice,
    )


def _recommendation(
    row: asyncpg.Record, state: str = "", quotes: tuple[DatedQuote, ...] = ()
) -> EmployeeRecommendation:
    decision = None
    if row["decided_at"] is not None:
        decision = RecommendationDecision(
            state=RecommendationState(row["state"]),
            closed_by=row["closed_by"],
            comment=row["comment"],
            decided_at=row["decided_at"],
            first_at=row["first_at"],
            until_at=row["until_at"],
        )
    return EmployeeRecommendation(
        id=RecommendationId(row["id"]),
        employee=row["employee"],
        skill=row["skill"],
        state=RecommendationState(state or row["state"]),
        priority=row["priority"],
        text=row["text"],
        why=row["why"],
        opened_call_id=CallId(row["opened_call_id"]),
        opened_day=row["opened_day"],
        opened_at=row["opened_at"],
        advised_calls=row["advised_calls"],
        advised_day=row["advised_day"],
        advised_at=row["advised_at"],
        expires_day=row["expires_day"],
        follow_through=FollowThrough(
            followed=row["followed"], partly=row["partly"], not_followed=row["not_followed"]
        ),
        last_at=row["last_at"],
        closed_day=row["closed_day"],
        closed_call_id=row["closed_call_id"] and CallId(row["closed_call_id"]),
        decision=decision,
        quotes=quotes,
    )


def _listed(row: asyncpg.Record) -> EmployeeRecommendation:
    columns = (row[name] or () for name in ("call_ids", "days", "quotes", "seconds"))
    quotes = tuple(
        DatedQuote(call_id=CallId(call_id), day=day, text=text, seconds=seconds)
        for call_id, day, text, seconds in zip(*columns, strict=True)
    )
    return _recommendation(row, row["state_now"], quotes)


def _new_id() -> RecommendationId:
    return RecommendationId(uuid4())
