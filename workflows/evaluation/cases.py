"""The cases of an evaluation, as JSON Lines, and the models that make them. Pure data.

A line is {"prompt": "…"} with further fields of `Case`; `id` names the case, otherwise it has the number of its line.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field, JsonValue, StringConstraints, ValidationError

from workflows.base import Aspect, Language, MaybeSlug
from workflows.models import Modality, Model, ModelName, PromptText

MAX_CASES: Final = 1_000
MAX_MODELS: Final = 20
MAX_CELLS: Final = 5_000
"""Cases times models: 1,000 cases by 5 models run for hours, in about fifteen runs of the workflow."""
MAX_CASES_BYTES: Final = 900_000
"""Of all cases together: they are in one payload of the first run, whose limit is 2 MB, and in one request."""
NAMED_ERRORS: Final = 20

CaseId = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
]

ReferenceKey = Annotated[
    str, StringConstraints(max_length=300, pattern=r"^(stored:references/[A-Za-z0-9][A-Za-z0-9._-]*)?$")
]


class Expected(Model):
    """What a good take has, as far as a metric can compare it."""

    text: Annotated[str, StringConstraints(max_length=8_000)] = Field(
        default="", description="The words of a text, or those that a voice speaks; of a voice otherwise the prompt"
    )
    reference: ReferenceKey = Field(
        default="", description="A picture, video or recording that takes are compared with: its `stored:references/…`"
    )
    score: float | None = Field(
        default=None, ge=0, le=1, description="Of a case for the prompt `judge`: how good people find its `take`"
    )


class Case(Model):
    """One input that every model of its modality makes once."""

    case_id: CaseId
    line: int = Field(ge=1, description="Its place in the file")
    prompt: PromptText
    modality: Modality | None = Field(default=None, description="If absent, the one modality of all models")
    role: MaybeSlug = Field(default="", description="Of a sound: music, effects or ambience; otherwise it is spoken")
    language: Language = "en"
    aspect: Aspect = "16:9"
    parameters: dict[str, JsonValue] = Field(default_factory=dict, description="For every model")
    style: Annotated[str, StringConstraints(max_length=500)] = Field(
        default="", description="For prompts of Greenlight: the style or direction that goes with the prompt"
    )
    take: Annotated[str, StringConstraints(max_length=8_000)] = Field(
        default="", description="Of a case for the prompt `judge`: the text that is judged"
    )
    expected: Expected = Expected()


class ModelSpec(Model):
    """A model with its parameters, as the columns of the report name it: provider/model?name=value&name=value."""

    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    name: ModelName = Field(description="The model, with or without its provider in front")
    parameters: dict[str, JsonValue] = Field(default_factory=dict)


class LineError(ValueError):
    """A line is not a case; the message names the line, the field and the remedy."""


def parse_cases(text: str) -> tuple[Case, ...]:
    """The cases of a file of JSON Lines; empty lines are skipped.

    Raises:
        ExceptionGroup: of LineError, one for each of the first broken lines.
    """
    cases: list[Case] = []
    # Not `splitlines`, which would also split at U+2028, a character that a prompt may contain.
    lines = enumerate(text.removeprefix("\ufeff").split("\n"), start=1)
    filled = [(number, line) for number, line in lines if line.strip()]
    errors = [*_errors_of_count(len(filled))]
    for number, line in () if errors else filled:
        try:
            cases.append(_parse_line(number, line))
        except LineError as error:
            errors.append(error)
        if len(errors) == NAMED_ERRORS:
            break
    errors = errors or [*_errors_between(cases)]
    if errors:
        raise ExceptionGroup("the cases are not valid", errors[:NAMED_ERRORS])
    return tuple(cases)


def _errors_of_count(count: int) -> Iterator[LineError]:
    """Found before anything is parsed, which takes seconds for the most lines that fit into a request."""
    if not count:
        yield LineError('there is no case; write one JSON object per line, e.g. {"prompt": "A red boat"}')
    if count > MAX_CASES:
        yield LineError(f"there are {count:,} cases, and at most {MAX_CASES:,} are possible; split the file")


def _parse_line(number: int, line: str) -> Case:
    try:
        fields = json.loads(line, object_pairs_hook=given_once)
    except RecursionError:
        raise LineError(f"line {number}: is nested too deeply; write an object of few levels") from None
    except ValueError as error:
        raise LineError(f"line {number}: is not JSON ({error}); write one object per line") from None
    if not isinstance(fields, dict):
        raise LineError(f'line {number}: is not a JSON object; write one per line, e.g. {{"prompt": "A red boat"}}')
    if reserved := next((name for name in ("case_id", "line") if name in fields), None):
        raise LineError(f"line {number}: {reserved}: is no field of a case; name the case by `id`")
    name = fields.pop("id", number)
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise LineError(f"line {number}: id: is neither a text nor a whole number; name the case by one of them")
    try:
        case = Case.model_validate({**fields, "case_id": str(name), "line": number})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])).replace("case_id", "id") or "a name"
        own = ("id", *(f for f in Case.model_fields if f not in ("case_id", "line")))
        known = ", ".join(Expected.model_fields if first["loc"][:1] == ("expected",) else own)
        remedy = f"the fields are {known}" if first["type"] == "extra_forbidden" else "correct it"
        raise LineError(f"line {number}: {field}: {first['msg']}; {remedy}") from None
    if problem := _not_json(case.parameters):
        raise LineError(f"line {number}: parameters: {problem}; correct it")
    return case


def given_once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """An object of JSON, for `json.loads`; of two values of a field, none is known to be the intended one.

    Raises:
        ValueError: a field is given twice; the message names it.
    """
    fields = dict(pairs)
    if len(fields) < len(pairs):
        count = Counter(name for name, _ in pairs)
        raise ValueError(f"{next(name for name, times in count.items() if times > 1)!r} is given twice")
    return fields


def _not_json(value: JsonValue) -> str:
    """Why a value that Python reads as JSON cannot be written as JSON; empty if it can."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return "a text in it has half of a surrogate pair"
    except RecursionError:
        return "it is nested too deeply"
    except ValueError:
        return "a number in it is NaN or infinite"
    return ""


