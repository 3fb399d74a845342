"""Dependencies of the routes: the services of the app, the caller, and the ids in paths and headers."""

import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from fastapi import Depends, Header, Path, Query, Request
from fastapi.dependencies.models import Dependant

from api.auth.caller import Caller
from api.auth.key_file import KeyFile
from api.auth.limits import TenantLimit, TenantTurns, TooMany
from api.auth.middleware import caller_of
from api.auth.sessions import Sessions
from api.metrics import Metrics
from api.middleware import drain
from api.problems import (
    FieldError,
    Problem,
    unknown_batch,
    unknown_evaluation,
    unknown_optimisation,
    unknown_production,
    unknown_schedule,
)
from api.readiness import Readiness
from api.relay.relay import Relay
from api.settings import Settings
from api.storage import Vault
from api.temporal.workers import Fleet
from api.thumbnails import Thumbnails
from api.views.production import Links, links_of
from api.views.streams.event_ids import MAX_ID_DIGITS, Position
from workflows import keys
from workflows.models import MAX_ID_CHARS
from workflows.naming.productions import keyed_production_id
from workflows.requests import KeyedRequest

if TYPE_CHECKING:
    from api.temporal.batches import BatchGateway
    from api.temporal.connection import TemporalServer
    from api.temporal.counts import CachedCounts
    from api.temporal.evaluation.evaluations import EvaluationGateway
    from api.temporal.evaluation.optimisations import OptimisationGateway
    from api.temporal.notifications import NotificationGateway
    from api.temporal.productions import ProductionGateway
    from api.temporal.reads import ProductionReader
    from api.temporal.schedules import ScheduleGateway
    from api.temporal.visibility import Visibility
    from api.temporal.voice.sessions import VoiceSessionGateway
    from api.temporal.voice_memos import VoiceMemoGateway

_PRODUCTION_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Services:
    """Everything that a route may call."""

    settings: Settings
    metrics: Metrics
    temporal: "TemporalServer"
    reader: "ProductionReader"
    productions: "ProductionGateway"
    visibility: "Visibility"
    counts: "CachedCounts"
    batches: "BatchGateway"
    evaluations: "EvaluationGateway"
    optimisations: "OptimisationGateway"
    schedules: "ScheduleGateway"
    voice_memos: "VoiceMemoGateway"
    voice_sessions: "VoiceSessionGateway"
    notifications: "NotificationGateway"
    vault: Vault
    relay: Relay
    fleet: Fleet
    keys: KeyFile | None
    sessions: Sessions | None
    readiness: Readiness
    streams: TenantLimit
    transfers: TenantLimit
    thumbnails: Thumbnails
    thumbnail_turns: TenantTurns

    def links(self, production_id: str) -> Links:
        return links_of(production_id, self.settings.temporal_ui_url, self.temporal.namespace)


def _services(request: Request) -> Services:
    found = request.app.state.services
    assert isinstance(found, Services)
    return found


ServicesDep = Annotated[Services, Depends(_services)]
CurrentCaller = Annotated[Caller, Depends(caller_of)]


def _known_id(
    caller: CurrentCaller,
    production_id: Annotated[str, Path(description="From the response of the start", examples=["20261120-1a2b3c4d"])],
) -> str:
    """An invalid id, and an id of another tenant, get the same response as an unknown id."""
    if not _PRODUCTION_ID.fullmatch(production_id) or not caller.owns(production_id):
        raise unknown_production(production_id[:100])
    return production_id


def _owned(caller: Caller, name: str, unknown: Callable[[str], Problem]) -> str:
    """The id of the caller's own batch, evaluation, … of this name; another one gets the response of an unknown one."""
    found = caller.qualify(name)
    if not caller.owns(found):
        raise unknown(name)
    return found


def _known_batch(
    caller: CurrentCaller,
    batch_id: Annotated[
        str, Path(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["spring-campaign"])
    ],
) -> str:
    return _owned(caller, batch_id, unknown_batch)


def _known_evaluation(
    caller: CurrentCaller,
    evaluation_id: Annotated[
        str, Path(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["voices-may"])
    ],
) -> str:
    return _owned(caller, evaluation_id, unknown_evaluation)


def _known_optimisation(
    caller: CurrentCaller,
    optimisation_id: Annotated[
        str, Path(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["delivery-may"])
    ],
) -> str:
    return _owned(caller, optimisation_id, unknown_optimisation)


def _known_schedule(
    caller: CurrentCaller,
    schedule_id: Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9][a-z0-9.-]*$", examples=["monday-post"])],
) -> str:
    return _owned(caller, schedule_id, unknown_schedule)


async def _one_stream(services: ServicesDep, caller: CurrentCaller) -> AsyncIterator[None]:
    with services.streams.hold(caller):
        yield


def accepts_stream(request: Request) -> bool:
    """Whether the caller asks for an event stream instead of JSON."""
    return "text/event-stream" in request.headers.get("accept", "").lower()


async def _one_stream_if_accepted(
    request: Request, services: ServicesDep, caller: CurrentCaller
) -> AsyncIterator[None]:
    with services.streams.hold(caller) if accepts_stream(request) else nullcontext():
        yield


