"""Finishing: real takes in a real bucket become a film that plays or a document."""

import asyncio
import re
import threading
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from activities.errors import OutputUnusable
from activities.finishing import contact_sheet
from activities.finishing.deliverable import finish
from activities.media.fonts import Face
from activities.storage.bucket import Storage
from tests.activities.finishing.media import Film, Takes, cue_times, finished, shot_file, still_file, voice_file
from tests.support.waiting import WITHIN
from workflows.brief import Platform
from workflows.keys import deliverables_prefix
from workflows.models import Modality


async def test_a_film_has_picture_sound_and_captions(storage: Storage, tmp_path: Path) -> None:
    """Two shots with narration become one faststart MP4 whose sound and captions start with their shots."""
    takes = Takes(storage, "film")
    await takes.add("script", Modality.TEXT, "script", b"# The light\n\nIt turns.", "text/markdown")
    for number, (voice, shot) in enumerate(((1.2, 2.0), (1.4, 2.0)), start=1):
        source = voice_file(tmp_path / "v.wav", voice)
        spoken = f"{number} turns & <again>."
        await takes.add(f"narration-{number}", Modality.AUDIO, "narration", source, "audio/wav", prompt=spoken)
        source = shot_file(tmp_path / f"s{number}.mp4", seconds=shot, hue=number * 80)
        tied = (f"narration-{number}",)
        await takes.add(
            *(f"shot-{number}", Modality.VIDEO, "shot", source, "video/mp4"),
            depends_on=tied,
            label=f"Shot {number} · La mer {number}",
        )
    request = takes.request(Platform.VIDEO, title="Le phare", language="fr")
    deliverable, files = await finished(takes, request, tmp_path)

    names = ["deliverable.mp4", "captions.vtt", "captions.srt", "timeline.otio", "content.md", "contact-sheet.png"]
    assert [f.name for f in deliverable.files] == [*names, "overview.json"]
    film = Film(files["deliverable.mp4"])
    assert film.kinds == ["video", "audio", "subtitle"]
    assert film.format == ("h264", "yuv420p")
    assert film.sound == ("aac", 48_000)
    assert film.languages == {"fra"}
    assert film.title == "Le phare"
    assert film.seconds == pytest.approx(4.0, abs=0.1)
    assert deliverable.duration_seconds == pytest.approx(4.0, abs=0.05)
    assert len(film.pictures) == 96
    assert film.data.find(b"moov") < film.data.find(b"mdat")
    assert film.differ(0.1, 1.5) > 1
    assert film.differ(1.0, 3.0) > 10
    assert film.loud(0.3, 1.2)
    assert film.silent(1.6, 1.9)
    assert film.loud(2.3, 3.4)
    assert film.silent(3.8, 4.0)
    assert deliverable.notes == ()
    assert [(c.asset_id, c.start_seconds) for c in deliverable.chapters] == [("shot-1", 0), ("shot-2", 2)]
    assert film.chapters == [(0, "La mer 1"), (2, "La mer 2")], "their titles, without a word of English"
    cues = film.subtitles()
    assert [text for _, _, text in cues] == [f"{n} turns & <again>." for n in (1, 2)]
    assert [t for start, end, _ in cues for t in (start, end)] == pytest.approx([0.15, 1.35, 2.15, 3.55], abs=0.05)
    assert cue_times(files["captions.vtt"].decode()) == pytest.approx([0.15, 1.35, 2.15, 3.55], abs=0.05)
    assert cue_times(files["captions.srt"].decode()) == cue_times(files["captions.vtt"].decode())
    assert "turns &amp; &lt;again&gt;" in files["captions.vtt"].decode()
    assert "It turns." in files["content.md"].decode()


async def test_overrun_is_held_and_noted(storage: Storage, tmp_path: Path) -> None:
    """A narration longer than its shot is played completely over the shot's held last frame, and the note gives the
    duration."""
    takes = Takes(storage, "overrun")
    for number, (voice, shot) in enumerate(((2.3, 1.0), (0.5, 1.0)), start=1):
        source = voice_file(tmp_path / "v.mp3", voice, codec="libmp3lame", rate=24_000)
        await takes.add(f"narration-{number}", Modality.AUDIO, "narration", source, "audio/mpeg")
        source = shot_file(tmp_path / f"s{number}.mp4", seconds=shot, hue=number * 80)
        tied = (f"narration-{number}",)
        await takes.add(f"shot-{number}", Modality.VIDEO, "shot", source, "video/mp4", depends_on=tied)
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    film = Film(files["deliverable.mp4"])
    assert len(deliverable.notes) == 1
    assert re.match(r"narration-1 overruns its shot by 1\.[34] s", deliverable.notes[0])
    assert film.seconds == pytest.approx(3.3, abs=0.2)
    assert deliverable.chapters[1].start_seconds == pytest.approx(2.35, abs=0.1), "the held frame is the first shot's"
    assert film.differ(0.1, 0.9) > 1
    assert film.differ(1.2, 2.2) < 1
    assert film.differ(2.2, 2.6) > 10
    assert film.loud(0.2, 2.2)


