"""Generated invoices: three languages with their notations, two currencies, and planted errors."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

from tests.activities.references import files

Tongue = Literal["en", "de", "fr"]
Error = Literal["", "total", "amount", "subtotal", "tax", "date", "due", "currency", "missing", "notation"]
ERRORS: Final[tuple[Error, ...]] = (
    "total",
    "amount",
    "subtotal",
    "tax",
    "date",
    "due",
    "currency",
    "missing",
    "notation",
)
MONTHS: Final = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
}
WORDS: Final = {
    tongue: tuple(line.split(", "))
    for tongue, line in {
        "en": "Invoice, Invoice number, Invoice date, Due date, Description, Quantity, Unit price, Amount, Subtotal, "
        "VAT, Total, Oak table, Delivery to the second floor, Brass lamp, Wool rug",
        "de": "Rechnung, Rechnungsnummer, Rechnungsdatum, Fällig am, Bezeichnung, Menge, Einzelpreis, Betrag, "
        "Zwischensumme, MwSt., Gesamtbetrag, Eichentisch, Lieferung in den zweiten Stock, Lampe, Teppich",
        "fr": "Facture, Numéro de facture, Date de facture, Date d'échéance, Désignation, Quantité, Prix unitaire, "
        "Montant, Sous-total, TVA, Total TTC, Table en chêne, Livraison, Lampe, Tapis",
    }.items()
}


@dataclass(frozen=True)
class Invoice:
    """One invoice, and the error that is planted in it."""

    number: int
    tongue: Tongue
    currency: Literal["EUR", "USD"]
    error: Error = ""

    @property
    def day(self) -> date:
        return date(2026, 1 + self.number % 11, 1 + (self.number * 7) % 28)

    @property
    def items(self) -> list[tuple[str, Decimal, Decimal]]:
        """Description, quantity and unit price."""
        names = WORDS[self.tongue][11:]
        count = 1 + self.number % 4
        return [
            (names[n], Decimal(1 + (self.number + n) % 5), Decimal(100 * (n + 1) * (self.number % 13 + 3) + 49) / 100)
            for n in range(count)
        ]

    @property
    def rate(self) -> Decimal:
        return {"en": Decimal(20), "de": Decimal(19), "fr": Decimal("5.5")}[self.tongue]

    @property
    def subtotal(self) -> Decimal:
        return sum((q * p for _, q, p in self.items), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return (self.subtotal * self.rate / 100).quantize(Decimal("0.01"))

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.tax

    def money(self, amount: Decimal, currency: str = "") -> str:
        symbol = {"EUR": "€", "USD": "$"}[currency or self.currency]
        text = f"{amount:,.2f}"
        if self.tongue == "en":
            return f"{symbol}{text}"
        mark = "." if self.tongue == "de" else "\u00a0"
        return f"{text.replace(',', ' ').replace('.', ',').replace(' ', mark)} {symbol}"

    def date_text(self, day: date) -> str:
        if self.tongue == "de":
            return f"{day:%d.%m.%Y}"
        month = MONTHS[self.tongue][day.month - 1]
        return f"{month} {day.day}, {day.year}" if self.tongue == "en" else f"{day.day} {month} {day.year}"

    def rows(self) -> list[list[str]]:
        """The lines of the page as columns; a single text is a title."""
        title, number, dated, due, *heads = WORDS[self.tongue][:11]
        names, (subtotal, tax, total) = heads[:4], heads[4:]
        wrong = Decimal("10.00")
        items = []
        for n, (name, quantity, price) in enumerate(self.items):
            amount = quantity * price + (wrong if self.error == "amount" and n == 0 else 0)
            items.append([name, f"{quantity:f}", self.money(price), self.money(amount)])
        other = "USD" if self.currency == "EUR" else "EUR"
        impossible = {"en": "February 30, 2026", "de": "30.02.2026", "fr": "30 février 2026"}[self.tongue]
        when = impossible if self.error == "date" else self.date_text(self.day)
        until = self.day - timedelta(days=3) if self.error == "due" else self.day + timedelta(days=30)
        rate = f"{self.rate:f}" if self.tongue == "en" else f"{self.rate:f}".replace(".", ",")
        sums = {
            subtotal: self.subtotal + (wrong if self.error == "subtotal" else 0),
            f"{tax} {rate} %": self.tax + (wrong if self.error == "tax" else 0),
            total: self.total + (wrong if self.error in ("total", "tax") else 0),
        }
        last = self.money(sums[total], other if self.error == "currency" else "")
        if self.error == "notation":
            last = last.replace("0", "O").replace(",", ";").replace(".", ";")
        return [
            [f"{title} Holzwerk Studio"],
            [f"{number}:", f"R-2026-{self.number:03}"],
            [f"{dated}:", when],
            [f"{due}:", self.date_text(until)],
            list(names),
            *items,
            [subtotal, self.money(sums[subtotal])],
            [f"{tax} {rate} %", self.money(sums[f"{tax} {rate} %"])],
            *([] if self.error == "missing" else [[total, last]]),
        ]

    def pdf(self) -> bytes:
        columns = {1: (72,), 2: (72, 420), 4: (72, 260, 340, 450)}
        return files.pdf(
            [
                (columns[len(row)][n], 780 - 22 * line, cell)
                for line, row in enumerate(self.rows())
                for n, cell in enumerate(row)
            ]
        )

    def text(self) -> str:
        """As a model writes down a picture of it."""
        return "\n".join("   ".join(row) for row in self.rows())


def fifty() -> Iterator[Invoice]:
    """50 invoices, 24 of them with an error: each error in each language at least twice."""
    tongues: tuple[Tongue, ...] = ("en", "de", "fr")
    for number in range(1, 51):
        tongue = tongues[number % 3]
        invoice = Invoice(number, tongue, "USD" if number % 4 == 0 else "EUR")
        error = ERRORS[(number // 2 + number // 18) % len(ERRORS)] if number % 2 == 0 else ""
        yield replace(invoice, error=error)
