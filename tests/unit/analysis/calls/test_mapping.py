from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message

from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.analyse import analyse
from services.analysis.calls.domain import Direction, Metrics, Scores
from services.analysis.calls.mapping import analysis_from_pb, analysis_to_pb
from services.llm.budget import OwnBudget
from tests.builders.analysis import an_analysis, clinic, said
from tests.labelled_dialogues import SAMPLES, recording


def empty_fields(message: Message, place: str = "") -> Iterator[str]:
    """Find the fields of a message that hold nothing, at any depth."""
    for field in message.DESCRIPTOR.fields:
        value: Any = getattr(message, field.name)
        if isinstance(value, Message):
            yield from empty_fields(value, f"{place}{field.name}.")
        elif not value:
            yield f"{place}{field.name}"


def test_a_full_analysis_leaves_no_field_of_its_message_empty() -> None:
    assert list(empty_fields(analysis_to_pb(an_analysis("c1")))) == []


def test_a_full_analysis_comes_back_as_it_was() -> None:
    analysis = an_analysis("c1")

    assert analysis_from_pb(analysis_to_pb(analysis)) == analysis


def test_what_is_not_known_comes_back_as_not_known() -> None:
    full = an_analysis("c1")
    bare = replace(
        full,
        call=replace(full.call, employee=None, direction=Direction.UNKNOWN),
        metrics=Metrics(
            span_seconds=0,
            silence_seconds=0,
            silence_share=None,
            long_pauses=full.metrics.long_pauses,
            overlap_seconds=None,
            first_speaker=None,
            operator_talk_share=None,
            operator=None,
            client=None,
        ),
        judgement=replace(
            full.judgement,
            call_type_quote=None,
            outcome_quote=None,
            objections=(),
            checklist=(),
            agreements=(),
            client_facts=(),
            recommendations=(),
        ),
        weights={},
        scores=Scores(
            checklist=None, by_skill={}, applicable_items=0, told_items=0, told_share=None
        ),
        evidence_flags=(),
        usage=None,
        fallback=None,
    )

    assert analysis_from_pb(analysis_to_pb(bare)) == bare


def test_zero_is_not_the_same_as_not_known() -> None:
    full = an_analysis("c1", score=0.0)
    side = replace(
        full.metrics.operator or pytest.fail("no side"),
        words_per_minute=None,
        interruptions=0,
        response_latency_median_seconds=0.0,
    )
    zero = replace(full, metrics=replace(full.metrics, overlap_seconds=0.0, operator=side))

    assert analysis_from_pb(analysis_to_pb(zero)) == zero


@pytest.mark.parametrize("name", SAMPLES)
async def test_the_analysis_of_a_sample_comes_back_as_it_was(name: str) -> None:
    analysis = await analyse(recording(name).conversation, clinic(), RulesJudge(), OwnBudget(None))

    assert analysis_from_pb(analysis_to_pb(analysis)) == analysis


async def test_the_analysis_of_unknown_speakers_comes_back_as_it_was() -> None:
    analysis = await analyse(
        said("?: Алло, запишите меня."), clinic(), RulesJudge(), OwnBudget(None)
    )

    assert analysis_from_pb(analysis_to_pb(analysis)) == analysis
