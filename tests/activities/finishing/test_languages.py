"""A film in several languages: each has its own timing, and what is the same is encoded once."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from activities.finishing.film import lay_out_film
from activities.finishing.languages.versions import file_name, version_of
from activities.finishing.renditions.checks import notes_on
from activities.finishing.sources import Sources
from activities.storage.bucket import Storage
from api.export.fcpxml import write as fcpxml_of
from api.export.timeline import read_timeline
from tests.activities.finishing.media import Film, Takes, cue_times, finished, shot_file, voice_file
from workflows.activity_io import FinishDeliverable, FinishedAsset
from workflows.brief import Platform
from workflows.cut import Card, Cut
from workflows.destinations.profiles import PROFILES
from workflows.models import Check, Measured, Modality

WORDS = {"narration-1": "Die Boote laufen aus.", "narration-2": "Mittags sind die Netze voll."}


async def film(
    storage: Storage, tmp_path: Path, name: str, german: tuple[float, float]
) -> tuple[Takes, FinishDeliverable]:
    """Two shots of two seconds with narrations of one second, and German narrations of these lengths."""
    takes = Takes(storage, name)
    for k in (1, 2):
        voice = voice_file(tmp_path / f"voice-{k}.wav", 1.0)
        await takes.add(f"narration-{k}", Modality.AUDIO, "narration", voice, "audio/wav", prompt=f"The boats {k}.")
        shot = shot_file(tmp_path / f"shot-{k}.mp4", seconds=2.0, hue=80 * k)
        await takes.add(f"shot-{k}", Modality.VIDEO, "shot", shot, "video/mp4", depends_on=(f"narration-{k}",))
    for k, seconds in enumerate(german, start=1):
        voice = voice_file(tmp_path / f"german-{k}.wav", seconds)
        text = WORDS[f"narration-{k}"]
        await takes.add(f"narration-{k}-de", Modality.AUDIO, "narration", voice, "audio/wav", prompt=text)
    request = takes.request(Platform.VIDEO)
    return takes, request.model_copy(
        update={"assets": tuple(map(in_german, request.assets)), "cut": Cut(languages=("de",))}
    )


def in_german(each: FinishedAsset) -> FinishedAsset:
    asset_id = each.asset.asset_id
    if not asset_id.endswith("-de"):
        return each
    spoken = {"language": "de", "translates": asset_id.removesuffix("-de")}
    return each.model_copy(update={"asset": each.asset.model_copy(update=spoken)})


async def test_each_language_has_its_own_length(storage: Storage, tmp_path: Path) -> None:
    """A narration that is 10 % longer than its shot is played faster; one that is much longer holds the last frame, in
    its own film alone. The German film has its narrations and captions, and the original has the captions of both."""
    takes, request = await film(storage, tmp_path, "languages-lengths", (2.2, 4.0))
    deliverable, files = await finished(takes, request, tmp_path)
    original, german = Film(files["deliverable.mp4"]), Film(files["deliverable.de.mp4"])
    assert original.seconds == pytest.approx(4.0, abs=0.1)
    assert german.seconds == pytest.approx(6.0, abs=0.2)
    assert (original.kinds, german.kinds) == (
        ["video", "audio", "subtitle", "subtitle"], ["video", "audio", "subtitle"]
    )  # fmt: skip
    assert (original.languages, german.languages) == ({"eng", "deu"}, {"deu"})
    assert original.silent(1.4, 1.9)
    assert german.loud(2.3, 5.8)
    assert [text for *_, text in german.subtitles()] == list(WORDS.values())
    notes = " ".join(deliverable.notes)
    assert "narration-1-de is played 1.10 times as fast" in notes
    assert "narration-2-de overruns its shot by 2.0 s; the last frame of shot-2 is held" in notes
    assert "narration-1 " not in notes
    assert {f.name: f.language for f in deliverable.files if "de" in f.name.split(".")} == {
        "deliverable.de.mp4": "de", "captions.de.vtt": "de", "captions.de.srt": "de"
    }  # fmt: skip
    assert max(cue_times(files["captions.de.vtt"].decode())) > 4.0
    assert german.differ(4.5, 5.5) < 0.5


async def test_each_language_is_made_for_each_destination(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each language is mixed once, at the loudness of each destination; each file is measured, and the
    overview has the sounds of the original alone."""
    small = replace(PROFILES["broadcast"], size=(480, 270))
    monkeypatch.setitem(PROFILES, "broadcast", small)
    takes, request = await film(storage, tmp_path, "languages-destinations", (1.0, 4.0))
    cut = request.cut.model_copy(update={"renditions": ("broadcast",)})
    request = request.model_copy(update={"cut": cut})
    layout = await lay_out_film(Sources(storage, tmp_path / "takes"), request, print)
    assert len(layout.sounds) == 2, "one mix for each language"
    deliverable, files = await finished(takes, request, tmp_path)
    measured = {f.name: f.measured for f in deliverable.files if f.measured}
    assert list(measured) == [
        "deliverable.mp4", "deliverable-broadcast.mp4", "deliverable.de.mp4", "deliverable.de-broadcast.mp4",
    ]  # fmt: skip
    assert [f.language for f in deliverable.files[:4]] == ["", "", "de", "de"]
    for name, each in measured.items():
        assert each.loudness_lufs == pytest.approx(-23 if "broadcast" in name else -14, abs=0.5)
        assert each.duration_seconds == pytest.approx(6.0 if ".de" in name else 4.0, abs=0.2)
    german = Film(files["deliverable.de-broadcast.mp4"])
    assert (german.size, german.languages) == (small.size, {"deu"})
    assert german.loud(2.3, 5.8)
    overview = json.loads(files["overview.json"])
    assert [sound["asset_id"] for sound in overview["sounds"]] == ["narration-1", "narration-2"]


