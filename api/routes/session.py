"""Routes of who asks: signing in at the studio page, signing out, and who one is."""

from fastapi import APIRouter, Request, Response

from api.auth.caller import Caller
from api.auth.middleware import COOKIE, REFUSALS, caller_of, caller_with, no_key
from api.auth.roles import Role
from api.deps import Parts, Who
from api.problems import documented
from api.views.bodies import SignIn
from api.views.production import PREFIX, SessionView

router = APIRouter(prefix=f"{PREFIX}/session", tags=["session"])


@router.post("", responses=documented(401, 422, 429))
async def sign_in(parts: Parts, request: Request, response: Response, body: SignIn) -> SessionView:
    """Begin a session of this browser, until that is closed, one signs out, or the key is revoked; 7 days at most."""
    if parts.keys is None or parts.sessions is None:
        return _view(caller_of(request))
    key = parts.keys.find(body.key.get_secret_value().strip())
    if key is None:
        request.scope[REFUSALS].count(request)
        raise no_key(given=True)
    secure, session = request.url.scheme == "https", parts.sessions.begin(key)
    response.set_cookie(COOKIE, session, path=PREFIX, secure=secure, httponly=True, samesite="strict")
    return _view(caller_with(parts.keys, key))


@router.get("")
async def session(who: Who) -> SessionView:
    """Whose key this is, of which tenant, and what its roles are."""
    return _view(who)


@router.delete("", status_code=204)
async def sign_out(response: Response) -> None:
    """Forget the key and what was shown with it, in this browser."""
    response.delete_cookie(COOKIE, path=PREFIX, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache"'


def _view(caller: Caller) -> SessionView:
    roles = tuple(role for role in Role if role in caller.roles)
    return SessionView(open=caller.tenant is None, name=caller.name, tenant=caller.tenant, roles=roles)
