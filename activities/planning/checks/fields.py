"""Warnings where a plan says an amount of money or a date that the extracted fields of its references do not have."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from activities.storage.bucket import Storage
from activities.storage.extractions import read_extractions
from activities.text.patterns import Pattern
from workflows.extraction.fields import Extraction, Field
from workflows.extraction.values import CODES, NUMBER, Amount, Notation, parse_amount, parse_date
from workflows.models import Asset, Plan
from workflows.references.analysis import source_of

PREFIX: Final = "fields: "
"""Of these warnings: they are renewed with each price of a plan."""
MAX_WARNINGS: Final = 10
_UNIT: Final = rf"(?:{'|'.join(CODES)}|[€$£¥₹]|euros?|dollars?|pounds?|francs?|Franken)"
_MONEY: Final = Pattern(
    rf"(?:[€$£¥₹]|\b(?:{'|'.join(CODES)})\b)\s?{NUMBER.pattern}|{NUMBER.pattern}\s?{_UNIT}(?!\w)", re.IGNORECASE
)
_WORDS: Final = {"euro": "EUR", "dollar": "USD", "pound": "GBP", "franc": "CHF", "franken": "CHF"}
_DATE: Final = Pattern(
    r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}\.\d{1,2}\.\d{4}\b|\b\d{1,2}\.?(?: de)? [^\W\d_]{3,10}(?: de)? \d{4}\b"
    r"|\b[^\W\d_]{3,10} \d{1,2}, \d{4}\b"
)


async def with_field_warnings(plan: Plan, keys: Sequence[str], storage: Storage) -> Plan:
    """The plan with these warnings in place of earlier ones.

    Raises:
        StorageFailed: try again.
    """
    if not keys:
        return plan
    extractions = await read_extractions(storage, keys)
    kept = (each for each in plan.warnings if not each.startswith(PREFIX))
    return plan.model_copy(update={"warnings": (*kept, *field_warnings(plan, extractions))})


def field_warnings(plan: Plan, extractions: Sequence[Extraction]) -> list[str]:
    fields = [(e.reference, f) for e in extractions for f in e.fields if f.value is not None]
    money = {(Decimal(f.value or 0), f.currency): (n, f) for n, f in fields if f.type == "money"}
    days = {f.value: (n, f) for n, f in fields if f.type == "date"}
    found: dict[str, None] = {}
    for asset in plan.assets:
        if asset.composed or asset.role == "fields":
            continue
        for text, amount in _amounts(asset):
            if money and (amount.amount, amount.currency) not in money:
                found[_warning(asset, text, _nearest(amount, list(money.values())))] = None
        for text, day in _days(asset):
            if days and day.isoformat() not in days:
                found[_warning(asset, text, list(days.values())[:3])] = None
    return list(found)[:MAX_WARNINGS]


def _amounts(asset: Asset) -> Iterator[tuple[str, Amount]]:
    notation = replace(Notation.of(asset.prompt), currency="")
    for match in _MONEY.finditer(asset.prompt):
        text = match[0]
        word = re.search(r"[A-Za-z]+$", text)
        code = _WORDS.get(word[0].casefold().rstrip("s"), "") if word else ""
        try:
            amount = parse_amount(text[: word.start()] if code and word else text.upper(), notation)
        except ValueError:
            continue  # it has no certain value to compare
        yield text, Amount(amount.amount, code or amount.currency)


def _days(asset: Asset) -> Iterator[tuple[str, date]]:
    for match in _DATE.finditer(asset.prompt):
        try:
            yield match[0], parse_date(match[0], "dmy")
        except ValueError:
            continue


def _nearest(amount: Amount, fields: Sequence[tuple[int, Field]]) -> list[tuple[int, Field]]:
    """The fields of the same currency with the nearest amounts."""
    same = [each for each in fields if each[1].currency == amount.currency] or list(fields)
    return sorted(same, key=lambda each: abs(Decimal(each[1].value or 0) - amount.amount))[:3]


def _warning(asset: Asset, text: str, fields: Sequence[tuple[int, Field]]) -> str:
    named = ", ".join(f"{f.label} {f.shown} ({source_of(n, f'p. {f.page}' if f.page else '')})" for n, f in fields)
    said = " ".join(text.split())
    return f"{PREFIX}{asset.asset_id} says {said!r}, and the document has {named}; change it, or correct the field"
