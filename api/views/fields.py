"""The extracted fields of a document, with their places, and what waits for a review."""

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from api.views.production import View, production_path
from workflows.events import Snapshot
from workflows.extraction.fields import Extraction, ReviewItem, RuleResult
from workflows.extraction.fields import Field as ExtractedField
from workflows.extraction.review import to_review
from workflows.references.analysis import source_of


class FieldView(View):
    """One field."""

    path: str = Field(description="The name; for a cell table.row.column, with rows from 1")
    label: str
    type: str
    value: str | None = Field(description="Exact: decimal text, a date as 2026-11-29, true or false; null: none")
    currency: str = ""
    confidence: Decimal
    source: str = Field(description="reference-2 p. 3")
    page: int | None = None
    quote: str = Field(default="", description="The words of the document that it was read from")
    box: tuple[float, ...] = Field(
        default=(), description="Their place on the page: left, top, right, bottom as parts of its size; may be empty"
    )
    picture_url: str | None = Field(default=None, description="The picture of the page")
    problems: tuple[str, ...] = ()
    waiting: str = Field(default="", description="Why it waits for a review; empty if it does not")
    read_by: str = ""
    original: str | None = Field(default=None, description="As it was read, if a person changed it")
    reviewed_by: str = ""
    reviewed_at: datetime | None = None


class FieldsView(View):
    """Everything that was extracted from one document."""

    reference: int
    name: str
    kind: str = Field(description="The preset of its kind, or schema")
    kind_confidence: Decimal
    threshold: Decimal
    fields: tuple[FieldView, ...]
    rules: tuple[RuleResult, ...] = ()
    waiting: tuple[ReviewItem, ...] = Field(default=(), description="What waits for a review")
    unread: tuple[str, ...] = Field(default=(), description="What was not read, and what would enable it")
    models: tuple[str, ...] = Field(default=(), description="provider/model; empty if this machine read it")


def fields_view(snapshot: Snapshot, extraction: Extraction) -> FieldsView:
    waiting = to_review(extraction)
    reasons = {each.item: each.reason for each in waiting}
    path = f"{production_path(snapshot.production_id)}/references/{extraction.reference}/files"
    return FieldsView(
        reference=extraction.reference,
        name=extraction.name,
        kind=extraction.kind,
        kind_confidence=extraction.kind_confidence,
        threshold=extraction.threshold,
        fields=tuple(_field(extraction, each, path, reasons.get(each.path, "")) for each in extraction.fields),
        rules=extraction.rules,
        waiting=tuple(waiting),
        unread=extraction.unread,
        models=extraction.models,
    )


def _field(extraction: Extraction, field: ExtractedField, path: str, waiting: str) -> FieldView:
    picture = extraction.pages.get(field.page or 1)
    return FieldView(
        path=field.path,
        label=field.label,
        type=field.type,
        value=field.value,
        currency=field.currency,
        confidence=field.confidence,
        source=source_of(extraction.reference, f"p. {field.page}" if field.page else ""),
        page=field.page,
        quote=field.quote,
        box=field.box,
        picture_url=f"{path}/{picture.rpartition('/')[2]}" if picture else None,
        problems=field.problems,
        waiting=waiting,
        read_by=field.read_by,
        original=field.original,
        reviewed_by=field.reviewed_by,
        reviewed_at=field.reviewed_at,
    )
