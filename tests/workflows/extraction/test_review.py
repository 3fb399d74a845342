"""Schemas of fields, and what people review and correct."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from workflows.brief import Reference
from workflows.extraction.fields import Extract, Extraction, Field, FieldChange, RuleResult
from workflows.extraction.review import ReviewRefused, checked, reviewed, summary_of, to_review
from workflows.extraction.schema import FieldSpec
from workflows.references.kinds import Use

NOW = datetime(2026, 11, 29, tzinfo=UTC)
MONEY = {"type": "string", "format": "money"}


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"json_schema": {"type": "array"}}, "json_schema.type: write"),
        ({"json_schema": schema()}, "json_schema.properties: name at least one"),
        ({"json_schema": schema(a={"$ref": "x"})}, "json_schema.properties.a.\\$ref: this keyword is not supported"),
        (
            {"json_schema": schema(a={"type": "string", "pattern": "(a+)+$"})},
            "a.pattern: this keyword is not supported",
        ),
        ({"json_schema": schema(a={"type": "object"})}, "json_schema.properties.a.type: use string"),
        ({"json_schema": schema(a={"type": "string", "format": "email"})}, "a.format: use date or money"),
        ({"json_schema": schema(**{"a b": {}})}, "a name has letters"),
        ({"json_schema": schema(**{f"f{n}": {} for n in range(101)})}, "it has 101 fields"),
        ({"json_schema": {**schema(a={}), "required": ["b"]}}, "json_schema.required"),
        ({"json_schema": schema(a={}), "preset": "invoice"}, "either a preset or a schema"),
        ({"preset": "invoice", "rules": ["total = 1"]}, r"rules.0: unexpected '='; write == to compare at position 7"),
        ({"preset": "invoice", "rules": ["totl == 1"]}, r"rules.0: unknown field 'totl'"),
        ({"rules": ["total == 1"]}, "name a preset"),
        ({"preset": "menu"}, "Input should be"),
    ],
)
def test_what_cannot_be_extracted_is_refused_before_anything_starts(given: dict[str, Any], message: str) -> None:
    """A schema or a rule that cannot be used is refused with its place and the remedy."""
    with pytest.raises(ValidationError, match=message):
        Extract.model_validate(given)


def test_only_a_reference_with_that_use_is_extracted() -> None:
    """Fields for a reference with another use are refused, with its use."""
    with pytest.raises(ValidationError, match="use 'extract'"):
        Reference(source="stored:references/a", use=Use.STYLE, extract=Extract())


def invoice(total: str = "120.00") -> Extraction:
    """An extraction whose total is wrong by one."""
    specs = (
        FieldSpec(name="net", type="money"),
        FieldSpec(name="total", type="money"),
        FieldSpec(name="day", type="date"),
    )
    sure = {"confidence": Decimal("0.95"), "read_confidence": Decimal("0.95"), "currency": "EUR", "type": "money"}
    fields = (Field(path="net", value="119.00", **sure), Field(path="total", value=total, **sure))
    return checked(
        Extraction(
            reference=1,
            kind="schema",
            specs=specs,
            fields=fields,
            rules=(RuleResult(rule_id="rule-1", text="total == net"),),
        )
    )


def test_a_failed_rule_lowers_the_confidence_of_its_fields() -> None:
    """The rule waits for a person, its fields are uncertain, and both are restored by a correction that names who."""
    before = invoice()
    assert [item.item for item in to_review(before)] == ["rule-1"]
    assert {f.confidence for f in before.fields} == {Decimal("0.5")}
    after = reviewed(before, [FieldChange(path="total", value="119,00 €")], [], "Ada", NOW)
    assert to_review(after) == []
    net, total = after.fields
    assert (total.value, total.currency, total.original, total.reviewed_by) == ("119.00", "EUR", "120.00 EUR", "Ada")
    assert (total.confidence, net.confidence) == (Decimal(1), Decimal("0.95"))
    again = reviewed(after, [FieldChange(path="total", value="119.00")], [], "Bob", NOW)
    assert (again.fields[1].original, again.fields[1].reviewed_by) == ("120.00 EUR", "Bob")


def test_a_person_may_accept_what_is_wrong() -> None:
    """A rule that fails in the document itself is accepted with the person's name, and then nothing waits."""
    after = reviewed(invoice(), [], ["*"], "Ada", NOW)
    assert to_review(after) == []
    assert (after.rules[0].accepted_by, after.rules[0].outcome) == ("Ada", "failed")
    assert summary_of(after, "k", "d").waiting == 0


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("nothing", "1", "there is no field 'nothing'"),
        ("total", "much", "is no number"),
        ("day", "2026-02-30", "is no date of the calendar; write e.g. 2026-11-29"),
        ("total.1", "1", "there is no field"),
    ],
)
def test_an_impossible_correction_is_refused(path: str, value: str, message: str) -> None:
    """A value that the type does not allow, or an unknown field, is refused with its name."""
    with pytest.raises(ReviewRefused, match=message):
        reviewed(invoice(), [FieldChange(path=path, value=value)], [], "Ada", NOW)


def test_a_person_adds_a_field_that_was_not_found() -> None:
    """A field of the schema without a value gets one."""
    after = reviewed(invoice("119.00"), [FieldChange(path="day", value="4 March 2026")], [], "Ada", NOW)
    assert [(f.path, f.value) for f in after.fields][-1] == ("day", "2026-03-04")
