"""The parts of a document that is read page by page, and its limits. Synchronous; it runs in the child process."""

from collections.abc import Sequence
from typing import Any

from activities.references.reading.documents.tables import divided
from activities.references.reading.limits import Unusable
from workflows.references.kinds import LIMITS, ReferenceKind

Parts = list[dict[str, Any]]


class PagedParts:
    """Collects the lines and tables of the present `page` into `parts`."""

    def __init__(self) -> None:
        self.parts: Parts = []
        self.page = 1
        self._lines: list[str] = []

    def line(self, text: str) -> None:
        self._lines.append(text)

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        self.flush()
        self.parts += [{"kind": "table", "page": self.page, "text": text} for text in divided(rows)]

    def flush(self) -> None:
        """End the text part of the collected lines."""
        text = "\n".join(self._lines).strip()
        if text:
            self.parts.append({"kind": "text", "page": self.page, "text": text})
        self._lines.clear()


def check_contents(parts: Parts, pages: int | None) -> None:
    """
    Args:
        pages: Slides or sheets; None where a document has none.

    Raises:
        Unusable: no parts, or too many slides or sheets.
    """
    if not parts:
        raise Unusable("it contains no text; if it shows pictures, save it as PDF")
    most = LIMITS[ReferenceKind.DOCUMENT].pages or 0
    if pages is not None and pages > most:
        raise Unusable(f"it has {pages:,} slides or sheets; give at most {most:,}")
