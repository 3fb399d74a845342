"""Words that lean on the next one: a line does not end with an article or a preposition, and may begin with it."""

from typing import Final

from activities.finishing.captions.line_breaks import SPACES

_NAMED: Final = (
    # English
    "a an the of to in on at by for with from about into over under and or but nor that which who as than because "
    "when while if my your his her its our their this these no every each not is are was were be will can "
    # German
    "der die das den dem des ein eine einen einem einer eines und oder aber denn dass weil wenn von zu zum zur im am "
    "mit bei für auf aus nach über unter ohne durch sein seine ihr ihre mein dein unser kein keine nicht sich ist sind "
    # French, Spanish, Italian, Portuguese
    "le la les un une des du de au aux et ou mais que qui dans sur pour par avec sans ce cette ces son sa ses leur ne "
    "el los las unos unas del al y o pero con por para sin su sus se lo gli i uno di da nel nella della dei delle che "
    "e ma per tra os um uma do dos das no na nos nas em com sem mas ao à "
    # Dutch, Swedish, Danish, Norwegian, Polish
    "het een en van voor met naar uit bij om te ett och eller men att som på av till för från og til fra i w z od dla "
    "że oraz przez"
)
_WORDS: Final = frozenset(_NAMED.split())
"""Of several languages together: a word that is another one elsewhere costs no more than a less even line."""


def leans(text: str) -> bool:
    """Whether the last word of a line belongs to the next line."""
    return (SPACES.split(text.strip())[-1:] or [""])[0].casefold() in _WORDS


def begins_phrase(text: str) -> bool:
    """Whether a line begins with such a word."""
    return SPACES.split(text.strip())[0].casefold() in _WORDS
