"""Pictures by previz: their aspect, their seed, and text in any script."""

from collections.abc import Callable

import pytest
from PIL import Image, ImageChops

from activities.media.fonts import Face
from activities.providers.previz.lettering import lettering_of
from activities.providers.previz.storyboard import SIZES
from activities.providers.protocol import Request
from tests.activities.providers.previz.support import made

SCRIPTS = {
    "chinese": "灯塔站在海边已经两百年了，每天晚上它都和船说话。" * 20,
    "arabic": "لقد وقفت المنارة هنا منذ مائتي عام، وهي تتحدث كل ليلة إلى السفن في البحر.",
    "devanagari": "प्रकाशस्तंभ दो सौ वर्षों से यहाँ खड़ा है।",
    "emoji": "🎉🚀👩‍👩‍👧‍👦 party \U0001f1ea\U0001f1fa",
    "long": ("lighthouse " * 800)[:8_000].strip(),
    "huge": "W" * 8_000,
    "controls": "a\tb\x07c\u202e d\ufffd",
}


async def test_frames_differ_by_seed(ask: Callable[..., Request]) -> None:
    """Another seed composes another picture, so that the shots of a film can be distinguished."""
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
async def test_a_frame_accepts_any_script(ask: Callable[..., Request], script: str) -> None:
    """A prompt in any script and of any length gives a frame on which its text is visible."""
    words = SCRIPTS[script]
    frame = Image.open(await made(ask("previz-storyboard", words, label=words[:200]))).convert("RGB")
    caption = frame.crop((60, 560, 1220, 655))
    assert sum(caption.convert("L").histogram()[130:]) > 300  # without the caption


@pytest.mark.parametrize("script", list(SCRIPTS))
def test_lines_fit_their_width(script: str) -> None:
    """Wrapped lines stay within their width and number, whatever the script."""
    face = Face.of(SCRIPTS[script], 24)
    lines = face.wrap(SCRIPTS[script], 600, 3)
    assert 1 <= len(lines) <= 3
    assert max(face.width(line) for line in lines) <= 600


def test_characters_without_a_font_are_drawn_as_bars() -> None:
    """A character that no installed font has is a bar, not nothing and not a box of the font."""
    face, image = Face(40), Image.new("RGBA", (200, 80))
    face.draw(image, (10, 60), "\U0001f9ff\U000130b8\U000131cb", (255, 255, 255, 255))
    assert image.getbbox() is not None


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("A kettle. No cuts, lettering, spelled exactly: “1.2 L”, “£49”; no other lettering.", ["1.2 L", "£49"]),
        ("The harbour at dawn. The sign reads “OPEN”. A man whispers “not yet”.", ["OPEN"]),
        ("A street. The words “قهوة الصباح” and “07:10” on the wall.", ["قهوة الصباح", "07:10"]),
        ("She says “come in”.", []),
        ("A quiet sea, no lettering.", []),
    ],
)
async def test_on_screen_text_is_drawn(ask: Callable[..., Request], prompt: str, texts: list[str]) -> None:
    """What a prompt asks to read is drawn over the picture, and a frame without such a text stays as it was."""
    assert lettering_of(prompt) == texts
    frame, bare = [
        Image.open(await made(ask("previz-storyboard", words))).convert("RGB")
        for words in (prompt, prompt.replace("“", "").replace("”", ""))
    ]
    middle = (0, 330, 1280, 550)
    drawn = ImageChops.difference(frame.crop(middle), bare.crop(middle)).getbbox() is not None
    assert drawn is bool(texts)
