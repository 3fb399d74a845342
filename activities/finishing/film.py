"""Finishing a film in steps that any worker can take: lay out, encode each segment, mix the sound, assemble.

Each step reads the stored timeline and writes objects whose keys contain the digest of everything in them, so a step
that runs twice, or on two workers, does no harm, and parts that exist are used again by later revisions.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Final

from pydantic import TypeAdapter
from temporalio.exceptions import ApplicationError

from activities.finishing import assembly, contact_sheet, document, editorial
from activities.finishing.captions import files as caption_files
from activities.finishing.captions.cues import Cue, cues_of
from activities.finishing.captions.pauses import estimate
from activities.finishing.captions.word_times import Word
from activities.finishing.captions.words_of_takes import read_words
from activities.finishing.files import File, Result, read_texts, write
from activities.finishing.languages import three_letters
from activities.finishing.picture import segments
from activities.finishing.picture.burned_captions import SAFE_AREA, BurnedCaptions, CaptionStyle, burn
from activities.finishing.picture.frames import FilmFormat
from activities.finishing.picture.titles import extent, undrawn
from activities.finishing.placing import beds_of, losses_of, shot_of
from activities.finishing.renditions import overview
from activities.finishing.renditions.checks import MAIN, Box, Heard, file_name, goal_of, measure_file, notes_on
from activities.finishing.sound import track
from activities.finishing.sound.mastering import Goal
from activities.finishing.sound.track import Bed
from activities.finishing.sources import Facts, Sources, in_thread
from activities.finishing.timeline import Timeline, Voice, fit_voices, hold_stills, lay_out, pieces_of
from activities.finishing.versions import with_versions
from activities.provenance.ai_label import label_box
from activities.provenance.statements import deliverable_made_by_models, deliverable_statement, label, source_type
from activities.storage.errors import ObjectMissing, StorageConflict
from workflows import keys
from workflows.activity_io import (
    SEGMENT_MISSING,
    EncodeSegment,
    FilmLayout,
    FinishDeliverable,
    MixSound,
    Segment,
)
from workflows.cut import Levels
from workflows.destinations.profiles import PROFILES, rate_of
from workflows.models import Chapter, Modality, digest_of

Report = Callable[[str], None]


@dataclass(frozen=True)
class Film:
    """What is stored as the timeline of a film."""

    timeline: Timeline
    output: FilmFormat
    notes: tuple[str, ...] = ()
    renditions: tuple[str, ...] = ()
    cues: tuple[Cue, ...] = ()
    captions: CaptionStyle = "sidecar"
    beds: tuple[Bed, ...] = ()
    levels: Levels = field(default_factory=Levels)
    muted_captions: CaptionStyle = "sidecar"

    @property
    def all_renditions(self) -> tuple[str, ...]:
        """The film itself and its further renditions."""
        return (MAIN, *self.renditions)

    def captions_of(self, rendition: str) -> CaptionStyle:
        """The style of the captions in the picture; a destination that plays without sound has them too."""
        profile = PROFILES.get(rendition)
        return self.muted_captions if profile and profile.muted and self.captions == "sidecar" else self.captions

    def burned(self, rendition: str) -> BurnedCaptions | None:
        """The captions that are drawn into the picture."""
        output, style = self.format_of(rendition), self.captions_of(rendition)
        return burn(self.cues, style, output.width, output.height, output.rate, output.safe or SAFE_AREA)

    def format_of(self, rendition: str) -> FilmFormat:
        """The format of the film itself, of a further aspect, or for a destination."""
        if profile := PROFILES.get(rendition):
            return self.output.for_destination(profile, self.timeline.seconds)
        return self.output.in_aspect(rendition) if rendition else self.output

    def goals(self) -> dict[Goal, str]:
        """What the sound of its renditions has to be -> the digest of this sound; empty if nothing is heard."""
        if not track.is_heard(self.timeline, self.beds, self.levels):
            return {}
        wanted = dict.fromkeys(goal_of(rendition, self.levels) for rendition in self.all_renditions)
        return {goal: track.sound_digest(self.timeline, self.beds, self.levels, goal) for goal in wanted}

    def boxes(self, rendition: str) -> Iterator[Box]:
        """Where text is drawn into the frames for a destination."""
        output = self.format_of(rendition)
        if output.safe is None:
            return
        size, captions = (output.width, output.height), self.burned(rendition)
        yield from captions.extents() if captions else ()
        for text in self.timeline.texts:
            yield extent(text.kind, text.text, size, output.safe)
        if self.timeline.card:
            yield extent("end card", self.timeline.card, size, output.safe)


_FILM: Final = TypeAdapter(Film)


async def lay_out_film(sources: Sources, request: FinishDeliverable, report: Report) -> FilmLayout:
    """Measure the takes, place them in the timeline and store it.

    Raises:
        OutputUnusable: a take does not decode; the message names its asset.
    """
    request, version_notes = with_versions(request)
    facts = Facts(sources, request.production_id)
    await facts.measure(request.assets, report)
    film = _film_of(request, facts, await read_words(sources.storage, request.assets))
    film = replace(film, notes=(*version_notes, *film.notes)) if version_notes else film
    content = _FILM.dump_json(film)
    key = keys.timeline_key(request.production_id, digest_of(content.decode()))
    stored = set(await sources.storage.list_keys(keys.film_prefix(request.production_id)))
    if key not in stored:
        with suppress(StorageConflict):  # another attempt has just stored it
            await sources.storage.put_unpaid(key, content, "application/json", only_if_absent=True)
    needed = segments_of(request.production_id, film)
    missing = {each.key: each for each in reversed(needed) if each.key not in stored}
    sounds = _sound_keys(request.production_id, film).values()
    return FilmLayout(
        timeline=key,
        segments=tuple(reversed(missing.values())),
        count=len({each.key for each in needed}),
        sound=next((sound for sound in sounds if sound not in stored), ""),
    )


async def encode_segment(sources: Sources, request: EncodeSegment, workdir: Path, report: Report) -> None:
    """Encode a segment from the takes in it, and store it.

    Raises:
        OutputUnusable: a shot does not decode; the message names it.
    """
    film = await _read(sources, request.timeline)
    piece = pieces_of(film.timeline)[request.segment.number - 1]
    shots = [part.placed.shot for part in piece.parts]
    paths = await sources.paths_of((shot.asset_id, shot.media) for shot in shots)
    target = workdir / f"segment-{request.segment.number}.mp4"
    on_progress = from_thread(report)
    output, captions = film.format_of(request.segment.rendition), film.burned(request.segment.rendition)
    await in_thread(
        lambda stop: segments.encode(target, piece, paths, output, captions, stop=stop, on_progress=on_progress)
    )
    await sources.storage.put_file(request.segment.key, target, "video/mp4")


async def mix_sound(sources: Sources, request: MixSound, workdir: Path, report: Report) -> None:
    """Mix the sound, and store it at the loudness of each rendition.

    Raises:
        OutputUnusable: a recording does not decode; the message names it.
    """
    film = await _read(sources, request.timeline)
    used = [(placed.voice.asset_id, placed.voice.media) for placed in film.timeline.voices]
    used += [(bed.asset_id, bed.media) for bed in film.beds]
    if film.levels.own_sound is not None:
        used += [(p.shot.asset_id, p.shot.media) for p in film.timeline.shots if p.shot.sound]
    paths = await sources.paths_of(used)
    stored = set(await sources.storage.list_keys(keys.film_prefix(request.production_id)))
    wanted = {goal: key for goal, key in _sound_keys(request.production_id, film).items() if key not in stored}
    targets = {goal: workdir / f"sound-{number}.m4a" for number, goal in enumerate(wanted)}
    if not targets:
        return
    on_progress = from_thread(report)
    await in_thread(
        lambda stop: track.render(
            targets, film.timeline, film.beds, film.levels, paths, stop=stop, on_progress=on_progress
        )
    )
    for goal, key in wanted.items():
        await sources.storage.put_file(key, targets[goal], "audio/mp4")


async def assemble_film(
    sources: Sources, request: FinishDeliverable, timeline: str, workdir: Path, report: Report
) -> Result:
    """Join the stored parts to the film, and make the files beside it.

    Raises:
        ApplicationError: type SEGMENT_MISSING: a part is not stored any more.
    """
    request, _ = with_versions(request)
    film = await _read(sources, timeline)
    placed = film.timeline
    parts = await _fetch_parts(sources, request.production_id, film, report)
    cells = await _cells(sources, request, placed)
    chapters = _chapters(request, placed)
    sheet = File("contact-sheet.png", "contact-sheet", workdir / "contact-sheet.png", "image/png")

    def join(stop: Event) -> list[File]:
        return [_join(request, film, parts, rendition, chapters, workdir, stop) for rendition in film.all_renditions]

    report("joining the segments")
    films, sheet_notes = await asyncio.gather(
        in_thread(join),
        in_thread(lambda stop: contact_sheet.draw(sheet.path, request.title, cells, request.brief.aspect, stop)),
    )
    part_notes = [note for part in parts.files for note in assembly.notes_of(part)]
    part_notes += [note for made in films if made.measured for note in notes_on(made.measured)]
    heard = list(track.sounds_of(placed, film.beds, film.levels))
    files = list(films)
    if film.cues:
        files.append(write(workdir, "captions.vtt", "captions-vtt", "text/vtt", caption_files.vtt(film.cues)))
        srt = caption_files.srt(film.cues)
        files.append(write(workdir, "captions.srt", "captions-srt", "application/x-subrip", srt))
    cut = editorial.timeline_of(request, placed, (film.output.width, film.output.height), sounds=heard)
    files.append(write(workdir, editorial.FILE, editorial.ROLE, editorial.MEDIA_TYPE, editorial.as_json(cut)))
    texts = await read_texts(sources.storage, request.assets)
    if texts:
        sections = [document.section_of(a, texts) for a in request.assets if a.asset.asset_id in texts]
        script = document.markdown(request.title, sections)
        files.append(write(workdir, "content.md", "document", "text/markdown", script))
    notes = dict.fromkeys((*film.notes, *placed.notes, *sheet_notes, *part_notes))
    files += [sheet, overview.file_of(placed, heard, parts.sounds[films[0].name], workdir)]
    return Result(tuple(files), tuple(notes), round(placed.seconds, 3), chapters)


@dataclass(frozen=True)
class _Parts:
    """The stored parts of a film on this machine. `sounds` has the sound of each film file; None without sound."""

    segments: Mapping[Segment, Path]
    sounds: Mapping[str, Path | None]

    @property
    def files(self) -> list[Path]:
        return list(dict.fromkeys((*self.segments.values(), *filter(None, self.sounds.values()))))


async def _fetch_parts(sources: Sources, production_id: str, film: Film, report: Report) -> _Parts:
    """
    Raises:
        ApplicationError: type SEGMENT_MISSING: a part is not stored any more.
    """
    needed, goals = segments_of(production_id, film), _sound_keys(production_id, film)
    report(f"fetching {len(needed)} segments")
    try:
        paths = await asyncio.gather(*(sources.fetch(each.key, "mp4") for each in needed))
        sounds = {
            file_name(each): await sources.fetch(goals[goal], "m4a") if goal in goals else None
            for each in film.all_renditions
            for goal in (goal_of(each, film.levels),)
        }
    except ObjectMissing as error:
        raise ApplicationError(str(error), type=SEGMENT_MISSING, non_retryable=True) from None
    return _Parts(dict(zip(needed, paths, strict=True)), sounds)


def _join(
    request: FinishDeliverable,
    film: Film,
    parts: _Parts,
    rendition: str,
    chapters: Sequence[Chapter],
    workdir: Path,
    stop: Event,
) -> File:
    """Join the parts of one rendition, and measure the file."""
    name = file_name(rendition)
    target, sound = workdir / name, parts.sounds[name]
    assembly.assemble(
        target,
        [path for each, path in parts.segments.items() if each.rendition == rendition],
        sound,
        film.timeline.rate,
        film.cues,
        chapters,
        film.timeline.seconds,
        title=request.title,
        comment=label(request),
        language=three_letters(request.brief.language),
        stop=stop,
        edit_lists=rendition not in PROFILES,
    )
    with target.open("ab") as file:
        file.write(label_box(source_type(deliverable_statement(request, name, {}))))
    heard = overview.heard_in(sound) if sound else Heard()
    by_models = deliverable_made_by_models(request) != "no"
    measured = measure_file(target, rendition, heard, film.levels, film.boxes(rendition), by_models)
    return File(name, "rendition" if rendition else "video", target, "video/mp4", measured=measured)


def segments_of(production_id: str, film: Film) -> list[Segment]:
    """All segments of a film in order."""
    found = []
    for rendition in film.all_renditions:
        output, style = film.format_of(rendition), film.captions_of(rendition)
        for number, piece in enumerate(pieces_of(film.timeline), start=1):
            key = keys.segment_key(production_id, segments.segment_digest(piece, output, style, film.cues))
            name = f"{piece.name} {rendition}".strip()
            found.append(Segment(number=number, rendition=rendition, name=name, key=key))
    return found


async def _read(sources: Sources, timeline: str) -> Film:
    found = await sources.storage.get_bytes(timeline)
    if found is None:
        raise ApplicationError(f"{timeline} was deleted", type=SEGMENT_MISSING, non_retryable=True)
    return _FILM.validate_json(found[0])


def _sound_keys(production_id: str, film: Film) -> dict[Goal, str]:
    """The keys of the film's sound, one for each loudness; empty if nothing is heard."""
    return {goal: keys.sound_key(production_id, digest) for goal, digest in film.goals().items()}


