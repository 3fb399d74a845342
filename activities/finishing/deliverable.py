"""Finishing: makes the deliverable of a production from its selected takes, and stores it.

Shots, or stills for a video platform, become a film; everything else becomes a document. The files of a revision are
stored under a digest of all of them: an attempt that resumes late never overwrites the files of another one, even if
its encoder gives other bytes. Media and results are files in `workdir`, which must have disk space for all of them at
once; texts, and the document made of them, are held in memory.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from activities.finishing import contact_sheet, document, film
from activities.finishing.files import File, Result, read_texts, write
from activities.finishing.sources import Sources, in_thread
from activities.media.facts import probe
from activities.storage.bucket import Storage, Stored, size_and_sha256
from workflows.activity_io import EncodeSegment, FinishDeliverable, MixSound
from workflows.keys import DIGEST_CHARS, fileset_key
from workflows.models import Deliverable, DeliverableFile, Media, Modality, digest_of


async def finish(
    storage: Storage, request: FinishDeliverable, workdir: Path, on_progress: Callable[[str], None]
) -> Deliverable:
    """Make the deliverable in one activity, a film with all of its steps.

    Raises:
        OutputUnusable: a take does not decode; the message names its asset.
    """
    sources = Sources(storage, workdir / "takes")
    if not request.film:
        return await store(storage, request, await _document(sources, request, workdir, on_progress), on_progress)
    layout = await film.lay_out_film(sources, request, on_progress)
    for segment in layout.segments:
        part = EncodeSegment(production_id=request.production_id, timeline=layout.timeline, segment=segment)
        await film.encode_segment(sources, part, workdir, on_progress)
    if layout.sound:
        sound = MixSound(production_id=request.production_id, timeline=layout.timeline, key=layout.sound)
        await film.mix_sound(sources, sound, workdir, on_progress)
    return await assemble(storage, request, layout.timeline, workdir, on_progress)


async def assemble(
    storage: Storage, request: FinishDeliverable, timeline: str, workdir: Path, on_progress: Callable[[str], None]
) -> Deliverable:
    """Join the stored parts of a film, and store it.

    Raises:
        ApplicationError: type SEGMENT_MISSING: a part is not stored any more.
    """
    sources = Sources(storage, workdir / "takes")
    result = await film.assemble_film(sources, request, timeline, workdir, on_progress)
    return await store(storage, request, result, on_progress)


async def store(
    storage: Storage, request: FinishDeliverable, result: Result, on_progress: Callable[[str], None]
) -> Deliverable:
    """Upload the files of a deliverable; `on_progress` is called on the event loop."""
    hashes = await asyncio.gather(*(size_and_sha256(made.path) for made in result.files))
    contents = [[made.name, made.media_type, known.sha256] for made, known in zip(result.files, hashes, strict=True)]
    fileset = digest_of(contents)[:DIGEST_CHARS]

    present = set(await storage.list_keys(fileset_key(request.production_id, request.revision, fileset, "")))

    async def upload(made: File, stored: Stored) -> DeliverableFile:
        key = fileset_key(request.production_id, request.revision, fileset, made.name)
        facts = await asyncio.to_thread(probe, made.path, made.media_type, ours=True)
        served_as = f"{made.media_type}; charset=utf-8" if made.media_type.startswith("text/") else made.media_type
        if key not in present:  # an existing object has the same content
            await storage.put_file(key, made.path, served_as, known=stored)
        media = Media(
            key=key,
            bytes=stored.bytes,
            sha256=stored.sha256,
            media_type=made.media_type,
            width=facts.width,
            height=facts.height,
            duration_seconds=facts.duration_seconds,
        )
        on_progress(f"stored {made.name}")
        return DeliverableFile(name=made.name, role=made.role, media=media)

    files = await asyncio.gather(*map(upload, result.files, hashes))
    return Deliverable(
        revision=request.revision,
        files=tuple(files),
        notes=result.notes,
        duration_seconds=result.seconds,
        chapters=result.chapters,
    )


async def _document(
    sources: Sources, request: FinishDeliverable, workdir: Path, on_progress: Callable[[str], None]
) -> Result:
    """The document of a production, with its pictures and sounds beside it."""
    on_progress(f"fetching {len(request.assets)} takes")
    texts = await read_texts(sources.storage, request.assets)
    attached = [a for a in request.assets if a.asset.asset_id not in texts]
    paths = await sources.paths_of((a.asset.asset_id, a.take.media) for a in attached)
    files = [
        File(document.file_name(a), a.asset.asset_type.value, paths[a.asset.asset_id], a.take.media.media_type)
        for a in attached
    ]
    title, language = request.title, request.brief.language

    def draw(stop: object) -> Result:
        sections = [document.section_of(a, texts) for a in request.assets]
        text = write(workdir, "content.md", "document", "text/markdown", document.markdown(title, sections))
        page = write(workdir, "content.html", "page", "text/html", document.page(title, sections, language))
        return Result((text, page, *files))

    result = await in_thread(draw)
    pictures = [a for a in attached if a.asset.asset_type is Modality.IMAGE]
    if not pictures:
        return result
    on_progress("drawing the contact sheet")
    cells = [contact_sheet.Cell(a.asset.asset_id, a.asset.label, paths[a.asset.asset_id]) for a in pictures]
    sheet = File("contact-sheet.png", "contact-sheet", workdir / "contact-sheet.png", "image/png")
    notes = await in_thread(lambda stop: contact_sheet.draw(sheet.path, title, cells, request.brief.aspect, stop))
    return Result((*result.files, sheet), tuple(notes))
