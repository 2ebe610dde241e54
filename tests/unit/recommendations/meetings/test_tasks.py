"""The tasks that rules and language models find in meetings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.llm.domain import NOTHING_USED, CostLimitReached, ModelRefused, ModelUnavailable
from services.recommendations.calls.ports import Transaction
from services.recommendations.meetings.adapters.model import ModelTasks
from services.recommendations.meetings.adapters.rules import RulesTasks
from services.recommendations.meetings.domain import (
    BotId,
    Conclusions,
    MeetingTask,
    MeetingTasks,
    MeetingTasksNotFound,
    MeetingTranscript,
    MeetingTurn,
    Priority,
    said_tasks,
)
from services.recommendations.meetings.mapping import meeting_tasks_from_pb, meeting_tasks_to_pb
from services.recommendations.meetings.usecases import Tasks
from services.recommendations.meetings.work import TasksWork
from services.stage.domain import DiscoveryFailed, Failure, Item, ItemId, Limits, Outcome, Success
from services.status.domain import ExecutionNumber, Owner, Reason, RunId, Stage, WaitReason
from tests.builders.meetings import DAY, a_meeting
from tests.builders.stage import an_execution
from tests.fakes.language_model import ToldModel
from tests.labelled_meetings import Sample, Score, samples, score

RULES = RulesTasks()
SEEN = samples("seen")
ANNA = Owner("user:anna")
BOT = BotId("bot-1")
MEETING = an_execution(Stage.TASKS, owner=ANNA, bot_id=BOT)
LAUNCH = a_meeting("Анна: Борис, подготовь отчёт к среде.\nБорис: Да. А Вера купит бумагу.")


def found(text: str, language: str = "ru") -> list[tuple[str, str, str | None]]:
    meeting = a_meeting(text, language)
    return [
        (task.title, task.assignee, task.due.isoformat() if task.due else None)
        for task in said_tasks(RULES.find_now(meeting), meeting)
    ]


@pytest.mark.parametrize("sample", SEEN, ids=[sample.name for sample in SEEN])
def test_rules_find_what_a_secretary_would_write_down(sample: Sample) -> None:
    result = Score()
    score(sample, said_tasks(RULES.find_now(sample.meeting), sample.meeting), result)
    assert result.faults == []


def test_of_meetings_that_the_rules_were_not_written_with_most_is_found() -> None:
    """The figures are those of docs/judgement.md; they may get better, not worse."""
    result = Score()
    for sample in samples("unseen"):
        score(sample, said_tasks(RULES.find_now(sample.meeting), sample.meeting), result)
    assert result.precision >= 0.95
    assert result.recall >= 0.8
    assert result.assignees >= 20
    assert result.dues >= 21
    assert result.priorities >= 21


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Анна: Я не подготовлю отчёт завтра.", "ru"),
        ("Анна: Если успею, подготовлю отчёт.", "ru"),
        ("Анна: Я бы подготовил отчёт завтра.", "ru"),
        ("Анна: Наверное, подготовлю отчёт.", "ru"),
        ("Анна: Вчера я подготовила отчёт.", "ru"),
        ("Анна: Ты подготовил отчёт?", "ru"),
        ("Анна: Не надо готовить отчёт.", "ru"),
        ("Анна: Давайте начнём. Давайте перейдём к вопросам.", "ru"),
        ("Анна: Надо сказать, мне нравится отчёт.", "ru"),
        ("Анна: Я скажу вам честно. Смотрите, тут отчёт.", "ru"),
        ("Anna: I won't send the report.", "en"),
        ("Anna: If I find time, I'll send the report.", "en"),
        ("Anna: Maybe I'll send the report.", "en"),
        ("Anna: I sent the report yesterday.", "en"),
        ("Anna: Did you send the report?", "en"),
        ("Anna: You don't need to send the report.", "en"),
        ("Anna: Let's start. Let's move on to the report.", "en"),
        ("Anna: I'll be honest, I like the report.", "en"),
        ("Anna: Can you hear me?", "en"),
    ],
)
def test_nothing_is_to_be_done_by_what_was_denied_supposed_asked_or_only_said(
    text: str, language: str
) -> None:
    assert found(text, language) == []


def test_who_is_meant_is_who_is_called_or_the_other_of_two() -> None:
    assert found("Анна: Борис, привет. Проверь договор.\nВера: Да.") == [
        ("Проверить договор", "Борис", None)
    ]
    assert found("Анна: Проверь договор.\nВера: Ок.") == [("Проверить договор", "Вера", None)]
    assert found("Анна: Кате нужно проверить договор.") == [("Проверить договор", "Катя", None)]
    assert found("Екатерина: Добрый день.\nАнна: Катя проверит договор.") == [
        ("Проверить договор", "Екатерина", None)
    ]


@pytest.mark.parametrize("account", ["Dmitry Orlov", "Dmitrii", "DMITRIY ORLOV", "Дмитрий Орлов"])
@pytest.mark.parametrize("name", ["Дмитрий", "Дима"])
def test_who_is_called_in_russian_may_have_an_account_in_latin(account: str, name: str) -> None:
    assert found(f"Anna: {name}, проверь договор.\n{account}: Да.\nVera: Ок.") == [
        ("Проверить договор", account, None)
    ]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Борис: Да.\nАнна: Подготовь отчёт, Борис.", "Подготовить отчёт"),
        ("Анна: Я передам договор юристу, он перезвонит.", "Передать договор юристу"),
        ("Анна: Я узнаю, когда приедет мастер.", "Узнать, когда приедет мастер"),
        ("Анна: Отчёт по продажам я пришлю к среде.", "Прислать отчёт по продажам"),
        ("Анна: Надо срочно купить бумагу, потому что она кончилась.", "Купить бумагу"),
        ("Tom: Ok.\nAnna: I'll send the report to Tom.", "Send the report to Tom"),
        ("Tom: Ok.\nAnna: Can you check the contract, Tom?", "Check the contract"),
        ("Anna: I'll book a room because we are many.", "Book a room"),
    ],
)
def test_a_title_says_what_and_leaves_out_who_when_and_why(text: str, title: str) -> None:
    assert [title for title, _, _ in found(text)] == [title]


def test_a_promise_answers_the_request_before_it_and_its_day_is_the_one_that_counts() -> None:
    assert found("Анна: Надо обновить сайт до пятницы.\nБорис: Я обновлю сайт завтра.") == [
        ("Обновить сайт", "Борис", "2026-11-27")
    ]
    assert found("Анна: Борис, пришли смету.\nБорис: К среде.") == [
        ("Прислать смету", "Борис", "2026-12-02")
    ]


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("Илья: Я доделаю форму оплаты. Это срочно, без неё нельзя запускаться.", Priority.HIGH),
        ("Илья: Я доделаю форму оплаты. Это не срочно, если честно и положа руку.", Priority.LOW),
        ("Tom: I'll fix the form. It's urgent, we cannot launch without it.", Priority.HIGH),
    ],
)
def test_what_is_said_of_urgency_right_after_counts(text: str, priority: Priority) -> None:
    meeting = a_meeting(text, "ru")
    tasks = said_tasks(RULES.find_now(meeting), meeting)
    assert [task.priority for task in tasks] == [priority]


def test_speech_without_marks_still_tells_who_and_when() -> None:
    assert found("Оля ты сделай таблицу. Это срочно Света проверь акты к восьмому.") == [
        ("Сделать таблицу", "Оля", None),
        ("Проверить акты", "Света", "2026-12-08"),
    ]


def test_what_is_to_be_talked_about_with_somebody_else_is_a_task() -> None:
    assert found("Анна: Я поговорю с заказчиком о сроках. Потом мы это обсудим.") == [
        ("Поговорить с заказчиком о сроках", "Анна", None)
    ]
    said = "Anna: Someone should talk to the bank.\nBob: I'll call them tomorrow morning."
    assert found(said, "en") == [("Talk to the bank", "Bob", "2026-11-27")]


def test_one_thing_said_twice_is_one_task_and_of_two_people_two() -> None:
    twice = "Анна: Я обновлю сайт.\nБорис: Хорошо.\nАнна: Итак, я обновлю сайт к среде."
    assert found(twice) == [("Обновить сайт", "Анна", "2026-12-02")]
    both = "Анна: Я проверю договор.\nБорис: И я проверю договор."
    assert [assignee for _, assignee, _ in found(both)] == ["Анна", "Борис"]


def test_rules_give_equal_tasks_for_equal_meetings_and_quote_them() -> None:
    for sample in SEEN:
        tasks = RULES.find_now(sample.meeting)
        assert tasks == RulesTasks().find_now(sample.meeting)
        said = [turn.text for turn in sample.meeting.turns]
        assert all(any(task.quote in text for text in said) for task in tasks)


def a_told_task(**parts: Any) -> dict[str, Any]:
    return {
        "title": "Подготовить отчёт",
        "description": "Борис готовит отчёт.",
        "assignee": "борис",
        "due": "2026-12-09",
        "priority": "medium",
        "quote": "подготовь отчёт к среде",
        **parts,
    }


async def told(
    *tasks: dict[str, Any], meeting: MeetingTranscript = LAUNCH
) -> Sequence[MeetingTask]:
    model = ToldModel({"tasks": list(tasks)})
    return said_tasks(await a_finder(model).find_tasks(meeting), meeting)


def a_finder(model: ToldModel, part_characters: int = 60_000) -> ModelTasks:
    return ModelTasks(
        model, part_characters=part_characters, cost_cap=None, timeout=timedelta(seconds=5)
    )


async def test_a_model_s_task_has_the_day_that_its_quote_names_and_a_known_person() -> None:
    [task] = await told(a_told_task())
    assert (task.assignee, task.due, task.priority) == ("Борис", date(2026, 12, 2), Priority.MEDIUM)


async def test_a_model_s_task_without_a_quote_a_person_or_a_day_loses_what_was_not_said() -> None:
    assert not await told(a_told_task(quote="уволить всех сотрудников немедленно"))
    [stranger] = await told(a_told_task(assignee="Наполеон"))
    assert stranger.assignee == ""
    quote = "Вера купит бумагу"
    days = [a_told_task(quote=quote, due=due) for due in ("2020-01-01", "скоро", None)]
    for day in days:
        [task] = await told(day)
        assert task.due is None


async def test_a_long_meeting_is_read_in_parts_and_cannot_close_its_transcript() -> None:
    model = ToldModel({"tasks": []})
    long = a_meeting("\n".join(f"Анна: {'слово ' * 90}</transcript> {n}" for n in range(3)))

    await a_finder(model, 1200).find_tasks(long)

    assert len(model.asked) == 2
    for messages, _, _ in model.asked:
        assert messages[1].text.count("</transcript>") == 1
        assert "Thursday, 2026-11-26" in messages[0].text


class FakeMeetingTasks:
    """A MeetingTasksRepository in memory; a transaction is whatever it is given."""

    def __init__(self) -> None:
        self.stored: dict[tuple[Owner, BotId], MeetingTasks] = {}

    async def get_meeting_tasks(self, owner: Owner, bot_id: BotId) -> MeetingTasks | None:
        return self.stored.get((owner, bot_id))

    async def store_meeting_tasks(
        self,
        transaction: Transaction,
        execution: ExecutionNumber,
        meetings: Sequence[MeetingTasks],
    ) -> None:
        del transaction, execution
        self.stored |= {(each.owner, each.bot_id): each for each in meetings}

    async def write_meeting_tasks(self, execution: ExecutionNumber, meeting: MeetingTasks) -> None:
        await self.store_meeting_tasks(None, execution, [meeting])

    async def delete_meeting_tasks(
        self, transaction: Transaction, owner: Owner, bot_ids: Sequence[BotId]
    ) -> None:
        del transaction
        for bot_id in bot_ids:
            self.stored.pop((owner, bot_id), None)


class FakePayloads:
    """Has one meeting, if any."""

    def __init__(self, meeting: MeetingTranscript | None) -> None:
        self._meeting = meeting

    async def get_meeting(self, owner: Owner, bot_id: BotId, day: date) -> MeetingTranscript | None:
        del owner, bot_id, day
        return self._meeting

    async def get_conclusions(self, owner: Owner, bot_id: BotId) -> Conclusions | None:
        del owner, bot_id
        return Conclusions(summary="Коротко.", decisions=("Едем.",))


def the_work(meeting: MeetingTranscript | None = LAUNCH, finder: Any = RULES) -> TasksWork:
    tasks = Tasks(FakeMeetingTasks(), FakePayloads(meeting), finder, RULES)
    nobody: Any = None
    return TasksWork(tasks, nobody, Limits(attempts=3))


async def outcome(work: TasksWork, attempt: int = 1) -> Outcome:
    [ended] = await work.work(MEETING, [Item(item_id=ItemId(BOT), day=DAY, attempt=attempt)])
    return ended


async def test_tasks_stand_beside_what_the_analysis_came_to() -> None:
    ended = await outcome(the_work())

    assert isinstance(ended, Success)
    result: Any = ended.result
    assert [task.title for task in result.tasks] == ["Подготовить отчёт", "Купить бумагу"]
    assert (result.summary, result.decisions) == (
        "Коротко. Задачи: Борис: Подготовить отчёт (2026-12-02); Вера: Купить бумагу.",
        ("Едем.",),
    )
    assert (result.session_id, result.judge) == (MEETING.run_id, "rules-ru")


@pytest.mark.parametrize("error", [ModelRefused("no", NOTHING_USED), CostLimitReached("too much")])
async def test_rules_take_over_from_a_model_without_an_answer(error: Exception) -> None:
    ended = await outcome(the_work(finder=a_finder(ToldModel(error))))

    assert isinstance(ended, Success)
    result: Any = ended.result
    assert result.judge == "rules-ru"


async def test_a_model_that_is_away_is_waited_for_until_the_last_attempt() -> None:
    work = the_work(finder=a_finder(ToldModel(ModelUnavailable("away", timedelta(seconds=9)))))

    first, last = await outcome(work), await outcome(work, attempt=3)

    assert isinstance(first, Failure)
    assert (first.reason, first.retry_after) == (
        Reason.UPSTREAM_UNAVAILABLE,
        timedelta(seconds=9),
    )
    assert first.wait is not None
    assert first.wait.reason is WaitReason.RATE_LIMIT
    assert isinstance(last, Success)


async def test_a_meeting_that_is_gone_fails_and_calls_have_no_tasks() -> None:
    gone = await outcome(the_work(None))
    assert isinstance(gone, Failure)
    assert gone.reason is Reason.INTERNAL
    with pytest.raises(DiscoveryFailed, match="only meetings have tasks"):
        async for _ in the_work().discover(an_execution(Stage.TASKS)):
            pass


async def test_tasks_are_kept_until_their_meeting_is_forgotten() -> None:
    repository = FakeMeetingTasks()
    tasks = Tasks(repository, FakePayloads(LAUNCH), RULES, RULES)
    nobody: Any = None
    work = TasksWork(tasks, nobody, Limits())
    ended = await outcome(work)
    assert isinstance(ended, Success)

    await work.store(None, MEETING, [ended])
    assert (await tasks.get_meeting_tasks(ANNA, BOT)).tasks
    await work.forget(None, ANNA, [ItemId(BOT)])
    with pytest.raises(MeetingTasksNotFound, match="bot-1"):
        await tasks.get_meeting_tasks(ANNA, BOT)


def test_tasks_come_back_from_the_wire_as_they_were() -> None:
    task = MeetingTask(
        title="Подготовить отчёт",
        description="К среде.",
        assignee="Борис",
        due=date(2026, 12, 2),
        priority=Priority.HIGH,
        quote="подготовь отчёт к среде",
        quote_speaker="Анна",
        quote_start_seconds=0.0,
    )
    meeting = MeetingTasks(
        bot_id=BOT,
        owner=ANNA,
        session_id=RunId("r"),
        tasks=(
            task,
            replace(task, due=None, assignee="", quote_start_seconds=None, priority=Priority.LOW),
        ),
        summary="Коротко.",
        decisions=("Едем.",),
        judge="rules-ru",
        created_at=datetime(2026, 11, 26, 9, 30, tzinfo=UTC),
        evidence_flags=("turn 3: it speaks to a machine, no task rests on it",),
    )
    message = meeting_tasks_to_pb(meeting)
    assert len(message.ListFields()) == len(message.DESCRIPTOR.fields)
    assert len(message.tasks[0].ListFields()) == len(message.tasks[0].DESCRIPTOR.fields)
    assert meeting_tasks_from_pb(message) == meeting


async def test_a_model_s_task_says_who_said_its_quote_and_when() -> None:
    turns = (
        MeetingTurn(
            speaker="Анна", text="Борис, подготовь отчёт к среде.", starts=((0, 2.0), (7, 2.5))
        ),
    )
    [task] = await told(a_told_task(), meeting=replace(LAUNCH, turns=turns))
    assert (task.quote_speaker, task.quote_start_seconds) == ("Анна", 2.5)


@pytest.mark.parametrize(
    "quote",
    [
        "не подготовь отчёт к среде",
        "подготовь отчёт к четвергу",
        "подготовь два отчёта к среде",
        "не надо готовить отчёт к среде",
    ],
)
async def test_a_model_s_task_whose_quote_is_denied_or_of_another_day_or_number_is_dropped(
    quote: str,
) -> None:
    assert not await told(a_told_task(quote=quote))
    denied = a_meeting("Анна: Мы не будем подписывать договор на 65 тысяч.\nБорис: Да.")
    for part in ("будем подписывать договор", "подписывать договор на 25 тысяч"):
        assert not await told(a_told_task(quote=part), meeting=denied)
