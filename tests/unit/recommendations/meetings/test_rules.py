"""What people say in meetings that is a task, that is none, and what becomes of one while they go on talking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recommendations.meetings.adapters.rules import RulesTasks
from services.recommendations.meetings.domain import MeetingTranscript, MeetingTurn, said_tasks
from tests.builders.meetings import DAY, a_meeting
from tests.labelled_meetings import Score, halves, score

RULES = RulesTasks()
FOLLOWED = "\nBob: Okay.\nCarl: Right."


def found(text: str) -> list[tuple[str, str, str | None]]:
    language = "ru" if any("а" <= letter <= "я" for letter in text.lower()) else "en"
    meeting = a_meeting(text, language)
    return [
        (task.title, task.assignee, task.due.isoformat() if task.due else None)
        for task in said_tasks(RULES.find_now(meeting), meeting)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Ann: You have to press the middle and then go up.",
        "PM: We have to make a profit of fifty million Euros.",
        "Ann: I'll just put the cable in.",
        "Ann: Let's move to the next slide.",
        "Ann: Can you describe what's on the cube?",
        "Ann: I have to remind you of the budget.",
        "Ann: We should make our product as trendy as possible.",
        "Ann: Canada needs to take much stronger action.",
        "Ann: Please direct your remarks through the chair.",
        "Ann: I'm going to talk a little bit about the function.",
        "Ann: I was going to send the report but then the server died.",
        "Ann: We should really update the website some day.",
        "Ann: If nobody minds I'll order ten chairs.",
        "Ann: You could write that in C.",
        "Аня: Сегодня обсудим отчёт.",
        "Аня: Сейчас открою слайды.",
        "Аня: Нужно, чтобы кнопки различались вслепую.",
        "Аня: Надо бы когда-нибудь обновить сайт.",
        "Аня: Клиент должен подписать акт.",
        "Аня: Мы не будем подписывать договор.",
        "Аня: Я бы нанял ещё двоих.",
    ],
)
def test_what_is_of_the_moment_of_a_product_or_only_wished_is_no_task(text: str) -> None:
    assert found(text + FOLLOWED) == []


@pytest.mark.parametrize(
    ("text", "task"),
    [
        (
            "PM: So you will have to work on the look and feel design.",
            ("Work on the look and feel design", "", None),
        ),
        (
            "Nora: One, Luis to draft the contract amendment by December third.",
            ("Draft the contract amendment", "Luis", "2026-12-03"),
        ),
        (
            "Priya: today I'm gonna finish the import screen.",
            ("Finish the import screen", "Priya", "2026-11-26"),
        ),
        (
            "Ann: Somebody needs to renew the certificate.\nSam: I got it.",
            ("Renew the certificate", "Sam", None),
        ),
        (
            "Ann: Action item: Bob to update the docs by Monday.\nBob: ok",
            ("Update the docs", "Bob", "2026-11-30"),
        ),
        (
            "Tom: Do you think you could get the invoices over to accounts by Friday, Ann?\nAnn: Yeah.",
            ("Get the invoices over to accounts", "Ann", "2026-11-27"),
        ),
        (
            "Ann: Would you mind ringing the caterers, Lucy?\nLucy: Not at all.",
            ("Ring the caterers", "Lucy", None),
        ),
        (
            "так артём закажи пожалуйста перчатки до понедельника",
            ("Заказать перчатки", "Артём", "2026-11-30"),
        ),
        (
            "Оля: Отчётом займётся Людмила Петровна до пятницы.\nПётр: Да.",
            ("Заняться отчётом", "Людмила Петровна", "2026-11-27"),
        ),
        (
            "Оля: Договор подпишет Иванов в понедельник.\nПётр: Ок.",
            ("Подписать договор", "Иванов", "2026-11-30"),
        ),
        (
            "Оля: Кто займётся отчётом?\nПётр: Давайте я.",
            ("Заняться отчётом", "Пётр", None),
        ),
        (
            "Оля: Вася, надо продлить домен.\nИра: Да.\nВася: Продлю сегодня.",
            ("Продлить домен", "Вася", "2026-11-26"),
        ),
    ],
)
def test_a_task_is_what_somebody_takes_on_or_is_given(
    text: str, task: tuple[str, str, str | None]
) -> None:
    assert found(text) == [task]


def test_who_refuses_has_no_task_and_who_takes_it_over_has() -> None:
    asked = "Вадим: Лена, возьмёшь презентацию?\nЛена: Нет, я не смогу."
    assert found(asked) == []
    assert [who for _, who, _ in found(f"{asked}\nВадим: Тогда ты, Игорь.\nИгорь: Ладно.")] == [
        "Игорь"
    ]
    away = (
        "Ann: Bob, can you send me the figures by Tuesday?\nBob: I can't, I'm on leave next week."
    )
    assert found(f"{away}\nAnn: Okay, Carol, could you do it?\nCarol: Sure.") == [
        ("Send the figures", "Carol", "2026-12-01")
    ]


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("Аня: Лена, пришли смету ко вторнику, а нет, давай к среде.\nЛена: Да.", "2026-12-02"),
        (
            "Аня: Лена, пришли смету ко вторнику.\nЛена: Ко вторнику не успею, давай в четверг.",
            "2026-12-03",
        ),
        (
            "Ann: Bob, send the figures by Tuesday.\nBob: Not by Tuesday, Wednesday maybe.",
            "2026-12-02",
        ),
        ("Аня: Лена, пришли смету.\nЛена: К среде.", "2026-12-02"),
        ("Ann: Bob, send the figures.\nBob: Sure. A week today.", "2026-12-03"),
    ],
)
def test_the_day_that_was_said_last_counts(text: str, due: str) -> None:
    assert [day for _, _, day in found(text)] == [due]


def test_each_of_several_people_has_the_task() -> None:
    assert [who for _, who, _ in found("Оля: Анна и Борис подготовят отчёт.\nАнна: Да.")] == [
        "Анна",
        "Борис",
    ]
    both = "Tom: Tom and Lena will prepare the slides by Friday.\nLena: Sure."
    assert {who for _, who, _ in found(both)} == {"Tom", "Lena"}


def test_a_pronoun_is_told_by_what_was_talked_of() -> None:
    text = "Аня: Спираль перегорела.\nСтас: Я её заменю завтра."
    assert found(text) == [("Заменить спираль", "Стас", "2026-11-27")]
    assert found(
        "Ray: Fine, we'll have the service.\nJess: I'll set it up, then.\nJess: Monday."
    ) == [("Set the service up", "Jess", "2026-11-30")]


def test_a_task_has_the_speaker_and_the_second_of_its_words() -> None:
    turns = (
        MeetingTurn(speaker="Ann", text="So.", starts=((0, 1.0),)),
        MeetingTurn(
            speaker="Bob",
            text="Well. I'll send the report.",
            starts=((0, 2.0), (6, 3.5), (11, 4.0)),
        ),
    )
    meeting = MeetingTranscript(
        bot_id=a_meeting("Bob: x").bot_id,
        owner=a_meeting("Bob: x").owner,
        day=DAY,
        language="en",
        turns=turns,
    )
    [task] = said_tasks(RULES.find_now(meeting), meeting)
    assert (task.quote, task.quote_speaker, task.quote_start_seconds) == (
        "I'll send the report.",
        "Bob",
        3.5,
    )


THINGS = {"ru": ("отчёт", "смету", "договор", "презентацию"), "en": ("report", "budget", "invoice")}
DAYS = {
    "ru": ("к среде", "во вторник", "к пятнице"),
    "en": ("by Wednesday", "on Tuesday", "by Friday"),
}
PROMISES = {"ru": "Анна: Я подготовлю {thing} {day}.", "en": "Ann: I'll prepare the {thing} {day}."}
CORRUPTED = {
    "ru": (
        "Анна: Я не подготовлю {thing} {day}.",
        "Анна: Если успею, подготовлю {thing} {day}.",
        "Анна: Я бы подготовила {thing} {day}.",
        "Анна: Я подготовила {thing} вчера.",
        "Анна: Я подготовлю {thing} {day}.\nБорис: Не надо, {thing} уже есть.",
        "Анна: Я подготовлю {thing} {day}.\nАнна: Хотя нет, {thing} не нужно.",
        "Борис: Анна, подготовишь {thing} {day}?\nАнна: Нет, не смогу.",
    ),
    "en": (
        "Ann: I won't prepare the {thing} {day}.",
        "Ann: I'll not prepare the {thing} {day}.",
        "Ann: If I find time, I'll prepare the {thing} {day}.",
        "Ann: I would prepare the {thing} {day}.",
        "Ann: I prepared the {thing} yesterday.",
        "Ann: I'll prepare the {thing} {day}.\nBob: Don't bother, I already have the {thing}.",
        "Bob: Ann, can you prepare the {thing} {day}?\nAnn: No, I can't.",
    ),
}


@st.composite
def corruptions(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a promise, and the same denied, supposed, over, refused or taken back."""
    language = draw(st.sampled_from(("ru", "en")))
    words = {
        "thing": draw(st.sampled_from(THINGS[language])),
        "day": draw(st.sampled_from(DAYS[language])),
    }
    corrupted = draw(st.sampled_from(CORRUPTED[language]))
    return PROMISES[language].format(**words), corrupted.format(**words)


