"""Where a phrase ends: a line does not end with an article or a preposition, but may begin with it; a postposition does
not begin a line. Japanese has no spaces: its phrases mostly end where kanji or katakana follow hiragana."""

import unicodedata
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
    "że oraz przez "
    # Czech, Romanian, Turkish
    "v na k pro ve se în pe cu și din ve bir bu "
    # Russian, Ukrainian, Greek
    "в на с и к о у по из за от для не но а что как при без под над до з і та й від або "
    "ο η το οι τα του της των τον την στο στη στον στην σε με για από και να δεν που "
    # Arabic, Persian, Hebrew
    "في من إلى على عن مع أو أن ثم لا هذا هذه در از به با که و של את על עם לא או"
)
_WORDS: Final = frozenset(_NAMED.split())
"""Of several languages together: a word that is another one elsewhere costs no more than a less even line."""

_FOLLOWING_WORDS: Final = "का की के को से में पर ने तक है हैं था थी थे کا کی کے کو سے میں پر نے تک ہے ہیں تھا تھی"
_FOLLOWING: Final = frozenset(_FOLLOWING_WORDS.split())
"""Hindi and Urdu: they belong to the word before them."""
_PREFIXES: Final = frozenset("おご")


def phrase_end(before: str, after: str) -> int:
    """1 where a phrase ends between two texts, -1 inside one, and 0 where that is unknown."""
    last, first = _kind(before.strip()[-1:]), _kind(after.strip()[:1])
    if first == "hiragana" or (last == "hiragana" and first):  # a particle or an ending, or a new phrase after it
        return -1 if first == "hiragana" or before.strip()[-1] in _PREFIXES else 1
    if first in ("han", "katakana") and last:
        return -1 if last == first or last == "other" else 0
    return begins_phrase(after) - leans(before)


def _kind(character: str) -> str:
    """The script of a letter or digit, as far as it decides about phrases of Japanese; empty for other characters."""
    if not character.isalnum():
        return ""
    name = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    return {"HIRAGANA": "hiragana", "KATAKANA": "katakana", "CJK": "han"}.get(name, "other")


def leans(text: str) -> bool:
    """Whether the last word of a line belongs to the next line."""
    return (SPACES.split(text.strip())[-1:] or [""])[0].casefold() in _WORDS


def begins_phrase(text: str) -> int:
    """Whether a line begins with such a word; less than nothing, if with one that belongs to the line before."""
    word = SPACES.split(text.strip())[0].casefold()
    return (word in _WORDS) - (word in _FOLLOWING)
