"""Lists of reasons, steps or facts: each item is said, and so is the text around the list."""

import re
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from activities.planning.structure import words as names
from activities.planning.structure.conjunctions import divided
from activities.planning.structure.deliverable.narrated import (
    as_pictures,
    asks_for,
    is_silent,
    narrated,
    narration_in,
)
from activities.planning.structure.labels import segments
from activities.planning.structure.model import Line, Shot, Structure, numbered
from activities.planning.structure.notations.bare_labels import text_of_number
from activities.planning.structure.notations.silence import asks_for_no_voice, mentions_no_voice
from activities.planning.structure.orders.remarks import (
    is_courtesy,
    is_prohibition,
    is_setting,
    names_film,
    without_settings,
)
from activities.planning.structure.orders.sentences import end_text, read, without_then
from activities.planning.structure.quoted import is_commission
from activities.planning.structure.shot_list import title_in
from activities.planning.structure.table import Table, find_tables, row_text
from activities.planning.structure.text import (
    MARKDOWN_LINK,
    QUOTED,
    URL,
    description_text,
    has_words,
    quoted_words,
    spoken_text,
    without_quotes,
)
from activities.planning.structure.vocabulary.sounds import is_music
from activities.text.delivery.reading import is_voice_direction
from activities.text.patterns import Pattern
from activities.text.speech import is_direction, is_wide, sentences

