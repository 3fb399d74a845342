"""Storyboard frames: a placeholder picture with the brief's references, guides, label, prompt and the PREVIZ tag."""

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, PngImagePlugin

from activities.providers.previz.composition import Pictures, compose
from activities.providers.previz.lettering import lettering_of
from activities.providers.previz.overlay import Overlay
from activities.providers.previz.plate import CHUNK
from activities.providers.previz.references import keep
from activities.providers.protocol import Request
from workflows.brief import Aspect

SIZES: Final[dict[Aspect, tuple[int, int]]] = {
    "16:9": (1280, 720),
    "9:16": (720, 1280),
    "1:1": (960, 960),
    "4:3": (1104, 828),
    "3:4": (828, 1104),
    "4:5": (864, 1080),
    "21:9": (1280, 548),
}
"""Width and height in pixels, with similar areas; both are even, because yuv420p has one colour for 2x2 pixels."""


def _guides(picture: Image.Image) -> None:
    """Draw thirds and a centre cross as hairlines."""
    canvas, (w, h) = ImageDraw.Draw(picture, "RGBA"), picture.size
    for k in (1, 2):
        canvas.line((w * k // 3, 0, w * k // 3, h), fill=(255, 255, 255, 48))
        canvas.line((0, h * k // 3, w, h * k // 3), fill=(255, 255, 255, 48))
    for dx, dy in ((0.016, 0), (0, 0.016)):
        arm_x, arm_y = dx * min(w, h), dy * min(w, h)
        canvas.line((w / 2 - arm_x, h / 2 - arm_y, w / 2 + arm_x, h / 2 + arm_y), fill=(255, 255, 255, 130), width=2)


def storyboard(request: Request, pictures: Pictures = ()) -> Path:
    """Draw the frame; PNG in the brief's aspect. Synchronous: about 0.3 s of CPU.

    Args:
        pictures: The input pictures: the references of the brief, or the pictures of other assets.
    """
    size = SIZES[request.aspect]
    made = compose(request, pictures, size)
    frame = made.image
    _guides(frame)
    overlay = Overlay(size)
    overlay.corners()
    overlay.tag()
    made.pin_onto(overlay)
    asset = request.asset
    overlay.label(asset.label or asset.asset_id, asset.asset_id)
    lines = 3 if size[0] < size[1] else 2
    overlay.lettering(lettering_of(asset.prompt), above=overlay.band(lines))
    overlay.slate(asset.prompt, f"{made.caption()} · take {request.take}", lines=lines)
    frame.paste(overlay.image, mask=overlay.image)
    about = PngImagePlugin.PngInfo()
    if made.plate:
        about.add_itxt(CHUNK, made.plate.text())
        keep(made.references, about)
    about.add_text("Comment", "PREVIZ storyboard frame")
    path = request.file("storyboard.png")
    frame.save(path, pnginfo=about, compress_level=4)
    return path
