"""The quotations of a sentence of an order: what is said, what is read, and what the sentence shows without them."""

import re
from typing import Final, Literal, NamedTuple

from activities.planning.structure import labels
from activities.planning.structure import words as names
from activities.planning.structure.conjunctions import AND
from activities.planning.structure.orders import words
from activities.planning.structure.text import QUOTED, quoted_words
from activities.planning.structure.vocabulary import saying
from activities.text.patterns import Pattern

Role = Literal["said", "read", ""]

_BEGIN: Final = r"(?:(?<![^\W\d_])|(?<=\b[وفبلكוהבלש])|(?<=[぀-ヿ㐀-鿿가-힯\u0e00-\u0e7f]))"
"""The begin of a word; in Arabic after a prefix of one letter, in unspaced scripts anywhere."""
_END: Final = r"(?![^\W\d_぀-ヿ㐀-鿿가-힯\u0e00-\u0e7f])"
_SAY: Final = Pattern(rf"{_BEGIN}(?:{words.SAYS}|{words.SAYS_MORE}|{words.NARRATOR}){_END}", re.IGNORECASE)
_VERB: Final = Pattern(rf"{_BEGIN}(?:{words.SAYS}|{words.SAYS_MORE}){_END}", re.IGNORECASE)
_NARRATOR: Final = Pattern(rf"^\W*(?:{words.NARRATOR})\W*$", re.IGNORECASE)
_APPOSED: Final = Pattern(rf"(?:^|[.;]\s*)(?:{words.NARRATOR})\s*,[^,.;:]{{2,50}},?\s*$", re.IGNORECASE)
"""A narrator with a description: "The narrator, a calm older man, says: …"."""
_NARRATOR_LAST: Final = Pattern(rf"(?:^|[,;.]\s*|\s)(?:{words.NARRATOR})\W*$", re.IGNORECASE)
_SHOW: Final = Pattern(
    rf"{_BEGIN}(?:{words.TEXT}|{words.SHOWN}|{labels.READ_NOUNS}){_END}|(?:{words.SHOWN_WIDE})", re.IGNORECASE
)
_SAID_AFTER: Final = Pattern(
    rf"^[,，]?\s*(?:(?:{words.SAYS}|{words.SAYS_MORE})(?:(?:-t)?-(?:il|elle|on|ils|elles|je)(?![^\W\d_])|"
    rf"\s+(?P<who>[^.!?]{{1,40}}?))(?=[.!?]|$)|"
    rf"(?:{words.SAYS_AFTER}|{words.SAYS_AFTER_MORE})[^.!?。！？]{{0,12}})",
    re.IGNORECASE,
)
_READ_AFTER: Final = Pattern(rf"^\s*(?:{words.READ_AFTER})[^.!?。！？]{{0,40}}", re.IGNORECASE)
_CLAUSE: Final = Pattern(rf"[,;，、؛،;:：–—-]\s+|[，、]|\s{AND}\s")
_MODAL: Final = Pattern(
    r"\s+(?:should|must|can|will|shall|may|soll(?:te)?|kann|muss|wird|debe(?:ría)?|puede|doit|devrait|peut|deve|"
    r"dovrebbe|"
    r"может|должен|должна)\s*$",
    re.IGNORECASE,
)
_TAIL: Final = Pattern(r"^(?:と|라고|이라고|を|을|를|だけ|のみ|です|만|只)[^。！？.!?「」\"]{0,12}[。.!！]?$")
"""What follows a quotation in languages whose verb stands last: "「…」と入れる。"."""
_JOINS: Final = Pattern(
    rf"[\s,;:：，、–—-]+$|\s(?:{AND}|he|she|er|sie|il|elle|que|qui|who|that|che|der|die|das|który|która|который|которая|"
    rf"{saying.WHILE})$|(?:同时|同時|同時に|동안)$",
    re.IGNORECASE,
)
_OVER_SHOT: Final = Pattern(
    rf"^\s*(?:over|during|on|in|at|über|während|bei|zu|in|im|sur|pendant|dans|sobre|durante|en|su|nel(?:la|l['’])?|"
    rf"na|no|"
    rf"em|op|bij|tijdens|podczas|w|över|under|på|i|на|во время|в)\s+(?:(?:the|der|die|das|dem|den|la|le|el|il|lo|"
    rf"l['’]|o|"
    rf"a|de|het|den|det)\s+)?(?:(?:{names.LAST}|{'|'.join(names.ORDINALS)})\s+)?(?:{names.SHOT_NOUNS}|"
    rf"plan)(?:\s+\d{{1,2}})?"
    rf"[\s.!]*$",
    re.IGNORECASE,
)
"""The shot over which a line is said: "… over the last shot."."""
_OVER: Final = Pattern(
    r"(?:over|above|during|while)(?: (?:that|this|it|these|all (?:this|of this)))?|darüber|dazu|dabei|"
    r"(?:par-)?dessus|encima|"
    r"sobre eso|sopra|por cima|daarover|do tego|över detta|поверх",
    re.IGNORECASE,
)
"""All that is left of a sentence that says where a line is heard."""
_PARTICLE: Final = Pattern(r"(?<=[぀-ヿ㐀-鿿가-힯])(?:が|は|も|이|가|은|는)$")
_WIDE_NAME: Final = Pattern(r"^[぀-ヿ㐀-鿿가-힯]{1,8}$")
"""A speaker directly before a quotation: "女性「…。」"."""
_SENTENCE: Final = Pattern(r"[.!?…。！？।؟۔]$")
SUBJECT_WORDS: Final = 4
"""Before a verb that says something, more words are a picture, and not only the name of a speaker."""
INSTRUCTION_WORDS: Final = 3
LINE_CHARS: Final = 5


