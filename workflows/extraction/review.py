"""The checks of an extraction, and what people change in it. Pure: equal inputs give equal results."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from workflows.extraction.evaluation import Scalar, Value, evaluate
from workflows.extraction.fields import (
    KIND,
    MAX_REVIEWED,
    REVIEWED_CHARS,
    Extraction,
    ExtractionSummary,
    Field,
    FieldChange,
    ReviewItem,
    RuleResult,
)
from workflows.extraction.rules import parse_rule
from workflows.extraction.schema import FieldSpec
from workflows.extraction.values import Amount, Notation, parse_amount, parse_date, parse_number
from workflows.models import Model, Person

FAILED_RULE: Final = Decimal("0.5")
"""The most confidence of a field of a rule that fails."""
_TRUE: Final = frozenset({"true", "yes", "ja", "oui", "sí", "si", "x", "☒", "☑", "✓", "1"})
_FALSE: Final = frozenset({"false", "no", "nein", "non", "☐", "0"})


class ReviewRefused(ValueError):
    """A change of an extraction that is not possible; the message names the field and the remedy."""


def typed(spec: FieldSpec, text: str, notation: Notation) -> tuple[str, str]:
    """The exact value and the currency that a text means for a field.

    Raises:
        Ambiguous: it could mean several.
        ValueError: it is no value of this type, or not one that the schema allows.
    """
    match spec.type:
        case "money":
            amount = parse_amount(text, notation)
            _check_bounds(spec, amount.amount)
            return f"{amount.amount:f}", amount.currency
        case "number" | "integer":
            number = parse_number(text, notation.mark)
            if spec.type == "integer" and number != number.to_integral_value():
                raise ValueError(f"{text[:60]!r} is no whole number")
            _check_bounds(spec, number)
            return f"{number.to_integral_value() if spec.type == 'integer' else number:f}", ""
        case "date":
            return parse_date(text, notation.order).isoformat(), ""
        case "boolean":
            word = text.strip().casefold()
            if word not in _TRUE | _FALSE:
                raise ValueError(f"{text[:60]!r} is neither yes nor no")
            return ("true" if word in _TRUE else "false"), ""
    value = " ".join(text.split())
    if spec.choices and value not in spec.choices:
        same = [choice for choice in spec.choices if choice.casefold() == value.casefold()]
        if not same:
            raise ValueError(f"{value[:60]!r} is none of {', '.join(spec.choices[:10])}")
        value = same[0]
    return value, ""


def _check_bounds(spec: FieldSpec, number: Decimal) -> None:
    if spec.minimum is not None and number < spec.minimum:
        raise ValueError(f"{number:f} is less than {spec.minimum:f}")
    if spec.maximum is not None and number > spec.maximum:
        raise ValueError(f"{number:f} is more than {spec.maximum:f}")


def spec_of(extraction: Extraction, path: str) -> FieldSpec | None:
    """The specification of a field, or of a table's cell."""
    head, _, rest = path.partition(".")
    spec = next((s for s in extraction.specs if s.name == head), None)
    if spec is None or not rest:
        return spec
    column = rest.partition(".")[2]
    return next((c for c in spec.columns if c.name == column), None)


def checked(extraction: Extraction) -> Extraction:
    """The extraction with the outcomes of its rules, and the confidence that follows from them."""
    values = _values(extraction)
    rules = tuple(_result(rule, values) for rule in extraction.rules)
    failing = [r for r in rules if r.outcome == "failed" and not r.accepted_by]
    fields = tuple(_after(field, failing) for field in extraction.fields)
    return extraction.model_copy(update={"rules": rules, "fields": fields})


def _result(rule: RuleResult, values: Mapping[str, Value]) -> RuleResult:
    node = parse_rule(rule.text)
    outcome, message = evaluate(node, values)
    return rule.model_copy(update={"outcome": outcome, "message": message, "paths": tuple(dict.fromkeys(node.names))})


