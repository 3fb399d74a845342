"""Animatics: a picture under a slow camera move, with label, prompt, timecode and the PREVIZ tag; H.264, no sound.

Every frame is a crop of the picture's three planes, resized with sub-pixel accuracy. 5 s take about 1 s of CPU.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from PIL import Image

from activities.media.planes import Box, window_of
from activities.media.timecode import MARK, OF_FILM, OF_SHOT, Timecode
from activities.providers.previz.composition import Composition, Pictures, compose
from activities.providers.previz.lettering import lettering_of
from activities.providers.previz.overlay import Overlay
from activities.providers.previz.storyboard import SIZES
from activities.providers.protocol import Request

FPS: Final = 24
SECONDS: Final = (0.5, 60.0)
"""The shortest and longest length of a plan, in seconds; a narration may make a shot longer."""
BREATH: Final = 0.4
"""Seconds that a shot continues after its narration ends."""
OVERSCAN: Final = 1.2
"""The factor by which the picture is larger than the frame, so that the move never enlarges it."""
BT709: Final = 1

MOVES: Final[dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]]] = {
    "slow push in": ((0.5, 0.5, 1.0), (0.5, 0.5, 0.86)),
    "slow pull out": ((0.5, 0.5, 0.86), (0.5, 0.5, 1.0)),
    "pan right": ((0.0, 0.5, 0.88), (1.0, 0.5, 0.88)),
    "pan left": ((1.0, 0.5, 0.88), (0.0, 0.5, 0.88)),
    "tilt up": ((0.5, 1.0, 0.9), (0.5, 0.0, 0.9)),
    "push in to the left": ((0.5, 0.5, 1.0), (0.1, 0.6, 0.86)),
    "push in to the right": ((0.5, 0.5, 1.0), (0.9, 0.6, 0.86)),
}
"""Start and end of the window: its position (0 left or top, 1 right or bottom) and its share of the picture."""


_LEFT: Final = r"(?:to(?:wards)? )?(?:the )?left"
_RIGHT: Final = r"(?:to(?:wards)? )?(?:the )?right"
_NAMED: Final = tuple(
    (re.compile(rf"\b{words}\b", re.IGNORECASE), move)
    for words, move in (
        (rf"push(?:es|ing)? in {_LEFT}", "push in to the left"),
        (rf"push(?:es|ing)? in {_RIGHT}", "push in to the right"),
        (r"push(?:es|ing)? in", "slow push in"),
        (r"pull(?:s|ing)? (?:back|out)", "slow pull out"),
        (rf"(?:pan|drift|slid|track)(?:e?s|e|ning|ing)? {_LEFT}", "pan left"),
        (rf"(?:pan|drift|slid|track)(?:e?s|e|ning|ing)? {_RIGHT}", "pan right"),
        (r"tilt(?:s|ing)? up|rises? slowly", "tilt up"),
    )
)
"""The names of moves in prompts by the planner and by people; the longer of two with the same beginning is first."""


def move_for(prompt: str, seed: int) -> str:
    """The first move that the prompt names; if it names none, a move chosen by the seed."""
    found = ((match.start(), move) for pattern, move in _NAMED if (match := pattern.search(prompt)))
    _, move = min(found, key=lambda f: f[0], default=(0, list(MOVES)[seed % len(MOVES)]))
    return move


class RenderStopped(Exception):
    """Rendering was stopped between two frames."""


def planes_of(image: Image.Image) -> list[Image.Image]:
    """Y, U and V (U and V of half the size) in BT.709, limited range: the default of players for HD."""
    whole = av.VideoFrame(image.width, image.height, "rgb24")
    whole.planes[0].update(image.tobytes("raw", "RGB", whole.planes[0].line_size, 1))
    frame = whole.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    return [Image.frombytes("L", (p.width, p.height), bytes(p), "raw", "L", p.line_size, 1) for p in frame.planes]


def _window(size: tuple[int, int], move: str, at: float) -> Box:
    """The crop of a picture of `size` at a time from 0 to 1, eased at both ends."""
    (x0, y0, s0), (x1, y1, s1) = MOVES[move]
    eased = (1 - math.cos(math.pi * at)) / 2 * 0.7 + at * 0.3
    share = s0 + (s1 - s0) * eased
    width, height = size[0] * share, size[1] * share
    left = (size[0] - width) * (x0 + (x1 - x0) * eased)
    top = (size[1] - height) * (y0 + (y1 - y0) * eased)
    return left, top, left + width, top + height


class _Burn:
    """What is drawn over each frame: label, tag, slate, fixed references, and a running timecode."""

    def __init__(self, size: tuple[int, int], request: Request, made: Composition, move: str) -> None:
        known = request.film_start is not None
        self._start = request.film_start or 0.0
        self._timecode = Timecode(size, OF_FILM if known else OF_SHOT)
        overlay = Overlay(size)
        overlay.corners()
        overlay.tag()
        made.pin_onto(overlay)
        asset = request.asset
        overlay.label(asset.label or asset.asset_id, asset.asset_id)
        if made.plate:  # another model's still has its lettering
            overlay.lettering(lettering_of(asset.prompt), above=overlay.band())
        left, _, right, _ = self._timecode.box
        overlay.slate(asset.prompt, f"{made.caption()} · {move}", room_right=right - left + overlay.text)
        self._pieces = list(_pieces(overlay.image))

    def onto(self, planes: list[Image.Image], frame: int) -> None:
        for pieces in self._pieces:
            for plane, (piece, mask, box) in zip(planes, pieces, strict=True):
                plane.paste(piece, box, mask)
        self._timecode.onto(planes, self._start + frame / FPS)


_Box = tuple[int, int, int, int]
_Piece = tuple[Image.Image, Image.Image, _Box]


def _pieces(overlay: Image.Image) -> Iterator[list[_Piece]]:
    """The parts of an overlay that are not empty: of each plane the colours, their mask and their place."""
    flat = Image.new("RGB", overlay.size)
    flat.paste(overlay.convert("RGB"))
    alpha, colors = overlay.getchannel("A"), planes_of(flat)
    for top, bottom in _spans(alpha.getprojection()[1]):
        for left, right in _spans(alpha.crop((0, top, alpha.width, bottom)).getprojection()[0]):
            box = (left, top, right, bottom)
            half = (left // 2, top // 2, right // 2, bottom // 2)
            mask = alpha.crop(box)
            small = mask.reduce(2)
            yield [(colors[0].crop(box), mask, box), *((plane.crop(half), small, half) for plane in colors[1:])]


def _spans(filled: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Begin and end of the filled parts of a row or column, both even; parts with a small gap are one."""
    begin = end = -1
    for at, value in enumerate(filled):
        if not value:
            continue
        if begin >= 0 and at - end > 16:
            yield begin // 2 * 2, (end + 2) // 2 * 2
            begin = at
        begin, end = (at if begin < 0 else begin), at
    if begin >= 0:
        yield begin // 2 * 2, (end + 2) // 2 * 2


