"""The titles, end cards and destinations that a brief asks for in its prose, without a language model."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from activities.planning.structure.conjunctions import AND, AND_WIDE
from activities.planning.structure.vocabulary import formats
from activities.text.patterns import Pattern
from workflows.destinations.profiles import problem_of

MAX_CARD_CHARS: Final = 200
CARD_SECONDS: Final = 3.0
LEAST_CARD_SECONDS, MOST_CARD_SECONDS = 1.0, 20.0
"""Of an end card in the time that shots with lengths leave of the film."""

_NEAR_BEGIN: Final = 20
"""Characters before the order, such as "Then the film "."""
_SENTENCE_ENDS: Final = ".!?\n"
_QUOTED: Final = r"[\"“„«»']([^\"“”„«»\n]{1,200})[\"”“«»']"
_LABELLED: Final = r"^[^\S\n]*(?:{})[^\S\n]*[:=–](.+)$"
_IN_PROSE: Final = r"(?:(?<=[.!?][ \n])|^)(?:{})[ ]?:[ ]+([^.!?\n]{{1,200}})[.!?]?"
"""A label in the middle of a paragraph; its text ends with the sentence."""
_END: Final[Sequence[Pattern]] = (
    Pattern(
        _LABELLED.format(r"end[ -]?card|end[ -]?line|closing (?:line|card|title)|abspann|schluss(?:zeile|karte|titel)"),
        re.IGNORECASE | re.MULTILINE,
    ),
    Pattern(
        r"\b(?:ends?|finish(?:es)?|clos(?:e|es|ing)|last frame)\b[^.!?\n\"“„«]{0,40}"
        r"\b(?:with|on|says?|shows?)\b"
        rf"[^.!?\n\"“„«]{{0,60}}\b(?:card|line|words?|text|title|slogan|claim)\b[^.!?\n\"“„«]{{0,20}}{_QUOTED}[.!]?",
        re.IGNORECASE,
    ),
    Pattern(
        r"\b(?:am (?:ende|schluss)|endet? mit|schlie(?:ß|ss)t? mit)\b[^.!?\n\"“„«]{0,40}"
        rf"\b(?:zeile|karte|text|titel|worten?|slogan|claim)\b[^.!?\n\"“„«]{{0,20}}{_QUOTED}[.!]?",
        re.IGNORECASE,
    ),
    Pattern(
        _IN_PROSE.format(
            r"(?:ends?|finish(?:es)?|closes?) (?:with|on)|end[ -](?:card|line)|end(?:et|e)? mit|schlie(?:ß|ss)t? mit|"
            r"(?:finit|termine[rz]?) (?:par|avec|sur)|termina(?:r)? con|acaba con|fini(?:sce|re) con|termina com"
        ),
        re.IGNORECASE | re.MULTILINE,
    ),
)
_TITLE: Final[Sequence[Pattern]] = (
    Pattern(
        _LABELLED.format(r"title card|opening (?:title|card)|on-screen title|titel(?:karte|einblendung)"),
        re.IGNORECASE | re.MULTILINE,
    ),
    Pattern(
        r"\b(?:opens?|begins?|starts?)\b[^.!?\n\"“„«]{0,30}\b(?:with|on)\b[^.!?\n\"“„«]{0,30}\btitle\b"
        rf"[^.!?\n\"“„«]{{0,20}}{_QUOTED}[.!]?",
        re.IGNORECASE,
    ),
    Pattern(
        rf"\b(?:beginnt|startet) mit\b[^.!?\n\"“„«]{{0,30}}\btitel\b[^.!?\n\"“„«]{{0,20}}{_QUOTED}[.!]?",
        re.IGNORECASE,
    ),
    Pattern(
        r"(?<=[.!?][ ])(?:title(?: card)?|titel|titre|t[íi]tulo|titolo)[ ]?:[ ]+([^.!?\n]{1,200})[.!?]?", re.IGNORECASE
    ),
)

_NAMES: Final[dict[str, str]] = {
    "youtube-shorts": r"(?:youtube )?shorts",
    "youtube": r"youtube(?! shorts)",
    "tiktok": r"tik ?tok",
    "instagram-reels": r"(?:instagram )?reels",
    "instagram-stories": r"instagram stor(?:y|ies)",
    "instagram-feed": r"(?:the )?instagram(?: feed)?(?! (?:reels|stor))",
    "linkedin": r"linked ?in",
    "x": r"(?:x/twitter|twitter(?:/x)?|x \(twitter\)|x(?= (?:post|formerly)))",
    "broadcast": r"broadcast(?:ing)?|television|fernsehen",
}
_NAME: Final = "|".join(_NAMES.values())
_LISTED: Final = Pattern(
    rf"\b(?:for|für|pour|para|per)\s+((?:{_NAME})(?:(?:\s*[,/&+]\s*|\s+)(?:(?:and|und|et|y|e|also|"
    rf"plus)\s+)?(?:{_NAME}))*)\b",
    re.IGNORECASE,
)

_FOR: Final = (
    r"(?:this is |it['’]s |das ist |es |c['’]est )?(?:for|on|für|im|pour|sur|para|en|per|su|voor|dla|na|för|på|till|"
    r"til|для|no|em|cho|用于)"
)
_AND: Final = (
    rf"(?:{AND}|also|plus|auch|both|our|my|the|unser\w*|notre|nos|nuestr\w+|nostr[oa]|noss[oa]s?|"
    rf"onze|ons|nasz\w*|vår\w*|наш\w*|il|la|le|el|die|das|den)(?![^\W\d_])|"
    rf"{AND_WIDE}|및"
)
_ONLY_DESTINATIONS: Final = Pattern(
    rf"\W*(?:{_FOR}\s+)?(?:(?:{_AND})\s*)*"
    rf"(?:(?:{formats.PLACES}|{_NAME}|internal use|internen? gebrauch|usage interne|uso intern[oa])"
    rf"(?:[\s,/&+、，・()]|{_AND})*)+"
    r"(?:用|向け|용|के लिए|için)?[\s.!。]*",
    re.IGNORECASE,
)


class Cards(NamedTuple):
    """The text over the begin of a film, that after its last shot, and its legal line; empty where the brief asks for
    none."""

    title: str = ""
    end: str = ""
    legal: str = ""

    @property
    def seconds(self) -> float:
        """By which the film is longer than its shots."""
        return CARD_SECONDS if self.end else 0.0


def asked_cards(text: str) -> Cards:
    return Cards(_first(_TITLE, text), _first(_END, text))


def ordered_end(sentence: str) -> str:
    """The text of the end card that a sentence of a shot orders ("End with the line “…”."); empty if it orders none."""
    found = next((match for pattern in _END[1:3] if (match := pattern.search(sentence))), None)
    return found[1].strip()[:MAX_CARD_CHARS] if found and found.start() < _NEAR_BEGIN else ""


def without_cards(text: str) -> str:
    """The text without the sentences that ask for a card: they are neither spoken nor drawn into a picture."""
    for pattern in (*_TITLE, *_END):
        while match := pattern.search(text):
            begin = max(text.rfind(end, 0, match.start()) for end in _SENTENCE_ENDS) + 1
            text = text[:begin] + text[match.end() :]
    return text.strip()


def _first(patterns: Sequence[Pattern], text: str) -> str:
    found = next((match for pattern in patterns if (match := pattern.search(text))), None)
    return found[1].strip(" \"“”„«»'")[:MAX_CARD_CHARS].strip() if found else ""


def names_only_destinations(sentence: str) -> bool:
    """Whether a sentence only says where the film is published: "For TikTok and YouTube."."""
    return _ONLY_DESTINATIONS.fullmatch(sentence.strip()) is not None


def asked_destinations(text: str, seconds: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The destinations that the brief names, as in “for TikTok and YouTube Shorts”; and a warning on each one that does
    not take a film of this length."""
    listed = " ".join(match[1] for match in _LISTED.finditer(text))
    named = [name for name, pattern in _NAMES.items() if re.search(rf"\b(?:{pattern})(?!\w)", listed, re.IGNORECASE)]
    problems = tuple(problem for name in named if (problem := problem_of((name,), seconds)))
    return tuple(name for name in named if not problem_of((name,), seconds)), problems
