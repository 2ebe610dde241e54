"""That nothing is stored of a call but what the right side said, and nothing of what rests on other words."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from services.analysis.calls.domain import (
    Agreement,
    CheckedItem,
    ClientFact,
    Conversation,
    Evidence,
    ItemStatus,
    Judgement,
    Objection,
    Recommendation,
    Speaker,
    Word,
)
from services.analysis.calls.evidence import check_evidence
from services.analysis.calls.scores import score
from services.llm.spoken.words import WordKind, spoken_words
from tests.builders.analysis import clinic, said
from tests.labelled_dialogues import Portion, dialogues

PLAYBOOK = clinic()
CALL = said(
    "O: Клиника Здоровье, добрый день!",
    "C: Всё равно для меня это слишком дорого. Мне надо посоветоваться с женой.",
    "O: Понимаю вас. Записать вас на вторник на 15:30?",
    "C: Нет, я не приду в пятницу на приём.",
    "O: Хорошо, полторы тысячи за приём.",
)  # on a Thursday, 2026-01-15
DONE = ItemStatus.COMPLETED
UNTOLD = ItemStatus.CANNOT_BE_TOLD
DIALOGUES = [
    each.conversation
    for each in dialogues("earlier", "russian", "english", "later")
    if each.portion is Portion.TUNING
]
NEGATIONS = ("не", "нет", "ни", "без", "not", "no", "never", "without")
NUMBERS = ("три", "пятьсот", "сорок", "восемнадцать", "three", "eleven", "seventy")
DAYS = ("понедельник", "четверг", "субботу", "завтра", "monday", "saturday", "tomorrow")


def judgement(**parts: Any) -> Judgement:
    labels = {"call_type": "price_inquiry", "outcome": "no_action", "sentiment": "neutral"}
    return Judgement(**{**labels, "summary": "", **parts})


def quote(turn: int, text: str) -> Evidence:
    return Evidence(turn=turn, text=text)


def greeted(conversation: Conversation, evidence: Evidence | None) -> CheckedItem:
    """Return what is left of a greeting that is said to have been made in these words."""
    item = CheckedItem(item="greeting", status=DONE, quote=evidence)
    checked, _ = check_evidence(judgement(checklist=(item,)), conversation, PLAYBOOK)
    return checked.checklist[0]


def test_a_quote_becomes_the_transcript_s_words_with_speaker_and_time() -> None:
    words = [("Клиника", 1.0, 0.9), (" Здоровье,", 1.5, 0.5), (" добрый", 2.5, 0.0), (" день!", 3.0, 0.7)]  # fmt: skip
    turn = replace(
        CALL.turns[0],
        words=tuple(
            Word(text=text, start_seconds=start, end_seconds=start + 0.4, probability=sure)
            for text, start, sure in words
        ),
    )
    call = replace(CALL, turns=(turn, *CALL.turns[1:]))

    heard, timed = greeted(call, quote(0, "здоровье добрый")), greeted(CALL, quote(0, "клиника"))

    assert heard.quote == Evidence(
        turn=0,
        text="Здоровье, добрый",
        speaker=Speaker.OPERATOR,
        start_seconds=1.5,
        end_seconds=2.9,
        probability=0.5,
    )
    assert timed.quote == Evidence(
        turn=0, text="Клиника", speaker=Speaker.OPERATOR, start_seconds=0.0, end_seconds=4.0
    )


def test_what_has_no_words_of_the_right_side_is_dropped_or_cannot_be_told() -> None:
    real, invented = quote(1, "слишком дорого"), quote(1, "у соседей вдвое дешевле")
    operators = quote(2, "понимаю вас")
    given_ = judgement(
        call_type_quote=invented,
        outcome="thinking",
        outcome_quote=invented,
        sentiment="negative",
        sentiment_quote=operators,
        objections=(
            Objection(kind="price", quote=real),
            Objection(kind="competitor", quote=operators),
            Objection(kind="time", quote=None),
        ),
        agreements=(Agreement(text="скидка", quote=invented), Agreement(text="цена", quote=real)),
        client_facts=(ClientFact(kind="family", text="соседи", quote=operators),),
        checklist=(
            CheckedItem(item="greeting", status=DONE, quote=real),
            CheckedItem(item="introduction", status=ItemStatus.ATTEMPTED, quote=None),
            CheckedItem(item="needs", status=ItemStatus.NOT_REACHED),
            CheckedItem(item="offer", status=DONE, quote=quote(2, "Записать вас на вторник")),
            CheckedItem(item="farewell", status=ItemStatus.NOT_REACHED, quote=invented),
        ),
        recommendations=(
            Recommendation(skill="contact", priority=1, text="", why="", quote=invented),
            Recommendation(skill="offer", priority=2, text="", why="", quote=real),
            Recommendation(skill="needs_discovery", priority=3, text="", why="", quote=None),
        ),
    )

    checked, flags = check_evidence(given_, CALL, PLAYBOOK)

    assert (checked.call_type, checked.call_type_quote) == ("price_inquiry", None)
    assert (checked.outcome, checked.outcome_quote) == ("other", None)
    assert (checked.sentiment, checked.sentiment_quote) == ("negative", None)
    assert [o.kind for o in checked.objections] == ["price"]
    assert [a.text for a in checked.agreements] == ["цена"]
    assert checked.client_facts == ()
    assert [c.status for c in checked.checklist] == [
        UNTOLD,
        UNTOLD,
        ItemStatus.NOT_REACHED,
        DONE,
        ItemStatus.NOT_REACHED,
    ]
    assert [(r.skill, r.priority) for r in checked.recommendations] == [("offer", 1)]
    assert flags == (
        "call_type: quote dropped, nobody said its quote",
        "outcome: other instead of thinking, nobody said its quote",
        "sentiment: quote dropped, its quote is not the client's",
        "objections.competitor: dropped, its quote is not the client's",
        "objections.time: dropped, it has no quote",
        "checklist.greeting: cannot be told, its quote is not the operator's",
        "checklist.introduction: cannot be told, it has no quote",
        "checklist.farewell: quote dropped, nobody said its quote",
        "agreements.0: dropped, nobody said its quote",
        "client_facts.family: dropped, its quote is not the client's",
        "recommendations.contact: dropped, nobody said its quote",
        "recommendations.needs_discovery: dropped, it has no quote",
    )


@pytest.mark.parametrize(
    ("outcome", "evidence", "left"),
    [
        ("booked", "я приду в пятницу на приём", "other"),
        ("booked", "приду в пятницу", "other"),
        ("booked", None, "other"),
        ("refused", "я не приду в пятницу", "refused"),
        ("no_action", None, "no_action"),
        ("no_action", "этого никто не говорил", "no_action"),
        ("other", None, "other"),
    ],
)
def test_an_outcome_is_borne_out_or_it_is_another(
    outcome: str, evidence: str | None, left: str
) -> None:
    told = judgement(outcome=outcome, outcome_quote=quote(3, evidence) if evidence else None)

    checked, flags = check_evidence(told, CALL, PLAYBOOK)

    assert checked.outcome == left
    assert any(flag.startswith("outcome: other instead of booked") for flag in flags) is (
        outcome != left
    )


def test_a_playbook_without_that_outcome_has_its_fallback() -> None:
    outcomes = PLAYBOOK.outcomes
    fewer = tuple(label for label in outcomes.labels if label.name != "other")
    playbook = PLAYBOOK.model_copy(
        update={"outcomes": outcomes.model_copy(update={"labels": fewer})}
    )

    checked, _ = check_evidence(judgement(outcome="booked"), CALL, playbook)

    assert checked.outcome == "no_action"


def test_which_items_apply_follows_from_what_is_left() -> None:
    told = judgement(
        outcome="booked",
        objections=(Objection(kind="price", quote=quote(4, "полторы тысячи")),),
        checklist=tuple(
            CheckedItem(item=item, status=DONE, quote=quote(2, "Записать вас на вторник"))
            for item in ("contact_details", "confirmation", "objection_handling", "offer")
        ),
    )

    checked, _ = check_evidence(told, CALL, PLAYBOOK)

    assert (checked.outcome, checked.objections) == ("other", ())
    assert [c.status for c in checked.checklist] == [ItemStatus.NOT_APPLICABLE] * 3 + [DONE]


def test_what_applies_only_now_was_not_judged() -> None:
    item = PLAYBOOK.checklist[0]
    only = item.model_copy(update={"applies": item.applies.model_copy(update={"outcomes": ("other",)})})  # fmt: skip
    playbook = PLAYBOOK.model_copy(update={"checklist": (only,)})
    told = judgement(
        outcome="booked",
        checklist=(CheckedItem(item=only.name, status=ItemStatus.NOT_APPLICABLE),),
    )

    checked, flags = check_evidence(told, CALL, playbook)

    assert checked.checklist[0].status is UNTOLD
    assert flags[-1] == "checklist.greeting: cannot be told, it was not judged for this outcome"


@pytest.mark.parametrize(
    ("handled", "status"),
    [
        (quote(2, "Понимаю вас"), DONE),
        (quote(0, "добрый день"), UNTOLD),
        (quote(0, "Понимаю вас"), DONE),
    ],
)
def test_an_objection_is_handled_after_it_was_made(handled: Evidence, status: ItemStatus) -> None:
    told = judgement(
        objections=(Objection(kind="price", quote=quote(1, "слишком дорого")),),
        checklist=(CheckedItem(item="objection_handling", status=DONE, quote=handled),),
    )

    checked, flags = check_evidence(told, CALL, PLAYBOOK)

    assert checked.checklist[0].status is status
    assert [flag for flag in flags if "after the objection" in flag] == (
        []
        if status is DONE
        else [
            "checklist.objection_handling: cannot be told, its quote does not come after the objection"
        ]
    )


def test_in_one_turn_of_everybody_it_is_handled_after_it_was_made_too() -> None:
    call = said("?: Понимаю вас, у нас рассрочка. Это слишком дорого. Понимаю.")

    def handled(words: str) -> ItemStatus:
        told = judgement(
            objections=(Objection(kind="price", quote=quote(0, "Это слишком дорого")),),
            checklist=(CheckedItem(item="objection_handling", status=DONE, quote=quote(0, words)),),
        )
        return check_evidence(told, call, PLAYBOOK)[0].checklist[0].status

    assert handled("у нас рассрочка") is UNTOLD
    assert handled("Понимаю.") is DONE


@pytest.mark.parametrize(
    ("due", "words", "why"),
    [
        (date(2026, 1, 20), "Записать вас на вторник", None),
        (date(2026, 1, 15), "полторы тысячи за приём", None),
        (date(2027, 1, 15), "полторы тысячи за приём", None),
        (date(1999, 1, 1), "полторы тысячи за приём", "it lies before the call"),
        (date(2026, 1, 14), "Записать вас на вторник", "it lies before the call"),
        (date(2029, 1, 1), "полторы тысячи за приём", "it lies more than 731 days after the call"),
        (date(2026, 1, 22), "Записать вас на вторник", "its quote names 2026-01-20"),
    ],
)
def test_a_due_date_lies_after_the_call_and_is_the_day_that_was_said(
    due: date, words: str, why: str | None
) -> None:
    turn = 4 if "тысячи" in words else 2
    told = judgement(agreements=(Agreement(text="…", quote=quote(turn, words), due=due),))

    checked, flags = check_evidence(told, CALL, PLAYBOOK)

    assert checked.agreements[0].due == (None if why else due)
    assert flags == ((f"agreements.0: due {due} dropped, {why}",) if why else ())


@pytest.mark.parametrize(
    ("greeting", "farewell", "kept"),
    [
        (UNTOLD, DONE, False),
        (UNTOLD, UNTOLD, False),
        (UNTOLD, ItemStatus.NOT_REACHED, True),
        (DONE, DONE, True),
    ],
)
def test_nobody_is_advised_on_what_cannot_be_told(
    greeting: ItemStatus, farewell: ItemStatus, *, kept: bool
) -> None:
    words = quote(0, "Клиника Здоровье, добрый день!")
    told = judgement(
        checklist=(
            CheckedItem(item="greeting", status=greeting, quote=words),
            CheckedItem(item="farewell", status=farewell, quote=words),
        ),
        recommendations=(
            Recommendation(skill="contact", priority=1, text="…", why="…", quote=words),
        ),
    )

    checked, flags = check_evidence(told, CALL, PLAYBOOK)

    assert bool(checked.recommendations) is kept
    assert flags == (
        () if kept else ("recommendations.contact: dropped, what it is about cannot be told",)
    )


@pytest.mark.parametrize("words", ["этого никто не говорил", "слишком дорого"])
def test_a_judge_that_has_everything_done_in_words_not_the_operator_s_earns_nothing(
    words: str,
) -> None:
    checklist = tuple(
        CheckedItem(item=item.name, status=DONE, quote=quote(1, words))
        for item in PLAYBOOK.checklist
    )

    checked, flags = check_evidence(judgement(checklist=checklist), CALL, PLAYBOOK)
    scores = score(checked.checklist, PLAYBOOK)

    assert {c.status for c in checked.checklist} == {UNTOLD, ItemStatus.NOT_APPLICABLE}
    assert (scores.checklist, scores.told_items, scores.told_share) == (None, 0, 0.0)
    assert scores.applicable_items == len(flags) > 3


calls = st.sampled_from(DIALOGUES)


@st.composite
def said_words(draw: st.DrawFn, speaker: Speaker = Speaker.OPERATOR) -> tuple[Conversation, Evidence, list[str]]:  # fmt: skip
    """Draw a call, a turn of a side, and three words or more that were said there in a row."""
    call = draw(calls)
    turns = [t for t in call.turns if t.speaker is speaker and len(t.text.split()) > 2]
    assume(turns)
    turn = draw(st.sampled_from(turns))
    words = turn.text.split()
    start = draw(st.integers(0, len(words) - 3))
    stop = draw(st.integers(start + 3, len(words)))
    part = words[start:stop]
    return call, quote(turn.index, " ".join(part)), part


def letters(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower().replace("ё", "е")))


def is_plain(word: str) -> bool:
    return word.isalpha() and [each.kind for each in spoken_words(word)] == [WordKind.PLAIN]


def was_said(call: Conversation, words: str) -> bool:
    wanted = f" {letters(words)} "
    return any(
        wanted in f" {letters(turn.text)} "
        for turn in call.turns
        if turn.speaker is Speaker.OPERATOR
    )


def verbatim(call: Conversation, item: CheckedItem) -> bool:
    """Tell whether what is stored as the operator's words is that, letter by letter."""
    if item.quote is None:
        return item.status is UNTOLD
    turn = call.turns[item.quote.turn]
    return item.quote.text in turn.text and turn.speaker is item.quote.speaker is Speaker.OPERATOR


