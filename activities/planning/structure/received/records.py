"""A brief as JSON, as programs send it: its records become the lines of a shot list, in their order."""

import json
import re
from collections.abc import Iterator
from typing import Final

import yaml
from pydantic import JsonValue

from activities.planning.structure.labels import kind_of
from activities.planning.structure.text import quotations

_FENCE: Final = re.compile(r"\A\s*```\w*\n|\n```\s*\Z")
_ENTRY: Final = re.compile(r"^\s*-\s+[\w-]+:(?:\s|$)", re.MULTILINE)
_FIELD: Final = re.compile(r"\s*(?:-\s+)?[\w-]+:(?:\s|$)|\s+\S|---\s*$")
LEAST_RECORDS: Final = 2
_LABELS: Final = {"voice": "VO", "lettering": "Text", "endline": "End line", "sound": "Music"}


def with_lines(text: str) -> str:
    """The text as a shot list where it is a JSON object or array with records of shots; any other text as it is."""
    try:
        whole = json.loads(text) if text.lstrip()[:1] in ("{", "[") else _yaml(text)
    except (ValueError, RecursionError, yaml.YAMLError):
        return text
    shots = _records(whole)
    if not shots:
        return text
    fields = whole if isinstance(whole, dict) else {}
    head = [f"{_name(key)}: {value}" for key, value in fields.items() if isinstance(value, str | int | float)]
    return "\n".join([*head, *(line for k, shot in enumerate(shots, start=1) for line in _shot(k, shot))])


def _yaml(text: str) -> JsonValue:
    """The fields of a YAML document of a list of mappings, perhaps within another one; None for any other text."""
    text = _FENCE.sub("", text)
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(_ENTRY.findall(text)) < LEAST_RECORDS or not all(map(_FIELD.match, lines)):
        return None
    loaded: JsonValue = yaml.load(text.replace("\t", "  "), Loader=yaml.BaseLoader)  # noqa: S506 - texts alone
    records = _records(loaded)
    are_alike = len({tuple(each) for each in records}) == 1 or all(len(each) > 1 for each in records)
    return loaded if len(records) >= LEAST_RECORDS and are_alike else None


def _records(whole: JsonValue) -> list[dict[str, JsonValue]]:
    """The longest array of objects: of the whole, or of one of its fields."""
    arrays = [whole] if isinstance(whole, list) else [*whole.values()] if isinstance(whole, dict) else []
    records = [[each for each in array if isinstance(each, dict)] for array in arrays if isinstance(array, list)]
    return max(records, key=len, default=[])


def _shot(number: int, shot: dict[str, JsonValue]) -> Iterator[str]:
    """The head of a shot with its length, then a line for each other field."""
    lines, seen, length = list[str](), list[str](), ""
    for key, value in shot.items():
        name, kind = _name(key), kind_of(_name(key))
        texts = [value] if isinstance(value, str | int | float) else value if isinstance(value, list) else []
        said = [str(each).strip() for each in texts if isinstance(each, str | int | float) and str(each).strip()]
        if not said or isinstance(value, bool) or (name in ("number", "id", "shot", "scene") and said[0].isdigit()):
            continue
        if kind == "length" or name in ("seconds", "duration seconds"):
            length = f" ({said[0]} s)" if said[0].replace(".", "").isdigit() else f" ({said[0]})"
        elif kind in _LABELS:
            lines += [f"{_LABELS[kind]}: {_quoted(each) if kind in ('voice', 'lettering') else each}" for each in said]
        elif kind in ("picture", None):
            seen += said
    yield f"Shot {number}{length}: {' '.join(seen)}"
    yield from lines


def _quoted(text: str) -> str:
    return text if quotations(text) else f"“{text}”"


def _name(key: str) -> str:
    """A key as a label: "on_screen_text", "voiceOver"."""
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in key)
    return " ".join(spaced.replace("_", " ").replace("-", " ").split())
