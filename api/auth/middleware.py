"""The second ASGI layer: nobody gets in without a key, and no page of another site acts in a person's name.

Without keys (GREENLIGHT_OPEN) everybody on this machine may do everything. Their browsers are on this machine too, so
a name that leads here from outside (DNS rebinding) is refused as well.
"""

import logging
from collections import Counter
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.caller import WHOEVER, Caller
from api.auth.key_file import Key, KeyFile
from api.auth.roles import needed, needs_key
from api.auth.sessions import Sessions
from api.headers import INSTANCE
from api.middleware import drain
from api.problems import FieldError, Problem, answer
from api.settings import Settings, is_loopback

COOKIE: Final = "greenlight_session"
"""Holds the session of who signed in at the studio page: no script reads it, and it is sent to this address alone."""
REFUSALS: Final = "greenlight.refusals"
CALLER: Final = "greenlight.caller"
"""Where the scope says who asks."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY_REMEDY: Final = (
    "send `Authorization: Bearer gl_…`, set GREENLIGHT_API_KEY for the command greenlight, or sign in at the page"
)

_log = logging.getLogger(__name__)


class Access:
    """Finds out who asks before a byte of the body is read; what they may is decided at the route."""

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
                await answer(problem.problem, problem.headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _caller(self, request: Request) -> Caller | None:
        if self._open:
            return WHOEVER
        key, session = _presented(request), request.cookies.get(COOKIE, "")
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


def caller_with(keys: KeyFile, key: Key) -> Caller:
    """Who holds a key, for as long as it holds."""
    return Caller(key.name, key.tenant, frozenset(key.roles), lambda: keys.holds(key), keys.policy_of(key.tenant))


class Refusals:
    """Attempts with keys that are none. Nobody guesses 256 bits, but every guess costs a look and a line of the log:
    who goes on after MOST of them in PERIOD_SECONDS waits. A key that is one is taken all the same: its holder may
    share an address with whoever guesses."""

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
            wait = {"Retry-After": f"{self.PERIOD_SECONDS:g}"}
            words = f"Too many wrong keys came from this address; wait {self.PERIOD_SECONDS:g} s."
            raise Problem(429, "too-many-wrong-keys", words, headers=wait)
        path = request.url.path[:200]
        _log.warning("A key that is none of ours came from %s: %s %r", peer, request.method, path)


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


def is_known(request: Request) -> bool:
    """Whether somebody with a key asks, or an API that needs none."""
    return isinstance(request.scope.get(CALLER), Caller)


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
    """The key that comes along; where there is one, no session counts."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() or scheme if scheme.lower() == "bearer" else scheme


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
