"""A text without capitals, as people dictate or type in a chat: the begins of its sentences get them."""

from typing import Final

from activities.text.patterns import Pattern

_BEGIN: Final = Pattern(r"(^\s*|[.!?…][\"”»]?\s+)([^\W\d_])")
_CAPITAL: Final = Pattern(r"(?:^|[.!?…][\"”»]?\s+)[\"“„«]?[^\W\d_a-z]")
_SMALL: Final = Pattern(r"(?<![^\W\d_A-Z])[^\W\d_A-Z]{3,}+[.!?…][\"”»]?\s+[a-zà-ÿа-я]")
LEAST: Final = 2


def with_capitals(text: str) -> str:
    """The text with capitals after full stops, where none of its sentences begins with one."""
    if len(_SMALL.findall(text)) < LEAST or any(match[0][-1].isupper() for match in _CAPITAL.finditer(text)):
        return text
    return _BEGIN.sub(lambda m: m[1] + m[2].upper(), text)
