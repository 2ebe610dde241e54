"""Which fields a refusal names."""

import pytest

from services.kernel.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("start_date: '2026-02-30' is no date", [("start_date", "'2026-02-30' is no date")]),
        (
            "settings.source: there is no a; settings.playbook: there is no b, there are: c",
            [
                ("settings.source", "there is no a"),
                ("settings.playbook", "there is no b, there are: c"),
            ],
        ),
        (
            "meet_url: is no meeting; write it as https://meet.google.com/a",
            [("meet_url", "is no meeting; write it as https://meet.google.com/a")],
        ),
        ("the call ended before its message came", []),
        ("there is none; x: y", []),
        ("", []),
    ],
)
def test_a_refusal_names_the_fields_with_which_its_text_begins(
    text: str, faults: list[tuple[str, str]]
) -> None:
    assert InvalidInput(text).faults == faults