_STEP: Final = Pattern(
    rf"^[\s>#*_•+-]*(?:{names.STEPS})\s*(?:#|no\.?|nr\.?|第)?\s*(?:\d{{1,2}}|(?:{names.NUMBER_WORDS})\b|"
    rf"[{names.HAN_DIGITS}])\s*"
    r"[*_]{0,2}\s*(?:[.):：、–—→➜➡►▶-]|=>|$|(?<=\d)[\s\u3000]+(?=[぀-ヿ㐀-鿿가-힯]))[*_\s]*",
    re.IGNORECASE,
)
"""The begin of an item with its name: "Step 1:"."""
_ITEM: Final = Pattern(
    r"^\s*[*_]{0,3}(?:[-*+•‣▪◦–—]\s+|[・●○■▶✓✔→]\s*|\(?\d{1,2}[.)、．]\s*(?!\d)|\d{1,2}(?:-|/)\s+|[①-⑳]\s*|"
    r"[a-h]\)\s+)(?=\S)"
)
_INLINE: Final = Pattern(r"(?:^(?=1[^\n]*\s2[.)])|(?<=\s)|(?<=：)|(?<=:))(?:\((\d)\)|(\d)[.)]|([①-⑨]))\s*(?=\D)")
_SEVERAL: Final = "|".join(word for each in names.NUMBERS[1:] for word in each.split())
_COLON_LIST: Final = Pattern(
    rf"\b(\d{{1,2}}|{_SEVERAL})\s+[^\W\d]+[^:.!?\n]{{0,80}}:\s*([^:.!?\n]+)[.!?]?(?=\s|$)",
    re.IGNORECASE,
)
_UNSPOKEN: Final = Pattern(
    r"^\W*(?:requirements?|notes?|style|deliverables?|specs?|specifications?|format|do not|don'ts?|avoid|"
    r"mandator(?:y|ies)|tone|"
    r"look|must[\s-]haves?|technical|anforderungen|hinweise|stil|format|vorgaben|requisitos|notas|estilo|"
    r"formato|consignes|"
    r"contraintes|スタイル|要件|備考|条件|要求|风格|备注|متطلبات|ملاحظات|требования|стиль)\b[^.!?]{0,30}[:：]?\s*$",
    re.IGNORECASE,
)
_CREW: Final = Pattern(r"^(?:logo|pack[ -]?shot|end[ -]?(?:card|frame)|fade|cut)\b", re.IGNORECASE)
_ORDINALS: Final = tuple(
    Pattern(rf"^[\W_]*(?:(?:{adverbs})\b[,，、:]?|(?:{others})\s*[,，、:：])", re.IGNORECASE)
    for adverbs, others in (
        (
            r"firstly|first of all|erstens|premièrement|en primer lugar|in primo luogo|em primeiro lugar|во-первых|"
            r"ten eerste",
            r"first|number one|d['’]abord|primero|primo|primeiro|أولاً?|पहल[ाीे]|第一に?|まず|一つ目は?|首先|첫째로?",
        ),
        (
            r"secondly|zweitens|deuxièmement|en segundo lugar|in secondo luogo|em segundo lugar|во-вторых|ten tweede",
            r"second|number two|ensuite|segundo|secondo|ثانياً?|दूसर[ाीे]|第二に?|次に|二つ目は?|其次|둘째로?",
        ),
    )
)
"""The words with which the first and the second of some reasons begin."""
_LINK, _LABEL = "\ue000", "\ue001"
_OR: Final = r"or|and|oder|und|ou|et|o|u|y|e|of|en|lub|i|или|и"
_ABOUT_ITEMS: Final = Pattern(
    r"\b(?:each|every|one)\b[^.!?]{0,30}\b(?:beat|shot|scene|card|frame)s?\b|"
    r"\b(?:einblenden|anzeigen|zeigen|verwenden|weglassen|vermeiden)\W*$|"
    r"\bje(?:de[rs]?)?\b[^.!?]{0,30}\b(?:szene|bild|einstellung)|"
    r"\b(?:cada|chaque|ogni)\b[^.!?]{0,30}\b(?:plano|escena|toma|plan|scène|scena|inquadratura|cena)",
    re.IGNORECASE,
)
_ALSO_SAID: Final = Pattern(
    r"\b(?:said|spoken|read out|voice|narrator|vo|gesprochen|sprecher\w*|stimme|dite?|voix|dich[ao]|voz|detta|voce)\b",
    re.IGNORECASE,
)
_SECTION: Final = Pattern(
    r"^\W*(?:intro(?:duction|ducción|duzione|dução)?|einleitung|hook|opening|apertura|outro|conclusion|conclusión|"
    r"fazit|"
    r"wrap[- ]?up|введение|вступление|заключение|導入|まとめ|开头|結論|도입|마무리|مقدمة|خاتمة)\s*[:：]\s*(?=\S)",
    re.IGNORECASE,
)
"""The name of a part of the text, which is not said."""
_SCRIPT: Final = Pattern(
    r"\b(?:scripts?|skript|drehbuch|guion|guión|roteiro|scénario|sceneggiatura|copione|сценарий)\b|脚本|台本|文案|대본|시나리오",
    re.IGNORECASE,
)
_FILM_FIRST: Final = Pattern(r"^\W*[^\W_]+(?: [^\W_]+){0,2}\s*[:：]\s*(?=\S)")
HEADING_WORDS: Final = 9
ABOUT_WORDS: Final = 10
CLAUSE_WORDS: Final = 3
"""A counted part of a sentence with fewer words is no line of its own: "three breads: rye, wheat and spelt"."""
LEAD_WORDS: Final = 3
MIN_WORDS: Final = 4
"""A sentence that loses its link is said only where this many words remain."""


def _is_about_items(sentence: str) -> bool:
    """Whether a sentence only says how the items are shown: "Three reasons, each a separate beat."."""
    return len(sentence.split()) <= ABOUT_WORDS and _ABOUT_ITEMS.search(sentence) is not None


_UNSAID: Final = (
    is_music,
    asks_for_no_voice,
    is_direction,
    is_commission,
    is_setting,
    is_prohibition,
    is_voice_direction,
    _is_about_items,
)
"""What sentences around a list are not said."""


def parse_list(text: str) -> Structure | None:
    """The beats of a text with a list or a table of facts, all in order; None where there is neither."""
    lines = text.splitlines()
    tables = {table.first: table for table in find_tables(lines)}
    reader, k = _ListReader(may_be_seen=not names.ANNOUNCED_STEPS.search(text)), 0
    while k < len(lines):
        if table := tables.get(k):
            reader.read_table(table)
            k = table.last
            continue
        k += 1
        reader.read(lines[k - 1], lines[k] if k < len(lines) else None)
    if reader.items < 2:
        return _parse_inline(text)
    beats = reader.beats
    if reader.may_be_seen and (reader.narrations or reader.is_quiet):
        beats = narrated(beats, reader.places, reader.narrations)
    beats = [b for b in beats if b.description or b.lines or b.lettering]
    return Structure("list", numbered(beats), reader.title)


