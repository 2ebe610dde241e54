"""Calls in Postgres as people look for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.call_sync.calls.domain import (
    STAGES,
    CallFilter,
    CallStage,
    CopiedTurn,
    Facet,
    Facets,
    Findings,
    FoundCall,
    ListedCall,
    NothingToLookFor,
    Passage,
    Position,
    Speaker,
)
from services.call_sync.calls.passages import passage_of
from services.call_sync.calls.phrases import any_phrase, any_word, phrases_in
from services.call_sync.domain import CallId
from services.call_sync.repository import call_of
from services.kernel.postgres import Connection, Reading, afresh, load_queries
from services.kernel.strangers import storable
from services.status.domain import DateRange, ItemState, Owner, Reason, Stage

PASSAGES = 3
"""Passages of one call at the most."""
LATEST = 500
"""Calls with the words that a filter is tried on before all with the words are looked for."""
FACETS = 100
"""Values of one column at the most."""

_QUERIES = load_queries(__file__)
_ORDER = {stage: position for position, stage in enumerate(STAGES)}


class PostgresListedCalls:
    """Implements ListedCalls; `reading` sees what whoever asks may see."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @afresh
    async def list_calls(
        self,
        owner: Owner,
        call_filter: CallFilter,
        *,
        whole: bool,
        before: Position | None,
        page_size: int,
    ) -> tuple[list[ListedCall], int | None, datetime | None]:
        chosen = _chosen(owner, call_filter, whole=whole)
        async with self._reading() as connection:
            await _QUERIES.plan_afresh(connection)
            as_of = await _QUERIES.get_as_of(connection)
            rows = [
                row
                async for row in _QUERIES.list_calls(
                    connection, **chosen, **_position(before), page_size=page_size
                )
            ]
            if before is not None:
                total = None
            elif len(rows) < page_size:
                total = len(rows)
            else:
                total = await _QUERIES.count_calls(connection, **chosen)
            return await _listed(connection, owner, rows), total, as_of

    @afresh
    async def get_call(
        self, owner: Owner, call_id: CallId
    ) -> tuple[ListedCall | None, datetime | None]:
        async with self._reading() as connection:
            as_of = await _QUERIES.get_as_of(connection)
            row = await _QUERIES.get_call(connection, owner=owner, call_id=call_id)
            if row is None:
                return None, as_of
            [listed] = await _listed(connection, owner, [row])
            return listed, as_of

    @afresh
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
        async with self._reading() as connection:
            parsed = await _read(connection, query)
            if parsed["needed"] in ("", "T"):
                raise NothingToLookFor(
                    "query: write a word to look for, besides those that every text has"
                )
            await _QUERIES.plan_afresh(connection)
            as_of = await _QUERIES.get_as_of(connection)
            rows = await _search(
                connection,
                None if call_filter == CallFilter() else _chosen(owner, call_filter, whole=whole),
                owner=owner,
                words=parsed["words"],
                **_position(before),
                page_size=page_size,
            )
            listed = await _listed(connection, owner, rows)
            passages = await _passages(connection, owner, rows, parsed["words"])
            return [
                FoundCall(
                    listed=call,
                    passages=[passage for passage, _ in said],
                    more_passages=max((total for _, total in said), default=0) - len(said),
                )
                for call in listed
                for said in (passages.get(call.call.facts.call_id, []),)
            ], as_of

    @afresh
    async def get_call_facets(
        self, owner: Owner, days: DateRange
    ) -> tuple[Facets, datetime | None]:
        facets: dict[str, list[Facet]] = {}
        async with self._reading() as connection:
            as_of = await _QUERIES.get_as_of(connection)
            rows = _QUERIES.get_call_facets(
                connection, owner=owner, start_date=days.start, end_date=days.end
            )
            async for row in rows:
                facets.setdefault(row["by"], []).append(Facet(row["value"], row["calls"]))
        return Facets(
            calls=facets["all"][0].calls,
            employees=facets.get("employee", [])[:FACETS],
            call_types=facets.get("call_type", [])[:FACETS],
            outcomes=facets.get("outcome", [])[:FACETS],
            sentiments=facets.get("sentiment", [])[:FACETS],
        ), as_of


