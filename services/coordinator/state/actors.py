"""The actors that the log names beside people and the services of the stages."""

COORDINATOR = "coordinator"
"""The actor of what timers and the dispatcher do."""
BOT_STATUS = "bot_status"
"""The actor of what is reported of bots, and so of the runs of meetings."""
