"""The analysis of one reference: read on this machine, completed by a model where one is enabled, and stored.

Amounts are USD. A second attempt reads the file again, and finds the answers of models in the ledger.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from activities.analysis.models import Need, Seen, limit_of, look
from activities.analysis.translation import translate
from activities.errors import OutputUnusable
from activities.extraction.extract import extract
from activities.extraction.lines import lines_of
from activities.extraction.models import Stages
from activities.extraction.stored import store_extraction
from activities.providers.protocol import Provider, scratch_file
from activities.references.ingest import stored_reference
from activities.references.reading.sandbox import read_file
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage, size_and_sha256
from activities.takes.attempt import scratch_directory
from workflows import keys
from workflows.activity_io import Analysed, AnalyseReference, SettledQuestions
from workflows.extraction.fields import Extract, ExtractionSummary
from workflows.models import Media, digest_of
from workflows.references.analysis import Analysis, AnalysisSummary, Part, Unread
from workflows.references.kinds import ReferenceKind, Use, kind_of
from workflows.references.parts import MAX_PARTS

SUMMARY_CHARS: Final = 300
MAX_DRAWN: Final = 20
"""Pages of a document whose fields are extracted, as pictures for people."""
_PAGE_CHARS: Final = 4_000
"""Of a scanned page that is not read yet."""


async def analyse(
    request: AnalyseReference, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings
) -> Analysed:
    """The summary of the stored analysis, and the cost of its questions.

    Raises:
        ApplicationError: the activity has to be retried.
        StorageFailed: try again.
    """
    local = await _read_here(request, storage)
    seen = await look(request, _need(request, local), storage, providers, settings)
    translated = await translate(request, seen.parts, storage, providers, settings, limit_of(request, settings))
    read = replace(seen, parts=translated.parts, unread=(*seen.unread, *translated.unread))
    analysis = await _analysis(request, storage, local, read)
    stages = Stages(request, storage, providers, settings, limit_of(request, settings))
    extraction = await _extraction(request, storage, local, analysis, stages)
    asked = stages.asked or translated.asked or seen.asked
    bill = await asked.end() if asked else SettledQuestions()
    waiting_usd = seen.waiting_usd + stages.waiting_usd
    if translated.waiting_usd:
        waiting_usd += translated.waiting_usd + seen.price_usd  # another reading asks both
    if seen.waiting_usd and extraction:  # the allowance has to cover the pages and then their fields
        waiting_usd += stages.expected_usd(_PAGE_CHARS * len(_need(request, local).shown))
    content = analysis.model_dump(mode="json")
    digest = digest_of(content)
    key = keys.analysis_key(request.production_id, request.reference, digest)
    if await storage.head(key) is None:
        await storage.put_unpaid(key, analysis.model_dump_json().encode(), "application/json")
    summary = AnalysisSummary(
        reference=request.reference,
        key=key,
        digest=digest,
        kind=analysis.kind,
        use=analysis.use,
        summary=analysis.summary[:SUMMARY_CHARS],
        parts=len(analysis.parts),
        unread=analysis.unread[:10],
        model=seen.model,
        reused=seen.reused,
        billed_usd=f"{bill.billed_usd:f}",
        waiting_usd=f"{waiting_usd:f}" if waiting_usd else "",
        waiting_for=seen.waiting_for or translated.waiting_for or stages.waiting_for,
        extraction=extraction,
    )
    return Analysed(summary=summary, billed_usd=bill.billed_usd, doubt_usd=bill.doubt_usd)


async def _extraction(
    request: AnalyseReference, storage: Storage, local: Mapping[str, Any], analysis: Analysis, stages: Stages
) -> ExtractionSummary | None:
    """The summary of the stored extraction; None where none is wanted."""
    given = request.brief.references[request.reference - 1]
    if given.use is not Use.EXTRACT:
        return None
    lines = lines_of(local.get("layout"), analysis.parts)
    pages = {int(page): local["files"][name].key for page, name in local["pictures"].items()}
    extraction = await extract(request.reference, given.extract or Extract(), given.name, lines, pages, stages)
    unread = (*(f"{each.what}; {each.remedy}" for each in analysis.unread), *extraction.unread)
    whole = extraction.model_copy(update={"unread": unread, "media_sha256": request.media.sha256})
    return await store_extraction(storage, request.production_id, whole)


async def _read_here(request: AnalyseReference, storage: Storage) -> Mapping[str, Any]:
    """What the child process read; files that it made are stored, and named by their keys and sizes in `files`."""
    media = request.media
    async with scratch_directory() as workdir:
        path = await storage.fetch(media.key, scratch_file(workdir, "reference"))
        out = workdir / "made"
        try:
            found = dict(
                await read_file("analyse", path, out, media_type=media.media_type, seconds_long=media.duration_seconds)
            )
        except OutputUnusable as error:
            found = {"parts": [], "unread": [str(error)], "summary": "not read on this machine"}
        found |= await _laid_out(request, path, out) if _extracts(request) else {}
        found["files"] = {
            file.name: await _store(request, storage, file) for file in await asyncio.to_thread(_made, out)
        }
        return found


def _extracts(request: AnalyseReference) -> bool:
    return request.brief.references[request.reference - 1].use is Use.EXTRACT


async def _laid_out(request: AnalyseReference, path: Path, out: Path) -> dict[str, Any]:
    """The layout of a PDF, and `pictures` of its first pages, or of a picture."""
    media_type = request.media.media_type
    if media_type != "application/pdf" and not media_type.startswith("image/"):
        return {"pictures": {}}
    pages = list(range(1, MAX_DRAWN + 1))
    try:
        drawn = await read_file("pages", path, out, pages=pages, media_type=media_type)
        layout = await read_file("layout", path, out) if media_type == "application/pdf" else None
    except OutputUnusable:
        return {"pictures": {}}
    return {"pictures": drawn["pictures"], "layout": layout}


async def _store(request: AnalyseReference, storage: Storage, file: Path) -> Media:
    key = keys.reference_file_key(request.production_id, request.reference, file.name)
    stored = await size_and_sha256(file)
    if await storage.head(key) is None:
        await storage.put_file(key, file, "image/jpeg", known=stored)
    width, height = _size_of(file)
    return Media(key=key, bytes=stored.bytes, sha256=stored.sha256, media_type="image/jpeg", width=width, height=height)


def _made(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _size_of(file: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(file) as image:  # this machine made the file
        return image.size


def _need(request: AnalyseReference, local: Mapping[str, Any]) -> Need:
    """What a model could add to what was read here."""
    media, files, kind = request.media, local["files"], kind_of(request.media.media_type)
    if kind is ReferenceKind.PICTURE:
        return Need("picture", "what it shows, its objects, its text and its style", (media,))
    if kind is ReferenceKind.DOCUMENT:
        scans = [s for s in local.get("scans", ()) if s.get("picture")]
        pages = tuple(s["page"] for s in local.get("scans", ()))
        named = f"the text of page{'s' if len(pages) > 1 else ''} {', '.join(map(str, pages[:20]))}, which are pictures"
        return Need("pages", named, tuple(files[s["picture"]] for s in scans), tuple(s["page"] for s in scans))
    heard = local.get("heard")
    silent = heard is None or heard["mean_db"] is None
    if kind is ReferenceKind.SOUND:
        return Need("sound", "what is said", () if silent else (media,))
    frames = [files[p["picture"]] for p in local["parts"] if p.get("picture") in files]
    times = tuple(p["start_seconds"] for p in local["parts"] if p.get("picture") in files)
    said = "" if silent else ", and what is said"
    return Need("video", f"what its scenes show{said}", (media,), times, tuple(frames))


async def _analysis(request: AnalyseReference, storage: Storage, local: Mapping[str, Any], seen: Seen) -> Analysis:
    number, media = request.reference, request.media
    files: Mapping[str, Media] = local["files"]
    record = await stored_reference(storage, request.production_id, number)
    parts = [_part(each, files) for each in local["parts"]]
    notes = record.notes if record else ()
    if notes:
        parts.insert(0, Part(part_id="notes-1", kind="facts", text=f"Stored: {'; '.join(notes)}."))
    given = request.brief.references[number - 1]
    thumbnail = files.get("thumbnail.jpg")
    return Analysis(
        reference=number,
        kind=kind_of(media.media_type),
        use=given.use,
        name=given.name,
        note=given.note,
        media_type=media.media_type,
        media_sha256=media.sha256,
        original_type=record.original_type if record else "",
        pages=local.get("pages"),
        thumbnail=thumbnail.key if thumbnail else "",
        summary=_summary(local["summary"], seen),
        parts=tuple([*parts, *seen.parts][:MAX_PARTS]),
        unread=(*map(_unread, local.get("unread", ())), *seen.unread),
        model=seen.model,
    )


_FEWER: Final = "give a smaller or simpler file if it matters"


def _unread(text: str) -> Unread:
    """What was not read on this machine, with the remedy that the text names after a semicolon."""
    what, _, remedy = text.partition("; ")
    return Unread(what=what, remedy=remedy or _FEWER)


def _part(found: Mapping[str, Any], files: Mapping[str, Media]) -> Part:
    picture = files.get(found.get("picture", ""))
    return Part.model_validate({**found, "picture": picture.key if picture else ""})


def _summary(local: str, seen: Seen) -> str:
    return f"{local}: {seen.summary}" if seen.summary else local
