"""The manifest of a folder of recordings, `calls.csv`, read into calls. Pure functions."""

import codecs
import contextlib
import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import PurePosixPath
from typing import TypeVar

from services.call_sync import spellings
from services.call_sync.calls.contacts import shown_contact
from services.call_sync.domain import CallFacts, CallId, Direction, SourceInvalid
from services.call_sync.spellings import Unreadable
from services.status.domain import RECOGNISED

T = TypeVar("T")

NAME = "calls.csv"
REQUIRED = ("file", "start_time")
COLUMNS = (
    *REQUIRED,
    *("call_id", "direction", "duration_seconds", "employee", "contact", "answered", "language"),
)
_ALSO = {
    "file": (
        *("filename", "file_name", "path", "recording", "recording_file", "audio", "audio_file"),
        *("файл", "имя_файла", "запись", "файл_записи"),
    ),
    "start_time": (
        *(
            "start",
            "started_at",
            "start_at",
            "datetime",
            "date_time",
            "call_time",
            "call_date",
            "timestamp",
        ),
        *("начало", "дата_и_время", "время_начала", "время_звонка", "дата_звонка"),
    ),
    "direction": ("направление",),
    "duration_seconds": ("duration", "length", "длительность", "продолжительность"),
    "employee": ("operator", "manager", "agent", "сотрудник", "оператор", "менеджер"),
    "contact": ("phone", "client", "customer", "телефон", "клиент", "контакт", "номер"),
    "answered": ("отвечен",),
    "language": ("lang", "язык"),
}
"""What people call the columns."""

_MAX_FAULTS = 5
_MAX_TEXT = 200
_MAX_FILE = 1000
_MAX_LOOKED_AT = 100_000
_DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MIXED = re.compile(r"[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z]")
"""No word of anybody: the text is in something else."""
_OLD_ENCODINGS = ("cp1251", "cp866", "koi8-r", "mac-cyrillic")
_RUSSIAN = re.compile(r"[\x00-\x7fА-Яа-яЁё\u00a0«»“”„№–—…]*")
_COMMON = frozenset("оеаинтсрвлкм")
"""The letters that Russian has most of."""
_EARLIEST_YEAR = 2000
_AROUND_NAMES = " \t\r\n\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00a0"
_DRIVE = re.compile(r"[A-Za-z]:/")
_CALL_ID = re.compile(r"[A-Za-z0-9._:@+-]{1,128}")
_LONG_NUMBER = re.compile(r"\+\d[\d ()-]{6,}(\d\d)|\d{6,}(\d\d)")
"""What may be a phone number in the name of a file."""
_LANGUAGE = re.compile(r"([a-z]{2})([-_][a-z]{2})?")
"""A language, with a region or without: `ru`, `en-US`."""
_NOT_WORD = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60
_LONGEST_ID = 120
_DIRECTIONS = {
    "incoming": Direction.INCOMING,
    "inbound": Direction.INCOMING,
    "входящий": Direction.INCOMING,
    "in": Direction.INCOMING,
    "outgoing": Direction.OUTGOING,
    "outbound": Direction.OUTGOING,
    "исходящий": Direction.OUTGOING,
    "out": Direction.OUTGOING,
    "unknown": Direction.UNKNOWN,
    "": Direction.UNKNOWN,
}
_ANSWERS = {
    "yes": True,
    "true": True,
    "1": True,
    "да": True,
    "no": False,
    "false": False,
    "0": False,
    "нет": False,
}


