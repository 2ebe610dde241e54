"""A sandbox on free ports for a test: it plays AmoCRM and the telephony host."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.application import SandboxServer, listening
from deploy.sandbox.behaviour import Behaviour
from deploy.sandbox.bot_service import BotService
from deploy.sandbox.state import Sandbox
from deploy.sandbox.tokens import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI
from deploy.sandbox.traffic import Arrival
from deploy.sandbox.world import World

_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy of the environment is not for what runs beside us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSandbox:
    """A sandbox that serves: `host` is that of the CRM, `telephony` that of recordings, `bots` that of bots."""

    host: str
    telephony: str
    bots: str = ""
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    redirect_uri: str = REDIRECT_URI

    def code(self) -> str:
        """Return a fresh authorisation code."""
        return str(self._call("/sandbox/keys", {})["code"])

    def long_lived_token(self) -> str:
        return str(self._call("/sandbox/keys", {})["long_lived_token"])

    def behave(self, **switches: Any) -> None:
        """Turn switches of Behaviour; values are as JSON has them."""
        self._call("/sandbox/behaviour", switches)

    def requests(self, below: str = "/", after: int = 0) -> list[Arrival]:
        """Return what came in below a path, in order; a request that still waits has status 0."""
        found = self._call(f"/sandbox/requests?path={below}&after={after}")
        return [Arrival(**each) for each in found]

    def started_bots(self) -> list[dict[str, Any]]:
        """Return the bots that were started, with what was answered to callbacks about each."""
        found: list[dict[str, Any]] = self._call("/sandbox/bots")
        return found

    def _call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with _DIRECTLY.open(f"http://{self.host}{path}", data, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def running_sandbox(
    world: World,
    behaviour: Behaviour | None = None,
    *,
    gateway: str = "",
    token: str = "",
) -> Iterator[RunningSandbox]:
    """Serve a world on free ports, in a thread, until the block ends.

    Bots are told of at `gateway`, by `token`.
    """
    listeners = [listening("127.0.0.1:0") for _ in range(3)]
    host, telephony, bots = (f"127.0.0.1:{each.getsockname()[1]}" for each in listeners)
    sandbox = Sandbox(
        world=world,
        telephony=telephony,
        bot_service=BotService(address=bots, gateway=gateway, token=token),
        behaviour=behaviour or Behaviour(),
    )
    server = SandboxServer(sandbox, listeners)
    thread = threading.Thread(target=server.run, name="sandbox", daemon=True)
    thread.start()
    try:
        yield RunningSandbox(host=host, telephony=telephony, bots=bots)
    finally:
        server.end()
        thread.join(10)
        for each in listeners:
            each.close()
