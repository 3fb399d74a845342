"""A hostile storage: its headers do not match its bodies, and its bodies are not valid media."""

import gzip
import socket
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Final, Self

import av

from tests.emulators import samples

PIECE: Final = b"\0" * 65_536
TEN_GB: Final = 10_000_000_000


def png_bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that unpacks to billions of pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"\0" * (side + 1) * 40, 9)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zip_bomb() -> bytes:
    """64 MB of zeros, as a member of a small archive."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b"".join(packed.compress(PIECE) for _ in range(1_024)) + packed.flush()
    name = b"a"
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(data), 2**26, len(name), 0)
    return b"PK\x03\x04" + head + name + data


def box_of(name: bytes, data: bytes) -> tuple[int, int]:
    """Start and end of the content of an MP4's first box with this name."""
    at = data.index(name) + 4
    return at, at - 8 + int.from_bytes(data[at - 8 : at - 4], "big")


def lying_length(data: bytes, seconds: float) -> bytes:
    """The WebM, with a header that claims this duration."""
    at = data.index(b"\x44\x89\x88") + 3  # EBML: Duration, 8 bytes, a float of milliseconds
    return data[:at] + struct.pack(">d", seconds * 1_000) + data[at + 8 :]


def film(name: str, codec: str, **options: str) -> bytes:
    """Four seconds of a small film in the container of the file extension."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        with av.open(str(path), "w", options=options) as out:
            stream = out.add_stream(codec, rate=24)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            for frame in (*(av.VideoFrame(64, 64, "yuv420p") for _ in range(96)), None):
                out.mux(stream.encode(frame))
        return path.read_bytes()


def many_tracks(data: bytes, count: int) -> bytes:
    """The MP4 with its track repeated this many times."""
    start, end = box_of(b"moov", data)
    track_from, track_to = box_of(b"trak", data)
    track = data[track_from - 8 : track_to]
    inner = data[start:track_to] + track * (count - 1) + data[track_to:end]
    return data[: start - 8] + struct.pack(">I", len(inner) + 8) + b"moov" + inner + data[end:]


@cache
def contents() -> dict[str, bytes]:
    """Name -> the content under it, with a correct header."""
    last, first = film("a.mp4", "libx264"), film("b.mp4", "libx264", movflags="+faststart")
    webm, sound, picture = film("c.webm", "libvpx"), samples.wav(0.5), samples.picture()
    return {
        "whole.png": picture,
        "nothing.png": b"",
        "page.png": b"<!doctype html><title>Not found</title>",
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "program.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "half.png": picture[: len(picture) // 2],
        "bomb.png": png_bomb(50_000),
        "poster.png": png_bomb(9_000),
        "packed": gzip.compress(gzip.compress(PIECE * 512, 6)),
        "sound.png": sound,
        "zip.png": zip_bomb(),
        "nothing.mp4": b"",
        "page.mp4": b"<!doctype html><title>Not found</title>",
        "picture.mp4": picture,
        "half.mp4": last[: len(last) // 2],
        "begun.mp4": first[: first.index(b"mdat") + 100],
        "playlist.mp4": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n",
        "days.webm": lying_length(webm, 1_000_000),
        "longer.webm": lying_length(webm, 600),
        "tracks.mp4": many_tracks(last, 2_000),
        "nothing.wav": b"",
        "noise.wav": b"RIFF\xff\xff\xff\xffWAVE" + PIECE,
    }


class HostileStorage:
    """Use it as a context manager; `url` is its base, and the path names the content."""

    def __enter__(self) -> Self:
        contents()
        self._closing = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._server.RequestHandlerClass = self._handler()
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        closing, address = self._closing, self.url

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def do_GET(self) -> None:
                self.close_connection = True
                name = self.path.rpartition("/")[2]
                tricks: dict[str, Callable[[], None]] = {
                    "packed": self._packed,
                    "huge": lambda: self._send(b"\x89PNG", TEN_GB),
                    "cut": lambda: self._send(contents()["whole.png"][:100], len(contents()["whole.png"])),
                    "more": lambda: self._without_end(f"Content-Length: {len(contents()['half.png'])}", b"%s"),
                    "chunks": lambda: self._without_end("Transfer-Encoding: chunked", b"10000\r\n%s\r\n"),
                    "drip": self._drip,
                    "loop": lambda: self._redirect(f"{address}/loop/{name}"),
                    "inside": lambda: self._redirect("https://169.254.169.254/latest/meta-data"),
                }
                with suppress(OSError):  # the caller has disconnected
                    trick = tricks.get(self.path.split("/")[1])
                    if trick:
                        trick()
                    else:
                        self._send(contents()[name])

            def _send(self, body: bytes, announced: int | None = None, *headers: str) -> None:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                length = len(body) if announced is None else announced
                for header in ("Content-Type: image/png", f"Content-Length: {length}", *headers):
                    self.wfile.write(header.encode() + b"\r\n")
                self.wfile.write(b"\r\n" + body)

            def _packed(self) -> None:
                self._send(contents()["packed"], None, "Content-Encoding: gzip, gzip")

            def _without_end(self, header: str, framed: bytes) -> None:
                self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{header}\r\n\r\n".encode())
                while not closing.is_set():
                    self.wfile.write(framed % PIECE)

            def _drip(self) -> None:
                self._send(b"\x89", 1_000_000)
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while not closing.wait(0.05):
                    self.wfile.write(b"\0")

            def _redirect(self, location: str) -> None:
                lines = (
                    "HTTP/1.1 302 Found",
                    f"Location: {location}",
                    "Content-Length: 0",
                    "Connection: close",
                    "",
                    "",
                )
                self.wfile.write("\r\n".join((*lines, "", "")).encode())

        return Handler