class Quotation(NamedTuple):
    """A quotation with what it is for; an empty role is a name that stays in the description."""

    role: Role
    text: str
    speaker: str = ""


class _Found(NamedTuple):
    """A quotation, the words before it that are kept, and the characters after it that belong to it."""

    quotation: Quotation
    kept: str
    after: int = 0


class Taken(NamedTuple):
    """A sentence without its quotations, and these in order."""

    rest: str
    quotations: tuple[Quotation, ...]


def take(sentence: str) -> Taken:
    """The quotations of a sentence that are said or read, and its other words."""
    rest, at, found = "", 0, list[Quotation]()
    for match in QUOTED.finditer(sentence):
        if match.start() < at:
            continue
        before, after = sentence[at : match.start()], sentence[match.end() :]
        quotation, kept, end = _classify(before, quoted_words(match), after, found)
        kept = _trimmed(kept) if quotation.role else kept
        if quotation.role:
            found.append(quotation)
            rest, at = rest + kept, match.end() + end
        else:
            rest, at = rest + sentence[at : match.end()], match.end()
    if not found:
        return Taken(sentence, ())
    tail = _OVER_SHOT.sub("", sentence[at:]).strip(" .。!！")
    if found[-1].role == "read" and len(tail.split()) <= INSTRUCTION_WORDS and _SHOW.search(tail):
        tail = ""
    rest = f"{rest.rstrip()} {tail}".strip(" ,;:：，、")
    return Taken("" if _OVER.fullmatch(rest) else rest, tuple(found))


def _classify(before: str, text: str, after: str, found: list[Quotation]) -> _Found:
    """The quotation by the words after it, otherwise by the nearest verb or noun before it, otherwise by its form."""
    return _by_after(before, text, after) or _by_before(before, text, after) or _by_form(before, text, after, found)


def _by_after(before: str, text: str, after: str) -> _Found | None:
    if shown := _READ_AFTER.match(after):
        return _Found(Quotation("read", text), _without_instruction(before), shown.end())
    if after_it := _SAID_AFTER.match(after):
        who = (after_it["who"] or "").strip() or _name(_PARTICLE.sub("", _last_clause(before).strip()))
        if after_it["who"] or len(who.split()) > SUBJECT_WORDS:
            return _Found(Quotation("said", text, who), before, after_it.end())
        return _Found(Quotation("said", text, who), before.removesuffix(_last_clause(before)), after_it.end())
    return None


def _by_before(before: str, text: str, after: str) -> _Found | None:
    tail = found.end() if (found := _TAIL.match(after)) else 0
    says, shows = _last(_SAY, before), _last(_SHOW, before)
    if shows and (not says or shows.end() >= says.end() or _sign_says(before, shows, says)):
        return _Found(Quotation("read", text), _without_instruction(before), tail)
    return _Found(*_said(before, says, text), tail) if says else None


