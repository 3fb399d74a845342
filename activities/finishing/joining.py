"""The files of a film in one language, from its stored parts: with its further aspects, and with its captions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from activities.finishing import assembly
from activities.finishing.captions import files as captions
from activities.finishing.files import File, write
from activities.finishing.language_versions import file_name
from activities.finishing.timeline import Timeline
from activities.provenance.statements import label
from workflows.activity_io import FinishDeliverable, Segment
from workflows.models import Chapter

if TYPE_CHECKING:
    from activities.finishing.film import Film


@dataclass(frozen=True)
class Version:
    """A film in one language with its stored parts."""

    film: "Film"
    segments: Mapping[Segment, Path]
    sound: Path | None

    @property
    def files(self) -> tuple[Path, ...]:
        return (*self.segments.values(), *([self.sound] if self.sound else []))


def join(version: Version, request: FinishDeliverable, rendition: str, target: Path, stop: Event) -> None:
    film = version.film
    assembly.assemble(
        target,
        [path for each, path in version.segments.items() if each.rendition == rendition],
        version.sound,
        film.timeline.rate,
        {**({request.brief.language: film.cues} if film.cues else {}), **film.subtitles},
        chapters_of(request, film.timeline),
        film.timeline.seconds,
        title=request.title,
        comment=label(request),
        language=request.brief.language,
        stop=stop,
    )


def video_files(film: "Film", workdir: Path) -> Iterator[File]:
    """The film, and its further aspects."""
    for rendition in ("", *film.renditions):
        start = file_name("deliverable.mp4", film.language).removesuffix(".mp4")
        name = f"{start}{f'-{rendition}' if rendition else ''}.mp4".replace(":", "x")
        yield File(name, "rendition" if rendition else "video", workdir / name, "video/mp4", language=film.language)


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
    labels = {a.asset.asset_id: a.asset.label for a in request.assets}
    return tuple(
        Chapter(
            asset_id=placed.shot.asset_id,
            title=labels[placed.shot.asset_id] or placed.shot.asset_id,
            start_seconds=round(placed.start, 3),
        )
        for placed in timeline.shots
    )
