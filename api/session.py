"""Routes of who asks: signing in at the studio page, signing out, and who one is."""

from fastapi import APIRouter, Request, Response

from api.access import COOKIE, caller_of, caller_of_key, no_key, refused
from api.bodies import SignIn
from api.callers import Caller
from api.deps import Parts, Who
from api.problems import documented
from api.roles import Role
from api.views import PREFIX, SessionView

router = APIRouter(prefix=f"{PREFIX}/session", tags=["session"])


@router.post("", responses=documented(401, 422))
async def sign_in(parts: Parts, request: Request, response: Response, body: SignIn) -> SessionView:
    """Take a key into a cookie of this browser, until that is closed, one signs out, or the key is revoked."""
    if parts.keys is None:
        return _view(caller_of(request))
    key = body.key.get_secret_value().strip()
    caller = caller_of_key(parts.keys, key)
    if caller is None:
        refused(request)
        raise no_key(given=True)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, key, path=PREFIX, secure=secure, httponly=True, samesite="strict")
    return _view(caller)


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
