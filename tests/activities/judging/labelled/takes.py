"""The labelled set of the judges: good takes and takes with a known damage that no check can see, all made here.

A picture shows the coloured figures that its prompt names, over a textured ground, so a model that sees can judge it
as well as the emulated observer. Good takes vary in ground, size, place, light and compression.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from tests.activities.quality.labelled.pictures import as_file, texture
from tests.activities.quality.labelled.videos import RATE, encode
from tests.emulators import samples
from workflows.models import Modality

COLOURS: Final[Mapping[str, tuple[int, int, int]]] = {
    "red circle": (225, 30, 30),
    "green square": (20, 180, 40),
    "blue triangle": (30, 60, 230),
}
SIDE: Final = (480, 270)
SECONDS: Final = 2


@dataclass(frozen=True)
class Labelled:
    """A take with its label.

    Attributes:
        damage: What is wrong with it; empty for a good take.
        said: Of a recording: the words that are in it.
    """

    name: str
    modality: Modality
    prompt: str
    data: bytes
    media_type: str
    damage: str = ""
    said: str = ""
    language: str = "en"
    seconds: float | None = None


def labelled(count: int = 20) -> Iterator[Labelled]:
    """Of each kind `count` good takes, and about as many damaged ones."""
    for number in range(count):
        yield from _pictures(number)
        yield from _texts(number)
        yield from _lines(number)
        if number % 4 == 0:
            yield from _videos(number)


# Pictures

_NAMES: Final = tuple(COLOURS)
_WANTED: Final = tuple((a, b) for a in _NAMES for b in _NAMES if a < b)
"""The figures of the prompts, in pairs."""


def _pictures(number: int) -> Iterator[Labelled]:
    wanted = _WANTED[number % len(_WANTED)]
    (other,) = set(_NAMES) - set(wanted)
    kind = (number + number // 3) % 3
    prompt = f"A photograph of a {wanted[0]} and a {wanted[1]} on rough paper."
    damaged: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("wrong subject", (wanted[0], other)),
        ("missing subject", wanted[:1]),
        ("another subject", (*wanted, other)),
    )
    shown: dict[str, tuple[str, ...]] = {"": wanted, **dict(damaged[kind : kind + 1])}
    for damage, figures in shown.items():
        picture = _varied(drawn(figures, number), number)
        form = "JPEG" if number % 2 else "PNG"
        name = f"picture {number}: {damage or 'good'}"
        yield Labelled(name, Modality.IMAGE, prompt, as_file(picture, form), f"image/{form.lower()}", damage)


def drawn(figures: Sequence[str], seed: int, shift: int = 0) -> Image.Image:
    """The figures side by side on a grey ground; `shift` moves them, pixels."""
    dice = Random(seed)
    grey = texture(seed % 12, *SIDE).mean(axis=2, keepdims=True) * 0.4 + 90
    picture = Image.fromarray(np.repeat(grey, 3, axis=2).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for place, name in enumerate(figures):
        radius = dice.randrange(34, 56)
        x = 90 + 140 * place + dice.randrange(-20, 20) + shift
        y = 135 + dice.randrange(-40, 40)
        _draw(pen, name, x, y, radius)
    return picture


def _draw(pen: ImageDraw.ImageDraw, name: str, x: int, y: int, radius: int) -> None:
    box, colour = (x - radius, y - radius, x + radius, y + radius), COLOURS[name]
    match name.rpartition(" ")[2]:
        case "circle":
            pen.ellipse(box, fill=colour)
        case "square":
            pen.rectangle(box, fill=colour)
        case _:
            pen.polygon([(x, y - radius), (x - radius, y + radius), (x + radius, y + radius)], fill=colour)


def _varied(picture: Image.Image, number: int) -> Image.Image:
    """The picture as another camera takes it: darker, paler, softer or larger."""
    match number % 5:
        case 1:
            return ImageEnhance.Brightness(picture).enhance(0.75)
        case 2:
            return ImageEnhance.Color(picture).enhance(0.75)
        case 3:
            return picture.filter(ImageFilter.GaussianBlur(1.5))
        case 4:
            return picture.resize((SIDE[0] * 3, SIDE[1] * 3))
        case _:
            return picture


# Videos


def _videos(number: int) -> Iterator[Labelled]:
    wanted, other = _WANTED[number // 4 % len(_WANTED)]
    prompt = f"A {wanted} moves to the right, from the first to the last frame."
    count = SECONDS * RATE
    versions = {
        "": [wanted] * count,
        "wrong subject": [other] * count,
        "subject leaves": [wanted] * (count // 3) + [""] * (count - count // 3),
        "subject changes": [wanted] * (count // 2) + [other] * (count - count // 2),
    }
    for damage, frames in versions.items():
        pixels = (np.asarray(drawn([f] if f else [], number, shift=3 * n)) for n, f in enumerate(frames))
        name = f"video {number}: {damage or 'good'}"
        data = encode(pixels, size=SIDE)
        yield Labelled(name, Modality.VIDEO, prompt, data, "video/mp4", damage, seconds=SECONDS)


# Texts

_SUBJECTS: Final[Mapping[str, Mapping[str, str]]] = {
    "lighthouse": {
        "en": "The lighthouse stands above the bay, and its lamp turns slowly until the morning comes.",
        "de": "Der Leuchtturm steht über der Bucht, und seine Lampe dreht sich langsam bis zum Morgen.",
        "fr": "Le phare se dresse au-dessus de la baie, et sa lampe tourne lentement jusqu'au matin.",
        "es": "El faro se alza sobre la bahía, y su lámpara gira despacio hasta que llega la mañana.",
    },
    "bakery": {
        "en": "The bakery opens before dawn, and the smell of fresh bread fills the whole street.",
        "de": "Die Bäckerei öffnet vor der Dämmerung, und der Duft von frischem Brot füllt die Straße.",
        "fr": "La boulangerie ouvre avant l'aube, et l'odeur du pain frais remplit toute la rue.",
        "es": "La panadería abre antes del alba, y el olor del pan recién hecho llena toda la calle.",
    },
}
SUBJECT_WORDS: Final[Mapping[str, Sequence[str]]] = {
    "lighthouse": ("lighthouse", "leuchtturm", "phare", "faro"),
    "bakery": ("bakery", "bäckerei", "boulangerie", "panadería"),
}
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}


def _texts(number: int) -> Iterator[Labelled]:
    code = [*LANGUAGES][number % len(LANGUAGES)]
    foreign = [*LANGUAGES][(number + 1) % len(LANGUAGES)]
    subject, other = ("lighthouse", "bakery") if number % 2 else ("bakery", "lighthouse")
    prompt = f"Write a sentence about a {subject} in {LANGUAGES[code]}."
    written = {"": _SUBJECTS[subject][code]}
    if number // 2 % 2:
        written["mismatched language"] = _SUBJECTS[subject][foreign]
    else:
        written["wrong subject"] = _SUBJECTS[other][code]
    for damage, text in written.items():
        name = f"text {number}: {damage or 'good'}"
        yield Labelled(name, Modality.TEXT, prompt, text.encode(), "text/plain", damage, language=code)


# Recordings

_LINES: Final = (
    "The night train leaves at ten, and breakfast is served before the sea comes into view.",
    "Keep the light burning, because somebody out there is counting on it tonight.",
    "We bake our bread before dawn, and the first loaf always goes to the harbour.",
    "Turn left after the old bridge, then follow the river until you see the mill.",
)


def _lines(number: int) -> Iterator[Labelled]:
    line = _LINES[number % len(_LINES)]
    words = line.split()
    cut, foreign = " ".join(words[: len(words) * 2 // 3]), _SUBJECTS["bakery"]["de"]
    changed = " ".join(w if n % 4 else "something" for n, w in enumerate(words))
    one = " ".join("five" if n == 3 else w for n, w in enumerate(words))
    damages = {"cut short": cut, "wrong words": changed, "another language": foreign, "one wrong word": one}
    damage = [*damages][number // len(_LINES) % len(damages)]
    for label, said in {"": line, damage: damages[damage]}.items():
        name = f"speech {number}: {label or 'good'}"
        yield Labelled(name, Modality.AUDIO, line, samples.mp3(2.0), "audio/mpeg", label, said=said, seconds=2.0)