async def test_a_slightly_long_narration_is_played_faster(storage: Storage, tmp_path: Path) -> None:
    """A narration that is at most 15 % longer than its shot ends with it, instead of a held frame, and a note says so;
    its captions keep to it."""
    takes = Takes(storage, "faster")
    for number, (voice, shot) in enumerate(((2.2, 2.0), (1.0, 2.0)), start=1):
        source = voice_file(tmp_path / "v.wav", voice)
        await takes.add(f"narration-{number}", Modality.AUDIO, "narration", source, "audio/wav")
        source = shot_file(tmp_path / f"s{number}.mp4", seconds=shot, hue=number * 80)
        tied = (f"narration-{number}",)
        await takes.add(f"shot-{number}", Modality.VIDEO, "shot", source, "video/mp4", depends_on=tied)
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    film = Film(files["deliverable.mp4"])
    assert deliverable.notes == ("narration-1 is played 1.10 times as fast, so that it ends with its shot",)
    assert len(film.pictures) == 96
    assert film.loud(0.1, 1.9)
    assert film.loud(2.3, 3.1)
    assert film.silent(3.3, 3.9)
    assert next(end for _, end, _ in film.subtitles()) == pytest.approx(2.0, abs=0.1)


async def test_a_longer_narration_is_played_faster_and_its_shot_slower(storage: Storage, tmp_path: Path) -> None:
    """A narration that is a fifth longer than its shot ends with it: the narration is played faster, and the shot with
    its own sound slower, to its last frame."""
    takes = Takes(storage, "slower")
    spoken = voice_file(tmp_path / "v.wav", 2.4)
    await takes.add("narration-1", Modality.AUDIO, "narration", spoken, "audio/wav")
    source = shot_file(tmp_path / "s.mp4", seconds=2.0)
    await takes.add("shot-1", Modality.VIDEO, "shot", source, "video/mp4", depends_on=("narration-1",))
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    film = Film(files["deliverable.mp4"])
    note = "narration-1 is played 1.15 times as fast and shot-1 0.96 times, so that they end together"
    assert deliverable.notes == (note,)
    assert len(film.pictures) == 50
    assert film.loud(0.1, 2.0)
    assert film.differ(1.0, 1.1) > 1
    assert film.differ(1.9, 2.04) > 1, "it moves to its end"


async def test_a_long_document_is_finished(storage: Storage, tmp_path: Path) -> None:
    """All takes together may exceed the limit of a single take: a document of more than 1 MB is finished."""
    takes = Takes(storage, "long")
    for number in range(3):
        await takes.add(f"text-{number}", Modality.TEXT, "body", b"The sea answers. " * 30_000, "text/markdown")
    deliverable, files = await finished(takes, takes.request(Platform.COPY), tmp_path)
    assert [len(files[f.name]) > 1_500_000 for f in deliverable.files] == [True, True]


