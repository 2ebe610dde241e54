from datetime import UTC, date, datetime

import pytest

from services.analysis.calls.dialogue import parse_dialogue
from services.analysis.calls.domain import Speaker
from services.kernel.errors import InvalidInput

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


def test_a_line_is_a_turn_of_whom_it_names() -> None:
    text = """
    # a call of the sort we often get
    o: Добрый день.
      C : Сколько стоит: чистка?

    О: Пять тысяч.
    с: Спасибо.
    ?: Алло
    """

    conversation = parse_dialogue(text, "ru", NOW)

    assert [(turn.speaker, turn.text) for turn in conversation.turns] == [
        (Speaker.OPERATOR, "Добрый день."),
        (Speaker.CLIENT, "Сколько стоит: чистка?"),
        (Speaker.OPERATOR, "Пять тысяч."),
        (Speaker.CLIENT, "Спасибо."),
        (Speaker.UNKNOWN, "Алло"),
    ]
    assert [turn.index for turn in conversation.turns] == [0, 1, 2, 3, 4]
    assert (conversation.language, conversation.call.day) == ("ru", date(2026, 1, 15))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("o: Hello\nHello to you", "line 2, 'Hello to you'"),
        ("operator: Hello", "line 1, 'operator: Hello'"),
        ("o: Hello\n\nc:", "line 3, 'c:'"),
        ("x" * 100, f"line 1, '{'x' * 40}', is no turn"),
    ],
)
def test_a_line_that_is_no_turn_is_named(text: str, line: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_dialogue(text, "en", NOW)

    assert line in str(raised.value)
    assert "begin it with `o:`" in str(raised.value)
