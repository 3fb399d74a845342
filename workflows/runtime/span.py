"""The interface to a span for the code inside it, with and without tracing."""

from typing import Protocol


class SetAttributes(Protocol):
    """Adds attributes to the current span."""

    def __call__(self, **attributes: str | int | float | None) -> None: ...