@dataclass
class _ListReader:
    """Reads the lines of a text with a list.

    Attributes:
        places: The index of the beat of each item.
        silent: Whether the section is about the film, and nothing of it is said.
        in_item: Whether the line before belongs to an item.
        may_be_seen: Whether the items may be pictures; reasons and steps are said.
        narrations: What a narrator says, each with the index of the beat directly above it, or -1.
        is_quiet: Whether the text says that nothing is said.
    """

    beats: list[Shot] = field(default_factory=list)
    title: str = ""
    items: int = 0
    places: list[int] = field(default_factory=list)
    silent: bool = False
    in_item: bool = False
    may_be_seen: bool = True
    narrations: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    is_quiet: bool = False

    def read_table(self, table: Table) -> None:
        self.beats += [_beat(row_text(table, row)) for row in table.rows if has_words(" ".join(row))]
        self.items, self.in_item = self.items + len(table.rows), False

    def read(self, line: str, following: str | None) -> None:
        """Read a line; None follows the last one."""
        if not line.strip():
            self.silent = self.silent and following is not None and bool(_ITEM.match(following))
            self.in_item = False
        elif not _STEP.match(line) and (found := title_in(line)):
            self.title, self.silent = self.title or found, bool(_UNSPOKEN.match(found))
        elif _UNSPOKEN.match(line):
            self.silent = True
        else:
            self._read_beat(line, _STEP.match(line) or _ITEM.match(line))

    def _read_beat(self, line: str, mark: re.Match[str] | None) -> None:
        is_numbered = bool(mark and any(c.isdigit() for c in mark.group(0)))
        if self.silent or (not is_numbered and any(s.kind in ("note", "sound", "length") for s in segments(line))):
            self.is_quiet = self.is_quiet or mentions_no_voice(line)
            return
        if mark:
            self._read_item(line[mark.end() :])
        elif (placed := text_of_number(line)) and 0 < placed[0] <= len(self.places):
            self._show(self.places[placed[0] - 1], without_quotes(placed[1]))
        elif self.in_item and line[:1].isspace() and self.beats:
            self.beats[-1] = _item(f"{self.beats[-1].description} {line.strip()}")
        elif self.in_item and self.beats and (shown := _lettering_of(line)):
            self._show(-1, *shown)
        else:
            self._read_around(line)

    def _read_item(self, text: str) -> None:
        self.items += 1
        self.places.append(len(self.beats))
        if text.strip():
            self.beats.append(_item(text))
        self.in_item = True

    def _read_around(self, line: str) -> None:
        """Read a line that is no part of an item; the first ones may introduce the list."""
        names_silence = not self.items and names_film(line) and mentions_no_voice(line)
        self.is_quiet = self.is_quiet or is_silent(line) or names_silence
        if self.may_be_seen and (said := narration_in(line)):
            self.narrations.append((len(self.beats) - 1 if self.in_item else -1, said))
            return
        if self.items:
            self.beats += _around(line)
        elif _leads(line):
            return
        elif heading := _heading(line):
            self.title = self.title or heading.title
            self.beats += [_beat(said) for said in heading.said]
        else:
            self.beats += _around(_FILM_FIRST.sub(_without_film, line))

    def _show(self, index: int, *texts: str) -> None:
        self.beats[index] = replace(self.beats[index], lettering=(*self.beats[index].lettering, *texts))


def _beat(text: str, lettering: tuple[str, ...] = ()) -> Shot:
    said = spoken_text(text)
    return Shot(0, description_text(text), lines=(Line(said),) if said else (), lettering=lettering)


