"""previz: real media without key and network, the same bytes for the same request, PREVIZ on every face."""

import array
import asyncio
import math
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from activities.errors import InvalidRequest
from activities.media.facts import probe
from activities.media.fonts import Face
from activities.providers.previz import animatic as previz_video
from activities.providers.previz import narration, provider
from activities.providers.previz.animatic import MOVES, animatic, move_for
from activities.providers.previz.provider import Previz
from activities.providers.previz.storyboard import SIZES
from activities.providers.protocol import Claim, Finished, Input, Job, Request, Running
from activities.providers.registry import PROVIDERS, build_providers, report
from activities.settings import ActivitySettings
from workflows.models import Asset, Brief, Media, Modality

MODELS = {
    "previz-text": (Modality.TEXT, "body"),
    "previz-storyboard": (Modality.IMAGE, "still"),
    "previz-narration": (Modality.AUDIO, "narration"),
    "previz-animatic": (Modality.VIDEO, "shot"),
    "previz-animatic-job": (Modality.VIDEO, "shot"),
}
SCRIPTS = {
    "chinese": "灯塔站在海边已经两百年了，每天晚上它都和船说话。" * 20,
    "arabic": "لقد وقفت المنارة هنا منذ مائتي عام، وهي تتحدث كل ليلة إلى السفن في البحر.",
    "devanagari": "प्रकाशस्तंभ दो सौ वर्षों से यहाँ खड़ा है।",
    "emoji": "🎉🚀👩‍👩‍👧‍👦 party \U0001f1ea\U0001f1fa",
    "long": ("lighthouse " * 800)[:8_000].strip(),
    "huge": "W" * 8_000,
    "controls": "a\tb\x07c\u202e d\ufffd",
}


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Request]:
    def build(
        model: str,
        prompt: str = "A lighthouse at dusk, its beam over the water.",
        *,
        seed: int = 7,
        inputs: tuple[Input, ...] = (),
        label: str = "Shot 1 · Opening",
        parameters: dict[str, Any] | None = None,
        **brief: Any,
    ) -> Request:
        modality, role = MODELS[model]
        workdir = tmp_path / f"attempt-{time.monotonic_ns()}"
        workdir.mkdir()
        asset = Asset(
            asset_id="piece",
            asset_type=modality,
            role=role,
            label=label,
            prompt=prompt,
            provider="previz",
            model=model,
            parameters=parameters or {},
        )
        made = Brief(**{"text": "A film about a lighthouse. It has stood for long.", "platform": "video", **brief})
        return Request(f"p/piece/{seed}", seed, made, asset, 1, inputs, workdir)

    return build


async def made(request: Request) -> Path:
    finished = await Previz({}).submit(request)
    assert isinstance(finished, Finished)
    assert finished.cost_usd == 0
    if isinstance(finished.source, bytes):
        return _kept(request.workdir / "text.md", finished.source)
    assert isinstance(finished.source, Path)
    assert finished.source.parent == request.workdir
    return finished.source


def _kept(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def given(path: Path, role: str, modality: Modality, media_type: str, seconds: float | None = None) -> Input:
    async def fetch() -> Path:
        return path

    media = Media(key="k", bytes=path.stat().st_size, sha256="0", media_type=media_type, duration_seconds=seconds)
    return Input(role, modality, role, media, fetch)


def frames_of(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as container:
        shown = [frame.reformat(format="rgb24") for frame in container.decode(video=0)]
    size = (shown[0].width, shown[0].height)
    return [Image.frombytes("RGB", size, bytes(f.planes[0]), "raw", "RGB", f.planes[0].line_size, 1) for f in shown]


def loudness(path: Path) -> float:
    """Root mean square of the samples, 0 to 32,767."""
    with av.open(str(path)) as container:
        samples = array.array("h")
        for frame in container.decode(audio=0):
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 2])
    return math.sqrt(sum(s * s for s in samples) / len(samples))


