"""What a language model wrote, without what is around it: thoughts, fences, prose before JSON, a byte order mark."""

import json
import re
from collections.abc import Iterator
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from activities.text.valid_unicode import valid, valid_json

_TAGS: Final = "think|thinking|thought|thoughts|reasoning"
_THOUGHTS: Final = re.compile(
    rf"^[ ]{{0,3}}(?P<fence>`{{3,}}|~{{3,}}).*?^[ ]{{0,3}}(?P=fence)[ \t]*$"  # a listing, which stays as it is
    rf"|(?P<thoughts>^[ \t]*[<\[](?P<tag>{_TAGS})[>\]].*?[<\[]/(?P=tag)[ \t]*[>\]])",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_THOUGHTS_BEFORE: Final = re.compile(
    rf"\A.*(?:^[ \t]*</(?:{_TAGS})>|</(?:{_TAGS})>[ \t]*$)", re.DOTALL | re.IGNORECASE | re.MULTILINE
)
"""A template often has the opening tag in the prompt, so that the answer has the closing one alone."""
_THOUGHTS_TO_THE_END: Final = re.compile(rf"\A<(?:{_TAGS})>.*\Z", re.DOTALL | re.IGNORECASE)
_MARKS: Final = re.compile(rf"[<\[](?:{_TAGS})[>\]]|^[ ]{{0,3}}(?:`{{3}}|~{{3}})", re.IGNORECASE | re.MULTILINE)
_FENCED: Final = re.compile(r"\A(?P<fence>`{3,}|~{3,})[^\n`]*\n(?P<text>.*)\n[ ]{0,3}(?P=fence)[ \t]*\Z", re.DOTALL)
_FENCE: Final = re.compile(r"^[ ]{0,3}(?:`{3,}|~{3,})[ \t]*([^\n`]*)$", re.MULTILINE)

MAX_MARKS: Final = 1_000
"""Of thoughts and listings: a text with more of them is made to keep us busy."""
MAX_BRACES: Final = 200
"""In prose before the answer; with more it is something else."""

M = TypeVar("M", bound=BaseModel)


def text_of(answer: str) -> str:
    """The text of an answer: valid, without thoughts, and without a fence around all of it."""
    return _unwrapped(_spoken(valid(answer)))


def read_as(model: type[M], answer: str) -> M:
    """The record that an answer holds, whatever is written around it and whichever fields it has besides.

    Of several the last one: what comes before is a draft.

    Raises:
        ValidationError: there is a record, but not this one.
        ValueError: there is no JSON in it.
    """
    wrong: ValidationError | None = None
    fitting: M | None = None
    for text in _json_texts(answer):
        try:
            found = json.loads(text, strict=False)  # models write line ends into strings
        except (ValueError, RecursionError):
            continue
        try:
            fitting = model.model_validate(found, extra="ignore")
        except ValidationError as error:
            wrong = wrong or error
    if fitting is not None:
        return fitting
    if wrong is not None:
        raise wrong
    try:
        json.loads(_bare(answer))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"Invalid JSON: {error}") from None
    raise ValueError("Invalid JSON")


def begun_json(written: str) -> str:
    """The JSON of an answer that has not come to its end: from the first brace after its thoughts."""
    spoken = _spoken(_bare(written))
    return valid_json(spoken[spoken.index("{") :]) if "{" in spoken else ""


def _bare(answer: str) -> str:
    return answer.strip().lstrip("\ufeff").strip()


def _json_texts(answer: str) -> Iterator[str]:
    """All of the answer where that is JSON; else each object in what is left of it without its thoughts."""
    whole = valid_json(_bare(answer))
    if whole[:1] in ("{", "[", '"'):
        try:
            json.loads(whole, strict=False)
        except (ValueError, RecursionError):
            pass
        else:
            yield whole
            return
    spoken, decoder = _spoken(whole), json.JSONDecoder(strict=False)
    at = spoken.find("{")
    for _ in range(MAX_BRACES):
        if at < 0:
            return
        try:
            end = decoder.raw_decode(spoken, at)[1]
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield spoken[at:end]
        at = spoken.find("{", end)


def _spoken(answer: str) -> str:
    """An answer without its thoughts; nothing, where it has not come further."""
    if len(_MARKS.findall(answer)) > MAX_MARKS:
        return answer
    spoken = _THOUGHTS.sub(lambda found: "" if found["thoughts"] else found[0], _bare(answer))
    before = _THOUGHTS_BEFORE.match(spoken)
    if before and len(_FENCE.findall(before[0])) % 2 == 0:  # else it stands in a listing
        spoken = spoken[before.end() :]
    return _THOUGHTS_TO_THE_END.sub("", spoken.strip())


def _unwrapped(text: str) -> str:
    """The text in a fence that wraps all of it; one that only begins and ends with listings stays."""
    wrapped = _FENCED.match(text)
    if wrapped is None:
        return text
    inner = wrapped["text"]
    fences = _FENCE.findall(inner)
    # Listings within it open and close; a fence that opens nothing closes the first one, which wraps a part only.
    if len(fences) % 2 or any(not language.strip() for language in fences[::2]):
        return text
    return inner.strip()
