"""`potok history`: who did what, and when."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC
from typing import Annotated, Any

import grpc
import typer
from potok.call_sync.v1.account_service_pb2 import ListAccountAuditRequest
from potok.call_sync.v1.account_service_pb2_grpc import AccountServiceStub
from potok.call_sync.v1.recording_service_pb2 import ListRecordingAuditRequest
from potok.call_sync.v1.recording_service_pb2_grpc import RecordingServiceStub
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.recommendations.v1.recommendations_service_pb2 import ListRecommendationAuditRequest
from potok.recommendations.v1.recommendations_service_pb2_grpc import RecommendationsServiceStub
from potok.status.v1.audit_pb2 import AuditEntry
from potok.transcription.v1.transcription_service_pb2 import ListTranscriptAuditRequest
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

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
    """Show who did what, newest first: started, cancelled, retried, changed settings, closed advice, heard calls.

    Advice, recordings and files are shown where a CLIENT is named, accounts to administrators where none is.
    Example: potok history clinic --limit 10
    """
    if client and run:
        raise typer.BadParameter("name a CLIENT or a --run, not both")
    perform(_history(client or "", run, limit, as_json=as_json))


async def _history(client_id: str, run: str, limit: int, *, as_json: bool) -> None:
    async with coordinator() as service:
        run_id = await full_id(service, run) if run else ""
        sources = _sources(service, client_id, run_id)
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


def _sources(service: Coordinator, client_id: str, run_id: str) -> list[AsyncIterator[AuditEntry]]:
    """Return what each service kept, newest first."""
    about = pb.ListAuditEntriesRequest(client_id=client_id, run_id=run_id, page_size=_PAGE)
    done = _pages(service.stub.ListAuditEntries, about)
    if run_id:
        return [done]
    if not client_id:
        accounts = AccountServiceStub(service.channel).ListAccountAudit
        return [done, _if_allowed(_pages(accounts, ListAccountAuditRequest(page_size=_PAGE)))]
    of: dict[str, Any] = {"owner": f"client:{client_id}", "page_size": _PAGE}
    channel = service.channel
    return [
        done,
        _pages(
            RecommendationsServiceStub(channel).ListRecommendationAudit,
            ListRecommendationAuditRequest(**of),
        ),
        _pages(RecordingServiceStub(channel).ListRecordingAudit, ListRecordingAuditRequest(**of)),
        _pages(
            TranscriptionServiceStub(channel).ListTranscriptAudit,
            ListTranscriptAuditRequest(**of),
        ),
    ]


async def _pages(list_: Any, request: Any) -> AsyncIterator[AuditEntry]:
    """Yield the entries of a list of any service, page by page."""
    while True:
        page = await list_(request, timeout=DEADLINE)
        for entry in page.entries:
            yield entry
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return


async def _if_allowed(entries: AsyncIterator[AuditEntry]) -> AsyncIterator[AuditEntry]:
    """Yield entries, none where whoever asks may not see them."""
    try:
        async for entry in entries:
            yield entry
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.PERMISSION_DENIED:
            raise


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