def _after(field: Field, failing: Iterable[RuleResult]) -> Field:
    """The field with its confidence after the rules; a reviewed one is certain."""
    if field.reviewed_by:
        return field.model_copy(update={"confidence": Decimal(1), "problems": ()})
    name = column_name(field.path)
    failed = any(name in rule.paths or name.partition(".")[0] in rule.paths for rule in failing)
    confidence = min(field.read_confidence, FAILED_RULE) if failed else field.read_confidence
    return field.model_copy(update={"confidence": confidence})


def column_name(path: str) -> str:
    """total -> total; line_items.3.amount -> line_items.amount."""
    parts = path.split(".")
    return f"{parts[0]}.{parts[2]}" if len(parts) == 3 else path


def _values(extraction: Extraction) -> dict[str, Value]:
    values: dict[str, Value] = {}
    by_path = {field.path: field for field in extraction.fields}
    for spec in extraction.specs:
        if spec.type != "table":
            field = by_path.get(spec.name)
            values[spec.name] = _scalar(field) if field else None
            continue
        rows = row_numbers(extraction, spec.name)
        for column in spec.columns:
            cells = (by_path.get(f"{spec.name}.{row}.{column.name}") for row in rows)
            found = tuple(_scalar(cell) if cell else None for cell in cells)
            values[f"{spec.name}.{column.name}"] = found if any(each is not None for each in found) else None
        values[spec.name] = tuple(Decimal(row) for row in rows) or None
    return values


def row_numbers(extraction: Extraction, table: str) -> list[int]:
    """The rows of a table, from 1."""
    heads = (field.path.split(".") for field in extraction.fields if field.path.startswith(f"{table}."))
    return sorted({int(parts[1]) for parts in heads if len(parts) == 3 and parts[1].isdigit()})


def _scalar(field: Field) -> Scalar:
    if field.value is None:
        return None
    match field.type:
        case "money":
            return Amount(Decimal(field.value), field.currency)
        case "number" | "integer":
            return Decimal(field.value)
        case "date":
            return date.fromisoformat(field.value)
        case "boolean":
            return field.value == "true"
    return field.value


def to_review(extraction: Extraction) -> list[ReviewItem]:
    """What waits for a person: an uncertain kind, uncertain fields, and rules that fail."""
    found = []
    if extraction.kind_confidence < extraction.threshold and not extraction.kind_reviewed_by:
        reason = f"no preset clearly fits this document; {extraction.kind} is the nearest"
        found.append(ReviewItem(item=KIND, reason=reason))
    for field in extraction.fields:
        if not field.reviewed_by and field.read_confidence < extraction.threshold:
            reason = "; ".join(field.problems) or f"read with a confidence of {field.read_confidence}"
            found.append(ReviewItem(item=field.path, reason=f"{field.shown or 'no value'}: {reason}"))
    failed = (rule for rule in extraction.rules if rule.outcome == "failed" and not rule.accepted_by)
    found += [ReviewItem(item=rule.rule_id, reason=f"{rule.text}: {rule.message}") for rule in failed]
    return found


def summary_of(extraction: Extraction, key: str, digest: str, reviews: int = 0) -> ExtractionSummary:
    waiting = to_review(extraction)
    shown = (each.model_copy(update={"reason": each.reason[:REVIEWED_CHARS]}) for each in waiting[:MAX_REVIEWED])
    return ExtractionSummary(
        key=key,
        digest=digest,
        kind=extraction.kind,
        fields=sum(field.value is not None for field in extraction.fields),
        review=tuple(shown),
        waiting=len(waiting),
        reviews=reviews,
    )


