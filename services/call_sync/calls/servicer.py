"""Calls as people look for them over gRPC. No decisions are made here."""

from potok.call_sync.v1 import call_service_pb2 as pb
from potok.call_sync.v1 import call_service_pb2_grpc as pb_grpc

from services.call_sync.calls.mapping import (
    call_filter_from_pb,
    fill_facets,
    found_call_to_pb,
    listed_call_to_pb,
)
from services.call_sync.calls.usecases import Calls
from services.call_sync.domain import CallId
from services.kernel.rpc.convert import timestamp
from services.kernel.rpc.server import Context
from services.status.domain import Owner
from services.status.mapping import date_range_from_pb
from services.status.rpc.access import current_caller


class CallServicer(pb_grpc.CallServiceServicer):
    """Serves potok.call_sync.v1.CallService; administrators see numbers whole."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def ListCalls(
        self, request: pb.ListCallsRequest, context: Context
    ) -> pb.ListCallsResponse:
        whole = current_caller().sees_all
        page, total, as_of = await self._calls.list_calls(
            Owner(request.owner),
            call_filter_from_pb(request.filter, whole=whole),
            whole=whole,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return pb.ListCallsResponse(
            calls=[listed_call_to_pb(call, whole=whole) for call in page.items],
            next_page_token=page.next_page_token,
            total=total,
            as_of_time=timestamp(as_of),
        )

    async def GetCall(self, request: pb.GetCallRequest, context: Context) -> pb.GetCallResponse:
        call, as_of = await self._calls.get_call(Owner(request.owner), CallId(request.call_id))
        return pb.GetCallResponse(
            call=listed_call_to_pb(call, whole=current_caller().sees_all),
            as_of_time=timestamp(as_of),
        )

    async def SearchCalls(
        self, request: pb.SearchCallsRequest, context: Context
    ) -> pb.SearchCallsResponse:
        whole = current_caller().sees_all
        page, as_of = await self._calls.search_calls(
            Owner(request.owner),
            request.query,
            call_filter_from_pb(request.filter, whole=whole),
            whole=whole,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return pb.SearchCallsResponse(
            calls=[found_call_to_pb(call, whole=whole) for call in page.items],
            next_page_token=page.next_page_token,
            as_of_time=timestamp(as_of),
        )

    async def GetCallFacets(
        self, request: pb.GetCallFacetsRequest, context: Context
    ) -> pb.GetCallFacetsResponse:
        facets, as_of = await self._calls.get_call_facets(
            Owner(request.owner), date_range_from_pb(request.range)
        )
        response = pb.GetCallFacetsResponse(as_of_time=timestamp(as_of))
        fill_facets(response, facets)
        return response
