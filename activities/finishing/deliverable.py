"""Finishing: makes the deliverable of a production from its selected takes.

Shots, or stills for a video platform, become a film; everything else becomes a document, and `filesets` signs and
stores the files. Media and results are files in `workdir`, which must have disk space for all of them at once; texts,
and the document made of them, are held in memory.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from activities.finishing import contact_sheet, document, fields, film
from activities.finishing.files import File, Result, read_texts, write
from activities.finishing.filesets import store_fileset
from activities.finishing.sources import Sources, in_thread
from activities.finishing.versions import with_versions
from activities.media.facts import extension_of
from activities.provenance.signer import Signer
from activities.storage.bucket import Storage
from activities.storage.extractions import read_extractions
from activities.text.illustrated import marked_references
from workflows.activity_io import EncodeSegment, FinishDeliverable, FinishedAsset, MixSound
from workflows.brief import REFERENCE
from workflows.extraction.fields import Extraction
from workflows.keys import reference_file_key
from workflows.models import Deliverable, Modality

Report = Callable[[str], None]


async def finish(
    storage: Storage, request: FinishDeliverable, workdir: Path, on_progress: Report, signer: Signer | None = None
) -> Deliverable:
    """Make the deliverable in one activity, a film with all of its steps, and sign it if there is a signer.

    Raises:
        OutputUnusable: a take does not decode; the message names its asset.
    """
    sources = Sources(storage, workdir / "takes")
    if not request.film:
        document_files = await _document(sources, request, workdir, on_progress)
        return await _store(storage, request, document_files, on_progress, signer)
    layout = await film.lay_out_film(sources, request, on_progress)
    for segment in layout.segments:
        timeline = segment.timeline or layout.timeline
        part = EncodeSegment(production_id=request.production_id, timeline=timeline, segment=segment)
        await film.encode_segment(sources, part, workdir, on_progress)
    for timeline, key in layout.sounds.items():
        sound = MixSound(production_id=request.production_id, timeline=timeline, key=key)
        await film.mix_sound(sources, sound, workdir, on_progress)
    return await assemble(sources, request, layout.timeline, workdir, on_progress, signer)


async def assemble(
    sources: Sources,
    request: FinishDeliverable,
    timeline: str,
    workdir: Path,
    on_progress: Report,
    signer: Signer | None = None,
) -> Deliverable:
    """Join the stored parts of a film, sign it if there is a signer, and store it.

    Raises:
        ApplicationError: type SEGMENT_MISSING: a part is not stored any more.
    """
    result = await film.assemble_film(sources, request, timeline, workdir, on_progress)
    return await _store(sources.storage, request, result, on_progress, signer)


async def _store(
    storage: Storage, request: FinishDeliverable, result: Result, on_progress: Report, signer: Signer | None
) -> Deliverable:
    """Sign and upload the files of a deliverable; `on_progress` is called on the event loop."""
    stored = await store_fileset(storage, request, result.files, signer, on_progress)
    notes = (*result.notes, *stored.notes)
    return stored.model_copy(update={"notes": notes, "duration_seconds": result.seconds, "chapters": result.chapters})


def _fields(extractions: Sequence[Extraction], workdir: Path) -> list[File]:
    """The extracted fields of documents as JSON and CSV; nothing where none were extracted."""
    if not extractions:
        return []
    return [
        write(workdir, "fields.json", "fields-json", "application/json", fields.json_text(extractions)),
        write(workdir, "fields.csv", "fields-csv", "text/csv", fields.csv_text(extractions)),
    ]


async def _illustrations(sources: Sources, assets: Sequence[FinishedAsset]) -> list[File]:
    """The pictures of illustrated texts, as files next to the document."""
    found = []
    for each in assets:
        for picture, name in zip(each.take.media.pictures, document.picture_files(each).values(), strict=True):
            path = await sources.fetch(picture.key, extension_of(picture.media_type))
            found.append(File(name, Modality.IMAGE.value, path, picture.media_type, each.asset.asset_id))
    return found


async def _shown_references(
    sources: Sources, request: FinishDeliverable, texts: Mapping[str, str]
) -> dict[str, tuple[File, document.Section]]:
    """Source -> the file and the section of each reference picture, or page of a document, that a text marks.

    A page is shown where its picture is stored, as it is where fields were extracted from the document; otherwise the
    text cites it.
    """
    found: dict[str, tuple[File, document.Section]] = {}
    for source in dict.fromkeys(s for text in texts.values() for s in marked_references(text)):
        reference, _, page = source.partition(" p. ")
        number, caption = int(reference.rpartition("-")[2]), document.named(source, request.brief.references)
        if not 0 < number <= min(len(request.references), len(request.brief.references)):
            continue
        media = request.references[number - 1]
        key, media_type = media.key, media.media_type
        if page:
            key, media_type = reference_file_key(request.production_id, number, f"page-{page}.jpg"), "image/jpeg"
        if not media_type.startswith("image/") or (page and await sources.storage.head(key) is None):
            continue
        path = await sources.fetch(key, extension_of(media_type))
        name = f"images/{reference}{f'-page-{page}' if page else ''}.{extension_of(media_type)}"
        found[source] = File(name, REFERENCE, path, media_type), document.Section("image", caption, href=name)
    return found


async def _document(sources: Sources, request: FinishDeliverable, workdir: Path, on_progress: Report) -> Result:
    """The document of a production, with its pictures and sounds beside it."""
    request, version_notes = with_versions(request)
    on_progress(f"fetching {len(request.assets)} takes")
    texts = await read_texts(sources.storage, request.assets)
    attached = [a for a in request.assets if a.asset.asset_id not in texts]
    paths = await sources.paths_of((a.asset.asset_id, a.take.media) for a in attached)
    illustrations = await _illustrations(sources, request.assets)
    shown = await _shown_references(sources, request, texts)
    files = [
        File(document.file_name(a), a.asset.asset_type.value, paths[i], a.take.media.media_type, i)
        for a in attached
        for i in (a.asset.asset_id,)
    ] + [*illustrations, *(file for file, _ in shown.values())]
    title, language = request.title, request.brief.language
    extractions = await read_extractions(sources.storage, request.extractions)

    placed = {source: section for source, (_, section) in shown.items()}

    def draw(stop: object) -> Result:
        written = [a for a in request.assets if not (extractions and a.asset.role == "fields")]
        sections = [
            *fields.sections_of(extractions),
            *(s for a in written for s in document.sections_of(a, texts, placed)),
        ]
        cited = document.sources_of(written, request.brief.references, texts)
        text = write(workdir, "content.md", "document", "text/markdown", document.markdown(title, sections, cited))
        page = write(workdir, "content.html", "page", "text/html", document.page(title, sections, language, cited))
        return Result((text, page, *_fields(extractions, workdir), *files))

    result = await in_thread(draw)
    pictures = [a for a in attached if a.asset.asset_type is Modality.IMAGE]
    if not pictures and not illustrations:
        return Result(result.files, tuple(version_notes))
    on_progress("drawing the contact sheet")
    cells = [contact_sheet.Cell(a.asset.asset_id, a.asset.label, paths[a.asset.asset_id]) for a in pictures]
    cells += [contact_sheet.Cell(each.asset_id, each.name, each.path) for each in illustrations]
    sheet = File("contact-sheet.png", "contact-sheet", workdir / "contact-sheet.png", "image/png")
    notes = await in_thread(lambda stop: contact_sheet.draw(sheet.path, title, cells, request.brief.aspect, stop))
    return Result((*result.files, sheet), (*version_notes, *notes))