def reviewed(
    extraction: Extraction, changes: Sequence[FieldChange], accepted: Sequence[str], by: str, at: datetime
) -> Extraction:
    """The extraction after a person's review, checked again.

    Args:
        accepted: Ids of fields, rules and `kind` that are right as they are; '*' for everything that waits.

    Raises:
        ReviewRefused: an unknown field, or a value that its type does not allow.
    """
    names = {each.item for each in to_review(extraction)} if "*" in accepted else set(accepted)
    fields = {field.path: field for field in extraction.fields}
    for change in changes:
        fields[change.path] = _changed(extraction, fields.get(change.path), change, by, at)
    known = {*fields, KIND, *(rule.rule_id for rule in extraction.rules)}
    if unknown := sorted(names - known):
        raise ReviewRefused(f"accept: there is no field or rule {unknown[0]!r}; GET the fields for their names")
    for path in names & set(fields):
        if not fields[path].reviewed_by:
            fields[path] = fields[path].model_copy(update={"reviewed_by": by, "reviewed_at": at})
    rules = tuple(
        rule.model_copy(update={"accepted_by": by, "accepted_at": at}) if rule.rule_id in names else rule
        for rule in extraction.rules
    )
    kind = {"kind_reviewed_by": by} if KIND in names else {}
    ordered = tuple(sorted(fields.values(), key=lambda f: _place(extraction, f.path)))
    return checked(extraction.model_copy(update={"fields": ordered, "rules": rules, **kind}))


def _changed(extraction: Extraction, field: Field | None, change: FieldChange, by: str, at: datetime) -> Field:
    spec = spec_of(extraction, change.path)
    if spec is None or spec.type == "table" or (field is None and "." in change.path and not _is_cell(change.path)):
        raise ReviewRefused(f"changes: there is no field {change.path!r}; GET the fields for their names")
    before = field or Field(path=change.path, type=spec.type, label=spec.shown)
    value, currency = None, ""
    if change.value is not None:
        notation = Notation(currency=before.currency or _currency(extraction), mark="", order="")
        try:
            value, currency = _corrected(spec, change.value, notation)
        except ValueError as error:
            raise ReviewRefused(f"changes.{change.path}: {error}; write e.g. {_EXAMPLES[spec.type]}") from None
    original = before.original if before.reviewed_by else before.shown or None
    given = {"value": value, "currency": currency, "reviewed_by": by, "reviewed_at": at, "original": original}
    return before.model_copy(update=given)


_EXAMPLES: Final = {
    "money": "1234.50 EUR",
    "number": "1234.5",
    "integer": "12",
    "date": "2026-11-29",
    "boolean": "true",
    "string": "one of its choices",
}


def _corrected(spec: FieldSpec, text: str, notation: Notation) -> tuple[str, str]:
    """A person's value; plain decimals such as 1.234 are exact, because a person writes them for a machine."""
    exact = Notation(mark=".", order="dmy", currency=notation.currency)
    return typed(spec, text, notation if "," in text else exact)


def _is_cell(path: str) -> bool:
    parts = path.split(".")
    return len(parts) == 3 and parts[1].isdigit() and 1 <= int(parts[1]) <= 500


def _currency(extraction: Extraction) -> str:
    found = {field.currency for field in extraction.fields if field.currency}
    return found.pop() if len(found) == 1 else ""


def _place(extraction: Extraction, path: str) -> tuple[int, int, int]:
    """The place of a field in the order of the schema, its rows in theirs."""
    names = [spec.name for spec in extraction.specs]
    parts = path.split(".")
    place = names.index(parts[0]) if parts[0] in names else len(names)
    if len(parts) != 3:
        return place, 0, 0
    columns = [column.name for column in extraction.specs[place].columns] if place < len(names) else []
    column = columns.index(parts[2]) if parts[2] in columns else len(columns)
    return place, int(parts[1]), column


class ReviewExtraction(Model):
    """A person's review of the fields of one document."""

    production_id: str
    extraction: ExtractionSummary
    changes: tuple[FieldChange, ...] = ()
    accept: tuple[str, ...] = ()
    reviewer: Person
    at: datetime
