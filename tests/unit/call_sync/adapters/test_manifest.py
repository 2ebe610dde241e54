import csv
import io
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.call_sync.adapters.manifest import COLUMNS, decode_manifest, parse_manifest
from services.call_sync.domain import CallFacts, Direction, SourceInvalid

MOSCOW = ZoneInfo("Europe/Moscow")
HEADER = "call_id,file,start_time,direction,duration_seconds,employee,contact,answered\n"


def parse(text: str) -> list[CallFacts]:
    return parse_manifest(text, MOSCOW)


def fault(text: str) -> str:
    with pytest.raises(SourceInvalid) as raised:
        parse(text)
    return str(raised.value)


def test_a_full_row_becomes_a_call() -> None:
    [call] = parse(
        HEADER + "c-1,march/a.wav,2026-03-01T09:30:00,incoming,12.5,Анна,+79990000000,yes"
    )

    assert call.call_id == "c-1"
    assert call.day == date(2026, 3, 1)
    assert call.started_at == datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
    assert call.direction is Direction.INCOMING
    assert call.duration_seconds == 12.5
    assert (call.employee, call.contact) == ("Анна", "+79990000000")
    assert call.answered
    assert call.recording_link == "march/a.wav"


@pytest.mark.parametrize(
    ("written", "language"),
    [("", ""), ("en", "en"), (" RU ", "ru"), ("en-US", "en"), ("pt_br", "pt")],
)
def test_a_call_may_say_its_language(written: str, language: str) -> None:
    [call] = parse(f"file,start_time,Язык\na.wav,2026-03-01T09:30,{written}")

    assert call.language == language


def test_two_columns_are_enough() -> None:
    [recorded, missed] = parse(
        "start_time;file\n2026-03-01 09:30;./a,b.wav\n\n2026-03-01T10:00+00:00;"
    )

    assert recorded.answered
    assert recorded.recording_link == "a,b.wav"
    assert recorded.direction is Direction.UNKNOWN
    assert recorded.duration_seconds is None
    assert not missed.answered
    assert missed.recording_link is None


def test_excel_writes_a_mark_semicolons_and_carriage_returns() -> None:
    content = "\ufeffFile;Start_Time;Duration_Seconds;\r\na.wav;2026-03-01 09:30:00;12,5;\r\n"

    [call] = parse(decode_manifest(content.encode()))

    assert (call.recording_link, call.duration_seconds) == ("a.wav", 12.5)


def test_the_day_is_the_one_of_the_client() -> None:
    [call] = parse("file,start_time\na.wav,2026-03-01T22:30:00Z")

    assert call.day == date(2026, 3, 2)


def test_a_derived_id_depends_on_the_file_alone_or_on_time_and_people() -> None:
    first = parse("file,start_time,employee\na.wav,2026-03-01T09:30,Анна\n,2026-03-01T09:30,Анна")
    moved = parse("start_time,file,employee\n2026-03-02T11:00,a.wav,\n2026-03-01T06:30Z,,Анна")

    assert [call.call_id for call in first] == [call.call_id for call in moved]
    assert first[0].call_id != first[1].call_id


def test_the_id_of_a_missed_call_tells_nobody_the_number_it_is_shown_a_part_of() -> None:
    header = "file,start_time,employee,contact\n,2026-03-01T09:30,Анна,"
    [call], [masked], [other] = (
        parse(header + contact) for contact in ("+79161234567", "+79169994567", "+79161234568")
    )

    assert call.call_id == masked.call_id
    assert call.call_id != other.call_id


def test_missed_calls_that_are_shown_alike_are_calls_of_their_own() -> None:
    first, second, again = parse(
        "file,start_time,contact\n,2026-03-01T09:30,+79161234567\n"
        + ",2026-03-01T09:30,+79169994567\n" * 2
    )

    assert (first.merged_into, second.merged_into) == (None, None)
    assert again.merged_into == second.call_id
    assert len({first.call_id, second.call_id, again.call_id}) == 3


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("clinic/call 7.mp3", "clinic-call-7.mp3-"),
        ("моя запись.wav", "моя-запись.wav-"),
        ("79991112233_in.wav", "33_in.wav-"),
        ("+7 (999) 111-22-33.wav", "33.wav-"),
        ("a" * 200 + ".wav", "a" * 60 + "-"),
    ],
)
def test_an_id_tells_people_the_file_but_no_phone_number(file: str, name: str) -> None:
    [call] = parse(f"file,start_time\n{file},2026-03-01T09:30")

    assert call.call_id.startswith(name)
    assert len(call.call_id) == len(name) + 12


