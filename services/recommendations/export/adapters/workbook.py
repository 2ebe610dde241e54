"""Sheets as a workbook of Excel (Office Open XML). What people wrote stays text: nothing is calculated, nothing a link."""

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import xlsxwriter

from services.recommendations.export.domain import CellKind, Column, Figure, Sheet, Value

_LONGEST_TEXT = 32_767
"""Characters that a cell may hold, by Excel's specification."""
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}
_NUMBER_FORMATS = {
    CellKind.TEXT: "@",
    CellKind.COUNT: "0",
    CellKind.SCORE: "0.0",
    CellKind.SCORE_CHANGE: "+0.0;-0.0;0.0",
    CellKind.SHARE: "0%",
    CellKind.SHARE_CHANGE: "+0%;-0%;0%",
    CellKind.DAY: "yyyy-mm-dd",
    CellKind.TIME: "hh:mm",
    CellKind.MOMENT: "yyyy-mm-dd hh:mm",
    CellKind.SECONDS: "0.0",
}
_FIRST_YEAR = 1900
"""Excel knows no day before it."""
_NO_XML = str.maketrans(dict.fromkeys((0xFFFE, 0xFFFF), "\ufffd"))
"""Characters that no file of XML may hold; XlsxWriter escapes all others."""
_PROSE_WIDTH = 40
"""Columns from this width on wrap their lines."""


class WorkbookWriter:
    """Implements FileWriter."""

    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def write(self, sheets: Sequence[Sheet]) -> bytes:
        file = io.BytesIO()
        with xlsxwriter.Workbook(file, _OPTIONS) as workbook:
            heading = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
            formats = {
                (kind, wide): workbook.add_format(
                    {"num_format": form, "text_wrap": wide, "valign": "top", "align": "left"}
                    if kind is CellKind.TEXT
                    else {"num_format": form, "valign": "top"}
                )
                for kind, form in _NUMBER_FORMATS.items()
                for wide in (False, True)
            }
            for sheet in sheets:
                _write(workbook.add_worksheet(sheet.title), sheet, heading, formats)
        return file.getvalue()


def _write(
    worksheet: Any, sheet: Sheet, heading: Any, formats: Mapping[tuple[CellKind, bool], Any]
) -> None:
    worksheet.freeze_panes(1, 0)
    worksheet.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
    for number, column in enumerate(sheet.columns):
        worksheet.set_column(number, number, column.width)
        worksheet.write_string(0, number, column.heading, heading)
    for line, row in enumerate(sheet.rows, start=1):
        for number, (column, each) in enumerate(zip(sheet.columns, row, strict=True)):
            kind, value = _kind_and_value(column, each)
            if value is not None:
                form = formats[kind, column.width >= _PROSE_WIDTH]
                _write_cell(worksheet, line, number, value, form)


def _kind_and_value(column: Column, each: Value | Figure) -> tuple[CellKind, Value]:
    return (each.kind, each.value) if isinstance(each, Figure) else (column.kind, each)


def _write_cell(worksheet: Any, line: int, number: int, value: Value, form: Any) -> None:
    if isinstance(value, date) and value.year < _FIRST_YEAR:
        value = value.isoformat()
    if isinstance(value, str):
        text = value if len(value) <= _LONGEST_TEXT else f"{value[: _LONGEST_TEXT - 1]}…"
        worksheet.write_string(line, number, text.translate(_NO_XML), form)
    elif isinstance(value, date | time | datetime):
        worksheet.write_datetime(line, number, value, form)
    else:
        worksheet.write_number(line, number, value, form)
