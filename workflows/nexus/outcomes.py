"""The outcome of an operation from the record of its production; pure."""

from typing import Final
from urllib.parse import quote

from workflows.events import Snapshot
from workflows.models import Deliverable, DeliverableFile
from workflows.nexus.service import MAX_FILES, Delivered, DeliveredFile, OperationRecord, Outcome
from workflows.production.state.policies import highest_usd

PRODUCTIONS: Final = "/api/v1/productions"
MAX_REASON_CHARS: Final = 500
_DECISIONS: Final = ("rejected", "cancelled", "expired")


def outcome_of(snapshot: Snapshot) -> Outcome:
    """What an operation returns of a production, and why it is not delivered."""
    plan, path = snapshot.plan, f"{PRODUCTIONS}/{snapshot.production_id}"
    record = OperationRecord(
        production_id=snapshot.production_id,
        status=snapshot.status,
        title=plan.title if plan else snapshot.brief.title,
        plan_digest=plan.digest if plan else None,
        low_usd=plan.low_usd if plan else 0,
        high_usd=highest_usd(snapshot),
        unknown_prices=bool(plan and plan.unknown_prices),
        budget_usd=snapshot.budget_usd,
        spent_usd=snapshot.spent_usd,
        deliverable=_delivered(snapshot.deliverable, path) if snapshot.deliverable else None,
        production=path,
    )
    return Outcome(record=record, reason=_reason(snapshot)[:MAX_REASON_CHARS])


def _reason(snapshot: Snapshot) -> str:
    """The error of the production, or the decision that ended it with its person and reason."""
    if snapshot.error:
        return snapshot.error
    decision = next((event for event in reversed(snapshot.events) if event.name in _DECISIONS), None)
    data = decision.data if decision else {}
    return ": ".join(str(data[name]) for name in ("rejecter", "reason") if data.get(name))


def _delivered(made: Deliverable, path: str) -> Delivered:
    return Delivered(
        revision=made.revision,
        files=tuple(_file(each, path) for each in made.files[:MAX_FILES]),
        more_files=max(0, len(made.files) - MAX_FILES),
        notes=made.notes[:20],
        duration_seconds=made.duration_seconds,
    )


def _file(file: DeliverableFile, path: str) -> DeliveredFile:
    media = file.media
    return DeliveredFile(
        name=file.name,
        role=file.role,
        media_type=media.media_type,
        language=file.language,
        bytes=media.bytes,
        sha256=media.sha256,
        url=f"{path}/deliverable?file={quote(file.name)}",
        width=media.width,
        height=media.height,
        duration_seconds=media.duration_seconds,
    )