@given(corruptions())
def test_nothing_is_left_of_a_promise_that_is_denied_supposed_refused_or_taken_back(
    texts: tuple[str, str],
) -> None:
    promise, corrupted = texts
    assert len(found(promise)) == 1
    assert found(corrupted) == []


def test_no_task_comes_of_a_meeting_before_its_day() -> None:
    assert (
        found("Ann: I'll send the report, as I did back on November 2, 24 days ago.\nBob: Ok.")[0][
            2
        ]
        is None
    )


def test_of_meetings_as_people_speak_what_is_found_are_tasks() -> None:
    """The figures of docs/judgement.md, of both halves; they may get better, not worse."""
    seen, unseen = halves("spoken")
    for half, precision, recall in ((seen, 0.85, 0.8), (unseen, 0.8, 0.5)):
        result = Score()
        for sample in half:
            score(sample, said_tasks(RULES.find_now(sample.meeting), sample.meeting), result)
        assert result.precision >= precision
        assert result.recall >= recall


def test_speech_without_any_mark_is_read_in_pieces_however_long_it_is() -> None:
    once = "так артём закажи пожалуйста перчатки до понедельника и потом мы ещё долго говорили о погоде "
    meeting = a_meeting("А: слово.")
    turn = MeetingTurn(speaker="", text=(once * 150).strip())
    long = MeetingTranscript(
        bot_id=meeting.bot_id, owner=meeting.owner, day=DAY, language="ru", turns=(turn,)
    )
    tasks = said_tasks(RULES.find_now(long), long)
    assert [task.assignee for task in tasks] == ["Артём"]
    assert tasks[0].quote in turn.text