class _Fault(ValueError):
    """What is wrong in one column and what to do about it."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(f"column {column}: {message}")


def decode_manifest(content: bytes) -> str:
    """Return the text of a manifest, in UTF-8, 16 or 32 or as Excel writes it in Russia; raises SourceInvalid."""
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
    if encoding == "utf-8" and b"\0" in content[:4]:
        encoding = "utf-16-be" if content.startswith(b"\0") else "utf-16-le"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and (text := _from_russia(content)):
            return text
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceInvalid(f"{NAME}, line {line}: not UTF-8; save the file as CSV UTF-8") from None


def _from_russia(content: bytes) -> str | None:
    """Return a text in the one of the old encodings of Cyrillic that makes the likeliest words of it; None where none does."""
    found: list[str] = []
    for encoding in _OLD_ENCODINGS:
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            strange = any(ord(c) > 127 and unicodedata.category(c) in ("Cc", "Cn") for c in text)  # noqa: PLR2004
            first = encoding == _OLD_ENCODINGS[0]
            likely = first or (_RUSSIAN.fullmatch(text) and _likelihood(text))
            if likely and not strange and not _MIXED.search(text):
                found.append(text)
    return max(found, key=_likelihood, default=None)


def _likelihood(text: str) -> int:
    """Return how much of a text are letters that are common in Russian; most of them are small."""
    return sum(2 if each in _COMMON else each.lower() in _COMMON for each in text[:_MAX_LOOKED_AT])


def parse_manifest(text: str, time_zone: tzinfo) -> list[CallFacts]:
    """Return the calls of a manifest in its order.

    Fields are separated by `,`, `;`, a tab or `|`, columns are found by their names in the first line, others are
    ignored. A row that is there twice is merged into the first. A start_time without an offset is in `time_zone`, and so is the day of every call. A call without a call_id is
    named by its file, a missed one by its time and people. Raises SourceInvalid naming up to five faulty rows.
    """
    calls: list[CallFacts] = []
    lines: dict[CallId, int] = {}
    first: dict[CallId, CallFacts] = {}
    faults: list[str] = []
    for line, row in _rows(text):
        try:
            call = _call(row, time_zone)
            if call.recording_link is None and not row.get("call_id"):
                call = _told_apart(call, first)
            if call == first.get(call.call_id):
                call = _again(call, lines)
            elif call.call_id in lines:
                raise _Fault(
                    "call_id",
                    f"the same call as in line {lines[call.call_id]}; remove one, or give ids",
                )
            else:
                first[call.call_id] = call
        except _Fault as fault:
            faults.append(f"line {line}, {fault}")
            if len(faults) == _MAX_FAULTS:
                break
        else:
            lines[call.call_id] = line
            calls.append(call)
    if faults:
        raise SourceInvalid(f"{NAME}: " + "; ".join(faults))
    return calls


def _told_apart(call: CallFacts, known: Mapping[CallId, CallFacts]) -> CallFacts:
    """Return a call under an id that no other call has, where what ids are made of does not tell them apart."""
    given, number = call, 2
    while known.get(call.call_id, call) != call:
        call = replace(given, call_id=CallId(f"{given.call_id}-call{number}"))
        number += 1
    return call


def _again(call: CallFacts, known: Collection[CallId]) -> CallFacts:
    """Return a row that is there once more, under an id of its own."""
    number = 2
    while (call_id := CallId(f"{call.call_id[:_LONGEST_ID]}-row{number}")) in known:
        number += 1
    return replace(call, call_id=call_id, merged_into=call.call_id)


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield (line it begins in, column -> text) of every row that is not blank."""
    if "\0" in text:
        raise SourceInvalid(f"{NAME} holds zero bytes: it is no text; save it as CSV UTF-8")
    text = text.rstrip("\x1a")  # DOS ended its files so
    delimiter, line = _delimiter(text)
    lines = io.StringIO(text, newline="")
    for _ in range(line - 1):
        lines.readline()
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header: list[str] = []
    before = line - 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                if header:
                    yield line, _row(header, fields, line)
                else:
                    header = _header(fields, line)
            line = before + reader.line_num + 1
    except csv.Error as error:
        raise SourceInvalid(
            f"{NAME}, line {line}: not readable as CSV ({error}); check the double quotes"
        ) from None
    if not header:
        raise SourceInvalid(
            f"{NAME} is empty: its first line names the columns {', '.join(COLUMNS)}"
        )


def _delimiter(text: str) -> tuple[str, int]:
    """Return what separates the fields, and the line of the columns: Excel may name the separator in one before it."""
    number, head = next(
        ((n, line) for n, line in enumerate(io.StringIO(text, newline="")) if line.strip()), (0, "")
    )
    if said := re.fullmatch(r"\W*sep=(.)\W*", head.strip(" \ufeff"), re.IGNORECASE):
        return said[1], number + 2
    return max(_DELIMITERS, key=head.count), 1


def _columns(fields: list[str]) -> list[str]:
    """Return the names of columns, those that people gave them for ours, unless one has the very name."""
    given = [re.sub(r"[\s-]+", "_", field.strip(_AROUND_NAMES).lower()) for field in fields]
    ours = {each: column for column, also in _ALSO.items() if column not in given for each in also}
    return [ours.get(name, name) for name in given]


def _header(fields: list[str], line: int) -> list[str]:
    names = _columns(fields)
    for column in COLUMNS:
        if column in REQUIRED and column not in names:
            raise SourceInvalid(
                f"{NAME}, line {line}: column {column} is missing; it has {', '.join(names)[:_MAX_TEXT]}. Name the "
                f"columns in the first line: {', '.join(COLUMNS)}, with commas, semicolons or tabs between"
            )
        if names.count(column) > 1:
            raise SourceInvalid(f"{NAME}, line {line}: column {column} is there twice; remove one")
    return names


