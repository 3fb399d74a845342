"""The items of a catalogue: one picture each, in productions of at most 500. Pure data."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from workflows.base import Clean, Model

MAX_ITEMS: Final = 500
"""Of one production; a larger catalogue is a series of productions."""
MAX_PART_BYTES: Final = 480_000
"""Of the plan of a part, below the limit of a plan (600,000)."""
ASSET_BYTES: Final = 700
"""Of an asset in a plan besides its prompt: its ids, models, parameters and quotes, with fallbacks."""
MAX_ITEM_CHARS: Final = 2_000


class Item(Model):
    """One picture of a catalogue."""

    key: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        description="Its name in lists, e.g. the number of the product", examples=["sku-1001"]
    )
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_ITEM_CHARS), Clean] = (
        Field(description="What it shows; its prompt", examples=["A blue enamel mug on white"])
    )

    def prompt(self, more: str) -> str:
        """Its text, as a sentence where more follows."""
        return f"{self.text.rstrip(' .')}.{more}" if more else self.text

    @property
    def bytes(self) -> int:
        """An estimate of its size in a plan."""
        return len(self.text.encode()) + ASSET_BYTES


def repeated_key(items: Sequence[Item]) -> str | None:
    """The first key that two items have."""
    seen: set[str] = set()
    for item in items:
        if item.key in seen:
            return item.key
        seen.add(item.key)
    return None


def split_items(items: Sequence[Item], most: int = MAX_ITEMS, more_bytes: int = 0) -> Iterator[tuple[Item, ...]]:
    """The items in their order, in parts of about the same length that are as few as possible.

    Args:
        most: The number of items in one part.
        more_bytes: What each prompt has besides the text of its item, such as the style.
    """
    share = -(-len(items) // -(-len(items) // most)) if items else most
    part: list[Item] = []
    size = 0
    for item in items:
        needed = item.bytes + more_bytes
        if part and (len(part) == share or size + needed > MAX_PART_BYTES):
            yield tuple(part)
            part, size = [], 0
        part.append(item)
        size += needed
    if part:
        yield tuple(part)
