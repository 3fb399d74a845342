"""The texts of a film as pictures of its size, which editing software shows where the film draws them.

A title and lower thirds are transparent, and lie over the picture; an end card is opaque, and follows the last shot.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from activities.finishing.files import File
from activities.finishing.picture.formats import FilmFormat
from activities.finishing.picture.titles import draw
from activities.finishing.timeline import ScreenText, Timeline

ROLE: Final = "screen-text"
MEDIA_TYPE: Final = "image/png"
END_CARD: Final = "end card"


@dataclass(frozen=True)
class TextFile:
    """A text on the screen with the name of its file, in frames of the film."""

    name: str
    kind: str
    text: str
    first: int
    frames: int
    over: tuple[str, ...] = ()


def overlays(film: Timeline) -> list[TextFile]:
    """The texts over the picture, in order; a text that is shown twice has one file.

    No asset can have the name of a file, because its id has no underscore.
    """
    numbers: dict[tuple[str, str], int] = {}
    return [_text_file(each, numbers.setdefault((each.kind, each.text), len(numbers) + 1)) for each in film.texts]


def _text_file(shown: ScreenText, number: int) -> TextFile:
    name = f"text_{number}-{shown.kind.replace(' ', '-')}.png"
    return TextFile(name, shown.kind, shown.text, shown.first, shown.frames, shown.over)


def end_card(film: Timeline) -> TextFile | None:
    if not film.card_frames:
        return None
    return TextFile("text_end-card.png", END_CARD, film.card, film.frames - film.card_frames, film.card_frames)


def write_texts(film: Timeline, output: FilmFormat, workdir: Path) -> Iterator[File]:
    """Draw each text of the film into a file."""
    card = end_card(film)
    shown = (*overlays(film), *([card] if card else []))
    for name, each in {text.name: text for text in shown}.items():
        path = workdir / name
        draw(each.kind, each.text, (output.width, output.height), output.safe, each.over).save(path)
        yield File(name, ROLE, path, MEDIA_TYPE)
