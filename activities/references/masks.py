"""A mask of a brief, compared with the pictures that come with it."""

from collections.abc import Sequence

from workflows.models import Media
from workflows.references.kinds import ReferenceKind, Use, kind_of


def mask_problem(mask: Media, others: Sequence[Media]) -> str:
    """Why a mask fits none of the other references, with the remedy; empty where it fits, or is no mask."""
    if mask.use != Use.MASK:
        return ""
    pictures = [m for m in others if kind_of(m.media_type) is ReferenceKind.PICTURE and m.use != Use.MASK]
    size = (mask.width, mask.height)
    if not pictures or any((p.width, p.height) == size for p in pictures):
        return ""
    sizes = ", ".join(f"{p.width} x {p.height}" for p in pictures)
    return (
        f"the mask has {mask.width} x {mask.height} pixels, and no picture of the brief has that size (they have "
        f"{sizes}); give the mask in the size of its picture"
    )
