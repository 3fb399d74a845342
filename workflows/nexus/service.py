"""The Nexus service `greenlight`: its operations, and their result. A caller needs only the names and the JSON."""

from typing import Annotated, Any, Final, Literal

import nexusrpc
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from workflows.brief import Brief
from workflows.events import ProductionStatus
from workflows.models import ZERO, Model, Money, ProductionId
from workflows.start_options import content_digest

OPERATION_TYPE: Final = "ProductionOperation"
FOLLOW_PRODUCTION: Final = "follow_production"
"""An activity: returns an Outcome once a production is planned, or closed; until then its attempts are repeated."""
STILL_OPEN: Final = "StillOpen"
"""The failure type of an attempt that found nothing to return."""
NEXUS_QUEUE: Final = "nexus"
MAX_FILES: Final = 200
"""In a result. A caller cannot read a payload from our bucket, so a result stays below the size for that (256 KiB)."""

Operation = Literal["produce", "quote"]
EndpointName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,198}[A-Za-z0-9]$")]


class Record(BaseModel):
    """Base of what callers get. All fields are in the JSON, those with a default too."""

    model_config = ConfigDict(frozen=True)


class DeliveredFile(Record):
    """One file of the deliverable. `url` is a path of the API, which redirects to a short-lived link."""

    name: str
    role: str
    media_type: str
    language: str = ""
    bytes: int
    sha256: str
    url: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


class Delivered(Record):
    """The deliverable of a production."""

    revision: int
    files: tuple[DeliveredFile, ...] = Field(description="The first is the main one; at most MAX_FILES")
    more_files: int = Field(default=0, description="How many further files the manifest has")
    notes: tuple[str, ...] = ()
    duration_seconds: float | None = None


class OperationRecord(Record):
    """The result of both operations. `produce` has a deliverable, `quote` the price of the plan that waits."""

    production_id: str
    status: ProductionStatus
    title: str = ""
    plan_digest: str | None = None
    low_usd: Money = ZERO
    high_usd: Money = Field(default=ZERO, description="The most that the plan may cost with its planning; USD")
    unknown_prices: bool = Field(default=False, description="An asset has no published price, and is not in high_usd")
    budget_usd: Money | None = None
    spent_usd: Money = ZERO
    deliverable: Delivered | None = None
    production: str = Field(default="", description="The path of the production in the API; /manifest is its record")


class Outcome(Model):
    """The state of a production as an operation needs it; `reason` is for people."""

    record: OperationRecord
    reason: str = ""


class Follow(Model):
    """The input of FOLLOW_PRODUCTION."""

    production_id: ProductionId
    until: Literal["planned", "closed"]


class OperationStart(Model):
    """The input of the workflow of an operation."""

    operation: Operation
    production_id: ProductionId
    brief: Brief


@nexusrpc.service(name="greenlight")
class GreenlightService:
    """Both take a brief, as POST /api/v1/productions does. The header Idempotency-Key names the production."""

    produce: nexusrpc.Operation[Any, OperationRecord]
    """Ends when the production is delivered; people approve its plan meanwhile."""
    quote: nexusrpc.Operation[Any, OperationRecord]
    """Ends when the plan has a price. The production waits for an approval, and for `produce` with the same key."""


def operation_workflow_id(start: OperationStart) -> str:
    """The id of the workflow of an operation. Another brief with the same key has its own, which fails."""
    return f"operation-{start.operation}-{start.production_id}-{content_digest(start.brief)[:8]}"


def production_of_operation(workflow_id: str) -> str:
    """The production id within the id of an operation's workflow; empty if it is none."""
    head, _, rest = workflow_id.partition("-")
    operation, _, rest = rest.partition("-")
    production_id, _, digest = rest.rpartition("-")
    return production_id if head == "operation" and operation in ("produce", "quote") and len(digest) == 8 else ""
