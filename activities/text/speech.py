"""Text of any script: its sentences and its speaking time."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import groupby, pairwise
from typing import Final

from activities.text.patterns import Pattern

LATIN_PER_SECOND: Final = 15.0
OTHERS_PER_SECOND: Final = 12.0
WIDE_PER_SECOND: Final = 3.6
"""Characters, spaces counted: about 150 English words a minute. espeak-ng at its default 165 was measured at 17 to 19
Latin, 12 to 13 Arabic or Devanagari and 3.9 Chinese characters a second, so these numbers leave a margin."""
HANGUL_PER_SECOND: Final = 5.0
"""espeak-ng was measured at 5.5 to 6."""
DIGIT_LETTERS: Final = 2.0
SYMBOL_LETTERS: Final = 6.0
"""By which a digit and a symbol of a unit, which are said in words, are longer than a letter."""
PAUSE_SECONDS: Final = 0.3
"""Between two sentences."""
SHORTEST_PART_SECONDS: Final = 1.0
"""A sentence is not split into shorter parts: viewers cannot follow narration in single words."""

_LOWER: Final = "a-zß-öø-ÿāăąćčďđēęěğģīįıķļłľńņňőœŕřśşșšťțūůűųźżžơưα-ωά-ώа-яѐ-џґ"
_ABBREVIATED: Final = (
    "Dr Mr Ms Mrs St Nr No Jr Sr Sra Mme Hr Fr Prof vs ca bzw inkl usw evtl Tel Co np tzw ok ul al str Ing Mag lic av "
    "ort bkz vb Abs Str Bd Jh Kap Art vol fig approx гл ул руб коп тел стр обл см напр пр ст д-р проф гр"
)
_LETTER: Final = r"[A-HJ-Za-z\u00c0-\u024f\u0370-\u04ff]"
_OF_ONE_LENGTH: Final = ["|".join(words) for _, words in groupby(sorted(_ABBREVIATED.split(), key=len), key=len)]
_NO_END: Final = "".join(rf"(?<!\b(?:{words})\.)" for words in _OF_ONE_LENGTH) + (
    rf"(?:(?<!\b{_LETTER}\.)(?<!\b{_LETTER}\.{_LETTER}\.)|(?<=\d s\.))"
)
"""Not after a full stop that ends no sentence: of an abbreviation, or a single letter as in "J. P. Harlow", "z. B.",
which the seconds of "30 s." are not."""
_DATE: Final = r"(?<=\d\.)\s{1,3}(?:J[aä]n|Feb|M[aä]r|Apr|Ma[ij]|Jun|Jul|Aug|Sep|O[kc]t|Nov|De[zcs])"
_UNITS: Final = r"(?!(?<=\b(?:[Ee]xt|[Mm]ax|[Mm]in)\.)\s\d)"
"""Not within "ext. 214"; "for 5 min. Then" ends a sentence."""
_CLOSERS: Final = r"(?:\s?»|[\"'”’)\]]){0,4}"
FULL_STOP: Final = rf"(?:\.(?:{_NO_END}(?!{_DATE}|\.){_UNITS}|\.{{1,5}})|…{{1,6}})"
GOES_ON: Final = rf"(?=[{_LOWER}»])"
_SENTENCE_END: Final = Pattern(
    rf"[!?][.!?…]{{0,5}}+{_CLOSERS}\s++(?!»)|{FULL_STOP}{_CLOSERS}\s++(?!{GOES_ON})"
    r"|[。！？｡।॥؟۔]+[”’」』）]*\s*|\n+"
)
"""A full stop or an ellipsis ends no sentence that goes on with a small letter."""
_GREEK_QUESTION: Final = Pattern(r"[\u0370-\u03ff\u1f00-\u1fff][;\u037e]$")
_CLAUSE_END: Final = Pattern(r"[;؛]\s+|；\s*")
"""Where a clause ends that can stand alone: a comma, a colon or a dash may also be inside a phrase."""
_LINE_IN_SENTENCE: Final = Pattern(r"(?<=[,;])[ \t]*\n[ \t]*(?=[^\W\d_])|(?<=[^\W_])[ \t]*\n[ \t]*(?=[a-zà-öø-ÿа-яё])")
"""The end of a line of verse, or of wrapped text, within a sentence."""
_PART_END: Final = Pattern(r"[;:؛]\s+|[；：]\s*|\s[–—]\s")
"""Where a language model may divide a sentence, too."""
TAG: Final = (
    r"<(?:/?(?:abbr|b|big|blockquote|body|br|center|cite|del|dfn|div|dl|dt|dd|em|figcaption|figure|font|h[1-6]|head|hr|"
    r"html|i|img|ins|kbd|li|mark|meta|ol|p|pre|q|s|samp|section|article|script|small|span|strike|strong|style|sub|sup|"
    r"table|tbody|td|tfoot|th|thead|tr|tt|u|ul|wbr|o:p)(?:\s[^<>]{0,200})?|a\s[^<>]{1,200}|/a|"
    r"/?code(?=>[^<>]{0,200}</code>)|"
    r"/code|!--[^<>]{0,200}--|!doctype[^<>]{0,200})/?>"
)
"""A tag of a pasted document. Other words in angle brackets, such as <Enter>, are text."""
_CLOSING: Final = Pattern(r"</(?:b|i|em|strong|u|s|a|span|code|kbd|mark)>(?=[.,;:!?…])", re.IGNORECASE)
_MARKUP: Final = Pattern(
    rf"{TAG}|<?https?://\S+|<[^<>\s@]{{1,100}}@[^<>\s]{{1,100}}>|"
    r"^[ \t]*(?:[-*+•>]|#{1,6}|\d{1,3}[.)])[ \t]+|[*_`#~|]+|\\(?=[\s*_`#~|<>\[\]()\\]|$)",
    re.MULTILINE | re.IGNORECASE,
)
_LINK: Final = Pattern(r"!?\[([^\]\n]{1,300})\]\([^)\n]{0,500}\)")
_COMMISSION: Final = Pattern(
    r"^(?:please\s+)?(?:(?:make|create|produce|shoot|write|design|draw)\s+(?:me\s+|us\s+)?)?(?:an?\s+|the\s+|our\s+)?"
    r"(?:[\w-]+\s+){0,4}?(?:film|video|clip|ad|advert|commercial|spot|trailer|reel|poster|post|animation)\s+"
    r"(?:about|for|of|on|showing|that shows|introducing|announcing)\s+",
    re.IGNORECASE,
)
_DIRECTION: Final = Pattern(
    r"(?:then |and |finally,? |please |first,? )*(?:show|end (?:on|with)|open (?:on|with)|cut to|start (?:on|with)|"
    r"begin (?:on|with)|close (?:on|with)|zoom|fade|include|feature|make (?:it|the)|"
    r"(?:use|keep|avoid) (?:it|this|(?:(?:the|an?|any|only|all) )?(?:[\w-]+ ){0,2}?(?:film|video|clip|spot|camera|tone|"
    r"mood|pace|look|style|text|lettering|shots?|cuts?|music|colou?rs?|light(?:ing)?|faces?|people|close-?ups?|narration|"
    r"voice|logos?|dialogue|sounds?|transitions?|fonts?|footage|animation))|"
    r"no (?:[\w-]+ ){0,2}?(?:music|text|lettering|people|persons?|faces|voice(?:-?over)?|narrat\w+|dialogue|logos?|"
    r"captions?|"
    r"subtitles?|sounds?|words|cuts|camera|effects))\b",
    re.IGNORECASE,
)


@cache
def is_wide(character: str) -> bool:
    """Whether it is a letter of a script with letters of double width: Han, Kana, Hangul."""
    return unicodedata.east_asian_width(character) in {"W", "F"} and character.isalpha()


_ENDS: Final = (".", "!", "?", "…", "。", "！", "？", "।", "؟", "۔")


def _cut(text: str, ends: Pattern) -> list[str]:
    """The text in parts, each with the marks that end it."""
    at = [0, *(m.end() for m in ends.finditer(text)), len(text)]
    return [" ".join(text[i:j].split()) for i, j in pairwise(at)]


def sentences(text: str) -> list[str]:
    """The sentences of a text without markup; at least one, and none empty."""
    whole = _LINE_IN_SENTENCE.sub(" ", text) if "\n" in text else text
    plain = _MARKUP.sub(" ", _CLOSING.sub("", _LINK.sub(r"\1", whole) if "](" in whole else whole))
    kept = [closed(s) for s in _cut(plain, _SENTENCE_END) if any(map(str.isalnum, s))]
    return kept or [" ".join(text.split())]


def clauses(text: str) -> list[str]:
    """The sentences of a text, divided at semicolons, colons and dashes; nothing of the text is left out."""
    parts = [part for sentence in _cut(text, _SENTENCE_END) for part in _cut(sentence, _PART_END)]
    return [part for part in parts if part]


def subject(sentence: str) -> str:
    """The subject of an English commission: "A 20 second film about a lighthouse." gives "A lighthouse."."""
    rest = _COMMISSION.sub("", sentence)
    return rest[:1].upper() + rest[1:] if any(c.isalnum() for c in rest) else sentence


def speech_seconds(text: str) -> float:
    """The approximate speaking time of a text, in seconds."""
    if not any(map(str.isalnum, text)):
        return 0
    wide = 0 if text.isascii() else sum(map(is_wide, text))
    latin = sum(map(str.isascii, text))
    pauses = sum(m.end() < len(text) for m in _SENTENCE_END.finditer(text))
    others = len(text) - wide - latin
    hangul = sum("\uac00" <= c <= "\ud7a3" for c in text) if wide else 0
    spelled = DIGIT_LETTERS * sum(map(str.isdigit, text)) + SYMBOL_LETTERS * sum(map(text.count, "%°€$£¥"))
    return (
        (wide - hangul) / WIDE_PER_SECOND
        + hangul / HANGUL_PER_SECOND
        + (latin + spelled) / LATIN_PER_SECOND
        + others / OTHERS_PER_SECOND
        + pauses * PAUSE_SECONDS
    )


def _stop_for(text: str) -> str:
    last = next((c for c in reversed(text) if c.isalpha()), "a")
    if is_wide(last) and not "\uac00" <= last <= "\ud7a3":  # Korean has the full stop of Latin
        return "。"
    if "\u0e00" <= last <= "\u0e7f":  # Thai ends a sentence with a space
        return ""
    return "।" if "\u0900" <= last <= "\u09ff" else "."


def closed(text: str) -> str:
    """The text with a full stop at its end, unless it already ends like a sentence."""
    if text.endswith(('"', "”")) or text.rstrip("'’»)]」』） ").endswith(_ENDS):
        return text
    if _GREEK_QUESTION.search(text) or (text[:1] in "(（" and text[-1:] in ")）"):
        return text
    return text.rstrip(" ,;:،؛，、；：–—-") + _stop_for(text)


def shortened(text: str, limit: int) -> str:
    """The whole sentences of a text that fit into so many characters, otherwise its whole words."""
    if len(text) <= limit:
        return text
    ends = [m.end() for m in _SENTENCE_END.finditer(text, 0, limit + 1) if m.end() <= limit + 1]
    if ends and ends[-1] > limit // 2:
        return text[: ends[-1]].strip()
    kept = text[:limit]
    return closed((kept if any(map(is_wide, kept[-4:])) else kept.rsplit(" ", 1)[0]).strip())


def _halves(sentence: str) -> tuple[str, str] | None:
    """The two parts of a sentence, split at the clause nearest to its middle; None if a part would be too short."""
    middle = len(sentence) / 2
    for end in sorted((m.end() for m in _CLAUSE_END.finditer(sentence)), key=lambda at: abs(at - middle))[:4]:
        first, second = sentence[:end].strip(), sentence[end:].strip()
        if min(speech_seconds(first), speech_seconds(second)) >= SHORTEST_PART_SECONDS:
            return closed(first), closed(second[:1].upper() + second[1:])
    return None


def fit(text: str, seconds: float) -> tuple[str, str]:
    """The beginning of a text that can be said in `seconds`, and the rest: whole sentences, otherwise whole clauses.

    Either may be empty. No phrase and no word is ever cut.
    """
    if speech_seconds(text) <= seconds:
        return text, ""
    for pattern in (_SENTENCE_END, _CLAUSE_END):
        # Latin is the fastest script: more never fits.
        ends = [m.end() for m in pattern.finditer(text, 0, int(seconds * LATIN_PER_SECOND) + 2) if m.end() < len(text)]
        end = next((e for e in reversed(ends) if speech_seconds(text[:e].strip()) <= seconds), 0)
        if any(c.isalnum() for c in text[:end]):
            rest = text[end:].strip()
            return closed(text[:end].strip()), rest[:1].upper() + rest[1:]
    return "", text


def join_sentences(parts: Sequence[str]) -> str:
    """Join sentences to one text: with spaces, but not after a full-width full stop."""
    return re.sub(r"(?<=[。！？]) ", "", " ".join(parts))


def is_direction(sentence: str) -> bool:
    """Whether an English sentence is an instruction for the film, not a text to speak."""
    return _DIRECTION.match(sentence) is not None


def group_by_time(parts: Sequence[str], count: int) -> list[list[str]]:
    """Group the parts in order into `count` groups of about equal speaking time; too few parts are split at semicolons.

    There are fewer groups, of one part each, if even these parts are too few.
    """
    pieces = list(parts)
    whole: set[str] = set()
    while len(pieces) < count:
        longest = max((p for p in pieces if p not in whole), key=len, default=None)
        if longest is None:
            return [[piece] for piece in pieces]
        halves = _halves(longest)
        if halves is None:
            whole.add(longest)
        else:
            at = pieces.index(longest)
            pieces[at : at + 1] = halves
    groups: list[list[str]] = [[] for _ in range(count)]
    total = sum(speech_seconds(p) for p in pieces) or 1
    spoken, group = 0.0, 0
    for i, piece in enumerate(pieces):
        length = speech_seconds(piece)
        due = spoken + length / 2 > total * (group + 1) / count
        # Every group gets a part, also the last ones.
        if groups[group] and group < count - 1 and (due or len(pieces) - i <= count - 1 - group):
            group += 1
        groups[group].append(piece)
        spoken += length
    return groups
