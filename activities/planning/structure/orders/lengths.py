"""Lengths in the sentences of briefs: "half a minute", "1,5 Minuten", "30秒", "1'30\"". Seconds."""

import re
from typing import Final

from activities.text.patterns import Pattern
from workflows.voice.numbers import with_digits

SECONDS: Final = (
    r"s(?:ec|ek|eg)?\b\.?|sn\b|''|′′|″|\"|seconds?|secs|sekunden?|sekünd\w*|sekúnd\w*|sekund\w{0,3}|"
    r"seconde[ns]?|segundos?|second[oi]|"
    r"secund[ăe]|segons?|másodperc\w*|sekunti\w*|saniye\w*|detik|giây|сек\w{0,6}\.?|δευτερόλεπτ\w+|δευτ\b|"
    r"ثاني[ةه]|ثوان\w?|ثانیه|"
    r"שניות|שנ['׳]|सेक[ंे]+ड|सेकंद|সেকেন্ড|நொடி\w*|விநாடி\w*|سیکنڈ|วินาที|秒|초"
)
_MINUTES: Final = (
    r"min\b\.?|mins\b|'(?!')|′(?!′)|minutes?|minuten?|minüt\w*|minut[eiosău]?\w{0,3}|minuut\w*|perc\w*|"
    r"dakika\w*|phút|menit|мин\w{0,4}\.?|"
    r"хвилин\w?|λεπτ\w+|دقيقة|دقائق|دقیقه|דקה|דקות|मिनट|मिनिट\w*|মিনিট|நிமிட\w*|منٹ|นาที|分(?:钟|鐘|間)?|분"
)
_MINUTE: Final = r"(?:minut\w*|minuut\w*|minuuttia?|minuutin|perc\w*|dakika\w*|phút|menit|минут\w*|хвилин\w*|λεπτ\w*)"
_HALF: Final = Pattern(
    rf"\b(?:halve|halv\w?|pół|pol|pola|yarım|fél|puoli|puolen|půl|nửa|setengah|nusu|mig|pus|poole?|пол|пів|"
    rf"половин\w?|μισό) ?{_MINUTE}|"
    rf"jumătate de minut|demi-minute|halbminüt\w*|полминут\w*|півхвилин\w*|félperc\w*|نصف دقيقة|نیم دقیقه|"
    rf"آدھے? منٹ|חצי דקה|"
    rf"आध[ाेी] मिन[टि]\w*|अर्ध[ाे] मिनिट\w*|আধা? মিনিট|অর্ধ মিনিট|அரை நிமிட\w*|ครึ่งนาที|nửa phút|半分[钟鐘]|"
    rf"半分(?=的|长|長|左右)|반 ?분",
    re.IGNORECASE,
)
_THREE_HALVES: Final = Pattern(
    rf"\b(?:anderthalbe|halvanden|halvannet|en och en halv|półtor(?:a|ej)|полтор[аы]|півтор[аи]|bir buçuk|"
    rf"másfél|puolitoista|"
    rf"jeden a půl|ενάμισι|satu setengah) ?{_MINUTE}|un minut și jumătate|(?:een|en|minutu|minuta) a půl|"
    rf"một phút rưỡi|"
    rf"دقيقة ونصف|یک و نیم دقیقه|ڈیڑھ منٹ|דקה וחצי|डेढ़ मिनट|দেড় মিনিট|ஒன்றரை நிமிட\w*|(?:หนึ่ง|1) ?นาทีครึ่ง|"
    rf"[一1]分半[钟鐘]?|1분 반",
    re.IGNORECASE,
)
_NUMBER: Final = r"\d{1,4}(?:[.,]\d{1,2})?"
_UNITS: Final = Pattern(
    rf"(?<![\d:.,])(?P<minutes>{_NUMBER})[\s-]*(?:{_MINUTES})(?![^\W\d_\u0e00-\u9fff가-힯])"
    rf"(?:\s*(?:and|und|et|y|e|a|i|и|و|"
    rf"ו)?\s*(?P<rest>\d{{1,2}})\s*(?:(?:{SECONDS})(?![^\W\d_\u0e00-\u9fff가-힯])|(?=\W|$)))?|"
    rf"(?<![\d:.,])(?P<seconds>{_NUMBER})[\s-]*(?:{SECONDS})(?![^\W\d_\u0e00-\u9fff가-힯])",
    re.IGNORECASE,
)
_CLOCK: Final = Pattern(r"(?<![\d:.,])(\d{0,2}):([0-5]\d)(?![\d:.,])")
_SHORT_CLOCK: Final = Pattern(
    r"(?<![\w:.,])(\d{0,2}):([0-5]\d)(?=[\s-](?:min|minutes?|spots?|ads?|tv|reels?|videos?|films?|clips?)\b)"
)
"""A length as agencies write it: "a :30 spot", "1:30 min"."""


def named_lengths(text: str, *, clock: bool = False) -> list[float]:
    """The lengths that a text names, in order."""
    if _THREE_HALVES.search(text):
        return [90.0]
    if _HALF.search(text):
        return [30.0]
    clocks = _SHORT_CLOCK.finditer(text.lower())
    found = [60.0 * int(m[1] or 0) + int(m[2]) for m in clocks]
    found = found or [_seconds(match) for match in _UNITS.finditer(with_digits(text))]
    if not found and clock:
        found = [60.0 * int(m[1] or 0) + int(m[2]) for m in _CLOCK.finditer(text)]
    return [each for each in found if each]


def _seconds(match: re.Match[str]) -> float:
    minutes, rest, seconds = (float((match[name] or "0").replace(",", ".")) for name in ("minutes", "rest", "seconds"))
    return minutes * 60 + rest + seconds
