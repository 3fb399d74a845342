"""The schemas of a report about a reference, and its parts. Nothing in a report is trusted: texts are bounded."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from activities.text.model_text import read_as
from workflows.references.analysis import Part, PartKind
from workflows.references.parts import MAX_PART_CHARS

MAX_ITEMS: Final = 400
"""Pages, scenes or segments of one report."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Picture(_Strict):
    description: str = Field(default="", description="What it shows, in two sentences")
    objects: list[str] = Field(default=[], description="Its main objects")
    text: str = Field(default="", description="All text in it, as it is written; empty if there is none")
    style: str = Field(default="", description="Light, medium, colours and mood, in one sentence")


class _Page(_Strict):
    number: int = Field(default=0, description="Its place among the pictures, from 1")
    text: str = Field(default="", description="Its whole text in reading order")
    tables: list[str] = Field(default=[], description="Each table of it as CSV")


class _Pages(_Strict):
    pages: list[_Page] = Field(default=[])


class _Segment(_Strict):
    start: float = Field(default=0.0, description="Seconds from the beginning")
    end: float = Field(default=0.0, description="Seconds from the beginning")
    speaker: str = Field(default="", description="speaker 1, speaker 2, …; empty if it is unclear")
    text: str = Field(default="", description="What is said, as it is said")


class _Sound(_Strict):
    language: str = Field(default="", description="BCP 47 tag of the language that is spoken")
    speech: list[_Segment] = Field(default=[])


class _Scene(_Strict):
    start: float = Field(default=0.0, description="Seconds from the beginning")
    end: float = Field(default=0.0, description="Seconds from the beginning")
    description: str = Field(default="", description="What it shows, in one or two sentences")


class _Video(_Strict):
    scenes: list[_Scene] = Field(default=[])
    speech: list[_Segment] = Field(default=[])


Form = Literal["picture", "pages", "sound", "video"]
_RECORDS: Final[Mapping[Form, type[_Strict]]] = {
    "picture": _Picture,
    "pages": _Pages,
    "sound": _Sound,
    "video": _Video,
}


def _closed(node: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema as all vendors accept it: no references, no defaults, every field required, no others."""
    if isinstance(node, list):
        return [_closed(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _closed(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    kept = {
        key: value
        for key, value in node.items()
        if key not in ("$defs", "default") and not (key == "title" and isinstance(value, str))
    }
    found = {key: _closed(value, definitions) for key, value in kept.items()}
    if "properties" in found:
        found |= {"required": list(found["properties"]), "additionalProperties": False}
    return found


def _schema(record: type[BaseModel]) -> dict[str, JsonValue]:
    whole = record.model_json_schema()
    return cast(dict[str, JsonValue], _closed(whole, whole.get("$defs", {})))


SCHEMAS: Final[Mapping[Form, Mapping[str, JsonValue]]] = {form: _schema(record) for form, record in _RECORDS.items()}


def read_parts(form: Form, answer: str, model: str, places: Sequence[float]) -> tuple[list[Part], str]:
    """The parts of a report, and its summary.

    Args:
        places: For pages their numbers in the document; for key frames the starts of their scenes.

    Raises:
        ValueError: the answer is no report.
    """
    try:
        found = read_as(_RECORDS[form], answer)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    writer = _Writer(model)
    if isinstance(found, _Picture):
        writer.add("description", found.description)
        writer.add("objects", ", ".join(each.strip() for each in found.objects[:50]))
        writer.add("text", found.text)
        writer.add("style", found.style)
        return writer.parts, _first_words(found.description)
    if isinstance(found, _Pages):
        for n, page in enumerate(found.pages[:MAX_ITEMS], start=1):
            number = page.number if 1 <= page.number <= len(places) else n
            at = int(places[number - 1]) if number <= len(places) else None
            writer.add("text", page.text, page=at)
            for table in page.tables[:50]:
                writer.add("table", table, page=at)
        return writer.parts, _first_words(next((p.text for p in writer.parts), ""))
    if isinstance(found, _Video):
        for scene in found.scenes[:MAX_ITEMS]:
            writer.add("scene", scene.description, start_seconds=scene.start, end_seconds=scene.end)
    assert isinstance(found, _Sound | _Video)
    spoken = found.language if isinstance(found, _Sound) else ""
    data: dict[str, JsonValue] = {"language": spoken[:35]} if spoken else {}
    for each in found.speech[:MAX_ITEMS]:
        speaker = " ".join(each.speaker.split())[:80]
        place = {"start_seconds": each.start, "end_seconds": each.end}
        writer.add("speech", each.text, speaker=speaker, data=data, **place)
    return writer.parts, _first_words(next((p.text for p in writer.parts), ""))


class _Writer:
    """Collects the parts of a report; empty texts are left out, long ones divided."""

    def __init__(self, model: str) -> None:
        self.parts: list[Part] = []
        self._model = model

    def add(self, kind: PartKind, text: str, **more: JsonValue) -> None:
        rest = text.strip().replace("\x00", "")
        while rest:
            number = len(self.parts) + 1
            part = {"part_id": f"seen-{number}", "kind": kind, "text": rest[:MAX_PART_CHARS], "read_by": self._model}
            self.parts.append(Part.model_validate(part | {k: v for k, v in more.items() if v is not None}))
            rest = rest[MAX_PART_CHARS:]


def _first_words(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 160 else f"{words[:159]}…"
