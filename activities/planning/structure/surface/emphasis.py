"""Markup around the parts that parsers look for: "*Barista:* “…”" is read as "Barista: “…”"."""

import re
from typing import Final

from activities.planning.structure import words
from activities.planning.structure.text import QUOTED
from activities.text.patterns import Pattern

_MARK: Final = r"(?P<mark>\*{1,3}|_{1,3}|`{1,2}|~~|==)"
_OPENS: Final = rf"(?<![\w*_`~=]){_MARK}(?=\S)"
_TAG: Final = Pattern(r"</?(?:b|i|u|em|strong|mark|code|small|big|span|font)(?:\s[^<>\n]{0,80})?>", re.IGNORECASE)
_QUOTATION: Final = Pattern(rf"{_OPENS}(?P<quote>{QUOTED.pattern})(?P=mark)(?![\w*_`~=])")
_COLON_INSIDE: Final = Pattern(
    rf"{_OPENS}(?P<name>[^*_`~=\n:：]{{1,48}}?)[ \t]*(?P<colon>[:：])[ \t]*(?P=mark)(?=[ \t]*\S)"
)
_COLON_AFTER: Final = Pattern(
    rf"{_OPENS}(?P<name>[^*_`~=\n:：]{{1,48}}?)[ \t]*(?P=mark)"
    r"(?P<rest>[ \t]*(?:[(（\[][^()（）\[\]\n]{1,60}[)）\]])?)"
    r"[ \t]*(?P<colon>[:：])(?=[ \t]*\S)"
)
_HEAD: Final = Pattern(
    rf"^(?P<lead>[\s>#•+-]*+){_MARK}(?P<name>(?:(?:{words.SHOT_NOUNS}|{words.STEPS})\s*(?:no\.?|nr\.?|"
    rf"#)?\s*\d{{1,3}}[a-z]?|"
    r"\d{1,3}[.):：])[^*_`~=\n]{0,80}?)(?P=mark)(?=\W|$)",
    re.IGNORECASE | re.MULTILINE,
)


def without_emphasis(text: str) -> str:
    """The text without markup around labels, heads of shots and quotations; that around other words stays."""
    text = _QUOTATION.sub(lambda m: m["quote"], _TAG.sub("", text))
    text = _COLON_INSIDE.sub(lambda m: f"{m['name']}{m['colon']} ", text)
    text = _COLON_AFTER.sub(lambda m: f"{m['name']}{m['rest']}{m['colon']}", text)
    return _HEAD.sub(lambda m: f"{m['lead']}{m['name']}", text)