def test_people_and_links_stay_out_of_the_repr() -> None:
    [call] = parse("file,start_time,contact\n79991112233.wav,2026-03-01T09:30,+79991112233")

    assert "79991112233" not in repr(call)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty", "start_time"]),
        ("file,when\na.wav,2026-03-01", ["line 1", "start_time is missing"]),
        ("file,start_time,file\n", ["line 1", "file is there twice"]),
        ("file,start_time\na.wav,2026-03-01T09:30,x", ["line 2", "3 fields under 2 columns"]),
        ("file,start_time\na.wav", ["line 2", "1 fields under 2 columns"]),
        ('file,start_time\n\n"a.wav,2026-03-01T09:30\n', ["line 3", "double quotes"]),
        (
            "file,start_time\na.wav,yesterday",
            ["line 2", "column start_time", "2026-01-31T14:05:00"],
        ),
        ("file,start_time\na.wav,2026-03-01", ["line 2", "column start_time"]),
        ("file,start_time\na.wav,60", ["line 2", "column start_time"]),
        ("file,start_time\na.wav,0001-01-01T00:00+14:00", ["column start_time"]),
        (
            "file,start_time\n../a.wav,2026-03-01T09:30",
            ["line 2", "column file", "out of the folder"],
        ),
        ("file,start_time\nb/../../a.wav,2026-03-01T09:30", ["out of the folder"]),
        ("file,start_time\n/etc/passwd,2026-03-01T09:30", ["out of the folder"]),
        ("file,start_time\n.,2026-03-01T09:30", ["out of the folder"]),
        ("file,start_time\nC:\\b\\a.wav,2026-03-01T09:30", ["column file", "out of the folder"]),
        ("file,start_time\n..\\a.wav,2026-03-01T09:30", ["column file", "out of the folder"]),
        ("name,when\n", ["column file is missing", "it has name, when", "semicolons or tabs"]),
        ("file,start_time\n\0,2026-03-01T09:30", ["zero bytes"]),
        (HEADER + "a b,a.wav,2026-03-01T09:30,,,,,", ["line 2", "column call_id"]),
        (HEADER + "c1,a.wav,2026-03-01T09:30,sideways,,,,", ["column direction", "incoming"]),
        (HEADER + "c1,a.wav,2026-03-01T09:30,,-1,,,", ["column duration_seconds"]),
        (HEADER + "c1,a.wav,2026-03-01T09:30,,nan,,,", ["column duration_seconds"]),
        (HEADER + "c1,a.wav,2026-03-01T09:30,,1e9,,,", ["column duration_seconds"]),
        (HEADER + "c1,a.wav,2026-03-01T09:30,,,,,maybe", ["column answered", "yes"]),
        (
            "file,start_time,language\na.wav,2026-03-01T09:30,english",
            ["line 2", "column language", "en"],
        ),
        (
            "file,start_time,language\na.wav,2026-03-01T09:30,xx",
            ["line 2", "column language", "'xx'"],
        ),
        (HEADER + f"c1,a.wav,2026-03-01T09:30,,,{'x' * 201},,", ["column employee"]),
        (HEADER + "c1,a.wav,2026-03-01T09:30,,,,\x07,", ["column contact"]),
        (
            "file,start_time\na.wav,2026-03-01T09:30\na.wav,2026-03-02T09:30",
            ["line 3", "in line 2"],
        ),
    ],
)
def test_a_fault_names_line_and_column(text: str, words: list[str]) -> None:
    message = fault(text)

    assert "calls.csv" in message
    for word in words:
        assert word in message


def test_faults_of_several_rows_come_together_up_to_five() -> None:
    message = fault("file,start_time\n" + "a.wav,soon\n" * 9)

    assert [f"line {n}," in message for n in range(2, 8)] == [True] * 5 + [False]


def test_a_fault_after_a_field_of_two_lines_names_its_own_line() -> None:
    message = fault('file,start_time,note\na.wav,2026-03-01T09:30,"one\ntwo"\nb.wav,soon,')

    assert "line 4, column start_time" in message


def test_another_encoding_is_named() -> None:
    with pytest.raises(SourceInvalid, match="line 2: not UTF-8"):
        decode_manifest("file,start_time\n,Müller".encode("latin-1"))


ROWS = "file{0}start_time{0}employee\na.wav{0}2026-03-01 09:30{0}Анна\n"


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "cp1251",
        "cp866",
        "koi8-r",
        "mac-cyrillic",
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("before", ["", "sep={0}\n", '"sep={0}"\r\n', "\n"])
def test_a_list_is_read_however_a_program_saved_it(
    encoding: str, delimiter: str, before: str
) -> None:
    text = (before + ROWS).format(delimiter)

    for ends in ("\n", "\r\n", "\r"):
        [call] = parse(decode_manifest(text.replace("\r", "").replace("\n", ends).encode(encoding)))
        assert (call.recording_link, call.employee) == ("a.wav", "Анна")


