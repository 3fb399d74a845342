"""The labelled set: good takes of many kinds, and takes with a known damage, each with the order that it answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageFilter
from pydantic import JsonValue

from activities.catalogue.offers import Offer, Rate
from activities.errors import OutputUnusable
from activities.media.facts import probe
from activities.quality.checks import check_take
from activities.quality.order import Order, order_of
from tests.activities.quality.labelled import pictures, sounds, texts, videos
from workflows.brief import Brief, Platform
from workflows.models import ZERO, Asset, Modality
from workflows.quality import CheckName, Checks, Finding

PICTURE_SIZES: Final = ((640, 360), (512, 512), (501, 333), (360, 640))


@dataclass(frozen=True)
class Case:
    """A take and its order.

    Attributes:
        found: The checks of which one has to report it; empty for a good take.
        hard: The take has to fail.
    """

    name: str
    data: bytes
    media_type: str
    order: Order
    found: tuple[CheckName, ...] = ()
    hard: bool = False

    def check(self) -> Checks:
        """The result of the checks, and of the probe before them: media that does not open fails as `opens`."""
        try:
            facts = probe(BytesIO(self.data), self.media_type)
        except OutputUnusable as error:
            return Checks(findings=(Finding(check="opens", hard=True, message=str(error)[:300]),))
        return check_take(self.data, self.media_type, facts, self.order)


def order(
    modality: Modality,
    prompt: str,
    parameters: Mapping[str, JsonValue] | None = None,
    *,
    role: str = "asset",
    language: str = "en",
) -> Order:
    offer = Offer("vendor", "model", modality, "", (Rate("asset", ZERO, ZERO),), 1.0)
    asset = Asset(
        asset_id="a",
        asset_type=modality,
        role=role,
        prompt=prompt,
        provider="vendor",
        model="model",
        parameters=dict(parameters or {}),
    )
    return order_of(Brief(text="b", platform=Platform.VIDEO, languages=(language,)), asset, offer)


# Good takes


def good(count: int) -> Iterator[Case]:
    """`count` takes without damage: two fifths pictures, a fifth videos, a fifth sounds, a fifth texts."""
    makers = (_good_picture, _good_video, _good_sound, _good_picture, _good_text)
    for number in range(count):
        yield makers[number % len(makers)](number // len(makers) * 2 + number % 2)


def _good_picture(number: int) -> Case:
    names = sorted(pictures.GOOD)
    name, size = names[number % len(names)], PICTURE_SIZES[number // 2 % len(PICTURE_SIZES)]
    made = pictures.GOOD[name](number, size)
    kind = ("PNG", "JPEG", "WEBP")[number % 3]
    if kind == "JPEG":
        made = made.convert("RGB")
        if name == "cut-out":
            kind = "PNG"
            made = pictures.cut_out(number, size)
    asked = order(Modality.IMAGE, f"A picture: {name}", {"size": f"{size[0]}x{size[1]}"})
    return Case(f"{name} {number} {kind}", pictures.as_file(made, kind), f"image/{kind.lower()}", asked)


_FORMS: Final[tuple[dict[str, object], ...]] = (
    {},
    {"options": {"preset": "medium", "crf": "34"}},
    {"pix_fmt": "yuv420p10le"},
    {"codec": "libvpx-vp9", "container": "webm", "options": {"deadline": "realtime", "cpu-used": "8"}},
    {"rate": 30},
    {"times": lambda n: n + n // 6},
    {"size": (322, 178)},
)


def _good_video(number: int) -> Case:
    names = sorted(videos.GOOD)
    name, form = names[number % len(names)], dict(_FORMS[number // len(names) % len(_FORMS)])
    maker, prompt = videos.GOOD[name]
    rate = int(str(form.get("rate", videos.RATE)))
    size = form.get("size", videos.SIZE)
    seconds = 2 + number % 3
    frames = maker(number, seconds * rate, size)
    if "times" in form:
        seconds = seconds * 7 / 6  # type: ignore[assignment]
    data = videos.encode(frames, **form)  # type: ignore[arg-type]
    asked = order(Modality.VIDEO, prompt, {"seconds": seconds})
    return Case(f"{name} {number}", data, f"video/{form.get('container', 'mp4')}", asked)


_TYPES: Final = {"wav": "audio/wav", "float": "audio/wav", "mp3": "audio/mpeg", "m4a": "audio/mp4"}


def _good_sound(number: int) -> Case:
    kind = tuple(_TYPES)[number % 4]
    made: dict[int, Callable[[], Case]] = {
        0: lambda: _speech_case(number, kind, sounds.speech(number, 140 + number % 5 * 15)),
        1: lambda: _music_case(number, kind, sounds.music(number)),
        2: lambda: _speech_case(number, kind, sounds.whisper(number)),
        3: lambda: _music_case(number, kind, sounds.ambience(number), "ambience"),
        4: lambda: _speech_case(number, kind, sounds.speech(number)),
        5: lambda: _music_case(number, kind, sounds.loud(number)),
    }
    return made[number // 2 % 6]()


def _speech_case(number: int, kind: str, samples: sounds.Samples, damage: str = "speech") -> Case:
    voice, words = sounds.SPEECH[number % len(sounds.SPEECH)]
    asked = order(Modality.AUDIO, words, role="narration", language=voice)
    return Case(f"{damage} {number} {kind}", sounds.encode(samples, kind), _TYPES[kind], asked)


def _music_case(number: int, kind: str, samples: sounds.Samples, role: str = "music") -> Case:
    asked = order(Modality.AUDIO, "A calm bed", {"seconds": len(samples) / sounds.RATE}, role=role)
    return Case(f"{role} {number} {kind}", sounds.encode(samples, kind), _TYPES[kind], asked)


def _good_text(number: int) -> Case:
    language, prompt, text = texts.GOOD[number // 2 % len(texts.GOOD)]
    asked = order(Modality.TEXT, prompt, role="body", language=language)
    return Case(f"text {number}", text.encode(), "text/markdown", asked)


# Damaged takes


def damaged(seeds: Iterable[int] = range(3)) -> Iterator[Case]:
    """Takes with one known damage each."""
    for seed in seeds:
        yield from _damaged_pictures(seed)
        yield from _damaged_videos(seed)
        yield from _damaged_sounds(seed)
    for check, language, prompt, text in texts.DAMAGED:
        asked = order(Modality.TEXT, prompt, role="body", language=language)
        yield Case(f"{check}: {text[:20]}", text.encode(), "text/markdown", asked, (check,))  # type: ignore[arg-type]
    for text in ("", "  \n\n ", "\u200b\u200b", "***\n---"):
        write = order(Modality.TEXT, "Write.")
        yield Case("empty text", text.encode(), "text/markdown", write, ("opens", "blank"), True)


def _damaged_pictures(seed: int) -> Iterator[Case]:
    size = (640, 360)
    asked = order(Modality.IMAGE, "A lighthouse", {"size": "640x360"})
    sharp = pictures.photograph(seed, size)

    def case(name: str, picture: Image.Image, check: CheckName, *, hard: bool = False, kind: str = "PNG") -> Case:
        return Case(f"{name} {seed}", pictures.as_file(picture, kind), f"image/{kind.lower()}", asked, (check,), hard)

    yield case("black", Image.new("RGB", size), "black", hard=True)
    yield case("black JPEG", Image.new("RGB", size, (6, 4, 8)), "black", hard=True, kind="JPEG")
    yield case("transparent", Image.new("RGBA", size), "blank", hard=True)
    yield case("one colour", Image.new("RGB", size, (200, 30 * seed, 90)), "blank")
    yield case("blurred", sharp.filter(ImageFilter.GaussianBlur(4 + seed)), "blurred")
    yield case("square", pictures.photograph(seed, (512, 512)), "size")
    yield case("too small", pictures.photograph(seed, (320, 180)), "size")
    for kind in ("PNG", "JPEG"):
        whole = pictures.as_file(sharp, kind)
        third = len(whole) // 3
        holed = whole[:third] + bytes(2_000) + whole[third + 2_000 :]
        yield Case(f"zeros in {kind}", holed, f"image/{kind.lower()}", asked, ("opens",), True)
        yield Case(f"cut {kind}", whole[: len(whole) // 2], f"image/{kind.lower()}", asked, ("opens",), True)
        yield Case(f"no bytes {kind}", b"", f"image/{kind.lower()}", asked, ("opens",), True)


def _damaged_videos(seed: int) -> Iterator[Case]:
    asked = order(Modality.VIDEO, "A pan over a market", {"seconds": 4})
    count = 4 * videos.RATE

    def case(name: str, data: bytes, check: CheckName, *more: CheckName, hard: bool = False, of: Order = asked) -> Case:
        return Case(f"{name} {seed}", data, "video/mp4", of, (check, *more), hard)

    def pan(n: int = count) -> videos.Frames:
        return videos.moving(seed, n)

    def altered(change: Callable[[int, pictures.Pixels], pictures.Pixels], n: int = count) -> bytes:
        return videos.encode(change(number, frame) for number, frame in enumerate(pan(n)))

    yield case("cut short", videos.encode(pan(videos.RATE)), "length", hard=True)
    yield case("one frame", videos.encode(pan(1)), "length", hard=True)
    yield case("twice as long", videos.encode(pan(count * 2)), "length", hard=True)
    yield case("black", altered(lambda _, f: f * 0), "black", hard=True)
    yield case("black half", altered(lambda n, f: f if n < count // 2 - 4 else f * 0), "black", hard=True)
    yield case("black from half", altered(lambda n, f: f * 0 if n < count // 2 + 2 else f), "black", hard=True)
    yield case("black gap", altered(lambda n, f: f * 0 if 30 <= n < 60 else f), "black")
    yield case("frozen", videos.encode(videos.still(seed, count)), "frozen", hard=True)
    low = {"preset": "medium", "crf": "38", "g": "12"}
    yield case("frozen, low rate", videos.encode(videos.still(seed, count), options=low), "frozen", hard=True)
    frozen = list(pan(count // 3))
    frozen += [frozen[-1]] * (count - len(frozen))
    yield case("frozen after a third", videos.encode(iter(frozen)), "frozen", hard=True)
    two = list(pan(2))
    yield case("a slide show", videos.encode(iter(two), times=lambda n: n * (count - 1)), "frozen", "rate", hard=True)
    yield case("frames twice", videos.encode(f for f in pan(count // 2) for _ in (0, 1)), "repeated")
    yield case("flicker", altered(lambda n, f: (f * (0.7 if n % 2 else 1)).astype(np.uint8)), "flicker")
    soft = (np.asarray(Image.fromarray(f).filter(ImageFilter.GaussianBlur(4))) for f in pan())
    yield case("blurred", videos.encode(soft), "blurred")
    yield case("upright", videos.encode(videos.moving(seed, count, (180, 320)), size=(180, 320)), "size")
    ordered = order(Modality.VIDEO, "A pan", {"seconds": 4, "fps": 24})
    yield case("12 frames a second", videos.encode(pan(48), rate=12), "rate", of=ordered)
    tone = sounds.music(seed, 9.0)
    yield case("sound longer", videos.encode(pan(), sound=tone), "tracks")
    sounding = order(Modality.VIDEO, "A pan", {"seconds": 4, "generate_audio": True})
    yield case("no sound", videos.encode(pan()), "silent", of=sounding)
    yield case("picture short, sound long", videos.encode(pan(24), sound=tone[: 4 * 48_000]), "length", hard=True)
    yield from _damaged_files(seed, asked, videos.encode(pan()))


def _damaged_files(seed: int, asked: Order, whole: bytes) -> Iterator[Case]:
    begin, size = len(whole) // 3, len(whole) // 4
    noise = np.random.default_rng(seed).bytes(size)

    def case(name: str, data: bytes, kind: str = "video/mp4") -> Case:
        return Case(f"{name} {seed}", data, kind, asked, ("opens",), True)

    yield case("cut file", whole[: len(whole) // 2])
    yield case("damaged in the middle", whole[:begin] + noise + whole[begin + size :])
    yield case("zeros in the middle", whole[:begin] + bytes(size) + whole[begin + size :])
    yield case("no bytes", b"")
    yield case("only sound", sounds.encode(sounds.music(seed), "m4a"))
    yield case("a picture", pictures.as_file(pictures.photograph(seed)))
    yield case("a web page", b"<html><body>502 Bad Gateway</body></html>")


def _damaged_sounds(seed: int) -> Iterator[Case]:
    number = (0, 1, 3)[seed]
    spoken = sounds.speech(number)

    def case(name: str, samples: sounds.Samples, check: CheckName, kind: str = "wav", *, hard: bool = False) -> Case:
        made = _speech_case(number, kind, samples, name)
        return Case(made.name, made.data, made.media_type, made.order, (check,), hard)

    for kind in ("wav", "mp3"):
        yield case("silent", spoken * 0, "silent", kind, hard=True)
        yield case("-50 dB", spoken * 10 ** (-50 / 20), "level", kind)
        yield case("clipped", np.clip(spoken * 12, -0.999, 0.999), "clipped", kind)
    yield case("-75 dB", spoken * 10 ** (-75 / 20), "silent", "float", hard=True)
    yield case("not numbers", np.where(np.arange(len(spoken)) % 3 == 0, np.nan, spoken), "opens", "float", hard=True)
    yield case(
        "click",
        np.concatenate((spoken[24_000:26_400], spoken[:1] * np.zeros(480_000, np.float32))),
        "silent",
        hard=True,
    )
    yield case("cut in a word", _cut_in_a_word(spoken), "cut_off")
    yield case("most words missing", spoken[: len(spoken) // 6], "length")
    music = order(Modality.AUDIO, "A bed", {"seconds": 10}, role="music")
    yield Case(f"music cut {seed}", sounds.encode(sounds.music(seed)), "audio/wav", music, ("length",), True)
    whole = sounds.encode(spoken, "mp3")
    yield Case(f"cut WAV {seed}", sounds.encode(spoken)[:60_000], "audio/wav", music, ("opens", "length"), True)
    yield Case(f"no sound {seed}", whole[:20], "audio/mpeg", music, ("opens",), True)
    noise = np.random.default_rng(seed).bytes(len(whole) // 3)
    broken = whole[: len(whole) // 3] + noise + whole[len(whole) // 3 * 2 :]
    yield Case(f"damaged MP3 {seed}", broken, "audio/mpeg", music, ("opens", "length"), True)


def _cut_in_a_word(spoken: sounds.Samples) -> sounds.Samples:
    """The speech until its loudest vowel after the middle."""
    size = sounds.RATE // 50
    begin = len(spoken) // 2
    power = [float((spoken[at : at + size] ** 2).mean()) for at in range(begin, len(spoken) - size, size)]
    return spoken[: begin + int(np.argmax(power)) * size + size]
