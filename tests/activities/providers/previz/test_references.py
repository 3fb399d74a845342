"""The references of a brief are visible on frames of previz, and what a frame depicts is stated."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from activities.media.timecode import OF_FILM, OF_SHOT, Timecode
from activities.providers.previz.composition import compose
from activities.providers.previz.plate import SUBJECTS, Plate
from activities.providers.previz.references import kind_of
from activities.providers.previz.storyboard import SIZES
from activities.providers.protocol import Input, Request
from tests.activities.providers.previz.support import frames_of, given, kept, made, reference
from workflows.models import Modality

Box = tuple[int, int, int, int]
PINK, GREEN = (214, 40, 90), (20, 140, 90)
CORNER: Box = (1000, 80, 1280, 160)
SCENE: Box = (200, 60, 960, 560)
SIZE = (640, 360)


def place_of(image: Image.Image, within: Box, color: tuple[int, int, int]) -> Box:
    """Where a part of the image has nearly this colour; an empty box if nowhere."""
    part = image.convert("RGB").crop(within)
    far = ImageChops.difference(part, Image.new("RGB", part.size, color)).split()
    near = ImageChops.lighter(ImageChops.lighter(far[0], far[1]), far[2]).point([255 * (v < 36) for v in range(256)])
    return near.getbbox() or (0, 0, 0, 0)


def area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


@pytest.fixture
def logo(tmp_path: Path) -> Input:
    picture = Image.new("RGBA", (300, 100))
    ImageDraw.Draw(picture).rectangle((0, 0, 299, 79), fill=PINK)
    picture.save(tmp_path / "logo.png")
    return reference(tmp_path / "logo.png", 2, "Alder logo")


@pytest.fixture
def product(tmp_path: Path) -> Input:
    """A tin of 40 x 160 pixels that lies in its file and stands by its EXIF orientation."""
    picture = Image.new("RGBA", (200, 100))
    ImageDraw.Draw(picture).rectangle((20, 30, 179, 69), fill=GREEN)
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "product.png", exif=exif)
    return reference(tmp_path / "product.png", 1, "Alder tin")


async def test_a_still_and_its_shot_show_product_and_logo(
    ask: Callable[..., Request], logo: Input, product: Input
) -> None:
    """The product stands in the scene, upright and in its own aspect, and the logo is in the corner: on a still and on
    the shot that is made from the still."""
    still = await made(ask("previz-storyboard", inputs=(product, logo)))
    as_input = given(still, "still", Modality.IMAGE, "image/png")
    shot = frames_of(await made(ask("previz-animatic", inputs=(as_input,), parameters={"seconds": 0.5})))[0]
    for frame in (Image.open(still), shot):
        assert area(place_of(frame, CORNER, PINK)) > 2_000
        left, top, right, bottom = place_of(frame, SCENE, GREEN)
        assert (bottom - top) / (right - left) == pytest.approx(4, rel=0.1)
    plain = Image.open(await made(ask("previz-storyboard")))
    assert area(place_of(plain, CORNER, PINK)) == 0


async def test_an_end_card_shows_the_logo_large(ask: Callable[..., Request], logo: Input) -> None:
    """A shot whose prompt is an end card has the logo in the middle, several times as large as in a corner."""
    pictures = [(logo, await logo.fetch())]
    card = compose(ask("previz-animatic", "End card: hold."), pictures, SIZE)
    left, _, right, _ = place_of(card.image, (0, 0, *SIZE), PINK)
    assert right - left > 0.3 * SIZE[0]
    assert (left + right) / 2 == pytest.approx(SIZE[0] / 2, abs=8)
    assert "Alder logo" in card.caption()
    scene = compose(ask("previz-animatic", "A lighthouse. Picture 1: Alder logo."), pictures, SIZE)
    assert area(place_of(scene.image, (0, 0, *SIZE), PINK)) == 0


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\nbroken", b"GIF89a", b"<svg/>"], ids=["empty", "png", "gif", "svg"]
)
@pytest.mark.parametrize("role", ["reference", "still"])
def test_a_broken_picture_is_named(ask: Callable[..., Request], tmp_path: Path, content: bytes, role: str) -> None:
    """A picture that does not open never fails a frame: the frame is made without it and names it."""
    path = kept(tmp_path / "broken.png", content)
    source = given(path, role, Modality.IMAGE, "image/png", asset_id=f"{role}-1")
    for model in ("previz-storyboard", "previz-animatic"):
        caption = compose(ask(model, inputs=(source,)), [(source, path)], SIZE).caption()
        assert f"{role}-1 does not open" in caption
        assert "lighthouse" in caption


@pytest.mark.parametrize("size", [(1, 1), (1, 4_000), (4_000, 1), (3_000, 3_000)])
@pytest.mark.parametrize("name", ["Tin", "Logo", "Style", "First frame"])
def test_a_picture_of_any_size_is_drawn(
    ask: Callable[..., Request], tmp_path: Path, size: tuple[int, int], name: str
) -> None:
    """A tiny, long or large picture is drawn as each kind of reference."""
    Image.new("RGBA", size, (255, 0, 0, 100)).save(tmp_path / "picture.png")
    source = reference(tmp_path / "picture.png", 1, name)
    made = compose(ask("previz-animatic", "End card"), [(source, tmp_path / "picture.png")], SIZE)
    assert name in made.caption() or made.references


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Alder logo", "logo"),
        ("ロゴ", "logo"),
        ("Opening frame", "first frame"),
        ("mood board", "print"),
        ("The bottle", "product"),
        ("", "product"),
    ],
)
def test_the_name_decides_how_a_reference_is_drawn(tmp_path: Path, name: str, kind: str) -> None:
    """A logo, a first frame and a style are recognised by the requester's own name for them."""
    assert kind_of(reference(kept(tmp_path / "x.png", b""), 1, name)) == kind


