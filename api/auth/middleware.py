"""The second ASGI layer: it requires a key, and refuses requests of other sites' pages in a person's name.

Without keys (GREENLIGHT_OPEN) every user of this machine may do everything. Their browsers run on this machine too, so
a foreign host name that resolves to this machine (DNS rebinding) is refused as well.
"""

import logging
from collections import Counter
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.caller import OPEN_CALLER, Caller
from api.auth.key_file import Key, KeyFile
from api.auth.roles import needs_key, roles_for
from api.auth.sessions import Sessions
from api.headers import INSTANCE
from api.middleware import drain
from api.problems import Problem, problem_response
from api.settings import Settings, is_loopback

COOKIE: Final = "greenlight_session"
"""The session of a person who signed in at the studio page: no script reads it, and only this address receives it."""
REFUSALS: Final = "greenlight.refusals"
CALLER: Final = "greenlight.caller"
"""The key of the caller in the ASGI scope."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY_REMEDY: Final = (
    "send `Authorization: Bearer gl_…`, set GREENLIGHT_API_KEY for the command greenlight, or sign in at the page"
)

_log = logging.getLogger(__name__)


class Access:
    """Identifies the caller before the body is read; the route checks the permissions."""

    def __init__(self, app: ASGIApp, settings: Settings, keys: KeyFile | None, sessions: Sessions | None) -> None:
        self._app = app
        self._open = settings.is_open and keys is None
        self._keys, self._sessions = keys, sessions
        self._refusals = Refusals()
        self._instance = settings.instance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                scope[REFUSALS] = self._refusals
                request = Request(scope)
                self._check_instance(request)
                self._check_site(request)
                scope[CALLER] = self._caller(request)
            except Problem as problem:
                await drain(receive)
                await problem_response(problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _caller(self, request: Request) -> Caller | None:
        if self._open:
            return OPEN_CALLER
        key, session = _key_of(request), request.cookies.get(COOKIE, "")
        if self._keys and key:
            if known := self._keys.find(key):
                return caller_with(self._keys, known)
            self._refusals.count(request)
        elif self._keys and self._sessions and (known := self._sessions.find(session)):
            return caller_with(self._keys, known)
        if needs_key(request.method, request.url.path):
            raise no_key(given=bool(key or session))
        return None

    def _check_instance(self, request: Request) -> None:
        """
        Raises:
            Problem: 421 where the caller means another stack: two stacks may have been configured with one port.
        """
        if (meant := request.headers.get(INSTANCE)) and meant != self._instance:
            message = f"{meant[:100]!r} is not this stack"
            remedy = "call the API of the stack that you started, or leave the header out"
            detail = f"Another Greenlight stack answers at this address: {message}; {remedy}."
            raise Problem.of_field(INSTANCE, message, remedy, status=421, kind="another-instance", detail=detail)

    def _check_site(self, request: Request) -> None:
        """
        Raises:
            Problem: 421 where the Host of a request to an open API is not this machine; 403 where the page of another
                site requests a change.
        """
        host = request.headers.get("host", "")
        if self._open and not is_local_host(host):
            message = f"{host[:100]!r} is not this machine"
            remedy = "use http://127.0.0.1, or set GREENLIGHT_API_KEYS to serve other names"
            detail = f"This API needs no key and answers this machine alone: {message}; {remedy}."
            raise Problem.of_field("Host", message, remedy, status=421, kind="not-this-machine", detail=detail)
        if request.method not in SAFE and is_cross_site(request, host):
            detail = "A page of another site may not send this request; open the studio page of this address."
            raise Problem(403, "another-site", detail)


def caller_with(keys: KeyFile, key: Key) -> Caller:
    """The holder of a key, as long as the key file contains it."""
    roles, policy = frozenset(key.roles), keys.policy_of(key.tenant)
    return Caller(key.name, key.tenant, roles, lambda: keys.contains(key), policy, keys.grants_of(key))


class Refusals:
    """Attempts with invalid keys. 256 bits cannot be guessed, but every attempt costs a lookup and a line of the log:
    after MOST of them in PERIOD_SECONDS an address has to wait. A valid key from that address is still accepted: its
    holder may share the address with the attacker."""

    MOST = 20
    PERIOD_SECONDS = 60.0
    ADDRESSES = 10_000

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._since = monotonic()

    def count(self, request: Request) -> None:
        """Log an attempt, without the key.

        Raises:
            Problem: 429; it is one of too many from this address.
        """
        if monotonic() - self._since > self.PERIOD_SECONDS or len(self._counts) >= self.ADDRESSES:
            self._counts.clear()
            self._since = monotonic()
        peer = request.client.host if request.client else "?"
        self._counts[peer] += 1
        if self._counts[peer] > self.MOST:
            headers = {"Retry-After": f"{self.PERIOD_SECONDS:g}"}
            detail = f"Too many wrong keys came from this address; wait {self.PERIOD_SECONDS:g} s."
            raise Problem(429, "too-many-wrong-keys", detail, headers=headers)
        path = request.url.path[:200]
        _log.warning("An invalid key came from %s: %s %r", peer, request.method, path)


def no_key(*, given: bool) -> Problem:
    message = "it is no key of this API, or was revoked" if given else "this needs an API key"
    challenge = 'Bearer realm="greenlight"' + (', error="invalid_token"' if given else "")
    return Problem.of_field(
        "Authorization",
        message,
        _KEY_REMEDY,
        status=401,
        kind="key-needed",
        detail=f"{message[0].upper()}{message[1:]}; {_KEY_REMEDY}.",
        headers={"WWW-Authenticate": challenge},
    )


async def authorise(request: Request) -> None:
    """Runs before each route.

    Raises:
        Problem: 403 where the caller lacks the role that the table requires.
    """
    route = request.scope["route"]
    roles = roles_for(request.method, route.path)
    if roles is None:
        return
    try:
        caller_of(request).check_role(roles)
    except Problem:
        if route.body_field is None:  # otherwise FastAPI has read the body already
            await drain(request.receive)
        raise


def is_identified(request: Request) -> bool:
    """Whether the request has a valid key, or the API needs none."""
    return isinstance(request.scope.get(CALLER), Caller)


def caller_of(request: Request) -> Caller:
    """
    Raises:
        Problem: 401 where the request has no valid key.
    """
    found = request.scope.get(CALLER)
    if not isinstance(found, Caller):
        raise no_key(given=False)
    return found


def _key_of(request: Request) -> str:
    """The key of the Authorization header; where there is one, the session is ignored."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() or scheme if scheme.lower() == "bearer" else scheme


def is_local_host(host: str) -> bool:
    """Whether a Host header holds this machine's own name or address, which DNS cannot point to another machine."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:  # not an address
        return False


def is_cross_site(request: Request, host: str) -> bool:
    """Whether a browser names a page of another origin as the sender. Other callers send neither header."""
    if site := request.headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and origin.lower().partition("://")[2] != host.lower()