async def test_mixed_shots_fit_one_frame(storage: Storage, tmp_path: Path) -> None:
    """Shots of other sizes, rates, codecs and pixel formats become one constant stream, in the shape of the brief."""
    takes = Takes(storage, "mixed")
    sources = [
        (shot_file(tmp_path / "a.mp4", size=(320, 180), rate=25), "video/mp4"),
        (shot_file(tmp_path / "b.mp4", size=(180, 320), rate=30, pix_fmt="yuv444p", hue=90), "video/mp4"),
        (shot_file(tmp_path / "c.webm", size=(426, 240), rate=12, codec="libvpx-vp9", hue=170), "video/webm"),
    ]
    for number, (source, media_type) in enumerate(sources, start=1):
        await takes.add(f"shot-{number}", Modality.VIDEO, "shot", source, media_type)
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    film = Film(files["deliverable.mp4"])
    assert film.size == (426, 240)
    assert film.rate == 25
    assert film.kinds == ["video"]
    assert film.seconds == pytest.approx(3.0, abs=0.1)
    assert len(film.pictures) == 75
    assert deliverable.notes == ("shot-2 is 180 x 320 and is shown with bars in 426 x 240",)
    upright = film.picture(1.5)
    assert max(upright[36 // 2 * 64 : 36 // 2 * 64 + 10]) < 24, "bars next to the upright shot"
    assert film.differ(0.5, 2.5) > 5


async def test_untied_narration_follows(storage: Storage, tmp_path: Path) -> None:
    """Narration that no shot names starts at the end of the one before it, and the last frame is held for it."""
    takes = Takes(storage, "untied")
    for number in (1, 2):
        source = voice_file(tmp_path / "v.wav", 0.9)
        await takes.add(f"narration-{number}", Modality.AUDIO, "narration", source, "audio/wav")
    await takes.add("shot-1", Modality.VIDEO, "shot", shot_file(tmp_path / "s.mp4"), "video/mp4")
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    film = Film(files["deliverable.mp4"])
    assert [start for start, _, _ in film.subtitles()] == pytest.approx([0.15, 1.05], abs=0.02)
    assert film.seconds == pytest.approx(1.95, abs=0.1)
    assert "past the last shot" in deliverable.notes[0]


async def test_stills_become_a_film(storage: Storage, tmp_path: Path) -> None:
    """A video brief of stills and narration is a film that holds each still for its narration, with a slow move."""
    takes = Takes(storage, "stills")
    for number, (colour, seconds) in enumerate((("navy", 1.0), ("darkred", 1.6)), start=1):
        tied = f"narration-{number}"
        await takes.add(tied, Modality.AUDIO, "narration", voice_file(tmp_path / "v.wav", seconds), "audio/wav")
        source = still_file(tmp_path / "i.png", colour)
        await takes.add(f"still-{number}", Modality.IMAGE, "still", source, "image/png", depends_on=(tied,))
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO, aspect="1:1"), tmp_path)
    film = Film(files["deliverable.mp4"])
    assert film.size == (720, 720)
    assert film.seconds == pytest.approx(1.65 + 2.25, abs=0.1)
    assert film.differ(1.0, 2.5) > 5
    assert film.differ(0.1, 1.5) > 0.3
    assert deliverable.notes == ()


HOSTILE = (
    "# Heading\n\nText **bold** <script>alert(1)</script> & <img src=x onerror=alert(2)>\n\n- one\n- two\n\n"
    "<iframe src='https://evil.example'></iframe>\n\n[click](javascript:alert(3)) ![p](https://evil.example/p.png)\n"
)


async def test_document_is_readable_and_inert(storage: Storage, tmp_path: Path) -> None:
    """A post becomes Markdown and a page in asset order; text of a model never becomes a tag, link or load."""
    takes = Takes(storage, "document")
    await takes.add("post", Modality.TEXT, "body", HOSTILE.encode(), "text/markdown", label="<b>Post</b>")
    source = still_file(tmp_path / "i.png", "teal")
    await takes.add("image-1", Modality.IMAGE, "image", source, "image/png", label='A "boat" <i>')
    await takes.add("tags", Modality.TEXT, "hashtags", b"#sea #light", "text/plain", label="Hashtags")
    request = takes.request(Platform.SOCIAL_POST, title="<script>t</script>", language="ar")
    deliverable, files = await finished(takes, request, tmp_path)
    names = ["content.md", "content.html", "images/image-1.png", "contact-sheet.png"]
    assert [f.name for f in deliverable.files] == names
    page = files["content.html"].decode()
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z!][a-zA-Z0-9]*)", page))
    assert tags == {
        "!doctype", "html", "head", "meta", "title", "style", "body", "main", "h1", "section", "h2", "p", "strong",
        "ul", "li", "figure", "img", "figcaption",
    }  # fmt: skip
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["images/image-1.png"]
    assert '<html lang="ar">' in page
    assert "default-src 'none'" in page
    assert "unsafe-inline" not in page
    assert "<strong>bold</strong>" in page
    assert "<li>two</li>" in page
    assert page.index("Heading") < page.index("<figure>") < page.index("#sea #light")
    text = files["content.md"].decode()
    assert '![A "boat" \\<i\\>](images/image-1.png)' in text
    assert not re.search(r"(?<!\\)<[a-zA-Z/]", text)
    assert "## Hashtags\n\n#sea #light" in text
    assert Image.open(BytesIO(files["images/image-1.png"])).size == (640, 360)


async def test_narration_alone_is_a_document(storage: Storage, tmp_path: Path) -> None:
    """A video brief with neither shots nor stills is a document with its narration next to it."""
    takes = Takes(storage, "radio")
    await takes.add("script", Modality.TEXT, "script", b"Words.", "text/markdown")
    source = voice_file(tmp_path / "v.wav", 0.5)
    await takes.add("narration-1", Modality.AUDIO, "narration", source, "audio/wav")
    _, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    assert list(files) == ["content.md", "content.html", "audio/narration-1.wav"]
    assert '<audio controls preload="none" src="audio/narration-1.wav">' in files["content.html"].decode()


