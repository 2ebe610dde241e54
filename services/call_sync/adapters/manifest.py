"""The manifest of a folder of recordings, `calls.csv`, read into calls. Pure functions."""

import csv
import hashlib
import io
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath
from typing import TypeVar

from services.call_sync.domain import CallFacts, CallId, Direction, SourceInvalid

T = TypeVar("T")

NAME = "calls.csv"
REQUIRED = ("file", "start_time")
COLUMNS = (*REQUIRED, "call_id", "direction", "duration_seconds", "employee", "contact", "answered")

_MAX_FAULTS = 5
_MAX_TEXT = 200
_MAX_FILE = 1000
_MAX_DURATION_SECONDS = 86_400
_YEARS = range(1970, 2200)
_CALL_ID = re.compile(r"[A-Za-z0-9._:@+-]{1,128}")
_LONG_NUMBER = re.compile(r"\+\d[\d ()-]{6,}(\d\d)|\d{6,}(\d\d)")
"""What may be a phone number in the name of a file."""
_NOT_WORD = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60
_DIRECTIONS = {
    "incoming": Direction.INCOMING,
    "in": Direction.INCOMING,
    "outgoing": Direction.OUTGOING,
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
    """Return the text of a manifest; raises SourceInvalid where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceInvalid(f"{NAME}, line {line}: not UTF-8; save the file as CSV UTF-8") from None


def parse_manifest(text: str, time_zone: tzinfo) -> list[CallFacts]:
    """Return the calls of a manifest in its order.

    Fields are separated by `,` or `;`, columns are found by their names in the first line, others are ignored.
    A start_time without an offset is in `time_zone`, and so is the day of every call. A call without a call_id is
    named by its file, a missed one by its time and people. Raises SourceInvalid naming up to five faulty rows.
    """
    calls: list[CallFacts] = []
    lines: dict[CallId, int] = {}
    faults: list[str] = []
    for line, row in _rows(text):
        try:
            call = _call(row, time_zone)
            if call.call_id in lines:
                raise _Fault(
                    "call_id",
                    f"the same call as in line {lines[call.call_id]}; remove one, or give ids",
                )
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


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield (line it begins in, column -> text) of every row that is not blank."""
    if "\0" in text:
        raise SourceInvalid(f"{NAME} holds zero bytes: it is no text; save it as CSV UTF-8")
    first = text.lstrip().partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    line = 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                if header:
                    yield line, _row(header, fields, line)
                else:
                    header = _header(fields, line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise SourceInvalid(
            f"{NAME}, line {line}: not readable as CSV ({error}); check the double quotes"
        ) from None
    if not header:
        raise SourceInvalid(
            f"{NAME} is empty: its first line names the columns {', '.join(COLUMNS)}"
        )


def _header(fields: list[str], line: int) -> list[str]:
    names = [field.strip().lower() for field in fields]
    for column in COLUMNS:
        if column in REQUIRED and column not in names:
            raise SourceInvalid(
                f"{NAME}, line {line}: column {column} is missing; the columns are {', '.join(COLUMNS)}"
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
    return {name: field.strip() for name, field in zip(header, fields, strict=False)}


def _call(row: Mapping[str, str], time_zone: tzinfo) -> CallFacts:
    file = _file(row["file"])
    started_at = _started_at(row["start_time"], time_zone)
    employee, contact = _text(row, "employee"), _text(row, "contact")
    return CallFacts(
        call_id=_call_id(row.get("call_id", ""))
        or (file_id(file) if file else CallId(_digest(started_at.isoformat(), employee, contact))),
        day=started_at.astimezone(time_zone).date(),
        started_at=started_at,
        direction=_choice(row, "direction", _DIRECTIONS),
        duration_seconds=_duration(row.get("duration_seconds", "")),
        employee=employee,
        contact=contact,
        answered=_choice(row, "answered", {**_ANSWERS, "": file is not None}),
        recording_link=file,
    )


def _file(text: str) -> str | None:
    if not text:
        return None
    if len(text) > _MAX_FILE or _has_control(text) or "\\" in text:
        raise _Fault("file", "not a file name; write it as in the folder, with / between folders")
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise _Fault("file", "leads out of the folder; write the name relative to it")
    return str(path)


def _started_at(text: str, time_zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.year not in _YEARS or len(text) <= len("2026-01-31"):
            raise ValueError(text)
    except ValueError:
        raise _Fault("start_time", f"{text[:40]!r} is no time; write 2026-01-31T14:05:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=time_zone)).astimezone(UTC)


def _call_id(text: str) -> CallId | None:
    if text and not _CALL_ID.fullmatch(text):
        raise _Fault("call_id", "use at most 128 of A-Z a-z 0-9 . _ : @ + -, or leave it empty")
    return CallId(text) if text else None


def file_id(path: str) -> CallId:
    """Return the id of a call that has none of its own: the name of its file for people, a hash for the rest.

    Ids are logged, and files are often named by phone numbers: of a long number the last two digits stay.
    """
    name = _NOT_WORD.sub("-", _LONG_NUMBER.sub(r"\1\2", path))[:_LONGEST_NAME]
    return CallId(f"{name}-{_digest(path)[:12]}")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _duration(text: str) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text.replace(",", "."))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _MAX_DURATION_SECONDS:
        raise _Fault("duration_seconds", f"{text[:40]!r} is no number of seconds up to a day")
    return seconds


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
