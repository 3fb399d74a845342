"""Finishing a film in steps that any worker can take: lay out, encode each segment, mix the sound, assemble.

Each step reads the stored timeline and writes objects whose keys contain the digest of everything in them, so a step
that runs twice, or on two workers, does no harm, and parts that exist are used again by later revisions.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Final

from pydantic import TypeAdapter
from temporalio.exceptions import ApplicationError

from activities.finishing import assembly, contact_sheet, document, editorial
from activities.finishing.captions.cues import Cue, cues_of
from activities.finishing.captions.pauses import estimate
from activities.finishing.captions.word_times import Word
from activities.finishing.captions.words_of_takes import read_words
from activities.finishing.files import File, Result, read_texts, write
from activities.finishing.joining import Version, caption_files, chapters_of, join, lengths
from activities.finishing.languages.versions import further_narrations, subtitles_of, version_of
from activities.finishing.picture import segments, text_files
from activities.finishing.picture.burned_captions import SAFE_AREA, BurnedCaptions, CaptionStyle, burn
from activities.finishing.picture.formats import FilmFormat
from activities.finishing.picture.pieces import pieces_of
from activities.finishing.picture.titles import extent, undrawn
from activities.finishing.placing import beds_of, enlarged, shape_notes, shot_of, size_of
from activities.finishing.renditions import overview
from activities.finishing.renditions.checks import MAIN, Box, goal_of, notes_on
from activities.finishing.sound import track
from activities.finishing.sound.encoding import PART_SECONDS
from activities.finishing.sound.kept import NOTHING, KeptInBucket
from activities.finishing.sound.mastering import Goal
from activities.finishing.sound.track import Bed
from activities.finishing.sources import Facts, Sources, in_thread
from activities.finishing.timeline import Timeline, Voice, fit_voices, hold_stills, lay_out
from activities.finishing.versions import with_versions
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
from workflows.destinations.profiles import PROFILES
from workflows.models import Modality, digest_of

Report = Callable[[str], None]


@dataclass(frozen=True)
class Film:
    """What is stored as the timeline of a film.

    Attributes:
        language: A further language; empty for the original.
        versions: Of the original: further language -> the object key of its timeline.
        subtitles: Of the original: further language -> its captions at the times of the original's narrations.
    """

    timeline: Timeline
    output: FilmFormat
    notes: tuple[str, ...] = ()
    renditions: tuple[str, ...] = ()
    cues: tuple[Cue, ...] = ()
    captions: CaptionStyle = "sidecar"
    beds: tuple[Bed, ...] = ()
    levels: Levels = field(default_factory=Levels)
    muted_captions: CaptionStyle = "sidecar"
    language: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    subtitles: Mapping[str, tuple[Cue, ...]] = field(default_factory=dict)

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
            output = self.output.for_destination(profile, self.timeline.seconds)
        else:
            output = self.output.in_aspect(rendition) if rendition else self.output
        return output.above_slates(placed.shot for placed in self.timeline.shots)

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
            yield extent(text.kind, text.text, size, output.safe, text.over)
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
    words = await read_words(sources.storage, request.assets)
    stored = set(await sources.storage.list_keys(keys.film_prefix(request.production_id)))
    further: dict[str, Film] = {}
    versions: dict[str, str] = {}
    for language in request.cut.languages:
        view, missing_parts = version_of(request, language)
        film = _film_of(view, facts, words)
        film = replace(film, language=language, notes=(*missing_parts, *film.notes))
        versions[language] = await _keep(sources, request.production_id, film, stored)
        further[versions[language]] = film
    film = _film_of(version_of(request, "")[0], facts, words)
    notes = (*version_notes, *film.notes)
    film = replace(film, versions=versions, subtitles=subtitles_of(request, film.timeline), notes=notes)
    key = await _keep(sources, request.production_id, film, stored)
    needed = segments_of(request.production_id, film)
    needed += [each for at, other in further.items() for each in segments_of(request.production_id, other, at)]
    missing: dict[str, Segment] = {}
    for each in needed:
        if each.key not in stored:
            missing.setdefault(each.key, each)
    unmixed: dict[str, str] = {}
    for at, each_film in ({key: film} | further).items():
        sounds = _sound_keys(request.production_id, each_film).values()
        if sound := next((sound for sound in sounds if sound not in stored), ""):
            unmixed.setdefault(sound, at)
    mixes = {at: sound for sound, at in unmixed.items()}
    return FilmLayout(
        timeline=key,
        segments=tuple(missing.values()),
        count=len({each.key for each in needed}),
        sound=mixes.pop(key, ""),
        further_sounds=mixes,
    )


async def _keep(sources: Sources, production_id: str, film: Film, stored: Collection[str]) -> str:
    """Store a timeline, and return its object key."""
    content = _FILM.dump_json(film)
    key = keys.timeline_key(production_id, digest_of(content.decode()))
    if key not in stored:
        with suppress(StorageConflict):  # another attempt has just stored it
            await sources.storage.put_unpaid(key, content, "application/json", only_if_absent=True)
    return key


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
    """Mix the sound, and store it at the loudness of each rendition. Of a long one parts are kept while it is made.

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
    long = film.timeline.seconds > PART_SECONDS
    kept = {goal: KeptInBucket(sources.storage, key) if long else NOTHING for goal, key in wanted.items()}
    on_progress = from_thread(report)
    await in_thread(
        lambda stop: track.render(
            targets, film.timeline, film.beds, film.levels, paths, kept=kept, stop=stop, on_progress=on_progress
        )
    )
    for goal, key in wanted.items():
        await sources.storage.put_file(key, targets[goal], "audio/mp4")
        await kept[goal].drop()


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
    others = [await _read(sources, key) for key in film.versions.values()]
    versions = [await _fetch(sources, request.production_id, each, report) for each in (film, *others)]
    original, _ = version_of(request, "")
    cells = await _cells(sources, original, placed)
    chapters = chapters_of(original, placed)
    sheet = File("contact-sheet.png", "contact-sheet", workdir / "contact-sheet.png", "image/png")

    def join_all(stop: Event) -> list[File]:
        views = [(version, version_of(request, version.film.language)[0]) for version in versions]
        return [
            join(version, view, rendition, workdir, stop)
            for version, view in views
            for rendition in version.film.all_renditions
        ]

    report("joining the segments")
    films, sheet_notes = await asyncio.gather(
        in_thread(join_all),
        in_thread(lambda stop: contact_sheet.draw(sheet.path, request.title, cells, request.brief.aspect, stop)),
    )
    part_notes = [note for each in versions for part in each.files for note in assembly.notes_of(part)]
    part_notes += [note for made in films if made.measured for note in notes_on(made.measured, made.language)]
    files = [*films, *(each for version in versions for each in caption_files(version.film, workdir))]
    own = list(track.sounds_of(placed, film.beds, film.levels))
    heard = [*own, *further_narrations(request, placed, lengths(others))]
    cut = editorial.timeline_of(request, placed, (film.output.width, film.output.height), sounds=heard)
    files.append(write(workdir, editorial.FILE, editorial.ROLE, editorial.MEDIA_TYPE, editorial.as_json(cut)))
    files += await in_thread(lambda _: [*text_files.write_texts(placed, film.format_of(MAIN), workdir)])
    texts = await read_texts(sources.storage, request.assets)
    if texts:
        sections = [s for a in request.assets if a.asset.asset_id in texts for s in document.sections_of(a, texts)]
        script = document.markdown(request.title, sections)
        files.append(write(workdir, "content.md", "document", "text/markdown", script))
    placing = (note for each in versions for note in (*each.film.notes, *each.film.timeline.notes))
    notes = dict.fromkeys((*placing, *sheet_notes, *part_notes))
    files += [sheet, overview.file_of(placed, own, versions[0].sounds[MAIN], workdir)]
    return Result(tuple(files), tuple(notes), round(placed.seconds, 3), chapters)


