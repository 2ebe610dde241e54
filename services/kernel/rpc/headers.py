"""What browsers are told of keeping answers."""

NO_STORE = (("cache-control", "no-store"),)
"""For an answer that is another one a moment later, or is nobody else's."""