async def _one_transfer(request: Request, services: ServicesDep, caller: CurrentCaller) -> AsyncIterator[None]:
    try:
        with services.transfers.hold(caller):
            yield
    except TooMany:
        await drain(request.receive)
        raise


async def _one_read(services: ServicesDep, caller: CurrentCaller) -> AsyncIterator[None]:
    async with services.transfers.wait_and_hold(caller):
        yield


async def _one_thumbnail(services: ServicesDep, caller: CurrentCaller) -> AsyncIterator[None]:
    async with services.thumbnail_turns.turn(caller):
        yield


def _resume_after(
    last_event_id: Annotated[
        str, Header(description="The id of the last event that arrived; the stream continues after it")
    ] = "",
    after: Annotated[int, Query(ge=0, description="Like Last-Event-ID, which takes precedence")] = 0,
) -> Position:
    if not last_event_id:
        return Position.of_id(after)
    if not last_event_id.isdecimal() or len(last_event_id) > MAX_ID_DIGITS:
        raise Problem.of_field("Last-Event-ID", "is not the id of an event", "send the id of an event")
    return Position.of_id(int(last_event_id))


KnownId = Annotated[str, Depends(_known_id)]
KnownBatch = Annotated[str, Depends(_known_batch)]
KnownEvaluation = Annotated[str, Depends(_known_evaluation)]
KnownOptimisation = Annotated[str, Depends(_known_optimisation)]
KnownSchedule = Annotated[str, Depends(_known_schedule)]
ONE_STREAM: Final = [Depends(_one_stream)]
"""For routes that answer with an event stream: it counts as one of the tenant's."""
ONE_STREAM_IF_ACCEPTED: Final = [Depends(_one_stream_if_accepted)]
"""For routes that answer with an event stream where the caller asks for one."""
ONE_TRANSFER: Final = [Depends(_one_transfer)]
"""For routes through which large files pass."""
ONE_READ: Final = [Depends(_one_read)]
"""For routes that read one file through this process, which counts as a transfer too."""
ONE_THUMBNAIL: Final = [Depends(_one_thumbnail)]
"""For the pictures of lists, of which a page loads many: they wait for their turn, and are no transfers."""
After = Annotated[Position, Depends(_resume_after)]
IdPrefix = Annotated[
    str | None,
    Query(
        max_length=100,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Only those whose id begins with this",
        examples=["20261120-1a"],
    ),
]
AssetId = Annotated[str, Path(examples=["shot-2"])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="The same key of a tenant names the same production, however often it is sent",
        examples=["order-4711"],
    ),
]
RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same request with the same key gets the same response, and has no second effect; another "
        "request with it is refused. A production keeps its newest hundred keys",
        examples=["order-4711-warmer"],
    ),
]
K = TypeVar("K", bound=KeyedRequest)


def keyed(request: K, key: str | None) -> K:
    """The request with the idempotency key of the header, where there is one."""
    return request.model_copy(update={"idempotency_key": key}) if key else request


def production_id_for(tenant: str, key: str | None) -> str:
    """The id that belongs to a tenant's key, or a new one, which begins with the date."""
    if key is not None:
        return keyed_production_id(tenant, key)
    return keys.qualify_id(tenant, f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(4)}")


def requested_id(kind: str, tenant: str, name: str | None, key: str | None) -> str:
    """The id of a tenant's new batch, evaluation or optimisation: by its name, otherwise by its idempotency key.

    Raises:
        Problem: 422 where the id would be too long, or another tenant's.
    """
    if not name:
        return production_id_for(tenant, key and f"{kind}/{key}")
    found, field = keys.qualify_id(tenant, name), f"{kind}_id"
    if keys.tenant_of(found) != tenant:
        raise Problem.of_field(field, f"a dot separates a tenant from the name of its {kind}", "leave out the dot")
    if len(found) > MAX_ID_CHARS:
        message = f"it is longer than {MAX_ID_CHARS} characters with the tenant's name"
        raise Problem.of_field(field, message, "shorten it")
    return found


async def refuse_unknown_parameters(request: Request) -> None:
    """A route that reads no parameters ignores them, because callers of pictures add some against caches.

    Raises:
        Problem: the address has a parameter that the route does not read, such as a misspelt filter of a list.
    """
    dependant = getattr(request.scope.get("route"), "dependant", None)
    if not request.query_params or not dependant or not request.url.path.startswith("/api/"):
        return
    known = sorted(_query_names(dependant))
    unknown = [name for name in request.query_params if name not in known]
    if known and unknown:
        message, remedy = "is not a known parameter", f"choose from {', '.join(known)}"
        errors = [FieldError(field=name, message=message, remedy=remedy) for name in unknown[:20]]
        raise Problem(422, "invalid-request", f"{unknown[0]}: {message}; {remedy}.", errors=errors)


def _query_names(dependant: Dependant) -> set[str]:
    """The names of the parameters that a route and its dependencies read from the query."""
    own = {field.alias for field in dependant.query_params}
    return own.union(*(_query_names(each) for each in dependant.dependencies))