def _row(header: list[str], fields: list[str], line: int) -> Mapping[str, str]:
    if len(fields) < len(header) or any(field.strip() for field in fields[len(header) :]):
        raise SourceInvalid(
            f"{NAME}, line {line}: {len(fields)} fields under {len(header)} columns; "
            "put a field that holds the separator into double quotes"
        )
    return {name: field.strip(_AROUND_NAMES) for name, field in zip(header, fields, strict=False)}


def _call(row: Mapping[str, str], time_zone: tzinfo) -> CallFacts:
    file = _file(row["file"])
    started_at = _started_at(row["start_time"], time_zone)
    employee, contact = _text(row, "employee"), _text(row, "contact")
    return CallFacts(
        call_id=_call_id(row.get("call_id", ""))
        or (file_id(file) if file else _missed_id(started_at, employee, contact)),
        day=started_at.astimezone(time_zone).date(),
        started_at=started_at,
        direction=_choice(row, "direction", _DIRECTIONS),
        duration_seconds=_duration(row.get("duration_seconds", "")),
        employee=employee,
        contact=contact,
        answered=_choice(row, "answered", {**_ANSWERS, "": file is not None}),
        recording_link=file,
        language=_language(row.get("language", "")),
    )


def _file(text: str) -> str | None:
    if spellings.is_nothing(text):
        return None
    if len(text) > _MAX_FILE or _has_control(text):
        raise _Fault("file", "not a file name; write it as in the folder, with / between folders")
    path = PurePosixPath(text.replace("\\", "/"))  # as Windows has it
    if _DRIVE.match(str(path)) or path.is_absolute() or ".." in path.parts or not path.name:
        raise _Fault("file", "leads out of the folder; write the name relative to it")
    return str(path)


def _started_at(text: str, time_zone: tzinfo) -> datetime:
    try:
        moment = spellings.moment(text, time_zone)
    except Unreadable:
        moment = None
    if moment is None or moment.year < _EARLIEST_YEAR:
        raise _Fault("start_time", f"{text[:40]!r} is no time; write 2026-01-31T14:05:00")
    return moment


def _call_id(text: str) -> CallId | None:
    if text and not _CALL_ID.fullmatch(text):
        raise _Fault("call_id", "use at most 128 of A-Z a-z 0-9 . _ : @ + -, or leave it empty")
    return CallId(text) if text else None


def file_id(path: str) -> CallId:
    """Return the id of a call that has none of its own: the name of its file for people, a hash for the rest.

    Ids are logged, and files are often named by phone numbers: of a long number the last two digits stay.
    """
    path = unicodedata.normalize("NFC", path)  # a Mac writes accents apart
    name = _NOT_WORD.sub("-", _LONG_NUMBER.sub(r"\1\2", path))[:_LONGEST_NAME]
    return CallId(f"{name}-{_digest(path)[:12]}")


def _missed_id(started_at: datetime, employee: str, contact: str) -> CallId:
    """Return the id of a call without a file, of what everybody sees of it.

    Of a whole number, somebody who sees a part of it would find the rest by trying.
    """
    return CallId(_digest(started_at.isoformat(), employee, shown_contact(contact)))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _duration(text: str) -> float | None:
    try:
        return spellings.seconds(text, surely=True)
    except Unreadable:
        raise _Fault(
            "duration_seconds", f"{text[:40]!r} is no number of seconds up to a day"
        ) from None


def _language(text: str) -> str:
    named = _LANGUAGE.fullmatch(text.lower())
    if text and not (named and named[1] in RECOGNISED):
        raise _Fault(
            "language",
            f"{text[:40]!r} is no language that speech is recognised in; "
            "write its two letters of ISO 639-1, such as ru or en, or leave it empty",
        )
    return named[1] if named else ""


def _text(row: Mapping[str, str], column: str) -> str:
    text = " ".join(row.get(column, "").split())
    if len(text) > _MAX_TEXT or _has_control(text):
        raise _Fault(column, f"longer than {_MAX_TEXT} characters, or not plain text; shorten it")
    return text


def _choice(row: Mapping[str, str], column: str, choices: Mapping[str, T]) -> T:
    text = row.get(column, "").lower()
    if text not in choices:
        raise _Fault(column, f"{text[:40]!r} is none of {', '.join(filter(None, choices))}")
    return choices[text]


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text)
