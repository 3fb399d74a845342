"""The shots and the beds of a film, from its assets and the facts of their takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from activities.finishing.picture.formats import FilmFormat, ShotFacts
from activities.finishing.sound.track import Bed
from activities.finishing.sources import Facts
from activities.finishing.timeline import Shot
from workflows.activity_io import FinishDeliverable, FinishedAsset
from workflows.cut import Cut, Focus
from workflows.models import UPLOAD, Asset, Modality

_NOTED_CUT: Final = 0.02
"""Of a picture that has another shape than the film."""
MOST_ENLARGED: Final = 2.0
"""Of a picture, in each direction: above this it is clearly blurred."""


def are_tied(one: Asset, other: Asset) -> bool:
    """Whether one of the two depends on the other."""
    return one.asset_id in other.depends_on or other.asset_id in one.depends_on


def size_of(still: FinishedAsset) -> tuple[int, int]:
    """The width and height of a still; 0 where they are not known."""
    return still.take.media.width or 0, still.take.media.height or 0


def shot_of(
    finished: FinishedAsset,
    spoken: Sequence[FinishedAsset],
    cut: Cut,
    output: FilmFormat,
    facts: ShotFacts | None = None,
) -> Shot:
    """The shot with its narrations: those it depends on, and those that depend on it.

    Args:
        facts: Of a moving shot; None for a still.
    """
    asset = finished.asset
    voices = tuple(other.asset.asset_id for other in spoken if are_tied(asset, other.asset))
    at = cut.focus.get(asset.asset_id, Focus())
    fill = output.is_filled(*((facts.width, facts.height) if facts else size_of(finished)))
    shot = Shot(asset.asset_id, finished.take.media, 0, still=True, voices=voices, focus=(at.x, at.y), fill=fill)
    if facts is None:
        return shot
    timecode = (facts.width, facts.height) if facts.timecode else None
    return replace(shot, seconds=facts.seconds, still=False, timecode=timecode, sound=facts.sound)


def beds_of(request: FinishDeliverable, facts: Facts) -> Iterator[Bed]:
    """Music, effects and ambience, each with the shots or stills that it depends on or that depend on it."""
    shown = [a.asset for a in request.assets if a.asset.asset_type in (Modality.VIDEO, Modality.IMAGE)]
    for finished in request.assets:
        asset, take = finished.asset, finished.take
        if asset.asset_type is Modality.AUDIO and not asset.spoken:
            tied = (shot.asset_id for shot in shown if are_tied(asset, shot))
            found = facts.recording(take.media)
            bpm = found.bpm if take.provider == UPLOAD else asset.number("bpm") or found.bpm
            at = asset.number("at_seconds") or 0.0
            yield Bed(asset.asset_id, asset.role, take.media, found.seconds, tuple(tied), at, bpm)


def shape_notes(aspect: str, sizes: Mapping[str, tuple[int, int]], output: FilmFormat) -> Iterator[str]:
    """Where the film has another shape than its brief orders, or shots another one than the film.

    Args:
        sizes: Asset id -> width and height of each shot or still.
    """
    film = f"{output.width} x {output.height}"
    if not output.is_shaped(aspect):
        yield f"the film is {film}, because no shot is about {aspect}; for {aspect} add it to the cut's renditions"
    for asset_id, (width, height) in sizes.items():
        if output.cut_off(width, height) > _NOTED_CUT and width and height:
            how = "is cropped around its focus" if output.is_filled(width, height) else "is shown with bars"
            yield f"{asset_id} is {width} x {height} and {how} in {film}"


def enlarged(rendition: str, output: FilmFormat, own: FilmFormat) -> list[str]:
    """A note where a destination takes a much larger picture than the shots have."""
    times = max(output.width / own.width, output.height / own.height)
    if times <= MOST_ENLARGED:
        return []
    sizes = f"from {own.width} x {own.height} to {output.width} x {output.height}"
    return [
        f"{rendition}: the shots are enlarged {times:.1f} times, {sizes}; upscale them, or leave this rendition out"
    ]
