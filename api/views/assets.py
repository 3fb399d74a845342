"""The assets of a production as callers see them."""

from decimal import Decimal

from workflows.events import AssetRecord, AssetState, AssetStatus, ProductionStart, Snapshot
from workflows.models import ZERO, Asset
from workflows.production.state import attention
from workflows.production.state.state import ProductionState
from workflows.requests import Approval


def asset_records(snapshot: Snapshot) -> list[AssetRecord]:
    """The assets of a snapshot in plan order; none before there is a plan."""
    production = _state(snapshot)
    return [_record(production, a) for a in (snapshot.plan.assets if snapshot.plan else ())]


def approve_usd(snapshot: Snapshot) -> Decimal | None:
    """The whole budget, USD, after another approval that names none; None where no asset waits for one."""
    production = _state(snapshot)
    digest = production.digest_to_approve
    if digest is None or snapshot.status.closed or not production.asks_for_money:
        return None
    return production.budget_to_approve(Approval(plan_digest=digest))


def _state(snapshot: Snapshot) -> ProductionState:
    return ProductionState(
        ProductionStart(production_id=snapshot.production_id, brief=snapshot.brief, carried=snapshot),
        lambda: snapshot.updated_at,
    )


def take_url(production_id: str, asset_id: str, take: int) -> str:
    return f"/api/v1/productions/{production_id}/assets/{asset_id}/takes/{take}/media"


def _record(production: ProductionState, asset: Asset) -> AssetRecord:
    production_id, state = production.production_id, production.assets.get(asset.asset_id, AssetState())
    take = state.take
    return AssetRecord(
        content_id=f"{production_id}/{asset.asset_id}/{take.number if take else 0}",
        asset_id=asset.asset_id,
        asset_type=asset.asset_type,
        role=asset.role,
        label=asset.label,
        provider=take.provider if take else asset.provider,
        model=take.model if take else asset.model,
        prompt=take.prompt if take else asset.prompt,
        position=asset.position,
        status=state.status,
        file_url=take_url(production_id, asset.asset_id, take.number) if take else None,
        take=take.number if take else None,
        takes=len(state.takes),
        cost_usd=sum((t.cost_usd for t in state.takes), ZERO),
        cost_source=take.cost_source if take else None,
        error=state.error,
        error_kind=state.error_kind,
        attention=None if production.status.closed else state.attention,
        waiting=attention.item_of(production, asset),
        stale=state.stale,
        stale_because=state.stale_because,
        refresh_usd=None if not state.stale or asset.unknown_price else production.reserve_usd(asset),
        making=len(state.extra) + (state.status is AssetStatus.GENERATING),
        cancelled=state.cancelled,
        job_id=state.job_id,
        media_type=take.media.media_type if take else None,
        duration_seconds=take.media.duration_seconds if take else None,
    )
