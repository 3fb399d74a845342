"""The refusal of a file, and the limits that reading it keeps."""

from typing import Final

MAX_MEMORY_BYTES: Final = 3_000_000_000
"""Of the child's address space: libraries map 1 GB, and a picture of 50 million pixels needs 400 MB to convert."""
THUMBNAIL_PIXELS: Final = 320
FRAME_PIXELS: Final = 1_280
"""The long side of a key frame: sharp enough as an input of models."""
MAX_TEXT_CHARS: Final = 2_000_000
"""Of all text in one document; the bible has 4.3 million characters."""


class Unusable(Exception):
    """The file cannot be used; the message states the problem and the remedy."""


def check_chars(chars: int, kept: str = "parts") -> None:
    """
    Args:
        chars: Of the text of one document.
        kept: What a shorter document has only some of.

    Raises:
        Unusable: more than MAX_TEXT_CHARS.
    """
    if chars > MAX_TEXT_CHARS:
        raise Unusable(f"its text is longer than {MAX_TEXT_CHARS:,} characters; give only the {kept} that matter")
