"""Pictures and frames are sent upright, with their alpha channel, their depth and their colours."""

import asyncio
import base64
import io
import math
import zlib
from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import av
import pytest
from PIL import Image, PngImagePlugin

from activities.errors import InvalidRequest
from activities.finishing.contact_sheet import HEADER, MARGIN
from activities.finishing.picture.frames import load_picture
from activities.media.facts import probe
from activities.providers.anthropic import _limits
from activities.providers.picture_inputs import Limits, Picture, fit_mask, fit_picture
from activities.storage.bucket import Storage
from activities.takes.uploads import INSPECTORS
from tests.activities.finishing.media import Takes, display_p3, finished, shot_file
from workflows.brief import Platform
from workflows.models import Modality


def opened(picture: Picture) -> Image.Image:
    with Image.open(io.BytesIO(picture.data)) as image:
        image.load()
    assert image.size == picture.size
    return image


def saved(path: Path, image: Image.Image, turn: int = 1, **more: Any) -> Path:
    exif = Image.Exif()
    exif[0x0112] = turn
    image.save(path, exif=exif, **more)
    return path


def halves(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """White above, black below."""
    image = Image.new(mode, size, "black")
    image.paste("white", (0, 0, size[0], size[1] // 2))
    return image


SMALL: Final = Limits(40_000, max_side=100)


@pytest.mark.parametrize("limits", [Limits(10_000_000), SMALL], ids=["whole", "small"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_pictures_are_sent_upright(form: str, turn: int, limits: Limits, tmp_path: Path) -> None:
    """For any EXIF orientation, a vendor that does not read EXIF receives a picture that is white above and black
    below."""
    transposes = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    upright = halves((240, 160))
    held = upright.transpose(Image.Transpose(transposes[turn])) if turn > 1 else upright
    sent = opened(fit_picture(saved(tmp_path / f"a.{form.lower()}", held, turn, format=form), limits)).convert("L")
    assert sent.width > sent.height
    middle = sent.width // 2
    assert sent.getpixel((middle, 5)) > 200 > 50 > sent.getpixel((middle, sent.height - 5))  # type: ignore[operator]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_kept(mode: str, tmp_path: Path) -> None:
    """A picture that is scaled down keeps its alpha channel, as a PNG or, when that is too large, as WebP."""
    image = Image.effect_noise((400, 400), 90).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((400, 400)).point(lambda v: 255 * (v > 127)))
    path = tmp_path / "a.png"
    image.convert(mode).save(path)
    if mode == "P":
        clear = Image.new("P", (400, 400), 1)
        clear.paste(0, (0, 0, 400, 200))
        clear.putpalette([0, 0, 0, 255, 0, 0])
        clear.save(path, transparency=0)
    for limits in (SMALL, Limits(1_000_000, max_side=300)):
        picture = fit_picture(path, limits)
        sent = opened(picture).convert("RGBA")
        assert len(picture.data) <= limits.max_bytes
        alpha = [sent.getpixel((sent.width // 2, y))[3] for y in (3, sent.height - 3)]  # type: ignore[index]
        assert alpha[0] < 20 < 235 < alpha[1]


def test_pictures_within_the_limits_are_unchanged(tmp_path: Path) -> None:
    """Limits of bytes, sides, area and media types hold for every picture; within them the file itself is sent."""
    whole = saved(tmp_path / "a.jpg", halves((300, 200)))
    assert fit_picture(whole, SMALL.__class__(100_000)).data == whole.read_bytes()
    noise = tmp_path / "b.png"
    Image.effect_noise((700, 500), 120).convert("RGB").save(noise)
    avif = tmp_path / "c.avif"
    halves((64, 64)).save(avif)
    for path in (whole, noise, avif):
        for limits in (SMALL, Limits(50_000, max_pixels=9_000), Limits(2_000)):
            picture = fit_picture(path, limits)
            image = opened(picture)
            assert len(picture.data) <= limits.max_bytes
            assert limits.scale(*image.size) == 1
            assert picture.media_type in limits.types
    assert base64.b64encode(bytes(_limits(3).max_bytes)).__len__() <= 10_485_760
    assert (_limits(20).max_side, _limits(21).max_side) == (8_000, 2_000)
    (tmp_path / "d.png").write_bytes(b"no picture")
    with pytest.raises(InvalidRequest, match="does not open"):
        fit_picture(tmp_path / "d.png", SMALL)


def test_a_mask_follows_its_picture(tmp_path: Path) -> None:
    """A mask is a PNG of the size of the sent picture, and keeps its transparent area."""
    clear = Image.effect_noise((400, 300), 120).convert("RGBA")
    clear.putalpha(halves((400, 300), "L"))
    path = tmp_path / "mask.png"
    clear.save(path)
    for most in (1_000_000, 5_000):
        made = fit_mask(path, (200, 150), most)
        image = opened(made)
        assert (image.size, made.media_type, len(made.data) <= most) == ((200, 150), "image/png", True)
        assert [image.getchannel("A").getpixel((100, y)) for y in (10, 140)] == [255, 0]


def grey_ramp(path: Path) -> Path:
    """Black to white in 65,536 steps, from left to right."""
    row = array("H", (x * 65_535 // 299 for x in range(300)))
    Image.frombytes("I;16", (300, 40), row.tobytes() * 40).save(path)
    return path


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    """A ramp of 16 bits is the same ramp of 8, for the film and for a model that accepts smaller pictures."""
    path = grey_ramp(tmp_path / "a.png")
    for image in (load_picture(path, (300, 300)), opened(fit_picture(path, Limits(3_000, max_side=200)))):
        grey = image.convert("L")
        for share in (0.1, 0.5, 0.9):
            assert grey.getpixel((round(grey.width * share), grey.height // 2)) == pytest.approx(255 * share, abs=4)


@pytest.mark.parametrize("chunk", ["tEXt", "zTXt", "iTXt", "behind"])
def test_long_texts_in_a_png_are_accepted(chunk: str, tmp_path: Path) -> None:
    """A picture opens with any text chunks, before or after its pixels, and however well compressed."""
    about, words = PngImagePlugin.PngInfo(), "0123456789 " * 7_000_000
    if chunk == "iTXt":
        about.add_itxt("workflow", words, zip=True)
    else:
        about.add_text("workflow", words, zip=chunk != "tEXt")
    path = tmp_path / "a.png"
    halves((64, 48)).save(path, pnginfo=about)
    if chunk == "behind":
        data = path.read_bytes()
        begin, end = data.index(b"zTXt") - 4, data.index(b"IDAT") - 4
        path.write_bytes(data[:begin] + data[end:-12] + data[begin:end] + data[-12:])
    assert probe(path, "image/png").width == 64
    assert INSPECTORS[Modality.IMAGE](path)[0] == "image/png"
    assert load_picture(path, (64, 64)).size == (64, 48)
    assert fit_picture(path, Limits(2_000)).size == (64, 48)


def pq(light: float) -> float:
    """SMPTE ST 2084, of light as a share of 10,000 cd/m2."""
    power = light**0.1593017578125
    return math.pow((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power), 78.84375)


def hlg(light: float) -> float:
    """ITU-R BT.2100, of scene light."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return math.sqrt(3 * light) if light <= 1 / 12 else a * math.log(12 * light - b) + c


def as_pq(linear: list[float]) -> list[float]:
    return [pq(each * 203 / 10_000) for each in linear]


def as_hlg(linear: list[float]) -> list[float]:
    shown = [each * 203 / 1_000 for each in linear]
    luma = sum(k * each for k, each in zip((0.2627, 0.678, 0.0593), shown, strict=True))
    return [hlg(max(0.0, each * luma ** (1 / 1.2 - 1))) for each in shown]


WIDE: Final = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))
"""Linear BT.709 in BT.2020 (ITU-R BT.2087)."""
COLOURS: Final = ((1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1))


def hdr_file(path: Path, encode: Callable[[list[float]], list[float]], transfer: int) -> Path:
    """White, red, green and blue of BT.709, side by side, as a telephone records them."""
    size, planes = (320, 180), []
    signals = []
    for colour in COLOURS:
        r, g, b = encode([sum(k * c for k, c in zip(row, colour, strict=True)) for row in WIDE])
        y = 0.2627 * r + 0.678 * g + 0.0593 * b
        signals.append((64 + 876 * y, 512 + 896 * (b - y) / 1.8814, 512 + 896 * (r - y) / 1.4746))
    for index, shrink in ((0, 1), (1, 2), (2, 2)):
        row = array("H", (round(signals[x * 4 // (size[0] // shrink)][index]) for x in range(size[0] // shrink)))
        planes.append(row.tobytes() * (size[1] // shrink))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx265", rate=24, options={"crf": "4", "x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, transfer, 9, 1
        for number in range(12):
            frame = av.VideoFrame(*size, "yuv420p10le")
            for plane, data in zip(frame.planes, planes, strict=True):
                wide = plane.line_size
                width = len(data) // plane.height
                lines = (data[y * width : (y + 1) * width].ljust(wide, b"\0") for y in range(plane.height))
                plane.update(b"".join(lines))
            frame.pts, frame.time_base = number, Fraction(1, 24)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("encode", "transfer"), [(as_pq, 16), (as_hlg, 18)], ids=["pq", "hlg"])
async def test_hdr_becomes_bt709(
    encode: Callable[[list[float]], list[float]], transfer: int, storage: Storage, tmp_path: Path
) -> None:
    """Colours of an HDR shot are those of BT.709 in the film, and on the contact sheet."""
    path = await asyncio.to_thread(hdr_file, tmp_path / "a.mp4", encode, transfer)
    takes = Takes(storage, f"hdr-{uuid4().hex[:8]}")
    await takes.add("s", Modality.VIDEO, "shot", path, "video/mp4")
    _, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    with av.open(io.BytesIO(files["deliverable.mp4"]), "r") as film:
        shown: Image.Image = next(film.decode(video=0)).to_image()  # type: ignore[no-untyped-call]
    with Image.open(io.BytesIO(files["contact-sheet.png"])) as sheet:
        cell = sheet.crop((MARGIN, HEADER, MARGIN + shown.width, HEADER + shown.height)).convert("RGB")
    for picture in (shown, cell):
        for number, colour in enumerate(COLOURS):
            at = (round(picture.width * (number + 0.5) / 4), picture.height // 2)
            found: Any = picture.getpixel(at)
            assert max(abs(a - 255 * b) for a, b in zip(found, colour, strict=True)) < 30, (number, found)


async def test_a_change_of_size_is_letterboxed(storage: Storage, tmp_path: Path) -> None:
    """When a stream continues in another size, its picture is complete between bars, as a player shows it."""
    wide = shot_file(tmp_path / "1.webm", size=(320, 180), codec="libvpx-vp9")
    high = shot_file(tmp_path / "2.webm", size=(180, 320), codec="libvpx-vp9")
    path = tmp_path / "both.webm"
    with av.open(str(path), "w") as out:
        stream: Any = None
        for number, source in enumerate((wide, high)):
            with av.open(str(source), "r") as part:
                stream = stream or out.add_stream_from_template(part.streams.video[0])
                for packet in part.demux(video=0):
                    if packet.size and packet.pts is not None:
                        packet.stream, packet.pts = stream, packet.pts + 1_000 * number
                        packet.dts = packet.pts
                        out.mux(packet)
    takes = Takes(storage, f"sizes-{uuid4().hex[:8]}")
    await takes.add("s", Modality.VIDEO, "shot", path, "video/webm")
    _, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    with av.open(io.BytesIO(files["deliverable.mp4"]), "r") as film:
        frames = [f.to_image().convert("L") for f in film.decode(video=0)]  # type: ignore[no-untyped-call]
    assert len(frames) == pytest.approx(48, abs=2)
    before, after = ([f.getpixel((round(320 * x), 170)) for x in (0.05, 0.5, 0.95)] for f in (frames[12], frames[36]))
    assert min(before) > 30
    assert max(after[0], after[2]) < 25 < 30 < after[1]


async def test_a_placeholder_is_no_mask(storage: Storage, tmp_path: Path) -> None:
    """A paid edit whose mask is previz's is not submitted; with a person's own mask it is."""
    from decimal import Decimal

    from temporalio.exceptions import ApplicationError
    from temporalio.testing import ActivityEnvironment

    from activities.providers.openai.provider import OpenAI
    from activities.settings import ActivitySettings
    from activities.takes.producer import Producer
    from tests.emulators import samples
    from tests.emulators.openai import OpenAIEmulator
    from workflows.activity_io import InputTake, ProduceAsset
    from workflows.brief import Brief
    from workflows.models import Asset, Media, Quote

    name = f"mask-{uuid4().hex[:8]}"
    data = samples.picture()
    await storage.put_bytes(f"{name}.png", data, "image/png")
    media = Media(key=f"{name}.png", bytes=len(data), sha256="0" * 64, media_type="image/png", width=64, height=64)

    def made_from(asset_id: str, role: str, provider: str) -> InputTake:
        return InputTake(
            asset_id=asset_id, asset_type=Modality.IMAGE, role=role, take=1, media=media, provider=provider
        )

    asset = Asset(
        asset_id="edit",
        asset_type=Modality.IMAGE,
        role="still",
        prompt="a lighthouse",
        provider="openai",
        model="gpt-image-2",
        depends_on=("still", "mask"),
        quote=Quote(low_usd=Decimal("0.01"), high_usd=Decimal("0.10"), expected_seconds=1),
    )
    with OpenAIEmulator() as vendor:
        provider = OpenAI({"OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": f"{vendor.url}/v1"})
        producer = Producer(storage, {"openai": provider}, ActivitySettings(claim_settles_seconds=0.1))
        for number, maker in enumerate(("previz", "upload"), start=1):
            request = ProduceAsset(
                production_id=name,
                brief=Brief(text="x", platform=Platform.DESIGN),
                asset=asset,
                take=number,
                inputs=(made_from("still", "still", "previz"), made_from("mask", "mask", maker)),
            )
            if maker == "upload":
                assert (await ActivityEnvironment().run(producer.produce, request)).number == 2
                continue
            with pytest.raises(ApplicationError, match="mask is a placeholder of previz") as caught:
                await ActivityEnvironment().run(producer.produce, request)
            assert caught.value.non_retryable
            assert vendor.calls == []
        await provider.close()


def _sixteen_bits_of_rgb() -> bytes:
    """A PNG with 16 bits a channel, which Pillow reads and does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = (8).to_bytes(4) * 2 + bytes([16, 2, 0, 0, 0])
    rows = (b"\0" + b"\xff\xff\0\0\0\0" * 8) * 8
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _encoded(image: Image.Image, form: str, **more: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **more)
    return buffer.getvalue()


PURE_RED: Final = Image.new("RGB", (8, 8), (255, 0, 0))


@pytest.mark.parametrize(
    "data",
    [
        _encoded(PURE_RED.convert("CMYK"), "JPEG", quality=100),
        _encoded(PURE_RED.quantize(4), "PNG"),
        _sixteen_bits_of_rgb(),
        _encoded(PURE_RED, "WEBP", save_all=True, append_images=[Image.new("RGB", (8, 8))], lossless=True),
        _encoded(PURE_RED, "PNG", icc_profile=display_p3()),
    ],
    ids=["CMYK", "palette", "16 bits", "animated", "profile"],
)
def test_every_vendor_gets_a_plain_picture(data: bytes, tmp_path: Path) -> None:
    """A picture in print colours, with a palette, 16 bits, several frames or a profile is sent with 8 bits of RGB."""
    path = tmp_path / "a"
    path.write_bytes(data)
    sent = fit_picture(path, Limits(1_000_000))
    assert sent.data != data
    with Image.open(io.BytesIO(sent.data)) as image:
        assert (image.mode, getattr(image, "n_frames", 1), image.info.get("icc_profile")) == ("RGB", 1, None)
        assert image.convert("RGB").getpixel((4, 4)) == pytest.approx((255, 0, 0), abs=4)
        assert ";16" not in str(image.tile)
