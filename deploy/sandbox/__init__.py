"""Plays the outside systems of call_sync: AmoCRM and the host that keeps the recordings of a telephony."""
