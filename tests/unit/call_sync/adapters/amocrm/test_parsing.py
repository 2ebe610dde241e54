from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.call_sync.adapters.amocrm.duplicates import Listed
from services.call_sync.adapters.amocrm.parsing import (
    CallNote,
    Reading,
    call_facts,
    call_id,
    call_note,
    embedded,
    next_query,
    note_id,
    note_references,
)
from services.call_sync.domain import CallId, Direction
from services.call_sync.spellings import Unreadable

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
READING = Reading(zone=UTC, now=AT + timedelta(days=30), otherwise=AT - timedelta(days=1))
NOTE = {"id": 42, "note_type": "call_in", "created_at": SECONDS, "created_by": 0, "params": PARAMS}


def parsed(**changes: Any) -> CallNote:
    note = call_note({**NOTE, **changes}, READING)
    assert note
    return note


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"id": "42", "created_at": f"{SECONDS}"},
        {"created_at": SECONDS * 1000},
        {"note_type": 10},
        {"note_type": "incoming_call"},
        {"note_type": "Call-In"},
        {"params": {**PARAMS, "phone": "+79990000001", "link": LINK.replace("&", "&amp;")}},
        {"created_at": AT.isoformat()},
        {"params": {**PARAMS, "duration": "60"}},
        {"params": {**PARAMS, "duration": "00:01:00"}},
        {"params": [PARAMS]},
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
    "params", [None, [], "", {}, {"duration": None, "link": " "}, {"link": ""}]
)
def test_a_call_of_which_nothing_is_said_is_no_missed_one(params: Any) -> None:
    note = parsed(params=params)

    assert (note.duration_seconds, note.link, note.fault) == (None, None, "")
    assert note.answered


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"params": {"duration": "soon"}}, "duration"),
        ({"params": {"duration": -1, "link": None}}, "duration"),
        ({"params": {"duration": True}}, "duration"),
        ({"params": {"duration": 60, "link": "ftp://x/y"}}, "link"),
        ({"params": {"duration": 60, "link": {"a": 1}}}, "link"),
        ({"id": None}, "no id"),
        ({"id": "x"}, "its id: 'x' is no whole number"),
        ({"id": 9007199254740993.0}, "its id"),
        ({"created_at": None}, "no time"),
        ({"created_at": "today"}, "its time: 'today' is no time"),
        ({"created_at": 10**300}, "its time"),
        ({"created_at": 60}, "1970"),
        ({"created_at": SECONDS + 10 * 365 * 86400}, "2036"),
    ],
)
def test_what_a_call_cannot_do_without_is_its_fault(changes: dict[str, Any], what: str) -> None:
    note = parsed(**changes)

    assert what in note.fault
    assert call_facts(note, UTC, {}).fault == note.fault
    assert note.call_id.startswith("amocrm-")


@pytest.mark.parametrize("raw", [None, "note", 5, [], ["x"]])
def test_what_is_no_note_is_a_call_that_cannot_be_read(raw: Any) -> None:
    note = call_note(raw, READING)

    assert note
    assert note.fault
    assert note.created_at == READING.otherwise
    assert note == call_note(raw, READING)


def test_a_call_with_a_link_does_without_a_length() -> None:
    note = parsed(params={**PARAMS, "duration": "soon"})

    assert (note.duration_seconds, note.link, note.fault) == (None, LINK, "")


@pytest.mark.parametrize("status", [6, "6", 6.0, "6 не дозвонились", 7, 5, 3], ids=repr)
@pytest.mark.parametrize("duration", [0, "0", "00:00", None], ids=repr)
def test_a_call_that_was_not_reached_is_missed_whatever_its_link(
    status: Any, duration: Any
) -> None:
    assert not parsed(params={**PARAMS, "duration": duration, "call_status": status}).answered


@pytest.mark.parametrize(
    ("params", "answered"),
    [
        ({"duration": 0}, False),
        ({"duration": 0, "link": LINK, "call_status": 4}, True),
        ({"duration": 0, "link": LINK}, True),
        ({"duration": 15, "call_status": 6}, True),
    ],
)
def test_who_talked_was_answered(params: dict[str, Any], answered: bool) -> None:
    assert parsed(params=params).answered is answered


@pytest.mark.parametrize("kind", ["common", 4, "call_in_ai"])
def test_other_notes_are_no_calls(kind: Any) -> None:
    assert call_note({**NOTE, "note_type": kind}, READING) is None
    named = call_note({**NOTE, "note_type": kind}, READING, surely=True)
    assert named == replace(parsed(), direction=Direction.UNKNOWN)


