"""What an asset uses its inputs for: frames of a shot, and takes that it replaces in the film. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from workflows.brief import REFERENCE
from workflows.models import Asset, Modality

FIRST_FRAME: Final = "first-frame"
"""The role of an input picture with which a shot starts."""
LAST_FRAME: Final = "last-frame"
"""The role of an input picture with which a shot ends."""
UPSCALE: Final = "upscale"
EXTEND: Final = "extend"
"""Roles of assets that are another version of an input of their own type."""


def as_used(asset: Asset, source: Asset) -> Asset:
    """An input as the asset's model gets it: the last frame of a shot that it continues is a picture."""
    if source.asset_id == asset.continues:
        return source.model_copy(
            update={"asset_type": Modality.IMAGE, "role": FIRST_FRAME, "parameters": {}, "quote": None}
        )
    return source.model_copy(update={"role": LAST_FRAME}) if source.asset_id == asset.last_frame else source


def inputs_of(asset: Asset, known: Mapping[str, Asset]) -> list[Asset]:
    """The inputs of an asset in the order of `depends_on`, each as its model gets it."""
    return [as_used(asset, known[name]) for name in asset.depends_on if name in known]


def replaced_by(asset: Asset, known: Mapping[str, Asset]) -> str:
    """The id of the asset whose place in the film or document this one takes; empty if it takes none.

    A video that is made from a video takes its place, and so does any asset of the role upscale or extend.
    """
    if asset.asset_type is not Modality.VIDEO and asset.role not in (UPSCALE, EXTEND):
        return ""
    sources = (s for s in inputs_of(asset, known) if s.asset_type is asset.asset_type and s.role != REFERENCE)
    return next((s.asset_id for s in sources if s.role not in (FIRST_FRAME, LAST_FRAME)), "")


def replacements(assets: Iterable[Asset]) -> dict[str, str]:
    """Asset id -> the id of the asset that takes its place, which may be replaced itself."""
    known = {a.asset_id: a for a in assets}
    return {old: a.asset_id for a in known.values() if (old := replaced_by(a, known))}


def final_version(asset_id: str, replaced: Mapping[str, str]) -> str:
    """The asset at the end of a chain of replacements."""
    seen = {asset_id}
    while (following := replaced.get(asset_id)) and following not in seen:
        seen.add(asset_id := following)
    return asset_id


def without_versions(assets: Iterable[Asset]) -> list[Asset]:
    """The assets that have a place of their own in the film or document, in their order."""
    given = list(assets)
    versions = set(replacements(given).values())
    return [a for a in given if a.asset_id not in versions]
