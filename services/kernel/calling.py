"""Who makes the call that is being handled."""

from contextvars import ContextVar

calling: ContextVar[str] = ContextVar("calling", default="")
"""Their name; empty outside of a call, or where anyone may call."""
