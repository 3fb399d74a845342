"""The files of extracted fields: JSON with everything, CSV with a row for each field, and texts for a page.

No number becomes a binary fraction: numbers are decimal texts, and money has its currency.
"""

import csv
import io
import json
from collections.abc import Sequence

from pydantic import JsonValue

from activities.finishing.document import Section, inline
from workflows.extraction.fields import Extraction, Field, RuleResult

COLUMNS = (
    "document", "kind", "field", "label", "type", "value", "currency", "confidence", "page", "words", "problems",
    "reviewed_by", "original",
)  # fmt: skip


def json_text(extractions: Sequence[Extraction]) -> str:
    """The documents with their values as one object each, and with the places of all fields."""
    documents: list[JsonValue] = [_document(each) for each in extractions]
    return json.dumps({"documents": documents}, ensure_ascii=False, indent=1) + "\n"


def _document(extraction: Extraction) -> dict[str, JsonValue]:
    kept = {"value", "path", "type", "label", "currency", "page", "quote", "box", "problems", "original", "reviewed_by"}
    fields = [
        field.model_dump(mode="json", include=kept, exclude_defaults=True)
        | {"path": field.path, "value": field.value, "confidence": f"{field.confidence:f}"}
        | ({"reviewed_at": field.reviewed_at.isoformat()} if field.reviewed_at else {})
        for field in extraction.fields
    ]
    return {
        "reference": f"reference-{extraction.reference}",
        "name": extraction.name,
        "kind": extraction.kind,
        "sha256": extraction.media_sha256,
        "values": values_of(extraction),
        "fields": list(fields),
        "rules": [rule.model_dump(mode="json", exclude_defaults=True) for rule in extraction.rules],
        "not_read": list(extraction.unread),
        "models": list(extraction.models),
    }


def values_of(extraction: Extraction) -> dict[str, JsonValue]:
    """The values in the form of the schema: fields by name, tables as lists of rows; null where there is none."""
    values: dict[str, JsonValue] = {}
    for spec in extraction.specs:
        values[spec.name] = [] if spec.type == "table" else None
    rows: dict[tuple[str, str], dict[str, JsonValue]] = {}
    for field in extraction.fields:
        parts = field.path.split(".")
        if len(parts) == 3:
            rows.setdefault((parts[0], parts[1]), {})[parts[2]] = _value(field)
        else:
            values[field.path] = _value(field)
    for (table, _), row in rows.items():
        listed = values.get(table)
        assert isinstance(listed, list)
        listed.append(row)
    return values


def _value(field: Field) -> JsonValue:
    if field.value is None:
        return None
    if field.type == "money":
        return {"amount": field.value, "currency": field.currency}
    return field.value == "true" if field.type == "boolean" else field.value


def csv_text(extractions: Sequence[Extraction]) -> str:
    """A row for each field. A text that a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in extractions:
        for f in each.fields:
            value = f.value or ""
            numeric = f.type in ("money", "number", "integer")
            writer.writerow(
                [
                    *map(_harmless, (each.name or f"reference-{each.reference}", each.kind, f.path, f.label)),
                    f.type,
                    value if numeric else _harmless(value),
                    f.currency,
                    f"{f.confidence:f}",
                    f.page or "",
                    *map(_harmless, (f.quote, "; ".join(f.problems), f.reviewed_by, f.original or "")),
                ]
            )
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def sections_of(extractions: Sequence[Extraction]) -> list[Section]:
    """A readable table of each document: value, confidence and source."""
    return [Section("markdown", each.name or f"reference-{each.reference}", _table(each)) for each in extractions]


def _table(extraction: Extraction) -> str:
    name = extraction.name or f"reference-{extraction.reference}"
    lines = [f"## {inline(name)}", "", f"Kind: {extraction.kind.replace('_', ' ')}", ""]
    lines += ["| Field | Value | Confidence | Source |", "|---|---|---|---|"]
    for field in extraction.fields:
        lines.append(f"| {_named(field)} | {inline(field.shown) or '–'} | {_sure(field)} | {_source(field)} |")
    lines += ["", *(_rule(rule) for rule in extraction.rules if rule.outcome != "not applicable")]
    lines += [f"- Not read: {inline(each)}" for each in extraction.unread]
    return "\n".join(lines)


def _named(field: Field) -> str:
    row = field.path.split(".")[1:2]
    return inline(f"{field.label} {row[0]}" if row else field.label)


def _sure(field: Field) -> str:
    if field.reviewed_by:
        was = f" (read: {inline(field.original)})" if field.original else ""
        return f"reviewed by {inline(field.reviewed_by)}{was}"
    return f"{field.confidence:.0%}"


def _source(field: Field) -> str:
    page = f"p. {field.page}" if field.page else ""
    quote = f"“{inline(field.quote[:120])}”" if field.quote else ""
    return ", ".join(filter(None, (page, quote))) or "–"


def _rule(rule: RuleResult) -> str:
    by = f", accepted by {inline(rule.accepted_by)}" if rule.accepted_by else ""
    why = f": {inline(rule.message)}" if rule.message else ""
    return f"- Rule {inline(rule.text)}: {rule.outcome}{why}{by}"
