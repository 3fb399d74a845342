"""The requests in the feedback of all revisions that need no language model: numbers, lengths, and edits of shots."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from activities.planning.delivery.feedback import delivery_requests
from activities.planning.delivery.shots_named import (
    ANY,
    REFERENCE,
    SHOTS,
    WORD,
    amount,
    numbers_in,
    value,
)
from activities.planning.feedback_words import in_english
from activities.text.patterns import Pattern

_COUNT: Final = Pattern(rf"(\b\d{{1,3}}|\b{WORD})[\s-]*(?:shots?|scenes?)\b", re.IGNORECASE)
_SECONDS: Final = Pattern(
    rf"(\b\d{{1,3}}(?:\.\d+)?|\b{WORD})[\s-]*(?:s|secs?|seconds?)\b"
    r"(\s*(?:each|(?:per|an?|every|for each)\s+(?:shot|scene)))?",
    re.IGNORECASE,
)
_VOICE: Final = r"(?:narration|narrator|voice[\s-]?over|voice|vo|words|speech|talking|dialogue)"
_WITHOUT: Final = r"(?:no|without(?: any)?|remove (?:the )?|drop (?:the )?|cut (?:the )?|delete (?:the )?)"
_POSITION: Final = (
    rf"start|beginning|front|end|first|last|(?:before|after|behind)\s+(?:shot\s+)?{ANY}|(?:position|place)\s+\d{{1,3}}"
)
_NEW_TITLE: Final = (
    r"(?:(?:new |change (?:the )?)?title(?:\s+(?:it|should be|to|is))?\s*[:=]?\s*|call it\s+|rename (?:it )?to\s+)"
)
_LENGTH_IS: Final = r"(?::|should (?:be|last)|to|lasts?|is|at)?"
_PATTERNS: Final = (
    ("title", rf"\b{_NEW_TITLE}[“\"‘']([^”\"’'\n]{{1,200}})[”\"’']"),
    ("title", r"\b(?:(?:new )?title\s*:|call it|rename (?:it )?to)\s*([^\n.;“\"]{1,200})"),
    ("silence", rf"\b{_WITHOUT}\s*{_VOICE}\s+(?:on|in|for|over|from|of|at|with)\s+({SHOTS})"),
    ("silence", rf"\b(?:mute|silence)\s+({SHOTS})"),
    ("silence", rf"\b(?:make|keep|leave)\s+({SHOTS})\s+silent\b"),
    ("silence", rf"\b({SHOTS})\s*(?:[:,]|should have|has|with|gets)?\s*(?:no|without)\s+{_VOICE}"),
    ("silence-all", rf"\b(?:no {_VOICE}(?: at all| anywhere)?|without(?: any)? {_VOICE})\b(?!\s+(?:on|in|for|over))"),
    ("swap", rf"\bswap\s+(?:shots?\s+)?({ANY})\s+(?:and|with)\s+(?:shot\s+)?({ANY})"),
    ("move", rf"\b(?:move|put|place)\s+({REFERENCE})\s+(?:to\s+|at\s+)?(?:the\s+)?({_POSITION})"),
    ("drop", rf"\b(?:drop|remove|delete|cut|omit|lose|leave out|take out|skip|without)\s+({SHOTS})"),
    (
        "length",
        rf"\b(?:make\s+)?({REFERENCE})\s*{_LENGTH_IS}\s*(\d{{1,3}}(?:\.\d+)?)[\s-]*(?:s|secs?|seconds?)\b(?:\s+long)?",
    ),
    ("fewer", r"\bfewer\s+(?:shots|scenes)\b"),
    ("more", r"\bmore\s+(?:shots|scenes)\b"),
)
_RULES: Final = tuple((name, Pattern(pattern, re.IGNORECASE)) for name, pattern in _PATTERNS)
_CLAUSE: Final = Pattern(r"[.!;]+(?=\s|$)|[。！；\n]+")
_CORRECTED: Final = Pattern(
    r"\W*(?:please )?(?:use|take|apply|speak|say|with) (?:only )?(?:the |my |our )?(?:"
    r"correct(?:ed|ions?)(?: (?:price|name|date|fact|text|value|word|reference|document|sheet|field)s?)?|"
    r"(?:price|name|date|fact|text|value|word|reference|document|sheet|field)s? (?:as|that (?:was|were)) corrected)\W*",
    re.IGNORECASE,
)
_REFUSAL: Final = Pattern(
    r"\b(?:don['’]?t|do not|never|nicht|niemals|jamais|non (?=\w+(?:re|rlo|rla)\b)|não|nunca)\b|"
    r"\bn(?:e |['’])[^.]{1,40}\bpas\b|"
    r"\bno (?:quites|elimines|borres|saques|muevas|cambies|toques|suprimas)\b|(?:し|さ|か|わ|ら)?ないで|てはいけ",
    re.IGNORECASE,
)
"""A sentence that forbids an edit."""
_FILLERS: Final = Pattern(
    r"an?|and|are|as|at|be|but|film|i|in|into|instead|is|its?|just|keep|let|long|longer|make|more|no|now|"
    r"of|on|only|please|shorter|should|"
    r"so|than|that|the|them|then|there|this|to|total|use|video|want|we|with|would|you"
)


@dataclass(frozen=True)
class Edit:
    """One edit of the shots: drop, silence, move, swap, length, count, fewer, more or delivery.

    Attributes:
        shots: Numbers from 1 at the time of the edit, -1 is the last; empty for all.
        value: The new position, length in seconds, or count.
        text: What is said of the delivery.
    """

    kind: str
    shots: tuple[int, ...] = ()
    value: float = 0
    text: str = ""


@dataclass(frozen=True)
class FeedbackRequests:
    """The requests in the feedback of all revisions.

    Attributes:
        shots, seconds, seconds_per_shot: The latest numbers.
        edits: The edits of shots, oldest first. In it a count of shots has its place among the others.
        title: The latest title.
        open: Feedback that only a language model can follow, as it was given, without the parts that are done by rule.
        ends_with_seconds: Whether the length of the film was requested after the last edit that changes it.
    """

    shots: int | None = None
    seconds: float | None = None
    seconds_per_shot: float | None = None
    edits: tuple[Edit, ...] = ()
    title: str = ""
    open: tuple[str, ...] = ()
    ends_with_seconds: bool = False


@dataclass
class _Reading:
    shots: int | None = None
    seconds: float | None = None
    each: float | None = None
    title: str = ""
    edits: list[Edit] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    ends_with_seconds: bool = False

    def rule(self, name: str, match: re.Match[str]) -> None:
        if name == "title":
            self.title = " ".join(match.group(1).split()).strip(" .,;")
        elif name == "silence-all":
            self.edits.append(Edit("silence"))
        elif name in ("fewer", "more"):
            self.edits.append(Edit(name))
        elif name == "swap":
            self.edits.append(Edit("swap", (value(match.group(1)), value(match.group(2)))))
        elif name == "move":
            self.edits.append(Edit("move", numbers_in(match.group(1)), _place(match.group(2))))
        elif name == "length":
            self.edits.append(Edit("length", numbers_in(match.group(1)), float(match.group(2))))
            self.ends_with_seconds = False
        else:
            self.edits.append(Edit(name, numbers_in(match.group(1))))
            self.ends_with_seconds = self.ends_with_seconds and name != "drop"

    def take(self, other: "_Reading") -> None:
        """Take the requests of another reading."""
        self.shots, self.seconds, self.each, self.title = other.shots, other.seconds, other.each, other.title
        self.edits, self.ends_with_seconds = other.edits, other.ends_with_seconds


def without_corrections(feedback: FeedbackRequests) -> FeedbackRequests:
    """The feedback without requests to use what was corrected in the references: every new plan does."""
    return replace(feedback, open=tuple(text for text in feedback.open if not _CORRECTED.fullmatch(text)))


def read_feedback(feedback: Sequence[str], *, film: bool) -> FeedbackRequests:
    """Read the feedback of all revisions: for a film by all rules, otherwise only a title is done by rule."""
    reading = _Reading()
    for message in feedback:
        _read_message(reading, message, film=film)
    return FeedbackRequests(
        reading.shots, reading.seconds, reading.each, tuple(reading.edits), reading.title, tuple(reading.open),
        reading.ends_with_seconds,
    )  # fmt: skip


def _read_message(reading: _Reading, message: str, *, film: bool) -> None:
    """Add the requests of a message: in English, otherwise in the language in which the least of it is left.

    A sentence that says what not to do is left to a language model as a whole.
    """
    if film:
        spoken, message = delivery_requests(message)
        reading.edits += [Edit("delivery", request.shots, text=request.text) for request in spoken]
        if spoken and not message:
            return
    parts = [part for part in _CLAUSE.split(message) if part.strip()]
    if refusals := [part for part in parts if _REFUSAL.search(part)]:
        reading.open += [_shown(part) for part in refusals]
        message = ". ".join(part for part in parts if part not in refusals)
        if not message:
            return
    best = english = _attempt(reading, message, film=film)
    for text in in_english(message) if english.left else ():
        other = _attempt(reading, text, film=film)
        if other.reading != english.reading and len(other.left) < len(best.left):
            best = other
    reading.take(best.reading)
    if best.left or not best.is_read:
        reading.open.append(_shown(best.rest if best is english else message))


class _Attempt(NamedTuple):
    """A reading of a message, its text without what the rules read, and the words left in it that say something."""

    reading: _Reading
    rest: str
    left: list[str]
    is_read: bool


def _attempt(before: _Reading, message: str, *, film: bool) -> _Attempt:
    """The requests so far with those of a message."""
    reading = replace(before, edits=[*before.edits])
    rest = message
    for name, pattern in _RULES:
        if not film and name != "title":
            continue
        for match in pattern.finditer(rest):
            reading.rule(name, match)
        rest = pattern.sub(" ; ", rest)
    if film:
        rest = _read_numbers(reading, rest)
    left = [word for word in re.findall(r"\w+", rest.lower()) if not _FILLERS.fullmatch(word)]
    return _Attempt(reading, rest, left, rest != message)


def _read_numbers(reading: _Reading, text: str) -> str:
    """Take the count of shots and the lengths; returns the rest of the text."""
    for match in _COUNT.finditer(text):
        reading.shots = value(match.group(1))
        reading.edits.append(Edit("count", value=reading.shots))
    for match in _SECONDS.finditer(text):
        if match.group(2):
            reading.each = amount(match.group(1))
        else:
            reading.seconds = amount(match.group(1))
            reading.ends_with_seconds = True
    return _COUNT.sub(" ; ", _SECONDS.sub(" ; ", text))


def _shown(rest: str) -> str:
    """What is left of a message, without the places of what was taken from it."""
    parts = [part.strip(" ,.:;") for part in rest.split(" ; ")]
    kept = [p for p in parts if not _only_fillers(p)]
    return " ".join(" … ".join(kept or parts).split())[:300]


def _only_fillers(text: str) -> bool:
    return all(_FILLERS.fullmatch(word) for word in re.findall(r"\w+", text.lower()))


def _place(text: str) -> float:
    """A position from 1; -1 is the end, a half is between two shots."""
    word = text.lower()
    if word in ("start", "beginning", "front", "first"):
        return 1
    if word in ("end", "last"):
        return -1
    number = value(word.split()[-1])
    return (
        number - 0.5 if word.startswith("before") else number + 0.5 if word.startswith(("after", "behind")) else number
    )
