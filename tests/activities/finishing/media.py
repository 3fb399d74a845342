"""Source media in a bucket, and the decoded film that finishing makes from them."""

import asyncio
import re
import struct
from array import array
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Literal

import av
from PIL import Image, ImageDraw

from activities.finishing.deliverable import finish
from activities.media.facts import extension_of
from activities.provenance.signer import Signer
from activities.storage.bucket import Storage, sha256_of
from workflows.activity_io import FinishDeliverable, FinishedAsset
from workflows.brief import Aspect, Brief, Platform
from workflows.keys import fileset_key, fileset_of, take_prefix
from workflows.models import Asset, Deliverable, Media, Modality, Take

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
    """A square that crosses the picture, on a background that distinguishes the shots."""
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
    """Stores takes in the bucket and collects the request."""

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
        provider: str = "previz",
    ) -> None:
        data = source if isinstance(source, bytes) else await asyncio.to_thread(source.read_bytes)
        key = f"{take_prefix(self.production_id, asset_id, 1)}/media.{extension_of(media_type)}"
        await self.storage.put_bytes(key, data, media_type)
        asset = Asset(
            asset_id=asset_id, asset_type=kind, role=role, prompt=prompt, provider=provider, model="any",
            depends_on=depends_on, label=label, position=len(self.assets) + 1,
        )  # fmt: skip
        take = Take(
            number=1, prompt=prompt, provider=provider, model="any", started_at=NOW, finished_at=NOW,
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


async def finished(
    takes: Takes, request: FinishDeliverable, tmp_path: Path, signer: Signer | None = None
) -> tuple[Deliverable, dict[str, bytes]]:
    workdir = tmp_path / "work"
    workdir.mkdir(exist_ok=True)
    steps: list[str] = []
    deliverable = await finish(takes.storage, request, workdir, steps.append, signer)
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


# The decoded film


class Film:
    def __init__(self, data: bytes) -> None:
        self.data = data
        with av.open(BytesIO(data), "r") as film:
            video, audio = film.streams.video[0], next(iter(film.streams.audio), None)
            self.title, self.comment = film.metadata.get("title"), film.metadata.get("comment")
            # The track of type data contains the titles of the chapters.
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
    """Start and end of each cue, in seconds, in one list."""

    def seconds(clock: str) -> float:
        hours, minutes, rest = clock.replace(",", ".").split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)

    return [seconds(c) for pair in re.findall(r"^(\S+) --> (\S+)$", text, re.MULTILINE) for c in pair]


def display_p3() -> bytes:
    """An ICC profile (ICC.1, version 2) with the primaries of Display P3 and a gamma of 2.2."""

    def fixed(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(65_536 * value) for value in values))

    curve = b"curv" + struct.pack(">IIHH", 0, 1, round(2.2 * 256), 0)
    tags = {
        b"desc": b"desc" + struct.pack(">II", 0, 3) + b"P3".ljust(82, b"\0"),
        b"wtpt": b"XYZ \0\0\0\0" + fixed(0.9642, 1, 0.8249),
        b"rXYZ": b"XYZ \0\0\0\0" + fixed(0.51512, 0.2412, -0.00105),
        b"gXYZ": b"XYZ \0\0\0\0" + fixed(0.29198, 0.69225, 0.04189),
        b"bXYZ": b"XYZ \0\0\0\0" + fixed(0.1571, 0.06657, 0.78407),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, data = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(data), len(value))
        data += value.ljust(-(-len(value) // 4) * 4, b"\0")
    head = struct.pack(">IIIIII", 128 + len(table) + len(data), 0, 0x02400000, 0x6D6E7472, 0x52474220, 0x58595A20)
    head = (head + bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1, 0.8249)).ljust(128, b"\0")
    return head + table + data
