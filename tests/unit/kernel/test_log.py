"""What never stands in a log."""

import json

import pytest
import structlog

from services.kernel.log import configure_logging, redacted


def test_rows_that_postgres_quotes_are_left_out() -> None:
    said = (
        "CheckViolationError: new row violates check\nDETAIL:  Failing row contains (Anna,\n+79991).\n"
        "HINT:  look there\n\nThe above exception was the direct cause"
    )
    assert redacted(said) == (
        "CheckViolationError: new row violates check\nDETAIL: left out\n"
        "HINT:  look there\n\nThe above exception was the direct cause"
    )


def test_of_phone_numbers_the_last_two_digits_stay() -> None:
    assert redacted("no such call: +79991234567, line 12") == "no such call: …67, line 12"


def test_a_logged_traceback_holds_neither(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    try:
        configure_logging("call_sync")
        try:
            raise ValueError("invalid input for query argument $9: ['+79991234567']")
        except ValueError:
            structlog.get_logger().exception("step_failed")
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
    line = json.loads(capsys.readouterr().out)
    assert "invalid input for query argument $9: ['…67']" in line["exception"]
