"""How fast captions can be read, by script. Times are seconds, speeds characters a second.

Spaces and punctuation count, as in the guides of subtitlers; combining marks do not.
"""

from typing import Final

from activities.finishing.captions.line_breaks import HANGUL, is_in, is_mark, is_wide

CHARACTERS_PER_SECOND: Final = 17.0
"""Of adults, for alphabets (Netflix, Timed Text Style Guide, English: 17; most languages have the same)."""
HAN_PER_SECOND: Final = 9.0
"""Netflix, Timed Text Style Guide, Chinese."""
JAPANESE_PER_SECOND: Final = 7.0
"""For captions of what is said; translations have 4 (Pixelogic, Japanese SDH; Netflix). Half-width characters count
half."""
HANGUL_PER_SECOND: Final = 12.0
"""Netflix, Timed Text Style Guide, Korean."""
LEAST_SECONDS: Final = 5 / 6
LONGEST_SECONDS: Final = 7.0
"""A caption is shown at least and at most as long (Netflix, Timed Text Style Guide, General Requirements)."""
GAP_FRAMES: Final = 2
"""Between two captions: a change of the text without one is overlooked (as above)."""
CLOSED_SECONDS: Final = 0.5
"""A gap shorter than this is made as short as GAP_FRAMES, because otherwise captions flicker (as above)."""

_KANA: Final = ((0x3041, 0x30FF), (0xFF66, 0xFF9F))


def characters(text: str) -> int:
    """How many characters count."""
    return sum(not is_mark(c) for c in text)


def reading_seconds(text: str) -> float:
    """How long a caption has to be shown at least to be read."""
    japanese = any(is_in(c, _KANA) for c in text)
    return sum(1 / _limit(c, japanese) for c in text if not is_mark(c))


def _limit(character: str, japanese: bool) -> float:
    if is_in(character, HANGUL):
        return HANGUL_PER_SECOND
    if not is_wide(character):
        return 2 * JAPANESE_PER_SECOND if japanese else CHARACTERS_PER_SECOND
    return JAPANESE_PER_SECOND if japanese else HAN_PER_SECOND
