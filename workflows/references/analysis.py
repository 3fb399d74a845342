"""What was read in a reference: its parts, each with the place that it comes from, and their corrections. Pure data.

An Analysis is an object in the bucket. The workflow only keeps an AnalysisSummary, which carries its digest, and the
corrections that people made. Times are seconds from the start, pages count from 1, prices are USD.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue, StringConstraints

from workflows.base import Model
from workflows.extraction.fields import ExtractionSummary
from workflows.models import Media
from workflows.references.kinds import ReferenceKind, Use
from workflows.references.parts import MAX_PART_CHARS, MAX_PARTS, clock

MAX_CORRECTIONS: Final = 200
"""Of one production: they are in the workflow's state, with their texts."""

PartKind = Literal[
    "facts",
    "palette",
    "text",
    "table",
    "scene",
    "sound",
    "speech",
    "translation",
    "description",
    "objects",
    "style",
    "field",
]
TRANSLATION_OF: Final = "of"
"""In the data of a translation: the id of the part that it translates."""
PartId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class Word(Model):
    """One spoken word; times are seconds from the start of the recording."""

    word: str
    start: float
    end: float
    speaker: str = ""


class Part(Model):
    """One thing that was read in a reference, and its place there."""

    part_id: PartId = Field(description="Unique in its analysis")
    kind: PartKind
    text: str = Field(max_length=2 * MAX_PART_CHARS, description="What was read; a table as CSV")
    page: int | None = Field(default=None, description="Page, slide or sheet, from 1")
    start_seconds: float | None = None
    end_seconds: float | None = None
    picture: str = Field(default="", description="The object key of a picture of this place: a key frame, or a page")
    speaker: str = Field(default="", max_length=80, description="Of speech, as the model names the speaker")
    words: tuple[Word, ...] = Field(default=(), description="Of speech, with their times")
    read_by: str = Field(default="", description="provider/model; empty if this machine read it, free of charge")
    data: dict[str, JsonValue] = Field(default_factory=dict, description="The same as values, e.g. the palette")

    @property
    def place(self) -> str:
        """Where it comes from, for people: 'p. 3', '0:12', or '' for the whole reference."""
        if self.page is not None:
            return f"p. {self.page}"
        return "" if self.start_seconds is None else clock(self.start_seconds)


class Unread(Model):
    """Something that this analysis could not read, and what would enable it."""

    what: str
    remedy: str


class IngestedReference(Model):
    """The record of a stored reference."""

    media: Media
    kind: ReferenceKind
    original_type: str = Field(default="", description="The type of the file as it came")
    pages: int | None = None
    notes: tuple[str, ...] = Field(default=(), description="What was changed in it, e.g. that it was turned upright")


class Analysis(Model):
    """Everything that was read in one reference."""

    reference: int = Field(ge=1)
    kind: ReferenceKind
    use: Use = Use.MATERIAL
    name: str = ""
    note: str = ""
    media_type: str
    media_sha256: str = ""
    original_type: str = Field(default="", description="The type of the file as it came, if it was converted")
    pages: int | None = None
    thumbnail: str = Field(default="", description="The object key of a small JPEG")
    summary: str = ""
    parts: tuple[Part, ...] = Field(default=(), max_length=MAX_PARTS)
    unread: tuple[Unread, ...] = ()
    model: str = Field(default="", description="provider/model of the paid part of it")


class AnalysisSummary(Model):
    """What the workflow keeps of an analysis."""

    reference: int = Field(ge=1)
    key: str = Field(description="The object key of the analysis")
    digest: str
    kind: ReferenceKind
    use: Use = Use.MATERIAL
    summary: str = ""
    parts: int = 0
    unread: tuple[Unread, ...] = ()
    model: str = ""
    reused: str = Field(default="", description="The production whose model gave the same answer, which cost nothing")
    billed_usd: str = "0"
    waiting_usd: str = Field(
        default="", description="The high price of the model's analysis, which does not fit the limit; empty otherwise"
    )
    waiting_for: str = Field(default="", description="Why it waits, with the remedy")
    extraction: ExtractionSummary | None = Field(default=None, description="Of a reference with the use extract")


class Correction(Model):
    """A person's change of one part of an analysis. The newest one of a part counts."""

    reference: int = Field(ge=1)
    part_id: PartId
    text: Annotated[str, StringConstraints(max_length=MAX_PART_CHARS)] | None = Field(
        default=None, description="What it says instead; null strikes it out"
    )
    place: str = Field(default="", description="The place of the part, e.g. 'p. 3'")
    by: str = ""
    at: datetime | None = None


def source_of(reference: int, place: str) -> str:
    """How an asset names what it used: 'reference-2 p. 3'."""
    return f"reference-{reference} {place}".strip()


def corrected(analysis: Analysis, corrections: Iterable[Correction]) -> tuple[Part, ...]:
    """The parts that remain after the corrections, with their corrected texts.

    A translation of a changed part is left out, unless a person corrected it too.
    """
    newest = {c.part_id: c for c in corrections if c.reference == analysis.reference}
    kept = []
    for part in analysis.parts:
        change = newest.get(part.part_id)
        if change is None:
            if part.kind != "translation" or part.data.get(TRANSLATION_OF) not in newest:
                kept.append(part)
        elif change.text is not None:
            kept.append(part.model_copy(update={"text": change.text, "words": (), "data": {}}))
    return tuple(kept)


def translated(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts without those of which there is a translation, which has the same place."""
    known = tuple(parts)
    originals = {part.data.get(TRANSLATION_OF) for part in known if part.kind == "translation"}
    return tuple(part for part in known if part.part_id not in originals)


def touches(correction: Correction, sources: Sequence[str]) -> bool:
    """Whether an asset with these sources used the corrected part: the same place, or the whole reference."""
    whole, place = source_of(correction.reference, ""), source_of(correction.reference, correction.place)
    return any(
        source in (whole, place) or (not correction.place and source.startswith(f"{whole} ")) for source in sources
    )
