"""Shot lists: numbered or timed shots, each with its description, voice-over and on-screen text."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Final

from activities.planning.structure import text as marks
from activities.planning.structure import words
from activities.planning.structure.deliverable.cards import Cards
from activities.planning.structure.deliverable.narrated import Narrated, split_narration
from activities.planning.structure.labels import (
    FRAMING,
    TITLE_LINE,
    Segment,
    framing_in_brackets,
    goes_on,
    is_nothing,
    names_somebody,
    quoted_run,
    segments,
)
from activities.planning.structure.model import Line, Shot, SoundCue, Structure, numbered
from activities.planning.structure.notations.bare_labels import text_of_number
from activities.planning.structure.notations.cells import is_line, is_picture, line_of, spoken_turns, turn_in
from activities.planning.structure.notations.heard import heard_in
from activities.planning.structure.notations.silence import mentions_no_voice, without_no_voice
from activities.planning.structure.orders.remarks import is_courtesy, is_remark, is_setting
from activities.planning.structure.orders.sentences import end_text
from activities.planning.structure.quoted import take_quotations
from activities.planning.structure.sounds import cue_alone, cues_in, is_heard_alone
from activities.planning.structure.text import (
    QUOTED,
    as_western,
    description_text,
    join_descriptions,
    spoken_text,
    western_digits,
    without_quotes,
)
from activities.text.patterns import Pattern

_WORD: Final = (
    r"(?:shot|scene|frame|cut|sc\.?|szene|einstellung|bild|plano|toma|escena|plan|scène|séquence|"
    r"inquadratura|scena|cena|カット|ショット|"
    r"シーン|場面|镜头|镜|画面|场景|컷|장면|لقطة|اللقطة|مشهد|المشهد|кадр|сцена|план|शॉट|दृश्य|"
    rf"{words.SHOTS})"
)
_ITEM: Final = Pattern(
    rf"^[\s>#*•■□◆◇▶►▼★☆◎●○+-]*(?:#\s*)?({_WORD}\s*)?(?:#|no\.?|nr\.?)?\s*(\d{{1,3}})(?!\d|"
    rf"[:.]\d)\s*([.):：、\])）】–—|／/-]|"
    rf"(?=\s)|$)\s*",
    re.IGNORECASE,
)
_TIMED_ITEM: Final = Pattern(
    r"^[\s>#*•+-]*[^\W\d_][^\W\d_.]{0,14}\.?[\s_#-]*(\d{1,4}[a-z]?)(?:\s*(?=[(\[（【:：.,·–—|-])[:：.,·–—|\s-]*|\s+)",
    re.IGNORECASE,
)
"""A shot under any name, which its time makes one: "Klappe 3 (0:08-0:12)", "SH010  0:00 - 0:04"."""
_BRACKET_REST: Final = Pattern(r"\s*[,;·/|–—-]?\s*([^()（）\[\]\n]{1,40})[)\]）】]\s*[:：.–—-]?\s*")
"""What follows a time in its brackets: "(4 s, wide): …"."""
_NAMED_LINE: Final = Pattern(
    r"^[*_•\s–—-]*([^\W\d_a-z][^\W\d_a-z]*(?: [^\W\d_a-z]+)?(?: \d)?)\s*"
    r"(?:[(（]([^()（）]{1,40})[)）])?\s*[:：]\s*(?![“„”«»‹「『\"])"
    r"(\S.*[.!?…。！？؟।۔])$"
)
"""A line of a speaker in capitals without quotation marks: "NONNA: Basilico alla fine!"."""
_WIDE_LINE: Final = Pattern(
    r"(?:^|[\s\u3000])(?:[–—]\s*)?([぀-ヿ㐀-鿿가-힯]{1,6})\s?[「“\"]([^「」“”\"]{2,80}[。！？…!?.])[」”\"]\s*$"
)
"""A speaker directly before what is said: "店主「負けとくよ！」"."""
_ASIDE: Final = Pattern(r"^\s*[(（\[][^()（）\[\]]{1,80}[)）\]]\s*$")
_UNHEARD: Final = Pattern(r"\b(?:no|without|natural|only|sound|music|silent|silence|v\.?o\.?)\b", re.IGNORECASE)
_BRACKETED: Final = Pattern(r"^[(（\[【]\s*([^()（）\[\]【】\n]{1,30}?)\s*[)）\]】]\s*[:.–—-]?\s*")
_CIRCLED: Final = Pattern(rf"^(\s*(?:{_WORD})?\s*)([①-⑳])\s*", re.IGNORECASE)
_LEAD: Final = Pattern(
    r"^[\s>#*•·▪◦‣■□◆◇▶►▼★☆◎●○+|–—-]*+(?:(?:TC|T/C|time(?:code)?|zeit|tempo|tijd|tid)\s*[:：]?\s*(?=[\d\[(])|"
    r"(?:from|de|du|von|da|dal(?:le)?|desde|del?|van|od|från|fra|с|от|من|از|从|從)\s+(?=\d))?",
    re.IGNORECASE,
)
_DANGLING: Final = Pattern(
    r",?\s+(?:(?:and|und|e|y|et|en|i|и)\s+)?(?:with|mit|com|con|avec|met|med|z|s|с)(?:\s+(?:the|a|dem|der|einem|"
    r"o|um|el|un|il|lo|le|la|de|het|een))?\s*$",
    re.IGNORECASE,
)
"""The words that lead from a description to the text after it: "Fecha no logo, com o"."""
MAX_GAP: Final = 24
"""A time that stands later than this in the head of a shot belongs to its description."""


@dataclass
class ShotDraft:
    """A shot while its lines are read."""

    has_word: bool = False
    start: float | None = None
    end: float | None = None
    seconds: float | None = None
    framing: str = ""
    description: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    lettering: list[str] = field(default_factory=list)
    sounds: list[SoundCue] = field(default_factory=list)
    is_labelled: bool = False
    _open: str = ""

    @property
    def is_timed(self) -> bool:
        return self.start is not None or self.seconds is not None

    @property
    def is_surely_a_shot(self) -> bool:
        """Whether more than text on the screen speaks for a shot: an item of a list has a sentence to say, and may show
        its number."""
        return (
            self.has_word
            or self.is_timed
            or bool(self.framing or self.lines)
            or (self.is_labelled and not self.lettering)
        )

    def read(self, text: str, *, first: bool = False) -> None:
        """Add one line of the brief to the shot."""
        text = text.strip()
        if first and (begin := turn_in(text)):
            self.read(text[:begin], first=True)
            self.read(text[begin:])
            return
        if text.startswith(">") and (inner := text.lstrip("> ")):
            text = inner
        if _ASIDE.match(text) and (heard := heard_in(text)):
            self.sounds.append(heard)
            return
        inside = segments(text.strip("()（）[] ")) if _ASIDE.match(text) else []
        if inside and all(segment.kind == "sound" for segment in inside):
            self.sounds += [cue for segment in inside for cue in cues_in(segment)]
            return
        if not first and (turns := spoken_turns(text)) and all(map(is_line, turns)):
            for turn in turns:
                self.add(turn)
            return
        named = None if first else _NAMED_LINE.match(text) or line_of(text, " ".join(self.description))
        if named and names_somebody(named[1]):
            self.add(Segment("speaker", named[3], named[1].title(), named[2] or "", named[1]))
            return
        if (
            self._open
            and not first
            and len(found := segments(text)) == 1
            and not found[0].kind
            and not QUOTED.match(text)
        ):
            self._continue(text)
            return
        for segment in segments(text):
            self.add(segment)

    def _continue(self, text: str) -> None:
        if self._open == "voice" and self.lines:
            previous = self.lines.pop()
            said = spoken_text(f"{previous.text.rstrip('.。।۔')} {text}")
            self.lines.append(Line(said, previous.speaker, previous.direction))
        self._open = "" if re.search(r"[.!?…。！？।؟۔]$", text) else self._open

    def add(self, segment: Segment) -> None:
        kind, value = segment.kind, segment.value
        self._open = ""
        if kind:
            self.is_labelled = self.is_labelled or kind in ("voice", "lettering", "endline", "speaker", "picture")
        if kind and is_nothing(value):
            return
        if kind in ("voice", "speaker"):
            said = marks.quotations(value) if quoted_run(value) else [value]
            for each in said:
                direct = re.match(r"^\s*[(（]([^)）]{1,60})[)）]\s*", each)
                words = spoken_text(each[direct.end() :] if direct else each)
                if words:
                    self.lines.append(
                        Line(words, segment.speaker, segment.direction or (direct.group(1) if direct else ""))
                    )
            self._open = "" if QUOTED.match(value) or re.search(r"[.!?…。！？।؟۔]$", value) else "voice"
        elif kind == "lettering" and is_picture(segment):
            self.framing = self.framing or segment.label
            self._describe(value)
        elif kind in ("lettering", "endline"):
            shown = marks.quotations(value) if QUOTED.match(value) and not goes_on(value) else [without_quotes(value)]
            self.lettering += map(marks.lettering_text, shown)
            if kind == "endline":
                self.lines.append(Line(spoken_text(value)))
        elif kind == "sound":
            self.sounds += cues_in(segment)
        elif kind == "length":
            self._read_time(value)
        elif kind == "picture" or not kind:
            self._describe(value)

    def shot(self) -> Shot:
        """The finished shot, without its number."""
        lines, shown = tuple(x for x in self.lines if x.text), tuple(filter(None, self.lettering))
        return Shot(
            0,
            join_descriptions(self.description),
            self.framing,
            self.start,
            self.seconds,
            lines,
            shown,
            sounds=tuple(self.sounds),
        )

    def _describe(self, text: str) -> None:
        if _ASIDE.match(text) and (_UNHEARD.search(text) or mentions_no_voice(text)):
            return  # a remark about the sound: "(no VO)"
        text = re.sub(r"^[\s:：.–—·|,-]+", "", without_no_voice(text.strip("*_ ")))
        text = re.sub(r"[\s,，、;–—-]+$|\s+/$", "", _BRACKETED.sub(framing_in_brackets, text))
        if not self.framing and (found := FRAMING.match(text)):
            self.framing = found.group(0).strip()
            text = re.sub(r"^\s*of\s+", "", text[found.end() :])
        if named := _WIDE_LINE.search(text):
            self.lines.append(Line(spoken_text(named[2]), named[1]))
            text = text[: named.start()]
        parts = take_quotations(_DANGLING.sub("", text))
        self.lines += parts.lines
        self.lettering += parts.lettering
        if parts.description:
            self.description.append(parts.description)

    def _read_time(self, text: str) -> str:
        """Take the time at the head of a text; returns the rest of it as it is written."""
        plain = as_western(text)
        found = next((m for m in marks.RANGE.finditer(plain) if m.start() <= MAX_GAP or _ends(plain, m)), None)
        if found:
            if found.group(1):
                self.start, self.end = marks.clock_seconds(found.group(1)), marks.clock_seconds(found.group(2))
            else:
                self.start, self.end = marks.number(found.group(3)), marks.number(found.group(4))
            self.end = self.end if self.end > self.start else None
        elif (found := marks.POINT.search(plain)) and found.start() <= 2:
            self.start = marks.clock_seconds(found.group(1))
        elif (
            (found := marks.LENGTH.search(plain))
            and found.start() <= MAX_GAP
            and (found.group(0)[0] in "[(（【" or found.start() <= 2)
        ) or (found := marks.TRAILING.search(plain) or marks.BRACKETED_LENGTH.search(plain)):
            self.seconds = marks.number(found.group(1))
        else:
            return text
        before, after = text[: found.start()].rstrip(" ,;·/|"), text[found.end() :].lstrip(" ·/|")
        if (
            found.group(0)[0] in "[(（【"
            and found.group(0)[-1] not in "])）】"
            and (rest := _BRACKET_REST.match(after))
        ):
            after = f"{rest[1].strip()}. {after[rest.end() :]}"
        return f"{before} {after}".strip()


def _ends(text: str, time: re.Match[str]) -> bool:
    """Whether a time in brackets ends a line: "ESCENA 1 – COCINA – DÍA (0-8 s)"."""
    return time.group(0).strip()[0] in "[(（【" and not text[time.end() :].strip(" :：*_.")


def _head(line: str) -> tuple[ShotDraft, str] | None:
    """A new shot and the rest of its first line, where the line begins one."""
    written = _CIRCLED.sub(lambda m: f"{m[1]}{int(unicodedata.numeric(m[2]))}. ", line)
    written = written.replace("\u3000", " ").replace("**", "")
    plain = as_western(written)
    draft = ShotDraft()
    if item := _ITEM.match(plain):
        draft.has_word = item.group(1) is not None
        has_range = marks.RANGE.match(plain[item.end() :]) is not None
        if (
            not draft.has_word
            and not has_range
            and item.group(3) in ("", None, "-", "–", "—", "/", "／", "|", ":", "：")
        ):
            item = None
    if item:
        return draft, draft._read_time(written[item.end() :])
    if named := _TIMED_ITEM.match(plain):
        rest = plain[named.end() :]
        is_apart = not named.group(0)[-1:].isspace() or re.search(r"[:：.,·–—|-]\s*$", named.group(0))
        if marks.RANGE.match(rest) or (is_apart and marks.LENGTH.match(rest)):
            draft.has_word = True
            return draft, draft._read_time(written[named.end() :])
    start = lead.end() if (lead := _LEAD.match(plain)) else 0
    rest, timed = plain[start:], draft._read_time(written[start:])
    begins = (
        marks.RANGE.match(rest)
        or marks.POINT.match(rest)
        or ((length := marks.LENGTH.match(rest)) and (rest[0] in "[(（【" or rest[length.end() :][:1] in (":", "：")))
    )
    return (draft, timed) if begins and draft.is_timed else None


def parse_timed_shots(text: str) -> Structure | None:
    """The shots of a list whose shots all have a number and a time, also where scene headings are in it."""
    title, drafts, loose = _read(text)
    labelled = sum(d.is_labelled for d in drafts)
    if not all(d.has_word and d.is_timed for d in drafts) or labelled * 2 < len(drafts):
        return None
    return _structure(title, drafts, loose)


def parse_shot_list(text: str) -> Structure | None:
    """The shots of a list with numbers, times, framings or labels; None where the text is no such list."""
    narrated = split_narration(text)
    title, drafts, loose = _read(narrated.rest)
    if not narrated.is_apart and len(narrated.quotes) != len(drafts):
        narrated, (title, drafts, loose) = Narrated(text), _read(text)
    if words.ANNOUNCED_STEPS.search(text) and not any(draft.is_surely_a_shot for draft in drafts):
        return None
    found = _structure(title, drafts, loose)
    if found and narrated.sentences and any(shot.lines for shot in found.shots):
        return _structure(*_read(text))
    return replace(found, shots=numbered(narrated.over(found.shots))) if found and narrated.sentences else found


def _structure(title: str, drafts: list[ShotDraft], loose: list[str]) -> Structure | None:
    if len(drafts) < 2 or not _is_shot_list(drafts):
        return None
    set_lengths(drafts)
    ends = [(line, end) for line in loose if (end := end_text(line))]
    for line, said in ends[:-1]:  # only the last one is the card
        drafts[-1].add(Segment("voice" if QUOTED.search(line) else "lettering", said))
    end = ends[-1][1] if ends else ""
    return Structure("shot list", numbered(draft.shot() for draft in drafts), title, cards=Cards(end=end))


def _read(text: str) -> tuple[str, list[ShotDraft], list[str]]:
    """The title, the shots that the lines of a text begin, and the lines after them that are about the film."""
    title, drafts, gap, about = "", list[ShotDraft](), False, list[str]()
    for line in text.splitlines():
        if not line.strip():
            gap = True
        elif found := _head(line):
            drafts.append(found[0])
            found[0].read(found[1], first=True)
            gap = False
        elif (placed := text_of_number(line)) and placed[0] <= len(drafts):
            drafts[placed[0] - 1].add(Segment("lettering", placed[1]))
        elif not drafts:
            title, gap = title or title_in(line), False
        elif (gap and _is_about_the_film(line, drafts[-1])) or is_courtesy(line) or _is_setting(line):
            about.append(line)
        elif is_heard_alone(line):
            drafts[-1].sounds += filter(None, [] if gap else [cue_alone(line)])
        elif (end := end_text(line)) and _is_only_end(line, end):
            drafts[-1].add(Segment("lettering", end))
        else:
            drafts[-1].read(line)
            gap = False
    return title, drafts, about


def _is_setting(line: str) -> bool:
    """Whether a line without a label is only about the film: "Length 12 s", "9:16, no music"."""
    return not segments(line)[0].kind and (is_setting(line) or is_remark(line)) and not is_heard_alone(line)


def _is_only_end(line: str, end: str) -> bool:
    """Whether a line has no label and ends with the text that it puts at the end of the film."""
    return not segments(line)[0].kind and line.rstrip(' .。!"“”»」』').endswith(end.rstrip(" .。!"))


def _is_about_the_film(line: str, last: ShotDraft) -> bool:
    """Whether a line after a gap is no part of the last shot: a remark, or a sound."""
    parts = segments(western_digits(line) if marks.LENGTH.search(line) else line)
    is_loose = len(parts) == 1 and parts[0].kind in ("", "sound") and bool(last.description or last.lines)
    return is_loose and not QUOTED.match(line.strip())


def title_in(line: str) -> str:
    """The title that a line gives: "Title: Dawn" or a heading "# Dawn"; empty where it gives none."""
    if (found := TITLE_LINE.match(line.strip())) or (found := re.match(r"^#{1,3}\s+(.+)$", line.strip())):
        return description_text(without_quotes(found.group(1)))[:200]
    return ""


def _is_shot_list(drafts: list[ShotDraft]) -> bool:
    strong = sum(d.has_word or d.is_timed for d in drafts)
    framed = sum(bool(d.framing or d.lines) or d.is_labelled for d in drafts)
    only_points = all(d.start is not None and d.end is None and not d.has_word for d in drafts)
    starts = [d.start for d in drafts if d.start is not None]
    if only_points and (starts != sorted(set(starts)) or starts[0] > 10):
        return False
    return strong * 2 >= len(drafts) or framed * 2 >= len(drafts)


def set_lengths(drafts: list[ShotDraft]) -> None:
    """Complete begins and lengths from each other, where the brief gives enough of them."""
    for draft, following in zip(drafts, [*drafts[1:], None], strict=True):
        end = draft.end if draft.end is not None else following.start if following else None
        if draft.seconds is None and draft.start is not None and end is not None and end > draft.start:
            draft.seconds = round(end - draft.start, 3)
    at = 0.0
    for draft in drafts:
        if draft.start is None and draft.seconds:
            draft.start = at
        at = (draft.start or at) + (draft.seconds or 0)