async def _fetch(sources: Sources, production_id: str, film: Film, report: Report) -> Version:
    """
    Raises:
        ApplicationError: type SEGMENT_MISSING: a part is not stored any more.
    """
    needed, goals = segments_of(production_id, film), _sound_keys(production_id, film)
    report(f"fetching {len(needed)} segments")
    try:
        paths = await asyncio.gather(*(sources.fetch(each.key, "mp4") for each in needed))
        sounds = {
            each: await sources.fetch(goals[goal], "m4a") if goal in goals else None
            for each in film.all_renditions
            for goal in (goal_of(each, film.levels),)
        }
    except ObjectMissing as error:
        raise ApplicationError(str(error), type=SEGMENT_MISSING, non_retryable=True) from None
    return Version(film, dict(zip(needed, paths, strict=True)), sounds)


def segments_of(production_id: str, film: Film, timeline: str = "") -> list[Segment]:
    """All segments of a film in order; `timeline` is the key of a further language's."""
    found = []
    for rendition in film.all_renditions:
        output, style = film.format_of(rendition), film.captions_of(rendition)
        for number, piece in enumerate(pieces_of(film.timeline), start=1):
            key = keys.segment_key(production_id, segments.segment_digest(piece, output, style, film.cues))
            name = " ".join(filter(None, (piece.name, rendition, film.language)))
            found.append(Segment(timeline=timeline, number=number, rendition=rendition, name=name, key=key))
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
        output = FilmFormat.of_shots([*shown.values()], request.brief.aspect, request.cut.renditions)
        shots = [shot_of(a, spoken, request.cut, output, shown[a.asset.asset_id]) for a in videos]
        shots, voices, speed_notes = fit_voices(shots, voices, output.rate)
        notes += speed_notes
        sizes = {asset_id: (each.width, each.height) for asset_id, each in shown.items()}
    else:
        sizes = {each.asset.asset_id: size_of(each) for each in stills}
        output = FilmFormat.of_stills([*sizes.values()], request.brief.aspect, request.cut.renditions)
        shots = [shot_of(a, spoken, request.cut, output) for a in stills]
        shots = hold_stills(shots, voices, request.brief.duration_seconds)
    notes += shape_notes(request.brief.aspect, sizes, output)
    own = request.brief.aspect if output.is_shaped(request.brief.aspect) else ""
    further = tuple(each for each in request.cut.renditions if each != own)
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
    drawing = [note for each in drawn if each for note in each.notes]
    drawing += [note for each in further if videos for note in enlarged(each, film.format_of(each), output)]
    return replace(film, notes=tuple(dict.fromkeys((*film.notes, *drawing))))


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
