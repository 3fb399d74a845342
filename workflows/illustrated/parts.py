"""The stored pictures of an illustrated text, and their keys. Sizes are bytes and pixels.

The text is the media of its take. Each of its pictures is an object of its own next to it, and the text has a line
`![…](pictures/NAME)` in its place. The name contains the digest of the picture, so the digest of the text covers all.
"""

from typing import Final

from pydantic import Field

from workflows.base import Model

PICTURES: Final = "pictures"
"""The parameter of an illustrated text: the number of pictures that are requested with it. Only models that write
texts with pictures in one response have it."""
MAX_PICTURES: Final = 12
"""Of one response; a response with more is refused. A plan may request fewer (the rule of the parameter)."""


class StoredPicture(Model):
    """One picture of an illustrated text, as it is stored; pictures are in the order of the response."""

    key: str
    bytes: int = Field(ge=0)
    sha256: str
    media_type: str
    width: int | None = None
    height: int | None = None
    unsigned_sha256: str = Field(default="", description="Of a signed picture: the SHA-256 before the signature")

    @property
    def name(self) -> str:
        """The name by which the text refers to it."""
        return self.key.rpartition("/")[2]


def picture_prefix(media: str) -> str:
    """The key prefix of the pictures of the text at this key: `…/pictures-1-3f9c2a71/` for `…/media-1-3f9c2a71.md`.

    It contains the submission and the attempt, as the key of paid media does.
    """
    folder, _, name = media.rpartition("/")
    return f"{folder}/{PICTURES}{name.removeprefix('media').partition('.')[0]}/"
