"""Who says a quotation, where that stands after it: "“Nobody climbs out alone.” — VO" is read as "VO: “…”"."""

import re
from typing import Final

from activities.planning.structure.text import QUOTED, quoted_words
from activities.planning.structure.vocabulary import voices
from activities.text.patterns import Pattern

_CREDITED: Final = Pattern(
    rf"^(?P<lead>[\s>*_•+]*+)(?P<quote>{QUOTED.pattern})[\s*_]*(?:[–—-]+\s*(?P<after>[^–—()\n:]{{1,30}}?)|"
    rf"[(（](?P<inside>[^()（）\n:]{{1,30}})[)）])"
    r"[\s*_.]*$"
)
_READER: Final = Pattern(rf"(?:the )?(?:{voices.READER})", re.IGNORECASE)
_NAME: Final = Pattern(r"[^\W\d_a-z][\w.'’-]*(?: [^\W\d_a-z][\w.'’-]*){0,2}")
_SENTENCE: Final = Pattern(r"[.!?…。！？؟।]$")


def with_speakers_first(text: str) -> str:
    """The text with such lines as "VO: “…”" or "Ann: “…”"; a name alone is one after a whole sentence."""
    return "\n".join(map(_turned, text.split("\n")))


def _turned(line: str) -> str:
    found = _CREDITED.match(line)
    if not found:
        return line
    who = (found["after"] or found["inside"]).strip()
    words = quoted_words(QUOTED.match(found["quote"]) or found)
    is_name = found["after"] and _NAME.fullmatch(who) and _SENTENCE.search(words)
    return f"{found['lead']}{who}: {found['quote']}" if _READER.fullmatch(who) or is_name else line
