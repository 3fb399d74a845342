"""Finishing: makes the deliverable of a production from its selected takes.

Shots, or stills for a video platform, become a film; everything else becomes a document. The files of a revision are
stored under a digest of all of them: an attempt that resumes late never overwrites the files of another one, even if
its encoder gives other bytes. Media and results are files in `workdir`, which must have disk space for all of them at
once; texts, and the document made of them, are held in memory.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TypeVar

from activities.finishing import contact_sheet, document, film
from activities.finishing.burned_captions import CaptionStyle, burn
from activities.finishing.captions import files as caption_files
from activities.finishing.captions.cues import cues_of
from activities.finishing.captions.pauses import estimate, pauses_of
from activities.finishing.captions.word_times import Word
from activities.finishing.captions.words_of_takes import read_words
from activities.finishing.frames import FilmFormat, ShotFacts, shot_facts
from activities.finishing.languages import three_letters
from activities.finishing.timeline import Shot, Voice, hold_stills, lay_out
from activities.media.facts import extension_of, probe
from activities.media.recordings import Skipped
from activities.storage.bucket import Storage, Stored, size_and_sha256
from workflows.activity_io import FinishDeliverable, FinishedAsset
from workflows.brief import Platform
from workflows.keys import DIGEST_CHARS, fileset_key
from workflows.models import Chapter, Deliverable, DeliverableFile, Media, Modality, digest_of

T = TypeVar("T")


@dataclass(frozen=True)
class _File:
    """One local file of the deliverable, before its upload."""

    name: str
    role: str
    path: Path
    media_type: str


@dataclass(frozen=True)
class _Result:
    files: tuple[_File, ...]
    notes: tuple[str, ...] = ()
    seconds: float | None = None
    chapters: tuple[Chapter, ...] = ()


async def finish(
    storage: Storage, request: FinishDeliverable, workdir: Path, on_progress: Callable[[str], None]
) -> Deliverable:
    """Fetch the takes, make the deliverable in a thread and upload it; `on_progress` is called on the event loop.

    Raises:
        OutputUnusable: a take does not decode; the message names its asset.
    """
    loop = asyncio.get_running_loop()
    on_progress(f"fetching {len(request.assets)} takes")
    takes = workdir / "takes"
    takes.mkdir(parents=True, exist_ok=True)

    local: dict[str, Path] = {}
    texts: dict[str, str] = {}

    async def fetch(finished: FinishedAsset) -> None:
        asset_id, media = finished.asset.asset_id, finished.take.media
        if finished.asset.asset_type is Modality.TEXT:
            texts[asset_id] = _text_of(await storage.read(media.key, media.sha256))
        else:
            local[asset_id] = await storage.fetch(media.key, takes / f"{asset_id}.{extension_of(media.media_type)}")

    await asyncio.gather(*map(fetch, request.assets))
    words = await read_words(storage, request.assets)

    def report(step: str) -> None:
        loop.call_soon_threadsafe(on_progress, step)

    stop = Event()
    result = await _in_thread(lambda: _Finishing(request, local, texts, words, workdir, report, stop).make(), stop)

    hashes = await asyncio.gather(*(size_and_sha256(made.path) for made in result.files))
    contents = [[made.name, made.media_type, known.sha256] for made, known in zip(result.files, hashes, strict=True)]
    fileset = digest_of(contents)[:DIGEST_CHARS]

    present = set(await storage.list_keys(fileset_key(request.production_id, request.revision, fileset, "")))

    async def upload(made: _File, stored: Stored) -> DeliverableFile:
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


def _text_of(data: bytes) -> str:
    """A stored text, with line ends of every kind as LF."""
    return data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")


async def _in_thread(work: Callable[[], T], stop: Event) -> T:
    """Run in a thread; when cancelled, stop it and wait until it has closed its files."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # `Stopped` is expected
        raise


