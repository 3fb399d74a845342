"""A free preview of a plan before it is approved: the same assets, made by previz, as a production of its own."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from workflows.brief import ApprovalPolicy
from workflows.continuity.inputs import replacements
from workflows.continuity.lengths import lengths_in_film
from workflows.events import AssetState, Event, ProductionStart, ProductionStatus, Snapshot
from workflows.models import FILM_PARAMETERS, MAX_ID_CHARS, Asset, Modality, Plan, Quote, digest_of

PREVIZ: Final = "previz"
MODELS: Final[dict[Modality, str]] = {
    Modality.TEXT: "previz-text",
    Modality.IMAGE: "previz-storyboard",
    Modality.VIDEO: "previz-animatic",
    Modality.AUDIO: "previz-narration",
}
SOUNDS: Final = {"music": "previz-music", "effects": "previz-sounds", "ambience": "previz-sounds"}
"""Audio that is not spoken, by its role."""
_LENGTHS: Final = ("seconds", "duration", "duration_seconds")
"""The vendors' parameters for the length of a shot."""
MAX_SECONDS: Final = 60.0
"""Of one animatic."""
_FREE: Final = Quote(low_usd=Decimal(0), high_usd=Decimal(0), expected_seconds=4)


def preview_id(production_id: str, plan: Plan) -> str:
    """The id of the preview of exactly this plan, the same for each request. It starts with the production's id."""
    name = f"-preview-{digest_of([production_id, plan.digest])[:12]}"
    return production_id[: MAX_ID_CHARS - len(name)] + name


def preview_start(snapshot: Snapshot, plan: Plan, at: datetime) -> ProductionStart:
    """The start of a production of the plan's assets with previz; it is free, so it needs no approval."""
    preview = Plan.of(plan.title, _previz_assets(plan), plan.planner, cut=plan.cut)
    production_id = preview_id(snapshot.production_id, plan)
    brief = snapshot.brief.model_copy(
        update={
            "webhooks": (),
            "approval": ApprovalPolicy(),
            "budget_usd": None,
            "quality": None,
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
        plan=preview,
        preview_of=snapshot.production_id,
        budget_usd=Decimal(0),
        assets={a.asset_id: AssetState() for a in preview.assets},
        events=(Event(id=1, name="plan_ready", at=at, data={"plan_digest": preview.digest, "how": "preview"}),),
    )
    return ProductionStart(production_id=production_id, brief=brief, carried=carried)


def _previz_assets(plan: Plan) -> list[Asset]:
    """The assets as previz makes them, without versions: it reads no video. A shot has the length of its extensions."""
    lengths, versions = lengths_in_film(plan), replacements(plan.assets)
    placed = [a for a in plan.assets if a.asset_id not in versions.values()]
    return [_with_inputs(_with_previz(_lengthened(a, lengths, versions)), versions) for a in placed]


def _lengthened(asset: Asset, lengths: Mapping[str, float | None], versions: Mapping[str, str]) -> Asset:
    seconds = lengths.get(asset.asset_id)
    if asset.asset_id not in versions or seconds is None:
        return asset
    return asset.model_copy(update={"parameters": {**asset.parameters, "seconds": seconds}})


def _with_inputs(asset: Asset, versions: Mapping[str, str]) -> Asset:
    """The asset where it depends on what a version takes the place of, instead of the version."""
    sources = {new: old for old, new in versions.items()}

    def source_of(asset_id: str) -> str:
        while asset_id in sources:
            asset_id = sources[asset_id]
        return asset_id

    needs = tuple(dict.fromkeys(map(source_of, asset.depends_on)))
    given = {"depends_on": needs, "continues": source_of(asset.continues), "last_frame": source_of(asset.last_frame)}
    return asset.model_copy(update=given)


def _with_previz(asset: Asset) -> Asset:
    parameters = asset.parameters if asset.provider == PREVIZ else _length(asset)
    changes = {
        "provider": PREVIZ,
        "model": SOUNDS.get(asset.sound, MODELS[asset.asset_type]),
        "parameters": parameters,
        "quote": _FREE,
        "review": None,
        "fallbacks": (),
    }
    return asset.model_copy(update=changes)


def _length(asset: Asset) -> dict[str, JsonValue]:
    """Length and place of the vendor's shot or sound as previz parameters; it has no vendor's voices or sizes.

    A narration makes a shot longer that its vendor would make longer for it too.
    """
    if asset.asset_type is not Modality.VIDEO and asset.sound not in SOUNDS:
        return {}
    placed = FILM_PARAMETERS if asset.sound in SOUNDS else ()
    kept: dict[str, JsonValue] = {n: asset.parameters[n] for n in placed if n in asset.parameters}
    for name in _LENGTHS:
        value = asset.parameters.get(name)
        shortest = 1.0 if asset.sound == "music" else 0.5
        if isinstance(value, (int, float)) and not isinstance(value, bool) and shortest <= value <= MAX_SECONDS:
            timed = asset.quote is not None and bool(asset.quote.lengths)
            return kept | {"at_least" if timed else "seconds": value}
    return kept
