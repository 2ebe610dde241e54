"""The stage ANALYSIS over real servicers of the services before it, which know what a test says."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceStub
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.transcription.v1 import transcript_pb2
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from services.analysis.budget.ports import Budget
from services.analysis.budget.usecases import Budgets
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.adapters.upstream import RpcConversations
from services.analysis.calls.domain import (
    Analysis,
    CallFacts,
    CallId,
    Conversation,
    Direction,
    Fallback,
    Judgement,
    Speaker,
)
from services.analysis.calls.judging import Judging
from services.analysis.calls.usecases import CallAnalysis
from services.analysis.meetings.adapters.rules import MeetingRules
from services.analysis.meetings.adapters.upstream import RpcMeetingTranscripts
from services.analysis.meetings.judging import MeetingJudging
from services.analysis.meetings.usecases import MeetingAnalyses
from services.analysis.playbooks.domain import Playbook
from services.analysis.work import AnalysisWork
from services.llm.domain import (
    NOTHING_USED,
    AnswerTruncated,
    BadAnswer,
    CostLimitReached,
    ModelRefused,
    ModelUnavailable,
)
from services.stage.domain import (
    DiscoveryFailed,
    Execution,
    Failure,
    Found,
    Item,
    ItemId,
    Limits,
    Outcome,
    Skip,
    Success,
)
from services.status.domain import (
    Cost,
    ExecutionNumber,
    Reason,
    Stage,
    WaitReason,
)
from tests.builders.analysis import CLINIC, clinic
from tests.builders.call_sync import a_call
from tests.builders.stage import an_execution
from tests.builders.transcription import a_transcript_message
from tests.fakes.analysis import (
    CallsBefore,
    FakeAnalyses,
    FakeMeetingAnalyses,
    FakeRunUsages,
    calls_before,
)
from tests.identity import open_channel

DAY = date(2026, 3, 1)
BOOKING = (
    "O: Клиника Здоровье, добрый день.",
    "C: Здравствуйте, запишите меня к врачу.",
    "O: Записала вас на завтра.",
)
EXECUTION = an_execution(Stage.ANALYSIS)
NO_PLAYBOOK = replace(EXECUTION, settings=replace(EXECUTION.settings, playbook="bakery"))


class MoodyJudge:
    """Judges by the rules, but not a conversation in which somebody says `word`."""

    name, version = "moody", "1"

    def __init__(self) -> None:
        self._rules = RulesJudge()
        self.word = "ключ"
        self.answer: Judgement | Exception | None = None
        self.cost: Cost | None = None

    async def judge(
        self, conversation: Conversation, playbook: Playbook, budget: Budget
    ) -> Judgement:
        said = " ".join(turn.text for turn in conversation.turns)
        if self.answer is None or self.word not in said:
            return await self._rules.judge(conversation, playbook, budget)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def price(self, playbook: Playbook, duration_seconds: float) -> Cost | None:
        del playbook, duration_seconds
        return self.cost


class Scene:
    """The work, with the services before it at an address and fakes behind it."""

    def __init__(
        self, before: CallsBefore, channel: Any, patience: timedelta, *, fallback: bool
    ) -> None:
        self.before = before
        self.analyses = FakeAnalyses()
        self.judge = MoodyJudge()
        self.conversations = RpcConversations(
            CallSyncServiceStub(channel), TranscriptionServiceStub(channel), patience
        )
        budgets = Budgets(FakeRunUsages())
        judging = Judging(self.judge, budgets, fallback=RulesJudge() if fallback else None)
        call_analysis = CallAnalysis(
            self.analyses, self.conversations, judging, {"clinic": clinic()}
        )
        meetings = MeetingAnalyses(
            FakeMeetingAnalyses(),
            RpcMeetingTranscripts(TranscriptionServiceStub(channel), timedelta(seconds=5)),
            MeetingJudging(MeetingRules(), budgets),
        )
        self.work = AnalysisWork(call_analysis, meetings, StageServiceStub(channel), Limits())

    async def knows(self, call_id: str, *lines: str) -> None:
        await self.before.calls.upsert_calls(CLINIC, ExecutionNumber(1), [a_call(call_id)])
        self.before.transcripts[call_id] = a_transcript_message(call_id, lines)

    async def outcomes(
        self, *call_ids: str, execution: Execution = EXECUTION, attempt: int = 1
    ) -> Mapping[str, Outcome]:
        items = [Item(item_id=ItemId(i), day=DAY, attempt=attempt) for i in call_ids]
        return {o.item_id: o for o in await self.work.work(execution, items)}


@asynccontextmanager
async def the_scene(
    patience: timedelta = timedelta(seconds=5), *, fallback: bool = False
) -> AsyncIterator[Scene]:
    before = calls_before()
    async with before.serving() as address, open_channel(address) as channel:
        yield Scene(before, channel, patience, fallback=fallback)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with the_scene() as scene:
        yield scene


def result(outcome: Outcome) -> Analysis:
    assert isinstance(outcome, Success), outcome
    assert isinstance(outcome.result, Analysis)
    return outcome.result


def failure(outcome: Outcome) -> tuple[Reason, str]:
    assert isinstance(outcome, Failure), outcome
    return outcome.reason, outcome.message


async def test_discovery_finds_what_was_transcribed_with_the_execution_that_did(
    scene: Scene,
) -> None:
    await scene.knows("c1", *BOOKING)

    pages = [page async for page in scene.work.discover(EXECUTION)]

    assert pages == [[Found(item_id=ItemId("c1"), day=DAY, upstream=5)]]


async def test_an_unknown_playbook_fails_discovery_and_names_the_known_ones(scene: Scene) -> None:
    with pytest.raises(DiscoveryFailed, match="'bakery' is not known, there are: clinic") as raised:
        [page async for page in scene.work.discover(NO_PLAYBOOK)]

    assert raised.value.reason is Reason.SOURCE_INVALID


async def test_a_playbook_that_is_not_there_is_a_fault_of_the_settings(scene: Scene) -> None:
    [fault] = await scene.work.check_settings(NO_PLAYBOOK.settings)

    assert (fault.field, fault.known) == ("playbook", ("clinic",))
    assert "'bakery'" in fault.message
    assert not await scene.work.check_settings(EXECUTION.settings)


async def test_a_playbook_that_is_gone_meanwhile_fails_the_items_for_good(scene: Scene) -> None:
    outcomes = await scene.outcomes("c1", execution=NO_PLAYBOOK)

    reason, message = failure(outcomes["c1"])
    assert reason is Reason.INVALID_INPUT
    assert "there are: clinic" in message


async def test_a_call_is_analysed_with_its_facts_and_words(scene: Scene) -> None:
    await scene.knows("c1", *BOOKING)

    analysis = result((await scene.outcomes("c1"))["c1"])

    facts = a_call("c1")
    assert analysis.call == CallFacts(
        call_id=CallId("c1"),
        owner=CLINIC,
        employee=facts.employee,
        day=facts.day,
        started_at=facts.started_at,
        duration_seconds=12.5,
        direction=Direction.INCOMING,
    )
    assert (analysis.judgement.call_type, analysis.judgement.outcome) == ("new_booking", "booked")
    assert analysis.metrics.span_seconds == 14
    assert analysis.metrics.overlap_seconds == 0


async def test_a_call_nobody_knows_much_of_has_the_recording_s_duration(scene: Scene) -> None:
    await scene.knows("c1", *BOOKING)
    bare = replace(a_call("c1"), employee="", duration_seconds=None)
    await scene.before.calls.upsert_calls(CLINIC, ExecutionNumber(2), [bare])

    call = result((await scene.outcomes("c1"))["c1"]).call

    assert (call.employee, call.duration_seconds) == (None, 60)


async def test_calls_that_are_too_long_for_one_answer_are_asked_for_in_several(
    scene: Scene,
) -> None:
    for call_id in ("c1", "c2", "c3"):
        await scene.knows(call_id, *BOOKING)
        scene.before.transcripts[call_id].model = "m" * (7 << 20)

    outcomes = await scene.outcomes("c1", "c2", "c3")

    assert [type(outcome) for outcome in outcomes.values()] == [Success] * 3


async def test_what_a_newer_service_says_of_a_speaker_is_unknown(scene: Scene) -> None:
    await scene.knows("c1", *BOOKING)
    scene.before.transcripts["c1"].segments[1].speaker = 99  # type: ignore[assignment]

    [conversation] = await scene.conversations.get_conversations(CLINIC, [CallId("c1")])

    assert [turn.speaker for turn in conversation.turns] == [
        Speaker.OPERATOR,
        Speaker.UNKNOWN,
        Speaker.OPERATOR,
    ]
    assert [turn.index for turn in conversation.turns] == [0, 1, 2]


async def test_a_call_that_may_have_been_heard_in_a_wrong_language_is_not_judged(
    scene: Scene,
) -> None:
    await scene.knows("c1", *BOOKING)
    scene.before.transcripts["c1"].languages.add(
        speaker=transcript_pb2.SPEAKER_OPERATOR, language="ru", probability=0.3, unsure=True
    )

    outcomes = await scene.outcomes("c1")

    assert outcomes == {
        "c1": Skip(
            item_id=ItemId("c1"),
            reason=Reason.UNSURE_LANGUAGE,
            message="heard the operator as ru, which may be another language: say which it is, by the column language "
            "of calls.csv or the client's setting, and run TRANSCRIPTION in mode ALL",
        )
    }


async def test_a_call_without_a_dialogue_is_skipped(scene: Scene) -> None:
    await scene.knows("silent")
    await scene.knows("voicemail", "O: Алло, вы слышите?")

    outcomes = await scene.outcomes("silent", "voicemail")

    assert outcomes == {
        "silent": Skip(
            item_id=ItemId("silent"),
            reason=Reason.NO_SPEECH,
            message="call silent has no words",
        ),
        "voicemail": Skip(
            item_id=ItemId("voicemail"),
            reason=Reason.NO_SPEECH,
            message="in call voicemail only the operator speaks",
        ),
    }


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ZeroDivisionError("the secret cause"), "an error in the service"),
        (
            Judgement(call_type="chat", outcome="no_action", sentiment="neutral", summary=""),
            "'chat' is not in playbook clinic",
        ),
    ],
)
async def test_a_call_that_cannot_be_judged_does_not_fail_its_batch_mates(
    scene: Scene, answer: Judgement | Exception, words: str
) -> None:
    await scene.knows("a", *BOOKING)
    await scene.knows("bad", *BOOKING, "C: Тут ключ.")
    await scene.knows("z", *BOOKING)
    scene.judge.answer = answer

    outcomes = await scene.outcomes("a", "bad", "gone", "z")

    assert list(outcomes) == ["a", "bad", "gone", "z"]
    assert result(outcomes["a"]).call.call_id == "a"
    assert result(outcomes["z"]).call.call_id == "z"
    reason, message = failure(outcomes["bad"])
    assert reason is Reason.INTERNAL
    assert words in message
    assert "secret" not in message
    reason, message = failure(outcomes["gone"])
    assert reason is Reason.INTERNAL
    assert "forgotten meanwhile" in message


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModelRefused("no", NOTHING_USED), Reason.REFUSED),
        (AnswerTruncated("no", NOTHING_USED), Reason.TRUNCATED),
        (BadAnswer("no", NOTHING_USED), Reason.BAD_ANSWER),
        (CostLimitReached("no"), Reason.COST_LIMIT),
    ],
)
async def test_a_call_without_a_verdict_fails_for_good_with_its_reason(
    scene: Scene, error: Exception, reason: Reason
) -> None:
    await scene.knows("bad", *BOOKING, "C: Тут ключ.")
    scene.judge.answer = error

    outcomes = await scene.outcomes("bad")

    assert outcomes["bad"] == Failure(item_id=ItemId("bad"), reason=reason, message="no")


@pytest.mark.parametrize("pause", [None, timedelta(seconds=7)])
async def test_a_judge_that_does_not_answer_is_asked_again_when_it_says(
    scene: Scene, pause: timedelta | None
) -> None:
    await scene.knows("bad", *BOOKING, "C: Тут ключ.")
    scene.judge.answer = ModelUnavailable("busy", pause)

    failed = (await scene.outcomes("bad"))["bad"]

    assert isinstance(failed, Failure)
    assert (failed.reason, failed.retry_after) == (Reason.UPSTREAM_UNAVAILABLE, pause)
    assert (failed.wait and failed.wait.reason) == (WaitReason.RATE_LIMIT if pause else None)


async def test_a_judge_that_does_not_answer_is_replaced_at_the_last_attempt() -> None:
    async with the_scene(fallback=True) as scene:
        await scene.knows("bad", *BOOKING, "C: Тут ключ.")
        scene.judge.answer = ModelUnavailable("busy")
        attempts = scene.work.limits.attempts

        early = await scene.outcomes("bad", attempt=attempts - 1)
        last = await scene.outcomes("bad", attempt=attempts)

    assert failure(early["bad"]) == (Reason.UPSTREAM_UNAVAILABLE, "busy")
    analysis = result(last["bad"])
    assert analysis.versions.judge_name == "rules"
    assert analysis.fallback == Fallback(
        judge="moody", reason=Reason.UPSTREAM_UNAVAILABLE, message="busy"
    )


def test_a_call_costs_what_its_judge_says_where_both_are_known(scene: Scene) -> None:
    scene.judge.cost = Cost(amount=0.5, currency="USD")
    settings = EXECUTION.settings

    assert scene.work.estimate(settings, 60) == scene.judge.cost
    assert scene.work.estimate(settings, None) is None
    assert scene.work.estimate(NO_PLAYBOOK.settings, 60) is None


async def test_a_service_that_is_down_fails_the_items_retryably_and_is_named(scene: Scene) -> None:
    await scene.knows("c1", *BOOKING)
    scene.before.down = True

    outcomes = await scene.outcomes("c1", "c2")

    for outcome in outcomes.values():
        reason, message = failure(outcome)
        assert reason is Reason.UPSTREAM_UNAVAILABLE
        assert "transcription does not answer" in message


async def test_a_service_that_hangs_is_given_up_on() -> None:
    async with the_scene(timedelta(milliseconds=200)) as scene:
        await scene.knows("c1", *BOOKING)
        scene.before.silent = True

        reason, message = failure((await scene.outcomes("c1"))["c1"])

    assert reason is Reason.UPSTREAM_UNAVAILABLE
    assert (
        "does not answer" in message
    )  # on a busy machine the one that does not hang may be late, too


async def test_stored_analyses_can_be_read_until_they_are_forgotten_or_discarded(
    scene: Scene,
) -> None:
    for call_id in ("c1", "c2"):
        await scene.knows(call_id, *BOOKING)
    outcomes = await scene.outcomes("c1", "c2")
    successes = [outcome for outcome in outcomes.values() if isinstance(outcome, Success)]

    await scene.work.store(None, EXECUTION, successes)
    await scene.work.forget(None, CLINIC, [ItemId("c2")])

    stored = await scene.analyses.get_analyses(CLINIC, [CallId("c1"), CallId("c2")])
    assert stored == [result(outcomes["c1"])]
    assert scene.analyses.stored[CLINIC, CallId("c1")][0] == EXECUTION.number
    await scene.work.discard(None, CLINIC, [ItemId("c1")])
    assert not scene.analyses.stored
