"""Assets that take the place of others in a deliverable: an upscaled shot is shown instead of its source."""

from collections.abc import Mapping

from workflows.activity_io import FinishDeliverable, FinishedAsset
from workflows.continuity.inputs import final_version, replacements
from workflows.cut import Cut
from workflows.models import Asset


def with_versions(request: FinishDeliverable) -> tuple[FinishDeliverable, list[str]]:
    """The request with each newest version in the place of what it replaces, and a note on each.

    A version has the place, the label, the sounds and the cut of its source, which is left out.
    """
    replaced = replacements(each.asset for each in request.assets)
    if not replaced:
        return request, []
    known = {each.asset.asset_id: each for each in request.assets}
    shown_as = {i: final_version(i, replaced) for i in replaced}
    versions = set(replaced.values())
    assets = tuple(
        _placed(each, known[shown_as.get(each.asset.asset_id, each.asset.asset_id)], shown_as)
        for each in request.assets
        if each.asset.asset_id not in versions
    )
    notes = [f"{new} is shown in the place of {old}" for old, new in shown_as.items() if old not in versions]
    return request.model_copy(update={"assets": assets, "cut": _renamed(request.cut, shown_as)}), notes


def _placed(source: FinishedAsset, version: FinishedAsset, shown_as: Mapping[str, str]) -> FinishedAsset:
    """The version of a source, tied to the sounds of both."""
    needs = (*source.asset.depends_on, *version.asset.depends_on)
    tied = tuple(i for i in dict.fromkeys(shown_as.get(i, i) for i in needs) if i != version.asset.asset_id)
    asset: Asset = version.asset.model_copy(
        update={"depends_on": tied, "label": source.asset.label or version.asset.label}
    )
    return version.model_copy(update={"asset": asset})


def _renamed(cut: Cut, shown_as: Mapping[str, str]) -> Cut:
    """The cut with the names of the versions."""
    return cut.model_copy(
        update={
            "transitions": {shown_as.get(i, i): each for i, each in cut.transitions.items()},
            "focus": {shown_as.get(i, i): each for i, each in cut.focus.items()},
            "lower_thirds": tuple(
                each.model_copy(update={"asset_id": shown_as.get(each.asset_id, each.asset_id)})
                for each in cut.lower_thirds
            ),
        }
    )
