"""Bytes within JSON: base64 in the forms that vendors and compatible servers send."""

import base64
import re
from typing import Final
from urllib.parse import unquote_to_bytes

_DATA_URI: Final = re.compile(r"\s*data:(?P<about>[^,]{0,200}),", re.IGNORECASE)
_URL_SAFE: Final = str.maketrans("-_", "+/")


def decode(text: str) -> bytes:
    """The bytes of base64, with or without line breaks, padding and the prefix of a data URI, in either alphabet.

    Raises:
        ValueError: the text is not base64.
    """
    if uri := _DATA_URI.match(text):
        text = text[uri.end() :]
        if not uri["about"].lower().replace(" ", "").endswith(";base64"):
            return unquote_to_bytes(text)
    letters = "".join(text.split()).rstrip("=").translate(_URL_SAFE)
    return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)


def declared_type(text: str) -> str | None:
    """The media type that a data URI declares, "" where it declares none; None if the text is not a data URI."""
    uri = _DATA_URI.match(text)
    return uri["about"].partition(";")[0].strip().lower() if uri else None
