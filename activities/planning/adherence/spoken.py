"""Spoken forms of numbers, units and symbols: whether words say what a brief writes in digits.

The words for numbers are those of the Unicode CLDR (https://cldr.unicode.org), by unicode-rbnf. A language without them
has no spoken forms: its numbers are said as they are written.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from unicode_rbnf import RbnfEngine
from unicode_rbnf.engine import FormatPurpose

from activities.planning.structure.text import western_digits
from activities.text.patterns import Pattern
from activities.text.speech import is_wide

_NUMBER: Final = r"\d+(?:[.,:/'](?=\d)\d+)*"
MARKS: Final = "".join(chr(c) for c in range(0x10000) if unicodedata.category(chr(c)) in ("Mn", "Mc"))
"""Signs that belong to the letter before them, such as the vowels of Devanagari: no letters of Python's patterns."""
_LETTER: Final = rf"(?:[^\W\d_]|[{MARKS}])"
_WORD: Final = Pattern(
    rf"{_NUMBER}|[^\W\d_]{_LETTER}*(?:'{_LETTER}+)*|°(?:\s?[cf]\b)?|[%€$£¥₽₹₩₺₴&+=×]|(?<=\d)\s?[–—−-]\s?(?=\d)"
)
_POINTS: Final = Pattern(r"[\u0591-\u05c7\u0640\u064b-\u0652\u200c-\u200f]")
"""Vowel points and lengthening of Hebrew and Arabic, and invisible marks, which texts have or lack at will."""
_CURRENCY_FIRST: Final = Pattern(rf"([€$£¥₽₹₩₺₴])\s?({_NUMBER})")
_SEPARATORS: Final = Pattern(r"[.,:/']")
_HINDI_NASAL: Final = Pattern(r"[ङञणनम]्(?=[क-ह])|ँ")
_ACCENTS: Final = Pattern(r"[\u0300-\u036f\u064b-\u0652]")


def _without_accents(text: str) -> str:
    """The text without accents, and with one spelling for the nasals of Hindi."""
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    return _HINDI_NASAL.sub("ं", plain)