def _film_of(request: FinishDeliverable, facts: Facts, words: Mapping[str, tuple[Word, ...]]) -> Film:
    videos = [a for a in request.assets if a.asset.asset_type is Modality.VIDEO]
    stills = [a for a in request.assets if a.asset.asset_type is Modality.IMAGE]
    spoken = [a for a in request.assets if a.asset.spoken]
    voices = []
    for each in spoken:
        asset_id, media = each.asset.asset_id, each.take.media
        found = facts.recording(media)
        text = each.take.prompt
        known = words.get(asset_id) or estimate(text, found.seconds, found.pauses)
        voices.append(Voice(asset_id, text, media, found.seconds, known))
    notes: list[str] = []
    if videos:
        shown = {a.asset.asset_id: facts.shot(a.take.media) for a in videos}
        first = shown[videos[0].asset.asset_id]
        output = FilmFormat.of_shot(first, rate_of(request.cut.renditions, first.rate))
        shots = [shot_of(a, spoken, request.cut, shown[a.asset.asset_id]) for a in videos]
        voices, speed_notes = fit_voices(shots, voices)
        notes += speed_notes
        notes += [note for asset_id, each in shown.items() for note in losses_of(asset_id, each, output)]
    else:
        output = FilmFormat.of_aspect(request.brief.aspect)
        output = replace(output, rate=rate_of(request.cut.renditions, output.rate))
        shots = hold_stills([shot_of(a, spoken, request.cut) for a in stills], voices, request.brief.duration_seconds)
    main = output.in_aspect(request.brief.aspect)
    further = tuple(a for a in request.cut.renditions if a in PROFILES or output.in_aspect(a) != main)
    timeline = lay_out(shots, voices, output.rate, request.cut)
    cues, cue_notes = cues_of(timeline.voices, timeline.rate, timeline.seconds)
    texts = [text.text for text in timeline.texts] + ([timeline.card] if timeline.card else [])
    film = Film(
        timeline,
        output,
        (*notes, *cue_notes, *undrawn(texts)),
        further,
        tuple(cues),
        request.cut.captions,
        tuple(beds_of(request, facts)),
        request.cut.levels,
        request.cut.muted_captions,
    )
    drawn = [film.burned(rendition) for rendition in film.all_renditions]
    return replace(film, notes=tuple(dict.fromkeys((*film.notes, *(n for each in drawn if each for n in each.notes)))))


