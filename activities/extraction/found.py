"""A value that was read for a field, and how sure it is: its words, its type, and the places where they are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from activities.extraction.lines import Box
from workflows.extraction.fields import MAX_VALUE_CHARS, Field
from workflows.extraction.review import typed
from workflows.extraction.schema import FieldSpec
from workflows.extraction.values import Ambiguous, Notation

MISSING: Final = "the document has no value for it, or it was not found"
NO_WORDS: Final = "its words are not in the document"
AMBIGUOUS: Final = Decimal("0.6")
WRONG_TYPE: Final = Decimal("0.2")
UNFOUNDED: Final = Decimal("0.3")
SEVERAL: Final = Decimal("0.6")


@dataclass(frozen=True)
class Found:
    """A value as it is written in the document.

    Attributes:
        text: The value as it is written; what its type says is decided by `field_of`.
        quote: The words with it.
        problems: Why it is less sure, each with the most confidence that is left.
    """

    path: str
    text: str
    quote: str
    page: int | None = None
    box: Box = ()
    confidence: Decimal = Decimal("0.95")
    read_by: str = ""
    problems: tuple[tuple[str, Decimal], ...] = field(default=())


def field_of(spec: FieldSpec, found: Found, notation: Notation) -> Field:
    """The field with its exact value; what its type does not allow is no value, and lowers the confidence."""
    problems = list(found.problems)
    value: str | None = None
    currency = ""
    try:
        value, currency = typed(spec, found.text[:MAX_VALUE_CHARS], notation)
        if spec.type == "money" and not currency:
            problems.append(("its currency is not stated, or there are several", AMBIGUOUS))
    except Ambiguous as error:
        problems.append((str(error), AMBIGUOUS))
    except ValueError as error:
        problems.append((str(error), WRONG_TYPE))
    confidence = min([found.confidence, *(limit for _, limit in problems)])
    return Field(
        path=found.path,
        type=spec.type,
        label=spec.shown,
        value=value,
        currency=currency,
        confidence=confidence,
        read_confidence=confidence,
        page=found.page,
        quote=found.quote[:500],
        box=found.box,
        problems=tuple(text for text, _ in problems),
        required=spec.required,
        read_by=found.read_by,
    )


def with_missing(specs: Iterable[FieldSpec], fields: Iterable[Field]) -> list[Field]:
    """The fields in the order of their schema, with those that are required and were not found."""
    by_name: dict[str, list[Field]] = {}
    for each in fields:
        by_name.setdefault(each.path.partition(".")[0], []).append(each)
    ordered: list[Field] = []
    for spec in specs:
        ordered += by_name.get(spec.name, [])
        if spec.required and spec.name not in by_name and spec.type != "table":
            missing = {"path": spec.name, "type": spec.type, "label": spec.shown, "required": True}
            ordered.append(Field.model_validate({**missing, "problems": (MISSING,)}))
    return ordered
