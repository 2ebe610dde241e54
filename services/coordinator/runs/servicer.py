"""gRPC in, use case, gRPC out. No decisions are made here."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.stage.v1 import stage_service_pb2 as stage_pb
from potok.stage.v1 import stage_service_pb2_grpc as stage_grpc

from services.coordinator.commit.report_stream import Reports
from services.coordinator.runs.mapping import (
    client_from_pb,
    client_to_pb,
    range_status_to_pb,
    rejected_report_to_pb,
    run_to_pb,
    stage_ledger_to_pb,
    stage_preview_to_pb,
)
from services.coordinator.runs.usecases import Runs
from services.coordinator.watch.domain import WatchEnded
from services.coordinator.watch.mapping import selection_from_pb, watch_request_from_pb
from services.coordinator.watch.resume_tokens import requested_token
from services.coordinator.watch.usecases import Selections
from services.coordinator.watch.watcher import read_in_time
from services.coordinator.watch.watches import Watches
from services.coordinator.wire.frames import EndReason, end_frame
from services.kernel.paging import page_start, page_token, text
from services.kernel.rpc.client import errors_of
from services.kernel.rpc.interceptors import Codec
from services.kernel.rpc.server import Context
from services.status.domain import RunId, RunMode, Stage
from services.status.mapping import (
    RUN_MODE_FROM_PB,
    STAGE_FROM_PB,
    audit_entry_to_pb,
    date_range_from_pb,
)
from services.status.rpc.access import current_caller

SERVICE = "potok.coordinator.v1.CoordinatorService"
TOKEN_TRAILER = "potok-resume-token"  # noqa: S105
LIST_ITEMS_SECONDS = 10
_ITEMS = "ListItems"
END_SECONDS = 5

CODECS: Mapping[str, Codec] = {
    f"/{SERVICE}/ReportStatus": Codec(deserialize=None, serialize=None),
    f"/{SERVICE}/WatchStatus": Codec(deserialize=pb.WatchStatusRequest.FromString, serialize=None),
}
"""The methods that pass bytes: reports are split, not decoded; frames are encoded once for all watchers."""

_END_STATUS = {
    EndReason.AGE: grpc.StatusCode.OK,
    EndReason.DRAIN: grpc.StatusCode.UNAVAILABLE,
    EndReason.SLOW: grpc.StatusCode.RESOURCE_EXHAUSTED,
    EndReason.TOKEN_EXPIRED: grpc.StatusCode.UNAUTHENTICATED,
    EndReason.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}


class CoordinatorServicer(pb_grpc.CoordinatorServiceServicer):
    """Serves potok.coordinator.v1.CoordinatorService."""

    def __init__(
        self,
        runs: Runs,
        reports: Reports,
        watches: Watches,
        selections: Selections,
        stages: Mapping[Stage, "stage_grpc.StageServiceAsyncStub"],
    ) -> None:
        self._runs = runs
        self._reports = reports
        self._watches = watches
        self._selections = selections
        self._stages = stages

    async def SetClient(
        self, request: pb.SetClientRequest, context: Context
    ) -> pb.SetClientResponse:
        client = await self._runs.set_client(current_caller(), client_from_pb(request.client))
        return pb.SetClientResponse(client=client_to_pb(client))

    async def GetClient(
        self, request: pb.GetClientRequest, context: Context
    ) -> pb.GetClientResponse:
        client = await self._runs.get_client(request.client_id)
        return pb.GetClientResponse(client=client_to_pb(client))

    async def ListClients(
        self, request: pb.ListClientsRequest, context: Context
    ) -> pb.ListClientsResponse:
        page = await self._runs.list_clients(request.page_size or 100, request.page_token)
        return pb.ListClientsResponse(
            clients=map(client_to_pb, page.items), next_page_token=page.next_page_token
        )

    async def StartRun(self, request: pb.StartRunRequest, context: Context) -> pb.StartRunResponse:
        view = await self._runs.start_run(
            current_caller(),
            request.client_id,
            date_range_from_pb(request.range),
            tuple(STAGE_FROM_PB[stage] for stage in request.stages),
            RUN_MODE_FROM_PB.get(request.mode, RunMode.PENDING),
            request.request_id,
        )
        return pb.StartRunResponse(run=run_to_pb(view))

    async def PreviewRun(
        self, request: pb.PreviewRunRequest, context: Context
    ) -> pb.PreviewRunResponse:
        previews = await self._runs.preview_run(
            current_caller(),
            request.client_id,
            date_range_from_pb(request.range),
            tuple(STAGE_FROM_PB[stage] for stage in request.stages),
            RUN_MODE_FROM_PB.get(request.mode, RunMode.PENDING),
        )
        return pb.PreviewRunResponse(stages=map(stage_preview_to_pb, previews))

    async def RetryFailed(
        self, request: pb.RetryFailedRequest, context: Context
    ) -> pb.RetryFailedResponse:
        view = await self._runs.retry_failed(
            current_caller(),
            RunId(request.run_id),
            STAGE_FROM_PB.get(request.stage),
            request.request_id,
        )
        return pb.RetryFailedResponse(run=run_to_pb(view))

    async def CancelRun(
        self, request: pb.CancelRunRequest, context: Context
    ) -> pb.CancelRunResponse:
        view = await self._runs.cancel_run(current_caller(), RunId(request.run_id))
        return pb.CancelRunResponse(run=run_to_pb(view))

    async def GetRun(self, request: pb.GetRunRequest, context: Context) -> pb.GetRunResponse:
        view = await self._runs.get_run(RunId(request.run_id))
        return pb.GetRunResponse(run=run_to_pb(view))

    async def ListRuns(self, request: pb.ListRunsRequest, context: Context) -> pb.ListRunsResponse:
        page = await self._runs.list_runs(
            request.client_id, request.page_size or 20, request.page_token
        )
        return pb.ListRunsResponse(
            runs=map(run_to_pb, page.items), next_page_token=page.next_page_token
        )

    async def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: Context
    ) -> pb.ListAuditEntriesResponse:
        page = await self._runs.list_audit_entries(
            request.client_id, request.run_id, request.page_size or 100, request.page_token
        )
        return pb.ListAuditEntriesResponse(
            entries=map(audit_entry_to_pb, page.items), next_page_token=page.next_page_token
        )

    async def ListItems(
        self, request: pb.ListItemsRequest, context: Context
    ) -> pb.ListItemsResponse:
        client = await self._runs.get_client(request.client_id)
        # The stage service sees us as its caller: whose token it is, is said around it.
        inner = page_start(_ITEMS, request.page_token, (text,), str)
        stage = STAGE_FROM_PB[request.stage]
        with errors_of(stage.value):
            page = await self._stages[stage].ListItems(
                stage_pb.ListItemsRequest(
                    owner=client.owner,
                    stage=request.stage,
                    range=request.range,
                    states=request.states,
                    execution=request.execution,
                    page_size=request.page_size,
                    page_token=inner or "",
                ),
                timeout=LIST_ITEMS_SECONDS,
            )
        following = page.next_page_token and page_token(_ITEMS, [page.next_page_token])
        return pb.ListItemsResponse(items=page.items, next_page_token=following)

    async def GetRangeStatus(
        self, request: pb.GetRangeStatusRequest, context: Context
    ) -> pb.GetRangeStatusResponse:
        status = await self._runs.get_range_status(
            request.client_id, STAGE_FROM_PB[request.stage], date_range_from_pb(request.range)
        )
        return pb.GetRangeStatusResponse(status=range_status_to_pb(status))

    async def GetLedger(
        self, request: pb.GetLedgerRequest, context: Context
    ) -> pb.GetLedgerResponse:
        ledgers = await self._runs.get_ledger(request.client_id, date_range_from_pb(request.range))
        return pb.GetLedgerResponse(stages=map(stage_ledger_to_pb, ledgers))

    async def ListRejectedReports(
        self, request: pb.ListRejectedReportsRequest, context: Context
    ) -> pb.ListRejectedReportsResponse:
        reports = await self._runs.list_rejected_reports(
            RunId(request.run_id) if request.run_id else None, request.page_size or 100
        )
        return pb.ListRejectedReportsResponse(reports=map(rejected_report_to_pb, reports))

    async def AdvanceEpoch(
        self, request: pb.AdvanceEpochRequest, context: Context
    ) -> pb.AdvanceEpochResponse:
        generation = await self._runs.advance_epoch(current_caller())
        return pb.AdvanceEpochResponse(generation=generation)

    async def ReportStatus(  # type: ignore[override]  # bytes by CODECS, and written rather than yielded
        self, request_iterator: AsyncIterator[bytes], context: Context
    ) -> None:
        await self._reports.take(request_iterator, context.write)

    async def WatchStatus(  # type: ignore[override]  # likewise
        self, request: pb.WatchStatusRequest, context: Context
    ) -> None:
        caller = current_caller()
        with self._watches.admitted(caller.user):
            await context.send_initial_metadata(())
            token = requested_token(request.resume_token)
            selecting = self._selections.filter_of(selection_from_pb(request), caller)
            try:
                filter_ = await read_in_time(selecting, request.resume_token)
                watch = watch_request_from_pb(request, filter_, caller, token)
                await self._watches.watch(watch, context.write)
            except WatchEnded as ended:
                await _end(context, ended)


async def _end(context: Context, ended: WatchEnded) -> None:
    """Close the stream with the status of the reason; the token is in the trailers too."""
    trailers = ((TOKEN_TRAILER, ended.token),)
    code = _END_STATUS[ended.reason]
    if code is grpc.StatusCode.OK:
        context.set_trailing_metadata(trailers)
        return
    reason = ended.lacks or f"END_REASON_{ended.reason.value}"
    try:
        async with asyncio.timeout(END_SECONDS):
            if ended.reason is EndReason.UNAVAILABLE:
                await context.write(end_frame(ended.reason, ended.token))
            await context.abort(code, f"the watch was ended: {reason}, resume it", trailers)
    except grpc.aio.AbortError:
        raise
    except Exception:
        # A reader that takes nothing blocks an abort, or a write under way forbids it: leaving so resets the stream.
        raise asyncio.CancelledError from None
