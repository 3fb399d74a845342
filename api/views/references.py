"""The references of a production, with what was read in them and what people changed."""

from datetime import datetime

from pydantic import Field, JsonValue

from api.views.production import StoredReference, View, production_path
from workflows.events import Snapshot
from workflows.references.analysis import Analysis, Correction, Part, Unread, Word, source_of
from workflows.references.kinds import LIMITS, KindLimits, ReferenceKind, Use, kind_of


class PartView(View):
    """One thing that was read, with its place, and its correction."""

    part_id: str
    kind: str
    source: str = Field(description="How assets name it: 'reference-2 p. 3'")
    text: str = Field(description="What counts: as it was read, or as a person corrected it")
    original: str | None = Field(default=None, description="As it was read, if a person changed it")
    struck: bool = Field(default=False, description="A person struck it out: the planner does not get it")
    corrected_by: str = ""
    corrected_at: datetime | None = None
    page: int | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None
    picture_url: str | None = Field(default=None, description="A picture of this place")
    speaker: str = Field(default="", description="Of speech, as the model names the speaker")
    words: tuple[Word, ...] = Field(default=(), description="Of speech: each word with its start and end in seconds")
    read_by: str = Field(default="", description="provider/model; empty if this machine read it")
    data: dict[str, JsonValue] = Field(
        default_factory=dict, description="The same as values; of a translation the part `of`, and the languages"
    )


class ReferenceView(View):
    """One reference of a production."""

    reference: int
    reference_id: str
    name: str = ""
    note: str = ""
    use: Use
    kind: ReferenceKind
    media_type: str
    bytes: int
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    pages: int | None = None
    original_type: str = Field(default="", description="The type of the file as it came, if it was converted")
    summary: str = ""
    read: bool = Field(default=False, description="Whether an analysis exists")
    thumbnail_url: str | None = None
    unread: tuple[Unread, ...] = Field(default=(), description="What was not read, and what would enable it")
    waiting_usd: str = Field(default="", description="The price of an analysis that waits for a person's permission")
    waiting_for: str = ""
    model: str = ""
    reused: str = Field(default="", description="The production whose model gave the same answer, which cost nothing")
    billed_usd: str = "0"
    corrections: int = 0
    extracted: bool = Field(default=False, description="Whether its fields were extracted: GET …/fields")
    to_review: int = Field(default=0, description="How many fields and rules wait for a review")
    parts: tuple[PartView, ...] = Field(default=(), description="Only in the response for one reference")


class ReferencesView(View):
    references: tuple[ReferenceView, ...]


class UploadState(View):
    """The progress of an upload in parts."""

    upload_id: str
    bytes: int = Field(description="The size of the whole file")
    offset: int = Field(description="The number of bytes that are stored: the next request continues there")
    part_bytes: int = Field(default=8 * 1024 * 1024, description="Each request but the last has a multiple of this")
    limits: tuple[KindLimits, ...] = tuple(LIMITS.values())
    reference: StoredReference | None = Field(default=None, description="Set as soon as the whole file is stored")


def reference_view(snapshot: Snapshot, number: int, analysis: Analysis | None, *, parts: bool) -> ReferenceView:
    """The view of one stored reference."""
    media, given = snapshot.references[number - 1], snapshot.brief.references[number - 1]
    summary = next((each for each in snapshot.analyses if each.reference == number), None)
    changed = {c.part_id: c for c in snapshot.corrections if c.reference == number}
    shown = analysis.parts if analysis and parts else ()
    path = f"{production_path(snapshot.production_id)}/references/{number}/files"
    return ReferenceView(
        reference=number,
        reference_id=f"reference-{number}",
        name=given.name,
        note=given.note,
        use=given.use,
        kind=kind_of(media.media_type),
        media_type=media.media_type,
        bytes=media.bytes,
        width=media.width,
        height=media.height,
        duration_seconds=media.duration_seconds,
        pages=analysis.pages if analysis else None,
        original_type=analysis.original_type if analysis else "",
        read=bool(summary and summary.key),
        thumbnail_url=_url(path, analysis.thumbnail) if analysis else None,
        corrections=len(changed),
        parts=tuple(_part(path, number, p, changed.get(p.part_id)) for p in shown),
        summary=summary.summary if summary else "",
        extracted=bool(summary and summary.extraction),
        to_review=summary.extraction.waiting if summary and summary.extraction else 0,
        unread=summary.unread if summary else (),
        waiting_usd=summary.waiting_usd if summary else "",
        waiting_for=summary.waiting_for if summary else "",
        model=summary.model if summary else "",
        reused=summary.reused if summary else "",
        billed_usd=summary.billed_usd if summary else "0",
    )


def _part(path: str, number: int, part: Part, change: Correction | None) -> PartView:
    text = part.text if change is None or change.text is None else change.text
    return PartView(
        part_id=part.part_id,
        kind=part.kind,
        source=source_of(number, part.place),
        text=text,
        original=part.text if change and change.text is not None else None,
        struck=bool(change and change.text is None),
        corrected_by=change.by if change else "",
        corrected_at=change.at if change else None,
        page=part.page,
        start_seconds=part.start_seconds,
        end_seconds=part.end_seconds,
        picture_url=_url(path, part.picture),
        speaker=part.speaker,
        words=part.words if change is None else (),
        read_by=part.read_by,
        data=part.data,
    )


def _url(path: str, key: str) -> str | None:
    return f"{path}/{key.rpartition('/')[2]}" if key else None
