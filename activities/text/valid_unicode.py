"""Valid Unicode from the text of a vendor: U+FFFD replaces characters that no document, header or log can have.

Not valid are halves of surrogate pairs, control characters other than tab and line ends, U+FFFE and U+FFFF: XML 1.0
(https://www.w3.org/TR/xml/#charsets) excludes the same ones; DEL is added. Two halves that
form a pair are joined.
"""

import re
from typing import Final

from activities.text.patterns import Pattern

REPLACEMENT: Final = "\ufffd"

_CONTROLS: Final = Pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_HALVES: Final = Pattern("[\ud800-\udfff]")
ESCAPES: Final = Pattern(
    r"\\(?:"
    r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    r"|(?P<invalid>u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF])|[fF]{3}[eEfF]))"
    r"|.)",  # any other escape: an escaped backslash does not begin another escape
    re.DOTALL,
)
"""Each escape of a JSON text; the group `invalid` matches one for an invalid character."""


def valid(text: str) -> str:
    """The text with U+FFFD in place of every invalid character."""
    if _HALVES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROLS.sub(REPLACEMENT, text)


def valid_json(text: str) -> str:
    """A JSON text whose strings are also valid, with escaped or plain characters."""
    return ESCAPES.sub(lambda found: r"\ufffd" if found["invalid"] else found[0], valid(text))
