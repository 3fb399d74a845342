"""The lines of pictures in a text: written, read again, and never those of the model's own words."""

import pytest

from activities.takes.illustrated.compose import compose
from activities.text.illustrated import Placed, blocks_of, marked_blocks, marked_references, without_pictures
from tests.emulators import samples


def test_pictures_stand_where_the_response_has_them() -> None:
    """Each picture follows its text, is described by the heading above it, and its name contains its digest."""
    text, pictures = compose(["# Soup\n\nPeel", " them.", samples.picture(8, 8), "Boil.", samples.picture(9, 9)], "x")
    assert list(blocks_of(text, [p.name for p in pictures])) == [
        "# Soup\n\nPeel them.",
        Placed(pictures[0].name, "Soup (1)"),
        "Boil.",
        Placed(pictures[1].name, "Soup (2)"),
    ]
    assert (pictures[0].name[:2], pictures[1].width) == ("1-", 9)
    assert without_pictures(text).split() == ["#", "Soup", "Peel", "them.", "Boil."]


@pytest.mark.parametrize("line", ["![x](pictures/2-abc.png)", "![x](https://example.org/a.png)", "![](pictures/../a)"])
def test_a_line_of_the_models_own_stays_text(line: str) -> None:
    """Only the names of stored pictures are pictures."""
    text, pictures = compose([f"Soup\n\n{line}\n\nEnd", samples.picture(8, 8)])
    first, placed = blocks_of(text, [p.name for p in pictures])
    assert (first, isinstance(placed, Placed)) == (f"Soup\n\n{line}\n\nEnd", True)


def test_a_description_cannot_end_its_line() -> None:
    """A heading with brackets is no Markdown of its own in the description of a picture."""
    text, pictures = compose(["# A](x) [b](javascript:1) `c`\n", samples.picture(8, 8)])
    assert f"![A(x) b(javascript:1) c (1)](pictures/{pictures[0].name})" in text.splitlines()


def test_marks_are_lines_of_their_own() -> None:
    """A mark inside a sentence is text; a line names a reference, or a page of one."""
    text = "See [reference-1] here.\n\n[reference-2 p. 3]\n\nEnd\n[reference-1]"
    assert marked_references(text) == ["reference-2 p. 3", "reference-1"]
    assert list(marked_blocks(text)) == [
        "See [reference-1] here.",
        Placed("reference-2 p. 3", ""),
        "End",
        Placed("reference-1", ""),
    ]
