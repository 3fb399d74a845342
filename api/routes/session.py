"""Routes of the session: sign in at the studio page, sign out, and read who is signed in."""

from fastapi import APIRouter, Request, Response

from api.auth.caller import Caller
from api.auth.middleware import COOKIE, REFUSALS, caller_of, caller_with, no_key
from api.auth.roles import Role
from api.deps import CurrentCaller, ServicesDep
from api.problems import documented
from api.views.bodies import SignIn
from api.views.production import PREFIX, SessionView

router = APIRouter(prefix=f"{PREFIX}/session", tags=["session"])


@router.post("", responses=documented(401, 422, 429))
async def sign_in(services: ServicesDep, request: Request, response: Response, body: SignIn) -> SessionView:
    """Begin a session of this browser. It ends when the browser is closed, at a sign-out, when the key is revoked, or
    after 7 days."""
    if services.keys is None or services.sessions is None:
        return _view(caller_of(request))
    key = services.keys.find(body.key.get_secret_value().strip())
    if key is None:
        request.scope[REFUSALS].count(request)
        raise no_key(given=True)
    secure, session = request.url.scheme == "https", services.sessions.begin(key)
    response.set_cookie(COOKIE, session, path=PREFIX, secure=secure, httponly=True, samesite="strict")
    return _view(caller_with(services.keys, key))


@router.get("")
async def session(caller: CurrentCaller) -> SessionView:
    """The name, the tenant and the roles of the caller's key."""
    return _view(caller)


@router.delete("", status_code=204)
async def sign_out(response: Response) -> None:
    """End the session of this browser, and clear what the browser cached with it."""
    response.delete_cookie(COOKIE, path=PREFIX, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache"'


def _view(caller: Caller) -> SessionView:
    roles = tuple(role for role in Role if role in caller.roles)
    return SessionView(open=caller.tenant is None, name=caller.name, tenant=caller.tenant, roles=roles)