@pytest.mark.parametrize(
    ("prompt", "drawn"),
    [
        ("A lighthouse at night.", "coast, lighthouse"),
        ("灯塔站在海边。", "coast, lighthouse"),
        ("المنارة على البحر", "coast, lighthouse"),
        ("Eine Tasse Kaffee auf dem Tisch", "table by a window, a cup"),
        ("A bottle, then a cup", "a bottle"),
        ("Он едет по дороге", "road, a car"),
        ("Sie fährt durch die Stadt", "road, a car"),
    ],
)
def test_a_frame_states_what_it_depicts(ask: Callable[..., Request], prompt: str, drawn: str) -> None:
    """A subject that the prompt names in any of the languages is drawn with every seed, and stated."""
    for seed in range(4):
        assert drawn in Plate.of(ask("previz-animatic", prompt, seed=seed)).paint((160, 90)).depicts


@pytest.mark.parametrize(
    "prompt", ["A cello sonata in an empty hall", "上海的人工智能机会", "गुजरात सरकार का चुनाव", "Board carbon"]
)
def test_an_unknown_subject_is_not_replaced(ask: Callable[..., Request], prompt: str) -> None:
    """A subject without a drawing gives the setting of the film or a neutral scene, and the frame says so."""
    alone = Plate.of(ask("previz-animatic", prompt, text="Something else.")).paint((160, 90))
    assert alone.drawn is None
    assert alone.depicts.startswith("no picture of ‘")
    assert alone.depicts.endswith("a neutral scene")
    in_film = Plate.of(ask("previz-animatic", prompt)).paint((160, 90))
    assert in_film.drawn == SUBJECTS["lighthouse"].__name__
    assert "no picture of ‘" in in_film.depicts
    assert "the film's setting" in in_film.depicts


@pytest.mark.parametrize(("start", "kind"), [(83.5, OF_FILM), (0.0, OF_FILM), (None, OF_SHOT)])
async def test_an_animatic_shows_the_time_of_the_film(
    ask: Callable[..., Request], start: float | None, kind: str
) -> None:
    """Each frame shows the start of its shot in the film plus the time within the shot; without a film, the latter."""
    request = replace(ask("previz-animatic", parameters={"seconds": 0.5}), film_start=start)
    expected = Timecode(SIZES["16:9"], kind)
    for number, frame in enumerate(frames_of(await made(request))):
        shown = frame.convert("L").crop(expected.box)
        near, other = (
            ImageChops.difference(shown, expected.picture(seconds).point(lambda y: (y - 16) * 255 // 219)).histogram()
            for seconds in ((start or 0) + number / 24, (start or 0) + number / 24 + 5)
        )
        assert sum(near[90:]) < 60 < sum(other[90:]), number


@pytest.mark.parametrize("prompt", ["word " * 400, "灯" * 900, "👩‍👩‍👧‍👦" * 300, "كلمة " * 300])
@pytest.mark.parametrize("aspect", ["16:9", "9:16"])
def test_text_stays_on_the_slate(ask: Callable[..., Request], prompt: str, aspect: str) -> None:
    """A long prompt in any script is at most two lines on the slate, and does not reach the timecode."""
    from activities.providers.previz.overlay import SLATE, Overlay

    size = SIZES[aspect]  # type: ignore[index]
    box = Timecode(size).box
    overlay = Overlay(size)
    overlay.slate(prompt, prompt, room_right=box[2] - box[0] + overlay.text)
    drawn = overlay.image.crop((0, 0, size[0], box[1] - 2))
    assert (drawn.getbbox() or box)[1] > 0.75 * size[1]
    under = Image.new("RGBA", (box[2] - box[0], box[3] - box[1]), SLATE)
    assert ImageChops.difference(overlay.image.crop(box), under).getbbox() is None