@given(said_words(), calls, st.data())
def test_another_word_is_not_what_was_said(
    told: tuple[Conversation, Evidence, list[str]], elsewhere: Conversation, data: st.DataObject
) -> None:
    call, evidence, words = told
    place = data.draw(st.integers(0, len(words) - 1))
    others = [w for turn in elsewhere.turns for w in letters(turn.text).split() if len(w) > 3]
    other = data.draw(st.sampled_from(others))
    assume(fuzz.ratio(other, letters(words[place])) < 80)
    corrupt = " ".join([*words[:place], other, *words[place + 1 :]])
    assume(not was_said(call, corrupt))

    assert greeted(call, replace(evidence, text=corrupt)).status is UNTOLD


@given(said_words(), st.sampled_from((*NEGATIONS, *NUMBERS, *DAYS)), st.data())
def test_a_negation_a_number_or_a_day_that_is_put_in_was_not_said(
    told: tuple[Conversation, Evidence, list[str]], new: str, data: st.DataObject
) -> None:
    call, evidence, words = told
    place = data.draw(st.integers(0, len(words)))
    corrupt = " ".join([*words[:place], new, *words[place:]])
    assume(not was_said(call, corrupt))

    assert greeted(call, replace(evidence, text=corrupt)).status is UNTOLD


