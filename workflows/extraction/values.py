"""Numbers, amounts of money and dates as documents write them, in several languages, and as exact values.

A notation that means two things ("1.234", "03/04/2026") is refused as ambiguous, unless the rest of the document shows
which one is meant (`Notation`).
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

MAX_DIGITS: Final = 30
SYMBOLS: Final = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "Kč": "CZK", "Fr.": "CHF"}
CODES: Final = [
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "JPY",
    "CNY",
    "INR",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "HUF",
    "RON",
    "BGN",
    "TRY",
    "CAD",
    "AUD",
    "NZD",
    "SGD",
    "HKD",
    "KRW",
    "BRL",
    "MXN",
    "ZAR",
    "ILS",
    "AED",
]
_CURRENCY: Final = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(CODES)})(?![A-Za-z])|[€$£¥₹]|(?<!\w)zł(?!\w)|(?<!\w)Kč(?!\w)|(?<!\w)Fr\.(?=\s*\d)"
)
_SPACES: Final = " \u00a0\u202f\u2009"
NUMBER: Final = re.compile(rf"(?<![\w.,])[-−+]?\d(?:[\d.,'’{_SPACES}]*\d)?(?![\w])")
"""A number in running text; letters next to it make it a part of a name, such as A4 or 5G."""
_MONTHS: Final = {
    1: "january jan januar jänner janvier janv enero ene gennaio gen januari janeiro",
    2: "february feb februar février févr fevrier febrero febbraio februari fevereiro fev",
    3: "march mar märz mrz mars marzo maart mrt março",
    4: "april apr avril avr abril abr aprile",
    5: "may mai mayo maggio mag mei maio",
    6: "june jun juni juin junio giugno giu junho",
    7: "july jul juli juillet juil julio luglio lug julho",
    8: "august aug août aout agosto ago augustus",
    9: "september sep sept septembre septiembre settembre set setembro",
    10: "october oct oktober okt octobre octubre ottobre ott outubro out",
    11: "november nov novembre noviembre novembro",
    12: "december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro",
}
_MONTH: Final = {name: number for number, names in _MONTHS.items() for name in names.split()}
_NAMED: Final = (
    re.compile(
        r"(?<!\d)(?P<day>\d{1,2})(?:\.|st|nd|rd|th|er|º)?\s*(?:de\s+)?(?P<name>[^\W\d_]{3,10})\.?,?\s*(?:de\s+)?(?P<year>\d{4})(?!\d)"
    ),
    re.compile(r"(?<!\w)(?P<name>[^\W\d_]{3,10})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})(?!\d)"),
)
_ISO: Final = re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)")
_NUMERIC: Final = re.compile(
    r"(?<![\d.])(?P<a>\d{1,2})(?P<by>[./-])\s?(?P<b>\d{1,2})(?P=by)\s?(?P<year>\d{4}|\d{2})(?!\d)"
)

Order = Literal["", "dmy", "mdy"]


class Ambiguous(ValueError):
    """A notation that means more than one value here."""


@dataclass(frozen=True)
class Amount:
    """An amount of money; the currency is an ISO 4217 code, empty where it is unknown."""

    amount: Decimal
    currency: str = ""

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}".strip()


@dataclass(frozen=True)
class Notation:
    """How one document writes numbers and dates, as far as its unambiguous ones show it.

    Attributes:
        mark: The decimal mark, "." or ","; empty where nothing shows it.
        order: The order of day and month in dates of numbers alone.
        currency: The only currency of the document; empty where it has none, or several.
    """

    mark: str = ""
    order: Order = ""
    currency: str = ""

    @classmethod
    def of(cls, text: str) -> "Notation":
        """The notation of a document, by all of its text."""
        found = _currencies(text)
        currency = found.pop() if len(found) == 1 else ""
        marks = {mark for match in NUMBER.finditer(_without_dates(text)) if (mark := _shown_mark(match[0]))}
        return cls(marks.pop() if len(marks) == 1 else "", _order_of(text, currency), currency)


def _currencies(text: str) -> set[str]:
    return {SYMBOLS.get(match[0], match[0]) for match in _CURRENCY.finditer(text)}


def _without_dates(text: str) -> str:
    return _NUMERIC.sub(" ", _ISO.sub(" ", text))


def _shown_mark(number: str) -> str:
    """The decimal mark, where this number alone shows it."""
    plain = re.sub(rf"['’{_SPACES}+−-]", "", number)
    marks = [c for c in plain if c in ".,"]
    if len(set(marks)) == 2:
        return marks[-1] if marks.count(marks[-1]) == 1 else ""
    if len(marks) != 1:
        return ({".": ",", ",": "."}[marks[0]]) if len(marks) > 1 else ""
    return marks[0] if len(plain.rpartition(marks[0])[2]) in (1, 2) else ""


def _order_of(text: str, currency: str) -> Order:
    orders: set[Order] = set()
    for match in _NUMERIC.finditer(text):
        a, b = int(match["a"]), int(match["b"])
        if match["by"] == "." or (a > 12 >= b):
            orders.add("dmy")
        elif b > 12 >= a:
            orders.add("mdy")
    if len(orders) == 1:
        return orders.pop()
    return "mdy" if not orders and currency == "USD" else "dmy" if not orders and currency else ""


def parse_number(text: str, mark: str = "") -> Decimal:
    """The number that a text is.

    Args:
        mark: The decimal mark of the document, if known.

    Raises:
        Ambiguous: "1.234" or "1,234", where no mark is known.
        ValueError: it is no number.
    """
    stripped = text.strip()
    negative = stripped.startswith(("-", "−", "(")) or stripped.endswith(("-", "−"))
    plain = re.sub(rf"['’{_SPACES}]", "", stripped.strip("-−+()%"))
    if not re.fullmatch(r"\d[\d.,]*", plain) or plain[-1] in ".," or sum(c.isdigit() for c in plain) > MAX_DIGITS:
        raise ValueError(f"{text[:60]!r} is no number")
    whole, fraction = _parts(plain, mark)
    groups = re.split(r"[.,]", whole)
    if len(groups) > 1 and (
        len(groups[-1]) != 3 or any(len(g) not in (2, 3) for g in groups[1:]) or len(groups[0]) > 3
    ):
        raise ValueError(f"{text[:60]!r} is no number: its digits are grouped in an unusual way")
    value = Decimal("".join(groups) + (f".{fraction}" if fraction else ""))
    return -value if negative else value


def _parts(plain: str, mark: str) -> tuple[str, str]:
    """The digits before and after the decimal mark."""
    marks = [c for c in plain if c in ".,"]
    if not marks:
        return plain, ""
    last = marks[-1]
    whole, _, fraction = plain.rpartition(last)
    if len(set(marks)) == 2:
        if last in whole:
            raise ValueError(f"{plain[:60]!r} is no number")
        return whole, fraction
    if len(marks) > 1:
        return plain, ""  # 1.234.567
    if len(fraction) == 3 and len(whole) <= 3 and whole != "0":
        if not mark:
            raise Ambiguous(f"{plain!r} could be {whole}{fraction} or {whole}.{fraction}")
        return (whole, fraction) if mark == last else (plain, "")
    return whole, fraction


def parse_amount(text: str, notation: Notation) -> Amount:
    """The amount of money in a text: '1.234,50 €', 'USD 12', '(3.00)'; the document's currency where it has none.

    Raises:
        Ambiguous: the number or its currency could mean several.
        ValueError: there is no amount, or more than one.
    """
    found = _currencies(text)
    if len(found) > 1:
        raise Ambiguous(f"{text[:60]!r} has several currencies")
    bare = _CURRENCY.sub(" ", text).replace(",-", "").replace(".-", "").strip(" :=")
    return Amount(parse_number(bare, notation.mark), found.pop() if found else notation.currency)


def parse_date(text: str, order: Order = "") -> date:
    """The date in a text.

    Raises:
        Ambiguous: day and month could be exchanged.
        ValueError: there is no date, or the calendar does not have it.
    """
    if match := _ISO.search(text):
        return _date(text, int(match["year"]), int(match["month"]), int(match["day"]))
    for pattern in _NAMED:
        for match in pattern.finditer(text):
            if month := _MONTH.get(match["name"].casefold()):
                return _date(text, int(match["year"]), month, int(match["day"]))
    if match := re.search(r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日", text):
        return _date(text, int(match["year"]), int(match["month"]), int(match["day"]))
    if match := _NUMERIC.search(text):
        return _numeric(text, match, order)
    raise ValueError(f"{text[:60]!r} is no date")


def _numeric(text: str, match: "re.Match[str]", order: Order) -> date:
    a, b, year = int(match["a"]), int(match["b"]), int(match["year"])
    year += 2000 if year < 100 else 0
    if match["by"] == "." or a > 12 or a == b:
        order = "dmy"
    elif b > 12:
        order = "mdy"
    if not order:
        raise Ambiguous(f"{match[0]!r} could be day {a} of month {b}, or day {b} of month {a}")
    day, month = (a, b) if order == "dmy" else (b, a)
    return _date(text, year, month, day)


def _date(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{text.strip()[:60]!r} is no date of the calendar") from None
