"""What an error of Postgres means: that it does not do its work for the moment, and why, or that a statement is at fault.

The one list: whoever has to know asks `why_away`.
"""

import asyncpg

from services.kernel.errors import DatabaseAway

SILENT = "the database does not answer"
READ_ONLY = "the database takes no changes, it is read-only"

_BY_STATE = {
    "25006": READ_ONLY,
    "25P03": "a transaction stood still for too long",
    "25P04": "a transaction took too long",
    "26000": "what stands before the database forgets prepared statements, DATABASE_POOLED is not set",
    "42P05": "what stands before the database mixes prepared statements, DATABASE_POOLED is not set",
    "3D000": "the database is not there",
    "53100": "the disk of the database is full",
    "53200": "the database has no memory left",
    "53300": "the database has no connection left",
    "55P03": "the database was held up by another change",
    "57014": "the database took too long",
    "57P01": "the database stops",
    "57P02": "the database was stopped",
    "57P03": "the database does not take calls yet",
    "57P04": "the database is not there",
    "57P05": "the database has closed a session that stood still",
}
"""By SQLSTATE, appendix A of the manual of Postgres."""
_BY_CLASS = {
    "08": SILENT,
    "28": "the database does not let this service in",
    "40": "others changed the same rows at the same time",
    "53": "the database has run out of something it needs",
    "57": "the database stops",
    "58": "the database cannot use its files",
}
"""By the first two characters, for what is not named above."""


def why_away(error: BaseException) -> str | None:
    """Return why Postgres did not do its work, to be tried again; None where something else is at fault.

    An OSError, which a time-out is as well, is Postgres's only where it was raised by its driver.
    """
    if isinstance(error, DatabaseAway):
        return error.why
    if isinstance(
        error, BaseExceptionGroup
    ):  # of tasks that ran together: one fault of ours is one
        reasons = [why_away(each) for each in error.exceptions]
        return reasons[0] if all(reasons) else None
    if is_outdated(error):
        return "the tables have just been changed"
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    if isinstance(error, asyncpg.InternalClientError):
        return SILENT  # a connection that went in the middle of something
    if isinstance(error, asyncpg.InterfaceError):
        # The driver refuses arguments and settings by the same class.
        refused = isinstance(error, ValueError) or str(error).startswith("the server expects")
        return None if refused else SILENT
    if isinstance(error, OSError | EOFError) and _of_the_driver(error):
        return SILENT
    return None


def is_read_only(error: BaseException) -> bool:
    """Return whether a session says that it may change nothing: after a fail-over it may say so for ever."""
    return isinstance(error, asyncpg.ReadOnlySQLTransactionError)


def is_outdated(error: BaseException) -> bool:
    """Return whether a statement was prepared before the tables changed, and will be prepared anew."""
    return isinstance(error, asyncpg.InvalidCachedStatementError | asyncpg.OutdatedSchemaCacheError)


def _of_the_driver(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).startswith("asyncpg."):
            return True
        trace = trace.tb_next
    return False
