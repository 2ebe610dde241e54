"""`potok history`: who did what, and when."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC
from typing import Annotated

import typer
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.recommendations.v1 import recommendations_service_pb2 as recommendations_pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as recommendations_grpc
from potok.status.v1.audit_pb2 import AuditEntry

from potok_client.cli import words
from potok_client.cli.connection import DEADLINE, Coordinator, coordinator
from potok_client.cli.options import RANGE_PANEL, Json
from potok_client.cli.runs import full_id
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table

app = typer.Typer()

_PAGE = 200


@app.command("history", rich_help_panel=RANGE_PANEL)
def show_history(
    client: Annotated[
        str | None,
        typer.Argument(metavar="[CLIENT]", help="The client's id; without it, of all you may see."),
    ] = None,
    *,
    run: Annotated[str, typer.Option(help="Only of this run: its id, or its beginning.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Show who did what, newest first: started, cancelled, retried, changed settings, closed advice.

    Advice and reports that were taken out are shown where a CLIENT is named. Example: potok history clinic --limit 10
    """
    if client and run:
        raise typer.BadParameter("name a CLIENT or a --run, not both")
    perform(_history(client or "", run, limit, as_json=as_json))


async def _history(client_id: str, run: str, limit: int, *, as_json: bool) -> None:
    async with coordinator() as service:
        run_id = await full_id(service, run) if run else ""
        sources = [_done(service, client_id, run_id)]
        if client_id:
            sources.append(_settled(service, client_id))
        parts = await asyncio.gather(*(_first(source, limit + 1) for source in sources))
    found = [entry for part in parts for entry in part]
    found.sort(key=lambda entry: entry.time.ToNanoseconds(), reverse=True)
    if as_json:
        print_json([as_dict(entry) for entry in found[:limit]])
    else:
        _print(found[:limit])
    if len(found) > limit:
        more = f"only the newest {limit} are shown: --limit {10 * limit} shows more"
        say(more, style="yellow", stderr=True)


async def _first(entries: AsyncIterator[AuditEntry], count: int) -> list[AuditEntry]:
    found: list[AuditEntry] = []
    async for entry in entries:
        found.append(entry)
        if len(found) >= count:
            break
    return found


async def _done(service: Coordinator, client_id: str, run_id: str) -> AsyncIterator[AuditEntry]:
    """Yield what was done to runs, clients and bots, newest first."""
    request = pb.ListAuditEntriesRequest(client_id=client_id, run_id=run_id, page_size=_PAGE)
    while True:
        page = await service.stub.ListAuditEntries(request, timeout=DEADLINE)
        for entry in page.entries:
            yield entry
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return


async def _settled(service: Coordinator, client_id: str) -> AsyncIterator[AuditEntry]:
    """Yield what was done to the recommendations and reports of a client, newest first."""
    stub = recommendations_grpc.RecommendationsServiceStub(service.channel)
    request = recommendations_pb.ListRecommendationAuditRequest(
        owner=f"client:{client_id}", page_size=_PAGE
    )
    while True:
        page = await stub.ListRecommendationAudit(request, timeout=DEADLINE)
        for entry in page.entries:
            yield entry
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return


def _print(found: list[AuditEntry]) -> None:
    rows = table("when", "who", "what", "of", "about", prose=["about"])
    for entry in found:
        rows.add_row(
            f"{entry.time.ToDatetime(UTC).astimezone():%Y-%m-%d %H:%M:%S}",
            cell(entry.actor),
            words.audit_action(entry.action),
            cell(_subject(entry)),
            cell(entry.detail),
        )
    show(rows if found else "nothing was done there yet")


def _subject(entry: AuditEntry) -> str:
    """Return what it was done to, as commands take it: of a UUID its beginning."""
    try:
        return words.short(str(uuid.UUID(entry.subject)))
    except ValueError:
        return entry.subject