@pytest.mark.parametrize("kind", [{"id": 10}, [10]], ids=repr)
def test_a_kind_that_cannot_be_read_loses_no_call(kind: Any) -> None:
    assert parsed(note_type=kind) == replace(parsed(), direction=Direction.UNKNOWN)


def test_a_phone_that_is_a_fraction_is_the_number_that_it_was() -> None:
    assert parsed(params={**PARAMS, "phone": 79990000001.0}).phone == "79990000001"


def test_what_cannot_be_read_stays_where_its_time_is_known() -> None:
    assert parsed(params={"duration": "soon"}).is_dated
    assert not parsed(created_at="today").is_dated


@pytest.mark.parametrize("kind", [None, ""])
def test_a_note_without_a_kind_among_those_of_calls_is_a_call(kind: Any) -> None:
    assert parsed(note_type=kind).direction is Direction.UNKNOWN


def test_an_id_keeps_its_last_digit() -> None:
    assert parsed(id=9007199254740993).call_id == "amocrm-9007199254740993"
    assert parsed(id="9007199254740993").call_id == "amocrm-9007199254740993"


def test_an_update_in_the_future_does_not_hide_what_came_before_it() -> None:
    assert parsed(updated_at=SECONDS * 1000).updated_at == SECONDS
    assert parsed(updated_at=SECONDS + 10**9).updated_at == SECONDS


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
    ("notes", "found"),
    [
        ([1, 2], [1, 2]),
        ({"0": 1, "1": 2}, [1, 2]),
        ({"id": 7}, [{"id": 7}]),
        ([], []),
        ({}, []),
    ],
)
def test_a_list_may_come_as_an_object(notes: Any, found: list[Any]) -> None:
    assert embedded({"_embedded": {"notes": notes}}, "notes") == found
    assert embedded({"_embedded": []}, "notes") == []


@pytest.mark.parametrize(
    "body", [{}, {"_embedded": None}, {"_embedded": {"x": []}}, {"_embedded": {"notes": None}}, {"_embedded": {"notes": "x"}}]
)  # fmt: skip
def test_what_is_no_page_is_said_to_be_none(body: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match=r"_embedded\.notes"):
        embedded(body, "notes")


@pytest.mark.parametrize(
    "href",
    [
        "https://clinic.amocrm.ru/api/v4/leads/notes?page=2",
        "http://other.kommo.com/x?page=2",
        "//x/?page=2",
        "/api/v4/leads/notes?page=2",
        "?page=2",
    ],
)
@pytest.mark.parametrize("wrap", [lambda h: {"href": h}, lambda h: h], ids=["object", "text"])
def test_a_next_page_is_its_parameters(href: str, wrap: Any) -> None:
    assert next_query({"_links": {"next": wrap(href)}}) == [("page", "2")]


@pytest.mark.parametrize("following", [2, "2", {"href": 2}], ids=repr)
def test_a_next_page_may_be_a_number(following: Any) -> None:
    assert next_query({"_links": {"next": following}}) == [("page", "2")]


@pytest.mark.parametrize(
    "links",
    [None, [], {}, {"next": None}, {"next": ""}, {"next": {"href": None}}, {"next": []}],
    ids=repr,
)
def test_the_last_page_names_none(links: Any) -> None:
    assert next_query({"_links": links}) is None


@pytest.mark.parametrize("following", ["nowhere", "https://[x/?page=2", {"link": "x"}, ["x"]])
def test_a_next_page_that_is_none_is_no_end(following: Any) -> None:
    with pytest.raises(Unreadable):
        next_query({"_links": {"next": following}})


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"entity_type": "lead", "value_after": [{"note": {"id": 1}}]}, [("leads", 1)]),
        ({"entity_type": "company", "value_after": {"note": {"id": "2"}}}, [("companies", 2)]),
        ({"entity_type": "task", "value_after": [{"note": {"id": 1}}]}, [("", 1)]),
        ({"entity_type": "lead", "value_after": {"0": {"note": {"id": 1}}}}, [("leads", 1)]),
        ("event", []),
        ({"entity_type": "lead", "value_after": [{"note": {"id": 1.5}}]}, []),
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


TWIN: dict[str, Any] = {"call_id": call_id(43), "note_id": 43, "entity_id": 2}


