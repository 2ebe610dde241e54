from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.call_sync.adapters.amocrm.duplicates import Listed
from services.call_sync.adapters.amocrm.parsing import (
    CallNote,
    call_facts,
    call_id,
    call_note,
    embedded,
    next_link,
    note_id,
    note_references,
)
from services.call_sync.domain import CallId, Direction

AT = datetime(2026, 3, 1, 21, 30, tzinfo=UTC)
SECONDS = int(AT.timestamp())
LINK = "https://pbx.example/rec?id=1&hash=2"
PARAMS = {
    "uniq": "pbx-1",
    "duration": 60,
    "link": LINK,
    "phone": "+79990000001",
    "call_responsible": 7,
}
NOTE = {"id": 42, "note_type": "call_in", "created_at": SECONDS, "created_by": 0, "params": PARAMS}


def parsed(**changes: Any) -> CallNote:
    note = call_note({**NOTE, **changes})
    assert note
    return note


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"id": "42", "created_at": f"{SECONDS}"},
        {"created_at": SECONDS * 1000},
        {"note_type": 10},
        {"params": {**PARAMS, "duration": "60"}},
        {"params": {**PARAMS, "duration": 60.0, "link": f"  {LINK}\n"}},
        {"params": {**PARAMS, "link": f"запись: {LINK} спасибо"}},
        {"params": {**{k: v for k, v in PARAMS.items() if k != "link"}, "text": f"see {LINK}"}},
        {"params": {name.upper(): value for name, value in PARAMS.items()}},
        {"params": '{"uniq":"pbx-1","duration":60,"link":"https://pbx.example/rec?id=1&hash=2",'
                   '"phone":"+79990000001","call_responsible":"7"}'},
    ],
)  # fmt: skip
def test_a_note_is_the_same_however_it_is_written(changes: dict[str, Any]) -> None:
    assert replace(parsed(**changes), spoke=()) == replace(parsed(), spoke=())
    assert (parsed().created_at, parsed().link) == (AT, LINK)


@pytest.mark.parametrize(
    "params",
    [None, [], "", {}, "no json", {"duration": "soon", "link": " "}, {"duration": -1, "link": None},
     {"duration": True, "link": "ftp://x/y"}, {"duration": float("nan"), "link": ["https://x"]},
     {"duration": 10**400, "link": "https://x/" + "y" * 3000}],
)  # fmt: skip
def test_what_is_missing_or_nonsense_is_not_known(params: Any) -> None:
    note = parsed(params=params)

    assert (note.duration_seconds, note.link) == (None, None)
    assert not call_facts(note, UTC, {}).answered


@pytest.mark.parametrize(
    "changes",
    [{"note_type": "common"}, {"id": None}, {"created_at": None}, {"created_at": "today"},
     {"created_at": 10**300}],
)  # fmt: skip
def test_what_is_no_call_or_has_no_time_is_left_out(changes: dict[str, Any]) -> None:
    assert call_note({**NOTE, **changes}) is None


def test_the_day_is_that_of_the_zone() -> None:
    assert call_facts(parsed(), ZoneInfo("Europe/Moscow"), {}).day.isoformat() == "2026-03-02"
    assert call_facts(parsed(), UTC, {}).day.isoformat() == "2026-03-01"
    assert call_facts(parsed(note_type="call_out"), UTC, {}).direction is Direction.OUTGOING


@pytest.mark.parametrize(
    ("changes", "employee"),
    [
        ({}, "Анна"),
        ({"params": {"call_responsible": "Мария\n Ивановна"}}, "Мария Ивановна"),
        ({"params": {}, "created_by": 7}, "Анна"),
        ({"params": {}, "responsible_user_id": 7}, "Анна"),
        ({"params": {"call_responsible": 8}}, "8"),
        ({"params": {}}, ""),
    ],
)
def test_the_employee_is_who_spoke(changes: dict[str, Any], employee: str) -> None:
    assert call_facts(parsed(**changes), UTC, {"7": "Анна"}).employee == employee


@pytest.mark.parametrize(
    "body", [{}, {"_embedded": None, "_links": None}, {"_embedded": {"x": 1}, "_links": {"next": 1}}]
)  # fmt: skip
def test_an_envelope_without_its_parts_is_an_empty_last_page(body: dict[str, Any]) -> None:
    assert embedded(body, "x") == []
    assert next_link(body) is None


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"entity_type": "lead", "value_after": [{"note": {"id": 1}}]}, [("leads", 1)]),
        ({"entity_type": "company", "value_after": {"note": {"id": "2"}}}, [("companies", 2)]),
        ({"entity_type": "task", "value_after": [{"note": {"id": 1}}]}, []),
        ({"entity_type": "lead", "value_after": [{"note": {}}, {}, None]}, []),
        ({"entity_type": "lead"}, []),
    ],
)
def test_events_name_their_notes(event: dict[str, Any], found: list[tuple[str, int]]) -> None:
    assert list(note_references(event)) == found


def test_call_ids_lead_back_to_notes() -> None:
    assert note_id(call_id(42)) == 42
    assert note_id(CallId("42")) is None
    assert note_id(CallId("amocrm-x")) is None


@pytest.mark.parametrize(
    ("changes", "twice"),
    [
        ({}, True),
        ({"uniq": "pbx-2"}, False),
        ({"uniq": ""}, True),
        ({"uniq": "", "created_at": AT + timedelta(seconds=60)}, True),
        ({"uniq": "", "created_at": AT - timedelta(seconds=61)}, False),
        ({"uniq": "", "phone": "8 (999) 000-00-01"}, True),
        ({"uniq": "", "phone": "+79990000002"}, False),
        ({"uniq": "", "phone": ""}, False),
        ({"uniq": "", "duration_seconds": 61.0}, False),
        ({"uniq": "", "direction": Direction.OUTGOING}, False),
        ({"uniq": "pbx-1", "phone": "", "created_at": AT + timedelta(hours=1)}, True),
    ],
)
def test_one_call_in_two_notes_is_listed_once(changes: dict[str, Any], twice: bool) -> None:
    listed = Listed()

    assert listed.take(parsed())
    assert not listed.take(parsed())
    assert listed.take(replace(parsed(id=43), **changes)) is not twice
    assert 43 in listed