def _chapters(request: FinishDeliverable, timeline: Timeline) -> tuple[Chapter, ...]:
    labels = {a.asset.asset_id: a.asset.label for a in request.assets}
    return tuple(
        Chapter(
            asset_id=placed.shot.asset_id,
            title=labels[placed.shot.asset_id] or placed.shot.asset_id,
            start_seconds=round(placed.start, 3),
        )
        for placed in timeline.shots
    )


async def _cells(sources: Sources, request: FinishDeliverable, timeline: Timeline) -> list[contact_sheet.Cell]:
    """The pictures of the contact sheet; those that it does not show are not fetched."""
    seconds = {placed.shot.asset_id: placed.shot.seconds for placed in timeline.shots if not placed.shot.still}
    pictures = [a for a in request.assets if a.asset.asset_type in (Modality.IMAGE, Modality.VIDEO)]
    shown = pictures[: contact_sheet.MAX_CELLS]
    paths = await sources.paths_of((a.asset.asset_id, a.take.media) for a in shown)
    return [
        contact_sheet.Cell(i, a.asset.label, paths.get(i), seconds.get(i))
        for a in pictures
        for i in (a.asset.asset_id,)
    ]


def from_thread(report: Report) -> Report:
    """A function that a thread calls, and that reports on this event loop."""
    loop = asyncio.get_running_loop()

    def call(step: str) -> None:
        loop.call_soon_threadsafe(report, step)

    return call
