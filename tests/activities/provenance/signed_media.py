"""Real media of every kind that is signed, and what must never change in it."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image

from tests.activities.finishing.media import shot_file, still_file, voice_file
from workflows.provenance.records import Statement


@dataclass(frozen=True)
class Kind:
    """A kind of media.

    Attributes:
        content: The place after which the bytes are media.
    """

    media_type: str
    make: Callable[[Path], Path]
    content: bytes


KINDS = {
    kind.media_type: kind
    for kind in (
        Kind("video/mp4", lambda folder: shot_file(folder / "a.mp4"), b"mdat"),
        Kind("image/png", lambda folder: still_file(folder / "a.png", "red"), b"IDAT"),
        Kind("image/jpeg", lambda folder: still_file(folder / "a.jpg", "blue"), b"\xff\xda"),
        Kind("audio/wav", lambda folder: voice_file(folder / "a.wav", 1), b"data"),
        Kind("audio/mpeg", lambda folder: voice_file(folder / "a.mp3", 1, codec="libmp3lame"), b"Info"),
    )
}


def decoded(data: bytes, media_type: str) -> list[bytes]:
    """The pictures or samples of a file."""
    if media_type.startswith("image/"):
        with Image.open(io.BytesIO(data)) as picture:
            return [picture.convert("RGB").tobytes()]
    with av.open(io.BytesIO(data), "r") as file:
        return [bytes(frame.to_ndarray().tobytes()) for frame in file.decode(file.streams[0])]  # type: ignore[union-attr]


def tampered(data: bytes, kind: Kind) -> list[bytes]:
    """Copies with one changed byte each, spread over the media."""
    find = data.index if kind.media_type == "audio/wav" else data.rindex  # the manifest of a WAV is at its end
    start = find(kind.content) + len(kind.content) + 4
    end = data.index(b"C2PA", start) if kind.media_type == "audio/wav" else len(data) - 12
    places = range(start, end, max(1, (end - start) // 5))
    return [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in places]


def statement(**fields: object) -> Statement:
    known = {
        "production_id": "p1",
        "kind": "take",
        "name": "shot-1, take 2",
        "ai_generated": "yes",
        "models": ("runway/gen4",),
    }
    return Statement.model_validate(known | fields)
