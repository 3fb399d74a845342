"""The second ASGI layer: nobody gets in without a key, and no page of another site acts in a person's name.

Without keys (GREENLIGHT_OPEN) everybody on this machine may do everything. Their browsers are on this machine too, so
a name that leads here from outside (DNS rebinding) is refused as well.
"""

import logging
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.callers import WHOEVER, Caller
from api.key_file import KeyFile
from api.middleware import drain
from api.problems import FieldError, Problem, answer
from api.roles import needed, needs_key
from api.settings import Settings, is_loopback
from api.views import INSTANCE

COOKIE: Final = "greenlight_key"
"""Holds the key of who signed in at the studio page: no script reads it, and it is sent to this address alone."""
CALLER: Final = "greenlight.caller"
"""Where the scope says who asks."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY_REMEDY: Final = (
    "send `Authorization: Bearer gl_…`, set GREENLIGHT_API_KEY for the command greenlight, or sign in at the page"
)

_log = logging.getLogger(__name__)


class Access:
    """Finds out who asks before a byte of the body is read; what they may is decided at the route."""

    def __init__(self, app: ASGIApp, settings: Settings, keys: KeyFile | None) -> None:
        self._app = app
        self._open = settings.is_open and keys is None
        self._keys = keys
        self._instance = settings.instance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                request = Request(scope)
                self._check_instance(request)
                self._check_site(request)
                scope[CALLER] = self._caller(request)
            except Problem as problem:
                await drain(receive)
                await answer(problem.problem, problem.headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _caller(self, request: Request) -> Caller | None:
        if self._open:
            return WHOEVER
        if key := _presented(request):
            if self._keys and (found := caller_of_key(self._keys, key)):
                return found
            refused(request)
        if needs_key(request.method, request.url.path):
            raise no_key(given=bool(key))
        return None

    def _check_instance(self, request: Request) -> None:
        """
        Raises:
            Problem: 421 where another stack is meant. Two stacks may have wanted one port.
        """
        if (meant := request.headers.get(INSTANCE)) and meant != self._instance:
            error = FieldError(
                field=INSTANCE,
                message=f"{meant[:100]!r} is not this stack",
                remedy="ask the API of the stack that you started, or leave the header out",
            )
            detail = f"Another Greenlight stack answers at this address: {error.message}; {error.remedy}."
            raise Problem(421, "another-instance", detail, errors=[error])

    def _check_site(self, request: Request) -> None:
        """
        Raises:
            Problem: 421 where an open API is asked by a name that is not this machine's; 403 where the page of another
                site asks for a change.
        """
        host = request.headers.get("host", "")
        if self._open and not names_this_machine(host):
            error = FieldError(
                field="Host",
                message=f"{host[:100]!r} is not this machine",
                remedy="ask at http://127.0.0.1, or set GREENLIGHT_API_KEYS where it is to have other names",
            )
            detail = f"This API needs no key and answers this machine alone: {error.message}; {error.remedy}."
            raise Problem(421, "not-this-machine", detail, errors=[error])
        if request.method not in SAFE and from_elsewhere(request, host):
            detail = "A page of another site may not act here; open the studio page of this address."
            raise Problem(403, "another-site", detail)


def caller_of_key(keys: KeyFile, key: str) -> Caller | None:
    """Whose key it is; None where it is nobody's."""
    found = keys.find(key)
    return Caller(found.name, found.tenant, frozenset(found.roles), lambda: keys.holds(found)) if found else None


def refused(request: Request) -> None:
    """Log an attempt with a key that is none, without the key."""
    peer = request.client.host if request.client else "?"
    _log.warning("A key that is none of ours came from %s: %s %r", peer, request.method, request.url.path)


def no_key(*, given: bool) -> Problem:
    message = "it is no key of this API, or was revoked" if given else "this needs an API key"
    error = FieldError(field="Authorization", message=message, remedy=_KEY_REMEDY)
    challenge = 'Bearer realm="greenlight"' + (', error="invalid_token"' if given else "")
    detail = f"{message[0].upper()}{message[1:]}; {error.remedy}."
    return Problem(401, "key-needed", detail, errors=[error], headers={"WWW-Authenticate": challenge})


async def authorise(request: Request) -> None:
    """Runs before each route.

    Raises:
        Problem: 403 where the caller lacks the role that the table asks for.
    """
    route = request.scope["route"]
    roles = needed(request.method, route.path)
    if roles is None:
        return
    try:
        caller_of(request).check_role(roles)
    except Problem:
        if route.body_field is None:  # else FastAPI has read it already
            await drain(request.receive)
        raise


def caller_of(request: Request) -> Caller:
    """
    Raises:
        Problem: 401 where nobody is known.
    """
    found = request.scope.get(CALLER)
    if not isinstance(found, Caller):
        raise no_key(given=False)
    return found


def _presented(request: Request) -> str:
    """The key that comes along; a header wins over a cookie."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return key.strip() if scheme.lower() == "bearer" else scheme
    return request.cookies.get(COOKIE, "")


def names_this_machine(host: str) -> bool:
    """Whether a Host header holds this machine's own name or address, which no DNS server can give to another."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:  # no address at all
        return False


def from_elsewhere(request: Request, host: str) -> bool:
    """Whether a browser says that a page of another origin asks. Other callers send neither header."""
    if site := request.headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and origin.lower().partition("://")[2] != host.lower()
