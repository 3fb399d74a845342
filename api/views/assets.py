"""The assets of a production as callers see them."""

from decimal import Decimal

from workflows.continuity.inputs import replaced_by
from workflows.events import AssetRecord, AssetState, AssetStatus, Snapshot
from workflows.models import ZERO, Asset, Estimate
from workflows.production.state import attention
from workflows.production.state.approvals import assets_waiting_for_money, budget_to_offer, digest_to_approve
from workflows.production.state.budget import reserve_usd
from workflows.production.state.checked import findings_of, verdict_of
from workflows.production.state.estimates import asset_estimate
from workflows.production.state.record import Record


def asset_records(snapshot: Snapshot) -> list[AssetRecord]:
    """The assets of a snapshot in plan order; none before there is a plan."""
    record = _of(snapshot)
    return [_record(record, a) for a in (snapshot.plan.assets if snapshot.plan else ())]


def approve_usd(snapshot: Snapshot) -> Decimal | None:
    """The whole budget, USD, that another approval may name to release what waits; None where no asset waits."""
    record = _of(snapshot)
    if digest_to_approve(record) is None or snapshot.status.closed or not assets_waiting_for_money(record):
        return None
    return budget_to_offer(record)


def _of(snapshot: Snapshot) -> Record:
    return Record.of(snapshot, lambda: snapshot.updated_at)


def take_url(production_id: str, asset_id: str, take: int) -> str:
    return f"/api/v1/productions/{production_id}/assets/{asset_id}/takes/{take}/media"


def content_id(production_id: str, asset_id: str) -> str:
    """Names the content that an asset belongs to; the same for all of its takes."""
    return f"{production_id}/{asset_id}"


def _record(record: Record, asset: Asset) -> AssetRecord:
    production_id, state = record.production_id, record.assets.get(asset.asset_id, AssetState())
    take = state.take
    return AssetRecord(
        content_id=content_id(production_id, asset.asset_id),
        asset_id=asset.asset_id,
        asset_type=asset.asset_type,
        role=asset.role,
        language=asset.language,
        translates=asset.translates,
        replaces=replaced_by(asset, record.plan.by_id) if record.plan else "",
        label=asset.label,
        provider=take.provider if take else asset.provider,
        model=take.model if take else asset.model,
        prompt=take.prompt if take else asset.prompt,
        delivery=take.delivery if take else asset.delivery,
        revised_prompt=asset.prompt if asset.original and asset.original != asset.prompt else None,
        position=asset.position,
        status=state.status,
        file_url=take_url(production_id, asset.asset_id, take.number) if take else None,
        take=take.number if take else None,
        takes=len(state.takes),
        cost_usd=sum((t.cost_usd for t in state.takes), ZERO),
        estimate_usd=asset_estimate(asset, state),
        cost_source=take.cost_source if take else None,
        reused=take.reused if take else None,
        error=state.error,
        error_kind=state.error_kind,
        attention=None if record.status.closed else state.attention,
        waiting=attention.item_of(record, asset),
        stale=state.stale,
        stale_because=state.stale_because,
        refresh_usd=None if not state.stale or asset.unknown_price else reserve_usd(record, asset),
        making=len(state.extra) + (state.status is AssetStatus.GENERATING),
        cancelled=state.cancelled,
        job_id=state.job_id,
        media_type=take.media.media_type if take else None,
        duration_seconds=take.media.duration_seconds if take else None,
        findings=findings_of(state),
        verdict=verdict_of(state),
        review_usd=Estimate(low=r.low_usd, high=r.most_usd) if (r := asset.review) else None,
    )
