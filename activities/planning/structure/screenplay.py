"""Screenplays, in Fountain and as pasted text: action is seen, dialogue is said, everything else is neither.

Fountain: https://fountain.io/syntax. In pasted text, where blank lines are missing or are between all lines, a speech
is one paragraph after its speaker.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Final

from activities.planning.structure.labels import FRAMING, Segment, is_note, kind_of, names_somebody, segments
from activities.planning.structure.model import Join, Line, Shot, SoundCue, Structure, numbered
from activities.planning.structure.notations.heard import heard_in
from activities.planning.structure.notations.pages import without_page_breaks
from activities.planning.structure.notations.silence import without_no_voice
from activities.planning.structure.orders.film_length import is_film_head
from activities.planning.structure.orders.remarks import is_prohibition, names_film
from activities.planning.structure.quoted import SAID
from activities.planning.structure.shot_list import title_in
from activities.planning.structure.sounds import cues_in
from activities.planning.structure.text import (
    QUOTED,
    description_text,
    join_descriptions,
    join_lines,
    plain,
    quotations,
    spoken_text,
    without_quotes,
)
from activities.planning.structure.words import OFF_SCREEN, SHOT_NOUNS
from activities.text.patterns import Pattern

_SCENE_NUMBER: Final = rf"(?:(?i:{SHOT_NOUNS}|씬|s)\s*)?#?\s?\d{{1,3}}[A-Z]?\s*[.):–—-]?\s+"
_RIGHT_NUMBER: Final = Pattern(r"\s{3,}\d{1,3}[A-Z]?\s*$")
_HEADING: Final = Pattern(
    rf"^(?:{_SCENE_NUMBER})?"
    r"(?:\.(?=[^\s.])|(?:INT|EXT|EST|INT\.?/EXT|EXT\.?/INT|I/E|INNEN|AUSSEN|"
    r"AUßEN|INNEN/AUSSEN|INTERIOR|EXTERIOR|"
    r"INTÉRIEUR|EXTÉRIEUR|ИНТ|НАТ|ЭКСТ)[./ :]|(?:内景|外景|内|外|室内|室外)[.．：: 　]|[○◯〇](?=\S)|(?:داخل[يی]|"
    r"خارج[يی])\b|"
    r"(?:פנים|חוץ)(?:[./]|\s*[–—-])|(?:ΕΣΩΤ|ΕΞΩΤ|ΕΣ|ΕΞ|ІНТ|ЕКСТ|İÇ|DIŞ|WN|WNĘTRZE|PLENER|SISÄ|ULKO|BELSŐ|KÜLSŐ|"
    r"BINNEN|BUITEN|"
    r"INTERIØR|EKSTERIØR|NỘI|NGOẠI)[./ :]|(?:ภายใน|ภายนอก|अंदर|बाहर|आंतरिक|बाह्य|अंतः)(?=\s*[.–—-])|"
    r"(?:SCENE|SZENE|ESCENA|SCÈNE)\s+\d+\b)"
)
_TRANSITION: Final = Pattern(
    r"^(?:>.*(?<!<)|(?:CUT|FADE|DISSOLVE|SMASH CUT|MATCH CUT|JUMP CUT|WIPE|IRIS)(?:\s[A-Z .]+)?[:.]?|"
    r"[A-Z][A-Z ]{2,30} TO:|THE END\.?|FIN\.?|ENDE\.?|"
    r"(?:HARTER )?SCHNITT(?: AUF| ZU)?[:.]?|ÜBERBLENDUNG[:.]?|(?:AB|AUF|AUS)BLENDE?[:.]?|"
    r"SCHWARZ(?:BLENDE)?[:.]?|CORTE A[:.]?|FUNDIDO[A-Z Ñ]*[:.]?|"
    r"COUPE SUR[:.]?|FONDU[A-Z ÀÉ]*[:.]?|DISSOLVENZA[A-Z ]*[:.]?|STACCO[A-Z ]*[:.]?|"
    r"(?:CORTA PARA|FUSÃO(?: PARA)?|ESCURECE|FIM|"
    r"СКЛЕЙКА|(?:ИЗ )?ЗАТЕМНЕНИ[ЕЯ]|НАПЛЫВ|ВЫТЕСНЕНИЕ|КОНЕЦ|ЗТМ|КІНЕЦЬ|ПЕРЕХІД|CIĘCIE(?: DO)?|(?:ŚCIEMNIENIE|"
    r"ROZJAŚNIENIE)|"
    r"KONIEC|KONEC|KRAJ|КРАЈ|КРАЙ|ΤΕΛΟΣ|FINE|SLUT|VÉGE|LOPPU|EINDE|SFÂRȘIT|FI|HẾT|TAMAT|סוף|จบ|KESME|KARARMA|"
    r"SON|컷 ?투|페이드 ?(?:인|아웃)|디졸브|끝|切至|切到|淡入|淡出|暗転|溶明|溶暗|終|完|النهاية|"
    r"قطع|"
    r"मिलान|समाप्त|कट टू)[：:。.।۔]?)$"
)
_JOINS: Final[Sequence[tuple[Join, Pattern]]] = (
    (
        "dissolve",
        Pattern(
            r"DISSOL|CROSS[- ]?FADE|ÜBERBLEND|ENCADENADO|ENCHAÎNÉ|INCROCIATA|FUSÃO|НАПЛЫВ|溶|디졸브", re.IGNORECASE
        ),
    ),
    ("wipe", Pattern(r"\bWIPE", re.IGNORECASE)),
    (
        "fade",
        Pattern(
            r"FADE|BLENDE|SCHWARZ|FUNDIDO|FONDU|BLACK|ESCUREC|ЗАТЕМНЕН|ЗТМ|ŚCIEMN|KARARMA|淡|暗転|페이드", re.IGNORECASE
        ),
    ),
)
_SLUG: Final = Pattern(
    r"^(?:(?:INSERT|CLOSE ON|ANGLE ON|ON|POV|MONTAGE|SERIES OF SHOTS|FLASHBACK|DETAIL)\b[^a-z]*|"
    r"(?:BACK TO|RETURN TO|INTERCUT|LATER|MOMENTS LATER|CONTINUOUS|SAME|END OF|END)\b[^a-z]*)$"
)
"""A heading within a scene; those without a picture of their own end one."""
_UNSEEN: Final = Pattern(r"^(?:BACK|RETURN|INTERCUT|LATER|MOMENTS|CONTINUOUS|SAME|END)\b")
_PARENTHETICAL: Final = Pattern(r"^\s*[(（]([^()（）]{1,120})[)）]\s*$")
_WITHIN: Final = Pattern(r"\s*[(（][^()（）]{1,80}[)）]")
_CUE: Final = Pattern(r"^@?([^\W\d_][^:：!?()（）]{0,38}?)\s*((?:[(（][^()（）]{1,40}[)）]\s*)*)\^?$")
_INLINE_CUE: Final = Pattern(
    r"^([^\W\d_][\w.'’ ・-]{0,28}?)\s*(?:[(（]([^()（）]{1,60})[)）])?\s*(?:[:：]\s*(?=\S)|(?=「))(.+)$"
)
_TITLE_PAGE: Final = Pattern(
    r"^(title|credit|authors?|source|draft date|date|contact|copyright|notes|revision)\s*:\s*(.*)$", re.IGNORECASE
)
_COLON_QUOTE: Final = Pattern(rf"(\w\s*[:：])\s*((?:{QUOTED.pattern}))\s*\.?\s*$")
_SENTENCE: Final = Pattern(r"[.!?…—-][\s)*_\"”»]*$")
_TWO_SENTENCES: Final = Pattern(r"[^\W\d_]{4}\. ")
_ENDS_CUE: Final = Pattern(r",$|(?<!\s[^\W\d_])\.$")
"""The end of a line that is no name; an initial may end one: "HERR K."."""
_NO_NAME: Final = Pattern(
    r"(?:(?:SMASH|MATCH|JUMP|HARD) )?CUTS?(?: TO)?|FADES? .*|(?:CLOSE|ANGLE|BACK) (?:ON|TO)|ON|POV|INSERT|MONTAGE|LOGO|"
    r"PACK ?SHOT|SCHNITT.*|COUPE.*|CORTE.*",
    re.IGNORECASE,
)
"""What stands before a colon like a name, and is a picture or a transition."""
MAX_NAME_WORDS: Final = 4
MAX_NAME_CHARS: Final = 20
_REMOVED: Final = Pattern(r"/\*.*?\*/|\[\[.*?\]\]", re.DOTALL)


_UNREAD: Final = Pattern(r"={1,}|#{1,6}\s|(?:\d{1,3}\.?|\(?(?:MORE|CONTINUED|CONT['’]D)\)?:?)$")
"""Sections of Fountain, page numbers, and marks of page breaks."""


@dataclass
class _Reader:
    """Collects shots: a new one begins with a heading, with action after a speech, and with another speaker."""

    shots: list[Shot] = field(default_factory=list)
    place: str = ""
    action: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    lettering: list[str] = field(default_factory=list)
    join: Join = ""
    """The transition into the next shot."""
    inserts: bool = False
    """Whether an insert is described, whose quotations are read."""
    sounds: list[SoundCue] = field(default_factory=list)

    def transition(self, line: str) -> None:
        self.close()
        self.join = _join(line)

    def heading(self, text: str) -> None:
        self.close()
        text = re.sub(rf"^{_SCENE_NUMBER}(?=\S)", "", re.sub(r"\s*#[^#]*#\s*$", "", text))
        self.place = plain(_RIGHT_NUMBER.sub("", text).lstrip(".○◯〇")).strip()

    def slug(self, line: str) -> None:
        """Begin a shot at a line in capitals, such as INSERT."""
        self.close()
        self.inserts = line.startswith("INSERT")
        if not _UNSEEN.match(line):
            self.act(line.capitalize().replace(":", " –", 1))

    def act(self, text: str) -> None:
        if aside := heard_in(text):
            self.sounds.append(aside)
            return
        text = without_no_voice(text)
        if not text.strip():
            return
        parts = segments(text)
        if heard := [cue for part in parts if part.kind == "sound" for cue in cues_in(part)]:
            self.sounds += heard
            text = " ".join(part.value for part in parts if not part.kind) if not parts[0].kind else ""
            parts = segments(text)
        if not text.strip() or is_note(text):
            return
        if parts[0].kind == "picture":
            text = " ".join(part.value for part in parts if part.kind in ("", "picture"))
        if not self.place and is_prohibition(text):
            return
        is_text = all(s.kind == "lettering" for s in parts)
        if self.lines and (self.place or not is_text):
            self.close()
        parts = _shown_after_colon(parts)
        shown = [s for s in parts if s.kind in ("lettering", "endline")]
        for segment in shown:
            value = segment.value
            self.lettering += quotations(value) if QUOTED.match(value) else [without_quotes(value)]
            if segment.kind == "endline":
                self.lines.append(Line(spoken_text(value)))
        if self.inserts and QUOTED.sub("", text).strip(" .") == "":
            self.lettering += quotations(text)
        elif words := description_text(" ".join(map(_seen_of, parts)) if shown else text):
            self.action.append(words)

    def say(self, speaker: str, text: str, direction: str) -> None:
        said = spoken_text(_WITHIN.sub("", text))
        if not said:
            return
        if self.lines and self.lines[-1].speaker != speaker:
            self.close()
        if self.lines and self.lines[-1].direction == direction:
            said = f"{self.lines.pop().text} {said}"
        self.lines.append(Line(said, speaker, direction))

    def close(self) -> None:
        if self.action or self.lines or self.lettering:
            self.shots.append(
                Shot(
                    0,
                    join_descriptions(self.action),
                    lines=tuple(self.lines),
                    lettering=tuple(self.lettering),
                    place=self.place,
                    join=self.join,
                    sounds=tuple(self.sounds),
                )
            )
            self.join, self.sounds = "", []
        self.action, self.lines, self.lettering, self.inserts = [], [], [], False


def parse_screenplay(text: str) -> Structure | None:
    """The shots of a screenplay; None for a text without scene headings or without speeches."""
    lines = without_page_breaks([x.rstrip() for x in _REMOVED.sub("", text).replace("\t", "    ").splitlines()])
    headings = [k for k, line in enumerate(lines) if _HEADING.match(line.strip())]
    if not headings:
        return None
    title, start = _front(lines, headings[0])
    before = (line.strip() for line in lines[: headings[0]])
    return _read(lines[start:], title, next((_join(line) for line in before if _TRANSITION.match(line)), ""))


def parse_dialogue(text: str) -> Structure | None:
    """The shots of speeches without a scene, each line with its speaker in capitals; None for any other text."""
    lines = [line.rstrip() for line in text.splitlines()]
    cues = [found for line in lines if (found := _INLINE_CUE.match(line.strip()))]
    named = [found for found in cues if found.group(1).isupper() and not re.search(r"\d", found.group(1))]
    first = next((k for k, line in enumerate(lines) if line.strip()), 0)
    start = first + 1 if lines and is_film_head(lines[first]) else first
    return _read(lines[start:], "") if sum(map(_is_speaker, named)) > 1 else None


def _join(line: str) -> Join:
    """The kind of a line with a transition; a cut unless it names another."""
    return next((kind for kind, words in _JOINS if words.search(line)), "cut")


def _read(body: list[str], title: str, join: Join = "") -> Structure | None:
    """The shots of the lines of a screenplay; `join` is the transition into the first one."""
    reader = _Reader(join=join)
    one_paragraph = not _is_separated(body)
    k = 0
    while k < len(body):
        line = body[k].strip()
        k += 1
        if not line or _UNREAD.match(line) or _read_marked(reader, line):
            continue
        if line.startswith("~"):
            sung = [line, *takewhile(lambda each: each.startswith("~"), map(str.strip, body[k:]))]
            k += len(sung) - 1
            reader.say("", join_lines(each[1:].strip() for each in sung), "")
        elif _SLUG.match(line):
            reader.slug(line)
        elif cue := _cue(line, body, k, apart=1 if one_paragraph else 0) or _caseless_cue(line, body, k):
            k = _speech(reader, cue, body, k, one_paragraph=one_paragraph)
        elif (found := _INLINE_CUE.match(line)) and _is_speaker(found):
            direct = re.match(r"^[(（]([^()（）]{1,60})[)）]\s*", found.group(3))
            said = found.group(3)[direct.end() :] if direct else found.group(3)
            reader.say(found.group(1).strip(), said, found.group(2) or (direct.group(1) if direct else ""))
        else:
            reader.act(line)
    reader.close()
    shots = [s for s in reader.shots if s.description or s.lines or s.lettering]
    if len(shots) < 2:
        return None
    return Structure("screenplay", numbered(shots), title, fades_out=reader.join == "fade")


def _read_marked(reader: _Reader, line: str) -> bool:
    """Whether a line has the form of a heading, centred text, a transition or marked action, which is then read."""
    if _HEADING.match(line):
        reader.heading(line)
    elif centred := re.fullmatch(r">\s*(.+?)\s*<", line):
        reader.lettering.append(without_quotes(plain(centred.group(1))))
    elif _TRANSITION.match(line):
        reader.transition(line)
    elif line.startswith("!"):
        reader.act(line[1:])
    else:
        return False
    return True


def _front(lines: list[str], heading: int) -> tuple[str, int]:
    """The title, and the line at which the screenplay begins: after a title page, or at the first heading."""
    title, start = "", 0
    first = next((k for k, line in enumerate(lines) if line.strip()), 0)
    if found := _TITLE_PAGE.match(lines[first].strip()):
        end = next((k for k in range(first, heading) if not lines[k].strip()), heading)
        for k in range(first, end):
            found = _TITLE_PAGE.match(lines[k].strip())
            if found and found.group(1).lower() == "title":
                title = plain(found.group(2) or lines[k + 1].strip())
        start = end
    elif first < heading:
        title = title_in(lines[first])
        if not title and len(lines[first]) <= 60 and not re.search(r"[.!?:。！？：]$", lines[first].strip()):
            title = "" if _TRANSITION.match(lines[first].strip()) else plain(lines[first])
        start = first + 1 if title else first
    for k in range(start, heading):  # "by …" and the order to the studio are no action
        if lines[k].strip() and not _TRANSITION.match(lines[k].strip()):
            start = k + 1
    return title, start


def _is_separated(body: list[str]) -> bool:
    """Whether blank lines separate the elements, and the lines of a speech follow their speaker directly."""
    blank = sum(not line.strip() for line in body)
    followed = sum(bool(a.strip()) and bool(b.strip()) for a, b in pairwise(body))
    return blank > len(body) / 8 and followed > 0


def _cue(line: str, body: list[str], following: int, *, apart: int) -> tuple[str, str] | None:
    """The speaker and the extension of a line that names who speaks at most `apart` empty lines later."""
    found = _CUE.match(line)
    upcoming = next((each.strip() for each in body[following : following + 1 + apart] if each.strip()), "")
    if not found or not upcoming:
        return None
    name = found.group(1).strip()
    if not line.startswith("@") and (name != name.upper() or name == name.lower() or _ENDS_CUE.search(name)):
        return None
    if kind_of(name) not in (None, "voice") or len(name.split()) > MAX_NAME_WORDS:
        return None
    if _HEADING.match(upcoming) or _TRANSITION.match(upcoming):
        return None
    return name, found.group(2).strip()


def _shown_after_colon(parts: list[Segment]) -> list[Segment]:
    """The parts of an action, where a quotation after a colon is read: "На нём криво: «Скворцам»". Speeches of a
    screenplay have a form of their own."""
    found = []
    for part in parts:
        match = None if part.kind else _COLON_QUOTE.search(part.value)
        if match and not SAID.search(part.value[: match.end(1)]):
            found += [part._replace(value=part.value[: match.end(1)].rstrip(" :：")), Segment("lettering", match[2])]
        elif part.kind == "speaker":
            found.append(part._replace(kind="lettering"))
        else:
            found.append(part)
    return found


def _seen_of(part: Segment) -> str:
    """What a part of an action shows; of a text that a thing shows, the thing: "A neon sign buzzes"."""
    if part.kind == "lettering" and part.label and kind_of(part.label) is None:
        thing = re.sub(r"\s+(?:reads?|says?|reading|saying)$", "", part.label.strip())
        return f"{thing}."
    return "" if part.kind else part.value.lstrip(" .")


def _caseless_cue(line: str, body: list[str], following: int) -> tuple[str, str] | None:
    """The speaker in a script without capitals: a paragraph of its own begins with the name, and the speech follows."""
    begins = following < 2 or not body[following - 2].strip()
    upcoming = body[following].strip() if following < len(body) else ""
    found = _CUE.match(line)
    if not begins or not upcoming or not found or line.upper() != line.lower():
        return None
    name = found.group(1).strip()
    is_name = (
        len(name.split()) < MAX_NAME_WORDS and len(name) <= MAX_NAME_CHARS and not re.search(r"[\d.。।۔۔،,、]", name)
    )
    return (name, found.group(2).strip()) if is_name and kind_of(name) in (None, "voice") else None


def _speech(reader: _Reader, cue: tuple[str, str], body: list[str], k: int, *, one_paragraph: bool) -> int:
    """Read the speech of a speaker; returns the line after it."""
    speaker, direction = cue[0].title() if cue[0].isupper() else cue[0], _extension(cue[1])
    said: list[str] = []
    while k < len(body):
        line = body[k].strip()
        if not line:
            k += 1
            if said or k >= len(body) or not one_paragraph:
                break
            continue
        if found := _PARENTHETICAL.match(line):
            reader.say(speaker, join_lines(said), direction)
            direction, said = found.group(1), []
            k += 1
            continue
        ends = _HEADING.match(line) or _TRANSITION.match(line) or line.startswith("!")
        if ends or (one_paragraph and said) or (said and _cue(line, body, k + 1, apart=int(one_paragraph))):
            break
        said.append(line)
        k += 1
    reader.say(speaker, join_lines(said), direction)
    return k


def _extension(text: str) -> str:
    """The direction in the brackets after the name of a speaker; empty where they say where the speaker is."""
    parts = (part.strip() for part in re.findall(r"[(（]([^()（）]*)[)）]", text))
    return next((part for part in parts if part and not OFF_SCREEN.match(part) and not part[0].isdigit()), "")


def _is_speaker(found: re.Match[str]) -> bool:
    name = found.group(1).strip()
    quoted = found.group(3).lstrip()[:1] in ("「", "“", "„", "«", '"')
    if not (name.isupper() or quoted or _SENTENCE.search(found.group(3))) and found.group(3).isascii():
        return False
    known = None if name.isupper() and names_somebody(name) else kind_of(name)
    if _NO_NAME.fullmatch(name) or FRAMING.match(name) or _TWO_SENTENCES.search(name) or names_film(name):
        return False
    return known == "voice" or (
        known is None and len(name.split()) <= 3 and (name[:1] != name[:1].lower() or quoted or not name.isascii())
    )
