"""Extracted fields as planners get them: each value with its label and its page."""

from collections.abc import Sequence

from workflows.extraction.fields import Extraction, Field
from workflows.references.analysis import Part


def field_parts(extraction: Extraction) -> tuple[Part, ...]:
    """The fields that have a value, as parts of their reference; a row of a table is one part."""
    rows: dict[str, list[Field]] = {}
    for field in extraction.fields:
        if field.value is not None:
            rows.setdefault(".".join(field.path.split(".")[:2]), []).append(field)
    return tuple(_part(number, fields) for number, fields in enumerate(rows.values(), start=1))


def _part(number: int, fields: Sequence[Field]) -> Part:
    text = ", ".join(f"{each.label}: {each.shown}" for each in fields)
    return Part(
        part_id=f"field-{number}", kind="field", text=text[:8_000], page=fields[0].page, read_by=fields[0].read_by
    )
