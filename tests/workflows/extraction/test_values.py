"""Numbers, money and dates of several languages as exact values."""

from datetime import date
from decimal import Decimal

import pytest

from workflows.extraction.values import Ambiguous, Amount, Notation, parse_amount, parse_date, parse_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234,5", "1234.5"),
        ("12'000.10", "12000.10"),
        ("1.234.567", "1234567"),
        ("12,34,567.00", "1234567.00"),
        ("-3", "-3"),
        ("(3.00)", "-3.00"),
        ("0.125", "0.125"),
        ("19 %", "19"),
    ],
)
def test_numbers_of_each_notation_are_exact(text: str, value: str) -> None:
    """A number that can mean only one value is that value, with all of its digits."""
    assert parse_number(text) == Decimal(value)
    assert str(parse_number(text)) == value


@pytest.mark.parametrize("text", ["1.234", "12,345"])
def test_an_ambiguous_number_needs_the_notation_of_its_document(text: str) -> None:
    """A number with one group of three digits is refused, unless the document shows its decimal mark."""
    with pytest.raises(Ambiguous):
        parse_number(text)
    assert parse_number("1.234", ",") == 1234
    assert parse_number("1.234", ".") == Decimal("1.234")


@pytest.mark.parametrize("text", ["1.2.3", "1,2345.6", "12a", "", "abc", "1,23.45,6", "9" * 31])
def test_what_is_no_number_is_refused(text: str) -> None:
    """A text with other characters, unusual groups or too many digits is no number."""
    with pytest.raises(ValueError, match="is no number"):
        parse_number(text)


def test_money_has_its_currency() -> None:
    """The currency is that next to the number, or the only one of the document; two are ambiguous."""
    assert parse_amount("€1,234.50", Notation()) == Amount(Decimal("1234.50"), "EUR")
    assert parse_amount("1.234,50 CHF", Notation()) == Amount(Decimal("1234.50"), "CHF")
    assert parse_amount("5.00", Notation(currency="USD")) == Amount(Decimal("5.00"), "USD")
    assert parse_amount("5.00", Notation()).currency == ""
    with pytest.raises(Ambiguous):
        parse_amount("5 USD / EUR", Notation())


def test_the_document_shows_its_notation() -> None:
    """Unambiguous numbers and dates decide about the others; contradictions decide nothing."""
    assert Notation.of("Total 1.234,50 EUR, Menge 1.000") == Notation(",", "dmy", "EUR")
    assert Notation.of("03/25/2026 and $5.00").order == "mdy"
    assert Notation.of("25/03/2026 and $5.00").order == "dmy"
    assert Notation.of("1.50 and 1,50").mark == ""
    assert Notation.of("5 EUR and 6 USD").currency == ""


@pytest.mark.parametrize(
    "text",
    ["2026-03-04", "4 March 2026", "March 4, 2026", "4. März 2026", "4 mars 2026", "4 de marzo de 2026", "04.03.2026",
     "2026年3月4日", "4 Mar. 2026"],
)  # fmt: skip
def test_dates_of_each_language(text: str) -> None:
    """A date in words, in ISO form or with dots is that day."""
    assert parse_date(text) == date(2026, 3, 4)


def test_dates_of_the_calendar() -> None:
    """A day that does not exist is refused, and one whose day and month could be exchanged is ambiguous."""
    for text in ("30.02.2026", "February 30, 2026", "2026-13-01", "31 avril 2026"):
        with pytest.raises(ValueError, match="is no date of the calendar"):
            parse_date(text)
    with pytest.raises(Ambiguous):
        parse_date("03/04/2026")
    assert parse_date("03/04/2026", "mdy") == date(2026, 3, 4)
    assert parse_date("25/04/2026", "mdy") == date(2026, 4, 25)
