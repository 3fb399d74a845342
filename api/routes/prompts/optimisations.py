"""Routes of optimisations: searches for better versions of Greenlight's own prompts, under one cap."""

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Response

from api.deps import CurrentCaller, IdempotencyKey, KnownOptimisation, ServicesDep, requested_id
from api.pagination import PageSize, PageToken, decode_token, encode_token
from api.problems import Problem, documented
from api.routes.evaluations.evaluations import parse_case_file
from api.views.production import PREFIX
from api.views.prompts.optimisations import OptimisationBody, OptimisationPage
from workflows import keys
from workflows.models import digest_of
from workflows.optimisation.records import LEAST_CASES, OptimisationStart, OptimisationView

router = APIRouter(prefix=f"{PREFIX}/optimisations", tags=["prompts"], responses=documented(422, 503))

_UNKNOWN: Final = documented(404)
_NO_CONTENT: Final = frozenset({"optimisation_id", "title", "requester", "tenant", "cases"})
"""Fields of a body that do not decide about its result; the cases count as they were read."""


@router.post("", status_code=202, responses=documented(403, 409))
async def start(
    services: ServicesDep,
    caller: CurrentCaller,
    response: Response,
    body: OptimisationBody,
    idempotency_key: IdempotencyKey = None,
) -> OptimisationView:
    """Search a better version of a prompt on some of the cases, and measure its gain on the others.

    The result is a stored version, which is not used before a person chooses it. A repeated request with the same id
    pays for nothing twice.
    """
    if body.max_usd:
        caller.check_release("max_usd")
    body = caller.sign(body)
    tenant = caller.resolve_tenant(body.tenant) or keys.DEFAULT_TENANT
    limit = caller.policy.max_budget_usd if caller.policy else None
    if limit is not None and body.max_usd > limit:
        raise Problem.of_field("max_usd", f"is above the limit of the tenant, {limit} USD", f"give at most {limit}")
    view = await services.optimisations.start(_start_of(body, tenant, idempotency_key))
    response.headers["Location"] = f"{PREFIX}/optimisations/{view.optimisation_id}"
    return view


@router.get("")
async def list_optimisations(
    services: ServicesDep, caller: CurrentCaller, page_size: PageSize = 50, page_token: PageToken = None
) -> OptimisationPage:
    """Optimisations, a page at a time. The list follows a change by a second or two."""
    lines, following = await services.optimisations.list_optimisations(
        caller.tenant, page_size, decode_token(page_token)
    )
    return OptimisationPage(optimisations=tuple(lines), next_page_token=encode_token(following))


@router.get("/{optimisation_id}", responses=_UNKNOWN)
async def get_optimisation(services: ServicesDep, optimisation_id: KnownOptimisation) -> OptimisationView:
    """The state of an optimisation: its status, its cost, and its result."""
    return await services.optimisations.view(optimisation_id)


@router.post("/{optimisation_id}/cancel", responses=documented(404, 409))
async def cancel(services: ServicesDep, optimisation_id: KnownOptimisation) -> OptimisationView:
    """Stop it. What was asked is paid, and no version is stored."""
    return await services.optimisations.cancel(optimisation_id)


def _start_of(body: OptimisationBody, tenant: str, idempotency_key: str | None) -> OptimisationStart:
    """
    Raises:
        Problem: 422, which names the broken lines.
    """
    cases = parse_case_file(body.cases)
    if len(cases) < LEAST_CASES:
        message = f"there are {len(cases)}, and {LEAST_CASES} are needed: two to search with, two to measure with"
        raise Problem.of_field("cases", message, "add more")
    terms = body.model_dump(mode="json", exclude=set(_NO_CONTENT))
    content = digest_of([terms, [each.model_dump(mode="json", exclude_defaults=True) for each in cases]])
    given = body.model_dump(exclude={"cases", "optimisation_id", "tenant"})
    return OptimisationStart(
        **given,
        optimisation_id=requested_id("optimisation", tenant, body.optimisation_id, idempotency_key),
        cases=cases,
        tenant=tenant,
        created_at=datetime.now(UTC),
        content=content,
    )