@pytest.mark.parametrize(
    ("changes", "twice"),
    [
        ({}, True),
        ({"uniq": "pbx-2"}, False),
        ({"uniq": ""}, True),
        ({"created_at": AT + timedelta(seconds=60)}, True),
        ({"created_at": AT + timedelta(hours=1)}, False),
        ({"uniq": "", "created_at": AT - timedelta(seconds=61)}, False),
        ({"phone": "8 (999) 000-00-01"}, True),
        ({"phone": "+79990000002"}, False),
        ({"phone": ""}, False),
        ({"duration_seconds": 300.0}, False),
        ({"duration_seconds": None}, False),
        ({"link": "https://pbx.example/rec?id=2"}, False),
        ({"link": None}, True),
        ({"direction": Direction.OUTGOING}, False),
        ({"fault": "it has no time"}, False),
    ],
)
def test_two_notes_are_one_call_only_where_all_agrees(changes: dict[str, Any], twice: bool) -> None:
    listed = Listed()
    note = replace(parsed(), **{**TWIN, **changes})

    assert listed.take(parsed()) == parsed()
    assert listed.take(parsed()) is None
    assert listed.take(note) == replace(note, merged_into=call_id(42) if twice else None)
    assert note.call_id in listed


@pytest.mark.parametrize("uniq", ["0", 0, "null", "", None], ids=repr)
def test_an_id_that_all_calls_share_joins_none(uniq: Any) -> None:
    params = {**PARAMS, "uniq": uniq, "link": None, "duration": 0}
    listed = Listed()

    taken = [
        listed.take(parsed(id=n, entity_id=5, params=params, created_at=SECONDS + n))
        for n in (1, 2)
    ]

    assert [note and note.merged_into for note in taken] == [None, None]


def test_calls_in_a_row_keep_their_own_twins() -> None:
    params = {"duration": 0, "phone": "+79990000001"}
    listed = Listed()
    notes = [(1, 5, 0), (2, 6, 0), (3, 5, 30), (4, 6, 30)]

    taken = [
        listed.take(parsed(id=n, entity_id=entity, params=params, created_at=SECONDS + later))
        for n, entity, later in notes
    ]

    assert [note and note.merged_into for note in taken] == [None, "amocrm-1", None, "amocrm-3"]


def test_the_note_that_has_the_link_is_a_call_whichever_comes_first() -> None:
    bare = parsed(params={**PARAMS, "link": ""}, entity_id=5)
    linked = parsed(id=43, entity_id=6)
    listed = Listed()

    assert [listed.take(bare), listed.take(linked)] == [bare, linked]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("?X-Amz-Date=1&X-Amz-Signature=a", "?X-Amz-Date=2&X-Amz-Signature=b"),
        ("?Expires=1&Signature=a&id=7", "?id=7&Expires=2&Signature=b"),
        ("?sv=1&se=2&sig=a", "?sv=1&se=3&sig=b"),
        ("?access_token=a", "?access_token=b"),
        ("/a%20b.mp3", "/a b.mp3"),
        ("?a=1&b=2", "?b=2&a=1"),
    ],
)
@pytest.mark.parametrize("uniq", ["pbx-1", ""])
def test_links_of_one_recording_may_be_signed_anew(one: str, other: str, uniq: str) -> None:
    listed = Listed()
    first = replace(parsed(), link=f"https://s3.example/1.mp3{one}", uniq=uniq, entity_id=1)
    second = replace(first, **TWIN, link=f"HTTPS://S3.example:443/1.mp3{other}")

    assert listed.take(first) == first
    assert listed.take(second) == replace(second, merged_into=first.call_id)


@pytest.mark.parametrize("changes", [{"phone": ""}, {"entity_id": 1, "uniq": ""}])
def test_a_signed_link_alone_joins_none(changes: dict[str, Any]) -> None:
    link = "https://s3.example/get?token="
    given: dict[str, Any] = {"link": f"{link}a", "entity_id": 1} | changes
    first = replace(parsed(), **given)
    second = replace(first, **TWIN | changes | {"link": f"{link}b"})
    listed = Listed()

    assert [listed.take(first), listed.take(second)] == [first, second]


@pytest.mark.parametrize(
    "phone",
    ["8 (999) 000-00-01 доб. 12", "+7 999 000 00 01 ext. 5", "sip:79990000001@pbx.example:5060", "tel:+7-999-000-00-01;ext=5",
     "٧٩٩٩٠٠٠٠٠٠١"],
)  # fmt: skip
def test_a_number_is_the_same_however_it_is_written(phone: str) -> None:
    listed = Listed()
    first = replace(parsed(), link=None, uniq="", entity_id=1)

    assert listed.take(first) == first
    assert listed.take(replace(first, **TWIN, phone=phone)) != replace(first, **TWIN, phone=phone)


@pytest.mark.parametrize("phone", ["", "anonymous", "0", "000"])
def test_what_telephony_gives_to_all_joins_no_hidden_numbers(phone: str) -> None:
    first = replace(parsed(), link=None, uniq="asterisk", phone=phone, entity_id=1)
    second = replace(first, **TWIN)
    listed = Listed()

    assert [listed.take(first), listed.take(second)] == [first, second]
