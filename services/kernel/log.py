"""Logs: JSON for machines, colours for a terminal, one canonical line per RPC and job."""

import logging
import re
import sys

import structlog

_ROW = re.compile(
    r"DETAIL: .*?(?=\nHINT: |\n\nThe above exception|\n\nDuring handling|\n\s*\+-|\Z)", re.DOTALL
)
"""Where Postgres quotes a row."""
_NUMBER = re.compile(r"\+?\d{8,}(\d\d)")
"""What may be a phone number."""


def configure_logging(service: str) -> None:
    """Set up structlog for the process and put `service` into every line."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(name)s %(message)s")
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if sys.stdout.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def redacted(text: str) -> str:
    """Return what is said of an error without the rows that Postgres quotes and without whole phone numbers."""
    return _NUMBER.sub(r"…\1", _ROW.sub("DETAIL: left out", text))


def _redact(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    for key in ("exception", "error"):
        if isinstance(event.get(key), str):
            event[key] = redacted(event[key])
    return event