@given(st.data())
def test_a_negation_a_number_or_a_day_is_not_left_out_nor_another(data: st.DataObject) -> None:
    telling = re.compile(rf"(?i)\b({'|'.join((*NEGATIONS, *NUMBERS, *DAYS))}|\d+|\w+n't)\b")
    call, turn = data.draw(
        st.sampled_from(
            [
                (call, turn)
                for call in DIALOGUES
                for turn in call.turns
                if turn.speaker is Speaker.OPERATOR and telling.search(turn.text)
            ]
        )
    )
    word = data.draw(st.sampled_from(list(telling.finditer(turn.text))))
    other = data.draw(st.sampled_from(("", *NUMBERS, *DAYS)))
    corrupt = turn.text[: word.start()] + other + turn.text[word.end() :]
    assume(letters(corrupt) and letters(other) != letters(word[0]))
    excerpt = not letters(turn.text[: word.start()]) or not letters(turn.text[word.end() :])
    denies = letters(word[0]) in NEGATIONS or "n't" in word[0]
    assume(denies or other or not excerpt)
    assume(not was_said(call, corrupt) or excerpt)

    item = greeted(call, quote(turn.index, corrupt))

    assert verbatim(call, item)
    assert item.quote is None or word[0] in item.quote.text


@given(said_words(Speaker.CLIENT))
def test_the_words_of_the_other_side_show_nothing(
    told: tuple[Conversation, Evidence, list[str]],
) -> None:
    call, evidence, _ = told
    assume(not was_said(call, evidence.text))

    assert greeted(call, evidence).status is UNTOLD