async def _search(
    connection: Connection, chosen: dict[str, Any] | None, *, page_size: int, **asked: Any
) -> list[asyncpg.Record]:
    """Return calls with words, of a filter by its parameters: first among the latest, of which there mostly are enough."""
    asked["page_size"] = page_size
    if chosen is None:
        return [row async for row in _QUERIES.search_calls(connection, **asked)]
    asked |= chosen
    latest = _QUERIES.search_latest_calls(connection, most=LATEST, **asked)
    rows = [row async for row in latest]
    if len(rows) == page_size:
        return rows
    await _QUERIES.join_by_hash(connection)
    return [row async for row in _QUERIES.search_selected_calls(connection, **asked)]


async def _read(connection: Connection, query: str) -> asyncpg.Record:
    """Parse a query for words; raises NothingToLookFor for one with more signs in a row than Postgres takes."""
    try:
        parsed: asyncpg.Record = await _QUERIES.read_query(connection, query=storable(query))
    except asyncpg.InternalServerError:  # "tsquery stack too small": there is no other code for it
        raise NothingToLookFor("query: write words, with fewer signs between them") from None
    return parsed


def _chosen(owner: Owner, call_filter: CallFilter, *, whole: bool) -> dict[str, Any]:
    """Return the parameters that every query with a filter has."""
    days, stages = call_filter.days, call_filter.stages
    return {
        "owner": owner,
        "from_date": days and days.start,
        "to_date": days and days.end,
        "employee": _stored(call_filter.employee),
        "direction": call_filter.direction and call_filter.direction.value,
        "answered": call_filter.answered,
        "recorded": call_filter.recorded,
        "name": _stored(call_filter.contact_name),
        "digits": call_filter.contact_digits,
        "whole": whole,
        "min_seconds": call_filter.min_duration_seconds,
        "max_seconds": call_filter.max_duration_seconds,
        "stages": (
            None
            if stages is None
            else [_stage_and_state(stage.value, state.value) for stage, state in stages]
        ),
        "call_type": _stored(call_filter.call_type),
        "outcome": _stored(call_filter.outcome),
        "sentiment": _stored(call_filter.sentiment),
        "min_score": call_filter.min_score,
        "max_score": call_filter.max_score,
    }


def _stage_and_state(stage: str, state: str) -> str:
    return f"{stage} {state}"


def _stored(text: str | None) -> str | None:
    return text and storable(text)


def _position(before: Position | None) -> dict[str, Any]:
    return {
        "before_at": before and before.started_at,
        "before_id": before and before.call_id,
    }


async def _listed(
    connection: Connection, owner: Owner, rows: Sequence[asyncpg.Record]
) -> list[ListedCall]:
    stages: dict[str, list[CallStage]] = {}
    call_ids = [row["call_id"] for row in rows]
    async for row in _QUERIES.list_stages(connection, owner=owner, call_ids=call_ids):
        stages.setdefault(row["call_id"], []).append(_call_stage(row))
    return [
        ListedCall(
            call=call_of(row),
            stages=sorted(stages.get(row["call_id"], []), key=lambda each: _ORDER[each.stage]),
            findings=Findings(
                call_id=CallId(row["call_id"]),
                call_type=row["call_type"],
                outcome=row["outcome"],
                sentiment=row["sentiment"],
                score=row["score"],
            ),
            language=row["heard_language"],
        )
        for row in rows
    ]


async def _passages(
    connection: Connection, owner: Owner, rows: Sequence[asyncpg.Record], words: str
) -> dict[CallId, list[tuple[Passage, int]]]:
    """Return the passages of calls, each with how many its call has."""
    phrases = phrases_in(words)
    found: dict[CallId, list[tuple[Passage, int]]] = {}
    async for row in _QUERIES.list_passages(
        connection,
        owner=owner,
        call_ids=[row["call_id"] for row in rows],
        phrases=any_phrase(phrases),
        words=any_word(phrases),
        most=PASSAGES,
    ):
        text, highlights = passage_of(row["marked"])
        turn = CopiedTurn(
            speaker=Speaker(row["speaker"]),
            start_seconds=row["begins"],
            end_seconds=row["ends"],
            text=text,
        )
        passage = Passage(index=row["index"], turn=turn, highlights=highlights)
        found.setdefault(CallId(row["call_id"]), []).append((passage, row["total"]))
    return found


def _call_stage(row: asyncpg.Record) -> CallStage:
    return CallStage(
        stage=Stage(row["stage"]),
        state=ItemState(row["state"]),
        reason=row["reason"] and Reason(row["reason"]),
        message=row["message"],
        available=row["output"] > 0,
        updated_at=row["updated_at"],
    )
