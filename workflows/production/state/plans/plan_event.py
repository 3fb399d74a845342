"""The assets of a plan in its event, as callers get it. Pure.

The stored event has only the digest and the totals: the record has the plan already, and one payload holds both. The
assets are added when events are published, to streams, webhooks and clients, and only to the newest event of the
current plan. So a stream of any length holds one plan, a published part of the log is never larger than the record,
and a plan that was replaced is found in the bucket by its digest. Numbers and order of the events do not change:
`Last-Event-ID` resumes exactly.
"""

from typing import Final, TypeVar

from pydantic import JsonValue

from workflows.events import Event, EventName, Progress, Snapshot
from workflows.models import Asset

PLAN_EVENTS: Final[frozenset[EventName]] = frozenset({"plan_ready", "plan_edited"})

P = TypeVar("P", Progress, Snapshot)


def with_plan_assets(record: Snapshot, published: P) -> P:
    """The published events, where the newest one of the current plan has its assets as `data.plan_assets`.

    Args:
        record: Has the plan and the whole log.
        published: A part of the log, or all of it.
    """
    plan = record.plan
    if plan is None or not any(_announces(event, plan.digest) for event in published.events):
        return published
    newest = next(event for event in reversed(record.events) if _announces(event, plan.digest))
    assets: list[JsonValue] = [_asset(each) for each in plan.assets]

    def complete(event: Event) -> Event:
        if event.id != newest.id:
            return event
        return event.model_copy(update={"data": {**event.data, "plan_assets": assets}})

    return published.model_copy(update={"events": tuple(map(complete, published.events))})


def _announces(event: Event, digest: str) -> bool:
    return event.name in PLAN_EVENTS and event.data.get("plan_digest") == digest


def _asset(asset: Asset) -> JsonValue:
    """What a caller needs to show an asset; prices in USD as text, null where they are unknown."""
    price = asset.estimate
    known = price is not None and not price.unknown
    return {
        "asset_id": asset.asset_id,
        "asset_type": asset.asset_type.value,
        "role": asset.role,
        "label": asset.label,
        "position": asset.position,
        "prompt": asset.prompt,
        **({"delivery": asset.delivery} if asset.spoken else {}),
        "provider": asset.provider,
        "model": asset.model,
        "low_usd": str(price.low) if price and known else None,
        "high_usd": str(price.high) if price and known else None,
    }
