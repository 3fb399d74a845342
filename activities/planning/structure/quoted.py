"""Quotations in prose: lines that are said, and text that is read on the screen."""

import re
from typing import Final, NamedTuple

from activities.planning.structure.labels import segments
from activities.planning.structure.model import Line, Shot, Structure, numbered
from activities.planning.structure.text import (
    QUOTED,
    description_text,
    has_words,
    join_descriptions,
    quoted_words,
    spoken_text,
    without_quotes,
)
from activities.text.speech import is_direction, is_wide, sentences

READ: Final = re.compile(
    r"(?:\b(?:titles?|super|text|caption|sign|logo|card|words?|lettering|letters|written|reads?|reading|"
    r"screen|label|banner|poster|"
    r"headline|packaging|subtitle|schild|schrift(?:zug)?|aufschrift|einblendung|steht|plakat|letrero|"
    r"r[oó]tulo|cartel|pantalla|texte|"
    r"écriteau|affiche|écran|insegna|scritta|letreiro)\b|看板|文字|画面|字幕|テロップ|屏幕|招牌|لافتة|الشاشة|вывеск|"
    r"надпись|экран|बोर्ड|स्क्रीन)"
    r"[^.!?。！？]{0,40}$",
    re.IGNORECASE,
)
SAID: Final = re.compile(
    r"(?:^|[\s,;])(?:(?P<name>[A-ZÀ-ÞА-Я][\w'’-]+)\s+)?(?:says?|said|asks?|asked|whispers?|whispered|"
    r"shouts?|calls?|answers?|replies|adds?|sagt|fragt|"
    r"flüstert|ruft|antwortet|dice|pregunta|susurra|responde|dit|demande|murmure|répond|diz|chiede|"
    r"sussurra)\s*(?:softly|quietly|leise)?\s*[,:]?\s*$"
)
_END: Final = re.compile(r"[.!?…。！？।؟]$")


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
    for match in QUOTED.finditer(text):
        before = text[at : match.start()]
        sentence = re.split(r"(?<=[.!?…。！？।؟])\s*", rest + before)[-1].strip()
        words = quoted_words(match)
        said = SAID.search(sentence)
        alone = not sentence or sentence.endswith((":", "：", "—", "–"))
        if READ.search(sentence):
            lettering.append(words)
            rest, at = rest + before, match.end()
            rest = rest.rstrip(" :：,")
            if text[at : at + 1] not in (".", "。", ",", "!"):
                rest += "."
        elif _is_sentence(words) and (said or alone):
            lines.append(Line(spoken_text(words), speaker=(said["name"] or "") if said else ""))
            rest, at = rest + before, match.end()
            rest = rest[: len(rest.rstrip(" :：—–"))] + " "
    rest += text[at:]
    return Parts(
        description_text(re.sub(r"\s+([.,])(?=\s|$)", r"\1", rest)), tuple(x for x in lines if x.text), tuple(lettering)
    )


def _is_sentence(words: str) -> bool:
    return bool(_END.search(words)) or len(words.split()) > 2 or sum(map(is_wide, words)) > 3


def parse_advert(text: str) -> Structure | None:
    """The shots of prose with quoted lines or an end line; None for prose without them.

    Each description begins a shot, which has the lines after it. Where only the end line is given, the sentences of the
    prose are said as well.
    """
    shots: list[Shot] = []
    pending: list[str] = []
    last: list[Line] = []
    shown: list[str] = []
    count = 0
    whole = [s for line in text.splitlines() for s in segments(line)]
    for segment in whole:
        if segment.kind in ("sound", "note", "title", "length"):
            continue
        if segment.kind == "endline":
            shown.append(without_quotes(segment.value))
            last.append(Line(spoken_text(segment.value)))
        elif segment.kind == "lettering":
            shown.append(without_quotes(segment.value))
        elif segment.kind in ("voice", "speaker"):
            count += 1
            line = Line(spoken_text(segment.value), segment.speaker, segment.direction)
            shots.append(Shot(0, _seen(pending), lines=(line,)))
            pending = []
        else:
            for part in _sentences_with_quotes(segment.value):
                found = take_quotations(part)
                count += len(found.lines)
                pending += [found.description] if has_words(found.description) else []
                if found.lines or found.lettering:
                    if not pending and shots:
                        previous = shots.pop()
                        found = found._replace(
                            lines=previous.lines + found.lines, lettering=previous.lettering + found.lettering
                        )
                        pending = [previous.description]
                    shots.append(Shot(0, _seen(pending), lines=found.lines, lettering=found.lettering))
                    pending = []
    if not count and not last:
        return None
    if count < 2 and not last:
        return None
    if not count:
        shots, pending = _spoken_prose(pending), []
    tail = _seen(pending)
    if shots and tail and not last and not shown:
        shots.append(Shot(0, tail))
    elif last or shown or tail:
        shots.append(
            Shot(0, tail or (shots[-1].description if shots else ""), lines=tuple(last), lettering=tuple(shown))
        )
    return Structure("advert", numbered(shots)) if len(shots) > 1 else None


def _seen(pending: list[str]) -> str:
    """The descriptions without the order to the studio, where there are others."""
    return join_descriptions([p for p in pending if not is_commission(p)] or pending)


def _spoken_prose(pending: list[str]) -> list[Shot]:
    said = [s for each in pending for s in sentences(each)]
    return [Shot(0, s, lines=() if is_direction(s) or is_commission(s) else (Line(s),)) for s in said]


def _sentences_with_quotes(text: str) -> list[str]:
    """The sentences of a text, each quotation with the sentence that introduces it."""
    parts, at = [], 0
    inside = [m.span() for m in QUOTED.finditer(text)]
    for match in re.finditer(r"(?<![.!?…])[.!?…]+[\"”’»)]*\s+|[。！？।؟]+[」』”]?\s*", text):
        if any(start <= match.start() < end - 1 for start, end in inside) and not any(
            match.start() < end <= match.end() for _, end in inside
        ):
            continue
        parts.append(text[at : match.end()].strip())
        at = match.end()
    return [p for p in [*parts, text[at:].strip()] if has_words(p)]


_MEDIUM: Final = re.compile(
    r"\b(?:film|movie|video|clip|ad|advert|commercial|spot|trailer|reel|animation|short|werbespot|vídeo|"
    r"anuncio|vidéo|publicité|filmato)\b|"
    r"動画|広告|映像|フィルム|CM|视频|广告|短片|영상|광고|فيلم|فيديو|إعلان|ролик|видео|фильм|फिल्म|वीडियो|विज्ञापन",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"^(?:please|make|create|produce|shoot|write|we (?:need|want)|i (?:need|want)|give (?:me|us)|an?\b|"
    r"our\b|\d|bitte|ein(?:e|en)?\b|mach|wir brauchen|"
    r"une?\b|crea|haz|necesitamos|fais|nous|spot|film|video)",
    re.IGNORECASE,
)
_LENGTH_ASKED: Final = re.compile(r"\d+\s*-?\s*(?:s|sec|second|sek|seg|min|秒|分|초|ثانية|сек|सेकंड)", re.IGNORECASE)


def is_commission(sentence: str) -> bool:
    """Whether a sentence describes the film that is ordered, such as "A 20 second film about tea."."""
    return bool(_MEDIUM.search(sentence)) and bool(_ASKS.match(sentence) or _LENGTH_ASKED.search(sentence))
