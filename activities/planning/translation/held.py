"""What a translation keeps of its original: numbers, links, brands, and names.

A departure in the first three is refused. Names may have a form of their own in the other language ("München"), so a
name that is missing is named once to the model, and then to people.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Final

from activities.planning.translation.numbers import digits_in, speaks_numbers, words_in
from activities.text.patterns import Pattern
from activities.text.speech import speech_seconds

LONGEST, SHORTEST = 2.5, 0.3
"""Of the time to say a text, for its translation; languages differ by less than a factor of two."""
_SLACK_SECONDS: Final = 2.0
_ALIKE: Final = 0.6
"""The least similarity of a name and its form in another language."""
_LINK: Final = Pattern(
    r"https?://[!#-;=?-~]+|www\.[!#-;=?-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|"
    r"\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/[!#-;=?-~]*)?|(?<!\w)[@#][A-Za-z_][\w.-]*",
    re.ASCII,
)
"""Addresses end where letters of other scripts begin, which need no space."""
_BRAND: Final = Pattern(r"\b(?=\w*[a-z][A-Z]|[A-Za-z]+\d)[A-Za-z][A-Za-z0-9]+\b", re.ASCII)
_NAME: Final = Pattern(r"(?<![.!?…:;\"“„«»”(\n]\s)(?<=\s)([A-ZÀ-ÖØ-Þ][\w’'-]{2,})")
_CALENDAR: Final = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december english german french spanish italian christmas easter"
)
"""Words that English writes like names."""
_NO_NAMES: Final = frozenset(_CALENDAR.split())
_HALF_OF_DAY: Final = Pattern(r"\b[ap]\.?\s?m\b|午[前後后]|上午|下午|오[전후]", re.IGNORECASE)
_SCRIPTS: Final = {
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ug"), ("ARABIC",)),
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tg"), ("CYRILLIC",)),
    **dict.fromkeys(("hi", "mr", "ne", "sa"), ("DEVANAGARI",)),
    **dict.fromkeys(("zh", "yue", "cmn"), ("CJK",)),
    "ja": ("CJK", "HIRAGANA", "KATAKANA"),
    "ko": ("HANGUL",),
    "he": ("HEBREW",),
    "yi": ("HEBREW",),
    "el": ("GREEK",),
    "th": ("THAI",),
    "lo": ("LAO",),
    "km": ("KHMER",),
    "my": ("MYANMAR",),
    "ka": ("GEORGIAN",),
    "hy": ("ARMENIAN",),
    "am": ("ETHIOPIC",),
    "bn": ("BENGALI",),
    "ta": ("TAMIL",),
    "te": ("TELUGU",),
    "kn": ("KANNADA",),
    "ml": ("MALAYALAM",),
    "gu": ("GUJARATI",),
    "pa": ("GURMUKHI",),
    "si": ("SINHALA",),
}
"""Language -> the begin of the Unicode names of its letters; all others are written in Latin letters."""


def departures(text: str, translation: str, source: str, target: str) -> list[str]:
    """How a translation departs from its text, each with the remedy; `source` and `target` are BCP 47 tags."""
    return [
        *_number_problems(text, translation, source, target),
        *_kept_problems("the link", _links(text), _links(translation)),
        *_kept_problems("the brand", _brands(text), _brands(translation)),
        *_form_problems(text, translation, target),
    ]


def missing_names(text: str, translation: str, source: str, target: str) -> list[str]:
    """The names of a text that its translation has in no similar form, where both are written in Latin letters."""
    if source.split("-")[0] == "de" or any(tag.split("-")[0] in _SCRIPTS for tag in (source, target)):
        return []  # German writes all nouns like names
    words = [w for w in text.split() if len(w) > 2]
    if 2 * sum(w[0].isupper() for w in words) > len(words):
        return []  # a title, in which all words are written like names
    plain = _folded(translation)
    given = re.findall(r"\w{3,}", plain)
    names = dict.fromkeys(name.strip("’'-").removesuffix("’s").removesuffix("'s") for name in _NAME.findall(text))
    return [
        name
        for name in names
        if name.lower() not in _NO_NAMES
        and (folded := _folded(name)) not in plain
        and not any(SequenceMatcher(None, folded, word).ratio() >= _ALIKE for word in given)
    ]


def _number_problems(text: str, translation: str, source: str, target: str) -> Iterator[str]:
    ours, theirs = digits_in(_unlinked(text)), digits_in(_unlinked(translation))
    spelled, said = words_in(text, source), words_in(translation, target)
    missing = list((Counter(ours) - Counter(theirs) - Counter(said)).elements())
    added = list((Counter(theirs) - Counter(ours) - Counter(spelled)).elements())
    if not speaks_numbers(source):  # a number in words that this program cannot read
        added = added if missing else []
    for number in list(missing):
        other = next((n for n in added if _same_hour(number, n, text, translation)), None)
        if other is not None:
            missing.remove(number)
            added.remove(other)
    if missing:
        yield f"it lacks the number {', '.join(missing)} of the original; keep the numbers, in digits"
    if added:
        yield f"it has the number {', '.join(added)}, which the original does not have; keep the numbers"
    if spelled and speaks_numbers(target):
        lost = [n for n in spelled if n not in said and n not in theirs]
        new = [n for n in said if n not in spelled and n not in ours]
        if lost and new:
            yield f"it says {', '.join(new)} where the original says {', '.join(lost)}; keep the numbers"


def _same_hour(one: str, other: str, text: str, translation: str) -> bool:
    """Whether two numbers are one hour of the day, as "7 pm" and "19 Uhr"."""
    hours = int(one[:9]), int(other[:9])
    if abs(hours[0] - hours[1]) != 12 or max(hours) > 24:
        return False
    return bool(_HALF_OF_DAY.search(text) or _HALF_OF_DAY.search(translation))


def _kept_problems(what: str, ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    found, given = list(theirs), list(ours)
    lost, new = [x for x in given if x not in found], [x for x in found if x not in given]
    problems = [f"it lacks {what} “{each}”; keep it as it is" for each in lost]
    return problems + [f"it has {what} “{each}”, which the original does not have; leave it out" for each in new]


def _links(text: str) -> list[str]:
    return list(dict.fromkeys(found.rstrip(".,;:!?)。、") for found in _LINK.findall(text)))


def _brands(text: str) -> list[str]:
    return list(dict.fromkeys(_BRAND.findall(_unlinked(text))))


def _unlinked(text: str) -> str:
    return _LINK.sub(" ", text)


def _form_problems(text: str, translation: str, target: str) -> Iterator[str]:
    """Length and letters of a translation."""
    ours, theirs = speech_seconds(text), speech_seconds(translation)
    if theirs > LONGEST * ours + _SLACK_SECONDS:
        yield f"it takes about {theirs:.0f} s to say, and the original {ours:.0f} s; translate it and add nothing"
    if theirs < SHORTEST * ours - _SLACK_SECONDS / 2:
        yield f"it takes about {theirs:.0f} s to say, and the original {ours:.0f} s; translate all of it"
    words = [w for w in _unlinked(text).split() if w.islower() or not w.isascii()]
    if len(words) > 1 and not _in_script(translation, target):
        yield f"it is not written in the letters of {target}; translate it"
    elif len(words) > 3 and " ".join(text.casefold().split()) == " ".join(translation.casefold().split()):
        yield "it is the original; translate it"


def _in_script(text: str, language: str) -> bool:
    """Whether at least one in three letters is of the language's script."""
    expected = _SCRIPTS.get(language.lower().split("-")[0], ("LATIN",))
    if "cyrl" in language.lower():
        expected = ("CYRILLIC",)
    elif "latn" in language.lower():
        expected = ("LATIN",)
    elif expected == ("LATIN",) and language.split("-")[0] in ("sr", "az", "uz"):
        expected = ("LATIN", "CYRILLIC")
    letters = [c for c in _BRAND.sub(" ", _unlinked(text)) if c.isalpha()]
    fitting = sum(unicodedata.name(c, "").replace("FULLWIDTH ", "").startswith(expected) for c in letters)
    return not letters or fitting * 3 >= len(letters)


def _folded(text: str) -> str:
    """Lower case letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
