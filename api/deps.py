"""What the routes share: the running parts of the app and the ids in paths."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Header, Path, Query, Request

from api.fleet import Fleet
from api.media import Vault
from api.metrics import Metrics
from api.problems import FieldError, Problem, unknown_production
from api.relay import Relay
from api.settings import Settings
from api.views import Links, links_of

if TYPE_CHECKING:
    from api.gateway import Gateway
    from api.gateway_batches import BatchGateway
    from api.gateway_schedules import ScheduleGateway

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

    def links(self, production_id: str) -> Links:
        return links_of(production_id, self.settings.temporal_ui_url, self.gateway.namespace)


def _services(request: Request) -> Services:
    found = request.app.state.services
    assert isinstance(found, Services)
    return found


def _known_id(
    production_id: Annotated[str, Path(description="As the start answered it", examples=["20261120-1a2b3c4d"])],
) -> str:
    """An id that no production can have is as unknown as any other."""
    if not _PRODUCTION_ID.fullmatch(production_id):
        raise unknown_production(production_id[:100])
    return production_id


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


Parts = Annotated[Services, Depends(_services)]
KnownId = Annotated[str, Depends(_known_id)]
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


def production_id_for(tenant: str, key: str | None) -> str:
    """The id that a tenant's key always leads to, or a new one that sorts by its day."""
    if key is None:
        return f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(4)}"
    # A tenant has no slash, so no two pairs read alike.
    return "k-" + hashlib.sha256(f"{tenant}/{key}".encode()).hexdigest()[:20]
