"""Quotations in prose: lines that are said, and text that is read on the screen."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from activities.planning.structure.conjunctions import AND
from activities.planning.structure.labels import READ_NOUNS, Segment, segments, speaker_name
from activities.planning.structure.model import Line, Shot, Structure, numbered
from activities.planning.structure.orders import words as orders
from activities.planning.structure.orders.remarks import MEDIUM, is_prohibition, is_setting
from activities.planning.structure.orders.sentences import is_order, shown_in
from activities.planning.structure.text import (
    QUOTED,
    description_text,
    has_words,
    join_descriptions,
    quoted_words,
    spoken_text,
    without_quotes,
)
from activities.planning.structure.vocabulary import places, saying
from activities.text.patterns import Pattern
from activities.text.speech import FULL_STOP, GOES_ON, group_by_time, is_direction, is_wide, sentences

READ: Final = Pattern(rf"{READ_NOUNS}[^.!?。！？]{{0,40}}$", re.IGNORECASE)
SAID: Final = Pattern(
    r"(?:^|[\s,;])(?:(?P<name>[A-ZÀ-ÞА-Я][\w'’-]+)\s+)?"
    rf"(?:(?i:{saying.EVERY})|asked|whispered)\s*(?:(?:softly|quietly|leise)?\s*[,:]?|[^.!?:：“„«\"]{{1,40}}[:：])\s*$"
)
_NARRATED: Final = Pattern(
    rf"(?<![^\W\d_])(?:{orders.NARRATOR}|{saying.HEARD})(?![^\W\d_])[^.!?。！？“”„«»「」\"]{{0,40}}$", re.IGNORECASE
)
"""Before a quotation, the voice that is heard over the pictures: "a warm voice saying"."""
_AND: Final = Pattern(rf"\s*(?:[,;]|\b{AND}\b)[^.!?:：。！？]{{0,40}}", re.IGNORECASE)
"""What joins a quotation to the one before."""
_END: Final = Pattern(r"[.!?…。！？।؟۔]$")


_FACT: Final = Pattern(rf"^\W{{0,3}}(?:{places.FACTS})\.?\s*[:：]\s*(\S.{{0,120}})$", re.IGNORECASE)
"""A fact of an advert in a line of its own: it is read."""
_HASHTAG: Final = Pattern(r"\bhashtags?\b[^#.!?\n]{0,20}(#\w+)", re.IGNORECASE)


_SAYING_CLAUSE: Final = Pattern(rf"(?<=\w)\s*(?:[,;]\s*|\s(?:{saying.WHILE})\s)[^,;.!?]{{2,60}}$", re.IGNORECASE)
"""Who says a line, after what is seen: "a chair rocks, and the narrator says"."""
_HEADING: Final = Pattern(r"^#{1,6}\s+(.+)$")
INSTRUCTION_WORDS: Final = 12


class Parts(NamedTuple):
    """A text without the quotations that are said or read, and these."""

    description: str
    lines: tuple[Line, ...]
    lettering: tuple[str, ...]


def take_quotations(text: str) -> Parts:
    """Separate quotations that stand as sentences of their own; a quoted name within a sentence stays there."""
    rest, at = "", 0
    lines: list[Line] = []
    lettering: list[str] = []
    shows = False  # whether the quotation before is read
    for match in QUOTED.finditer(text):
        before = text[at : match.start()]
        sentence = re.split(r"(?<=[.!?…。！？।؟۔])\s*", rest + before)[-1].strip()
        words = quoted_words(match)
        said = SAID.search(sentence)
        alone = not sentence or sentence.endswith((":", "：", "—", "–"))
        shows = bool(READ.search(sentence)) or (shows and bool(_AND.fullmatch(before)))
        if shows:
            lettering.append(words)
            rest, at = rest + before, match.end()
            rest = rest.rstrip(" :：,")
            if text[at : at + 1] not in (".", "。", ",", "!"):
                rest += "."
        elif _is_sentence(words) and (said or alone):
            lines.append(Line(spoken_text(words), speaker=speaker_name(said["name"] or "") if said else ""))
            rest, at = rest + before, match.end()
            rest = rest[: len(rest.rstrip(" :：—–"))] + " "
            if said and (clause := _SAYING_CLAUSE.search(rest)):
                rest = f"{rest[: clause.start()]}. "
    rest += text[at:]
    return Parts(
        description_text(re.sub(r"\s+([.,])(?=\s|$)", r"\1", rest)), tuple(x for x in lines if x.text), tuple(lettering)
    )


def _is_sentence(words: str) -> bool:
    return bool(_END.search(words)) or len(words.split()) > 2 or sum(map(is_wide, words)) > 3


def parse_advert(text: str) -> Structure | None:
    """The shots of prose with quoted lines or an end line; None for prose without them.

    Each description begins a shot, which has the lines after it. Where only the end line is given, the sentences of the
    prose are said as well. A single quotation is that of a story, which is told as a whole, unless a narrator says it.
    """
    reader = _AdvertReader()
    for segment, inline in _advert_segments(text):
        reader.read(segment, inline=inline)
    is_narrated = reader.count == 1 and _is_narrated(text)
    if reader.count < 2 and not reader.last and not is_narrated:
        return None
    shots = _spread(reader.ended())
    return Structure("advert", numbered(shots), _title(text)) if len(shots) > 1 or is_narrated else None


def _is_narrated(text: str) -> bool:
    """Whether a narrator says a quotation of a text without labels, or somebody in what it tells to show."""
    if any(part.kind for line in text.splitlines() for part in segments(line)):
        return False
    directs = any(shown_in(s) is not None for line in text.splitlines() for s in sentences_with_quotes(line))
    return directs or any(_NARRATED.search(text[: match.start()]) for match in QUOTED.finditer(text))


def _title(text: str) -> str:
    headings = (found for line in text.splitlines() if (found := _HEADING.match(line.strip())))
    return next((title for found in headings if (title := description_text(found.group(1)))), "")


def _advert_segments(text: str) -> Iterator[tuple[Segment, bool]]:
    """The segments of all lines but headings, each with whether it belongs to what is in front of it."""
    follows = False  # whether the line before is not empty
    for line in text.splitlines():
        if _HEADING.match(line.strip()):
            continue
        fact = _FACT.match(line)
        parts = [Segment("lettering", fact.group(1))] if fact else segments(line)
        yield from ((part, len(parts) > 1 or (follows and _is_lettering(part))) for part in parts)
        follows = bool(line.strip()) and not fact


@dataclass
class _AdvertReader:
    """Divides the segments of an advert into shots.

    Attributes:
        pending: Descriptions of the next shot.
        last: Lines of the last shot.
        shown: Text on the screen of the last shot.
        count: The number of lines that are said before it.
    """

    shots: list[Shot] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    last: list[Line] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    count: int = 0

    def read(self, segment: Segment, *, inline: bool) -> None:
        if segment.kind in ("sound", "note", "title", "length") or (segment.kind and not segment.value):
            return
        if segment.kind == "endline":
            self.shown.append(without_quotes(segment.value))
            self.last.append(Line(spoken_text(segment.value)))
        elif segment.kind == "lettering" and inline and (self.pending or self.shots):
            self._show(without_quotes(segment.value))
        elif segment.kind == "lettering":
            self.shown.append(without_quotes(segment.value))
        elif segment.kind in ("voice", "speaker"):
            self._say(Line(spoken_text(segment.value), segment.speaker, segment.direction), inline=inline)
        else:
            for sentence in sentences_with_quotes(segment.value):
                if not is_prohibition(sentence) and not is_setting(sentence):
                    self._describe(sentence)

    def ended(self) -> list[Shot]:
        """All shots; the last one has the end line and the text that belongs to no other shot."""
        if not self.count:
            self.shots, self.pending = _spoken_prose(self.pending), []
        tail = _seen(self.pending)
        if self.last or self.shown or tail:
            seen = tail or (self.shots[-1].description if self.shots else "")
            self.shots.append(Shot(0, seen, lines=tuple(self.last), lettering=tuple(self.shown)))
        return self.shots

    def _show(self, value: str) -> None:
        """A text on the screen of the shot that is being described, otherwise of the one before."""
        words = (value.rstrip(".") if value.count(".") == 1 else value,)
        if self.pending:
            self._end_shot(lettering=words)
        else:
            self.shots[-1] = replace(self.shots[-1], lettering=self.shots[-1].lettering + words)

    def _say(self, said: Line, *, inline: bool) -> None:
        self.count += 1
        if inline and self.shots and not self.pending and not self.shots[-1].lines:
            self.shots[-1] = replace(self.shots[-1], lines=(said,))
        else:
            self._end_shot(lines=(said,))

    def _describe(self, sentence: str) -> None:
        found = take_quotations(sentence)
        self.count += len(found.lines)
        tags = _HASHTAG.findall(sentence)
        self.shown += tags
        if (tags or found.lettering) and not found.lines and _is_instruction(found.description):
            found = found._replace(description="")
        seen = found.description if shown_in(found.description) is None else shown_in(found.description)
        self.pending += [seen] if seen and has_words(seen) else []
        if not (found.lines or found.lettering):
            return
        if not self.pending and self.shots:
            before = self.shots.pop()
            found = found._replace(lines=before.lines + found.lines, lettering=before.lettering + found.lettering)
            self.pending = [before.description]
        self._end_shot(lines=found.lines, lettering=found.lettering)

    def _end_shot(self, *, lines: tuple[Line, ...] = (), lettering: tuple[str, ...] = ()) -> None:
        self.shots.append(Shot(0, _seen(self.pending), lines=lines, lettering=lettering))
        self.pending = []


def _is_lettering(part: Segment) -> bool:
    """Whether a line puts text on the screen where it stands, and not at the end of the film."""
    return part.kind == "lettering" and part.label.lower() not in ("end card", "cta", "call to action")


def _is_instruction(description: str) -> bool:
    """Whether what is around a quotation only says where it is read: "On screen at the end"."""
    return (
        len(description.split()) <= INSTRUCTION_WORDS and re.search(READ_NOUNS, description, re.IGNORECASE) is not None
    )


def _spread(shots: list[Shot]) -> list[Shot]:
    """The sentences of a description over its shot and the shots after it that have none."""
    spread = list(shots)
    k = 0
    while k < len(spread):
        end = next((j for j in range(k + 1, len(spread)) if spread[j].description), len(spread))
        seen = sentences(spread[k].description) if spread[k].description else []
        for j, each in enumerate(group_by_time(seen, end - k) if len(seen) > 1 else []):
            spread[k + j] = replace(spread[k + j], description=join_descriptions(each))
        k = end
    return spread


def _seen(pending: list[str]) -> str:
    """The descriptions without the order to the studio, where there are others."""
    return join_descriptions([p for p in pending if not is_commission(p)] or pending)


def _spoken_prose(pending: list[str]) -> list[Shot]:
    said = [s for each in pending for s in sentences(each)]
    return [Shot(0, s, lines=() if is_direction(s) or is_commission(s) else (Line(s),)) for s in said]


_SENTENCE_END: Final = Pattern(
    rf"(?<![.!?…])(?:[!?][.!?…]*(?:\s?»|[\"“”’)])*\s+|{FULL_STOP}(?:\s?»|[\"“”’)])*\s++(?!{GOES_ON}))|"
    r"(?<=[\u0e00-\u0e7f\"”»])[ ]+(?=[\u0e00-\u0e7f])|[。！？।؟۔]+(?:[」』”]|[\"»](?=\s|$))?(?!\s*(?:と|이?라고|"
    r"하고))\s*|(?<=[」』”])(?=最后|最後|마지막)"
)
"""Also inside of a quotation; not before what belongs to it: "「…。」と言います"."""


def sentences_with_quotes(text: str) -> list[str]:
    """The sentences of a text, each quotation with the sentence that introduces it."""
    parts, at = [], 0
    inside = [m.span() for m in QUOTED.finditer(text)]
    for match in _SENTENCE_END.finditer(text):
        if any(start <= match.start() < end - 1 for start, end in inside) and not any(
            match.start() < end <= match.end() for _, end in inside
        ):
            continue
        parts.append(text[at : match.end()].strip())
        at = match.end()
    return [p for p in [*parts, text[at:].strip()] if has_words(p)]


_MEDIUM: Final = Pattern(
    r"\b(?:film|movie|video|clip|ad|advert|commercial|spot|trailer|reel|animation|short|werbespot|vídeo|"
    r"anuncio|vidéo|publicité|filmato)\b|"
    r"動画|広告|映像|フィルム|CM|视频|广告|短片|影片|廣告|영상|광고|فيلم|فيديو|إعلان|ролик|видео|фильм|फिल्म|"
    r"वीडियो|विज्ञापन",
    re.IGNORECASE,
)
_ASKS: Final = Pattern(
    r"^(?:please|make|create|produce|shoot|write|we (?:need|want)|i (?:need|want)|give (?:me|us)|an?\b|"
    r"(?:can|could|would) you|we(?:['’]d| would) like|looking for|"
    r"our\b|\d|請|请|bitte|ein(?:e|en)?\b|mach|wir brauchen|"
    r"une?\b|crea|haz|necesitamos|fais|nous|spot|film|video)",
    re.IGNORECASE,
)
_BEGINS_WITH_FILM: Final = Pattern(
    rf"^\W*(?:[^\W\d_]+[\s-]){{0,2}}(?:{MEDIUM.pattern})\s+(?:for|of|about|on|für|über|zu[rm]?|von|pour|sur|de|"
    rf"para|sobre|per|"
    r"su|sull\w*|voor|over|dla|o|för|om|til|для|про|о|об)\s(?![^.!?]*[.!?]\s*\S)",
    re.IGNORECASE,
)
"""A sentence without a verb: "Promo for our climbing gym."."""
_LENGTH_ASKED: Final = Pattern(r"\d+\s*-?\s*(?:s|sec|second|sek|seg|min|秒|分|초|ثانية|сек|सेकंड)", re.IGNORECASE)


def is_commission(sentence: str) -> bool:
    """Whether a sentence describes the film that is ordered, such as "A 20 second film about tea."."""
    return (
        is_order(sentence)
        or asks_for_film(sentence)
        or bool(_MEDIUM.search(sentence) and _LENGTH_ASKED.search(sentence))
    )


def asks_for_film(sentence: str) -> bool:
    """Whether a sentence begins like an order of a film."""
    return bool(_MEDIUM.search(sentence) and _ASKS.match(sentence)) or _BEGINS_WITH_FILM.match(sentence) is not None


def without_orders(text: str) -> str:
    """The text without the lines that only introduce it, such as "Make a 20 second film of this poem:"."""
    lines = text.splitlines()
    kept = [x for x in lines if not (x.rstrip().endswith((":", "：")) and is_commission(x.strip()))]
    return "\n".join(kept) if any(map(has_words, kept)) else text