def _errors_between(cases: list[Case]) -> Iterator[LineError]:
    count = Counter(case.case_id for case in cases)
    first: dict[str, int] = {}
    for case in cases:
        if count[case.case_id] > 1 and first.setdefault(case.case_id, case.line) != case.line:
            before = first[case.case_id]
            yield LineError(f"line {case.line}: id: {case.case_id!r} is the id of line {before}; give each its own")


def parse_model(text: str) -> ModelSpec:
    """The model of e.g. "previz/previz-narration?rate=200"; a value is JSON, or otherwise a text.

    Raises:
        ValueError: a parameter has no value or two of them, or the name is none; the message names it.
    """
    label = text.strip()
    name, _, query = label.partition("?")
    parameters: dict[str, JsonValue] = {}
    for part in filter(None, query.split("&")):
        key, equals, value = part.partition("=")
        if not key or not equals:
            raise ValueError(f"{label!r}: the parameter {part!r} has no value; write name=value")
        if key in parameters:
            raise ValueError(f"{label!r}: the parameter {key!r} is given twice; keep one")
        parameters[key] = _value(value)
    if not name:
        raise ValueError(f"{label!r} names no model; write provider/model, e.g. previz/previz-storyboard")
    try:
        return ModelSpec(label=label, name=name, parameters=parameters)
    except ValidationError as error:
        raise ValueError(f"{label[:100]!r}: {error.errors()[0]['msg']}; write provider/model?name=value") from None


def _value(text: str) -> JsonValue:
    try:
        found: JsonValue = json.loads(text, object_pairs_hook=given_once)
    except (ValueError, RecursionError):
        return text
    return text if _not_json(found) else found
