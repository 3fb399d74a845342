"""The embedded Temporal UI for people of this machine, and for no page of another site.

The UI that comes with the development server does not check the Host header: a page whose name leads to this machine
(DNS rebinding) could read, start, signal and terminate everything. So the UI listens on a port that browsers refuse
(`ports.BLOCKED`), and this reverse proxy, in a thread of the process that runs the stack, is the way in.
"""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from api.auth.middleware import SAFE, from_elsewhere, names_this_machine
from api.middleware import METHODS
from deploy.ports import LOOPBACK, listener

_API: Final = "/api/"
"""Below it even reading is for the UI's own page: everything else is its program and its frame."""
_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "host", "expect"})
"""Headers of one connection (RFC 9110, section 7.6.1), and what the next request has of its own."""
_STOP_SECONDS: Final = 2
_UPSTREAM_TIMEOUT: Final = httpx.Timeout(70.0, connect=2.0)
"""Temporal ends its longest poll after a minute."""


@contextmanager
def guarded_ui(public: int, behind: int) -> Iterator[None]:
    """Serve the UI at `behind` on the loopback port `public` while the block runs.

    Raises:
        OSError: `public` is in use.
    """
    with listener(public) as socket:
        config = uvicorn.Config(
            create_app(f"http://{LOOPBACK}:{behind}"),
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, name="temporal-ui", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(2 * _STOP_SECONDS)


def create_app(upstream: str) -> Starlette:
    """The proxy to the UI at the origin `upstream`."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=upstream, timeout=_UPSTREAM_TIMEOUT, trust_env=False) as client:
            app.state.client = client
            yield

    return Starlette(routes=[Route("/{path:path}", _forward, methods=sorted(METHODS))], lifespan=lifespan)


async def _forward(request: Request) -> Response:
    if refusal := _refusal(request):
        return refusal
    client: httpx.AsyncClient = request.app.state.client
    target = httpx.URL(path=request.url.path, query=request.scope["query_string"])
    sent = [(name, value) for name, value in request.headers.items() if name not in _HOP]
    body = None if request.method in SAFE else request.stream()
    asked = client.build_request(request.method, target, headers=sent, content=body)
    try:
        answer = await client.send(asked, stream=True)
    except httpx.TransportError:
        return PlainTextResponse("Temporal does not answer; it may be starting again.\n", 502)

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async for chunk in answer.aiter_raw():
                yield chunk
        finally:
            await answer.aclose()

    passed = StreamingResponse(chunks(), answer.status_code)
    passed.raw_headers = [
        (name.lower(), value) for name, value in answer.headers.raw if name.lower().decode() not in _HOP
    ]
    return passed


def _refusal(request: Request) -> Response | None:
    """Why a request is not passed on, or None."""
    host = request.headers.get("host", "")
    if not names_this_machine(host):
        return PlainTextResponse("The Temporal UI answers this machine alone: open it at http://127.0.0.1.\n", 421)
    reads = request.method in SAFE and not request.url.path.startswith(_API)
    if not reads and from_elsewhere(request, host):
        return PlainTextResponse("A page of another site may not act here.\n", 403)
    return None