def _item(text: str) -> Shot:
    """An item of a list: said whole; a direction to the crew is only shown, an end line is also read."""
    parts = segments(text)
    labelled = [s for s in parts if s.kind in ("voice", "lettering", "endline")]
    if labelled:
        said = tuple(Line(spoken_text(s.value)) for s in labelled if s.kind != "lettering")
        shown = tuple(without_quotes(s.value) for s in labelled if s.kind != "voice")
        return Shot(0, description_text(" ".join(s.value for s in parts if not s.kind)), lines=said, lettering=shown)
    if is_direction(text):
        return Shot(0, description_text(text))
    return _beat(" ".join(_without_links(text, keep=True)))


class _Heading(NamedTuple):
    """The title that a heading gives the film, and what of it is said."""

    title: str
    said: tuple[str, ...]


def _leads(line: str) -> bool:
    """Whether a line only leads to the list: a few words with a colon, "The order:"."""
    is_lead = line.rstrip(" *_").endswith((":", "：")) and not names.ANNOUNCED_STEPS.search(line)
    return is_lead and (len(re.findall(r"\w+", line)) < LEAD_WORDS or asks_for(line.split(". ")[-1]))


def _without_film(head: re.Match[str]) -> str:
    return "" if names_film(head[0]) else head[0]


def _heading(line: str) -> _Heading | None:
    """The quoted title in a line that else only names the film: "Explainer “How to air a room”, four steps"; it is said
    where it announces the items. None for any other line."""
    quotes = list(QUOTED.finditer(line))
    rest = QUOTED.sub(" ", line)
    if len(quotes) != 1 or len(rest.split()) > HEADING_WORDS or re.search(r"[.!?]\s+\S", rest):
        return None
    if not (names_film(rest) or _SCRIPT.search(rest) or not has_words(re.sub(r"\d+\s*\S+", "", rest))):
        return None
    title = quoted_words(quotes[0])
    return _Heading(title, (title,) if names.ANNOUNCED_STEPS.search(title) else ())


def _lettering_of(line: str) -> tuple[str, ...]:
    """The text on the screen of a line that has nothing else; it belongs to the item before it."""
    parts = [] if end_text(line.strip()) else segments(line)
    return tuple(without_quotes(s.value) for s in parts) if all(s.kind == "lettering" for s in parts) else ()


def _around(text: str) -> list[Shot]:
    """The beats of a line before or after a list: its sentences, without orders to the crew and without links."""
    found = []
    if end := end_text(text.strip()):
        last = end.rsplit("\n")[-1]
        after = segments(text[text.find(last) + len(last) :])
        others = tuple(without_quotes(s.value) for s in after if s.kind == "lettering")
        said = (Line(spoken_text(end)),) if _ALSO_SAID.search(text.replace(last, "")) else ()
        return [Shot(0, "", lines=said, lettering=(*end.split("\n"), *others))]
    parts = segments(text)
    if len(parts) > 1 and parts[0].value.rstrip().endswith((":", "：")) and len(parts[0].value.split()) <= LEAD_WORDS:
        parts = parts[1:]  # "Závěr: text „…“"
    orders = any(is_commission(s) for s in sentences(text))
    for segment in parts:
        if segment.kind in ("endline", "lettering"):
            shown = (without_quotes(segment.value),)
            said = (Line(spoken_text(segment.value)),) if segment.kind == "endline" else ()
            found.append(Shot(0, "", lines=said, lettering=shown))
        elif segment.kind == "speaker":
            found.append(Shot(0, "", lines=(Line(spoken_text(segment.value), segment.speaker),)))
        elif segment.kind in ("", "voice"):
            for sentence in _without_links(_SECTION.sub("", without_then(segment.value))):
                ordered = read(sentence) if QUOTED.search(sentence) else None
                if ordered and ordered.purpose in ("end", "seen") and not ordered.lines:
                    found.append(Shot(0, "", lettering=ordered.lettering or (ordered.text,)))
                elif _CREW.match(sentence):
                    found.append(Shot(0, description_text(sentence)))
                elif not any(test(sentence) for test in _UNSAID) and not (orders and is_courtesy(sentence)):
                    found.append(_beat(sentence))
    return found


