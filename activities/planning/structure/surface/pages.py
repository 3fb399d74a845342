"""Page breaks of screenplays that were pasted from a PDF: page numbers, "(MORE)" and "(CONTINUED)"."""

from typing import Final

from activities.text.patterns import Pattern

_MORE: Final = Pattern(
    r"\s*[(（]?\s*(?:MORE|CONTINUED|MÁS|SIGUE|SUITE|À SUIVRE|WEITER|FORTSETZUNG|SEGUE|MAIS|続く|つづく|继续|ДАЛЕЕ|"
    r"ДАЛІ|CDN\.?|계속)\s*[)）]?:?\s*"
)
_NUMBER: Final = Pattern(r"\s*(?:-\s*)?\d{1,3}(?:\s*-|\.)?\s*")
_RIGHT: Final = 20
"""Columns before the number of a page, which stands at the right or in the middle; a spoken number stands left."""


def without_page_breaks(lines: list[str]) -> list[str]:
    """The lines without those of a page break, whose next line goes on where the page before it ends."""
    kept: list[str] = []
    breaks = False
    for line in lines:
        if _is_more(line):
            breaks = True
        elif not (_NUMBER.fullmatch(line) and (breaks or len(line) - len(line.lstrip()) >= _RIGHT)):
            breaks = breaks and not line.strip()
            kept.append(line)
    return kept


def _is_more(line: str) -> bool:
    return bool(_MORE.fullmatch(line)) and line.strip()[:1] in "(（"