def test_contact_sheet_is_bounded(tmp_path: Path) -> None:
    """Of many pictures sixty are shown; an invalid one is noted and does not fail the deliverable."""
    source = still_file(tmp_path / "i.png", "teal", (64, 36))
    broken = tmp_path / "broken.png"
    broken.write_bytes(source.read_bytes()[:60])
    cells = [contact_sheet.Cell(f"image-{n}", "見出し 🌊", broken if n == 2 else source) for n in range(1, 64)]
    notes = contact_sheet.draw(tmp_path / "sheet.png", "Title", cells, "16:9", threading.Event())
    assert len(notes) == 1
    assert notes[0].startswith("image-2 is not on the contact sheet")
    with Image.open(tmp_path / "sheet.png") as sheet:
        rows = [sheet.getpixel((40, 76 + 8 + row * (180 + 46 + 20))) for row in range(15)]
        assert set(rows) == {sheet.getpixel((40, 84))}
        assert sheet.height < 76 + 15 * 246 + 32


@pytest.mark.parametrize("label", ["Überschrift · 1", "見出し", "दीपस्तंभ", "\U000130b8\U000131cb"])
def test_contact_sheet_draws_any_script(tmp_path: Path, label: str) -> None:
    """A label is set in a font that has its letters, or as bars when no font here has them: never as a font's empty
    boxes."""
    source = still_file(tmp_path / "i.png", "teal", (64, 36))
    contact_sheet.draw(
        tmp_path / "sheet.png", label, [contact_sheet.Cell("image-1", label, source)], "16:9", threading.Event()
    )
    expected = Image.new("RGB", (320, 20), "#15171c")
    Face(15).draw(expected, (0, 15), label, (242, 243, 245, 255))
    below = 76 + 180 + 8
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.crop((32, below, 352, below + 20)).tobytes() == expected.tobytes()
    assert len(set(expected.tobytes())) > 3


async def test_running_twice_writes_the_same_keys(storage: Storage, tmp_path: Path) -> None:
    """An activity that runs again after an outage returns the same files under the same keys."""
    takes = Takes(storage, "twice")
    await takes.add("shot-1", Modality.VIDEO, "shot", shot_file(tmp_path / "s.mp4"), "video/mp4")
    request = takes.request(Platform.VIDEO)
    first, _ = await finished(takes, request, tmp_path)
    again, _ = await finished(takes, request, tmp_path)
    assert again == first


@pytest.mark.parametrize(
    ("asset_id", "kind", "media_type"),
    [
        ("shot-2", Modality.VIDEO, "video/mp4"),
        ("narration-2", Modality.AUDIO, "audio/wav"),
        ("still-2", Modality.IMAGE, "image/png"),
    ],
)
async def test_broken_take_is_named(
    storage: Storage, tmp_path: Path, asset_id: str, kind: Modality, media_type: str
) -> None:
    """A take that does not decode fails the finishing with its asset's id, not with a decoder's error."""
    takes = Takes(storage, f"broken-{asset_id}")
    if kind is Modality.IMAGE:
        await takes.add("still-1", kind, "still", still_file(tmp_path / "i.png", "teal", (64, 36)), media_type)
    else:
        await takes.add("shot-1", Modality.VIDEO, "shot", shot_file(tmp_path / "s.mp4"), "video/mp4")
    await takes.add(asset_id, kind, "any", b"nothing that decodes", media_type)
    with pytest.raises(OutputUnusable, match=f"^{asset_id} does not decode"):
        await finished(takes, takes.request(Platform.VIDEO, seconds=4), tmp_path)


async def test_cancelled_finishing_stops(storage: Storage, tmp_path: Path) -> None:
    """A cancelled finishing ends its thread between two frames and uploads nothing."""
    takes = Takes(storage, "cancelled")
    source = shot_file(tmp_path / "s.mp4")
    voice = voice_file(tmp_path / "v.wav", 60)
    await takes.add("narration-1", Modality.AUDIO, "narration", voice, "audio/wav")
    await takes.add("shot-1", Modality.VIDEO, "shot", source, "video/mp4", depends_on=("narration-1",))
    begun = asyncio.Event()
    work = tmp_path / "work"
    work.mkdir()
    steps: list[str] = []

    def on_progress(step: str) -> None:
        steps.append(step)
        if step.startswith("shot-1: 1 "):
            begun.set()

    task = asyncio.create_task(finish(storage, takes.request(Platform.VIDEO), work, on_progress))
    await asyncio.wait_for(begun.wait(), WITHIN)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(step.startswith("shot-1: 59 ") for step in steps), "it continued to the end of the film"
    assert await storage.list_keys(deliverables_prefix("cancelled")) == []
