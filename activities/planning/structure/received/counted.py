"""Shots that a sentence counts: "Three shots: the garden; the leaves; the cup." and "Scene one: … Scene two: …".

They become heads of shots with their numbers.
"""

import re
from typing import Final

from activities.planning.structure import words as names
from activities.planning.structure.conjunctions import divided
from activities.planning.structure.labels import segments
from activities.planning.structure.orders.remarks import is_remark, is_setting
from activities.planning.structure.orders.sentences import is_order
from activities.planning.structure.quoted import sentences_with_quotes
from activities.planning.structure.text import LENGTH, QUOTED
from activities.planning.structure.vocabulary.shot_lengths import SHOTS, WIDE_SHOTS
from activities.text.patterns import LETTER, Pattern

_COUNTED: Final = Pattern(
    rf"(?<!{LETTER})(?<![\d.,:])(?P<count>\d{{1,2}}|{names.NUMBER_WORDS}|[{names.HAN_DIGITS}])\s?(?:个|個|つの|개의)?\s*"
    rf"(?:[^\W\d_]{{3,12}}\s+)?(?:(?:{SHOTS})(?!{LETTER})|{WIDE_SHOTS})(?P<more>[^:：.!?。！？\n“”\"]{{0,60}})\s*[:：]\s*"
    r"(?P<list>[^.!?。！？\n]{8,600})(?:[.!?。！？]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED: Final = Pattern(
    rf"(?<![^\W\d_])(?P<noun>{names.SHOT_NOUNS})\s+(?P<number>{names.NUMBER_WORDS})(?=\s*[:–—])", re.IGNORECASE
)
_BARE: Final = Pattern(
    rf"(?:^|(?<=[.!?;:,]\s))(?:{names.SHOT_NOUNS}|cut|clip)\s+(?P<number>\d{{1,2}})\s+(?=[^\W\d_])",
    re.IGNORECASE | re.MULTILINE,
)
"""The head of a shot without a mark after its number: "cut 1 dark room. cut 2 a hand"."""
_INLINE: Final = Pattern(
    rf"(?:^|(?<=[.!?;:。！？；：\"”»」])[ \t]*)(?P<noun>{names.SHOT_NOUNS}|clip)\s?#?(?P<number>\d{{1,2}}|"
    rf"[{names.HAN_DIGITS}])"
    r"(?=\s*(?:[(（\[][^()（）\[\]\n]{1,40}[)）\]]\s*)?[:：.–—-])",
    re.IGNORECASE | re.MULTILINE,
)
"""The head of a shot within a paragraph: "… shoes. Shot 2 (5s): she runs"."""
LEAST_NAMED: Final = 2


def with_counted_shots(text: str) -> str:
    """The text with a line for each of such shots."""
    if len(_NAMED.findall(text)) >= LEAST_NAMED:
        text = _NAMED.sub(lambda m: f"{m['noun']} {names.count_of(m['number'])}", text)
    heads = [*_INLINE.finditer(text)]
    is_inline = any(text[: head.start("noun")].rstrip(" \t")[-1:] not in ("", "\n") for head in heads)
    if is_inline and [names.count_of(head["number"]) for head in heads] == [*range(1, len(heads) + 1)]:
        text = "\n".join(map(_without_remarks, _INLINE.sub(_on_its_line, text).lstrip("\n").splitlines()))
    numbers = [int(match["number"]) for match in _BARE.finditer(text)]
    if len(numbers) >= LEAST_NAMED and numbers == [*range(1, len(numbers) + 1)]:
        text = _BARE.sub(lambda m: f"\nShot {m['number']}: ", text)
    return _COUNTED.sub(_listed, text)


def _listed(match: re.Match[str]) -> str:
    """A line for each item, where there are as many as the sentence says."""
    items, count = match["list"].strip(), names.count_of(match["count"])
    parts = divided(items, count)
    if count < LEAST_NAMED or len(parts) != count or QUOTED.search(items):
        return match[0]
    more = f"{match['more'].strip(' ,;–—(')}.\n" if re.search(r"\w", match["more"]) else ""
    return f"\n{more}" + "".join(f"Shot {k}: {part[:1].upper()}{part[1:]}.\n" for k, part in enumerate(parts, start=1))


def _on_its_line(head: re.Match[str]) -> str:
    return f"\n{head['noun']} {names.count_of(head['number'])}"


def _without_remarks(line: str) -> str:
    """A shot with the sentences at its end that are about the film in lines below an empty one."""
    said, after = sentences_with_quotes(line), list[str]()
    while len(said) > 1 and _is_about_film(said[-1]):
        after.insert(0, said.pop())
    return "\n".join((" ".join(said), "", *after)) if after else line


def _is_about_film(sentence: str) -> bool:
    if segments(sentence)[0].kind or LENGTH.fullmatch(sentence.rstrip(" .")):
        return False
    return is_setting(sentence) or is_remark(sentence) or is_order(sentence)
