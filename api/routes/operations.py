"""Routes about the service itself: what it offers, whether it is well."""

from importlib import metadata
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from api.auth.middleware import is_known
from api.deps import Parts, Who
from api.headers import INSTANCE
from api.metrics import MEDIA_TYPE
from api.problems import documented
from api.readiness import OK
from api.routes import studio_page
from api.views.production import PREFIX, Home, PlatformsView, PlatformView, Ready
from workflows.models import PLATFORM_MODALITIES
from workflows.provider_report import ProvidersReport

router = APIRouter()

_UNSAID: Final = "not ready; ask with a key, or read the log, for the reason"


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
async def readyz(request: Request, parts: Parts, response: Response) -> Ready:
    """Temporal and the storage answer, and the workers can do paid work with this storage; at most 2 s old.

    Who sends no key is told which of them is not ready, and not why: reasons name addresses of the inner network."""
    checks = await parts.readiness.known()
    ready = all(said == OK for said in checks.values())
    response.status_code = 200 if ready else 503
    if not is_known(request):
        checks = {name: said if said == OK else _UNSAID for name, said in checks.items()}
    return Ready(ready=ready, checks=checks)


@router.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
async def metrics(parts: Parts, who: Who) -> PlainTextResponse:
    """Counters in the Prometheus text format, and how many productions stand where, as of the last 10 s."""
    who.check_house()
    return PlainTextResponse(parts.metrics.text(await parts.gateway.standing()), media_type=MEDIA_TYPE)


@router.get("/", tags=["operations"], response_model=Home)
async def home(request: Request, parts: Parts) -> Home | Response:
    """Where things are; for browsers, the studio page."""
    if studio_page.wants_page(request):
        return await studio_page.page(parts)
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
