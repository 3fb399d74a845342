"""The picture of a shot without lettering, and a text that states what it depicts.

A subject that has no drawing here is not replaced by another one: the picture is the setting of the film if the brief
names one, otherwise an empty studio, and the text says so.
"""

import hashlib
import json
import random
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image

from activities.media.emoji import clusters
from activities.media.stills import BROKEN, decode_picture
from activities.providers.previz import subjects
from activities.providers.previz.scene import DAY, DUSK, NIGHT, SUPERSAMPLING, Palette, Scene
from activities.providers.previz.vocabulary import position
from activities.providers.protocol import Request

SUBJECTS: Final[dict[str, Callable[[Scene], None]]] = {
    "lighthouse": subjects.coast,
    "coast": subjects.coast,
    "hills": subjects.hills,
    "city": subjects.city,
    "cup": subjects.table,
    "bottle": subjects.table,
    "box": subjects.table,
    "table": subjects.table,
    "person": subjects.portrait,
    "road": subjects.road,
}
"""Name in the vocabulary -> the drawing of it."""
CHUNK: Final = "greenlight-plate"
"""PNG text chunk of a storyboard frame: the arguments to paint its picture again without lettering."""
NAMED_CHARS: Final = 28
"""Of a prompt, to name what has no drawing."""

_HOURS: Final[dict[str, tuple[Palette, ...]]] = {"night": NIGHT, "dusk": DUSK, "day": DAY}
_NOTES: Final = re.compile(r"\s*Picture \d+: [^.]*\.|\bno (?:other )?lettering\b", re.IGNORECASE)
"""Captions of references and notes on lettering in a prompt: they name no subject."""
_END: Final = re.compile(r"(?<=[.!?。！？؟।])(?:\s|$)|(?<=[。！？])")


class Painted(NamedTuple):
    """A picture, RGB, what it depicts, and the name of its drawing; None for a neutral scene."""

    image: Image.Image
    depicts: str
    drawn: str | None


@dataclass(frozen=True)
class Plate:
    """The arguments of a picture.

    Attributes:
        film: Decides the colours: the shots of one film match.
        words: The prompt, without notes.
        setting: The brief, for a shot that names no subject itself.
        room: Whether something is placed in the middle.
    """

    seed: int
    film: int
    words: str
    setting: str = ""
    room: bool = False

    @classmethod
    def of(cls, request: Request, *, room: bool = False) -> "Plate":
        digest = hashlib.sha256(request.brief.text.encode("utf-8", "replace")).digest()
        words = _NOTES.sub("", request.asset.prompt).strip()
        return cls(request.seed, int.from_bytes(digest[:4]), words[:600], request.brief.text[:600], room)

    def paint(self, size: tuple[int, int]) -> Painted:
        """The picture with `size` in pixels; the same arguments give the same pixels."""
        rng = random.Random(self.seed)  # noqa: S311 - pictures, not secrets
        hour, palette = self._light()
        own, setting = _find_subject(self.words), _find_subject(self.setting)
        scene = Scene(size, palette, rng, self.words if own else self.setting, self.room)
        (own or setting or subjects.neutral)(scene)
        shown = f"{scene.view} · {', '.join(scene.drawn)} · {hour}"
        if own is None:
            instead = f"the film's setting · {shown}" if setting else "a neutral scene"
            shown = f"no picture of ‘{_named(self.words)}’: {instead}"
        drawn = draw.__name__ if (draw := own or setting) else None
        return Painted(scene.image.reduce(SUPERSAMPLING), shown, drawn)

    def _light(self) -> tuple[str, Palette]:
        """The time of day and its colours: that of the shot, otherwise of the brief, otherwise one for the film."""
        texts = (self.words, self.setting)
        named = (name for text in texts for name in _HOURS if position(name, text) is not None)
        rng = random.Random(self.film)  # noqa: S311 - pictures, not secrets
        hour = next(named, None) or rng.choice(("day", "dusk", "dusk"))
        return hour, rng.choice(_HOURS[hour])

    def text(self) -> str:
        """The content of CHUNK."""
        return json.dumps(asdict(self))


def plate_of(still: Path) -> tuple[Plate, dict[str, str]] | None:
    """The arguments in one of our frames, with all of its text chunks; None for any other picture."""
    with suppress(*BROKEN, TypeError), Image.open(still, formats=["PNG"]) as image:
        texts = {str(key): str(value) for key, value in image.info.items() if isinstance(value, str)}
        found = Plate(**json.loads(texts[CHUNK])) if CHUNK in texts else None
        kinds = {"seed": int, "film": int, "words": str, "setting": str, "room": bool}
        if found and all(isinstance(getattr(found, name), kind) for name, kind in kinds.items()):
            return found, texts
    return None


def read_picture(still: Path, size: tuple[int, int]) -> Image.Image:
    """A picture file as RGB that fills `size` pixels, upright; on white where it is transparent.

    Raises:
        BROKEN: the file does not open.
    """
    with decode_picture(still) as picture:
        scale = max(size[0] / picture.width, size[1] / picture.height)
        left, top = (picture.width - size[0] / scale) / 2, (picture.height - size[1] / scale) / 2
        box = (left, top, picture.width - left, picture.height - top)
        filled = picture.resize(size, Image.Resampling.LANCZOS, box=box)
    if filled.mode != "RGBA":
        return filled.convert("RGB")
    ground = Image.new("RGBA", size, "white")
    ground.alpha_composite(filled)
    return ground.convert("RGB")


def _find_subject(text: str) -> Callable[[Scene], None] | None:
    """The drawing of what the text names first; None if it names nothing that is drawn here."""
    found = [(at, name) for name in SUBJECTS if (at := position(name, text)) is not None]
    return SUBJECTS[min(found)[1]] if found else None


def _named(words: str) -> str:
    """The begin of a prompt, cut between words."""
    first = _END.split(words.strip(), maxsplit=1)[0].rstrip(" .!?。！？؟।,;:")
    if len(first) <= NAMED_CHARS:
        return first or words[:NAMED_CHARS]
    short = first[:NAMED_CHARS].rpartition(" ")[0].rstrip(" ,;:")
    return f"{short or ''.join(clusters(first)[: NAMED_CHARS // 2])}…"