_JOIN: Final = r"(?:and|und|et|y|e|og|och|en|i|и|و)?"
"""Words within a number: "seven hundred and fifty"."""
_BETWEEN: Final = Pattern(
    _without_accents(
        r"(?:[.,:/'|]|point|dot|comma|komma|virgule|virgola|virgula|coma|punkt|punto|ponto|запятая|целых|点|فاصلة|فاصل|"
        r"दशमलव|oclock|uhr|heures?|horas?|hours?|klockan|часов|часа?|時|时|点|시|分|minutes?|minuten|"
        r"times|mal|fois|to|bis|until|through|a|à|al|até|до|から|至|到|slash|cents?|pence|centimes?|centesimi|céntimos|"
        r"centavos|copecks|and|und|et|y|e|og|och|en|и|و)"
    )
)
"""What may be said between the parts of a number: of a time, a range, a decimal or a price."""
_MOST_BETWEEN: Final = 2
_CHUNK: Final = 4
"""Digits of a longer number are read in groups of at most so many, such as those of a telephone number."""
MAX_DIGITS: Final = 15
_PURPOSES: Final = (FormatPurpose.CARDINAL, FormatPurpose.ORDINAL, FormatPurpose.YEAR)
_PERCENT: Final = (
    r"percent|prozent|pourcent|porciento|porcento|percento|procent[oau]?|prosent(?:tia)?|процент\w*|بالمئة|بالمائة|"
    r"प्रतिशत|百分之|パーセント|퍼센트|프로|τοιςεκατο|yüzde|درصد|אחוז\w*"
)
_EURO: Final = r"euros?|евро|يورو|ユーロ|यूरो|欧元|歐元|유로|ευρώ|אירו"
_NAMES: Final = {
    "€": _EURO,
    "$": r"dollars?|dolar(?:es)?|dollari|доллар\w*|دولار|ドル|美元|달러|डॉलर",
    "£": r"pounds?|pfund|livres?|libras?|sterline?|фунт\w*|ポンド|英镑|英鎊",
    "¥": r"yen|yuan|円|元|йен\w*|юан\w*",
    "₽": r"rubles?|roubles?|rubel|rublos?|рубл\w*|ルーブル|卢布",
    "₹": r"rupees?|rupien|roupies?|rupias?|रुपये|रुपए|रुपयों|रुपया|ルピー|卢比",
    "₩": r"won|원|ウォン|韩元",
    "₺": r"liras?|lira|tl",
    "₴": r"hryvnias?|гривн\w*",
    "%": _PERCENT,
    "°": r"degrees?|grad|degres?|grados?|gradi|graus?|градус\w*|درجة|डिग्री|度|도",
    "°c": r"(?:degrees?|grad|degres?|grados?|gradi|graus?|градус\w*|درجة|डिग्री|度|도)(?:celsius|цельсия)?",
    "°f": r"(?:degrees?|grad|degres?|grados?|gradi|graus?)(?:fahrenheit)?",
    "&": r"and|und|et|y|e|en|och|og|и|と|和|و|および",
    "+": r"plus|mas|mais|piu|und|and|плюс|プラス|加|",
    "=": r"equals|is|gleich|ist|egale?|esiguala|uguale",
    "×": r"times|mal|fois|por|per|x|на|かける|乘以?|keer|gange?r?|gånger",
    "–": r"to|bis|a|al|ate|tot|do|til|till|through|until|до|から|至|到|إلى|עד|부터|से|",
}
"""Symbols, and what is said for them; an empty form where they may be silent."""
_UNITS: Final = {
    "km": r"kilomet(?:er|re)[sn]?|kilometros?|quilometros?|chilometr[io]|километр\w*|キロ(?:メートル)?|公里|千米|"
    r"킬로미터",
    "m": r"met(?:er|re)[sn]?|metros?|metr[io]|метр\w*|メートル|米|미터",
    "cm": r"centimet(?:er|re)s?|zentimetern?|centimetros?|centimetr[io]|сантиметр\w*|センチ(?:メートル)?|厘米|センチ",
    "mm": r"millimet(?:er|re)[sn]?|milimetros?|millimetr[io]|миллиметр\w*|ミリ(?:メートル)?|毫米",
    "kg": r"kilo(?:gram(?:me|m|mo|mi)?)?s?|quilos?|chil[io]|chilogramm[io]|килограмм\w*|キログラム|キロ|公斤|千克",
    "g": r"gram(?:me|m|mo|mi|o)?s?|грамм\w*|グラム|克",
    "mg": r"milligram(?:me|m|mo|mi)?s?|miligramos?|миллиграмм\w*|ミリグラム",
    "l": r"lit(?:er|re)[sn]?|litros?|litr[io]|литр\w*|リットル|升",
    "ml": r"millilit(?:er|re)[sn]?|mililitros?|millilitr[io]|миллилитр\w*|ミリリットル|毫升",
    "h": r"hours?|stunden?|uhr|heures?|horas?|or[ae]|часо?в?а?|時間|小时",
    "min": r"minutes?|minuten?|minutos?|minut[oi]|минут\w*|分|分钟",
    "s": r"seconds?|sekunden?|secondes?|segundos?|second[oi]|секунд\w*|秒",
    "mph": r"milesperhour",
    "am": r"am|inthemorning",
    "pm": r"pm|intheafternoon|intheevening",
    "usd": r"(?:us)?dollars?",
    "eur": _EURO,
    "no": r"numbers?",
    "nr": r"nummer",
    "st": r"saint|street|sankt",
    "dr": r"doctor|doktor|docteur|doctora?|dottore|doutora?",
    "mr": r"mister",
    "mrs": r"missus|missis",
    "uhr": r"uhr",
}
_SPOKEN: Final = {name: Pattern(_without_accents(pattern)) for name, pattern in (_NAMES | _UNITS).items()}
_PIECE: Final = Pattern(rf"(?:\w|[{MARKS}])+|[%€$£¥₽₹₩₺₴°]")
_ORDINAL_ENDS: Final = {"st", "nd", "rd", "th", "er", "re", "e", "eme", "o", "a", "º", "ª", "ste", "te"}


def words_of(text: str) -> list[str]:
    """The words, numbers and symbols of a text without case and punctuation.

    A letter of Han, Kana or Hangul is a word of its own. A currency follows its number, and digits are 0 to 9.
    """
    plain = western_digits(_POINTS.sub("", unicodedata.normalize("NFKC", text)).casefold()).replace("’", "'")
    found: list[str] = []
    for word in _WORD.findall(_CURRENCY_FIRST.sub(r"\2 \1", plain)):
        kept = re.sub(r"\s", "", word)
        found += list(kept) if any(map(is_wide, kept)) else ["–" if kept in "–—−-" else kept]
    return found


def quotes(text: str, words: str) -> bool:
    """Whether a text contains these words as they are written, but for case, punctuation and spaces."""
    plain, wanted = (western_digits(unicodedata.normalize("NFKC", each)).casefold() for each in (text, words))
    pieces = _PIECE.findall(wanted)
    before = "" if not pieces or is_wide(pieces[0][0]) else r"(?<!\w)"
    after = "" if not pieces or is_wide(pieces[-1][-1]) else r"(?!\w|[.,:]\w)"
    return re.search(before + r"[\W_]*".join(map(re.escape, pieces)) + after, plain) is not None


def says(written: Sequence[str], spoken: Sequence[str], language: str) -> bool:
    """Whether words say what numbers, units and symbols write, e.g. ["7:10"] as ["seven", "ten"].

    Args:
        written: Words of the brief; at least one is a number, unit or symbol.
        spoken: The words in their place.
        language: BCP 47 tag of the text.
    """
    if not any(map(_is_spoken_otherwise, written)):
        return False
    heard = _compact(spoken)
    reached: list[set[int]] = [{0}, *(set[int]() for _ in written)]
    for k in range(len(written)):
        at = reached[k] | (_after_glue(reached[k], heard) if k else set())
        for count, pieces in _readings(written[k : k + 2]) if at else ():
            reached[k + count] |= _after(pieces, at, heard, language)
    return len(heard) in reached[-1] | _after_glue(reached[-1], heard)


