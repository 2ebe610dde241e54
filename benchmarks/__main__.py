"""`python -m benchmarks [NAME …]`: every measurement beside its limit, in one run."""

import asyncio
import importlib
import sys

import structlog

NAMES = ("throughput", "fan_out", "transcription", "word_errors")


def main() -> None:
    """Run the named benchmarks, or all."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    for name in sys.argv[1:] or NAMES:
        print(f"\n== {name}")
        asyncio.run(importlib.import_module(f"benchmarks.{name}").main())


if __name__ == "__main__":
    main()
