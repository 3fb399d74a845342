"""Routes about the service itself: what it offers, whether it is well."""

import asyncio
import logging
from collections.abc import Awaitable
from importlib import metadata
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from api import studio
from api.deps import Parts, Services, Who
from api.metrics import MEDIA_TYPE
from api.problems import Problem, documented
from api.views import INSTANCE, PREFIX, Home, PlatformsView, PlatformView, Ready
from workflows.models import PLATFORM_MODALITIES
from workflows.reports import ProvidersReport

WATCH_SECONDS: Final = 5.0
"""What breaks is in the log within 10 s."""

router = APIRouter()
_log = logging.getLogger(__name__)


@router.get(f"{PREFIX}/platforms", tags=["what can be made"])
async def platforms(parts: Parts) -> PlatformsView:
    """The platforms with their modalities, and who makes each."""
    report = await parts.fleet.known()
    return PlatformsView(
        platforms=tuple(
            PlatformView(
                platform=platform,
                modalities=modalities,
                enabled_providers={m: report.enabled_providers.get(m, ()) for m in modalities} if report else None,
            )
            for platform, modalities in PLATFORM_MODALITIES.items()
        )
    )


@router.get(f"{PREFIX}/providers", tags=["what can be made"], responses=documented(503))
async def providers(parts: Parts) -> ProvidersReport:
    """What the workers can make, with which models, and what is not enabled and why."""
    return await parts.fleet.report()


@router.get("/healthz", tags=["operations"])
async def healthz(request: Request, response: Response) -> dict[str, str]:
    """This process is up; a stack that was started by `make up` names itself in the header Greenlight-Instance."""
    if instance := request.app.state.instance:
        response.headers[INSTANCE] = instance
    return {"status": "ok"}


@router.get("/readyz", tags=["operations"], responses={503: {"model": Ready, "description": "Something is missing"}})
async def readyz(parts: Parts, response: Response) -> Ready:
    """Temporal and the storage answer, and the workers can do paid work with this storage."""
    temporal, storage = await asyncio.gather(_check(parts.gateway.check()), _storage(parts))
    if temporal == "ok" and parts.fleet.unstored:
        temporal = parts.fleet.unstored
    checks = {"temporal": temporal, "storage": storage}
    ready = all(said == "ok" for said in checks.values())
    response.status_code = 200 if ready else 503
    return Ready(ready=ready, checks=checks)


async def watch(parts: Services) -> None:
    """Log what the API needs and does not have, and when it is back, until cancelled."""
    before = {"temporal": "ok", "storage": "ok"}
    while True:
        said = await asyncio.gather(_check(parts.gateway.check()), _check(parts.vault.check()))
        for (what, state), now in zip(before.items(), said, strict=True):
            if now != state:
                _log.log(logging.INFO if now == "ok" else logging.ERROR, "%s: %s", what.capitalize(), now)
        before = dict(zip(before, said, strict=True))
        await asyncio.sleep(WATCH_SECONDS)


@router.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
async def metrics(parts: Parts, who: Who) -> PlainTextResponse:
    """Counters in the Prometheus text format, and how many productions stand where, as of the last 10 s."""
    who.check_house()
    return PlainTextResponse(parts.metrics.text(await parts.gateway.standing()), media_type=MEDIA_TYPE)


@router.get("/", tags=["operations"], response_model=Home)
async def home(request: Request, parts: Parts) -> Home | Response:
    """Where things are; for browsers, the studio page."""
    if studio.wants_page(request):
        return await studio.page(parts)
    return Home(
        name="greenlight",
        version=version(),
        links={
            "openapi": "/openapi.json",
            "productions": f"{PREFIX}/productions",
            "attention": f"{PREFIX}/attention",
            "batches": f"{PREFIX}/batches",
            "schedules": f"{PREFIX}/schedules",
            "platforms": f"{PREFIX}/platforms",
            "providers": f"{PREFIX}/providers",
            "health": "/healthz",
            "ready": "/readyz",
            "metrics": "/metrics",
        },
    )


def version() -> str:
    try:
        return metadata.version("greenlight")
    except metadata.PackageNotFoundError:  # run from a source tree that is not installed
        return "0"


async def _storage(parts: Services) -> str:
    """'ok', or why the storage does not answer, or why the workers do no paid work with it."""
    state = await _check(parts.vault.check())
    if state != "ok":
        return state
    return await parts.fleet.store_problem() or "ok"


async def _check(check: Awaitable[None]) -> str:
    try:
        await check
    except Problem as problem:
        return problem.problem.detail
    return "ok"
