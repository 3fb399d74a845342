"""The files of a film in one language, from its stored parts: with its further renditions, and with its captions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from activities.finishing import assembly
from activities.finishing.captions import files as captions
from activities.finishing.captions.tracks import turn_off_subtitles
from activities.finishing.files import File, write
from activities.finishing.languages.versions import file_name
from activities.finishing.renditions import checks, overview
from activities.finishing.timeline import Timeline
from activities.provenance.ai_label import label_box
from activities.provenance.statements import deliverable_made_by_models, deliverable_statement, label, source_type
from workflows.activity_io import FinishDeliverable, Segment
from workflows.destinations.profiles import PROFILES
from workflows.models import Chapter

if TYPE_CHECKING:
    from activities.finishing.film import Film

_NUMBER: Final = re.compile(r"\AShot \d+ · ")


@dataclass(frozen=True)
class Version:
    """A film in one language with its stored parts. `sounds` has the sound of each rendition; None without sound."""

    film: "Film"
    segments: Mapping[Segment, Path]
    sounds: Mapping[str, Path | None]

    @property
    def files(self) -> list[Path]:
        return list(dict.fromkeys((*self.segments.values(), *filter(None, self.sounds.values()))))


def join(version: Version, request: FinishDeliverable, rendition: str, workdir: Path, stop: Event) -> File:
    """Join the parts of one rendition, and measure the file.

    Args:
        request: For the film in this language.
    """
    film, sound = version.film, version.sounds[rendition]
    name = checks.file_name(rendition, film.language)
    target = workdir / name
    assembly.assemble(
        target,
        [path for each, path in version.segments.items() if each.rendition == rendition],
        sound,
        film.timeline.rate,
        {**({request.brief.language: film.cues} if film.cues else {}), **film.subtitles},
        chapters_of(request, film.timeline),
        film.timeline.seconds,
        title=request.title,
        comment=label(request),
        language=request.brief.language,
        stop=stop,
        edit_lists=rendition not in PROFILES,
    )
    if film.captions_of(rendition) != "sidecar":
        turn_off_subtitles(target)
    with target.open("ab") as file:
        file.write(label_box(source_type(deliverable_statement(request, name, {}, film.language))))
    heard = overview.heard_in(sound) if sound else checks.Heard()
    by_models = deliverable_made_by_models(request) != "no"
    measured = checks.measure_file(target, rendition, heard, film.levels, film.boxes(rendition), by_models)
    role = "rendition" if rendition else "video"
    return File(name, role, target, "video/mp4", language=film.language, measured=measured)


def caption_files(film: "Film", workdir: Path) -> Iterator[File]:
    if film.cues:
        for end, media_type, text in (
            ("vtt", "text/vtt", captions.vtt(film.cues)),
            ("srt", "application/x-subrip", captions.srt(film.cues)),
        ):
            name = file_name(f"captions.{end}", film.language)
            yield replace(write(workdir, name, f"captions-{end}", media_type, text), language=film.language)


def lengths(films: "Sequence[Film]") -> dict[str, float]:
    """Asset id of each narration -> its length as recorded."""
    voices = [placed.voice for film in films for placed in film.timeline.voices]
    return {voice.asset_id: voice.seconds * voice.speed for voice in voices}


def chapters_of(request: FinishDeliverable, timeline: Timeline) -> tuple[Chapter, ...]:
    """The shots with their titles. Players number chapters, so the number in a label of the plan is left out."""
    labels = {a.asset.asset_id: _NUMBER.sub("", a.asset.label) for a in request.assets}
    return tuple(
        Chapter(
            asset_id=placed.shot.asset_id,
            title=labels[placed.shot.asset_id] or placed.shot.asset_id,
            start_seconds=round(placed.start, 3),
        )
        for placed in timeline.shots
    )
