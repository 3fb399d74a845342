"""The fields of one document: its kind, its values with their places, and the outcome of its rules."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from activities.extraction.found import SEVERAL, Found, field_of, with_missing
from activities.extraction.kinds import Kind, kind_of
from activities.extraction.labels import LabelReader, pairs
from activities.extraction.lines import Line, text_of
from activities.extraction.models import Stages
from activities.extraction.questions import is_cut
from workflows.extraction.fields import MAX_FIELDS, Extract, Extraction, Field, RuleResult
from workflows.extraction.presets import PRESETS
from workflows.extraction.review import checked, spec_of, typed
from workflows.extraction.schema import FieldSpec, specs_of
from workflows.extraction.values import Notation

SCHEMA: Final = "schema"
"""The kind of a document whose fields a JSON schema gives."""
MAX_FORM_FIELDS: Final = 80
_BY_LABEL: Final = (
    "values without a label, such as those in sentences; a model reads them: set OPENAI_API_KEY, ANTHROPIC_API_KEY or "
    "GOOGLE_API_KEY in the worker's environment"
)
_SURE: Final = Decimal("0.9")


async def extract(
    number: int, wanted: Extract, name: str, lines: Sequence[Line], pages: Mapping[int, str], stages: Stages
) -> Extraction:
    """The checked extraction; fields that no model reads are read by their labels.

    Raises:
        ApplicationError: the activity has to be retried.
    """
    kind = await _kind(wanted, lines, stages)
    specs, rules = _wanted(wanted, kind.name)
    notation = Notation.of(text_of(lines))
    answer = await stages.fields(specs, lines) if lines else None
    if not specs:
        specs, found = _form(answer, lines)
    else:
        local = LabelReader(specs, notation).read(lines)
        found = local if answer is None else _compared(answer, local, specs, notation)
    shell = Extraction(reference=number, kind=kind.name, specs=tuple(specs))
    fields = [field_of(spec, each, notation) for each in found if (spec := spec_of(shell, each.path))]
    extraction = Extraction(
        reference=number,
        name=name,
        kind=kind.name,
        kind_confidence=kind.confidence,
        specs=tuple(specs),
        rules=tuple(RuleResult(rule_id=f"rule-{n}", text=text) for n, text in enumerate(rules, start=1)),
        threshold=wanted.threshold,
        fields=tuple(_ordered(with_missing(specs, fields))[:MAX_FIELDS]),
        pages=dict(pages),
        unread=tuple(_unread(answer, lines, stages)),
        models=tuple(stages.models),
    )
    return checked(extraction)


async def _kind(wanted: Extract, lines: Sequence[Line], stages: Stages) -> Kind:
    if wanted.json_schema is not None:
        return Kind(SCHEMA, Decimal(1))
    if wanted.preset != "auto":
        return Kind(wanted.preset, Decimal(1))
    return (await stages.kind(lines) if lines else None) or kind_of(lines)


def _wanted(wanted: Extract, kind: str) -> tuple[Sequence[FieldSpec], Sequence[str]]:
    if wanted.json_schema is not None:
        return specs_of(wanted.json_schema), wanted.rules
    return PRESETS[kind].fields, (*PRESETS[kind].rules, *wanted.rules)


def _form(answer: Sequence[Found] | None, lines: Sequence[Line]) -> tuple[list[FieldSpec], list[Found]]:
    """The fields of a form: each labelled value is one, as text."""
    given = [(f.path, f) for f in answer] if answer is not None else list(pairs(lines))
    specs: dict[str, FieldSpec] = {}
    found: list[Found] = []
    for label, each in given[:MAX_FORM_FIELDS]:
        name = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:50] or "field"
        name = f"field_{name}" if name[0].isdigit() else name
        name = name if name not in specs else f"{name}_{len(specs) + 1}"
        specs[name] = FieldSpec(name=name, label=label[:100])
        found.append(replace(each, path=name))
    return list(specs.values()), found


def _compared(
    answer: Sequence[Found], local: Sequence[Found], specs: Sequence[FieldSpec], notation: Notation
) -> list[Found]:
    """A model's values; less sure where the label of the document has another value. Those that it left out are read by
    their labels."""
    labelled = {f.path: f for f in local if _is_sure(f)}
    types = {spec.name: spec for spec in specs}
    given = [_against(each, labelled.get(each.path), types.get(each.path), notation) for each in answer]
    return given + _left_out(answer, local, types)


def _left_out(answer: Sequence[Found], local: Sequence[Found], types: Mapping[str, FieldSpec]) -> list[Found]:
    """The fields without an answer, by their labels; of fields that are not required, only the sure ones."""
    answered = {each.path.partition(".")[0] for each in answer}
    by_name: dict[str, list[Found]] = {}
    for each in local:
        if (name := each.path.partition(".")[0]) in types and name not in answered:
            by_name.setdefault(name, []).append(each)
    kept = (found for name, found in by_name.items() if types[name].required or all(map(_is_sure, found)))
    return [each for found in kept for each in found]


def _is_sure(found: Found) -> bool:
    return found.confidence >= _SURE and not found.problems


def _against(found: Found, labelled: Found | None, spec: FieldSpec | None, notation: Notation) -> Found:
    if labelled is None or spec is None or spec.type == "string":
        return found
    try:
        same = typed(spec, found.text, notation) == typed(spec, labelled.text, notation)
    except ValueError:
        return found
    problem = f"next to its label the document has {labelled.text[:60]!r}"
    return found if same else replace(found, problems=(*found.problems, (problem, SEVERAL)))


def _ordered(fields: Sequence[Field]) -> list[Field]:
    """Cells row by row."""

    def place(field: Field) -> int:
        parts = field.path.split(".")
        return int(parts[1]) if len(parts) == 3 else 0

    groups: dict[str, list[Field]] = {}
    for field in fields:
        groups.setdefault(field.path.partition(".")[0], []).append(field)
    return [field for group in groups.values() for field in sorted(group, key=place)]


def _unread(answer: Sequence[Found] | None, lines: Sequence[Line], stages: Stages) -> list[str]:
    found = list(stages.failures)
    if answer is None and lines:
        limit = f"it costs up to {stages.waiting_usd:f} USD, above the limit; allow that price"
        found.append(_BY_LABEL if not stages.waiting_usd else f"{_BY_LABEL.partition(';')[0]}: {limit}")
    if answer is not None and is_cut(lines):
        found.append("the end of the document, which is longer than a question; give the pages that matter")
    return found