def _by_form(before: str, text: str, after: str, found: list[Quotation]) -> _Found:
    """A quotation after a name with a colon, one that is a sentence of its own, or a name in a description."""
    subject = _last_clause(before.rstrip(" :：")).strip()
    if before.rstrip().endswith((":", "：")) and 0 < len(subject.split()) <= SUBJECT_WORDS:
        is_name = labels.kind_of(subject) in (None, "voice") and labels.kind_of_name(subject.capitalize()) == "speaker"
        quotation = Quotation("said", text, _name(subject)) if is_name else Quotation("read", text)
        return _Found(quotation, before[: before.rindex(subject)])
    if before.rstrip().endswith((":", "：")) and _SENTENCE.search(text):
        return _Found(Quotation("said", text), before)
    if not before.strip(" ,;:.") and (_SENTENCE.search(text) or len(text.split()) > SUBJECT_WORDS):
        return _Found(Quotation("said", text, found[-1].speaker if found else ""), before)
    is_line = _SENTENCE.search(text) or len(text) >= LINE_CHARS
    if is_line and _WIDE_NAME.match(before.strip()) and not after.strip(" 。.」"):
        return _Found(Quotation("said", text, _name(before)), "")
    joined = re.fullmatch(rf"[\s,]*(?:{AND})?\s*", before)
    if found and joined and found[-1].role == "read":
        return _Found(Quotation("read", text), "")
    return _Found(Quotation("", text), before)


def _last(pattern: Pattern, text: str) -> re.Match[str] | None:
    """The last match in the last sentence of a text."""
    begin = max(text.rfind(mark) + 1 for mark in ".!?。！？।؟۔")
    return next(reversed([*pattern.finditer(text, begin)]), None)


def _sign_says(before: str, shows: re.Match[str], says: re.Match[str]) -> bool:
    """Whether a thing says it, such as a sign or the screen: "on screen it says"."""
    between = before[shows.end() : says.start()]
    return _VERB.fullmatch(says.group(0)) is not None and len(between.split()) < 2 and not re.search(r"[,;:]", between)


def _said(before: str, says: re.Match[str], text: str) -> tuple[Quotation, str]:
    """A quotation after its verb or its narrator, and the picture before it."""
    head = _MODAL.sub("", before[: says.start()])
    after = before[says.end() :].strip(" :：,")
    if not after and (narrator := _APPOSED.search(head) or _NARRATOR_LAST.search(head)):
        return Quotation("said", text), head[: narrator.start()]
    if _NARRATOR.match(f"{says.group(0)}"):
        clause = _last_clause(head)
        return Quotation("said", text), head[: len(head) - len(clause)] if len(clause.split()) < SUBJECT_WORDS else head
    clause = _last_clause(head)
    if after and len(after.split()) <= INSTRUCTION_WORDS and not clause.strip():
        return Quotation("said", text, _name(after)), ""
    if len(clause.split()) <= SUBJECT_WORDS and not re.search(r"[^\W\d_]", head[: len(head) - len(clause)]):
        return Quotation("said", text, _name(clause)), ""
    if len(clause.split()) <= INSTRUCTION_WORDS:
        return Quotation("said", text, _name(clause)), head[: len(head) - len(clause)]
    return Quotation("said", text), _trimmed(head)


def _last_clause(text: str) -> str:
    """The words after the last mark or conjunction of a text."""
    end = next(reversed([m.end() for m in _CLAUSE.finditer(text)]), 0)
    return text[end:]


def _without_instruction(before: str) -> str:
    """The words before a text that is read, without those that only put it on the screen."""
    marks = [m.start() for m in _CLAUSE.finditer(before.rstrip(" :：–—-"))]
    for at in marks:
        if shown := _SHOW.search(before, at):
            lead = before[at : shown.start()]
            if len(re.findall(r"[^\W_]+", lead)) <= INSTRUCTION_WORDS:
                return _trimmed(before[:at])
    shown = _SHOW.search(before)
    if shown and len(re.findall(r"[^\W_]+", before[: shown.start()])) <= INSTRUCTION_WORDS:
        return ""
    return _trimmed(before)


def _trimmed(text: str) -> str:
    while (shorter := _JOINS.sub("", text)) != text:
        text = shorter
    return text


def _name(text: str) -> str:
    """The name of a speaker; empty for a narrator and for a pronoun."""
    name = _trimmed(text.strip(" :：,，"))
    return "" if len(name) < 2 or _NARRATOR.match(name) else labels.speaker_name(name)
