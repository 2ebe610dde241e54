"""The `potok` command line."""

from potok_client.cli.app import main

__all__ = ["main"]
