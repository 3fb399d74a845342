"""Drawn text: emoji in colour and undivided, lines of any direction, and cuts between words."""

from pathlib import Path

import pytest
from PIL import Image

from activities.media import emoji, fonts
from activities.media.emoji import clusters, is_emoji
from activities.media.fonts import Face

SEQUENCES = {
    "one": "🔥",
    "family": "👩‍👩‍👧‍👦",
    "flag": "🇪🇺",
    "region": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "skin": "👍🏽",
    "keycap": "1️⃣",
    "heart": "❤️‍🔥",
    "selector": "☀️",
    "newer than Python": "\U0001fae9",
}


def colours(image: Image.Image) -> int:
    """How many pixels are coloured rather than grey."""
    pixels = image.convert("RGB").tobytes()
    return sum(max(p) - min(p) > 60 for p in zip(*(iter(pixels),) * 3, strict=True))


def drawn(text: str, mode: str = "RGBA") -> Image.Image:
    image = Image.new(mode, (400, 80))
    Face.of(text, 40).draw(image, (20, 60), text, (255, 255, 255, 255))
    return image


@pytest.mark.parametrize("name", list(SEQUENCES))
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_emoji_is_one_picture_in_colour(name: str, mode: str) -> None:
    """A sequence of any kind is one glyph: as wide as every emoji, and coloured."""
    text = SEQUENCES[name]
    face = Face.of(text, 40)
    assert clusters(f"a{text}b") == ["a", text, "b"]
    assert face.width(text) == face.width("🔥")
    assert colours(drawn(text, mode)) > 100


def test_emoji_between_words_keep_their_line() -> None:
    """Text around an emoji has the same face as without it, and symbols without a selector stay text."""
    assert not Face.of("Beans ☕ fall", 30).system
    assert [is_emoji(c) for c in clusters("☀☀️©1#")] == [False, True, False, False, False]


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦" * 40, "🇪🇺" * 60, "word 👍🏽👍🏽👍🏽 " * 30, "e\u0301" * 200])
@pytest.mark.parametrize("width", [90, 200, 333])
def test_lines_never_divide_a_sequence(text: str, width: int) -> None:
    """Every line and every cut consists of whole clusters of the text."""
    whole = set(clusters(text)) | {"…", " "}
    for line in Face.of(text, 30).wrap(text, width, 2):
        assert set(clusters(line)) <= whole


def test_a_text_is_cut_between_words() -> None:
    """A shortened line ends with a whole word, unless this leaves little of the line."""
    text = "The keeper climbs the long stairs to the lamp"
    for width in range(150, 500, 17):
        assert text.startswith(cut := Face(20).fit(text, width).removesuffix("…"))
        assert text[len(cut) :][:1] in ("", " ")
    assert len(Face(20).fit("Extraordinarily" * 5, 200)) > 8


def test_without_pictures_an_emoji_is_no_box(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Twemoji and without a colour font, an emoji is a glyph of a text font or a bar, never a missing glyph."""
    monkeypatch.setattr(emoji, "_folder", lambda: None)
    monkeypatch.setattr(fonts, "_colour_fonts", lambda: ())
    emoji._scaled.cache_clear()
    try:
        for text in SEQUENCES.values():
            for file, run in Face.of(text, 40)._runs(text):
                assert file is False or (isinstance(file, Path) and all(fonts._covers(file, c) for c in run))
            assert drawn(text).getbbox() is not None
    finally:
        emoji._scaled.cache_clear()


def test_an_emoji_divides_right_to_left_text_in_its_order() -> None:
    """In a line from right to left, the words before an emoji are on its right."""
    face, text = Face.of("שלום 🔥", 40), "שלום 🔥"
    image = Image.new("RGB", (400, 80))
    face.draw(image, (0, 60), text, (255, 255, 255, 255))
    picture = image.crop((0, 0, round(40 * emoji.ADVANCE), 80))
    assert colours(picture) > 100
    assert colours(image.crop((picture.width, 0, 400, 80))) == 0


def test_punctuation_has_the_font_of_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark that several fonts have is drawn in the font of the word before it, not in another one."""
    if not (files := fonts._files(False)):
        pytest.skip("no font is installed")
    monkeypatch.setattr(fonts, "_file_for", lambda character, bold: files[0] if character.isalpha() else None)
    assert [run for _, run in Face(30)._runs("Word, and 24 more.")] == ["Word, and 24 more."]


def test_fonts_of_one_script_do_not_precede_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters of alphabets are drawn in a font for them, even where a Chinese font of the same family has them too."""
    names = ("NotoSansCJK-Bold.ttc", "DejaVuSans-Bold.ttf", "NotoSans-Bold.ttf")
    monkeypatch.setattr(fonts, "_installed", lambda: tuple(map(Path, names)))
    assert [file.stem for file in fonts._files.__wrapped__(True)] == [
        "NotoSans-Bold",
        "DejaVuSans-Bold",
        "NotoSansCJK-Bold",
    ]


def test_a_letter_that_is_written_as_two_is_not_found_in_a_font_without_it() -> None:
    """A font without Thai does not draw SARA AM, which a shaper writes as two signs, as two empty boxes."""
    latin = [file for file in fonts._files(False) if not fonts._covers(file, "ก")]
    if not latin:
        pytest.skip("no font of this machine is without Thai")
    assert not any(fonts._covers(file, "\u0e33") for file in latin)
