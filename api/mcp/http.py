"""The tools over streamable HTTP: a key for each request, sessions that belong to a key, and the API's limits."""

import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from mcp.server import MCPServer
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.caller import Caller
from api.auth.limits import TenantLimit
from api.auth.middleware import is_cross_site, is_local_host, no_key
from api.client.aio.client import AsyncGreenlightClient
from api.client.errors import GreenlightError
from api.mcp.tools import Call, make_server
from api.metrics import Metrics
from api.middleware import MAX_BODY_BYTES, BodyLimits, drain
from api.problems import Problem, problem_response
from api.settings import TENANT_STREAMS
from api.views.production import SessionView

PATH: Final = "/mcp"
HEALTH: Final = "/healthz"
MAX_CLIENTS: Final = 100
"""Connections to the API, one for each key; the one that was used longest ago is closed."""
MAX_SESSIONS: Final = 1_000
IDLE_SECONDS: Final = 1_800.0
_CLIENT: Final = "greenlight.mcp.client"


class Clients:
    """A client of the API for each key."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept: OrderedDict[str, AsyncGreenlightClient] = OrderedDict()

    async def of(self, key: str) -> AsyncGreenlightClient:
        digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()
        if digest not in self._kept:
            self._kept[digest] = AsyncGreenlightClient(self._url, key=key)
        self._kept.move_to_end(digest)
        if len(self._kept) > MAX_CLIENTS:
            _, oldest = self._kept.popitem(last=False)
            await oldest.close()
        return self._kept[digest]

    async def close(self) -> None:
        for client in self._kept.values():
            await client.close()
        self._kept.clear()


class Gate:
    """Asks the API for the owner of the key of each request, before the body is read.

    The session of a key is hidden from other keys: the SDK compares the principal that is set here. A page of another
    site is refused. The limit of a tenant's requests is that of its event streams in the API.
    """

    def __init__(self, app: ASGIApp, clients: Clients, limit: TenantLimit) -> None:
        self._app, self._clients, self._limit = app, clients, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            try:
                await self._app(scope, receive, send)
            finally:
                await self._clients.close()
            return
        try:
            request = Request(scope)
            if request.url.path == HEALTH:
                await JSONResponse({"status": "ok"})(scope, receive, send)
                return
            _check_origin(request)
            key = _bearer(request)
            client = await self._clients.of(key)
            caller = await _caller(client, request)
            principal = hashlib.sha256(f"{caller.name}/{key}".encode(errors="replace")).hexdigest()
            scope["user"] = AuthenticatedUser(AccessToken(token="-", client_id=principal, scopes=[]))  # noqa: S106
            scope[_CLIENT] = client
            with self._limit.hold(caller):
                await self._app(scope, receive, send)
        except Problem as problem:
            await drain(receive)
            await problem_response(problem)(scope, receive, send)


def make_app(url: str, version: str, tenant_streams: int = TENANT_STREAMS) -> ASGIApp:
    """The ASGI app. It needs its lifespan, as a server of ASGI apps runs it.

    Args:
        tenant_streams: The requests of one tenant at once.
    """
    clients = Clients(url)

    @asynccontextmanager
    async def connect(call: Call) -> AsyncIterator[AsyncGreenlightClient]:
        request = call.request_context.request
        assert isinstance(request, Request)
        found = request.scope[_CLIENT]
        assert isinstance(found, AsyncGreenlightClient)
        yield found

    server: MCPServer[Any] = make_server(connect, version)
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        max_request_body_size=MAX_BODY_BYTES,
        max_sessions=MAX_SESSIONS,
        session_idle_timeout=IDLE_SECONDS,
        # `Gate` checks the origin and the key.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    limit = TenantLimit(tenant_streams, "requests of agents", "GREENLIGHT_TENANT_STREAMS")
    return BodyLimits(Gate(app, clients, limit), Metrics())


def _bearer(request: Request) -> str:
    """
    Raises:
        Problem: 401 where the request has no key.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise no_key(given=False)
    if not key.isascii():  # no key has such characters, and no client could send it on
        raise no_key(given=True)
    return key.strip()


def _check_origin(request: Request) -> None:
    """
    Raises:
        Problem: 403; a page of another site sent the request.
    """
    if is_cross_site(request, request.headers.get("host", "")):
        raise Problem(403, "another-site", "A page of another site may not send this request.")


async def _caller(client: AsyncGreenlightClient, request: Request) -> Caller:
    """The owner of the key, as the API knows it now.

    Raises:
        Problem: 401 where the key is not valid, 421 where the API needs no key and the request names another machine,
            503 where the API does not answer.
    """
    try:
        session: SessionView = await client.session()
    except GreenlightError as error:
        if error.status == 401:
            raise no_key(given=True) from None
        status = error.status if error.status in (403, 429) else 503
        raise Problem(status, "api-refused", f"The API did not accept the key: {error.title}.") from None
    host = request.headers.get("host", "")
    if session.open and not is_local_host(host):
        raise Problem(421, "not-this-machine", "The API needs no key, so this server answers this machine alone.")
    return Caller(session.name, session.tenant, frozenset(session.roles))
