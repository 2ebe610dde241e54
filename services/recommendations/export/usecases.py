"""What the service can do with reports as files: write one, and keep who took it."""

import asyncio
import re
from collections.abc import Mapping
from typing import assert_never

from services.kernel.clock import utc_now
from services.recommendations.export.domain import (
    MAX_CALLS,
    CallLine,
    Locale,
    ReportFile,
    ReportFormat,
    Sheet,
    TooManyCalls,
)
from services.recommendations.export.ports import ExportRepository, FileWriter
from services.recommendations.export.sheets import calls_sheet, report_sheets
from services.recommendations.ranges.usecases import RangeReports
from services.status.domain import AuditAction, AuditEntry, DateRange, Owner


class ReportExports:
    """Reports as files; one is written at a time, in a thread of its own."""

    def __init__(
        self,
        range_reports: RangeReports,
        exports: ExportRepository,
        writers: Mapping[ReportFormat, FileWriter],
    ) -> None:
        self._range_reports = range_reports
        self._exports = exports
        self._writers = writers
        self._writing = asyncio.Lock()

    async def export_range_report(
        self, owner: Owner, days: DateRange, format_: ReportFormat, actor: str
    ) -> ReportFile:
        """Return what a range adds up to as a file, and keep who took it; raises TooManyCalls."""
        async with self._writing:
            calls = await self._exports.list_calls(owner, days, MAX_CALLS + 1)
            if len(calls) > MAX_CALLS:
                raise TooManyCalls(
                    f"range: it has more than {MAX_CALLS} calls, which is the most that a file holds: "
                    "ask for fewer days at a time",
                    reason="TOO_MANY_CALLS",
                )
            locale = await self._exports.get_locale(owner)
            sheets = await self._sheets(owner, days, format_, calls, locale)
            writer = self._writers[format_]
            content = await asyncio.to_thread(writer.write, sheets)
        await self._exports.insert_audit_entry(
            AuditEntry(
                actor=actor,
                action=AuditAction.EXPORT_REPORT,
                owner=owner,
                subject=f"{days.start}/{days.end}",
                detail=f"{format_.value}, calls {len(calls)}",
                at=utc_now(),
            )
        )
        name = re.sub(r"[^A-Za-z0-9._-]", "_", owner.partition(":")[2])
        return ReportFile(
            content=content,
            content_type=writer.content_type,
            file_name=f"report-{name}-{days.start}-{days.end}.{format_.value}",
        )

    async def _sheets(
        self,
        owner: Owner,
        days: DateRange,
        format_: ReportFormat,
        calls: list[CallLine],
        locale: Locale,
    ) -> list[Sheet]:
        match format_:
            case ReportFormat.CSV:
                return [calls_sheet(calls, locale)]
            case ReportFormat.XLSX:
                report = await self._range_reports.get_range_report(owner, days)
                return report_sheets(report, calls, locale, utc_now())
            case _:
                assert_never(format_)
