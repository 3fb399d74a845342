"""Small real media for the responses of emulated vendors."""

import io
import wave
from functools import cache
from math import pi, sin

import av
from PIL import Image


@cache
def picture(width: int = 64, height: int = 64, kind: str = "PNG") -> bytes:
    """A picture in one colour; `kind` is a Pillow format such as PNG, JPEG or WEBP."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (40, 90, 160)).save(buffer, kind)
    return buffer.getvalue()


@cache
def pcm(seconds: float = 1.0, rate: int = 24_000) -> bytes:
    """A tone as 16-bit little-endian mono samples."""
    return b"".join(
        int(9_000 * sin(2 * pi * 440 * n / rate)).to_bytes(2, "little", signed=True) for n in range(int(seconds * rate))
    )


@cache
def wav(seconds: float = 1.0, rate: int = 24_000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes(pcm(seconds, rate))
    return buffer.getvalue()


@cache
def mp3(seconds: float = 1.0) -> bytes:
    """The same tone as MP3."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(wav(seconds)), "r") as source, av.open(buffer, "w", format="mp3") as out:
        stream = out.add_stream("libmp3lame", rate=24_000)
        for frame in source.decode(audio=0):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


@cache
def video(seconds: float = 1.0, width: int = 128, height: int = 72) -> bytes:
    """An MP4 whose brightness changes from frame to frame."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for n in range(round(seconds * 24)):
            shade = Image.new("RGB", (width, height), (40 + 8 * (n % 24), 80, 120))
            frame = av.VideoFrame(width, height, "rgb24")
            frame.planes[0].update(shade.tobytes())
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()
