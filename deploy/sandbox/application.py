"""The application of a sandbox: AmoCRM, the telephony host and the service that runs bots, a port each, one process."""

import socket
from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.sandbox.bots import bot_routes
from deploy.sandbox.control import control_routes
from deploy.sandbox.crm import api_routes
from deploy.sandbox.oauth import oauth_routes
from deploy.sandbox.state import Held, Logged, Sandbox
from deploy.sandbox.telephony import telephony_routes


class Application:
    """Serves the telephony host and the bots on their own ports, and everything else on any other."""

    def __init__(self, sandbox: Sandbox) -> None:
        logged_and_held = [Middleware(Logged, sandbox=sandbox), Middleware(Held, sandbox=sandbox)]
        crm_routes = [*oauth_routes(sandbox), *api_routes(sandbox), *control_routes(sandbox)]
        self._crm: ASGIApp = Starlette(routes=crm_routes, middleware=logged_and_held)
        telephony: ASGIApp = Starlette(routes=telephony_routes(sandbox), middleware=logged_and_held)
        bots: ASGIApp = Starlette(routes=bot_routes(sandbox), middleware=logged_and_held)
        self._by_port = {
            int(sandbox.telephony.rpartition(":")[2]): telephony,
            int(sandbox.bot_service.address.rpartition(":")[2]): bots,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        _, port = scope["server"]
        await self._by_port.get(port, self._crm)(scope, receive, send)


class SandboxServer:
    """Serves a sandbox on sockets that listen already."""

    def __init__(self, sandbox: Sandbox, listeners: Sequence[socket.socket]) -> None:
        self._listeners = list(listeners)
        self._server = uvicorn.Server(
            uvicorn.Config(
                Application(sandbox),
                log_level="error",
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=2,
            )
        )

    def run(self) -> None:
        """Serve until told to end; on the main thread a signal tells it."""
        self._server.run(sockets=self._listeners)

    def end(self) -> None:
        """Tell it to end, from any thread."""
        self._server.should_exit = True


def listening(address: str) -> socket.socket:
    """Return a socket that listens on `host:port`; port 0 takes a free one. Raises OSError."""
    host, _, port = address.rpartition(":")
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, int(port)))
    made.listen(256)
    return made
