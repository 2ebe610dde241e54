from collections.abc import Mapping

import pytest

from services.analysis.calls.adapters.rules.acts import ActFinder
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.domain import Evidence
from services.analysis.playbooks.domain import Act
from services.analysis.words.lemmas import Lemmatiser
from tests.builders.analysis import clinic, said
from tests.labelled_dialogues import Portion, dialogues

OTHERS = dialogues("trades", "heard", "english_trades")
"""Calls by people who had not seen the rules."""


@pytest.fixture(scope="module")
def lemmatiser() -> Lemmatiser:
    return Lemmatiser()


@pytest.fixture(scope="module")
def finder(lemmatiser: Lemmatiser) -> ActFinder:
    return ActFinder(lemmatiser)


@pytest.fixture(scope="module")
def judge() -> RulesJudge:
    return RulesJudge()


def _acts(finder: ActFinder, lemmatiser: Lemmatiser, *lines: str) -> Mapping[Act, Evidence]:
    conversation = said(*lines)
    return finder.find(
        [(turn, each) for turn in conversation.turns for each in lemmatiser.sentences(turn.text)]
    )


@pytest.mark.parametrize(
    "lines",
    [
        ("C: Хочу записаться к окулисту.", "O: В среду в девять.", "C: Подходит."),
        ("C: I need a plumber.", "O: Thursday at two?", "C: Perfect, see you then."),
        ("C: Нужен электрик.", "O: Сможет подъехать завтра в шесть.", "C: Ага, хорошо, жду."),
        ("C: Можно к вам на мойку завтра в десять?", "O: Да, ждём."),
        ("C: Хочу на стрижку.", "O: Вторник?", "C: Нет, не могу.", "O: Среда в два?", "C: Пишите."),
        ("C: Book a table for two at six, please.", "O: Your table has been reserved."),
    ],
)
def test_an_offer_and_its_acceptance_make_a_booking(
    finder: ActFinder, lemmatiser: Lemmatiser, lines: tuple[str, ...]
) -> None:
    assert Act.SETTLED in _acts(finder, lemmatiser, *lines)


@pytest.mark.parametrize(
    "lines",
    [
        ("C: I need a doctor.", "O: Would you like me to schedule an appointment?", "C: No."),
        ("C: Book it for six, please.", "O: I'm sorry, I was unable to make the reservation."),
        ("C: Есть столик на субботу?", "O: К сожалению, на субботу всё занято.", "C: Ну ладно."),
        ("C: Олег работает завтра?", "O: Да, с десяти до шести.", "C: Отлично, спасибо."),
        ("C: Когда ответите?", "O: Перезвоню вам завтра в три.", "C: Хорошо, договорились."),
        ("C: Хочу на стрижку.", "O: Среда в два?", "C: Давайте. Хотя нет, не записывайте пока."),
    ],
)
def test_no_booking_is_heard_where_none_was_agreed_on(
    finder: ActFinder, lemmatiser: Lemmatiser, lines: tuple[str, ...]
) -> None:
    assert Act.SETTLED not in _acts(finder, lemmatiser, *lines)


@pytest.mark.parametrize(
    "lines",
    [
        ("C: What are your hours?", "O: Till six. Anything else?", "C: No, thanks, that is all."),
        ("C: Сколько стоит?", "O: Сто. Записать вас?", "C: Нет, я просто узнать хотел."),
        ("C: I need a salon.", "O: How about this one?", "C: Find me something else."),
    ],
)
def test_politeness_is_no_refusal(
    finder: ActFinder, lemmatiser: Lemmatiser, lines: tuple[str, ...]
) -> None:
    assert Act.DECLINES not in _acts(finder, lemmatiser, *lines)


@pytest.mark.parametrize(
    ("said_by_operator", "promised"),
    [
        ("Уточню и перезвоню вам.", True),
        ("I'll get him to give you a ring.", True),
        ("Свяжитесь с нами повторно.", False),
        ("Could you ring back in an hour?", False),
    ],
)
def test_only_who_will_call_promises_a_call(
    finder: ActFinder, lemmatiser: Lemmatiser, said_by_operator: str, promised: bool
) -> None:
    acts = _acts(finder, lemmatiser, "C: Is it ready?", f"O: {said_by_operator}")

    assert (Act.CALL_PROMISED in acts) is promised


@pytest.mark.parametrize(
    ("request_text", "act"),
    [
        ("У меня стиралка потекла, нужен мастер.", Act.WANTS),
        ("I'd like a table for four on Saturday, please.", Act.WANTS),
        ("Почём маникюр?", Act.ASKS_PRICE),
        ("What do you charge for a dog groom?", Act.ASKS_PRICE),
        ("А с собаками к вам можно?", Act.ASKS),
        ("Do you do gluten-free?", Act.ASKS),
        ("Я записан на десять, опаздываю, можно на одиннадцать?", Act.MOVES),
        ("I need to cancel my lesson tomorrow.", Act.MOVES),
        ("Вы мне вчера холодильник привезли, а у него дверца помята.", Act.REPROACHES),
        ("The guy you sent left a huge mess in my kitchen.", Act.REPROACHES),
        ("Я по вакансии администратора звоню.", Act.OTHER_BUSINESS),
    ],
)
def test_what_is_asked_for_first_is_known_in_any_trade(
    finder: ActFinder, lemmatiser: Lemmatiser, request_text: str, act: Act
) -> None:
    assert act in _acts(finder, lemmatiser, "O: Слушаю.", f"C: {request_text}")


@pytest.mark.parametrize(
    ("field", "share"),
    [("call_type", 0.55), ("outcome", 0.65), ("sentiment", 0.8), ("objections", 0.88)],
)
@pytest.mark.parametrize("portion", [Portion.TUNING, Portion.HELD_OUT])
def test_calls_by_others_are_labelled_right_as_often_as_measured(
    judge: RulesJudge, portion: Portion, field: str, share: float
) -> None:
    playbook = clinic()
    labelled = [sample for sample in OTHERS if sample.portion is portion]
    right = 0
    for sample in labelled:
        judgement = judge.judge_now(sample.conversation, playbook)
        found = (
            frozenset(o.kind for o in judgement.objections)
            if field == "objections"
            else getattr(judgement, field)
        )
        right += found == sample.labels[field]

    assert right >= share * len(labelled)