def _is_spoken_otherwise(word: str) -> bool:
    return word[:1].isdigit() or word in _SPOKEN


def _compact(words: Iterable[str]) -> str:
    """Words as one text without accents; a bar between two numbers keeps them apart."""
    made = ""
    for word in words:
        plain = _without_accents(word)
        made += "|" + plain if made[-1:].isdigit() and plain[:1].isdigit() else plain
    return made


def _readings(written: Sequence[str]) -> Iterable[tuple[int, list[str]]]:
    """The ways to read the first of some words: how many words each takes, and its numbers, symbols and words."""
    first, following = written[0], "".join(written[1:])
    if not first[:1].isdigit():
        yield 1, [first]
        return
    for parts in _parts(first):
        yield 1, parts
        if len(parts) > 1 and following in _SPOKEN:  # "four euros fifty"
            yield 2, [parts[0], following, *parts[1:]]
    if re.match(r"\d{3}(?!\d)", following) and re.fullmatch(r"\d{1,3}", first):  # "1 299"
        yield from ((2, parts) for parts in _parts(first + following))
    if following in _SPOKEN:  # "百分之九十"
        yield 2, [following, first]
    if following in _ORDINAL_ENDS:  # "2nd" is said as "second"
        yield 2, [first]


def _parts(number: str) -> Iterable[list[str]]:
    """The parts of a number at its separators: said one by one, thousands together, and without zeros at the end."""
    parts = _SEPARATORS.split(number)
    ways = [parts]
    grouped = parts[0]
    for k, part in enumerate(parts[1:], start=1):
        if len(part) != 3:
            break
        grouped += part
        ways.append([grouped, *parts[k + 1 :]])
    for way in ways:
        yield way
        if len(way) > 1 and way[-1].endswith("0"):
            last = way[-1].rstrip("0")
            yield [*way[:-1], last] if last else way[:-1]


def _after(pieces: Sequence[str], at: set[int], heard: str, language: str) -> set[int]:
    """The places in `heard` up to which all pieces may have been said from some of the places `at`."""
    for k, piece in enumerate(pieces):
        starts = at | (_after_glue(at, heard) if k else set())
        at = _after_digits(piece, starts, heard, language) if piece[0].isdigit() else _after_word(piece, starts, heard)
    return at


def _after_glue(at: set[int], heard: str) -> set[int]:
    found, ends = set[int](), at
    for _ in range(_MOST_BETWEEN):
        ends = {match.end() for start in ends if (match := _BETWEEN.match(heard, start))}
        found |= ends
    return found


def _after_word(word: str, at: set[int], heard: str) -> set[int]:
    plain = _without_accents(word)
    ends = {start + len(plain) for start in at if heard.startswith(plain, start)}
    if pattern := _SPOKEN.get(word):
        ends |= {match.end() for start in at if (match := pattern.match(heard, start))}
    return ends


def _after_digits(digits: str, at: set[int], heard: str, language: str) -> set[int]:
    """The places after a whole number: as written, in words, or in words for its digits in groups."""
    ends = {s + len(digits) for s in at if heard.startswith(digits, s) and not heard[s + len(digits) :][:1].isdigit()}
    reached: list[set[int]] = [at, *(set[int]() for _ in digits)]
    for k in range(len(digits)):
        sizes = {*range(1, min(_CHUNK, len(digits) - k) + 1), len(digits) - k}
        for size in sizes if reached[k] else ():
            for pattern in _number_words(digits[k : k + size], language.split("-")[0]):
                reached[k + size] |= {m.end() for s in reached[k] if (m := pattern.match(heard, s))}
    return ends | reached[-1]


@lru_cache(maxsize=4096)
def _number_words(digits: str, language: str) -> tuple[re.Pattern[str], ...]:
    """The words for a number in a language and in English, without spaces; none for digits such as "07"."""
    if len(digits) > MAX_DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return ()
    said = {text for name in (language, "en") for text in _spelled(int(digits), name)}
    patterns = {_JOIN.join(map(re.escape, words)) for text in said if (words := _plain_words(text))}
    patterns |= {f"a{each[3:]}" for each in patterns if each.startswith(f"one{_JOIN}")}  # "a hundred"
    if digits == "0":
        patterns |= {"oh", "o"}
    return tuple(re.compile(each) for each in sorted(patterns))


def _plain_words(text: str) -> list[str]:
    return [_without_accents(word) for word in words_of(text)]


def _spelled(number: int, language: str) -> set[str]:
    engine = _engine(language)
    results = [engine.format_number(number, purpose) for purpose in _PURPOSES] if engine else []
    return {text for result in results for text in result.text_by_ruleset.values()}


@lru_cache(maxsize=64)
def _engine(language: str) -> RbnfEngine | None:
    """The words for numbers of a language; None where CLDR has none."""
    try:
        return RbnfEngine.for_language(language)
    except ValueError:
        return None