@pytest.mark.parametrize("model", ["previz-text", "previz-storyboard", "previz-narration", "previz-animatic"])
async def test_same_request_same_bytes(ask: Callable[..., Request], model: str) -> None:
    """Two attempts of one request make the same bytes, of the media type that the catalogue names."""
    parameters: dict[str, Any] = {"seconds": 0.5} if model == "previz-animatic" else {}
    first, again = [await made(ask(model, parameters=parameters)) for _ in range(2)]
    assert first.read_bytes() == again.read_bytes()
    offer = next(o for o in Previz({}).offers() if o.model == model)
    probe(first, offer.media_type)


async def test_frames_differ_by_seed(ask: Callable[..., Request]) -> None:
    """Another seed composes another picture, so the shots of a film are told apart."""
    one, other = [Image.open(await made(ask("previz-storyboard", seed=s))) for s in (1, 2)]
    assert one.tobytes() != other.tobytes()


@pytest.mark.parametrize("aspect", list(SIZES))
async def test_frame_has_the_aspect(ask: Callable[..., Request], aspect: str) -> None:
    """A storyboard frame has even sides in the brief's aspect."""
    with Image.open(await made(ask("previz-storyboard", aspect=aspect))) as frame:
        width, height = frame.size
    across, down = (int(n) for n in aspect.split(":"))
    assert width % 2 == height % 2 == 0
    assert max(width, height) <= 1280
    assert width / height == pytest.approx(across / down, rel=0.01)


@pytest.mark.parametrize("script", list(SCRIPTS))
async def test_frame_takes_any_script(ask: Callable[..., Request], script: str) -> None:
    """A prompt in any script and of any length gives a frame on which the words leave a mark."""
    words = SCRIPTS[script]
    frame = Image.open(await made(ask("previz-storyboard", words, label=words[:200]))).convert("RGB")
    caption = frame.crop((60, 560, 1220, 655))
    assert sum(caption.convert("L").histogram()[130:]) > 300  # without the caption: none


@pytest.mark.parametrize("script", list(SCRIPTS))
def test_lines_fit_their_width(script: str) -> None:
    """Wrapped lines keep inside their width and number, whatever the script."""
    face = Face.of(SCRIPTS[script], 24)
    lines = face.wrap(SCRIPTS[script], 600, 3)
    assert 1 <= len(lines) <= 3
    assert max(face.width(line) for line in lines) <= 600


def test_words_without_a_font_are_drawn_as_bars() -> None:
    """A character that no font here has leaves a bar, not nothing and not a box of the font's."""
    face, image = Face(40), Image.new("RGBA", (200, 80))
    face.draw(image, (10, 60), "\U0001f9ff\U000130b8\U000131cb", (255, 255, 255, 255))
    assert image.getbbox() is not None


async def test_text_says_previz_and_uses_the_brief(ask: Callable[..., Request]) -> None:
    """Placeholder text says PREVIZ first and last, and carries the brief's own words."""
    text = (await made(ask("previz-text"))).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line]
    assert "PREVIZ" in lines[0]
    assert "PREVIZ" in lines[-1]
    assert "It has stood for long." in text


async def test_narration_is_heard(ask: Callable[..., Request]) -> None:
    """Narration is mono speech of a sensible length that is not silent, and a higher rate makes it shorter."""
    words = "The lighthouse has stood for two hundred years. Every night it speaks to the ships."
    slow = await made(ask("previz-narration", words))
    fast = await made(ask("previz-narration", words, parameters={"rate": 330}))
    lengths = [probe(p, "audio/wav").duration_seconds or 0 for p in (slow, fast)]
    assert 4 < lengths[0] < 8
    assert lengths[1] < 0.7 * lengths[0]
    assert loudness(slow) > 500
    assert b"PREVIZ" in slow.read_bytes()[:200]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-Hans", "灯塔站在海边。"),
        ("pt-MZ", "O farol fala com os navios."),
        ("hi", "प्रकाशस्तंभ खड़ा है।"),
        ("ar", "المنارة هنا"),
    ],
)
async def test_narration_speaks_the_briefs_language(ask: Callable[..., Request], language: str, words: str) -> None:
    """A brief in a language or region that espeak-ng knows, at least by its language, is spoken."""
    assert loudness(await made(ask("previz-narration", words, languages=(language,)))) > 300


