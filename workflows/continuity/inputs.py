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
EDIT: Final = "edit"
INTERPOLATE: Final = "interpolate"
"""Versions of a video that keep its length: changed by a prompt, and with more frames a second."""
MODE: Final = "mode"
"""The parameter that says what a model makes of an input video: extend, edit, or with `reference` another shot."""


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


def made_as(asset: Asset) -> str:
    """What is made of the input video: by the asset's role, otherwise by its mode; empty if it says nothing."""
    if asset.role in (UPSCALE, EXTEND):
        return asset.role
    mode = asset.parameters.get(MODE)
    return mode if isinstance(mode, str) and mode in (EXTEND, EDIT, REFERENCE) else ""


def source_video(inputs: Iterable[Asset]) -> Asset | None:
    """The video among the inputs of an asset, each as its model gets it."""
    return next((i for i in inputs if i.asset_type is Modality.VIDEO), None)


def replaced_by(asset: Asset, known: Mapping[str, Asset]) -> str:
    """The id of the asset whose place in the film or document this one takes; empty if it takes none.

    A video that is made from a video takes its place, unless that is only its reference; so does any asset of the
    role upscale or extend.
    """
    moving = asset.asset_type is Modality.VIDEO and made_as(asset) != REFERENCE
    if not moving and asset.role not in (UPSCALE, EXTEND):
        return ""
    sources = (s for s in inputs_of(asset, known) if s.asset_type is asset.asset_type and s.role != REFERENCE)
    return next((s.asset_id for s in sources if s.role not in (FIRST_FRAME, LAST_FRAME)), "")


def replacements(assets: Iterable[Asset]) -> dict[str, str]:
    """Asset id -> the id of the asset that takes its place, which may be replaced itself."""
    known = {a.asset_id: a for a in assets}
    return {old: a.asset_id for a in known.values() if (old := replaced_by(a, known))}


def versions_of(asset_id: str, replaced: Mapping[str, str]) -> list[str]:
    """The assets that take the place of one after the other, the first one first."""
    found: list[str] = []
    while (asset_id := replaced.get(asset_id, "")) and asset_id not in found:
        found.append(asset_id)
    return found


def final_version(asset_id: str, replaced: Mapping[str, str]) -> str:
    """The asset at the end of a chain of replacements."""
    return [asset_id, *versions_of(asset_id, replaced)][-1]


def sources_of(asset: Asset, known: Mapping[str, Asset]) -> list[Asset]:
    """The assets whose place an asset takes: its source, the source of that, … to the one with its own place."""
    found: list[Asset] = []
    while (old := known.get(replaced_by(asset, known))) and old not in found:
        found.append(asset := old)
    return found


def without_versions(assets: Iterable[Asset]) -> list[Asset]:
    """The assets that have a place of their own in the film or document, in their order."""
    given = list(assets)
    versions = set(replacements(given).values())
    return [a for a in given if a.asset_id not in versions]
