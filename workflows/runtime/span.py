"""What the code inside a span can do with it, whether something is traced or not."""

from typing import Protocol


class SetAttributes(Protocol):
    """Add attributes to the span that is open."""

    def __call__(self, **attributes: str | int | float | None) -> None: ...
