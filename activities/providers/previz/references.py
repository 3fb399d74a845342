"""The references of a brief on frames of previz: a product stands in the scene, a logo in a corner or on an end card.

What a reference shows is read from its name. A picture that does not open is named, and the frame is made without it.
"""

import base64
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from PIL import Image, ImageDraw, ImageFilter, ImageStat, PngImagePlugin

from activities.media.fonts import Color, Face
from activities.media.stills import BROKEN, decode_picture
from activities.providers.previz.overlay import TAG_INK, Overlay
from activities.providers.previz.vocabulary import position
from activities.providers.protocol import Input
from workflows.brief import REFERENCE
from workflows.continuity.inputs import FIRST_FRAME

Kind = Literal["logo", "first frame", "product", "print"]

SIDE: Final = 560
"""The longer side in pixels at which a reference is kept: it is drawn in a part of a frame of 1280."""
IN_SCENE: Final = 3
"""Products that stand in a scene; further ones are pinned as prints."""
PAPER: Final[Color] = (250, 248, 242, 255)
DARK: Final[Color] = (18, 20, 26, 255)
LIGHT: Final = 175
"""The mean luma from which a logo needs a dark ground."""

_CHUNK: Final = "greenlight-reference-"


@dataclass(frozen=True)
class Shown:
    """A reference as it is drawn: RGBA, at most SIDE pixels each way."""

    asset_id: str
    kind: Kind
    name: str
    image: Image.Image

    @property
    def cut_out(self) -> bool:
        """Whether it has a transparent ground."""
        return _is_cut_out(self.image)

    @property
    def title(self) -> str:
        return self.name or self.asset_id


def kind_of(source: Input) -> Kind:
    """How an input picture is drawn; another asset's picture is a print."""
    if source.role == FIRST_FRAME:
        return "first frame"
    if source.role != REFERENCE:
        return "print"
    if position("logo", source.name) is not None:
        return "logo"
    if position("first frame", source.name) is not None:
        return "first frame"
    return "print" if position("style", source.name) is not None else "product"


def is_end_card(prompt: str) -> bool:
    """Whether a shot shows the logo large: an end card, or a shot that names the logo."""
    return position("end card", prompt) is not None or position("logo", prompt) is not None


def load(pictures: Iterable[tuple[Input, Path]]) -> tuple[list[Shown], list[str]]:
    """The pictures that open, and a note for each that does not."""
    shown: list[Shown] = []
    notes: list[str] = []
    for source, path in pictures:
        try:
            with decode_picture(path, (SIDE, SIDE)) as picture:
                image = picture.convert("RGBA")
        except BROKEN:
            notes.append(f"{source.asset_id} does not open as an image")
            continue
        shown.append(Shown(source.asset_id, kind_of(source), source.name, image))
    return shown, notes


def keep(shown: Iterable[Shown], about: PngImagePlugin.PngInfo) -> None:
    """Add the references to a frame's text chunks, so that its animatic shows them too."""
    for each in shown:
        content = io.BytesIO()
        each.image.save(content, "WEBP", quality=90, method=2)
        data = base64.b64encode(content.getvalue()).decode()
        about.add_itxt(
            f"{_CHUNK}{each.asset_id}", json.dumps({"kind": each.kind, "name": each.name, "data": data}), zip=False
        )


def kept(texts: Mapping[str, str]) -> list[Shown]:
    """The references in a frame's text chunks."""
    found = []
    for key, text in texts.items():
        with suppress(*BROKEN, TypeError):
            if key.startswith(_CHUNK):
                note = json.loads(text)
                with decode_picture(io.BytesIO(base64.b64decode(note["data"])), (SIDE, SIDE)) as picture:
                    image = picture.convert("RGBA")
                found.append(Shown(key.removeprefix(_CHUNK), note["kind"], str(note["name"]), image))
    return found


