"""The picture of a frame: a still or a painted plate, with the references of the brief, and what it depicts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from activities.media.stills import BROKEN
from activities.providers.previz.overlay import Overlay
from activities.providers.previz.plate import Plate, plate_of, read_picture
from activities.providers.previz.references import Shown, is_end_card, kept, load, pin, stand_in_scene
from activities.providers.protocol import Input, Request
from workflows.continuity.inputs import FIRST_FRAME
from workflows.models import Modality

STILL = "still"
Pictures = Sequence[tuple[Input, Path]]
"""The input pictures of a request, each with its local file."""


@dataclass
class Composition:
    """A picture, RGB, and the references that are not a part of it.

    Attributes:
        plate: The arguments of the picture, if it was painted.
        references: All references of the frame.
        depicts: What the picture shows, and a note for each input that does not open.
        shown: The names of the references that are drawn.
        end_card: The logo is the subject.
    """

    image: Image.Image
    depicts: list[str]
    plate: Plate | None
    references: list[Shown]
    shown: list[str]
    end_card: bool

    def pin_onto(self, overlay: Overlay) -> None:
        """Draw the references that do not move with the picture."""
        self.shown += pin(overlay, self.references, self.end_card, in_scene=self.plate is not None)

    def caption(self) -> str:
        """What the frame depicts, for its slate."""
        shown = [f"with {', '.join(self.shown)}"] if self.shown else []
        return " · ".join([*self.depicts, *shown])


def compose(request: Request, pictures: Pictures, size: tuple[int, int]) -> Composition:
    """The picture of a frame with `size` in pixels. Pictures that do not open are named in what it depicts."""
    moving = request.asset.asset_type is Modality.VIDEO
    continues = any(source.role == FIRST_FRAME for source, _ in pictures)
    stills = [(source, path) for source, path in pictures if moving and source.role == STILL and not continues][:1]
    shown, notes = load(each for each in pictures if each not in stills)
    for source, path in [*stills, *_fillers(pictures, shown, moving)]:
        ours = plate_of(path) if source.role == STILL else None
        if ours:
            before = kept(ours[1])
            known = {each.asset_id for each in before}
            return _painted(ours[0], [*before, *(s for s in shown if s.asset_id not in known)], notes, size)
        try:
            image = read_picture(path, size)
        except BROKEN:
            notes.append(f"{source.asset_id} does not open as an image")
            continue
        others = [each for each in shown if each.asset_id != source.asset_id]
        title = f"the picture {source.asset_id}" + (f" ({source.name})" if source.name else "")
        return Composition(image, [*notes, title], None, others, [], is_end_card(request.asset.prompt))
    plate = Plate.of(request, room=any(each.kind == "product" for each in shown))
    return _painted(plate, shown, notes, size)


def _painted(plate: Plate, shown: list[Shown], notes: list[str], size: tuple[int, int]) -> Composition:
    end_card = is_end_card(plate.words)
    painted = plate.paint(size)
    standing = stand_in_scene(painted.image, shown, end_card)
    logo = end_card and any(each.kind == "logo" for each in shown)
    depicts = "end card" if logo and painted.drawn is None else painted.depicts
    return Composition(painted.image, [*notes, depicts], plate, shown, standing, end_card)


def _fillers(pictures: Pictures, shown: Sequence[Shown], moving: bool) -> Iterator[tuple[Input, Path]]:
    """The references that fill a frame: a first frame, or for a shot a photo. A cut-out stands in the scene."""
    kinds = {"first frame": False, "product": True} if moving else {"first frame": False}
    for kind, opaque in kinds.items():
        ids = [each.asset_id for each in shown if each.kind == kind and not (opaque and each.cut_out)][:1]
        yield from (each for each in pictures if each[0].asset_id in ids)
