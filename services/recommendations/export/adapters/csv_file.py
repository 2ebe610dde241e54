"""Sheets as comma-separated values (RFC 4180), in UTF-8 with the mark by which Excel knows it."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime

from services.recommendations.export.domain import Figure, Sheet, Value

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What spreadsheets take for the beginning of a formula, or leave out before one (OWASP, CSV injection)."""


class CsvWriter:
    """Implements FileWriter for a single sheet."""

    content_type = "text/csv; charset=utf-8"

    def write(self, sheets: Sequence[Sheet]) -> bytes:
        [sheet] = sheets
        text = io.StringIO(newline="")
        lines = csv.writer(text, lineterminator="\r\n")
        lines.writerow([_cell(column.heading) for column in sheet.columns])
        lines.writerows([_cell(each) for each in row] for row in sheet.rows)
        return text.getvalue().encode("utf-8-sig")


def _cell(each: Value | Figure) -> str:
    """Return a value as text; a text that a spreadsheet would calculate has an apostrophe before it."""
    value = each.value if isinstance(each, Figure) else each
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULAS) else value
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value)
