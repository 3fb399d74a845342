"""Extracts the text or JSON of a language model's response from thoughts, fences, prose and a byte order mark."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from activities.text.patterns import Pattern
from activities.text.valid_unicode import valid, valid_json

_TAGS: Final = "think|thinking|thought|thoughts|reasoning"
_THOUGHTS: Final = Pattern(
    rf"^[ ]{{0,3}}(?P<fence>`{{3,}}|~{{3,}}).*?^[ ]{{0,3}}(?P=fence)[ \t]*$"  # a code block, which stays as it is
    rf"|(?P<thoughts>^[ \t]*[<\[](?P<tag>{_TAGS})[>\]].*?[<\[]/(?P=tag)[ \t]*[>\]])",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_THOUGHTS_BEFORE: Final = Pattern(
    rf"\A.*(?:^[ \t]*</(?:{_TAGS})>|</(?:{_TAGS})>[ \t]*$)", re.DOTALL | re.IGNORECASE | re.MULTILINE
)
"""A chat template often has the opening tag in the prompt, so that the response has only the closing one."""
_THOUGHTS_TO_THE_END: Final = Pattern(rf"\A<(?:{_TAGS})>.*\Z", re.DOTALL | re.IGNORECASE)
_MARKS: Final = Pattern(rf"[<\[](?:{_TAGS})[>\]]|^[ ]{{0,3}}(?:`{{3}}|~{{3}})", re.IGNORECASE | re.MULTILINE)
_FENCED: Final = Pattern(r"\A(?P<fence>`{3,}|~{3,})[^\n`]*\n(?P<text>.*)\n[ ]{0,3}(?P=fence)[ \t]*\Z", re.DOTALL)
_FENCE: Final = Pattern(r"^[ ]{0,3}(?:`{3,}|~{3,})[ \t]*([^\n`]*)$", re.MULTILINE)

MAX_MARKS: Final = 1_000
"""Of thoughts and code blocks: a text with more of them is meant to waste time."""
MAX_BRACES: Final = 200
"""Opening braces that are tried as the start of a JSON object."""

M = TypeVar("M", bound=BaseModel)


def text_of(answer: str) -> str:
    """The text of a response: valid Unicode, without thoughts, and without a fence around the whole text."""
    return _without_fence(_without_thoughts(valid(answer)))


def read_as(model: type[M], answer: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> M:
    """The record in a response, whatever text surrounds it and whatever additional fields it has.

    Of several records the last one counts: models write drafts before it.

    Args:
        pairs: Makes each object, as in `json.loads`; by default, of several values of a field the last one counts.

    Raises:
        ValidationError: the JSON is not a valid record.
        ValueError: the response has no JSON.
    """
    invalid: ValidationError | None = None
    fitting: M | None = None
    for text in _json_texts(answer):
        try:
            found = json.loads(text, strict=False, object_pairs_hook=pairs)  # models write line ends into strings
        except (ValueError, RecursionError):
            continue
        try:
            fitting = model.model_validate(found, extra="ignore")
        except ValidationError as error:
            invalid = invalid or error
    if fitting is not None:
        return fitting
    if invalid is not None:
        raise invalid
    try:
        json.loads(_bare(answer))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"Invalid JSON: {error}") from None
    raise ValueError("Invalid JSON")


def unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which a field with two different values has none, so that it is refused by its name."""
    fields, twice = dict(pairs), set[str]()
    if len(fields) < len(pairs):
        twice = {name for name, value in pairs if value != fields[name]}
    return {name: None if name in twice else value for name, value in fields.items()}


def partial_json(written: str) -> str:
    """The JSON of an incomplete response: from the first brace after its thoughts."""
    text = _without_thoughts(_bare(written))
    return valid_json(text[text.index("{") :]) if "{" in text else ""


def _bare(answer: str) -> str:
    return answer.strip().lstrip("\ufeff").strip()


def _json_texts(answer: str) -> Iterator[str]:
    """The whole response if it is JSON; otherwise each object in it, without its thoughts."""
    whole = valid_json(_bare(answer))
    if whole[:1] in ("{", "[", '"'):
        try:
            json.loads(whole, strict=False)
        except (ValueError, RecursionError):
            pass
        else:
            yield whole
            return
    text, decoder = _without_thoughts(whole), json.JSONDecoder(strict=False)
    at = text.find("{")
    for _ in range(MAX_BRACES):
        if at < 0:
            return
        try:
            end = decoder.raw_decode(text, at)[1]
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield text[at:end]
        at = text.find("{", end)


def _without_thoughts(answer: str) -> str:
    """A response without its thoughts; empty if it only has thoughts so far."""
    if len(_MARKS.findall(answer)) > MAX_MARKS:
        return answer
    text = _THOUGHTS.sub(lambda found: "" if found["thoughts"] else found[0], _bare(answer))
    before = _THOUGHTS_BEFORE.match(text)
    if before and len(_FENCE.findall(before[0])) % 2 == 0:  # otherwise it is in a code block
        text = text[before.end() :]
    return _THOUGHTS_TO_THE_END.sub("", text.strip())


def _without_fence(text: str) -> str:
    """The text without a fence around all of it; a text that only begins and ends with code blocks stays as it is."""
    wrapped = _FENCED.match(text)
    if wrapped is None:
        return text
    inner = wrapped["text"]
    fences = _FENCE.findall(inner)
    # Inner code blocks open and close; a fence that opens none closes the first one, which then wraps only a part.
    if len(fences) % 2 or any(not language.strip() for language in fences[::2]):
        return text
    return inner.strip()


def inlined(node: JsonValue, definitions: Mapping[str, JsonValue]) -> JsonValue:
    """A schema without references and without pydantic's titles. A title that is not text is a property: it stays."""
    if isinstance(node, list):
        return [inlined(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        return inlined(definitions[reference.rsplit("/", 1)[-1]], definitions)
    kept = {k: v for k, v in node.items() if k != "$defs" and not (k == "title" and isinstance(v, str))}
    return {k: inlined(v, definitions) for k, v in kept.items()}
