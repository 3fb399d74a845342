"""The scripts that the voices of espeak-ng read, as measured; in others it spells letters, or is silent.

`tests/activities/providers/previz/test_scripts.py` measures every voice and compares it with these tables.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from activities.providers.previz import japanese
from activities.providers.previz.narration import find_voice
from activities.text.speech import speech_seconds

HAN: Final = "CJK"
_SHARED: Final = (
    "LATIN GREEK DEVANAGARI BENGALI GURMUKHI GUJARATI TAMIL KANNADA MALAYALAM SINHALA GEORGIAN ARMENIAN HANGUL"
)
BY_EVERY_VOICE: Final = frozenset(_SHARED.split())
"""Each voice has these letters, or changes to the voice of their language."""
NOT_BY: Final[dict[str, frozenset[str]]] = {
    "GREEK": frozenset({"af", "bs", "en", "hr", "lt", "mk", "sr", "vi"}),
    "DEVANAGARI": frozenset({"kok"}),
}
"""The voices that spell the letters of a script that the others read."""
ONLY_BY: Final[dict[str, frozenset[str]]] = {
    "CYRILLIC": frozenset({"ba", "be", "bg", "cv", "kk", "ky", "mk", "nog", "ru", "sr", "tt", "uk"}),
    "ARABIC": frozenset({"ar", "fa", "sd", "ug", "ur"}),
    "TELUGU": frozenset({"te"}),
    "ORIYA": frozenset({"or"}),
    "THAI": frozenset({"th"}),
    "MYANMAR": frozenset({"my"}),
    "ETHIOPIC": frozenset({"am", "ti"}),
    "HIRAGANA": frozenset({"ja"}),
    "KATAKANA": frozenset({"ja"}),
    HAN: frozenset({"cmn", "yue"}),
}
"""Languages of voices. Hebrew is not read: without the vowels, half of its words are consonants alone, and with them
they are spelled."""
MOSTLY: Final = 0.2
"""From this part of letters on that cannot be read, the rest makes no sense without them."""
MAX_SILENCE: Final = 600.0
"""Seconds; no video is longer."""
_FORMS: Final = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9f]+")


class Spoken(NamedTuple):
    """What a voice makes of a text.

    Attributes:
        text: The text that it speaks; empty for silence.
        unread: The characters that it cannot read, each once.
        silence: The least length in seconds: that of the text where it stays silent.
        places: For each of its characters, the index of that in the original from which it comes.
    """

    text: str
    unread: str = ""
    silence: float = 0.0
    places: Sequence[int] = ()


def spoken(text: str, voice: str) -> Spoken:
    """The text without what a voice cannot read; silence of its length where that is a large part of it."""
    file = find_voice(voice)
    language = file.split("+")[0].split("-")[0].lower() if file else ""
    plain, places = _plain(text)
    unread = [c for c in plain if c.isalpha() and not _reads(language, _script(c))]
    if not file or not unread:
        return Spoken(plain, places=places)
    distinct = "".join(dict.fromkeys(unread))
    if len(unread) >= MOSTLY * sum(c.isalpha() for c in plain):
        return Spoken("", distinct, min(speech_seconds(text), MAX_SILENCE))
    return Spoken(plain.translate({ord(c): " " for c in distinct}), distinct, places=places)


def _plain(text: str) -> tuple[str, list[int]]:
    """The text with letters, digits and kana of full or half width in their usual form; where each character is from.

    Two characters of half width may be one of full width.
    """
    plain, places, end = "", list[int](), 0
    for match in _FORMS.finditer(text):
        form = unicodedata.normalize("NFKC", match[0])
        plain += text[end : match.start()] + form
        places += range(end, match.start())
        places += (match.start() + k * len(match[0]) // len(form) for k in range(len(form)))
        end = match.end()
    return plain + text[end:], [*places, *range(end, len(text))]


def _reads(language: str, script: str) -> bool:
    if script == HAN and language == "ja":
        return japanese.has_dictionary()
    if script in BY_EVERY_VOICE:
        return language not in NOT_BY.get(script, ())
    return language in ONLY_BY.get(script, ())


@cache
def _script(character: str) -> str:
    """The script of a letter by its Unicode name; that of a mark or modifier counts as Latin."""
    if unicodedata.category(character) == "Lm" and character not in "々ー":
        return "LATIN"
    name = unicodedata.name(unicodedata.normalize("NFKC", character)[0], "")
    first = name.split(" ")[0].split("-")[0]
    return HAN if character == "々" else first
