"""Whether a model can use the inputs that the plan gives it: none is ever ignored silently."""

from collections.abc import Sequence
from typing import Final

from activities.catalogue.offers import Offer
from activities.planning.checks.narration import list_some
from workflows.brief import REFERENCE
from workflows.continuity.inputs import EXTEND, FIRST_FRAME, LAST_FRAME, MODE, UPSCALE, made_as, source_video
from workflows.models import MASK, Asset, Modality

_KINDS: Final = {
    Modality.TEXT: "texts",
    Modality.IMAGE: "pictures",
    Modality.AUDIO: "sound",
    Modality.VIDEO: "video",
}


def input_problem(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> str | None:
    """Why a model cannot use an input of an asset, or lacks one: the field, the problem and the remedy.

    Args:
        inputs: As the model gets them: a shot that is continued is a picture.
    """
    return (
        _ignored(offer, asset, inputs)
        or _frame_problem(offer, asset, inputs)
        or _version_problem(offer, asset, inputs)
        or _mask_problem(offer, inputs)
        or _too_many(offer, asset, inputs)
        or _missing(offer, inputs)
    )


def unused_stills(assets: Sequence[Asset]) -> list[str]:
    """A warning for stills that no asset uses since shots continue others: the film does not show them."""
    if not any(a.continues for a in assets):
        return []
    used = {i for a in assets for i in a.depends_on}
    names = [a.asset_id for a in assets if a.role == "still" and a.asset_id not in used]
    if not names:
        return []
    return [f"{list_some(names)}: no shot starts from it, and it is made for nothing; drop it to save its price"]


def _ignored(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> str | None:
    ignored = [i for i in inputs if i.asset_type not in offer.accepts and not _cut_together(asset, i)]
    frames = {asset.continues: "continues", asset.last_frame: "last_frame"}
    if frame := next((i for i in ignored if i.asset_id in frames), None):
        return (
            f"{frames[frame.asset_id]}: {offer.model} takes no pictures, so it cannot begin or end with one; "
            "leave it out, or choose a model that does"
        )
    if not ignored:
        return None
    names = " and ".join(i.asset_id for i in ignored)
    kinds = " and ".join(dict.fromkeys(_KINDS[i.asset_type] for i in ignored))
    remedy = f"drop {names}, or choose a model that does"
    if all(i.asset_type == Modality.TEXT for i in ignored):
        remedy = f"put the words that it needs into the prompt, and drop {names}"
    return f"depends_on: {offer.model} takes no {kinds}; {remedy}"


def _frame_problem(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> str | None:
    """Why a shot cannot begin or end with a frame of the plan."""
    pictures = _pictures(inputs)
    last = next((i for i in inputs if i.role == LAST_FRAME), None)
    if (source := source_video(inputs)) and (last or any(i.role == FIRST_FRAME for i in inputs)):
        field = "last_frame" if last else "continues"
        return (
            f"{field}: {asset.asset_id} is made from the video {source.asset_id} and takes no frame; drop one of both"
        )
    if last and not offer.last_frame:
        return f"last_frame: {offer.model} takes no last frame; leave it out, or choose a model that does"
    if last and not pictures:
        return f"last_frame: {offer.model} needs a first frame too; name it in depends_on or by continues"
    others = [i.asset_id for i in pictures if i.role != FIRST_FRAME]
    if others and len(others) < len(pictures):
        names = " and ".join(others)
        return (
            f"continues: {asset.asset_id} begins with the last frame of {asset.continues}, so {offer.model} takes no "
            f"other picture; drop {names}, or leave continues out"
        )
    return None


def _version_problem(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> str | None:
    """Why a video model cannot make of an input video what the asset says."""
    if asset.asset_type is not Modality.VIDEO:
        return None
    by_role, mode = asset.role in (EXTEND, UPSCALE), asset.parameters.get(MODE)
    if source_video(inputs) is None:
        if by_role:
            return f"depends_on: the role {asset.role} is another version of a video; name that video"
        if mode is not None and MODE in offer.rules:
            return f"parameters.{MODE}: it says what is made of a video; name the video in depends_on, or leave it out"
        return None
    if by_role and mode not in (None, asset.role) and MODE in offer.rules:
        return f"parameters.{MODE}: {mode!r} is not what the role {asset.role} says; leave it out"
    asked = made_as(asset)
    if asked and offer.versions and asked not in offer.versions:
        field = "role" if by_role else f"parameters.{MODE}"
        able = ", ".join(offer.versions)
        return f"{field}: of a video, {offer.model} makes {able}, and not {asked}; choose a model that does"
    return _parameter_problem(offer, asset)


def _parameter_problem(offer: Offer, asset: Asset) -> str | None:
    """Why a parameter has no effect on what is made of the input video."""
    made = offer.makes_of_video(asset)
    rules = ((name, offer.rules[name]) for name in asset.parameters if name in offer.rules)
    name = next((name for name, rule in rules if rule.only and made not in rule.only), None)
    return f"parameters.{name}: {offer.model} takes none for {made}; leave it out" if name else None


def _mask_problem(offer: Offer, inputs: Sequence[Asset]) -> str | None:
    masks = [i.asset_id for i in inputs if i.role == MASK]
    if masks and not offer.mask:
        return f"depends_on: {offer.model} takes no mask; drop {' and '.join(masks)}, or choose a model that does"
    if len(masks) > 1:
        return f"depends_on: {' and '.join(masks)} are masks; keep one of them"
    if masks and not _pictures(inputs):
        return f"depends_on: {masks[0]!r} is a mask; name the picture that it masks too"
    return _mask_size_problem(inputs)


def _mask_size_problem(inputs: Sequence[Asset]) -> str | None:
    """Why a mask of the brief does not fit the first picture, which it masks; unknown sizes fit."""
    mask = next((i for i in inputs if i.role == MASK), None)
    if mask is None:
        return None
    compared = (mask, _pictures(inputs)[0])
    sizes = [(i.number("width"), i.number("height")) for i in compared]
    if None in (*sizes[0], *sizes[1]) or sizes[0] == sizes[1]:
        return None
    shown = [f"{i.asset_id} has {w:g} x {h:g} pixels" for i, (w, h) in zip(compared, sizes, strict=True)]
    return f"depends_on: the mask {shown[0]}, and {shown[1]}; give the mask in the size of its picture"


def _too_many(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> str | None:
    pictures = _pictures(inputs)
    recordings = [
        i for i in inputs if i.asset_type in (Modality.AUDIO, Modality.VIDEO) and i.asset_type in offer.accepts
    ]
    if offer.max_pictures and len(pictures) > offer.max_pictures:
        return f"depends_on: {len(pictures)} pictures; {offer.model} takes at most {offer.max_pictures}: drop some"
    if offer.max_recordings and len(recordings) > offer.max_recordings:
        return (
            f"depends_on: {len(recordings)} recordings; {offer.model} takes at most {offer.max_recordings}: drop some"
        )
    if offer.one_kind and pictures and recordings:
        names = " and ".join(i.asset_id for i in pictures)
        return f"depends_on: {offer.model} takes pictures or a recording, not both; drop {names}, or the recording"
    return None


def _missing(offer: Offer, inputs: Sequence[Asset]) -> str | None:
    missing = offer.requires - {i.asset_type for i in inputs}
    if not missing:
        return None
    return f"depends_on: {offer.model} works from {' and '.join(sorted(missing))}; name an asset of that type"


def _pictures(inputs: Sequence[Asset]) -> list[Asset]:
    """The input pictures, without a mask or a last frame, which a model takes in addition."""
    return [i for i in inputs if i.asset_type == Modality.IMAGE and i.role not in (MASK, LAST_FRAME)]


def _cut_together(one: Asset, other: Asset) -> bool:
    """Whether the two are a sound and the picture or shot that a film shows with it."""
    sounds = [a for a in (one, other) if a.asset_type == Modality.AUDIO and a.role != REFERENCE]
    visuals = [a for a in (one, other) if a.asset_type in (Modality.IMAGE, Modality.VIDEO) and a.role != REFERENCE]
    return len(sounds) == len(visuals) == 1
