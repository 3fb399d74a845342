"""The sound that a brief asks for: labels and prose, and nothing where it asks for none."""

import pytest

from activities.planning.structure.parser import parse
from activities.planning.structure.sounds import asked_sounds, without_sounds

Cues = list[tuple[str, str, int, int]]

SHOT_LIST = """Shot 1 (0:00-0:04) WIDE: The harbour at dawn. SFX: a bell, far away
VO: The sea wakes first.
Shot 2 (0:04-0:08) CLOSE: Hands at work.
Sound: rain on the roof
Shot 3 (0:08-0:12): The door opens.
SFX: none
{end}"""


def asked(text: str) -> Cues:
    return [(c.role, c.text, c.first, c.last) for c in asked_sounds(text, parse(text))]


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        ("Three reasons for night trains.\nMusic: calm piano", [("music", "calm piano", 0, 0)]),
        ("Ein Film über das Meer.\nMusik: ruhiges Klavier", [("music", "ruhiges Klavier", 0, 0)]),
        ("Una película del mar.\nMúsica: guitarra suave", [("music", "guitarra suave", 0, 0)]),
        ("海の映画。\n音楽：静かなピアノ", [("music", "静かなピアノ", 0, 0)]),
        ("A film about the sea.\n**SFX:** gulls cry", [("effects", "gulls cry", 0, 0)]),
        ("A film about the sea.\nAtmo: Wellen am Strand", [("ambience", "Wellen am Strand", 0, 0)]),
        ("A film about the sea, with calm piano music. It sleeps.", [("music", "calm piano music", 0, 0)]),
        ("A bakery film set to upbeat, happy ukulele music.", [("music", "upbeat, happy ukulele music", 0, 0)]),
        ("Ein Film über Brot, mit ruhiger Klaviermusik.", [("music", "ruhiger Klaviermusik", 0, 0)]),
        ("Un film sur le pain avec une musique douce.", [("music", "musique douce", 0, 0)]),
        (
            SHOT_LIST.format(end=""),
            [("effects", "a bell, far away", 1, 1), ("ambience", "rain on the roof", 2, 2)],
        ),
        (
            SHOT_LIST.format(end="\nMUSIC: soft strings"),
            [
                ("effects", "a bell, far away", 1, 1),
                ("ambience", "rain on the roof", 2, 2),
                ("music", "soft strings", 0, 0),
            ],
        ),
        (
            "Shot 1: Sea. MUSIC: slow piano\nShot 2: Boat.\nShot 3: Storm. MUSIC: wild drums\nShot 4: Calm. MUSIC: out",
            [("music", "slow piano", 1, 2), ("music", "wild drums", 3, 3)],
        ),
        (
            "INT. KITCHEN - DAY\n\nMara kneads dough.\n\nSFX: an oven door slams\n\nMARA\nIt is ready.\n\n"
            "EXT. STREET - NIGHT\n\nShe walks home.\n\nMUSIC: gentle guitar",
            [("effects", "an oven door slams", 1, 1), ("music", "gentle guitar", 0, 0)],
        ),
        (
            "| # | Picture | VO | Sound |\n|---|---|---|---|\n| 1 | Sea | Wakes. | waves |\n| 2 | Boat | Sails. | - |",
            [("ambience", "waves", 1, 1)],
        ),
    ],
)
def test_the_asked_sound_is_found(text: str, cues: Cues) -> None:
    """A label or a clause that asks for music, an effect or ambience is a cue, over the shots in which it stands."""
    assert asked(text) == cues


@pytest.mark.parametrize(
    "text",
    [
        "A film about the history of music. It began with drums.",
        "A jazz bar with live music opens at eight.",
        "A music school for children. They learn to play the piano.",
        "A quiet film, without background music.",
        "No music, please. The sound of the sea is enough for us.",
        "Kein Film ohne Musik: das Orchester probt.",
        "Shot 1: Sea. MUSIC: none\nShot 2: Boat. SFX: -",
        "The audio industry grows. Our headphones cost 50 euros.",
    ],
)
def test_no_sound_is_invented(text: str) -> None:
    """A brief that speaks of music or sound without asking for it gets none."""
    assert asked(text) == []


def test_cues_are_not_part_of_the_text() -> None:
    """What is heard is neither said nor shown; a text that only has cues stays."""
    text = "A film about the sea, with calm piano music. It sleeps.\nMusic: slow"
    assert without_sounds(text) == "A film about the sea. It sleeps."
    assert without_sounds("A bar with live music.") == "A bar with live music."
    assert without_sounds("Music: slow") == "Music: slow"
