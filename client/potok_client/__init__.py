"""The Python client: a watch that resumes by itself, and what it says folded into a view."""

from potok_client.channels import CHANNEL_OPTIONS, channels
from potok_client.identity import NoIdentity, mint, own_token
from potok_client.state import View
from potok_client.watch import Update, WatchBroken, WatchLost, watch

__all__ = [
    "CHANNEL_OPTIONS",
    "NoIdentity",
    "Update",
    "View",
    "WatchBroken",
    "WatchLost",
    "channels",
    "mint",
    "own_token",
    "watch",
]
