"""Routes about the service itself: its platforms and providers, its health, its figures."""

from dataclasses import asdict
from importlib import metadata
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from api.auth.middleware import is_identified
from api.deps import CurrentCaller, ServicesDep
from api.headers import INSTANCE
from api.metrics import MEDIA_TYPE
from api.problems import documented
from api.readiness import OK
from api.routes import studio_page
from api.views.bodies import LanguageBody
from api.views.platforms import LanguageView, PlatformsView, PlatformView
from api.views.production import PREFIX, Home, Ready
from workflows.brief import PLATFORM_MODALITIES
from workflows.provider_report import ProvidersReport
from workflows.runtime.language import alike, detect_language
from workflows.servers.diagnosis import Diagnoses

router = APIRouter()

_HIDDEN: Final = "not ready; send a key, or read the log, for the reason"


@router.get(f"{PREFIX}/platforms", tags=["what can be made"])
async def platforms(services: ServicesDep) -> PlatformsView:
    """The platforms with their modalities, and the enabled providers of each."""
    report = await services.fleet.report_or_none()
    return PlatformsView(
        interviews=report.interviews if report else None,
        platforms=tuple(
            PlatformView(
                platform=platform,
                modalities=modalities,
                enabled_providers={m: report.enabled_providers.get(m, ()) for m in modalities} if report else None,
            )
            for platform, modalities in PLATFORM_MODALITIES.items()
        ),
    )


@router.get(f"{PREFIX}/providers", tags=["what can be made"], responses=documented(503))
async def providers(services: ServicesDep) -> ProvidersReport:
    """The providers of the workers with their models, and the reasons why others are not enabled."""
    return await services.fleet.report()


@router.post(f"{PREFIX}/languages/detect", tags=["what can be made"], responses=documented(422))
def detect(body: LanguageBody) -> LanguageView:
    """The language that a text is written in, so that a client can ask before it starts a production in another one.

    It is detected on this machine. Without `languages`, a brief is in English."""
    # Not a coroutine: FastAPI runs it in a thread, because the first call loads the model.
    found = detect_language(body.text)
    return LanguageView(**asdict(found), alike=alike(found.language)) if found else LanguageView()


@router.get("/healthz", tags=["operations"])
async def healthz(request: Request, response: Response) -> dict[str, str]:
    """This process is up. A stack that `make up` started gives its id in the header Greenlight-Instance."""
    if instance := request.app.state.instance:
        response.headers[INSTANCE] = instance
    return {"status": "ok"}


@router.get("/readyz", tags=["operations"], responses={503: {"model": Ready, "description": "Something is missing"}})
async def readyz(request: Request, services: ServicesDep, response: Response) -> Ready:
    """Temporal and the storage answer, and the workers can do paid work with this storage; at most 2 s old.

    A caller without a key does not get the reasons, because they name addresses of the inner network."""
    checks = await services.readiness.read()
    ready = all(state == OK for state in checks.values())
    response.status_code = 200 if ready else 503
    if not is_identified(request):
        checks = {name: state if state == OK else _HIDDEN for name, state in checks.items()}
    return Ready(ready=ready, checks=checks)


@router.post(f"{PREFIX}/diagnosis", tags=["operations"], responses=documented(503))
async def diagnose(services: ServicesDep, caller: CurrentCaller) -> Diagnoses:
    """Check the installation with real requests that cost nothing: a workflow, the bucket, each vendor's key, the
    clocks, the disk, the search attributes and the dates of certificates. A worker makes them; it takes seconds."""
    caller.check_default_tenant()
    return await services.temporal.diagnose()


@router.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
async def metrics(services: ServicesDep, caller: CurrentCaller) -> PlainTextResponse:
    """Counters in the Prometheus text format, and the number of productions by status, at most 10 s old."""
    caller.check_default_tenant()
    return PlainTextResponse(services.metrics.text(await services.counts.read()), media_type=MEDIA_TYPE)


@router.get("/", tags=["operations"], response_model=Home)
async def home(request: Request, services: ServicesDep) -> Home | Response:
    """The addresses of this API; for browsers, the studio page."""
    if studio_page.wants_page(request):
        return await studio_page.page(services)
    return Home(
        name="greenlight",
        version=version(),
        links={
            "docs": "/docs",
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
    except metadata.PackageNotFoundError:  # the API runs from a source tree that is not installed
        return "0"
