"""A meeting through TRANSCRIPTION, ANALYSIS and TASKS, by the services as they are started; a bot_status has the meetings."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import pytest
from potok.analysis.v1 import meeting_analysis_pb2, meeting_analysis_service_pb2
from potok.analysis.v1.meeting_analysis_service_pb2_grpc import MeetingAnalysisServiceStub
from potok.coordinator.v1 import report_pb2
from potok.recommendations.v1 import meeting_tasks_pb2, meeting_tasks_service_pb2
from potok.recommendations.v1.meeting_tasks_service_pb2_grpc import MeetingTasksServiceStub
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import progress_pb2, stage_pb2
from potok.transcription.v1 import transcript_pb2, transcription_service_pb2
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from deploy.local.folders import CHECKOUT
from deploy.local.postgres import free_port
from tests.conftest import Database
from tests.fakes.coordinator import FakeCoordinator, serving_coordinator
from tests.fakes.language_model import a_model, says
from tests.fakes.meeting_media import FakeBotStatus
from tests.identity import identity_told, open_channel, token
from tests.processes import running_service
from tests.stage_runs import a_stage_request
from tests.waiting import until_ready

SAMPLES = CHECKOUT / "deploy" / "samples"
ANNA = "user:anna"
RUN = "3b241101-e2bb-4255-8caf-4136c566a962"
DAY = progress_pb2.DateRange(start_date="2026-11-26", end_date="2026-11-26")
STAGES = {
    "transcription": stage_pb2.STAGE_TRANSCRIPTION,
    "analysis": stage_pb2.STAGE_ANALYSIS,
    "recommendations": stage_pb2.STAGE_TASKS,
}
LAUNCH = """\
Анна: Доброе утро. Итак, решили: запускаем страницу записи в понедельник.
Анна: Борис, подготовь, пожалуйста, отчёт по оплатам к среде.
Борис: Хорошо, подготовлю. А я завтра проверю оплату картой.
"""


@dataclass(kw_only=True)
class Chain:
    """The three services, what they report, and where their meetings come from."""

    channels: Mapping[str, grpc.aio.Channel]
    addresses: Mapping[str, str]
    coordinator: FakeCoordinator
    bots: FakeBotStatus
    executions: int = field(default=100)

    async def run(self, bot_id: str) -> dict[str, report_pb2.Report]:
        """Run the stages of a meeting one after another; returns how each ended."""
        ended = {}
        for service, stage in STAGES.items():
            self.executions += 1
            stub: Any = StageServiceStub(self.channels[service])
            await stub.RunStage(
                a_stage_request(
                    stage,
                    self.executions,
                    DAY,
                    owner=ANNA,
                    run_id=RUN,
                    bot_id=bot_id,
                    mode=stage_pb2.RUN_MODE_ALL,
                    source=f"bot:{bot_id}",
                    playbook="meeting",
                )
            )
            ended[service] = await self.coordinator.until_ended(self.executions)
        return ended

    async def transcript(self, bot_id: str) -> transcript_pb2.Transcript:
        stub: Any = TranscriptionServiceStub(self.channels["transcription"])
        request = transcription_service_pb2.GetTranscriptRequest(owner=ANNA, call_id=bot_id)
        answer = await stub.GetTranscript(request)
        return answer.transcript  # type: ignore[no-any-return]

    async def analysis(self, bot_id: str) -> meeting_analysis_pb2.MeetingAnalysis:
        stub: Any = MeetingAnalysisServiceStub(self.channels["analysis"])
        request = meeting_analysis_service_pb2.GetMeetingAnalysisRequest(owner=ANNA, bot_id=bot_id)
        answer = await stub.GetMeetingAnalysis(request)
        return answer.analysis  # type: ignore[no-any-return]

    async def tasks(self, bot_id: str, as_: str = "") -> meeting_tasks_pb2.MeetingTasks:
        async with open_channel(self.addresses["recommendations"], as_) as channel:
            stub: Any = MeetingTasksServiceStub(channel)
            request = meeting_tasks_service_pb2.GetMeetingTasksRequest(owner=ANNA, bot_id=bot_id)
            answer = await stub.GetMeetingTasks(request)
            return answer.meeting  # type: ignore[no-any-return]


@pytest.fixture
async def chain(database: Database) -> AsyncIterator[Chain]:
    async with the_chain(database) as chain:
        yield chain


@contextlib.asynccontextmanager
async def the_chain(
    database: Database, more: Mapping[str, Mapping[str, str]] | None = None
) -> AsyncIterator[Chain]:
    """Start the services, with `more` settings by service."""
    addresses = {service: f"127.0.0.1:{free_port()}" for service in STAGES}
    coordinator, bots = FakeCoordinator(), FakeBotStatus()
    async with AsyncExitStack() as stack:
        reports = await stack.enter_async_context(serving_coordinator(coordinator))
        # Not tmp_path: pytest would keep the model's 145 MB of each of the last runs.
        models = stack.enter_context(TemporaryDirectory())
        before = {
            "transcription": {
                "BOT_STATUS": await stack.enter_async_context(bots.serving()),
                "MODEL_CACHE_DIR": models,
                "PROCESSES": "1",
            },
            "analysis": {"UPSTREAM": addresses["transcription"]},
            "recommendations": {
                "UPSTREAM": addresses["analysis"],
                "TRANSCRIPTS": addresses["transcription"],
                "ANALYSES": addresses["analysis"],
                "REPORTING_URL": database.dsn("reporting_owner"),
            },
        }
        for service, told in before.items():
            own = {"LISTEN": addresses[service], "COORDINATOR": reports}
            settings = {**identity_told(database, service), **own, **told}
            settings |= (more or {}).get(service, {})
            await stack.enter_async_context(running_service(service, settings))
        channels = {
            service: await stack.enter_async_context(open_channel(address))
            for service, address in addresses.items()
        }
        await until_ready(*channels.values())
        yield Chain(channels=channels, addresses=addresses, coordinator=coordinator, bots=bots)


def states(ended: Mapping[str, report_pb2.Report]) -> set[int]:
    return {report.state for report in ended.values()}


async def test_a_text_becomes_tasks_and_a_second_meeting_leaves_them_alone(chain: Chain) -> None:
    chain.bots.add("bot-1", text=LAUNCH)
    chain.bots.add("bot-2", text="Вера: Надо купить бумагу до конца недели.")

    first, second = await chain.run("bot-1"), await chain.run("bot-2")

    assert states(first) | states(second) == {stage_pb2.EXECUTION_STATE_SUCCEEDED}
    assert not any(report.days for report in (*first.values(), *second.values()))
    assert {report.progress.items.success for report in first.values()} == {1}
    transcript = await chain.transcript("bot-1")
    assert [each.speaker_name for each in transcript.segments] == ["Анна", "Анна", "Борис"]
    analysis = await chain.analysis("bot-1")
    assert [each.text for each in analysis.decisions] == [
        "Решили: запускаем страницу записи в понедельник."
    ]
    assert (analysis.session_id, analysis.judge) == (RUN, "rules-ru")
    tasks = await chain.tasks("bot-1")
    assert [(each.title, each.assignee, each.due_date, each.priority) for each in tasks.tasks] == [
        ("Подготовить отчёт по оплатам", "Борис", "2026-12-02", "medium"),
        ("Проверить оплату картой", "Борис", "2026-11-27", "high"),
    ]
    assert tasks.session_id == RUN
    assert tasks.summary.startswith(f"{analysis.summary} Задачи: Борис: Подготовить отчёт")
    assert list(tasks.decisions) == [each.text for each in analysis.decisions]
    assert [each.title for each in (await chain.tasks("bot-2")).tasks] == ["Купить бумагу"]


async def test_a_language_model_judges_a_meeting_and_finds_its_tasks(database: Database) -> None:
    task = {
        "title": "Подготовить отчёт",
        "description": "Отчёт по оплатам.",
        "assignee": "Борис",
        "due": None,
        "priority": "low",
        "quote": "подготовь, пожалуйста, отчёт по оплатам к среде",
    }
    judged = says({"summary": "Страницу запускают.", "decisions": []})
    model = a_model(judged, says({"tasks": [task, {**task, "quote": "никто этого не говорил"}]}))
    async with model.serving() as url:
        asked = {"MODEL_URL": url, "MODEL_NAME": "scripted-1"}
        more = {
            "analysis": {"JUDGE": "model", **asked},
            "recommendations": {"TASKS": "model", **asked},
        }
        async with the_chain(database, more) as chain:
            chain.bots.add("bot-1", text=LAUNCH)
            ended = await chain.run("bot-1")
            tasks = await chain.tasks("bot-1")

    assert states(ended) == {stage_pb2.EXECUTION_STATE_SUCCEEDED}
    assert tasks.judge == "scripted-1"
    assert tasks.summary == "Страницу запускают. Задачи: Борис: Подготовить отчёт (2026-12-02)."
    assert [(each.title, each.assignee, each.due_date) for each in tasks.tasks] == [
        ("Подготовить отчёт", "Борис", "2026-12-02")
    ]


async def test_only_its_owner_and_services_read_the_tasks_of_a_meeting(chain: Chain) -> None:
    chain.bots.add("bot-1", text=LAUNCH)
    await chain.run("bot-1")

    assert (await chain.tasks("bot-1", token("anna"))).tasks
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await chain.tasks("bot-1", token("boris"))
    assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await chain.tasks("bot-9", token("anna"))
    assert refusal.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_recording_is_listened_to_and_its_turns_have_names(chain: Chain) -> None:
    sound = (SAMPLES / "call1_booking.wav").read_bytes()
    chain.bots.add("bot-1", recording=sound, speakers=(("Анна", 0.0, 5.0), ("Борис", 5.0, 600.0)))

    ended = await chain.run("bot-1")

    assert states(ended) == {stage_pb2.EXECUTION_STATE_SUCCEEDED}
    transcript = await chain.transcript("bot-1")
    assert {each.speaker for each in transcript.segments} == {transcript_pb2.SPEAKER_UNKNOWN}
    assert {each.speaker_name for each in transcript.segments} == {"Анна", "Борис"}
    assert {each.speaker_name for each in (await chain.analysis("bot-1")).speakers} == {
        "Анна",
        "Борис",
    }
    assert (await chain.tasks("bot-1")).summary


async def test_a_meeting_in_which_nobody_speaks_has_no_tasks_and_says_so(chain: Chain) -> None:
    chain.bots.add("bot-1", text="...")

    ended = await chain.run("bot-1")

    assert states(ended) == {stage_pb2.EXECUTION_STATE_SUCCEEDED}
    assert ended["transcription"].progress.items.skipped == 1
    assert ended["recommendations"].progress.items == progress_pb2.ItemCounts()
    tasks = await chain.tasks("bot-1")
    assert not tasks.tasks
    assert tasks.summary == "На встрече никто ничего не сказал, поэтому задач нет."


async def test_a_meeting_that_nobody_has_fails_for_good_and_says_why(chain: Chain) -> None:
    ended = await chain.run("bot-1")

    (failure,) = ended["transcription"].progress.failures
    assert failure.reason == stage_pb2.REASON_RECORDING_MISSING
    assert failure.message == "nothing is kept of the meeting of bot-1"