@given(said_words(), calls)
def test_words_of_another_call_show_nothing(
    told: tuple[Conversation, Evidence, list[str]], call: Conversation
) -> None:
    _, evidence, _ = told
    assume(not was_said(call, evidence.text))

    assert greeted(call, evidence).status is UNTOLD


@given(said_words(), st.integers(-3, 99))
def test_a_quote_of_the_wrong_turn_is_stored_with_the_turn_it_was_said_in(
    told: tuple[Conversation, Evidence, list[str]], turn: int
) -> None:
    call, evidence, _ = told

    assert verbatim(call, greeted(call, replace(evidence, turn=turn)))


@given(said_words(), st.data())
def test_marks_case_and_a_misheard_letter_may_be_mended(
    told: tuple[Conversation, Evidence, list[str]], data: st.DataObject
) -> None:
    call, evidence, words = told
    plain = [n for n, word in enumerate(words) if len(word) > 6 and is_plain(word)]
    assume(greeted(call, evidence).status is DONE)
    mended = [re.sub(r"[^\w'’-]", "", word).upper() for word in words]
    if plain:
        place = data.draw(st.sampled_from(plain))
        word = words[place]
        mended[place] = word[:4] + data.draw(st.sampled_from("щъж")) + word[5:]

    item = greeted(call, replace(evidence, text=" ".join(mended)))

    assert item.status is DONE
    assert verbatim(call, item)
