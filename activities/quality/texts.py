"""Checks of a text: its length, its language, and phrases that a writer leaves behind."""

import re
import unicodedata
from typing import Final

from activities.quality.order import Order
from activities.quality.report import Report
from workflows.runtime.language import detect_language, language_name, same_language

LONG_FACTOR: Final = 1.3
"""By which a text may be longer than ordered: models count words badly."""
_NUMBER: Final = r"(\d{1,3}(?:[,.]\d{3})+|\d{1,5})"
_UNIT: Final = r"(words?|characters?|chars?|letters?)\b"
_LIMIT: Final = re.compile(
    rf"(?:at most|no more than|not more than|up to|maximum(?: of)?|max\.?|under|below|less than|fewer than|within|"
    rf"limit(?:ed)? (?:to|of)|in (?:about |around |roughly )?|about|around|roughly|exactly)\s*{_NUMBER}[- ]{_UNIT}|"
    rf"\b{_NUMBER}[- ]{_UNIT}(?: or (?:less|fewer)| max\w*| limit)",
    re.IGNORECASE,
)
_PLACEHOLDERS: Final = re.compile(
    "|".join(
        (
            r"lorem ipsum|dolor sit amet",
            r"\[\s*(?:insert|your|enter|add|name|company|brand|product|date|link|url|title|city|location|email|phone|"
            r"placeholder|client|tbd|tk|xxx|here)\b[^\]\n(]{0,40}\](?!\()",
            r"\[\s*(?:firmenname|ihr\w*|dein\w*|nom|votre\w*|tu nombre|nombre)\b[^\]\n]{0,30}\](?!\()",
            r"\{\{\s*[\w .-]{1,40}\s*\}\}|<\s*(?:insert|your|enter|placeholder)\b[^>\n]{0,40}>",
            r"\bas an? (?:ai|artificial intelligence)\b(?: language)?(?: model| assistant)?\b,?\s+(?:i|my|we)\b",
            r"\bas a (?:large )?language model\b",
            r"\bi(?:'m| am) (?:just |only )?an ai(?: language model| assistant)?\b[^.\n]{0,40}"
            r"(?:cannot|can't|unable|do(?:n't| not))",
            r"\bi(?:'m| am) sorry,? but i (?:can(?:no|')t|am unable)",
            r"\bi can(?:no|')t (?:assist|help) with (?:that|this)\b",
            r"^(?:sure|certainly|of course)[,!.]? (?:here(?:'s| is| are)|i(?:'ve| have))\b",
            r"\b(?:todo|tbd|fixme|xxx)\b\s*[:\]]",
            r"als (?:ein\w* )?(?:ki|künstliche intelligenz)[- ]?(?:sprach)?(?:modell)?\b,? (?:kann|bin|habe)",
            r"en tant qu['’](?:ia\b|intelligence artificielle|mod[eè]le de langage)",
            r"como (?:una? )?(?:ia\b|inteligencia artificial|modelo de lenguaje)|作为(?:一个)?(?:ai|人工智能)",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)
_SYNTAX: Final = re.compile(r"`[^`]*`|```.*?```|https?://\S+", re.DOTALL)


def check_text(text: str, order: Order, report: Report) -> None:
    """Check a text that is not empty."""
    report.measure("length", len(text.split()))
    if not any(unicodedata.category(character)[0] in "LNS" for character in text):
        report.find("blank", "blank: the text has no letter, number or symbol", hard=True, value=0, limit=1)
        return
    if not order.writes_words:
        return
    _check_length(text, order, report)
    _check_placeholders(text, order, report)
    _check_language(text, order, report)


def _check_length(text: str, order: Order, report: Report) -> None:
    words = len(text.split())
    for match in _LIMIT.finditer(order.prompt):
        number, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
        limit = int(re.sub(r"\D", "", number))
        size = words if unit.lower().startswith("word") else len(text)
        if limit >= 5 and size > limit * LONG_FACTOR:
            report.measure("too_long", size)
            report.find("too_long", f"too long: it has {size} {unit}; ordered were {limit}", value=size, limit=limit)
            return


def _check_placeholders(text: str, order: Order, report: Report) -> None:
    plain = _SYNTAX.sub(" ", text)
    asked = order.prompt.lower()
    found = [m for m in _PLACEHOLDERS.finditer(plain) if m[0].strip().lower() not in asked]
    report.measure("placeholder", len(found))
    if found:
        first = " ".join(found[0][0].split())[:60]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        report.find("placeholder", f"placeholder: it contains {first!r}{more}", value=len(found), limit=0)


def _check_language(text: str, order: Order, report: Report) -> None:
    found = detect_language(_SYNTAX.sub(" ", text))
    other = found is not None and not same_language(found.language, order.language)
    report.measure("language", float(other))
    if found and other and found.name.lower() not in order.prompt.lower():
        message = f"language: it reads like {found.name}; ordered was {language_name(order.language)}"
        report.find("language", message, value=found.confidence, limit=0)
