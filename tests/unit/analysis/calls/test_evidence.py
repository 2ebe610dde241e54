import pytest

from services.analysis.calls.domain import (
    Agreement,
    CheckedItem,
    ClientFact,
    Evidence,
    ItemStatus,
    Judgement,
    Objection,
)
from services.analysis.calls.evidence import check_evidence, occurs
from tests.builders.analysis import said

CALL = said(
    "O: Клиника Здоровье, добрый день!",
    "C: Всё равно для меня это слишком дорого. Мне надо посоветоваться с женой.",
    "O: Да.",
    "C: Иногда.",
)


@pytest.mark.parametrize(
    ("turn", "text"),
    [
        (0, "Клиника Здоровье, добрый день!"),
        (0, "клиника здоровье"),
        (1, "Все равно для меня это слишком дорого"),
        (1, "для меня это слишком дорога"),
        (1, "надо посоветовать с женой"),
        (2, "Да."),
    ],
)
def test_a_quote_that_was_said_occurs(turn: int, text: str) -> None:
    assert occurs(Evidence(turn=turn, text=text), CALL)


@pytest.mark.parametrize(
    ("turn", "text"),
    [
        (0, "Всё равно для меня это слишком дорого"),
        (1, "Клиент просит скидку и рассрочку"),
        (0, "Клиника Здоровье, добрый день! Запишите меня, пожалуйста, на завтра."),
        (2, "Да, записывайте меня, мне всё подходит"),
        (3, "да"),
        (1, ""),
        (1, "..."),
        (4, "Да."),
        (-1, "Иногда."),
    ],
)
def test_a_quote_nobody_said_in_that_turn_does_not_occur(turn: int, text: str) -> None:
    assert not occurs(Evidence(turn=turn, text=text), CALL)


def test_invented_quotes_are_dropped_and_flagged_with_claims_that_are_nothing_without() -> None:
    real = Evidence(turn=1, text="слишком дорого")
    invented = Evidence(turn=1, text="у соседей вдвое дешевле")
    judgement = Judgement(
        call_type="price_inquiry",
        outcome="thinking",
        outcome_quote=invented,
        sentiment="neutral",
        summary="",
        objections=(
            Objection(kind="price", quote=real),
            Objection(kind="competitor", quote=invented),
            Objection(kind="time", quote=None),
        ),
        agreements=(Agreement(text="скидка", quote=invented), Agreement(text="цена", quote=real)),
        client_facts=(ClientFact(kind="family", text="соседи", quote=invented),),
        checklist=(
            CheckedItem(item="offer", status=ItemStatus.COMPLETED, quote=invented),
            CheckedItem(item="needs", status=ItemStatus.NOT_REACHED),
        ),
    )

    checked, flags = check_evidence(judgement, CALL)

    assert checked.outcome_quote is None
    assert [o.kind for o in checked.objections] == ["price"]
    assert [a.text for a in checked.agreements] == ["цена"]
    assert checked.client_facts == ()
    assert checked.checklist[0].status is ItemStatus.COMPLETED
    assert checked.checklist[0].quote is None
    assert flags == (
        "outcome: quote not found in turn 1",
        "objections.competitor: quote not found in turn 1",
        "objections.time: dropped, it has no quote",
        "checklist.offer: quote not found in turn 1",
        "agreements.0: quote not found in turn 1",
        "client_facts.family: quote not found in turn 1",
    )
