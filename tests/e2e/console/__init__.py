"""The console in a real browser, before the whole system."""
