"""Finishing: real takes in a real bucket become a film that plays or a document that reads."""

import asyncio
import re
import threading
from array import array
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Literal

import av
import pytest
from PIL import Image, ImageDraw

from activities.errors import OutputUnusable
from activities.finishing import contact_sheet
from activities.finishing.deliverable import finish
from activities.media.facts import extension_of
from activities.media.fonts import Face
from activities.storage.bucket import Storage, sha256_of
from workflows.activity_io import FinishDeliverable, FinishedAsset
from workflows.keys import deliverables_prefix, fileset_key, fileset_of, take_prefix
from workflows.models import Aspect, Asset, Brief, Deliverable, Media, Modality, Platform, Take

NOW = datetime(2026, 11, 1, tzinfo=UTC)


# Source media


def shot_file(
    path: Path,
    *,
    size: tuple[int, int] = (320, 180),
    rate: int = 24,
    seconds: float = 1.0,
    codec: Literal["libx264", "libvpx-vp9"] = "libx264",
    pix_fmt: str = "yuv420p",
    hue: int = 0,
) -> Path:
    """A square that crosses the picture, on a ground that tells the shots apart."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        count = round(seconds * rate)
        for number in range(count):
            picture = Image.new("HSV", size, (hue, 160, 120)).convert("RGB")
            x = number * (size[0] - 40) // count
            ImageDraw.Draw(picture).rectangle((x, 40, x + 40, 80), fill="white")
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def voice_file(
    path: Path, seconds: float, *, codec: Literal["pcm_s16le", "libmp3lame"] = "pcm_s16le", rate: int = 22_050
) -> Path:
    """A square wave as loud as speech."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        total = round(seconds * rate)
        for at in range(0, total, 1024):
            count = min(1024, total - at)
            samples = array("h", (6000 if (at + i) // 50 % 2 else -6000 for i in range(count)))
            frame = av.AudioFrame("s16", "mono", count)
            frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def still_file(path: Path, colour: str, size: tuple[int, int] = (640, 360)) -> Path:
    picture = Image.new("RGB", size, colour)
    pen = ImageDraw.Draw(picture)
    for x in range(0, size[0], 40):
        pen.line((x, 0, x, size[1]), fill="white", width=3)
    picture.save(path)
    return path


class Takes:
    """Puts takes in the bucket and collects the request."""

    def __init__(self, storage: Storage, production_id: str) -> None:
        self.storage = storage
        self.production_id = production_id
        self.assets: list[FinishedAsset] = []

    async def add(
        self,
        asset_id: str,
        kind: Modality,
        role: str,
        source: Path | bytes,
        media_type: str,
        *,
        prompt: str = "words",
        depends_on: tuple[str, ...] = (),
        label: str = "",
    ) -> None:
        data = source if isinstance(source, bytes) else await asyncio.to_thread(source.read_bytes)
        key = f"{take_prefix(self.production_id, asset_id, 1)}/media.{extension_of(media_type)}"
        await self.storage.put_bytes(key, data, media_type)
        asset = Asset(
            asset_id=asset_id, asset_type=kind, role=role, prompt=prompt, provider="previz", model="any",
            depends_on=depends_on, label=label, position=len(self.assets) + 1,
        )  # fmt: skip
        take = Take(
            number=1, prompt=prompt, provider="previz", model="any", started_at=NOW, finished_at=NOW,
            media=Media(key=key, bytes=len(data), sha256=sha256_of(data), media_type=media_type),
        )  # fmt: skip
        self.assets.append(FinishedAsset(asset=asset, take=take))

    def request(
        self,
        platform: Platform,
        *,
        title: str = "A title",
        language: str = "en",
        aspect: Aspect = "16:9",
        seconds: float = 20,
    ) -> FinishDeliverable:
        brief = Brief(text="x", platform=platform, languages=(language,), aspect=aspect, duration_seconds=seconds)
        return FinishDeliverable(
            production_id=self.production_id, revision=1, brief=brief, title=title, assets=tuple(self.assets)
        )


async def finished(takes: Takes, request: FinishDeliverable, tmp_path: Path) -> tuple[Deliverable, dict[str, bytes]]:
    workdir = tmp_path / "work"
    workdir.mkdir(exist_ok=True)
    steps: list[str] = []
    deliverable = await finish(takes.storage, request, workdir, steps.append)
    await asyncio.sleep(0)  # lets the last steps that the thread reported arrive
    assert steps
    files = {}
    for file in deliverable.files:
        fileset = fileset_of(file.media.key)
        assert file.media.key == fileset_key(request.production_id, 1, fileset, file.name)
        answer = await takes.storage.get_bytes(file.media.key)
        assert answer is not None
        files[file.name] = answer[0]
        assert file.media.bytes == len(answer[0])
    return deliverable, files


# What a film is, decoded


class Film:
    def __init__(self, data: bytes) -> None:
        self.data = data
        with av.open(BytesIO(data), "r") as film:
            video, audio = film.streams.video[0], next(iter(film.streams.audio), None)
            self.title = film.metadata.get("title")
            # Of type data is the track that says what its chapters are called.
            streams = [s for s in film.streams if s.type != "data"]
            self.kinds = [s.type for s in streams]
            self.chapters = [
                (float(c["start"] * (c["time_base"] or 0)), c["metadata"]["title"]) for c in film.chapters()
            ]
            self.size = (video.width, video.height)
            self.rate = video.average_rate
            self.format = (video.codec_context.name, video.codec_context.pix_fmt)
            self.seconds = (film.duration or 0) / av.time_base
            self.languages = {s.metadata.get("language") for s in streams if s.type != "video"}
            self.sound = (audio.codec_context.name, audio.rate) if audio else None
        with av.open(BytesIO(data), "r") as film:
            self.pictures = [f.reformat(width=64, height=36, format="gray8") for f in film.decode(video=0)]
        self.loudness: list[int] = []
        """Peak of each tenth of a second, 0 to 32767."""
        if audio:
            with av.open(BytesIO(data), "r") as film:
                resampler = av.AudioResampler("s16", "mono", 48_000)
                samples = array("h")
                for sound in film.decode(audio=0):
                    for piece in resampler.resample(sound):
                        samples.frombytes(bytes(piece.planes[0])[: piece.samples * 2])
            self.loudness = [max(map(abs, samples[i : i + 4800])) for i in range(0, len(samples), 4800)]

    def picture(self, seconds: float) -> bytes:
        return bytes(self.pictures[min(len(self.pictures) - 1, int(seconds * float(self.rate or 24)))].planes[0])

    def differ(self, one: float, other: float) -> float:
        """Mean difference of two pictures, 0 to 255."""
        pair = zip(self.picture(one), self.picture(other), strict=True)
        return sum(abs(a - b) for a, b in pair) / (64 * 36)

    def loud(self, start: float, end: float) -> bool:
        return min(self.loudness[int(start * 10) : int(end * 10)]) > 2000

    def silent(self, start: float, end: float) -> bool:
        return max(self.loudness[int(start * 10) : int(end * 10)]) < 300

    def subtitles(self) -> list[tuple[float, float, str]]:
        with av.open(BytesIO(self.data), "r") as film:
            return [
                (float(p.pts * p.time_base), float((p.pts + (p.duration or 0)) * p.time_base), bytes(p)[2:].decode())
                for p in film.demux(subtitles=0)
                if p.pts is not None and p.size > 2
            ]


def cue_times(text: str) -> list[float]:
    """Start and end of each cue, in seconds, one after another."""

    def seconds(clock: str) -> float:
        hours, minutes, rest = clock.replace(",", ".").split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)

    return [seconds(c) for pair in re.findall(r"^(\S+) --> (\S+)$", text, re.MULTILINE) for c in pair]


async def test_film_has_picture_sound_and_words(storage: Storage, tmp_path: Path) -> None:
    """Two shots with narration become one faststart MP4 whose sound and captions stand where their shots begin."""
    takes = Takes(storage, "film")
    await takes.add("script", Modality.TEXT, "script", b"# The light\n\nIt turns.", "text/markdown")
    for number, (voice, shot) in enumerate(((1.2, 2.0), (1.4, 2.0)), start=1):
        source = voice_file(tmp_path / "v.wav", voice)
        spoken = f"Narration {number} turns & turns <again>."
        await takes.add(f"narration-{number}", Modality.AUDIO, "narration", source, "audio/wav", prompt=spoken)
        source = shot_file(tmp_path / f"s{number}.mp4", seconds=shot, hue=number * 80)
        tied = (f"narration-{number}",)
        await takes.add(
            f"shot-{number}", Modality.VIDEO, "shot", source, "video/mp4", depends_on=tied, label=f"Sea {number}"
        )
    request = takes.request(Platform.VIDEO, title="Le phare", language="fr")
    deliverable, files = await finished(takes, request, tmp_path)

    names = ["deliverable.mp4", "captions.vtt", "captions.srt", "content.md", "contact-sheet.png"]
    assert [f.name for f in deliverable.files] == names
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
    assert film.chapters == [(0, "Sea 1"), (2, "Sea 2")]
    said = film.subtitles()
    assert [text for _, _, text in said] == [f"Narration {n} turns & turns <again>." for n in (1, 2)]
    assert [t for start, end, _ in said for t in (start, end)] == pytest.approx([0.15, 1.35, 2.15, 3.55], abs=0.05)
    assert cue_times(files["captions.vtt"].decode()) == pytest.approx([0.15, 1.35, 2.15, 3.55], abs=0.05)
    assert cue_times(files["captions.srt"].decode()) == cue_times(files["captions.vtt"].decode())
    assert "turns &amp; turns &lt;again&gt;" in files["captions.vtt"].decode()
    assert "It turns." in files["content.md"].decode()


async def test_overrun_is_held_and_noted(storage: Storage, tmp_path: Path) -> None:
    """A narration longer than its shot is heard whole over the shot's held last frame, and the note says how long."""
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


async def test_a_long_document_is_finished(storage: Storage, tmp_path: Path) -> None:
    """What no single take may be, all of them together may: a document of more than 1 MB."""
    takes = Takes(storage, "long")
    for number in range(3):
        await takes.add(f"text-{number}", Modality.TEXT, "body", b"The sea answers. " * 30_000, "text/markdown")
    deliverable, files = await finished(takes, takes.request(Platform.COPY), tmp_path)
    assert [len(files[f.name]) > 1_500_000 for f in deliverable.files] == [True, True]


async def test_mixed_shots_fit_one_frame(storage: Storage, tmp_path: Path) -> None:
    """Shots of other sizes, rates, codecs and pixel formats become one constant stream in the first shot's size."""
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
    assert film.size == (320, 180)
    assert film.rate == 25
    assert film.kinds == ["video"]
    assert film.seconds == pytest.approx(3.0, abs=0.1)
    assert len(film.pictures) == 75
    assert deliverable.notes == ("shot-2 is 180 x 320 and stands between bars in 320 x 180",)
    upright = film.picture(1.5)
    assert max(upright[36 // 2 * 64 : 36 // 2 * 64 + 10]) < 24, "bars beside the upright shot"
    assert film.differ(0.5, 2.5) > 5


async def test_untied_narration_follows(storage: Storage, tmp_path: Path) -> None:
    """Narration that no shot names starts where the one before it ends, and the last frame waits for it."""
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


async def test_what_is_not_in_the_film_is_noted(storage: Storage, tmp_path: Path) -> None:
    """Music, and the sound that a shot brings along, are named in the notes instead of vanishing without a word."""
    takes = Takes(storage, "lost")
    await takes.add("music-1", Modality.AUDIO, "music", voice_file(tmp_path / "v.wav", 0.5), "audio/wav")
    with av.open(str(tmp_path / "both.mp4"), "w") as out:
        video, audio = out.add_stream("libx264", rate=24), out.add_stream("aac", rate=48_000)
        video.width, video.height = 64, 36
        for number in range(12):
            frame = av.VideoFrame(64, 36)
            frame.pts, frame.time_base = number, Fraction(1, 24)
            out.mux(video.encode(frame))
        sound = av.AudioFrame("s16", "stereo", 1024)
        sound.planes[0].update(bytes(sound.planes[0].buffer_size))
        sound.sample_rate, sound.pts, sound.time_base = 48_000, 0, Fraction(1, 48_000)
        out.mux([*audio.encode(sound), *audio.encode(None), *video.encode(None)])
    await takes.add("shot-1", Modality.VIDEO, "shot", tmp_path / "both.mp4", "video/mp4")
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    assert deliverable.notes == (
        "music-1 (music) is no narration and not in the film",
        "shot-1 has a sound of its own, which is not in the film",
    )
    film = Film(files["deliverable.mp4"])
    assert film.kinds == ["video"]
    assert film.seconds == pytest.approx(0.5, abs=0.05)


async def test_stills_become_a_film(storage: Storage, tmp_path: Path) -> None:
    """A video brief of stills and narration is a film that holds each still for its narration, slowly moving."""
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
    """A post becomes Markdown and a page in asset order; what a model wrote never becomes a tag, link or load."""
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
    """A video brief with neither shots nor stills is a document with its narration beside it."""
    takes = Takes(storage, "radio")
    await takes.add("script", Modality.TEXT, "script", b"Words.", "text/markdown")
    source = voice_file(tmp_path / "v.wav", 0.5)
    await takes.add("narration-1", Modality.AUDIO, "narration", source, "audio/wav")
    _, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    assert list(files) == ["content.md", "content.html", "audio/narration-1.wav"]
    assert '<audio controls preload="none" src="audio/narration-1.wav">' in files["content.html"].decode()


def test_contact_sheet_is_bounded(tmp_path: Path) -> None:
    """Of many pictures sixty are shown; one that does not open is noted instead of failing the deliverable."""
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
def test_contact_sheet_letters_any_script(tmp_path: Path, label: str) -> None:
    """A label is set in a font that has its letters, or as bars where none here has: never in a font's empty boxes."""
    source = still_file(tmp_path / "i.png", "teal", (64, 36))
    contact_sheet.draw(
        tmp_path / "sheet.png", label, [contact_sheet.Cell("image-1", label, source)], "16:9", threading.Event()
    )
    expected = Image.new("RGB", (320, 20), "#15171c")
    Face.of(label, 15).draw(expected, (0, 15), label, (242, 243, 245, 255))
    below = 76 + 180 + 8
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.crop((32, below, 352, below + 20)).tobytes() == expected.tobytes()
    assert len(set(expected.tobytes())) > 3


async def test_running_twice_writes_the_same_keys(storage: Storage, tmp_path: Path) -> None:
    """An activity that runs again after an outage ends with the same files under the same keys."""
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
    """A take that does not decode fails the finishing with its asset's id, not with a decoder's riddle."""
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
        if step.startswith("film: 1 "):
            begun.set()

    task = asyncio.create_task(finish(storage, takes.request(Platform.VIDEO), work, on_progress))
    await asyncio.wait_for(begun.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    count = len(steps)
    assert count < 40
    assert await storage.list_keys(deliverables_prefix("cancelled")) == []