def stand_in_scene(picture: Image.Image, shown: Sequence[Shown], end_card: bool) -> list[str]:
    """Draw the products in a scene, and the first logo on an end card; return what is drawn.

    Args:
        picture: RGB; drawn on.
        end_card: The logo is the subject: it is large, in the middle, with the products next to it.
    """
    width, height = picture.size
    logos = [s for s in shown if s.kind == "logo"][:1] if end_card else []
    products = [s for s in shown if s.kind == "product"][:IN_SCENE]
    drawn = []
    for k, each in enumerate(products):
        room = (width * min(0.42, 0.8 / len(products)), height * (0.29 if logos else 0.46))
        cut = _scaled(_as_object(each.image), room)
        x = width * (0.5 + (k - (len(products) - 1) / 2) * 0.8 / max(len(products), 2)) - cut.width / 2
        _stand(picture, cut, round(x), round(height * 0.745) - cut.height)
        drawn.append(each.title)
    for each in logos:
        mark = _backed(_scaled(each.image, (width * 0.46, height * (0.2 if products else 0.32))))
        y = height * (0.31 if products else 0.42) - mark.height / 2
        picture.paste(mark, ((width - mark.width) // 2, round(y)), mark)
        drawn.insert(0, each.title)
    return drawn


def _scaled(image: Image.Image, room: tuple[float, float]) -> Image.Image:
    """The image in its own aspect, as large as fits."""
    scale = min(room[0] / image.width, room[1] / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _is_cut_out(image: Image.Image) -> bool:
    return any(image.getchannel("A").histogram()[:128])


def _as_object(image: Image.Image) -> Image.Image:
    """A cut-out without its empty border; a photo as a card with a white edge."""
    if _is_cut_out(image):
        return image.crop(image.getchannel("A").point([255 * (a > 8) for a in range(256)]).getbbox())
    edge = max(2, round(max(image.size) * 0.025))
    card = Image.new("RGBA", (image.width + 2 * edge, image.height + 2 * edge), PAPER)
    card.paste(image, (edge, edge))
    return card


def _stand(picture: Image.Image, cut: Image.Image, x: int, y: int) -> None:
    """Paste an object with a soft shadow on the ground under it."""
    deep = max(4, cut.width // 14)
    shadow = Image.new("L", (cut.width + 6 * deep, 6 * deep))
    ImageDraw.Draw(shadow).ellipse((2 * deep, 2 * deep, cut.width + 4 * deep, 4 * deep), fill=150)
    shadow = shadow.filter(ImageFilter.GaussianBlur(deep * 0.7))
    picture.paste((0, 0, 0), (x - 3 * deep, y + cut.height - 3 * deep), shadow)
    picture.paste(cut, (x, y), cut)


def _backed(logo: Image.Image) -> Image.Image:
    """A logo on a plain ground that it contrasts with; one without transparency has its own."""
    if not _is_cut_out(logo):
        return logo
    on_black = Image.new("RGBA", logo.size, (0, 0, 0, 255))
    on_black.alpha_composite(logo)
    alpha = ImageStat.Stat(logo.getchannel("A")).mean[0]
    light = ImageStat.Stat(on_black.convert("L")).mean[0] * 255 / max(alpha, 1)
    pad = max(2, round(min(logo.size) * 0.14))
    ground = Image.new("RGBA", (logo.width + 2 * pad, logo.height + 2 * pad))
    fill = DARK if light > LIGHT else PAPER
    ImageDraw.Draw(ground).rounded_rectangle(
        (0, 0, ground.width - 1, ground.height - 1), radius=pad, fill=(*fill[:3], 235)
    )
    ground.alpha_composite(logo, (pad, pad))
    return ground


def pin(overlay: Overlay, shown: Sequence[Shown], end_card: bool, in_scene: bool) -> list[str]:
    """Draw on the overlay what is not in the scene: a small logo under the tag, prints under it; return what is drawn.

    Args:
        in_scene: `stand_in_scene` has drawn the products; otherwise they are prints as well.
    """
    right, y = overlay.size[0] - overlay.margin, overlay.top + 0.6 * overlay.text
    drawn = []
    logos = [s for s in shown if s.kind == "logo"]
    corner = logos[1:] if end_card and in_scene else logos
    for each in corner[:1]:
        mark = _backed(_scaled(each.image, (overlay.size[0] * 0.13, overlay.size[1] * 0.1)))
        overlay.image.alpha_composite(mark, (right - mark.width, round(y)))
        y += mark.height + 0.6 * overlay.text
        drawn.append(each.title)
    products = [s for s in shown if s.kind == "product"]
    rest = [*corner[1:], *(products[IN_SCENE:] if in_scene else products)]
    prints = [*rest, *(s for s in shown if s.kind in ("print", "first frame"))]
    _pin_prints(overlay, prints, y)
    return drawn + [each.title for each in prints]


def _pin_prints(overlay: Overlay, shown: Sequence[Shown], top: float) -> None:
    """Draw pictures as small prints on the right side."""
    u, columns = overlay.unit, 1 if len(shown) <= 3 else 2
    rows = max(math.ceil(len(shown) / columns), 1)
    room = overlay.size[1] - top - 7 * overlay.text
    cell = min(22 * u, room / rows)
    if cell < 4 * u:
        return
    for k, each in enumerate(shown):
        card = _paper_print(each, cell * 0.92, u)
        turned = card.rotate((2.2, -1.8)[k % 2], Image.Resampling.BICUBIC, expand=True)
        x = round(overlay.size[0] - overlay.margin - (columns - k // rows - 0.5) * cell - turned.width / 2)
        y = round(top + (k % rows + 0.5) * cell - turned.height / 2)
        shade = Image.new("RGBA", turned.size, (8, 10, 16, 110))
        shade.putalpha(turned.getchannel("A").point(lambda alpha: alpha * 110 // 255))
        overlay.image.alpha_composite(shade, (max(0, x + round(0.5 * u)), max(0, y + round(0.6 * u))))
        overlay.image.alpha_composite(turned, (max(0, x), max(0, y)))


def _paper_print(shown: Shown, side: float, unit: float) -> Image.Image:
    """A picture as a small paper print with its number, at most `side` pixels each way, RGBA."""
    edge, strip = round(0.6 * unit), round(2.6 * unit)
    room = (max(1, round(side) - 2 * edge), max(1, round(side) - edge - strip))
    small = _scaled(shown.image, room)
    text = f"REF {shown.asset_id.removeprefix(f'{REFERENCE}-')}"
    face = Face(round(1.7 * unit), bold=True, system=False)
    wide = max(small.width, round(face.width(text))) + 2 * edge
    paper = Image.new("RGBA", (wide, small.height + edge + strip), PAPER)
    paper.alpha_composite(small, ((paper.width - small.width) // 2, edge))
    face.draw(paper, ((paper.width - face.width(text)) / 2, paper.height - 0.75 * unit), text, TAG_INK)
    return paper
