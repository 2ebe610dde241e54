"""Calls as people look for them, in protobuf, and filters from it. Pure functions."""

from potok.call_sync.v1 import call_service_pb2, listed_call_pb2
from potok.status.v1 import stage_pb2
from potok.transcription.v1 import transcript_pb2

from services.call_sync.calls.contacts import contact_filter, shown_contact
from services.call_sync.calls.domain import (
    CallFilter,
    CallStage,
    Facet,
    Facets,
    FoundCall,
    ListedCall,
    Passage,
    Speaker,
)
from services.call_sync.mapping import DIRECTION_TO_PB, call_to_pb
from services.kernel.errors import InvalidInput
from services.kernel.rpc.convert import enum_pairs, timestamp
from services.status.domain import ItemState, Stage
from services.status.mapping import (
    ITEM_STATE_FROM_PB,
    ITEM_STATE_TO_PB,
    REASON_TO_PB,
    STAGE_FROM_PB,
    STAGE_TO_PB,
    date_range_from_pb,
)

SPEAKER_TO_PB = enum_pairs(Speaker, transcript_pb2.Speaker, "SPEAKER")
SPEAKER_FROM_PB = {number: member for member, number in SPEAKER_TO_PB.items()}
_DIRECTION_FROM_PB = {number: member for member, number in DIRECTION_TO_PB.items()}


def call_filter_from_pb(message: listed_call_pb2.CallFilter, *, whole: bool) -> CallFilter:
    """Parse which calls are meant by somebody who may, or may not, see numbers whole; raises InvalidInput."""
    name, digits = contact_filter(message.contact, whole=whole)
    return CallFilter(
        days=date_range_from_pb(message.range, "filter.range")
        if message.HasField("range")
        else None,
        employee=message.employee if message.HasField("employee") else None,
        direction=_DIRECTION_FROM_PB.get(message.direction),
        answered=message.answered if message.HasField("answered") else None,
        recorded=message.recorded if message.HasField("recorded") else None,
        contact_name=name,
        contact_digits=digits,
        min_duration_seconds=message.min_duration_seconds
        if message.HasField("min_duration_seconds")
        else None,
        max_duration_seconds=message.max_duration_seconds
        if message.HasField("max_duration_seconds")
        else None,
        stages=_stages_from_pb(message),
        call_type=message.call_type or None,
        outcome=message.outcome or None,
        sentiment=message.sentiment or None,
        min_score=message.min_score if message.HasField("min_score") else None,
        max_score=message.max_score if message.HasField("max_score") else None,
    )


def listed_call_to_pb(listed: ListedCall, *, whole: bool) -> listed_call_pb2.ListedCall:
    """Return a call for somebody who may, or may not, see numbers whole."""
    call = call_to_pb(listed.call)
    contact = call.contact
    if not whole:
        call.contact = shown_contact(contact)
        # Telephones name files by who called.
        if call.HasField("recording"):
            call.recording.file_name = shown_contact(call.recording.file_name)
    return listed_call_pb2.ListedCall(
        call=call,
        contact_masked=call.contact != contact,
        stages=map(_call_stage_to_pb, listed.stages),
        call_type=listed.findings.call_type,
        outcome=listed.findings.outcome,
        sentiment=listed.findings.sentiment,
        score=listed.findings.score,
        language=listed.language,
    )


def found_call_to_pb(found: FoundCall, *, whole: bool) -> listed_call_pb2.FoundCall:
    return listed_call_pb2.FoundCall(
        call=listed_call_to_pb(found.listed, whole=whole),
        passages=map(_passage_to_pb, found.passages),
        more_passages=found.more_passages,
    )


def fill_facets(response: call_service_pb2.GetCallFacetsResponse, facets: Facets) -> None:
    """Write facets into a response."""
    response.calls = facets.calls
    response.employees.extend(map(_facet_to_pb, facets.employees))
    response.call_types.extend(map(_facet_to_pb, facets.call_types))
    response.outcomes.extend(map(_facet_to_pb, facets.outcomes))
    response.sentiments.extend(map(_facet_to_pb, facets.sentiments))


def _stages_from_pb(
    message: listed_call_pb2.CallFilter,
) -> tuple[tuple[Stage, ItemState], ...] | None:
    if not message.stage:
        if message.states:
            raise InvalidInput("filter.stage: say of which stage the states are")
        return None
    stage = STAGE_FROM_PB[message.stage]
    states = [ITEM_STATE_FROM_PB[state] for state in message.states] or list(ItemState)
    return tuple((stage, state) for state in states)


def _call_stage_to_pb(stage: CallStage) -> listed_call_pb2.CallStage:
    return listed_call_pb2.CallStage(
        stage=STAGE_TO_PB[stage.stage],
        state=ITEM_STATE_TO_PB[stage.state],
        reason=REASON_TO_PB[stage.reason] if stage.reason else stage_pb2.REASON_UNSPECIFIED,
        message=stage.message,
        available=stage.available,
        update_time=timestamp(stage.updated_at),
    )


def _passage_to_pb(passage: Passage) -> listed_call_pb2.Passage:
    turn = passage.turn
    return listed_call_pb2.Passage(
        turn=passage.index,
        speaker=SPEAKER_TO_PB[turn.speaker],
        start_seconds=turn.start_seconds,
        end_seconds=turn.end_seconds,
        text=turn.text,
        highlights=[
            listed_call_pb2.TextSpan(start=span.start, end=span.end) for span in passage.highlights
        ],
    )


def _facet_to_pb(facet: Facet) -> listed_call_pb2.CallFacet:
    return listed_call_pb2.CallFacet(value=facet.value, calls=facet.calls)