def test_a_note_on_a_failed_check_names_the_language() -> None:
    """The same film may be too long for a destination in one language alone."""
    check = Check.model_validate({"name": "length", "measured": "61.0 s", "required": "0 to 60 s", "ok": False})
    measured = Measured(profile="x", frame_rate=25, duration_seconds=61, bytes=1, checks=(check,))
    (original,), (german,) = notes_on(measured), notes_on(measured, "de")
    assert original.startswith("x: length is 61.0 s")
    assert german.startswith("x in de: length is 61.0 s")


async def test_shots_of_the_same_frames_are_encoded_once(storage: Storage, tmp_path: Path) -> None:
    """German needs only the segment whose last frame is held, and its own sound."""
    _, request = await film(storage, tmp_path, "languages-shared", (1.0, 4.0))
    layout = await lay_out_film(Sources(storage, tmp_path / "takes"), request, print)
    assert [s.name for s in layout.segments] == ["shot-1", "shot-2", "shot-2 de"]
    assert layout.count == 3
    assert [bool(s.timeline) for s in layout.segments] == [False, False, True]
    assert len(layout.sounds) == 2


async def test_texts_on_the_screen_are_translated(storage: Storage, tmp_path: Path) -> None:
    """The German film shows the translated title; a text without a translation stays, and a note names it."""
    _, request = await film(storage, tmp_path, "languages-texts", (1.0, 1.0))
    cut = Cut(
        languages=("de",),
        title=Card(text="Boats", seconds=1),
        end_card=Card(text="The end"),
        translations={"de": {"Boats": "Boote"}},
    )
    german, notes = version_of(request.model_copy(update={"cut": cut}), "de")
    assert german.cut.title
    assert german.cut.end_card
    assert (german.cut.title.text, german.cut.end_card.text) == ("Boote", "The end")
    assert notes == ["“The end” on the screen is not translated to de"]
    assert german.brief.language == "de"


async def test_a_narration_without_a_translation_is_silent(storage: Storage, tmp_path: Path) -> None:
    """A German narration that was left out is not spoken in English instead; a note names it."""
    _, request = await film(storage, tmp_path, "languages-silent", (1.0, 1.0))
    kept = tuple(a for a in request.assets if a.asset.asset_id != "narration-2-de")
    german, notes = version_of(request.model_copy(update={"assets": kept}), "de")
    assert [a.asset.asset_id for a in german.assets] == ["narration-1-de", "shot-1", "shot-2"]
    assert german.assets[1].asset.depends_on == ("narration-1-de",)
    assert notes == ["narration-2 is not spoken in de: it has no translation that was made"]


async def test_an_exported_timeline_has_a_track_for_each_language(storage: Storage, tmp_path: Path) -> None:
    """The German narrations are on a track of their own, which is off, with a role of their own."""
    takes, request = await film(storage, tmp_path, "languages-export", (1.0, 1.5))
    _, files = await finished(takes, request, tmp_path)
    timeline = read_timeline(files["timeline.otio"])
    tracks = [(track.role, track.enabled, [c.asset_id for c in track.clips]) for track in timeline.sounds]
    assert tracks == [
        ("narration", True, ["narration-1", "narration-2"]),
        ("narration-de", False, ["narration-1-de", "narration-2-de"]),
    ]
    fcpxml = fcpxml_of(timeline)
    assert fcpxml.count('audioRole="dialogue.de"') == 2
    assert fcpxml.count('enabled="0"') == 2


def test_a_file_has_its_language_before_its_extension() -> None:
    """The original keeps its names."""
    assert [file_name("captions.vtt", tag) for tag in ("", "pt-BR")] == ["captions.vtt", "captions.pt-BR.vtt"]
