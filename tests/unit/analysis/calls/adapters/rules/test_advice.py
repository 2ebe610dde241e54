import pytest

from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.domain import Speaker
from services.analysis.playbooks.domain import Playbook
from tests.builders.analysis import clinic, said
from tests.labelled_dialogues import dialogues, heard_calls

CALLS = [
    *(sample.conversation for sample in dialogues("earlier", "russian", "english", "later")),
    *(call.heard for call in heard_calls()),
]


@pytest.fixture(scope="module")
def judge() -> RulesJudge:
    return RulesJudge()


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return clinic()


def test_advice_is_never_given_without_words(judge: RulesJudge, playbook: Playbook) -> None:
    given = [r for call in CALLS for r in judge.judge_now(call, playbook).recommendations]

    assert given
    assert all(r.quote is not None and r.quote.text for r in given)


def test_advice_on_what_was_left_out_quotes_what_should_have_been_answered(
    judge: RulesJudge, playbook: Playbook
) -> None:
    call = said("O: Да.", "C: Ой. Мне бы чистку зубов, сколько стоит?", "O: Три тысячи.", "C: Угу.")

    given = {r.skill: r.quote for r in judge.judge_now(call, playbook).recommendations}

    needs = given["needs_discovery"]
    assert needs is not None
    assert call.turns[needs.turn].speaker is Speaker.CLIENT
    assert "сколько стоит" in needs.text


@pytest.mark.parametrize(
    ("said_last", "answer", "agreed"),
    [
        ("Перезвоню вам в пятницу.", "Хорошо.", True),
        ("Записала вас на пятницу, на девять.", "Спасибо.", True),
        ("Не забудьте паспорт.", "Хорошо.", True),
        ("Перезвонить вам в пятницу?", "Не знаю.", False),
        ("Записала вас на пятницу?", "Не помню.", False),
        ("Я вам в пятницу позвоню, не против?", "Звоните.", True),
        ("Shall I call you back on Friday?", "Yes, please.", True),
        ("Мы вам уже не перезвоним.", "Понятно.", False),
        ("Я вас на пятницу никак не записала.", "Понятно.", False),
        ("Я бы записала вас на пятницу.", "Понятно.", False),
        ("Позвоню вам в пятницу.", "Нет, не надо.", False),
        ("I'll call you back on Friday.", "Great.", True),
        ("We will not be able to call you back.", "I see.", False),
        ("Shall I call you back?", "Maybe.", False),
        ("I would call you back on Friday.", "I see.", False),
    ],
)
def test_what_is_asked_denied_or_refused_is_no_agreement(
    judge: RulesJudge, playbook: Playbook, said_last: str, answer: str, agreed: bool
) -> None:
    call = said("O: Добрый день.", "C: Сколько стоит УЗИ?", f"O: {said_last}", f"C: {answer}")

    agreements = judge.judge_now(call, playbook).agreements

    assert bool(agreements) == agreed
    assert all(a.quote is not None and a.quote.turn == 2 for a in agreements)
