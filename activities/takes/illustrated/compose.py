"""Composes an illustrated text from the parts of a response: Markdown with a line for each picture, and the pictures.

Nothing of the parts is trusted: a picture has to open, whatever type the vendor declared, and has one name, which
contains its digest.
"""

import io
from collections.abc import Sequence
from typing import Final

from activities.errors import OutputUnusable
from activities.media.facts import extension_of, probe
from activities.media.media_types import HEAD_BYTES, detect
from activities.providers.protocol import Picture
from activities.storage.bucket import sha256_of
from activities.text.illustrated import describe, picture_line
from workflows.illustrated.parts import MAX_PICTURES
from workflows.models import Modality
from workflows.requests import MAX_UPLOAD_BYTES

NAME_CHARS: Final = 16
"""Of the digest of a picture, in its name."""


def compose(parts: Sequence[str | bytes], label: str = "") -> tuple[str, tuple[Picture, ...]]:
    """The text with a line for each picture, and the pictures. Synchronous: it decodes every picture.

    Args:
        label: Describes the pictures before the first heading of the text.

    Raises:
        OutputUnusable: a part is no picture that opens, or there are too many, or too large ones; with its number.
    """
    count = sum(isinstance(part, bytes) for part in parts)
    if count > MAX_PICTURES:
        raise OutputUnusable(f"the response has {count} pictures; at most {MAX_PICTURES} are stored")
    text, pictures = "", list[Picture]()
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        picture = _picture(part, len(pictures) + 1)
        line = picture_line(picture.name, describe(text, len(pictures) + 1, label))
        text = f"{text.rstrip()}\n\n{line}\n\n".lstrip()
        pictures.append(picture)
    return text, tuple(pictures)


def _picture(data: bytes, number: int) -> Picture:
    media_type, most = detect(data[:HEAD_BYTES]), MAX_UPLOAD_BYTES[Modality.IMAGE]
    if len(data) > most:
        raise OutputUnusable(f"picture {number} of the response has {len(data):,} bytes, more than {most:,}")
    if not media_type.startswith("image/"):
        raise OutputUnusable(f"part {number} of the response is {media_type or 'of an unknown type'}, not a picture")
    try:
        facts = probe(io.BytesIO(data), media_type)
    except OutputUnusable as error:
        raise OutputUnusable(f"picture {number} of the response: {error}") from None
    name = f"{number}-{sha256_of(data)[:NAME_CHARS]}.{extension_of(media_type)}"
    return Picture(name, data, media_type, facts.width or 0, facts.height or 0)
