"""Routes of grants: the money that people let agents release. They are kept in the file of the API keys."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Response

from api.auth.key_file import KeyFile, KeyFileError
from api.deps import CurrentCaller, Services, ServicesDep
from api.problems import Problem, documented
from api.views.grants import GrantBody, GrantList
from api.views.production import PREFIX
from workflows.agents.grants import Grant, agent_name

T = TypeVar("T")

router = APIRouter(prefix=f"{PREFIX}/grants", tags=["agents"], responses=documented(409, 422, 503))


@router.get("")
def list_grants(services: ServicesDep, caller: CurrentCaller) -> GrantList:
    """What people granted the agents of the tenant, ended grants too; an agent sees its own that have not ended."""
    if caller.is_agent:
        return GrantList(grants=caller.grants)
    keys = _keys(services)
    return GrantList(grants=keys.grants_in(caller.tenant or ""))


@router.post("", status_code=201)
def create_grant(services: ServicesDep, caller: CurrentCaller, body: GrantBody) -> Grant:
    """Let an agent release money without a further approval, up to an amount and until a time.

    A grant covers planning and the whole budget of each plan that the agent executes. It never covers prices that are
    not published, plans that several people have to approve, and anything that a person changes after the approval.
    """
    keys = _keys(services)
    assert caller.tenant is not None
    if keys.find_agent(body.agent, caller.tenant) is None:
        message, remedy = f"there is no agent {body.agent!r}", "create its key: greenlight keys create --role agent"
        raise Problem.of_field("agent", message, remedy)
    if body.production_id and not caller.owns(body.production_id):
        message = f"there is no production {body.production_id!r}"
        raise Problem.of_field("production_id", message, "give the id that the production shows")
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        grant = Grant(
            grant_id=f"g-{secrets.token_hex(5)}",
            agent=agent_name(body.agent),
            tenant=caller.tenant,
            usd=body.usd,
            per=body.per,
            production_id=body.production_id,
            granted_by=caller.name,
            created_at=now,
            expires_at=now + timedelta(seconds=body.valid_seconds),
        )
    except ValueError:
        message, remedy = "a grant for a day covers all productions", "leave it out, or give per 'production'"
        raise Problem.of_field("production_id", message, remedy) from None
    _changing(lambda: keys.add_grant(grant))
    return grant


@router.delete("/{grant_id}", status_code=204, responses=documented(404))
def revoke_grant(
    services: ServicesDep,
    caller: CurrentCaller,
    grant_id: Annotated[str, Path(max_length=100, examples=["g-1f0c6d5e8b"])],
) -> Response:
    """End a grant now. What the agent has released with it stays released; cancel its productions to stop them."""
    keys = _keys(services)
    found = _changing(lambda: keys.revoke_grant(grant_id, caller.tenant or ""))
    if not found:
        raise Problem(404, "unknown-grant", f"There is no grant {grant_id!r}; GET /api/v1/grants lists them.")
    return Response(status_code=204)


def _keys(services: Services) -> KeyFile:
    """
    Raises:
        Problem: 409; the API is open, so it has no agents.
    """
    if services.keys is None:
        detail = "This API needs no key, so it cannot tell agents from people; set GREENLIGHT_API_KEYS for grants."
        raise Problem(409, "no-keys", detail)
    return services.keys


def _changing(change: Callable[[], T]) -> T:
    """
    Raises:
        Problem: 503; the file of keys cannot be written, e.g. where it is a mounted secret.
    """
    try:
        return change()
    except KeyFileError as error:
        raise Problem(503, "keys-not-writable", f"{error}. An operator can add [[grants]] to that file.") from None