@pytest.mark.parametrize(
    "header",
    [
        "File Name;Start Time",
        "filename;Started At",
        "ФАЙЛ;Дата и время",
        " file ;start-time",
        "Path;datetime",
        "Файл записи;Дата звонка",
    ],
)
def test_columns_may_have_the_names_people_give_them(header: str) -> None:
    [call] = parse(f"{header}\na.wav;01.03.2026 09:30")

    assert (call.recording_link, call.day) == ("a.wav", date(2026, 3, 1))


def test_a_column_of_the_very_name_goes_before_others() -> None:
    [call] = parse("path,file,start_time\n/elsewhere,a.wav,2026-03-01T09:30")

    assert call.recording_link == "a.wav"


def test_a_file_is_found_in_the_folders_that_windows_names() -> None:
    [call] = parse("file,start_time\nmarch\\a.wav,2026-03-01T09:30")

    assert call.recording_link == "march/a.wav"


def test_a_row_that_is_there_again_is_merged_and_counted() -> None:
    row = "a.wav,2026-03-01T09:30\n"
    first, second, third = parse(f"file,start_time\n{row}{row}{row}")

    assert first.merged_into is None
    assert second.merged_into == third.merged_into == first.call_id
    assert len({first.call_id, second.call_id, third.call_id}) == 3


@pytest.mark.parametrize(
    "row",
    ["\u200ba.wav,2026-03-01T09:30,Анна", "a.wav,46082.3958333333,Анна", "a.wav,2026-03-01T09:30,Анна\x1a",
     "a.wav,2026-03-01T09:30,\u2028Анна", "a.wav,2026-03-01T09:30,Анна\x85", "\u00a0a.wav ,\u200b2026-03-01T09:30,Анна\x0b"],
    ids=ascii,
)  # fmt: skip
def test_what_nobody_sees_changes_no_row(row: str) -> None:
    [call] = parse(f"file,start_time,employee\n{row}")

    assert (call.recording_link, call.employee) == ("a.wav", "Анна")
    assert call.started_at == datetime(2026, 3, 1, 9, 30, tzinfo=MOSCOW)


def test_a_dash_is_no_file() -> None:
    [call] = parse("file,start_time\n-,2026-03-01T09:30")

    assert (call.recording_link, call.answered) == (None, False)


def test_seconds_are_seconds_where_the_column_says_so() -> None:
    calls = parse(
        "file,start_time,duration_seconds\na,2026-03-01T09:30,18000\nb,2026-03-01T09:30,1:25"
    )

    assert [call.duration_seconds for call in calls] == [18000, 85]


@given(st.text(max_size=300))
def test_any_text_after_a_header_is_calls_or_a_clear_refusal(text: str) -> None:
    try:
        calls = parse(HEADER + text)
    except SourceInvalid as error:
        assert "calls.csv" in str(error)  # noqa: PT017
    else:
        assert len({call.call_id for call in calls}) == len(calls)


@given(st.text(max_size=300))
def test_any_text_is_calls_or_a_clear_refusal(text: str) -> None:
    try:
        parse(text)
    except SourceInvalid as error:
        assert "calls.csv" in str(error)  # noqa: PT017


FIELDS = st.fixed_dictionaries(
    dict.fromkeys(COLUMNS, st.text(max_size=12))
    | {
        "start_time": st.datetimes().map(str) | st.text(max_size=12),
        "file": st.sampled_from(["", "a.wav", "x/../../y", "март/звонок 1.mp3"])
        | st.text(max_size=12),
    }
)


@given(st.lists(FIELDS, max_size=4), st.sampled_from(",;"))
def test_any_fields_well_quoted_are_calls_inside_the_folder_or_a_clear_refusal(
    rows: list[dict[str, str]], delimiter: str
) -> None:
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    try:
        calls = parse(written.getvalue())
    except SourceInvalid as error:
        assert "calls.csv" in str(error)  # noqa: PT017
        return
    for call in calls:
        assert call.started_at.tzinfo is UTC
        assert "\0" not in f"{call.employee}{call.contact}"
        if call.recording_link is not None:
            assert not call.recording_link.startswith("/")
            assert ".." not in call.recording_link.split("/")


@given(st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 31)))  # noqa: DTZ001
def test_a_time_without_an_offset_is_on_its_own_day(moment: datetime) -> None:
    [call] = parse(f"file,start_time\na.wav,{moment.isoformat()}")

    assert call.day == moment.date()
