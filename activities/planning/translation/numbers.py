"""The numbers in a text, as digits of any script and as words of some languages, so that translations can be compared.

Whole values only: a decimal is compared by its digits, because its point is a comma in other languages.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

_DIGITS: Final = re.compile(r"\d+(?:[.,'’\u00a0\u202f٬٫]\d+)*")
_MULTIPLE: Final = re.compile(r"(\d[\d.,]*)\s?([千백천百万萬만億亿억兆])")
_MULTIPLES: Final = {
    **dict.fromkeys("百백", 2),
    **dict.fromkeys("千천", 3),
    **dict.fromkeys("万萬만", 4),
    **dict.fromkeys("億亿억", 8),
    "兆": 12,
}
"""Sign -> zeros."""
_HAN: Final = re.compile(
    r"[一二三四五六七八九十百千万萬〇零两兩]{2,}|[二三四五六七八九十](?=[つ個人分秒年月日時点點倍本枚号号歳])"
)
_HAN_DIGITS: Final = {c: k for k, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_HAN_UNITS: Final = {"十": 10, "百": 100, "千": 1_000}

_UNITS: Final[Mapping[str, str]] = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete "
    "dezoito dezenove",
    "nl": "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien "
    "zeventien achttien negentien",
}
_TENS: Final[Mapping[str, str]] = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante soixante-dix quatre-vingt quatre-vingt-dix",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
}
_LARGE: Final[Mapping[str, Mapping[str, int]]] = {
    "en": {"hundred": 100, "thousand": 1_000, "million": 1_000_000},
    "de": {"hundert": 100, "tausend": 1_000, "million": 1_000_000, "millionen": 1_000_000},
    "fr": {"cent": 100, "cents": 100, "mille": 1_000, "million": 1_000_000, "millions": 1_000_000},
    "es": {"cien": 100, "ciento": 100, "mil": 1_000, "millón": 1_000_000, "millones": 1_000_000},
    "it": {"cento": 100, "mille": 1_000, "mila": 1_000, "milione": 1_000_000, "milioni": 1_000_000},
    "pt": {"cem": 100, "cento": 100, "mil": 1_000, "milhão": 1_000_000, "milhões": 1_000_000},
    "nl": {"honderd": 100, "duizend": 1_000, "miljoen": 1_000_000},
}
_OTHERS: Final[Mapping[str, Mapping[str, int]]] = {
    "de": {"ein": 1, "eine": 1, "einen": 1, "einem": 1, "einer": 1, "zwo": 2, "dreissig": 30},
    "fr": {"une": 1, "quatre-vingts": 80, "septante": 70, "huitante": 80, "octante": 80, "nonante": 90},
    "es": {"un": 1, "una": 1, "veintiún": 21},
    "it": {"un": 1, "una": 1, "ventuno": 21},
    "pt": {"uma": 1, "duas": 2, "catorze": 14, "dezasseis": 16, "dezassete": 17, "dezanove": 19},
    "nl": {"één": 1},
}
_REGULAR: Final = ("en", "de", "nl")
"""Languages whose numbers above 99 are put together from the words of their parts."""
_AND: Final = {"en": "and", "fr": "et", "es": "y", "pt": "e"}
_WORDS_AND_MARKS: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|[^\s\w]|\d+")


def speaks_numbers(language: str) -> bool:
    """Whether the words for numbers are known."""
    return _base(language) in _UNITS or _base(language) in ("ja", "zh", "yue")


def digits_in(text: str) -> list[str]:
    """The numbers that are written in digits, without the signs that group them: "1.000,50" is "100050"."""
    plain = "".join(str(unicodedata.decimal(c, c)) for c in unicodedata.normalize("NFKC", text))
    plain = _MULTIPLE.sub(_expanded, plain)
    return [re.sub(r"\D", "", found).lstrip("0") or "0" for found in _DIGITS.findall(plain)]


def words_in(text: str, language: str) -> list[str]:
    """The numbers that are written in words, as digits; "one" is left out, because it is an article too."""
    base = _base(language)
    if base in ("ja", "zh", "yue"):
        return [str(value) for found in _HAN.findall(text) if (value := _han(found)) > 1]
    if base not in _UNITS:
        return []
    most = 10**9 if base in _REGULAR else 99
    return [str(value) for value in _spelled(text, base) if 1 < value <= most]


def _base(language: str) -> str:
    return language.lower().split("-")[0]


def _expanded(found: re.Match[str]) -> str:
    """E.g. 3.5万 as 35000."""
    number, zeros = found[1].replace(",", ""), _MULTIPLES[found[2]]
    whole, _, part = number.partition(".")
    return f"{whole}{part.ljust(zeros, '0')}" if len(part) <= zeros else found[0]


def _han(text: str) -> int:
    """The value of a number in Chinese characters; 0 if it is none."""
    if not any(c in "十百千万萬" for c in text):
        return int("".join(str(_HAN_DIGITS[c]) for c in text))
    total = part = digit = 0
    for c in text:
        if c in _HAN_DIGITS:
            digit = _HAN_DIGITS[c]
        elif c in _HAN_UNITS:
            part, digit = part + (digit or 1) * _HAN_UNITS[c], 0
        else:
            total, part, digit = total + (part + digit or 1) * 10_000, 0, 0
    return total + part + digit


def _spelled(text: str, base: str) -> Iterator[int]:
    """Each number of consecutive words, e.g. "two hundred and five" as 205."""
    known, large = _small(base), _LARGE[base]
    total = part = 0
    inside = False
    for word in [*_WORDS_AND_MARKS.findall(text.casefold()), "."]:
        value = _value(word, known, large)
        if inside and word == _AND.get(base):
            continue
        if value is None:
            if inside:
                yield total + part
            total, part, inside = 0, 0, False
        elif word in large:
            total, part = (total, (part or 1) * value) if value == 100 else (total + (part or 1) * value, 0)
            inside = True
        else:
            room = 20 if base == "fr" and part in (60, 80) else 10
            if inside and part % 100 and not (part % 100 >= 20 and value < room):
                yield total + part
                total = part = 0
            part, inside = part + value, True


def _value(word: str, known: Mapping[str, int], large: Mapping[str, int]) -> int | None:
    """The value of one word, also where it is written together: "zweihundertfünf"."""
    if word in known:
        return known[word]
    if word in large:
        return large[word]
    for name, factor in large.items():
        before, found, after = word.partition(name)
        if found and before in (*known, "") and after.removeprefix("und").removeprefix("en") in (*known, ""):
            rest = after.removeprefix("und").removeprefix("en")
            return (known[before] if before else 1) * factor + (known[rest] if rest else 0)
    return None


@cache
def _small(base: str) -> dict[str, int]:
    """Word -> value, up to 99."""
    units, tens = _UNITS[base].split(), _TENS[base].split()
    found = {word: value for value, word in enumerate(units)}
    for place, ten in enumerate(tens, start=2):
        found[ten] = 10 * place
        teens = base == "fr" and place in (7, 9)
        for k in range(1, 20 if base == "fr" and place in (6, 8) else 10):
            found.update(dict.fromkeys(_compounds(base, ten, units[k], k), 10 * place + k))
        if teens:
            before = tens[place - 3]
            found.update({f"{before}-{units[10 + k]}": 10 * place + k for k in range(1, 10)})
    return found | dict(_OTHERS.get(base, {}))


def _compounds(base: str, ten: str, unit: str, k: int) -> list[str]:
    """How a ten and a unit are written in one word."""
    if base in ("de", "nl"):
        short = "ein" if base == "de" and k == 1 else unit
        joint = "und" if base == "de" else "ën" if short.endswith("e") else "en"
        return [f"{short}{joint}{ten}"]
    if base == "it":
        return [f"{ten[:-1] if unit[0] in 'uo' else ten}{'tré' if k == 3 else unit}", f"{ten}{unit}"]
    if base == "es" and ten == "veinte":
        return [f"veinti{unit}", {2: "veintidós", 3: "veintitrés", 6: "veintiséis"}.get(k, f"veinti{unit}")]
    return [f"{ten}-{unit}"]