def _without_links(text: str, *, keep: bool = False) -> list[str]:
    """The sentences of a text; one that is only a link, or little more, is left out unless `keep` is set."""
    marked = MARKDOWN_LINK.sub(lambda m: f"{_LABEL}{m.group(1)}{_LABEL}{_LINK}", text)
    marked = URL.sub(_LINK, marked)
    kept = []
    for sentence in sentences(marked):
        if not keep and not has_words(re.sub(f"{_LABEL}[^{_LABEL}]*{_LABEL}", "", sentence)):
            continue  # nothing but the label of a link
        sentence = sentence.replace(_LABEL, "")
        sentence = re.sub(rf"({_LINK}),?\s+(?:{_OR})\s+", r"\1 ", sentence)
        words = re.sub(
            rf"[\s:–—-]{{0,8}}(?:\b(?:at|on|via|under|from|here|see|bei|auf|unter|sur|en|su|a|à)\b[\s:]*)?{_LINK}",
            "",
            sentence,
        )
        letters = sum(map(is_wide, words)) // 2 + len(words.split())
        if has_words(words) and (keep or _LINK not in sentence or letters >= MIN_WORDS):
            kept.append(words.strip())
    return kept


def _parse_inline(text: str) -> Structure | None:
    """The beats of "Three reasons: (1) …, (2) …", and of "Three reasons: a, b and c" with as many parts as counted."""
    marks = list(_INLINE.finditer(text))
    numbers = [ord(m.group(3)) - ord("①") + 1 if m.group(3) else int(m.group(1) or m.group(2)) for m in marks]
    if len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1)):
        ends = [*(m.start() for m in marks[1:]), len(text)]
        parts = [text[m.end() : end] for m, end in zip(marks, ends, strict=True)]
        last, *tail = re.split(r"(?<=[.!?。！？])\s+", parts[-1].strip(), maxsplit=1)
        return _inline(text[: marks[0].start()], [*parts[:-1], last], " ".join(tail))
    if found := _COLON_LIST.search(text):
        count = names.count_of(found.group(1))
        parts = divided(found.group(2), count)
        begins = not text[: found.start()].strip() or text[: found.start()].rstrip()[-1:] in ".!?:。"
        if len(parts) == count > 1 and (begins or all(len(part.split()) >= CLAUSE_WORDS for part in parts)):
            return _inline(text[: found.start(2)], parts, text[found.end() :])
    return None


def _inline(intro: str, parts: list[str], tail: str) -> Structure | None:
    heads = [_beat(without_settings(s)) for s in _without_links(intro) if not is_commission(s)]
    items = [_item(re.sub(r"[\s,;]*(?:\b(?:and|und|y|et|e)\b)?[\s,;]*$", "", part.strip())) for part in parts]
    items = [b if not b.lines else _beat(b.lines[0].text[:1].upper() + b.lines[0].text[1:]) for b in items]
    after = [s for each in tail.splitlines() if each.strip() for s in _around(each)]
    shots = [b for b in [*heads, *items, *after] if b.description or b.lines or b.lettering]
    said = tuple(s for line in tail.splitlines() for s in narration_in(line))
    if said or is_silent(tail):
        shots = as_pictures(shots, said)
    return Structure("list", numbered(shots)) if len(items) > 1 else None


def parse_ordinals(text: str) -> Structure | None:
    """The beats of prose that counts in words: "Three reasons. First, … Second, …"."""
    lines = [line for line in text.splitlines() if line.strip()]
    labelled = [any(part.kind for part in segments(line)) for line in lines]
    said = [s for line, is_label in zip(lines, labelled, strict=True) if not is_label for s in _without_links(line)]
    places = [next((k for k, each in enumerate(said) if word.match(each)), None) for word in _ORDINALS]
    if None in places or places != sorted(places, key=lambda k: k or 0):
        return None
    beats: list[Shot] = []
    for line, is_label in zip(lines, labelled, strict=True):
        beats += _around(line) if is_label else [_beat(s) for s in _without_links(line) if not is_commission(s)]
    return Structure("list", numbered(beats))
