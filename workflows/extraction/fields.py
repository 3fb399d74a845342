"""What was extracted from a document: fields with their places, rules with their outcomes, and what people review. Pure
data.

An Extraction is an object in the bucket. The workflow keeps an ExtractionSummary: its key, and what waits for a person.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field as Described
from pydantic import JsonValue, StringConstraints, model_validator

from workflows.base import Model
from workflows.extraction.presets import PRESETS, Preset
from workflows.extraction.schema import FieldSpec, FieldType, SchemaError, check_rules, specs_of

MAX_VALUE_CHARS: Final = 2_000
MAX_FIELDS: Final = 3_000
"""Of one document, each cell of its tables included."""
MAX_REVIEWED: Final = 30
"""Entries that the workflow keeps of what waits for a person; the extraction has all."""
REVIEWED_CHARS: Final = 160
THRESHOLD: Final = Decimal("0.8")
RuleOutcome = Literal["passed", "failed", "not applicable"]
RuleText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
ItemId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,199}$")]
KIND: Final = "kind"
"""The id under which a person confirms the kind of a document."""


class Extract(Model):
    """What to extract from a reference with the use `extract`."""

    preset: Preset = Described(default="auto", description="auto: by the kind of the document, which is decided first")
    json_schema: dict[str, JsonValue] | None = Described(
        default=None,
        description="Instead of a preset: a JSON schema of an object with string, number, integer, boolean, date and "
        "money fields (format: date or money), and tables (an array of objects). `labels` lists how documents name a "
        "field, for reading without a model",
        examples=[{"type": "object", "properties": {"total": {"type": "string", "format": "money"}}}],
    )
    rules: tuple[RuleText, ...] = Described(
        default=(),
        description="Rules in addition to those of the preset",
        examples=[["total == sum(line_items.amount)"]],
    )
    threshold: Decimal = Described(
        default=THRESHOLD, ge=0, le=1, description="A field with a lower confidence waits for a person"
    )

    @model_validator(mode="after")
    def _usable(self) -> "Extract":
        try:
            _check(self)
        except SchemaError as error:
            raise ValueError(str(error)) from None
        return self


def _check(wanted: Extract) -> None:
    """
    Raises:
        SchemaError: the schema or a rule cannot be used.
    """
    template = PRESETS.get(wanted.preset)
    if wanted.json_schema is not None:
        if wanted.preset != "auto":
            raise SchemaError("json_schema: give either a preset or a schema, not both")
        check_rules(wanted.rules, specs_of(wanted.json_schema))
    elif template and template.fields:
        check_rules(wanted.rules, template.fields)
    elif wanted.rules:
        message = f"rules: the fields of {wanted.preset!r} are not known before; name a preset, or give a schema"
        raise SchemaError(message)


class Field(Model):
    """One extracted value, with the place and the words that it was read from."""

    path: ItemId = Described(description="The name; for a cell table.row.column, with rows from 1")
    type: FieldType = "string"
    label: str = ""
    value: str | None = Described(
        default=None,
        description="Exact: a number as decimal text, a date as 2026-11-29, true or false; null: not found",
    )
    currency: str = Described(default="", description="Of money: an ISO 4217 code")
    confidence: Decimal = Described(default=Decimal(0), description="From 0 to 1, after all checks")
    read_confidence: Decimal = Described(default=Decimal(0), description="Before the rules")
    page: int | None = None
    quote: str = Described(default="", description="The words of the document that it was read from")
    box: tuple[float, ...] = Described(
        default=(), description="Their place on the page: left, top, right, bottom as parts of its size; empty: unknown"
    )
    problems: tuple[str, ...] = Described(default=(), description="Why its confidence is lower")
    required: bool = False
    read_by: str = Described(default="", description="provider/model; empty if this machine read it")
    original: str | None = Described(default=None, description="Its value before a person's correction")
    reviewed_by: str = ""
    reviewed_at: datetime | None = None

    @property
    def shown(self) -> str:
        return f"{self.value} {self.currency}".strip() if self.value is not None else ""


class RuleResult(Model):
    """The outcome of one rule."""

    rule_id: str
    text: str
    outcome: RuleOutcome = "not applicable"
    message: str = ""
    paths: tuple[str, ...] = Described(
        default=(), description="The fields that it is about; a table stands for its cells"
    )
    accepted_by: str = ""
    accepted_at: datetime | None = None


class Extraction(Model):
    """Everything that was extracted from one document."""

    reference: int = Described(ge=1)
    name: str = ""
    kind: str = Described(description="The preset of its kind, or schema")
    kind_confidence: Decimal = Decimal(1)
    kind_reviewed_by: str = ""
    specs: tuple[FieldSpec, ...] = ()
    rules: tuple[RuleResult, ...] = ()
    threshold: Decimal = THRESHOLD
    fields: tuple[Field, ...] = Described(default=(), max_length=MAX_FIELDS)
    pages: dict[int, str] = Described(default_factory=dict, description="Page -> the object key of its picture")
    unread: tuple[str, ...] = Described(default=(), description="What was not read, with what would enable it")
    models: tuple[str, ...] = Described(
        default=(), description="provider/model of classification and extraction, if paid"
    )
    media_sha256: str = ""


class ReviewItem(Model):
    """Something that waits for a person: a field, a rule, or the kind of the document."""

    item: str
    reason: str = ""


class ExtractionSummary(Model):
    """What the workflow keeps of an extraction."""

    key: str = Described(description="The object key of the extraction")
    digest: str
    kind: str
    fields: int = 0
    review: tuple[ReviewItem, ...] = Described(default=(), description="What waits for a person, the first ones")
    waiting: int = Described(default=0, description="How many wait in all")
    reviews: int = Described(default=0, description="How often people have reviewed it")


class FieldChange(Model):
    """A correction of one field."""

    path: ItemId
    value: Annotated[str, StringConstraints(max_length=MAX_VALUE_CHARS)] | None = Described(
        description="What it is, as a document would write it or exact; null: the document has none"
    )
