"""The FastAPI application: parts, routes, problem details, OpenAPI."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi

from api import problems
from api.auth.key_file import KeyFile
from api.auth.limits import Limit
from api.auth.middleware import Access, authorise
from api.auth.sessions import Sessions, secret_of
from api.deps import Services
from api.metrics import Metrics
from api.middleware import Door
from api.openapi.examples import add_examples
from api.openapi.security import add_access
from api.openapi.streams_and_bodies import add_the_unsaid
from api.readiness import OK, Check, Readiness
from api.relay.relay import Relay
from api.routes import (
    attention,
    batches,
    decisions,
    downloads,
    multimodal,
    operations,
    previews,
    productions,
    references,
    schedules,
    session,
    streamed_media,
    studio_page,
    uploads,
)
from api.settings import Settings
from api.storage import Vault
from api.temporal.workers import Fleet
from api.views.batches import BatchResult
from api.views.production import StreamEvent
from workflows.runtime import tracing

if TYPE_CHECKING:
    from temporalio.client import Client

    from api.temporal.productions import Gateway


def create_app(settings: Settings, client: "Client | None" = None, *, prepare: bool = False) -> FastAPI:
    """The app; it connects to Temporal as `settings` say, or uses `client` (with the pydantic data converter).

    Args:
        prepare: Load behind the start what is slow to load, for a server that stays.

    Raises:
        KeyFileError: the keys that `settings` name cannot be read.
    """
    metrics = Metrics()
    keys = KeyFile(settings.api_keys) if settings.api_keys else None
    sessions = None
    if keys and settings.api_keys:
        sessions = Sessions(keys, secret_of(settings.api_keys, settings.session_secret))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Temporal's SDK takes 150 ms to import: whoever imports this module for its OpenAPI need not wait.
        from api.temporal.batches import BatchGateway
        from api.temporal.productions import Gateway, connect
        from api.temporal.schedules import ScheduleGateway

        vault = Vault(settings)
        temporal = client or await connect(settings)
        impatient = None if client else await connect(settings, impatient=True)
        gateway = Gateway(temporal, vault.manifest, metrics, impatient)
        relay = Relay(gateway, metrics)
        fleet = Fleet(gateway)
        readiness = Readiness(checks(gateway, vault, fleet, keys))
        app.state.services = Services(
            settings=settings,
            metrics=metrics,
            gateway=gateway,
            vault=vault,
            relay=relay,
            fleet=fleet,
            batches=BatchGateway(temporal, vault.batch),
            schedules=ScheduleGateway(temporal),
            keys=keys,
            sessions=sessions,
            readiness=readiness,
            streams=Limit(settings.tenant_streams, "event streams", "GREENLIGHT_TENANT_STREAMS"),
            transfers=Limit(settings.tenant_transfers, "transfers of files", "GREENLIGHT_TENANT_TRANSFERS"),
        )
        preparing = asyncio.create_task(vault.prepare()) if prepare else None
        watching = asyncio.create_task(readiness.watch()) if prepare else None
        try:
            yield
        finally:
            relay.close()
            if watching:
                watching.cancel()
            await readiness.close()
            if preparing:
                await preparing
            vault.close()

    app = FastAPI(
        title="Greenlight",
        version=operations.version(),
        summary="One brief. One plan. Approved once, paid for once, delivered whole.",
        lifespan=lifespan,
        # The stock pages load their scripts from a CDN.
        docs_url=None,
        redoc_url=None,
        telemetry={
            "tracing": tracing.provider() is not None,
            "tracer_provider": tracing.provider(),
            "exclude": _untraced,
            "operation_spans": False,
            "metrics": False,
            "logs": False,
            "auto_configure": False,
        },
        dependencies=[Depends(authorise)],
    )
    app.state.instance = settings.instance
    app.add_middleware(Access, settings=settings, keys=keys, sessions=sessions)
    app.add_middleware(Door, metrics=metrics)
    problems.install(app)
    for module in (
        productions,
        decisions,
        references,
        session,
        uploads,
        downloads,
        previews,
        attention,
        batches,
        schedules,
        multimodal,
        operations,
        studio_page,
        streamed_media,
    ):
        app.include_router(module.router)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                routes=app.routes,
                separate_input_output_schemas=False,  # one name a record; what may be left out, we always answer
            )
            add_the_unsaid(described)
            extra = {
                model.__name__: model.model_json_schema(
                    mode="serialization", ref_template="#/components/schemas/{model}"
                )
                for model in (problems.ProblemDetails, StreamEvent, BatchResult)
            }
            app.openapi_schema = add_access(add_examples(described, extra))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the schema
    return app


def checks(gateway: "Gateway", vault: Vault, fleet: Fleet, keys: KeyFile | None) -> dict[str, Check]:
    """What has to be ready, by name."""

    async def temporal() -> str:
        await gateway.check()
        return fleet.unstored or OK

    async def storage() -> str:
        await vault.check()
        return await fleet.store_problem() or OK

    async def api_keys() -> str:
        return (keys.problem if keys else "") or OK

    return {"temporal": temporal, "storage": storage, **({"api_keys": api_keys} if keys else {})}


def _untraced(scope: MutableMapping[str, Any]) -> bool:
    """Probes and pages ask all the time, and whoever watches does so for hours."""
    path = str(scope["path"])
    return not path.startswith("/api/") or path.endswith("/events")


def end_streams(app: FastAPI) -> None:
    """End all event streams, so that a server that stops need not wait for its watchers."""
    services = getattr(app.state, "services", None)
    if isinstance(services, Services):
        services.relay.close()
