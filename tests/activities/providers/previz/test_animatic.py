"""Video by previz: it moves, shows its still, and follows the prompt and the narration."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from activities.media.facts import probe
from activities.providers.previz import provider
from activities.providers.previz.animatic import MOVES, animatic, move_for
from activities.providers.previz.composition import Pictures
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Request
from tests.activities.providers.previz.support import frames_of, given, kept, made
from workflows.models import Modality


async def test_animatic_moves_and_plays(ask: Callable[..., Request]) -> None:
    """An animatic is H.264 yuv420p of the requested length at 24 frames a second, silent, and its picture moves."""
    still = given(await made(ask("previz-storyboard")), "still", Modality.IMAGE, "image/png")
    path = await made(ask("previz-animatic", inputs=(still,), parameters={"seconds": 1.5}))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (1280, 720)
        assert stream.average_rate == 24
        assert not container.streams.audio
    frames = frames_of(path)
    assert len(frames) == 36
    middle = (320, 180, 960, 540)
    assert frames[0].crop(middle).tobytes() != frames[-1].crop(middle).tobytes()
    assert path.read_bytes().find(b"moov") < path.read_bytes().find(b"mdat")


async def test_animatic_shows_the_still_and_the_tag(ask: Callable[..., Request], tmp_path: Path) -> None:
    """A still of any provider fills the animatic, whatever its shape, under the PREVIZ tag."""
    Image.new("RGB", (500, 900), (20, 160, 60)).save(tmp_path / "still.jpg")
    still = given(tmp_path / "still.jpg", "still", Modality.IMAGE, "image/jpeg")
    frame = frames_of(await made(ask("previz-animatic", inputs=(still,), parameters={"seconds": 0.5})))[0]
    for at in ((640, 360), (5, 360), (1275, 360)):
        assert frame.getpixel(at) == pytest.approx((20, 160, 60), abs=12)
    assert frame.getpixel((1168, 66)) == pytest.approx((255, 196, 61), abs=24)


@pytest.mark.parametrize(
    ("prompt", "move"),
    [
        ("Slow push in on the roasting drum", "slow push in"),
        ("A pier. Then the camera: hold, then a slight push in.", "slow push in"),
        ("Pushing in towards the left, then pull back.", "push in to the left"),
        ("push in to the right", "push in to the right"),
        ("slow pull back, come to rest; never a push in", "slow pull out"),
        ("slide to the left past the foreground", "pan left"),
        ("panning right", "pan right"),
        ("drift to the right at walking pace", "pan right"),
        ("Then the camera: rise slowly.", "tilt up"),
    ],
)
def test_the_move_of_the_prompt_is_made(prompt: str, move: str) -> None:
    """The first move that a prompt names is the animatic's, whatever the seed."""
    assert {move_for(prompt, seed) for seed in range(len(MOVES))} == {move}


def test_every_move_can_be_named() -> None:
    """Each move is selected by its own name, and a prompt without one leaves the choice to the seed."""
    assert [move_for(move, 3) for move in MOVES] == list(MOVES)
    assert [move_for("A company on the right", seed) for seed in range(len(MOVES))] == list(MOVES)


async def test_animatic_follows_the_prompt(ask: Callable[..., Request]) -> None:
    """Two seeds with one named move show the same edge of the window; another move shows another."""
    still = given(await made(ask("previz-storyboard")), "still", Modality.IMAGE, "image/png")

    async def last(prompt: str, seed: int) -> bytes:
        path = await made(
            ask("previz-animatic", prompt, seed=seed, inputs=(still,), parameters={"seconds": 0.5}, aspect="21:9")
        )
        return frames_of(path)[-1].tobytes()

    assert await last("Pan left.", 1) == await last("Pan left.", 2) != await last("Pan right.", 1)


@pytest.mark.parametrize(
    ("parameters", "spoken", "seconds"),
    [({}, 1.0, 1.4), ({"at_least": 2}, 1.0, 2.0), ({"at_least": 1}, 1.0, 1.4), ({"seconds": 0.5}, 1.0, 0.5)],
)
async def test_narration_sets_the_length(
    ask: Callable[..., Request], tmp_path: Path, parameters: dict[str, Any], spoken: float, seconds: float
) -> None:
    """A shot lasts as long as its narration and a pause, at least at_least; `seconds` overrides both."""
    voice = given(kept(tmp_path / "n.wav", b""), "narration", Modality.AUDIO, "audio/wav", spoken)
    path = await made(ask("previz-animatic", inputs=(voice,), parameters=parameters, aspect="21:9"))
    assert probe(path, "video/mp4").duration_seconds == pytest.approx(seconds, abs=1 / 24)


async def test_cancelled_animatic_stops_between_frames(
    ask: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelling a long animatic ends its thread within a few frames, before the task ends."""
    loop, rendering, frames = asyncio.get_running_loop(), asyncio.Event(), []

    def watched(request: Request, pictures: Pictures, seconds: float, stop: Callable[[], bool]) -> Path:
        def asked() -> bool:
            loop.call_soon_threadsafe(rendering.set)
            frames.append(stop())
            return frames[-1]

        return animatic(request, pictures, seconds, asked)

    monkeypatch.setattr(provider, "animatic", watched)
    task = asyncio.ensure_future(Previz({}).submit(ask("previz-animatic", parameters={"seconds": 60})))
    await rendering.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert frames[-1]
    assert len(frames) < 60 * 24
