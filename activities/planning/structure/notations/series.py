"""The parts of a film under any names: "Still A – …", "TOP 1: …", "Opening: …", bullets; where lines are said in them,
they are shots.

A list whose parts have no lines of their own is left as it is: its items are what is said.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from activities.planning.structure import words
from activities.planning.structure.labels import FRAMING, kind_of, segments
from activities.planning.structure.orders.quotations import take
from activities.planning.structure.quoted import take_quotations
from activities.planning.structure.received.turns import Turn, turn_in
from activities.planning.structure.text import (
    LEAD,
    LENGTH,
    MARKS,
    QUOTED,
    RANGE,
    TEXT_LIKE,
    quoted_words,
    western_digits,
    western_times,
)
from activities.planning.structure.vocabulary import people, places
from activities.text.patterns import Pattern

_NUMBER: Final = (
    rf"(?P<number>\d{{1,2}}|[{words.HAN_DIGITS}]|(?<![^\W\d_])(?:[A-Z](?![^\W_])|(?i:{words.NUMBER_WORDS})(?![^\W_])))"
)
_LETTER: Final = rf"(?:[^\W\d_]|[{MARKS}])"
_LEAD: Final = rf"^(?P<lead>{LEAD})"
_AFTER: Final = (
    r"(?P<after>\s*(?:[(（\[][^()（）\[\]\n]{1,40}[)）\]])?\s*[*_]{0,2}\s*"
    r"(?:[:：.)、–—|／/·•→➜►-]|$|[ \t\u3000]+(?=\S))\s*[*_]{0,2})"
)
_NAMED: Final = Pattern(
    rf"{_LEAD}(?P<noun>[^\W\d_](?:{_LETTER}|['’-]){{0,17}}(?:[ -]{_LETTER}{{1,14}})?)\.?\s*(?:#|no\.?|nr\.?|"
    rf"n[º°])?\s*{_NUMBER}{_AFTER}"
)
_INLINE: Final = Pattern(
    rf"(?:(?<=^)|(?<=[\s.;:：。；]))(?P<noun>[^\W\d_]{_LETTER}{{0,17}})\s?(?P<number>\d{{1,2}})\s*(?=[:：–—(（])"
)
_PLACED: Final = Pattern(
    rf"{_LEAD}(?:{places.EVERY})(?P<after>\s*(?:[(（\[][^()（）\[\]\n]{{1,40}}[)）\]])?\s*[*_]{{0,2}}\s*[:：–—]\s*[*_]{{0,2}})(?=\S)",
    re.IGNORECASE,
)
_TIMED: Final = Pattern(
    rf"{_LEAD}(?![^:：()（）\n]*\d\s*[(（\[])[^\W\d_][^:：()（）\[\]\n]{{0,30}}(?P<after>\s*(?=[(（\[])(?:{RANGE.pattern}|"
    rf"{LENGTH.pattern})"
    r"\s*[*_]{0,2}\s*[:：–—]\s*[*_]{0,2}\s*)",
    re.IGNORECASE,
)
"""A part of any name with its time: "Living room (7s): …"."""
_BULLET: Final = Pattern(r"^(?P<lead>\s*)(?P<after>[-*+•‣▪◦●○・–—]\s+)(?=\S)")
_BARE_NUMBER: Final = Pattern(r"^(?P<lead>\s*)(?P<number>\d{1,2})(?P<after>[ \t\u3000]+)(?=[^\W\d_])")
_NUMBERED: Final = Pattern(r"^\s*\(?\d{1,2}[.)]\s+\S")
_BEGINS_WITH_NUMBER: Final = Pattern(r"^[\s>#*_•–—(（\[【■-]*\d")
_IN_BRACKETS: Final = Pattern(r"^(?P<lead>\s*)(?P<after>[\[【])(?=[^\[\]【】\n]{2,200}[\]】]\s*$)")
_BRACKET: Final = Pattern(r"[(（\[][^()（）\[\]\n]{1,40}[)）\]]")
_LABELLED: Final = Pattern(r"^(?P<lead>[\s*_•–—-]*+)(?P<after>[^:：\n]{1,40}[:：]\s*)(?=\S)")
_ON_SCREEN: Final = Pattern(rf"^[\s*_•–—-]*+(?:{words.SCREEN})\s*[:：]\s*(?P<value>\S.*)$", re.IGNORECASE)
_DESCRIBED_WORDS: Final = 3
_KNOWN: Final = Pattern(rf"(?:{words.SHOT_NOUNS}|{words.STEPS}|plan)", re.IGNORECASE)
_SHOT: Final = Pattern(rf"(?:{words.SHOT_NOUNS}|plan)", re.IGNORECASE)
_INTERVIEW: Final = Pattern(
    rf"^{LEAD}(?:{people.INTERVIEW})(?![^\W\d_])[\s*_]*[,:：–—|(-]?\s*(?P<name>[^\W\d_](?:{_LETTER}|"
    rf"[ '’.-]){{1,40}}?)\s*"
    r"(?:[,(（–—][^:：\n]{1,60})?[:：][\s*_]*(?P<said>\S.*)$",
    re.IGNORECASE,
)
_SENTENCE: Final = Pattern(r"[.!?…。！？؟।][)）]?\s*$")
LEAST: Final = 2
LEAST_UNKNOWN: Final = 3


def with_series(text: str) -> str:
    """The text with the heads of such parts as "Shot 1: …"; any other text as it is."""
    lines = _with_narration(_with_turns(_with_pictures(_divided(text.splitlines()))))
    heads = _heads(lines)
    if not heads:
        return "\n".join(lines)
    return "\n".join(_as_shots(lines, heads))


def _divided(lines: list[str]) -> list[str]:
    """The lines with a line for each part where one line has several: "Bild 1: … Bild 2: …"."""
    made = list[str]()
    for line in lines:
        found = list(_INLINE.finditer(line))
        numbers = [int(m["number"]) for m in found]
        same = len({m["noun"].casefold() for m in found}) == 1 and kind_of(found[0]["noun"]) in (None, "picture")
        if len(found) < LEAST or not same or numbers != list(range(1, len(found) + 1)):
            made.append(line)
            continue
        ends = [*(m.start() for m in found[1:]), len(line)]
        made += [line[: found[0].start()]] if line[: found[0].start()].strip() else []
        made += [line[m.start() : end].strip() for m, end in zip(found, ends, strict=True)]
    return made


def _with_pictures(lines: list[str]) -> list[str]:
    """The lines, where “on screen” is the label of what is seen in each part: its values are described, not quoted."""
    found = {k: match for k, line in enumerate(lines) if (match := _ON_SCREEN.match(line))}
    described = [match["value"] for match in found.values() if _is_described(match["value"])]
    if len(described) < LEAST or len(described) < len(found):
        return lines
    return [f"Visual: {found[k]['value']}" if k in found else line for k, line in enumerate(lines)]


def _is_described(value: str) -> bool:
    """Whether a text is written like a description, in small letters and several words, and not like one to read."""
    return value[:1].islower() and len(value.split()) >= _DESCRIBED_WORDS and not TEXT_LIKE.search(value)


def _with_narration(lines: list[str]) -> list[str]:
    """The lines, where nothing else is said and each picture has whole sentences below it: these are narrated."""
    pictures = [k for k, line in enumerate(lines) if _is_picture(line)]
    below = {k + 1 for k in pictures} & set(range(len(lines)))
    are_sentences = all(_SENTENCE.search(lines[k]) and not segments(lines[k])[0].kind for k in below)
    if len(pictures) < LEAST or len(below) < len(pictures) or not are_sentences or any(map(_is_said, lines)):
        return lines
    return [f"VO: {line.strip()}" if k in below else line for k, line in enumerate(lines)]


def _is_picture(line: str) -> bool:
    parts = segments(line)
    return len(parts) == 1 and parts[0].kind == "picture"


def _heads(lines: Sequence[str]) -> dict[int, re.Match[str]]:
    """The lines that begin a part, where the parts have lines that are said."""
    if sum(line.count("|") > 1 or "\t" in line for line in lines) >= LEAST:
        return {}
    timed = {k: found for k, line in enumerate(lines) if (found := _TIMED.match(western_times(western_digits(line))))}
    if len(timed) >= LEAST_UNKNOWN and not any(_NUMBERED.match(line) for line in lines):
        return timed
    named = _named(lines)
    placed = {k: m for k, line in enumerate(lines) if (m := _PLACED.match(line)) and not segments(line)[0].kind}
    bullets = {} if named else _bullets(lines)
    if len(placed) < LEAST_UNKNOWN and not (placed and named):
        placed = {}
    for heads in (
        named | placed if named else placed,
        {} if named or placed else _bare_numbers(lines),
        bullets,
        {} if named or placed else _pictures(lines),
    ):
        is_whole = heads is placed and len(heads) >= LEAST_UNKNOWN and any(map(_is_said, lines))
        if len(heads) >= LEAST and (is_whole or _are_shots(heads) or _is_performed(lines, sorted(heads))):
            return dict(sorted(heads.items()))
    return {}


def _bare_numbers(lines: Sequence[str]) -> dict[int, re.Match[str]]:
    """The lines that begin with 1, 2, 3 and a space, without a mark."""
    found = {k: match for k, line in enumerate(lines) if (match := _BARE_NUMBER.match(line))}
    numbers = [int(match["number"]) for match in found.values()]
    return found if len(found) >= LEAST_UNKNOWN and numbers == list(range(1, len(found) + 1)) else {}


def _bullets(lines: Sequence[str]) -> dict[int, re.Match[str]]:
    """The items of a list, but those that begin with a label: they belong to the item before."""
    if any(_NUMBERED.match(line) and _is_said(line) for line in lines):
        return {}
    found = {k: match for k, line in enumerate(lines) if (match := _BULLET.match(line))}
    return {k: match for k, match in found.items() if not segments(lines[k][match.end() :])[0].kind}


def _is_numbered(line: str) -> bool:
    match = _NAMED.match(line)
    return match is not None and _KNOWN.fullmatch(match["noun"]) is not None


def _pictures(lines: Sequence[str]) -> dict[int, re.Match[str]]:
    """The lines in brackets, or with the label of a picture, that stand above what is said over them."""
    found = dict[int, re.Match[str]]()
    if any(_BEGINS_WITH_NUMBER.match(line) or _is_numbered(line) for line in lines):
        return found
    for k, line in enumerate(lines):
        parts = segments(line)
        if (len(parts) == 1 and parts[0].kind == "picture" and (match := _LABELLED.match(line))) or (
            (match := _IN_BRACKETS.match(line)) and not segments(line[match.end() :])[0].kind
        ):
            found[k] = match
    followed = {k: m for k, m in found.items() if k + 1 < len(lines) and k + 1 not in found and lines[k + 1].strip()}
    said = next((k for k, line in enumerate(lines) if k not in found and (_is_said(line) or _is_turn(line))), 0)
    is_above = bool(followed) and min(followed) < said
    return followed if is_above and len(followed) >= LEAST else {}


def _named(lines: Sequence[str]) -> dict[int, re.Match[str]]:
    """The heads with one noun and its numbers from 1 on, or its letters from A on."""
    found: dict[str, list[tuple[int, re.Match[str]]]] = defaultdict(list)
    for k, line in enumerate(lines):
        if (match := _NAMED.match(line)) and kind_of(match["noun"]) in (None, "picture"):
            if (
                not match["after"].strip(" \t\u3000")
                and match.end() < len(line)
                and not _KNOWN.fullmatch(match["noun"])
            ):
                continue
            found[match["noun"].casefold()].append((k, match))
    for noun, heads in found.items():
        numbers = [_value(match["number"]) for _, match in heads]
        least = LEAST if _KNOWN.fullmatch(noun) else LEAST_UNKNOWN
        if len(heads) >= least and numbers == list(range(1, len(heads) + 1)):
            return dict(heads)
    return {}


def _value(number: str) -> int:
    is_letter = len(number) == 1 and number.isascii() and number.isalpha()
    return ord(number) - ord("A") + 1 if is_letter else words.count_of(number)


def _are_shots(heads: dict[int, re.Match[str]]) -> bool:
    """Whether the noun of the heads says that they are shots."""
    return all(_SHOT.fullmatch(match.groupdict().get("noun") or "") for match in heads.values())


def _is_performed(lines: Sequence[str], heads: Sequence[int]) -> bool:
    """Whether somebody says a line up to the head of the last part; after it, it may be the end of the film."""
    return any(map(_is_said, lines[heads[0] : heads[-1] + 1]))


def _is_turn(line: str, *, in_capitals: bool = False) -> bool:
    """Whether a line may be what somebody says after a name."""
    turn = turn_in(line)
    if turn and in_capitals and not turn.name.isupper():
        return False
    return turn is not None and kind_of(turn.name) is None and _SENTENCE.search(turn.said) is not None


def _is_said(line: str) -> bool:
    parts = segments(line)
    if any(part.kind in ("voice", "speaker") and part.value for part in parts) or _is_turn(line, in_capitals=True):
        return True
    if not QUOTED.search(line):
        return False
    return bool(take_quotations(line).lines) or any(quote.role == "said" for quote in take(line).quotations)


def _as_shots(lines: Sequence[str], heads: dict[int, re.Match[str]]) -> Iterator[str]:
    """The lines with their heads as shots; a line after bullets that is not set in is about the film."""
    are_bullets = all(match.re is _BULLET.compiled for match in heads.values())
    number = 0
    for k, line in enumerate(lines):
        if match := heads.get(k):
            number += 1
            time = _BRACKET.search(match["after"])
            rest = line[match.end() :].strip()
            rest = rest[:-1] if match.re is _IN_BRACKETS.compiled else rest
            yield f"Shot {number}{f' {time[0]}' if time else ''}: {rest}"
            continue
        if are_bullets and number and line.strip() and not line[:1].isspace() and not _belongs(line):
            yield ""
        yield line


def _belongs(line: str) -> bool:
    """Whether a line has what is said, read or heard in the part before it."""
    return any(part.kind for part in segments(line)) or QUOTED.match(line.strip()) is not None


def _of_people(line: str) -> str:
    """A line of an interview with its speaker alone: "SOT, Ann Lee, teacher: We wait."."""
    found = _INTERVIEW.match(line)
    if not found:
        return line
    said = found["said"].strip()
    return f"{found['name'].strip()}: {_quoted(said)}"


def _with_turns(lines: list[str]) -> list[str]:
    """The lines with quotation marks around what is said after a name that begins several lines: "Dee: Locked."."""
    lines = list(map(_of_people, lines))
    said: dict[str, list[str]] = defaultdict(list)
    for each in filter(None, map(turn_in, lines)):
        if _is_name(each.name):
            said[each.name.casefold()].append(each.said)
    cast = {name for name, each in said.items() if len(each) >= LEAST and all(map(_SENTENCE.search, each))}
    return [
        _quoted_turn(turn)
        if (turn := turn_in(line)) and (turn.name.casefold() in cast or _quotes_within(turn))
        else line
        for line in lines
    ]


def _quoted_turn(turn: Turn) -> str:
    name = turn.name.title() if turn.name.isupper() else turn.name
    return f"{turn.lead}{name}{f' ({turn.how})' if turn.how else ''}: {_quoted(turn.said)}"


def _quotes_within(turn: Turn) -> bool:
    """Whether somebody in capitals says more than the quotation with which it begins: "ANA: “Later”. On Fridays."."""
    first = QUOTED.match(turn.said)
    is_more = first is not None and _SENTENCE.search(turn.said[first.end() :]) is not None
    return is_more and turn.name.isupper() and kind_of(turn.name) is None and "“" not in turn.said[1:]


def _quoted(said: str) -> str:
    """What somebody says as one quotation, also where it quotes a name."""
    said = said.strip()
    return said if QUOTED.fullmatch(said) else f"“{QUOTED.sub(lambda m: f'‘{quoted_words(m)}’', said)}”"


def _is_name(name: str) -> bool:
    if FRAMING.match(name):
        return False
    return (
        not name.isupper() and kind_of(name) is None and not _KNOWN.fullmatch(name) and not _PLACED.match(f"{name}: x")
    )
