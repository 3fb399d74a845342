"""A free preview of a plan before it is approved: the same assets, made by previz, as a production of its own."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from workflows.events import AssetState, Event, ProductionStart, ProductionStatus, Snapshot
from workflows.models import MAX_ID_CHARS, ApprovalPolicy, Asset, Modality, Plan, Quote, digest_of

PREVIZ: Final = "previz"
MODELS: Final[dict[Modality, str]] = {
    Modality.TEXT: "previz-text",
    Modality.IMAGE: "previz-storyboard",
    Modality.VIDEO: "previz-animatic",
    Modality.AUDIO: "previz-narration",
}
_LENGTHS: Final = ("seconds", "duration", "duration_seconds")
"""What vendors call the length of a shot."""
LONGEST: Final = 60.0
"""Seconds of one animatic."""
_FREE: Final = Quote(low_usd=Decimal(0), high_usd=Decimal(0), expected_seconds=4)


def preview_id(production_id: str, plan: Plan) -> str:
    """The preview of exactly this plan: asked for twice, it is made once. It begins as its production does."""
    name = f"-preview-{digest_of([production_id, plan.digest])[:12]}"
    return production_id[: MAX_ID_CHARS - len(name)] + name


def preview_of(snapshot: Snapshot, plan: Plan, at: datetime) -> ProductionStart:
    """The production that makes the plan's assets with previz; it costs nothing, so nobody has to approve it."""
    shown = Plan.of(plan.title, [_shown(a) for a in plan.assets], plan.planner)
    production_id = preview_id(snapshot.production_id, plan)
    brief = snapshot.brief.model_copy(
        update={
            "webhooks": (),
            "approval": ApprovalPolicy(),
            "budget_usd": None,
            "title": f"Preview: {plan.title}"[:200],
        }
    )
    carried = Snapshot(
        production_id=production_id,
        status=ProductionStatus.PRODUCING,
        brief=brief,
        created_at=at,
        updated_at=at,
        references=snapshot.references,
        plan=shown,
        preview_of=snapshot.production_id,
        budget_usd=Decimal(0),
        assets={a.asset_id: AssetState() for a in shown.assets},
        events=(Event(id=1, name="plan_ready", at=at, data={"plan_digest": shown.digest, "how": "preview"}),),
    )
    return ProductionStart(production_id=production_id, brief=brief, carried=carried)


def _shown(asset: Asset) -> Asset:
    parameters = asset.parameters if asset.provider == PREVIZ else _length(asset)
    made = {
        "provider": PREVIZ,
        "model": MODELS[asset.asset_type],
        "parameters": parameters,
        "quote": _FREE,
        "fallbacks": (),
    }
    return asset.model_copy(update=made)


def _length(asset: Asset) -> dict[str, JsonValue]:
    """How long the vendor's shot would be; voices, sizes and qualities of vendors mean nothing to previz."""
    if asset.asset_type is not Modality.VIDEO:
        return {}
    for name in _LENGTHS:
        value = asset.parameters.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0.5 <= value <= LONGEST:
            return {"seconds": value}
    return {}