async def test_narration_of_nothing_is_silence(ask: Callable[..., Request]) -> None:
    """A prompt without a word to say still makes a file of half a second or more."""
    path = await made(ask("previz-narration", "…"))
    assert (probe(path, "audio/wav").duration_seconds or 0) >= 0.5


@pytest.mark.parametrize(
    ("model", "parameters", "named"),
    [
        ("previz-narration", {"rate": 20}, "parameters.rate"),
        ("previz-narration", {"rate": "fast"}, "parameters.rate"),
        ("previz-narration", {"voice": "valyrian"}, "parameters.voice"),
        ("previz-narration", {"voice": "en+nobody"}, "parameters.voice"),
        ("previz-narration", {"voice": 3}, "parameters.voice"),
        ("previz-animatic", {"seconds": 0}, "parameters.seconds"),
        ("previz-animatic", {"seconds": True}, "parameters.seconds"),
        ("previz-animatic", {"at_least": 61}, "parameters.at_least"),
        ("previz-animatic-job", {"job_seconds": -1}, "parameters.job_seconds"),
        ("previz-animatic-job", {"seconds": float("nan")}, "parameters.seconds"),
    ],
)
async def test_bad_parameters_are_named(
    ask: Callable[..., Request], model: str, parameters: dict[str, Any], named: str
) -> None:
    """A parameter that cannot be followed is refused by its name, with what would do."""
    with pytest.raises(InvalidRequest, match=named):
        await Previz({}).submit(ask(model, parameters=parameters))


async def test_unspoken_language_is_refused(ask: Callable[..., Request]) -> None:
    """A brief in a language that espeak-ng has no voice for is refused by the brief's field."""
    with pytest.raises(InvalidRequest, match=r"languages: .*'tlh'.*choose"):
        await Previz({}).submit(ask("previz-narration", languages=("tlh",)))


