"""A reverse proxy that serves the embedded Temporal UI to this machine, and protects it from pages of other sites.

The UI of the development server does not check the Host header: a page whose host name resolves to this machine
(DNS rebinding) could read, start, signal and terminate everything. So the UI listens on a port that browsers refuse
(`ports.BLOCKED`), and this proxy, in a thread of the process that runs the stack, is the only access.
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

from api.auth.middleware import SAFE, is_cross_site, is_local_host
from api.middleware import METHODS
from deploy.ports import LOOPBACK, listen

_API: Final = "/api/"
"""Under this path only the UI's own page may even read; the other paths serve its scripts and its HTML."""
_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "host", "expect"})
"""Headers of one connection (RFC 9110, section 7.6.1), and those that the forwarded request sets itself."""
_STOP_SECONDS: Final = 2
_UPSTREAM_TIMEOUT: Final = httpx.Timeout(70.0, connect=2.0)
"""Temporal ends its longest poll after a minute."""


@contextmanager
def serve_guarded_ui(public: int, behind: int) -> Iterator[None]:
    """Serve the UI of port `behind` on the loopback port `public` while the block runs.

    Raises:
        OSError: `public` is in use.
    """
    with listen(public) as socket:
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
    forwarded = client.build_request(request.method, target, headers=sent, content=body)
    try:
        upstream = await client.send(forwarded, stream=True)
    except httpx.TransportError:
        return PlainTextResponse("Temporal does not respond; it may be restarting.\n", 502)

    async def chunks() -> AsyncIterator[bytes]:
        try:
            async for chunk in upstream.aiter_raw():
                yield chunk
        finally:
            await upstream.aclose()

    response = StreamingResponse(chunks(), upstream.status_code)
    response.raw_headers = [
        (name.lower(), value) for name, value in upstream.headers.raw if name.lower().decode() not in _HOP
    ]
    return response


def _refusal(request: Request) -> Response | None:
    """The response to a request that is not forwarded, or None."""
    host = request.headers.get("host", "")
    if not is_local_host(host):
        return PlainTextResponse("The Temporal UI serves only this machine: open it at http://127.0.0.1.\n", 421)
    reads = request.method in SAFE and not request.url.path.startswith(_API)
    if not reads and is_cross_site(request, host):
        return PlainTextResponse("A page of another site must not send requests here.\n", 403)
    return None
