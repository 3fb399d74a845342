"""What the routes share: the running parts of the app and the ids in paths."""

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from fastapi import Depends, Header, Path, Query, Request

from api.auth.caller import Caller
from api.auth.key_file import KeyFile
from api.auth.limits import Limit, TooMany
from api.auth.middleware import caller_of
from api.auth.sessions import Sessions
from api.metrics import Metrics
from api.middleware import drain
from api.problems import FieldError, Problem, unknown_batch, unknown_production, unknown_schedule
from api.readiness import Readiness
from api.relay.relay import Relay
from api.settings import Settings
from api.storage import Vault
from api.temporal.workers import Fleet
from api.views.production import Links, links_of
from workflows import keys
from workflows.requests import KeyedRequest

if TYPE_CHECKING:
    from api.temporal.batches import BatchGateway
    from api.temporal.productions import Gateway
    from api.temporal.schedules import ScheduleGateway

_PRODUCTION_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Services:
    """Everything a route may call."""

    settings: Settings
    metrics: Metrics
    gateway: "Gateway"
    vault: Vault
    relay: Relay
    fleet: Fleet
    batches: "BatchGateway"
    schedules: "ScheduleGateway"
    keys: KeyFile | None
    sessions: Sessions | None
    readiness: Readiness
    streams: Limit
    transfers: Limit

    def links(self, production_id: str) -> Links:
        return links_of(production_id, self.settings.temporal_ui_url, self.gateway.namespace)


def _services(request: Request) -> Services:
    found = request.app.state.services
    assert isinstance(found, Services)
    return found


Parts = Annotated[Services, Depends(_services)]
Who = Annotated[Caller, Depends(caller_of)]


def _known_id(
    who: Who,
    production_id: Annotated[str, Path(description="As the start answered it", examples=["20261120-1a2b3c4d"])],
) -> str:
    """An id that no production can have, or that is another tenant's, is as unknown as any other."""
    if not _PRODUCTION_ID.fullmatch(production_id) or not who.owns(production_id):
        raise unknown_production(production_id[:100])
    return production_id


def _known_batch(
    who: Who,
    batch_id: Annotated[
        str, Path(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["spring-campaign"])
    ],
) -> str:
    found = who.own(batch_id)
    if not who.owns(found):
        raise unknown_batch(batch_id)
    return found


def _known_schedule(
    who: Who,
    schedule_id: Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9][a-z0-9.-]*$", examples=["monday-post"])],
) -> str:
    found = who.own(schedule_id)
    if not who.owns(found):
        raise unknown_schedule(schedule_id)
    return found


async def _one_stream(parts: Parts, who: Who) -> AsyncIterator[None]:
    with parts.streams.one(who):
        yield


async def _one_transfer(request: Request, parts: Parts, who: Who) -> AsyncIterator[None]:
    try:
        with parts.transfers.one(who):
            yield
    except TooMany:
        await drain(request.receive)
        raise


async def _one_read(parts: Parts, who: Who) -> AsyncIterator[None]:
    async with parts.transfers.turn(who):
        yield


def _resume_after(
    last_event_id: Annotated[
        str, Header(description="The id of the last event that arrived; the stream goes on after it")
    ] = "",
    after: Annotated[int, Query(ge=0, description="Like Last-Event-ID, which wins")] = 0,
) -> int:
    if not last_event_id:
        return after
    if not last_event_id.isdecimal() or len(last_event_id) > 15:
        raise Problem(
            422,
            "invalid-request",
            "Last-Event-ID is not the number of an event.",
            errors=[
                FieldError(field="Last-Event-ID", message="is not a number", remedy="send back the id of an event")
            ],
        )
    return int(last_event_id)


KnownId = Annotated[str, Depends(_known_id)]
KnownBatch = Annotated[str, Depends(_known_batch)]
KnownSchedule = Annotated[str, Depends(_known_schedule)]
ONE_STREAM: Final = [Depends(_one_stream)]
"""Of routes that answer with an event stream: one more of the tenant's."""
ONE_TRANSFER: Final = [Depends(_one_transfer)]
ONE_READ: Final = [Depends(_one_read)]
"""A file that is read through this process: a transfer too."""
"""Of routes through which large files pass."""
After = Annotated[int, Depends(_resume_after)]
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
        description="The same request with the same key is answered as before, and nothing is done again; another "
        "request with it is refused. A production remembers its newest hundred",
        examples=["order-4711-warmer"],
    ),
]
K = TypeVar("K", bound=KeyedRequest)


def keyed(request: K, key: str | None) -> K:
    """The request with the idempotency key of its header, where there is one."""
    return request.model_copy(update={"idempotency_key": key}) if key else request


def production_id_for(tenant: str, key: str | None) -> str:
    """The id that a tenant's key always leads to, or a new one that sorts by its day."""
    if key is None:
        name = f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(4)}"
    else:  # a tenant has no slash, so no two pairs read alike
        name = "k-" + hashlib.sha256(f"{tenant}/{key}".encode()).hexdigest()[:20]
    return keys.owned(tenant, name)