async def test_cancelled_narration_kills_its_child(
    ask: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelling a narration ends the process that was speaking it."""
    started: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()
    begin = asyncio.create_subprocess_exec

    async def stuck(*_: object, **options: Any) -> asyncio.subprocess.Process:
        child = await begin(sys.executable, "-c", "import time; time.sleep(60)", **options)
        started.put_nowait(child)
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", stuck)
    task = asyncio.ensure_future(Previz({}).submit(ask("previz-narration")))
    child = await started.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert child.returncode is not None


async def test_animatic_moves_and_plays(ask: Callable[..., Request]) -> None:
    """An animatic is H.264 yuv420p of the asked length at 24 frames a second, silent, and its picture moves."""
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
def test_the_prompts_move_is_made(prompt: str, move: str) -> None:
    """The first move that a prompt names is the animatic's, whatever the seed."""
    assert {move_for(prompt, seed) for seed in range(len(MOVES))} == {move}


def test_every_move_can_be_named() -> None:
    """Each move answers to its own name, and a prompt without one leaves the choice to the seed."""
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
    """A shot lasts as long as its narration and a breath, held at_least as long; `seconds` overrules both."""
    voice = given(_kept(tmp_path / "n.wav", b""), "narration", Modality.AUDIO, "audio/wav", spoken)
    path = await made(ask("previz-animatic", inputs=(voice,), parameters=parameters, aspect="21:9"))
    assert probe(path, "video/mp4").duration_seconds == pytest.approx(seconds, abs=1 / 24)


async def test_cancelled_animatic_stops_between_frames(
    ask: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelling a long animatic ends its thread within a few frames, before the task is over."""
    loop, rendering, frames = asyncio.get_running_loop(), asyncio.Event(), []

    def watched(request: Request, still: Path | None, seconds: float, stop: Callable[[], bool]) -> Path:
        def asked() -> bool:
            loop.call_soon_threadsafe(rendering.set)
            frames.append(stop())
            return frames[-1]

        return animatic(request, still, seconds, asked)

    monkeypatch.setattr(provider, "animatic", watched)
    task = asyncio.ensure_future(Previz({}).submit(ask("previz-animatic", parameters={"seconds": 60})))
    await rendering.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert frames[-1]
    assert len(frames) < 60 * 24


async def test_job_is_polled_by_its_id_alone(ask: Callable[..., Request]) -> None:
    """A job's id alone tells any worker how far it is, and at its end the animatic is there."""
    request = ask("previz-animatic-job", parameters={"job_seconds": 600, "seconds": 0.5})
    job = await Previz({}).submit(request)
    assert isinstance(job, Job)
    looked = await Previz({}).poll(request, Job(job.id))
    assert isinstance(looked, Running)
    assert looked.progress is not None
    assert 0 <= looked.progress < 0.1
    assert looked.look_again_after is not None
    begun = int(job.id.split("-")[1])
    half = await Previz({}).poll(request, Job(f"previz-{begun - 300_000}-600000"))
    assert isinstance(half, Running)
    assert half.progress == pytest.approx(0.5, abs=0.01)
    done = await Previz({}).poll(request, Job(f"previz-{begun - 600_000}-600000"))
    assert isinstance(done, Finished)
    assert done.media_type == "video/mp4"
    await Previz({}).cancel(job)
    assert await Previz({}).recover(Claim(request, datetime.now(UTC))) is None


@pytest.mark.parametrize("job_id", ["", "previz-", "previz-1-2-3", "runway-12-13", "previz-1e9-5", "previz-١-٢"])
async def test_foreign_job_ids_are_refused(ask: Callable[..., Request], job_id: str) -> None:
    """An id that previz did not give is refused by its field."""
    with pytest.raises(InvalidRequest, match="job_id"):
        await Previz({}).poll(ask("previz-animatic-job"), Job(job_id))


def test_registry_enables_by_settings() -> None:
    """previz is there unless it is switched off, and then every modality says which variable brings it back."""
    enabled = build_providers(ActivitySettings(previz=True), {})
    assert list(enabled) == ["previz"]
    whole = report(enabled, "template")
    assert set(whole.enabled_providers) == set(Modality)
    assert whole.reasons == {}
    assert {m.price for p in whole.providers for m in p.models if p.enabled} == {"free"}
    nothing = report(build_providers(ActivitySettings(previz=False), {}), "template")
    assert all("GREENLIGHT_PREVIZ" in nothing.reasons[m] for m in Modality)
    assert [p.provider for p in nothing.providers] == list(PROVIDERS)
    assert all(p.reason and not p.enabled for p in nothing.providers)
    assert {"set GREENLIGHT_PREVIZ=true for previz"} <= set(nothing.missing[Modality.IMAGE])


def test_every_offer_has_a_maker() -> None:
    """The catalogue's previz models are exactly those that the provider makes."""
    assert {o.model for o in Previz({}).offers()} == set(MODELS)


def test_catalogue_and_provider_agree_on_ranges() -> None:
    """What the catalogue says of a number's range is what previz itself takes, and is told in words."""
    limits = {
        "rate": narration.RATE,
        "seconds": previz_video.SECONDS,
        "at_least": previz_video.SECONDS,
        "job_seconds": provider.JOB_SECONDS,
    }
    offers = Previz({}).offers()
    rules = [(name, rule) for o in offers for name, rule in o.rules.items() if rule.type == "number"]
    assert {name for name, _ in rules} == set(limits)
    assert all((rule.min, rule.max) == limits[name] for name, rule in rules)
    words = {name: text for o in offers for name, text in o.parameters.items()}
    assert words["rate"] == "speed of speech (words a minute, 80 to 400); default: 165"
