"""Whole words in regular expressions, in scripts with spaces between words and in those without."""

from typing import Final

LETTER: Final = "[A-Za-zÀ-ɏͰ-ϿЀ-ӿ]"
"""Of scripts with spaces between words: in the others, a word may stand between any two signs."""


def as_word(names: str) -> str:
    """An expression for one of these alternatives as a whole word."""
    return rf"(?<!{LETTER})(?:{names})(?!{LETTER})"
