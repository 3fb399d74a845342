"""Numbers as people say them, as digits: "twenty-five seconds", "anderthalb Minuten", "trente et un", "三十秒".

Transcripts have numbers as digits or as words, as the model likes. Pure functions over text in lower case.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

MOST: Final = 999
"""The largest number that is read from words; a thousand is a word of its own."""
_WINDOW: Final = 6
"""Words of the longest number: "nine hundred and ninety nine" has five, "quatre cent quatre vingt dix neuf" six."""
_TEENS: Final = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix_sept "
    "dix_huit dix_neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete "
    "dezoito dezenove",
}
_TENS: Final = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante soixante_dix quatre_vingt quatre_vingt_dix",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_HUNDREDS: Final = {
    "en": ("{} hundred", "hundred"),
    "de": ("{}hundert", "hundert"),
    "fr": ("{} cent", "cent"),
    "es": ("{}cientos", "cien"),
    "it": ("{}cento", "cento"),
    "pt": ("{}centos", "cem"),
}
_EXTRA: Final = {"dreissig": 30, "ciento": 100, "cento": 100, "quinientos": 500, "setecientos": 700}
_PHRASES: Final = (
    (r"\bhalf an? (?=hour|minute)|\bhalf-an?-(?=hour|minute)", "0.5 "),
    (r"\b(?:eine )?halbe (?=minute|stunde)|\b(?:une )?demi[- ](?=minute|heure)", "0.5 "),
    (r"\b(?:medio|mezzo|meio|media|mezza|meia) (?=minut|hora|ora)", "0.5 "),
    (r"\b(?:eineinhalb|anderthalb) (?=minuten|stunden)", "1.5 "),
    (r"\bzweieinhalb (?=minuten|stunden)", "2.5 "),
    (r"\ba minute and a half\b|\bune minute et demie\b|\bun minuto e mezzo\b", "1.5 minutes"),
    (r"\b(?:un )?minuto y medio\b|\bum minuto e meio\b", "1.5 minutes"),
    (r"\b(\w+) and a half (?=minutes)", r"\1 and_a_half "),
    (r"\b(?:an?|one|eine[rn]?|une|un|uma|um|una) (?=minut|stunde|hour)", "1 "),
    (r"\b(?:a|one) hundred\b", "hundred"),
)
_KANJI: Final = {"〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_KANJI_NUMBER: Final = re.compile(r"[〇一二三四五六七八九十百]+(?=\s*(?:秒|分|ドル))")
_WORD: Final = re.compile(r"[^\W\d_]+")


def with_digits(text: str) -> str:
    """The text in lower case with its number words as digits."""
    text = text.casefold().replace("ß", "ss").replace("dreissig", "dreißig")
    for pattern, digits in _PHRASES:
        text = re.sub(pattern, digits, text)
    text = _KANJI_NUMBER.sub(lambda match: str(_kanji(match[0])), text)
    text = "".join(_replaced(text))
    return re.sub(r"\b(\d+) and_a_half\b", r"\1.5", text)


def _replaced(text: str) -> Iterator[str]:
    """The pieces of the text; the longest run of words that is a number becomes its digits."""
    known, words = _numbers(), list(_WORD.finditer(text))
    place, done = 0, 0
    while place < len(words):
        for size in range(min(_WINDOW, len(words) - place), 0, -1):
            run = words[place : place + size]
            gaps = (text[a.end() : b.start()] for a, b in pairwise(run))
            value = known.get(" ".join(word[0] for word in run))
            if value is not None and all(gap in (" ", "-") for gap in gaps):
                yield text[done : run[0].start()]
                yield str(value)
                done = run[-1].end()
                place += size
                break
        else:
            place += 1
    yield text[done:]


def _kanji(digits: str) -> int:
    total, last = 0, 0
    for digit in digits:
        if digit in ("十", "百"):
            total, last = total + max(last, 1) * (10 if digit == "十" else 100), 0
        else:
            last = last * 10 + _KANJI[digit]
    return total + last


@cache
def _numbers() -> dict[str, int]:
    """The words of a number, joined by spaces -> the number, in all languages. Articles are left out."""
    found: dict[str, int] = dict(_EXTRA)
    for language in _TEENS:
        below = dict(_below_hundred(language))
        found |= below
        pattern, alone = _HUNDREDS[language]
        roots = {1: "ein"} | {n: w for w, n in below.items() if 1 < n < 10}
        for hundred in range(1, 10):
            heads = [pattern.format(roots.get(hundred, "")).strip()] + ([alone] if hundred == 1 else [])
            for head in heads:
                found[head] = hundred * 100
                found |= {each: hundred * 100 + n for w, n in below.items() for each in _after(language, head, w)}
    for article in ("un", "um", "uno"):
        del found[article]
    return {words: value for words, value in found.items() if 0 <= value <= MOST}


def _after(language: str, head: str, words: str) -> Iterator[str]:
    """A hundred with what follows it: "hundred and five", "hundertfünf", "cent cinq"."""
    if language in ("de", "it"):
        yield f"{head}{words}"
    else:
        yield f"{head} {words}"
        yield f"{head} {'e' if language == 'pt' else 'and'} {words}"


def _below_hundred(language: str) -> Iterator[tuple[str, int]]:
    """Each way to say a number below a hundred, with the number."""
    ones = [word.replace("_", " ") for word in _TEENS[language].split()]
    yield from ((word, number) for number, word in enumerate(ones))
    for ten, name in enumerate(_TENS[language].split(), start=2):
        tens = name.replace("_", " ")
        yield tens, ten * 10
        for one in range(1, 10):
            yield from ((each, ten * 10 + one) for each in _joined(language, tens, ten, one, ones))
    if language == "fr":
        yield "quatre vingts", 80


def _joined(language: str, tens: str, ten: int, one: int, ones: list[str]) -> Iterator[str]:
    word = ones[one]
    match language:
        case "de":
            yield f"{'ein' if one == 1 else word}und{tens}"
        case "fr":
            if ten in (7, 9):
                tens, word = tens.removesuffix(" dix"), ones[10 + one]
            yield f"{tens} {word}"
            yield f"{tens} et {word}"
        case "es":
            yield f"veinti{word}" if ten == 2 else f"{tens} y {word}"
            yield f"{tens} y {word}"
        case "it":
            yield f"{tens[:-1] if one in (1, 8) else tens}{word}"
        case "pt":
            yield f"{tens} e {word}"
        case _:
            yield f"{tens} {word}"
