"""Sections of a brief that are no part of the film: "BRAND GUIDE", "Notes for the crew" above or below the script."""

import re
from typing import Final

from activities.planning.structure.vocabulary import notes
from activities.text.patterns import Pattern

_FRAME: Final = r"^[\s>*_]*+(?:#{1,6}\s+|={2,}\s*|\d\.\s+)?"
_HEADING: Final = Pattern(r"^\s*(?:#{1,6}\s+\S|[*_]{2}[^*_]+[*_]{2}\s*:?\s*$|={2,}\s*\S)")
_NOTES: Final = Pattern(
    rf"{_FRAME}(?:the |our |die |der |le |la |les |el |los |il |as |"
    rf"de )?(?:{notes.HEADINGS})(?![^\W\d_぀-ヿ㐀-鿿가-힯]|(?<=[a-z])[^\W\d_])",
    re.IGNORECASE,
)
_ENDS: Final = Pattern(r"[.!?。！？,;]\s*[*_]*\s*$")
_ITEM: Final = Pattern(r"^\s*(?:[-*+•–—]\s+|\(?\d{1,2}[.)、]\s*)\S")
_REMARK: Final = Pattern(r"^\s*※")
MOST_WORDS: Final = 6


def without_note_sections(text: str) -> str:
    """The text without the sections whose headings name notes, where it has another section."""
    lines = [line for line in text.splitlines() if not _REMARK.match(line)]
    text = "\n".join(lines) if any(map(str.strip, lines)) else text
    headings = [k for k in range(len(lines)) if _is_heading(lines, k)]
    about = [k for k in headings if _NOTES.match(lines[k])]
    if not about or (
        len(about) == len(headings) and _is_marked(lines, about[0]) and not any(map(str.strip, lines[: about[0]]))
    ):
        return text
    kept, silent, is_block = list[str](), False, False
    for k, line in enumerate(lines):
        if k in headings:
            silent, is_block = k in about, not _is_marked(lines, k)
        elif is_block and not line.strip():
            silent = is_block = False
        if not silent:
            kept.append(line)
    return "\n".join(kept)


def _is_heading(lines: list[str], k: int) -> bool:
    """Whether a line is a heading: marked as one, or in capitals, with the text of its section after it."""
    line = lines[k].strip()
    following = next((x.strip() for x in lines[k + 1 : k + 3] if x.strip()), "")
    if not line or not following or len(line.split()) > MOST_WORDS or _ENDS.search(line):
        return False
    return _is_marked(lines, k) or (_NOTES.match(line) is not None and _ITEM.match(lines[k + 1]) is not None)


def _is_marked(lines: list[str], k: int) -> bool:
    """Whether markup or capitals mark a heading, whose section goes on up to the next one."""
    line = lines[k].strip()
    letters = re.sub(r"[(（][^()（）]*[)）]", "", line)
    return bool(_HEADING.match(line)) or (
        letters.isupper() and (k == 0 or not lines[k - 1].strip()) and ":" not in line
    )
