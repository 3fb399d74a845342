"""The language that a text is written in: offline, the same for the same text, and only where it is certain.

The model is loaded by the first call (about a second of CPU and 100 MB), never when a process starts.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

CERTAIN: Final = 0.9
"""The least probability of a reported language. Names of products, places and dishes stay below it."""
LEAST_LETTERS: Final = 20
LEAST_WIDE_LETTERS: Final = 6
"""The least letters of a text, in scripts with and without spaces between words; shorter ones are not judged."""

_FAMILIES: Final = (
    ("no", "nb", "nn", "da"),
    ("hr", "bs", "sr", "uzs"),
    ("id", "ms"),
    ("zh", "cmn", "yue", "wuu"),
    ("ar", "arz", "ary"),
    ("es", "an", "ext"),
    ("pt", "gl"),
    ("cs", "sk"),
    ("hi", "mr", "ne", "sa"),
    ("fa", "prs"),
    ("tl", "fil"),
    ("en", "pcm"),
    ("de", "lb", "gsw"),
    ("fr", "wa"),
)
"""Languages that are not distinguished in short texts: one of them never counts as a difference from another."""
_FAMILY: Final = {tag: family for family in _FAMILIES for tag in family}
_IGNORED: Final = frozenset({"la", "zxx", "eo", "vo", "grc", "hbo", "sa"})
"""Placeholder text ("Lorem ipsum") and languages that no brief is spoken in."""
_LISTED: Final = (
    "af:Afrikaans am:Amharic ar:Arabic az:Azerbaijani be:Belarusian bg:Bulgarian bn:Bengali bs:Bosnian ca:Catalan "
    "cs:Czech cy:Welsh da:Danish de:German el:Greek en:English es:Spanish et:Estonian eu:Basque fa:Persian "
    "fi:Finnish fr:French ga:Irish gl:Galician gu:Gujarati he:Hebrew hi:Hindi hr:Croatian hu:Hungarian hy:Armenian "
    "id:Indonesian is:Icelandic it:Italian ja:Japanese ka:Georgian kk:Kazakh km:Khmer kn:Kannada ko:Korean "
    "lo:Lao lt:Lithuanian lv:Latvian mk:Macedonian ml:Malayalam mn:Mongolian mr:Marathi ms:Malay mt:Maltese "
    "my:Burmese ne:Nepali nl:Dutch no:Norwegian pa:Punjabi pl:Polish pt:Portuguese ro:Romanian ru:Russian "
    "si:Sinhala sk:Slovak sl:Slovenian sq:Albanian sr:Serbian sv:Swedish sw:Swahili ta:Tamil te:Telugu th:Thai "
    "tl:Tagalog tr:Turkish uk:Ukrainian ur:Urdu uz:Uzbek vi:Vietnamese yue:Cantonese zh:Chinese zu:Zulu"
)
_NAMES: Final[dict[str, str]] = dict(pair.split(":", 1) for pair in _LISTED.split())
_NOT_WORDS: Final = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|<[^<>]{1,200}>|[#@]\w+|[\d*_`|\\]+")
_WIDE: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Detected:
    """The language of a text: its BCP 47 tag, its English name, and the probability."""

    language: str
    name: str
    confidence: float


def detect_language(text: str) -> Detected | None:
    """The language of a text; None where it is too short, mixed, or not certain.

    Of closely related languages (Norwegian and Danish, Malay and Indonesian), it is the likeliest; compare with
    `same_language`.
    """
    words = " ".join(_NOT_WORDS.sub(" ", text).split())
    letters, wide = sum(c.isalpha() for c in words), len(_WIDE.findall(words))
    if letters < LEAST_LETTERS and wide < LEAST_WIDE_LETTERS:
        return None
    found = dict(_identifier().rank(words))
    best = max(found, key=found.__getitem__)
    if best in _IGNORED:
        return None
    confidence = sum(found.get(tag, 0.0) for tag in _FAMILY.get(best, (best,)))
    if confidence < CERTAIN:
        return None
    return Detected(language=best, name=language_name(best), confidence=round(min(confidence, 1.0), 3))


def alike(tag: str) -> tuple[str, ...]:
    """The other languages that short texts do not tell apart from a language."""
    base = tag.split("-")[0].lower()
    return tuple(other for other in _FAMILY.get(base, ()) if other != base)


def same_language(one: str, other: str) -> bool:
    """Whether two BCP 47 tags name one language, or two that are not distinguished."""
    first, second = one.split("-")[0].lower(), other.split("-")[0].lower()
    return first == second or second in _FAMILY.get(first, ())


def language_name(tag: str) -> str:
    """The English name of a language; its tag where the name is not listed."""
    return _NAMES.get(tag.split("-")[0].lower(), tag)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
