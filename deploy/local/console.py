"""The link that opens the console of the system on this machine: `make token | python -m deploy.local.console`."""

import os
import sys
from collections.abc import Mapping

from deploy.local.folders import LocalError
from deploy.local.settings import GATEWAY, listening


def console(listens: Mapping[str, str]) -> str:
    """Return where the console is."""
    return f"http://{listens[GATEWAY].replace('127.0.0.1', 'localhost')}/console/"


def link(listens: Mapping[str, str], token: str) -> str:
    """Return a link that logs in by a token; what stands behind # is sent to no server and kept in no log."""
    return f"{console(listens)}#token={token}"


def main() -> None:
    """Print the link for the token that is read; ends with 1 where none comes."""
    token = sys.stdin.read().strip()
    if not token:
        sys.exit(1)  # whoever was to make it has said why
    try:
        print(link(listening(os.environ), token))
    except LocalError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
