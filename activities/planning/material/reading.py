"""What was read in the references, as planners get it: after people's corrections, with the place of each part."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from activities.planning.material.fields import field_parts
from activities.storage.bucket import Storage
from activities.storage.extractions import read_extraction
from workflows.activity_io import DraftPlan
from workflows.brief import MAX_BRIEF_CHARS, Brief
from workflows.references.analysis import Analysis, Part, corrected, source_of, translated
from workflows.references.kinds import Use
from workflows.voice.spoken_brief import sentences_of

SHOWN_CHARS: Final = 40_000
"""Of all references together in a question: 10,000 tokens."""
_SILENT: Final = frozenset({"facts", "palette", "sound"})
"""Kinds of parts that are no words of the reference itself."""
Read = Mapping[int, Sequence[Part]]
"""The number of a reference -> its parts."""


async def parts_of(request: DraftPlan, storage: Storage) -> Read:
    """The parts of all analyses, without what people struck out; of a document whose fields are extracted, its fields.

    Of speech in another language than the brief's, the translation. Of a voice memo, only what the brief still says: a
    person corrected the brief, not the transcript.

    Raises:
        StorageFailed: the activity has to be retried.
    """
    found: dict[int, Sequence[Part]] = {}
    for summary in request.analyses:
        if summary.extraction:
            found[summary.reference] = field_parts(await read_extraction(storage, summary.extraction.key))
            continue
        stored = await storage.get_bytes(summary.key) if summary.key else None
        if stored:
            analysis = Analysis.model_validate_json(stored[0])
            parts = corrected(analysis, request.corrections)
            memo = request.brief.references[summary.reference - 1].memo
            found[summary.reference] = tuple(_still_said(parts, request.brief.text)) if memo else translated(parts)
    return found


def _still_said(parts: Iterable[Part], text: str) -> Iterator[Part]:
    """The sentences of a memo that a brief contains, each as a part at its time."""
    brief = _plain(text)
    for part in parts:
        if part.kind == "speech":
            kept = [each for each in sentences_of(part.text) if _plain(each) in brief]
            if kept:
                yield part.model_copy(update={"text": " ".join(kept), "words": ()})


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def with_spoken_brief(request: DraftPlan, read: Read) -> DraftPlan:
    """The request whose brief also has the words of the references that are the brief, such as a recorded memo."""
    words = [
        part.text
        for number, reference in enumerate(request.brief.references, start=1)
        if reference.use is Use.BRIEF and not reference.memo  # the text of the brief has a memo's words
        for part in read.get(number, ())
        if part.kind not in _SILENT
    ]
    if not words:
        return request
    text = "\n\n".join([request.brief.text, *words])[:MAX_BRIEF_CHARS]
    return request.model_copy(update={"brief": request.brief.model_copy(update={"text": text})})


def shown_parts(read: Read) -> dict[int, list[JsonValue]]:
    """The parts as data for a language model, as many as have room, each with its place."""
    left, shown = SHOWN_CHARS, dict[int, list[JsonValue]]()
    for number, parts in read.items():
        for part in parts:
            text = part.text[: max(left, 0)]
            if text:
                left -= len(text)
                at = source_of(number, part.place)
                said_by = {"speaker": part.speaker} if part.speaker else {}
                shown.setdefault(number, []).append({"at": at, "kind": part.kind, "text": text, **said_by})
    return shown


def known_sources(given: Iterable[str], brief: Brief) -> tuple[str, ...]:
    """The sources that name a reference of the brief; others are left out."""
    ids = set(brief.reference_ids)
    cleaned = (" ".join(each.split())[:60] for each in given)
    return tuple(dict.fromkeys(each for each in cleaned if re.split(r"[ ,#:]", each)[0] in ids))[:20]