class _Finishing:
    """The synchronous part of finishing, in one thread."""

    def __init__(
        self,
        request: FinishDeliverable,
        local: Mapping[str, Path],
        texts: Mapping[str, str],
        words: Mapping[str, tuple[Word, ...]],
        workdir: Path,
        report: Callable[[str], None],
        stop: Event,
    ) -> None:
        self._request = request
        self._local = local
        self._texts = texts
        self._words = words
        self._workdir = workdir
        self._report = report
        self._stop = stop
        self._caption_style: CaptionStyle = "sidecar"
        self._notes: list[str] = []
        self._skipped = Skipped()
        self._facts: dict[str, ShotFacts] = {}

    def make(self) -> _Result:
        shots = self._of(Modality.VIDEO)
        stills = self._of(Modality.IMAGE) if self._request.brief.platform is Platform.VIDEO else []
        result = self._film(shots, stills) if shots or stills else self._document()
        files = (*result.files, *self._contact_sheet())
        return replace(result, files=files, notes=(*self._notes, *self._skipped.notes()))

    def _of(self, modality: Modality) -> list[FinishedAsset]:
        return [f for f in self._request.assets if f.asset.asset_type is modality]

    def _write(self, name: str, role: str, media_type: str, text: str) -> _File:
        path = self._workdir / name
        path.write_text(text, encoding="utf-8")
        return _File(name, role, path, media_type)

    def _film(self, videos: Sequence[FinishedAsset], stills: Sequence[FinishedAsset]) -> _Result:
        voices = self._voices()
        if videos:
            shots = [self._shot(v, self._facts_of(v.asset.asset_id).seconds) for v in videos]
            output = FilmFormat.of_shot(self._facts_of(shots[0].asset_id))
            self._note_losses(shots, output)
        else:
            shots = hold_stills([self._shot(s, 0) for s in stills], voices, self._request.brief.duration_seconds)
            output = FilmFormat.of_aspect(self._request.brief.aspect)
        timeline = lay_out(shots, voices, output.rate)
        self._notes += timeline.notes
        cues, notes = cues_of(timeline.voices, output.rate, timeline.seconds)
        burned = burn(cues, self._caption_style, output.width, output.height, output.rate)
        self._notes += (*notes, *(burned.notes if burned else ()))
        labels = {f.asset.asset_id: f.asset.label for f in self._request.assets}
        chapters = tuple(
            Chapter(
                asset_id=placed.shot.asset_id,
                title=labels[placed.shot.asset_id] or placed.shot.asset_id,
                start_seconds=round(placed.start, 3),
            )
            for placed in timeline.shots
        )
        track = film.voice_track(timeline.voices, self._workdir / "voice.pcm") if timeline.voices else None
        main = _File("deliverable.mp4", "video", self._workdir / "deliverable.mp4", "video/mp4")
        film.render(
            main.path,
            timeline,
            output,
            track,
            cues,
            chapters,
            title=self._request.title,
            language=three_letters(self._request.brief.language),
            stop=self._stop,
            skipped=self._skipped,
            on_progress=self._report,
            burned=burned,
        )
        files = [main]
        if cues:
            files.append(self._write("captions.vtt", "captions-vtt", "text/vtt", caption_files.vtt(cues)))
            files.append(self._write("captions.srt", "captions-srt", "application/x-subrip", caption_files.srt(cues)))
        texts = [self._section(f) for f in self._of(Modality.TEXT)]
        if texts:
            script = document.markdown(self._request.title, texts)
            files.append(self._write("content.md", "document", "text/markdown", script))
        return _Result(tuple(files), seconds=round(timeline.seconds, 3), chapters=chapters)

    def _facts_of(self, asset_id: str) -> ShotFacts:
        """The facts of a shot, whose file is read once."""
        if asset_id not in self._facts:
            self._facts[asset_id] = shot_facts(asset_id, self._local[asset_id])
        return self._facts[asset_id]

    def _shot(self, finished: FinishedAsset, seconds: float) -> Shot:
        """The shot with its narrations: those it depends on, and those that depend on it."""
        asset = finished.asset
        spoken = tuple(
            other.asset.asset_id
            for other in self._request.assets
            if other.asset.spoken
            and (other.asset.asset_id in asset.depends_on or asset.asset_id in other.asset.depends_on)
        )
        path = self._local[asset.asset_id]
        if asset.asset_type is Modality.IMAGE:
            return Shot(asset.asset_id, path, seconds, still=True, voices=spoken)
        facts = self._facts_of(asset.asset_id)
        timecode = (facts.width, facts.height) if facts.timecode else None
        return Shot(asset.asset_id, path, seconds, voices=spoken, timecode=timecode)

    def _voices(self) -> list[Voice]:
        voices = []
        for finished in self._of(Modality.AUDIO):
            asset_id = finished.asset.asset_id
            if not finished.asset.spoken:
                self._notes.append(f"{asset_id} ({finished.asset.role}) is not a narration, and is not in the film")
                continue
            self._report(f"decoding {asset_id}")
            pcm = self._workdir / f"{asset_id}.pcm"
            seconds = film.decode_voice(asset_id, self._local[asset_id], pcm, self._stop, self._skipped)
            text = finished.take.prompt
            words = self._words.get(asset_id) or estimate(text, seconds, pauses_of(pcm))
            voices.append(Voice(asset_id, text, pcm, seconds, words))
        return voices

    def _note_losses(self, shots: Sequence[Shot], output: FilmFormat) -> None:
        for shot in shots:
            facts = self._facts_of(shot.asset_id)
            width, height = facts.width, facts.height
            if abs(width * output.height - height * output.width) > 0.02 * width * output.height:
                self._notes.append(
                    f"{shot.asset_id} is {width} x {height} and is shown with bars in {output.width} x {output.height}"
                )
            if facts.sound:
                self._notes.append(f"{shot.asset_id} has its own sound, which is not in the film")

    def _document(self) -> _Result:
        title = self._request.title
        sections = [self._section(finished) for finished in self._request.assets]
        attachments = []
        for finished in self._request.assets:
            asset, media = finished.asset, finished.take.media
            if asset.asset_type is not Modality.TEXT:
                name = _file_name(finished)
                attachments.append(_File(name, asset.asset_type.value, self._local[asset.asset_id], media.media_type))
        language = self._request.brief.language
        return _Result(
            (
                self._write("content.md", "document", "text/markdown", document.markdown(title, sections)),
                self._write("content.html", "page", "text/html", document.page(title, sections, language)),
                *attachments,
            )
        )

    def _section(self, finished: FinishedAsset) -> document.Section:
        asset = finished.asset
        heading = asset.label or asset.role.replace("-", " ").capitalize()
        if asset.asset_type is Modality.IMAGE:
            return document.Section("image", heading, href=_file_name(finished))
        if asset.asset_type is Modality.AUDIO:
            return document.Section("audio", heading, href=_file_name(finished))
        plain = finished.take.media.media_type.split(";")[0] in ("text/markdown", "text/plain")
        return document.Section("markdown" if plain else "verbatim", heading, self._texts[asset.asset_id])

    def _contact_sheet(self) -> list[_File]:
        cells = []
        for finished in self._request.assets:
            asset = finished.asset
            if asset.asset_type is Modality.IMAGE:
                cells.append(contact_sheet.Cell(asset.asset_id, asset.label, self._local[asset.asset_id]))
            elif asset.asset_type is Modality.VIDEO:
                path = self._local[asset.asset_id]
                cells.append(
                    contact_sheet.Cell(asset.asset_id, asset.label, path, self._facts_of(asset.asset_id).seconds)
                )
        if not cells:
            return []
        self._report("contact sheet")
        made = _File("contact-sheet.png", "contact-sheet", self._workdir / "contact-sheet.png", "image/png")
        self._notes += contact_sheet.draw(made.path, self._request.title, cells, self._request.brief.aspect, self._stop)
        return [made]


def _file_name(finished: FinishedAsset) -> str:
    """The name of a file next to the document, relative to it."""
    asset = finished.asset
    folder = {Modality.IMAGE: "images", Modality.AUDIO: "audio"}.get(asset.asset_type, "media")
    return f"{folder}/{asset.asset_id}.{extension_of(finished.take.media.media_type)}"
