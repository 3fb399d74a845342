"""Finds the media or text in a job's output, whose form each model chooses: an address, text, a list or an object."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from activities.providers.base64_text import declared_type
from activities.providers.download import MEDIA_TYPES
from workflows.models import Modality

MAX_DEPTH: Final = 8
"""Nesting depth of lists and objects."""
_TEXTS: Final = ("text", "output", "answer", "response", "content", "result", "transcription", "caption")
"""Members of an object that may hold its text, the likeliest first."""


class _Leaf(NamedTuple):
    """A string within an output, and the path of member names that leads to it."""

    path: str
    value: str


def find_media(output: object, modality: Modality) -> str | None:
    """The address or data URI of one medium; None where there is none.

    Among several, an address or data URI of the requested kind is preferred, then a member with the name of that kind,
    then the first.
    """

    def order(leaf: _Leaf) -> tuple[int, bool]:
        kind = _kind_of(leaf.value)
        fits = 0 if kind == modality.value else 1 if not kind else 2
        return fits, modality.value not in leaf.path

    found = [leaf for leaf in _leaves(output) if _is_address(leaf.value)]
    return min(found, key=order).value if found else None


def find_text(output: object) -> str | None:
    """The text of an output; None if it is not text, or if an object has several texts and none has a known name.

    A text model returns its text in pieces, as a list.
    """
    if isinstance(output, str):
        return output
    if isinstance(output, list):
        pieces = [find_text(each) for each in output]
        return None if None in pieces else "".join(piece or "" for piece in pieces)
    if isinstance(output, Mapping):
        named = next((t for name in _TEXTS if name in output and (t := find_text(output[name]))), None)
        texts = [leaf.value for leaf in _leaves(output) if leaf.value.strip()]
        return named or (texts[0] if len(texts) == 1 else None)
    return str(output) if isinstance(output, int | float) else None


def _leaves(output: object, path: str = "", depth: int = 0) -> Iterator[_Leaf]:
    if isinstance(output, str):
        yield _Leaf(path, output)
    elif depth < MAX_DEPTH:
        members = (
            output.items() if isinstance(output, Mapping) else enumerate(output) if isinstance(output, list) else ()
        )
        for name, value in members:
            yield from _leaves(value, f"{path}/{str(name).lower()}", depth + 1)


def _is_address(value: str) -> bool:
    return value.startswith(("https://", "http://")) or declared_type(value) is not None


def _kind_of(value: str) -> str:
    """E.g. "image", or "" where neither the data URI nor the file extension of the address identifies it."""
    media_type = declared_type(value)
    if media_type is None:
        try:
            ending = PurePosixPath(urlsplit(value).path).suffix[1:].lower()
        except ValueError:
            return ""
        media_type = MEDIA_TYPES.get(ending, "application/json" if ending in ("json", "txt", "npz", "zip") else "")
    return "" if media_type == "application/octet-stream" else media_type.partition("/")[0]
