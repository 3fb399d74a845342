"""What a brief orders of a film's delivery: formats, subtitles in the picture, end cards, legal lines, own footage."""

import time

import pytest

from activities.planning.structure.deliverable.cards import Cards
from activities.planning.structure.deliverable.end_texts import split_end_texts
from activities.planning.structure.deliverable.footage import names_footage
from activities.planning.structure.deliverable.formats import asked_formats, without_deliveries
from activities.planning.structure.deliverable.podcast import parse_podcast
from activities.planning.structure.text import spoken_text


@pytest.mark.parametrize(
    ("text", "aspects", "burned"),
    [
        ("Werbung, 15 Sekunden, in drei Formaten: 16:9, 1:1 und 9:16.", "16:9 1:1 9:16", False),
        ("Deliver in 16:9, 4:5 and 9:16, with burnt-in captions.", "16:9 4:5 9:16", True),
        ("Versiones vertical, cuadrada y horizontal. Subtítulos incrustados.", "9:16 1:1 16:9", True),
        ("9:16の縦型バージョン、字幕焼き込み", "9:16", True),
        ("سلّم الفيديو بصيغ 16:9 و9:16 مع ترجمة محروقة", "16:9 9:16", True),
        ("24 seconds, 16:9.", "16:9", False),
        ("Untertitel fest eingebrannt.", "", True),
        ("No burned-in subtitles, please.", "", False),
        ("The train leaves at 9:16. They won 4:3 and lost 3:4.", "", False),
        ("A square formation of vertical and horizontal lines.", "", False),
        ("He says “make a square version”.", "", False),
    ],
)
def test_formats_and_subtitles_are_read(text: str, aspects: str, *, burned: bool) -> None:
    """Shapes and burned-in subtitles are those that a sentence orders; times, scores and lines order none."""
    found = asked_formats(text, 20)
    assert (" ".join(found.aspects), found.burned_captions) == (aspects, burned)


def test_orders_of_a_delivery_are_no_part_of_the_film() -> None:
    """A sentence that only orders a delivery is left out; what a shot shows is not."""
    kept = "A lighthouse.\nShot 3: a square and a vertical version of the poster.\nVO: “In 16:9 and 9:16.”"
    assert without_deliveries(f"{kept}\nUntertitel fest eingebrannt. Formats: 16:9, 9:16.") == kept


@pytest.mark.parametrize(
    ("text", "rest", "cards"),
    [
        ('End with a card: "Ask your lead."', "", Cards(end="Ask your lead.")),
        ("Ende mit einer Karte: „brandt.example“", "", Cards(end="brandt.example")),
        ("A hill. Terminer sur un carton : « Laurier »", "A hill.", Cards(end="Laurier")),
        ("Endkarte: „Hof – hof.example“", "", Cards(end="Hof – hof.example")),
        ("Rechtlicher Hinweis klein am unteren Rand: „Enthält Milch.“", "", Cards(legal="Enthält Milch.")),
        ("Mentions légales : « Offre limitée. »", "", Cards(legal="Offre limitée.")),
        ("注意書き：「写真はイメージです。」", "", Cards(legal="写真はイメージです。")),
        (
            'She smiles. Disclaimer: "Results vary." VO: "Good."',
            'She smiles. VO: "Good."',
            Cards(legal="Results vary."),
        ),
        ("A bank. *T&Cs apply.*", "A bank.", Cards(legal="T&Cs apply.")),
        ("The end card of the tournament lies on the table.", None, Cards()),
        ('He reads the small print and says: "Terms apply."', None, Cards()),
    ],
)
def test_end_cards_and_legal_lines_are_taken_out(text: str, rest: str | None, cards: Cards) -> None:
    """They are found by label, by order or by wording; what stands around them stays."""
    assert split_end_texts(text) == (text if rest is None else rest, cards)


@pytest.mark.parametrize(
    ("seen", "own"),
    [
        ("(existing footage)", True),
        ("Our drone footage of the yard (yard.mp4)", True),
        ("(vorhandenes Material)", True),
        ("nos rushes de l'an dernier", True),
        ("既存の映像", True),
        ("A man watches videos on the sofa", False),
        ("The material of the jacket", False),
    ],
)
def test_own_footage_is_recognised(seen: str, *, own: bool) -> None:
    """A shot that the requester has is no shot that only shows a film or a material."""
    assert names_footage(seen) is own


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Use a < b when x > 5.", "Use a < b when x > 5."),
        ("Press <Enter> to go on.", "Press <Enter> to go on."),
        ("Write <b>bold</b> & C:\\path {braces}.", "Write bold & C:\\path {braces}."),
        ('Read <a href="x">this</a> \\*now\\*.', "Read this *now*."),
    ],
)
def test_only_tags_of_documents_are_removed(text: str, said: str) -> None:
    """Comparisons, keys and paths are said; the tags of a pasted document are not."""
    assert spoken_text(text).replace("*", "") == said.replace("*", "")


@pytest.mark.parametrize(
    "text",
    [
        "16:9, " * 3_300,
        "Legal: x " * 2_200,
        "podcast\n" + "A (" * 6_600,
    ],
)
def test_long_briefs_take_no_time(text: str) -> None:
    """A brief of the longest length is read in a moment: the time is linear in its length."""
    began = time.process_time()
    asked_formats(text, 20)
    split_end_texts(without_deliveries(text))
    names_footage(text)
    parse_podcast(text)
    assert time.process_time() - began < 5
