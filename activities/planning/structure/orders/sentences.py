"""What a sentence of an order is for: the film that is ordered, what is seen, what is said, or how the film ends.

"I'd like a video of our shop. Start with the bench. Joris says: “Come in.” End with the text “Open daily”."
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from activities.planning.structure import words as names
from activities.planning.structure.labels import segments
from activities.planning.structure.model import Line
from activities.planning.structure.orders import words
from activities.planning.structure.orders.quotations import take
from activities.planning.structure.orders.remarks import (
    MEDIUM,
    NO_LETTER,
    is_aside,
    is_courtesy,
    is_remark,
    is_setting,
    names_film,
    names_length,
)
from activities.planning.structure.text import QUOTED, description_text, has_words, quoted_words, spoken_text
from activities.planning.structure.vocabulary import places, sounds
from activities.text.patterns import Pattern

Purpose = Literal["order", "setting", "seen", "said", "end", ""]
"""What a sentence is for; empty where it may be anything, e.g. what a narrator says."""

ORDER_FIRST: Final = Pattern(
    rf"(?:^\W*|[,،，、;:!–—-]\s*|\s(?:and|so|und|daher|et|donc|y|e|и|і|en|och|"
    rf"og)\s+)(?:{words.ORDER_FIRST}){NO_LETTER}",
    re.IGNORECASE,
)
_ORDER_ANYWHERE: Final = Pattern(rf"(?<![^\W\d_])(?:{words.ORDER_ANYWHERE}){NO_LETTER}", re.IGNORECASE)
_ORDER_LAST: Final = Pattern(rf"(?:{words.ORDER_LAST})(?:\s.{{0,60}}के लिए)?[\s.!?。！？।۔]*$", re.IGNORECASE)
_PUT: Final = Pattern(rf"\W*(?:(?:{words.PUT})[\s:：]*)?", re.IGNORECASE)
_SEEN_FIRST: Final = Pattern(rf"^\W*(?:{words.SEEN_FIRST}){NO_LETTER}[\s:,]*", re.IGNORECASE)
_SEEN_LAST: Final = Pattern(rf"\s*(?:{words.SEEN_LAST})[\s.!?。！？।۔]*$", re.IGNORECASE)
_THEN: Final = Pattern(rf"^\W*(?:{words.THEN}){NO_LETTER}\s*[,:،、，–—-]?\s*(?:是(?=\S))?", re.IGNORECASE)
_THEN_WIDE: Final = Pattern(
    r"^(?:まず|最初に|次に|続いて|その後|それから|最後に(?:は)?|首先|先|然后|然後|接着|接著|之后|之後|随后|隨後|"
    r"最后|最後)[、,，]?(?:是|有)?"
)
_ENDS: Final = Pattern(rf"(?:(?<![^\W\d_])|(?<=\b[وف]))(?:{words.ENDS})", re.IGNORECASE)
_END_LABEL: Final = Pattern(rf"^\W*(?:{places.END})(?=\s*[:：])", re.IGNORECASE)
"""A label for the end, which shows text only where it names some: "Schluss: Schrift auf Schwarz – „…“"."""
_TEXT: Final = Pattern(rf"(?:(?<![^\W\d_])|(?<=\b[وفבוה]))(?:{words.TEXT}){NO_LETTER}", re.IGNORECASE)
_WIDE_TEXT: Final = Pattern(
    r"(?:写着|寫著|写有|文字|テロップ|字幕|文言|言葉|コピー|자막|문구|글자|텍스트|标语|標語|字样|字樣)"
)
_CONTACT: Final = Pattern(
    r"(?:電話|电话|전화|(?<![^\W\d_])(?:phone|tel|telephone|number|telefon\w*|téléphone|teléfono|"
    r"telefono|numero|número|телефон\w*|هاتف|رقم|"
    r"website|site|web|url|address|internetseite|сайт\w*))\.?\s*(?:number|番号|번호)?[\s:：]*"
    r"(\+?\d[\d\s()/–-]{4,18}\d|(?:https?://|www\.)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?)",
    re.IGNORECASE,
)
"""A number or an address to call at the end, without quotation marks."""
_SITE: Final = Pattern(
    r"(?<![\w@.-])((?:https?://|www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?)(?![\w-])", re.IGNORECASE
)
"""An address next to a logo."""
_ADDRESS: Final = Pattern(
    r"^[^:：.]{0,30}(?:address|phone|website|date|datum|fecha|data|дата|日期|日付|날짜|opening (?:hours|times)|adresse|"
    r"telefon|webseite|öffnungszeiten|"
    r"téléphone|horaires|"
    r"direcci[oó]n|teléfono|horario|indirizzo|telefono|orari|endereço|telefone|hor[aá]rios?|adres|openingstijden|"
    r"godziny|"
    r"adress|öppettider|адрес|телефон|адреса|العنوان|पता|地址|住所|주소)[^:：.]{0,20}[:：]\s*(\S[^\n]{2,120})$",
    re.IGNORECASE,
)
"""An address at the end of the film: "End on logo and address: 12 Mill Lane"."""
_LABEL_ALONE: Final = Pattern(r"^[^:：]{0,60}[:：]\s*(\S[^\n]{0,200}?)\s*$")
_AFTER_TEXT: Final = Pattern(r"^\s*[:：]?\s*(\S[^\n]{0,200}?)\s*$")
_TOPICS: Final = tuple(
    Pattern(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![^\W\d_])(?:about|über|sobre|à propos de|su|sul|sulla|over|про|о|об|عن|درباره|על|tentang|"
        r"về)\s+(.{3,120})$",
        r"(?<![^\W\d_])(?:for|of|on|für|von|zu[rm]?|sur|pour|de|para|pra|per|voor|om|för|o|dla|для|για|עבור|ل|"
        r"untuk|برای|cho)\s+"
        r"(?!(?:instagram|tik ?tok|youtube|facebook|linkedin)\b)(.{3,120})$",
        r"(?:^|[、,，\s])(?:कृपया |हमें |मुझे )?([^、,，]{2,40}?)(?:のための|の紹介|の(?:PR|宣伝|CM|\d+秒)|"
        r"についての|(?:를|을) 위한| (?:광고|홍보|소개)| के लिए| için| hakkında)",
        r"(?:为|為|给|給)([^，,。]{2,30}?)(?:做|拍|制作|製作|用)",
        r"^テーマは([^。]{2,40}?)(?:です)?。?$",
        r"(?:介绍|介紹|关于|關於)([^，,。]{2,30})",
        r"\s[لל](?=\S{3})([^،.]{3,80})$",
    )
)
_NTH_SHOT: Final = Pattern(
    rf"^\W*(?:第[一二三四五六七八\d]|最[后後]一)[个個]?(?:{names.SHOT_NOUNS})(?:是|[:：,，、–—-])\s*|"
    rf"^\W*(?:in the |in der |im |dans la |en la |nella |na |в )?(?:{'|'.join(names.ORDINALS)}|{names.LAST})\s*"
    rf"(?:{names.SHOT_NOUNS}|सीन)\s*(?:में|は|では|は、|은|는|에서|[:：,，、–—-])\s*",
    re.IGNORECASE,
)
"""The place of a picture in the film: "Второй кадр —", "最初のシーンは"."""
_LOGO: Final = Pattern(
    r"log[oó]|logg|wortmarke|sigl[aă]|emblem|லோகோ|লোগো|لوگو|лого|znak|márkajel|логотип|ロゴ|로고|شعار|लोगो|标志|"
    r"標誌|標志|λογότυπο|לוגו|โลโก้",
    re.IGNORECASE,
)
_LASTS: Final = Pattern(
    rf"(?:,?\s*(?:about|around|circa|ca\.|etwa|environ|unos|ongeveer|около|de|von|of|van|na|di|with|mit))?\s*\d+[\s-]*"
    rf"(?:{words.LENGTHS}|s(?:ec|ek)?\b)\w*(?!\w)",
    re.IGNORECASE,
)
_COMMAS: Final = Pattern(r"\s*[,，]\s*")
_LENGTH_FIRST: Final = Pattern(r"^\s*\d+\s?(?:초|분|秒|分)(?:짜리|의|の)?\s*")
ORDER_SENTENCES: Final = 2
"""The first sentences of a brief, of which one that names a film and a length orders it."""
CLOSING_SENTENCES: Final = 2
ORDER_REST_WORDS: Final = 2
ORDER_HEAD_WORDS: Final = 6
END_CHARS: Final = 60
END_ORDER_WORDS: Final = 6
END_PICTURE_WORDS: Final = 3


@dataclass(frozen=True)
class Sentence:
    """One sentence of an order.

    Attributes:
        purpose: What it is for.
        sure: Whether a verb says so, and not only a word such as "then", with which a story goes on, too.
        text: What is seen, or the text at the end; without the words of the order.
        lines: What is said, each with its speaker.
        lettering: What is read on the screen.
    """

    purpose: Purpose
    text: str
    sure: bool = True
    lines: tuple[Line, ...] = ()
    lettering: tuple[str, ...] = ()


def read(sentence: str) -> Sentence:
    """What a sentence is for."""
    plain = sentence.strip()
    quoting = _quoting(plain)
    if quoting and quoting.lines and quoting.lettering:
        return quoting
    if end := end_text(plain):
        return Sentence("end", end)
    if quoting:
        return quoting
    if is_order(plain):
        return Sentence("order", plain)
    if (
        is_setting(plain)
        or is_aside(plain)
        or is_remark(plain)
        or sounds.names_only_music(plain)
        or segments(plain)[0].kind in ("sound", "length", "note")
    ):
        return Sentence("setting", plain)
    if (seen := shown_in(plain)) is not None:
        return Sentence("seen", seen)
    rest = _then(plain)
    return Sentence("seen", description_text(rest), sure=False) if rest != plain else Sentence("", plain)


def parts(sentence: str) -> Iterator[str]:
    """A sentence, divided after an order that ends with a colon: "We need a film of our clinic: it opens on a dog."."""
    head, mark, rest = sentence.partition(": ")
    if mark and len(rest.split()) >= ORDER_REST_WORDS and not QUOTED.search(head) and is_order(head):
        yield from (head, rest.strip())
    else:
        yield sentence


def without_order(sentence: str) -> str:
    """A sentence without the film and its length before it: "A 15-second teaser: a diver finds a piano."."""
    head, mark, rest = sentence.partition(": ")
    return rest if mark and len(head.split()) <= ORDER_HEAD_WORDS and names_length(head) else sentence


def end_picture(sentence: str) -> str:
    """What is seen at the end next to its text; empty where that is only a logo or a background."""
    seen = _picture(take(sentence).rest)
    only_leads = (
        _TEXT.search(seen) is not None and len(seen.split()) <= END_ORDER_WORDS and _ENDS.search(seen) is not None
    )
    return "" if _LOGO.search(sentence) or only_leads or len(seen.split()) < END_PICTURE_WORDS else seen


def _quoting(sentence: str) -> Sentence | None:
    """A sentence with quotations that are said or read; None for any other."""
    taken = take(sentence)
    lines = tuple(Line(spoken_text(q.text), q.speaker) for q in taken.quotations if q.role == "said")
    lettering = tuple(q.text for q in taken.quotations if q.role == "read")
    if not lines and not lettering:
        return None
    ends = _ENDS.search(sentence)
    if lettering and not lines and ends and ends.start() <= END_CHARS and sentence.find(lettering[0]) > ends.start():
        return Sentence("end", " ".join(lettering))
    return Sentence("said" if lines else "seen", _picture(taken.rest), lines=lines, lettering=lettering)


@lru_cache(maxsize=1024)
def is_order(sentence: str) -> bool:
    """Whether a sentence orders a film from the studio, such as "I'd like a video of our guesthouse."."""
    orders = (ORDER_FIRST, _ORDER_LAST, _ORDER_ANYWHERE)
    return names_film(sentence) and any(pattern.search(sentence) for pattern in orders)


def without_courtesies(found: list[str]) -> list[str]:
    """The sentences of an ordered film without greetings up to the order, and without thanks at the end."""
    order = next((k for k, each in enumerate(found) if is_order(each)), -1)
    last = len(found) - CLOSING_SENTENCES
    return [s for k, s in enumerate(found) if order < 0 or order < k < last or not is_courtesy(s)]


def shown_in(sentence: str) -> str | None:
    """What a direction shows, such as the sea of "Then show the sea."; None for any other sentence."""
    rest = _then(sentence)
    if found := _SEEN_FIRST.match(rest):
        return description_text(_then(rest[found.end() :].strip()))
    if found := _SEEN_LAST.search(rest):
        return description_text(rest[: found.start()])
    return None


def _then(sentence: str) -> str:
    found = _NTH_SHOT.match(sentence) or _THEN.match(sentence) or _THEN_WIDE.match(sentence)
    return sentence[found.end() :] if found and has_words(sentence[found.end() :]) else sentence


def _picture(text: str) -> str:
    """What the words of a direction show; empty where they only lead to something, such as "Then"."""
    if (seen := shown_in(text)) is not None:
        return seen
    found = _THEN.match(text) or _THEN_WIDE.match(text)
    return description_text(_then(text)) if not found or has_words(text[found.end() :]) else ""


def without_then(text: str) -> str:
    """The text without a word such as "Finally:" that only leads to it."""
    found = _THEN.match(text)
    return text[found.end() :] if found and found.group(0).rstrip().endswith((":", "：")) else text


def topic(sentence: str) -> str:
    """What the ordered film is about: "our guesthouse" of "I'd like a video for our guesthouse."; empty if unclear."""
    medium = MEDIUM.search(sentence)
    rest = re.sub(r"[(（][^()（）]*[)）]", " ", sentence[medium.end() :] if medium else sentence)
    after = _LASTS.sub(" ", rest).split(": ")[0]
    found = next(filter(None, (pattern.search(after) for pattern in _TOPICS[:2])), None)
    found = found or next(filter(None, (pattern.search(sentence) for pattern in _TOPICS[2:])), None)
    if not found:
        return ""
    first, *others = _COMMAS.split(_LENGTH_FIRST.sub("", found.group(1).rstrip(" .!?。")))
    return description_text(", ".join((first, *(each for each in others if each and not is_remark(each)))))


def end_text(sentence: str) -> str:
    """The text that a sentence puts at the end of the film; empty where it does not.

    "End with the text: Open daily." and "Am Ende soll stehen: „Offen“." have one. A quotation that somebody says is
    none, nor is a picture without text.
    """
    ends = _ENDS.search(sentence) or _END_LABEL.match(sentence)
    if (
        ends is None
        or ends.start() > END_CHARS
        or (ends.re is _END_LABEL.compiled and not _TEXT.search(QUOTED.sub(" ", sentence)))
    ):
        return ""
    rest = sentence[ends.end() :]
    contact = _CONTACT.search(rest) or (_SITE.search(rest) if _LOGO.search(rest) else None)
    if not QUOTED.search(rest) and contact:
        return contact[1].strip()
    if not QUOTED.search(rest) and (address := _ADDRESS.match(rest)):
        return address[1].strip(" .。")
    noun = _TEXT.search(rest) or _WIDE_TEXT.search(rest)
    quotes = list(QUOTED.finditer(rest))
    if quotes:
        before = rest[: quotes[0].start()]
        shown = noun is not None and noun.start() < quotes[0].start()
        if re.search(rf"(?<![^\W\d_])(?:{words.SAYS})\s*[:：,]?\s*$", before, re.IGNORECASE) or not (
            shown or _LOGO.search(before) or _PUT.fullmatch(before)
        ):
            return ""
        if noun and (label := re.match(r"\s*[:：]\s*", rest[noun.end() :])):
            whole = rest[noun.end() + label.end() :].strip()
            if whole and not QUOTED.match(whole):
                return whole.rstrip(".。")
        contact = _CONTACT.search(rest[quotes[-1].end() :])
        return f"{quoted_words(quotes[-1])}\n{contact[1].strip()}" if contact else quoted_words(quotes[-1])
    if noun is None:
        return ""
    after = rest[noun.end() :]
    found = _LABEL_ALONE.match(after) if ":" in after[:12] or "：" in after[:12] else None
    if found is None and after[:1].isspace() and _is_capitals(after):
        found = _AFTER_TEXT.match(after)
    text = found.group(1).strip() if found else ""
    return text.removesuffix(".").strip() if text.count(".") == 1 else text


def _is_capitals(text: str) -> bool:
    """Whether a text is written in capitals, as texts on a screen are in briefs."""
    letters = [c for c in text if c.isalpha()]
    return (
        len(letters) > 3
        and all(c.isupper() or not (c.isupper() or c.islower()) for c in letters)
        and any(c.isupper() for c in letters)
    )
