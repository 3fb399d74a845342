"""A film in its languages: each is finished like the film itself, with its own narrations and texts and the same shots.

Only what differs is encoded: segments are keyed by their content, so languages share the shots of the same frames.
"""

from collections.abc import Sequence
from dataclasses import replace

from activities.finishing.captions.cues import Cue, cues_of
from activities.finishing.editorial import NARRATION, PlacedSound
from activities.finishing.timeline import PlacedVoice, Timeline
from workflows.activity_io import FinishDeliverable, FinishedAsset


def version_of(request: FinishDeliverable, language: str) -> tuple[FinishDeliverable, list[str]]:
    """The request for the film in one language, and notes on what is missing in it.

    Args:
        language: A further language; empty for the original.
    """
    originals = [a for a in request.assets if not a.asset.language]
    if not language:
        return request.model_copy(update={"assets": tuple(originals)}), []
    spoken = {a.asset.translates: a for a in request.assets if a.asset.language == language}
    ids = {original: each.asset.asset_id for original, each in spoken.items()}
    made, notes, silent = [], list[str](), []
    for each in originals:
        if not each.asset.spoken:
            made.append(_tied_to(each, each.asset.depends_on, ids))
        elif translation := spoken.pop(each.asset.asset_id, None):
            made.append(_tied_to(translation, each.asset.depends_on, ids))
        else:
            silent.append(each.asset.asset_id)
    made += spoken.values()
    if silent:
        notes.append(f"{', '.join(silent)} is not spoken in {language}: it has no translation that was made")
    known = request.cut.translations.get(language, {})
    if shown := [text for text in request.cut.texts if text not in known]:
        named = ", ".join(f"“{text}”" for text in shown)
        notes.append(f"{named} on the screen is not translated to {language}")
    view = {
        "title": known.get(request.title, request.title),
        "assets": tuple(made),
        "cut": request.cut.translated(language),
        "brief": request.brief.model_copy(update={"languages": (language,), "translations": {}}),
    }
    return request.model_copy(update=view), notes


def _tied_to(finished: FinishedAsset, depends_on: Sequence[str], ids: dict[str, str]) -> FinishedAsset:
    """The asset where it depends on translations instead of their originals."""
    needs = tuple(ids.get(name, name) for name in depends_on)
    return finished.model_copy(update={"asset": finished.asset.model_copy(update={"depends_on": needs})})


def subtitles_of(request: FinishDeliverable, film: Timeline) -> dict[str, tuple[Cue, ...]]:
    """Further language -> its captions at the times of the original's narrations."""
    found = {}
    for language in request.cut.languages:
        texts = {a.asset.translates: a.take.prompt for a in request.assets if a.asset.language == language}
        voices = [
            PlacedVoice(replace(placed.voice, text=texts[placed.voice.asset_id], words=()), placed.start)
            for placed in film.voices
            if placed.voice.asset_id in texts
        ]
        if cues := cues_of(voices, film.rate, film.seconds).cues:
            found[language] = tuple(cues)
    return found


def further_narrations(request: FinishDeliverable, film: Timeline, seconds: dict[str, float]) -> list[PlacedSound]:
    """The narrations of further languages for editing software, where those of the original begin.

    Args:
        seconds: Asset id of a narration -> its length.
    """
    starts = {placed.voice.asset_id: placed.start for placed in film.voices}
    return [
        PlacedSound(a.asset.asset_id, starts[a.asset.translates], seconds[a.asset.asset_id], role=role_of(language))
        for language in request.cut.languages
        for a in request.assets
        if a.asset.language == language and a.asset.translates in starts
    ]


def role_of(language: str) -> str:
    """The role of the narrations in a further language."""
    return f"{NARRATION}-{language.lower()}"


def file_name(name: str, language: str) -> str:
    """The name of a file in a language: deliverable.mp4 and deliverable.de.mp4."""
    stem, dot, extension = name.rpartition(".")
    return f"{stem}.{language}{dot}{extension}" if language else name
