"""Headers that say whether browsers may keep an answer."""

NO_STORE = (("cache-control", "no-store"),)
"""Of an answer that may differ a moment later, or is for its caller alone."""
