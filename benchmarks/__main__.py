"""`python -m benchmarks [NAME … [OPTION …]]`: every measurement beside its limit, in one run."""

import asyncio
import importlib
import sys

import structlog

NAMES = (
    "throughput",
    "fan_out",
    "range_status",
    "calls",
    "pipeline",
    "idle",
    "crm_sync",
    "transcription",
    "word_errors",
    "speakers",
    "judgement",
    "tasks",
    "eta",
    "frames",
)


def main() -> None:
    """Run the named benchmarks, or all."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    asked = sys.argv[1:]
    # An argument that names no benchmark is an option of the one before it, which reads it itself.
    for name in [each for each in asked if each in NAMES] if asked else NAMES:
        print(f"\n== {name}")
        asyncio.run(importlib.import_module(f"benchmarks.{name}").main())


if __name__ == "__main__":
    main()
