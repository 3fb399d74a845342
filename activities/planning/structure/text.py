"""Marks within the text of a brief: quotations, links, markup, timecodes."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from activities.text.patterns import Pattern
from activities.text.speech import TAG, closed, is_wide, join_sentences, sentences, speech_seconds

QUOTED: Final = Pattern(
    r"“([^“”\n]{1,600})”|[„”]([^„“”\n]{1,600})[“”]|[„“]([^„“”\"\n]{1,600})\"|«\s*([^«»\n]{1,600}?)\s*»|"
    r"»([^«»\n]{1,600})[«»]|"
    r"‹([^‹›\n]{3,600})›|「([^「」\n]{1,600})」"
    r"|『([^『』\n]{1,600})』|\"([^\"\n]{1,600})\"|(?<!\w)‘([^‘’\n]{3,600})’(?!\w)"
)
MARKDOWN_LINK: Final = Pattern(r"!?\[([^\]\n]{0,300})\]\(([^)\n]{0,500})\)")
URL: Final = Pattern(r"<?\b(?:https?://|www\.)[^\s<>「」。、]*[^\s<>「」。、.,;:!?)\]»”\"']>?", re.IGNORECASE)
_ADDRESS: Final = Pattern(r"^(?:https?://|www\.)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?$|^(?:https?://|www\.)\S+$", re.IGNORECASE)
_LEADS_TO_LINK: Final = r"(?:\b(?:at|on|via|under|from|here|see|bei|auf|unter|sur|chez|en|em|su|a|à|visit)\b[\s:]*)?"
_LINK_IN_SENTENCE: Final = Pattern(rf"[\s:–—-]{{0,8}}{_LEADS_TO_LINK}{URL.pattern}", re.IGNORECASE)
_EMPHASIS: Final = Pattern(
    rf"(?<!\w)[*_]{{1,3}}(?=\S)|(?<=\S)[*_]{{1,3}}(?!\w)|`|{TAG}|\\(?=[*_`#~|<>\[\]()\\])", re.IGNORECASE
)
_BLOCK: Final = Pattern(r"</?(?:p|br|div|li|ul|ol|tr|h[1-6]|table|body|html|head)(?:\s[^<>]{0,200})?/?>", re.IGNORECASE)
_INLINE: Final = Pattern(TAG, re.IGNORECASE)
_NUMBER: Final = r"\d{1,3}(?:[.,]\d{1,2})?"
_CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2}(?:[:;.]\d{2})?)?(?:\.\d{1,3})?"
_UNIT: Final = (
    r"(?:s|secs?\.?|seconds?|sek\.?|sekund\w{0,3}|seg\.?|segundos?|secondes?|secondi|seconden|sn\.?|saniye|秒間?|초|"
    r"ث|ثاني[ةه]|ثوان\w?[\u064b-\u0652]?|ثانیه|сек\.?|секунд\w?|с\.?|δευτ\.?|δευτερόλεπτα|שניות|שנ['׳]|"
    r"सेक[ंे]{1,2}ड|सेकंद|सेक?\.|"
    r"সেকেন্ড|সে\.?|நொடி|விநாடி|سیکنڈ|"
    r"วินาที|วิ\.?|giây|detik|dtk|másodperc|mp\.?|secunde|segons|sekúnd|sekundi|sekunti\w*|sekundit|sekundės)"
)
_TO: Final = (
    r"\s*(?:-{1,2}>?|>|–|—|−|→|~|〜|～|to|till|til|bis|a|à|al|até|tot|do|έως|ως|до|إلى|تا|עד|से|から|至|到|부터)\s*"
)
RANGE: Final = Pattern(
    rf"[\[(（【]?\s*(?:({_CLOCK})\s*{_UNIT}?{_TO}({_CLOCK})\s*{_UNIT}?(?!\w)|"
    rf"({_NUMBER})\s*(?:{_UNIT})?{_TO}({_NUMBER})\s*{_UNIT}(?!\w))"
    r"\s*[\])）】]?",
    re.IGNORECASE,
)
POINT: Final = Pattern(rf"[\[(（【]?\s*({_CLOCK})\s*[\])）】]?(?=[\s:：.–—|-]|$)")
LENGTH: Final = Pattern(rf"[\[(（【]?\s*({_NUMBER})\s*{_UNIT}(?!\w)\s*[\])）】]?", re.IGNORECASE)
BRACKETED_LENGTH: Final = Pattern(rf"[\[(（【]\s*({_NUMBER})\s*{_UNIT}\s*[\])）】]", re.IGNORECASE)
TRAILING: Final = Pattern(
    rf"(?:(?<!\d)[.,;:。、，]|\s[–—|/-]|[(\[（【]|\t)\s*({_NUMBER})\s*{_UNIT}(?!\w)[\s.)\]）】]*$", re.IGNORECASE
)
"""A length at the end of a line, after a mark: "A frozen lake. 4 sec"."""
_EMOJI: Final = Pattern(r"\s*(?:[\U0001f000-\U0001faff\u2728\u2b50]|[\u2190-\u2bff](?=\ufe0f))[\ufe0f\u200d]*")
TEXT_LIKE: Final = Pattern(r"[|·•@€$£₹¥]|#\w|\d{3}|\w\.[a-z]{2,}\b|\bwww")
"""Marks of text that is read on a screen."""
_OTHER_DIGIT: Final = Pattern(r"(?![0-9])\d")
MARKS: Final = (
    r"\u0300-\u036f\u0591-\u05bd\u064b-\u0655\u0670\u0900-\u0963\u0970-\u0dff\u0e00-\u0e4e"
    r"\u1000-\u109f\u1780-\u17d3\u200c\u200d"
)
"""Within a set of a regular expression: the marks of words in scripts whose vowels are no letters, and letters too."""
LEAD: Final = r"[\s>#*_•–—-]*+"
"""What may be in front of the first word of a line: marks of lists, quotations, headings and emphasis."""
EDGES: Final = " \t\u3000:：.|–—-,;、，；・•*／｜"


def western_digits(text: str) -> str:
    """The text with the digits of every script as 0 to 9."""
    return text if text.isascii() else _OTHER_DIGIT.sub(lambda m: str(unicodedata.digit(m[0])), text)


def western_times(text: str) -> str:
    """The text with full-width colons between digits as colons."""
    return re.sub(r"(?<=\d)：(?=\d)", ":", text)


def as_western(text: str) -> str:
    """The text with western digits and clocks, each character at its place."""
    return western_times(western_digits(text))


def clock_seconds(text: str) -> float:
    """Seconds of "1:04", "00:01:04" or "00:01:04:12" (hours, minutes, seconds, frames); frames are ignored."""
    parts = re.split(r"[:;]", text)
    whole = parts[:3] if len(parts) > 2 else ["0", *parts]
    hours, minutes, seconds = (float(part) for part in whole)
    return hours * 3600 + minutes * 60 + seconds


def clock_or_number(text: str) -> float | None:
    """Seconds of "0:04" or "4.5 s"; None where the text has no time."""
    if found := re.search(_CLOCK, text):
        return clock_seconds(found.group(0))
    return number(found.group(0)) if (found := re.search(_NUMBER, text)) else None


def number(text: str) -> float:
    return float(text.replace(",", "."))


def quotations(text: str) -> list[str]:
    """The quoted parts of a text, without their marks."""
    return [quoted_words(match) for match in QUOTED.finditer(text)]


def quoted_words(match: re.Match[str]) -> str:
    """What is between the marks of a match of QUOTED."""
    return next(filter(None, match.groups()), "").strip()


def without_quotes(text: str) -> str:
    """The text without the marks of a quotation around the whole of it."""
    text = text.strip()
    match = QUOTED.fullmatch(text) or QUOTED.fullmatch(text.rstrip(".。"))
    return quoted_words(match) if match else text


def lettering_text(text: str) -> str:
    """The text as it is read on the screen: without markup, where an asterisk alone is the mark of a footnote."""
    return text if is_address(text) or text.count("*") == 1 else plain(text)


def is_address(text: str) -> bool:
    """Whether the text is only an address of the web."""
    return _ADDRESS.match(text.strip()) is not None


def plain(text: str) -> str:
    """The text without markup and without addresses; the label of a link stays."""
    text = MARKDOWN_LINK.sub(r"\1", text)
    if "://" in text or "www." in text.lower():
        text = _LINK_IN_SENTENCE.sub("", text)
    return " ".join(_EMPHASIS.sub("", text).split()).strip()


def without_tags(text: str) -> str:
    """The text of a pasted document without its tags, each block in a line of its own; other angle brackets stay."""
    if not _INLINE.search(text):
        return text
    lines = _INLINE.sub("", _BLOCK.sub("\n", text)).split("\n")
    return "\n".join(line for k, line in enumerate(lines) if line.strip() or (k and lines[k - 1].strip()))


def without_emoji(text: str) -> str:
    """The text without emoji, which no voice reads."""
    return _EMOJI.sub("", text)


def spoken_text(text: str) -> str:
    """The text as it is said: without quotation marks around it, markup, addresses, and with a full stop."""
    said = without_emoji(plain(without_quotes(text))).strip(" \u3000")
    if not any(c.isalnum() for c in said):
        return ""
    kept = [s for s in sentences(said) if speech_seconds(s)]
    return join_sentences(kept)


def join_lines(lines: Iterable[str]) -> str:
    """The lines of one speech as one text: without a space between two letters of Han, Kana or Hangul."""
    joined = ""
    for line in lines:
        closes_up = joined and line and is_wide(joined[-1]) and is_wide(line[0])
        joined += line if closes_up or not joined else f" {line}"
    return joined


def has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)


def description_text(text: str) -> str:
    """The text as a description of what is seen."""
    cleaned = without_emoji(plain(text)).strip(EDGES)
    return f"{cleaned[:1].upper()}{cleaned[1:]}" if has_words(cleaned) else ""


def join_descriptions(parts: list[str]) -> str:
    """Descriptions as one text, each but the last with its full stop."""
    *first, last = [part for part in parts if part] or [""]
    return join_sentences([*map(closed, first), last])