def animatic(request: Request, pictures: Pictures, seconds: float, stop: Callable[[], bool]) -> Path:
    """Render `seconds` of video in the brief's aspect; MP4 with its index in front. Synchronous.

    Args:
        pictures: The input pictures: a still or a photo is what the shot moves through; other references are shown.

    Raises:
        RenderStopped: `stop` returned True between two frames.
    """
    size = SIZES[request.aspect]
    large = (round(size[0] * OVERSCAN) // 2 * 2, round(size[1] * OVERSCAN) // 2 * 2)
    made = compose(request, pictures, large)
    move = move_for(request.asset.prompt, request.seed)
    source = planes_of(made.image)
    burn = _Burn(size, request, made, move)
    frames = max(1, math.ceil(seconds * FPS - 1e-6))
    path = request.file("animatic.mp4")
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        container.metadata["comment"] = MARK
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "20", "g": "48"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        context = stream.codec_context
        context.thread_count = 1  # the same bytes on every machine, and one core for each shot
        context.colorspace = context.color_primaries = context.color_trc = BT709
        for number in range(frames):
            if stop():
                raise RenderStopped
            window = _window(large, move, number / max(1, frames - 1))
            planes = window_of(source, window, size)
            burn.onto(planes, number)
            frame = av.VideoFrame(*size, "yuv420p")
            for target, plane in zip(frame.planes, planes, strict=True):
                target.update(plane.tobytes("raw", "L", target.line_size, 1))
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
