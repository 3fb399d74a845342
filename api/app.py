"""The FastAPI application: services, routes, problem details, OpenAPI."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.telemetry import TelemetryConfig

from api import problems, thumbnails
from api.auth.key_file import KeyFile
from api.auth.limits import TenantLimit, TenantTurns
from api.auth.middleware import Access, authorise
from api.auth.sessions import Sessions, session_secret
from api.deps import Services, refuse_unknown_parameters
from api.metrics import Metrics
from api.middleware import BodyLimits
from api.openapi.examples import add_examples
from api.openapi.security import add_security
from api.openapi.streams_and_bodies import add_streams_and_body_errors
from api.readiness import OK, Check, Readiness
from api.relay.relay import Relay
from api.routes import (
    attention,
    batches,
    decisions,
    downloads,
    exports,
    multimodal,
    operations,
    productions,
    references,
    schedules,
    session,
    streamed_media,
    studio_page,
    uploads,
)
from api.routes.agents import execution, grants
from api.routes.evaluations import evaluations, voice_samples, votes
from api.routes.prompts import optimisations, prompts
from api.routes.read_references import analyses, fields, resumable
from api.routes.voice import interviews, memos
from api.routes.webhooks import given_up
from api.settings import Settings
from api.storage import Vault
from api.temporal.workers import Fleet
from api.views.batches import BatchAssetResult, BatchResult
from api.views.production import StreamEvent
from workflows.runtime import tracing

if TYPE_CHECKING:
    from temporalio.client import Client

    from api.temporal.connection import TemporalServer


ROUTERS: Final = (
    productions.router,
    decisions.router,
    execution.router,
    grants.router,
    resumable.router,
    analyses.router,
    fields.router,
    references.router,
    memos.router,
    interviews.router,
    session.router,
    uploads.router,
    downloads.router,
    exports.router,
    attention.router,
    batches.router,
    schedules.router,
    given_up.router,
    multimodal.router,
    operations.router,
    studio_page.router,
    streamed_media.router,
    evaluations.metrics_router,
    voice_samples.router,
    votes.router,
    evaluations.router,
    prompts.router,
    optimisations.router,
)
"""In the order of the OpenAPI description; of two routes that match a request, the first one gets it."""


def create_app(settings: Settings, client: "Client | None" = None, *, prepare: bool = False) -> FastAPI:
    """The app; it connects to Temporal by `settings`, or uses `client` (with the pydantic data converter).

    Args:
        prepare: Load slow modules in the background after the start, for a long-running server.

    Raises:
        KeyFileError: the key file of `settings` cannot be read.
    """
    metrics, keys = Metrics(), KeyFile(settings.api_keys) if settings.api_keys else None
    sessions = _sessions(settings, keys)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = app.state.services = await _connect(settings, client, metrics, keys, sessions)
        async with _running(services, prepare=prepare):
            yield

    app = FastAPI(
        title="Greenlight",
        version=operations.version(),
        summary="One brief. One plan. Approved once, paid for once, delivered whole.",
        lifespan=lifespan,
        # FastAPI's own pages load their scripts from a CDN.
        docs_url=None,
        redoc_url=None,
        telemetry=_telemetry(),
        dependencies=[Depends(authorise), Depends(refuse_unknown_parameters)],
    )
    app.state.instance = settings.instance
    app.add_middleware(Access, settings=settings, keys=keys, sessions=sessions)
    app.add_middleware(BodyLimits, metrics=metrics)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = partial(_openapi, app)  # type: ignore[method-assign]  # FastAPI's documented way to extend the schema
    return app


def _sessions(settings: Settings, keys: KeyFile | None) -> Sessions | None:
    if keys is None or not settings.api_keys:
        return None
    return Sessions(keys, session_secret(settings.api_keys, settings.session_secret))


async def _connect(
    settings: Settings, client: "Client | None", metrics: Metrics, keys: KeyFile | None, sessions: Sessions | None
) -> Services:
    """The services over connections to Temporal and to the bucket."""
    # Temporal's SDK takes 150 ms to import, which the OpenAPI description does not need.
    from api.temporal.batches import BatchGateway
    from api.temporal.change_feed import ChangeFeed
    from api.temporal.connection import TemporalServer, connect
    from api.temporal.counts import CachedCounts
    from api.temporal.evaluation.evaluations import EvaluationGateway
    from api.temporal.evaluation.optimisations import OptimisationGateway
    from api.temporal.notifications import NotificationGateway
    from api.temporal.priorities import Priorities
    from api.temporal.productions import ProductionGateway
    from api.temporal.reads import ProductionReader
    from api.temporal.schedules import ScheduleGateway
    from api.temporal.titles import SearchableTitles
    from api.temporal.visibility import Visibility
    from api.temporal.voice.sessions import VoiceSessionGateway
    from api.temporal.voice_memos import VoiceMemoGateway

    vault = Vault(settings)
    payloads = vault.put_payload, vault.get_payload
    connected = client or await connect(settings, *payloads)
    impatient = None if client else await connect(settings, *payloads, impatient=True)
    temporal = TemporalServer(connected, impatient)
    reader = ProductionReader(connected, vault.manifest, metrics)
    fleet = Fleet(temporal)
    titles, priorities = SearchableTitles.of(connected), Priorities(settings.tenant_weights)
    return Services(
        settings=settings,
        metrics=metrics,
        temporal=temporal,
        reader=reader,
        productions=ProductionGateway(connected, reader, titles, priorities),
        visibility=Visibility(connected),
        counts=CachedCounts(connected),
        batches=BatchGateway(connected, vault.batch, titles, priorities),
        evaluations=EvaluationGateway(connected, vault.evaluation, titles, priorities),
        optimisations=OptimisationGateway(connected, priorities),
        schedules=ScheduleGateway(connected, titles, priorities),
        voice_memos=VoiceMemoGateway(connected),
        voice_sessions=VoiceSessionGateway(connected),
        notifications=NotificationGateway(connected, priorities),
        vault=vault,
        relay=Relay(reader, ChangeFeed(connected), metrics),
        fleet=fleet,
        keys=keys,
        sessions=sessions,
        readiness=Readiness(checks(temporal, vault, fleet, keys)),
        streams=TenantLimit(settings.tenant_streams, "event streams", "GREENLIGHT_TENANT_STREAMS"),
        transfers=TenantLimit(settings.tenant_transfers, "transfers of files", "GREENLIGHT_TENANT_TRANSFERS"),
        thumbnails=thumbnails.Thumbnails(vault),
        thumbnail_turns=TenantTurns(thumbnails.AT_ONCE, thumbnails.MOST_REQUESTS, "thumbnails"),
    )


@asynccontextmanager
async def _running(services: Services, *, prepare: bool) -> AsyncIterator[None]:
    """The background work of the services, until the block ends."""
    preparing = asyncio.create_task(services.vault.prepare()) if prepare else None
    watching = asyncio.create_task(services.readiness.watch()) if prepare else None
    try:
        yield
    finally:
        services.relay.close()
        if watching:
            watching.cancel()
        await services.readiness.close()
        if preparing:
            await preparing
        services.vault.close()


def _telemetry() -> TelemetryConfig:
    provider = tracing.tracer_provider()
    return {
        "tracing": provider is not None,
        "tracer_provider": provider,
        "exclude": _untraced,
        "operation_spans": False,
        "metrics": False,
        "logs": False,
        "auto_configure": False,
    }


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The description of all routes, made at its first use."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            routes=app.routes,
            separate_input_output_schemas=False,  # one name per record; responses contain the optional fields too
        )
        add_streams_and_body_errors(described)
        extra = {
            model.__name__: model.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
            for model in (problems.ProblemDetails, StreamEvent, BatchResult, BatchAssetResult)
        }
        app.openapi_schema = add_security(add_examples(described, extra))
    return app.openapi_schema


def checks(server: "TemporalServer", vault: Vault, fleet: Fleet, keys: KeyFile | None) -> dict[str, Check]:
    """The readiness checks by name."""

    async def temporal() -> str:
        await server.check()
        return fleet.write_problem or OK

    async def storage() -> str:
        await vault.check()
        return await fleet.store_problem() or OK

    async def api_keys() -> str:
        return (keys.problem if keys else "") or OK

    return {"temporal": temporal, "storage": storage, **({"api_keys": api_keys} if keys else {})}


def _untraced(scope: MutableMapping[str, Any]) -> bool:
    """Whether a request gets no trace: probes and pages are too frequent, and event streams last for hours."""
    path = str(scope["path"])
    return not path.startswith(("/api/", "/generate")) or path.endswith("/events")


def end_streams(app: FastAPI) -> None:
    """End all event streams, so that a stopping server does not wait for its watchers."""
    services = getattr(app.state, "services", None)
    if isinstance(services, Services):
        services.relay.close()
