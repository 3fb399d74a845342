"""The length of the film that a brief gives in its prose: "half a minute", "1,5 Minuten", "30秒の動画". Seconds."""

import re
from functools import lru_cache
from typing import Final

from activities.planning.structure.orders import words
from activities.planning.structure.orders.lengths import named_lengths
from activities.planning.structure.orders.remarks import is_remark, is_setting, names_film, names_length
from activities.planning.structure.orders.requests import with_film_order
from activities.planning.structure.orders.sentences import ORDER_SENTENCES, is_order
from activities.planning.structure.orders.shot_lengths import each_shot, without_each_shot
from activities.planning.structure.quoted import asks_for_film, is_commission, sentences_with_quotes
from activities.planning.structure.text import QUOTED, RANGE, western_digits
from activities.planning.structure.words import SHOT_NOUNS, STEPS
from activities.text.patterns import Pattern

HEADLINE_WORDS: Final = 9
HEAD_WORDS: Final = 12
_HEAD_ENDS: Final = Pattern(r"[.!?。！？।:：;,][\s*_]*$")
_LABEL: Final = Pattern(
    rf"^\W*(?:\w+ )?(?:total |max\.? )?(?:{words.LENGTHS}|time|trt|timing|laufzeit|délai|"
    rf"tempo)(?:\s*[(（][^()（）]*[)）])?\s*[:：=–-]\s*(.+)$",
    re.IGNORECASE,
)
_PART: Final = Pattern(
    rf"(?<![^\W\d_])(?:{SHOT_NOUNS}|{STEPS}|logo|intro|outro|title)(?![^\W\d_])\W{{0,2}}\d|^\W*\d{{1,2}}[.)]\s",
    re.IGNORECASE,
)
"""The head of a shot, whose length is not that of the film."""


def asked_seconds(text: str) -> float | None:
    """The length of the film that a brief gives, the first of several; None where it gives none."""
    return next(iter(asked_lengths(text)), None)


@lru_cache(maxsize=8)
def asked_lengths(text: str) -> tuple[float, ...]:
    """The different lengths of the film that the sentences of an order, or labels such as "Length:", give; those of
    labels are first."""
    each, plain = each_shot(text), QUOTED.sub(" ", western_digits(without_each_shot(with_film_order(text))))
    found, labelled = list[float](), list[float]()
    first = [s for line in plain.splitlines() for s in sentences_with_quotes(line)][:ORDER_SENTENCES]
    for line in plain.splitlines():
        if _PART.search(line) or RANGE.match(line.strip(" *_#>•-")):
            continue
        for sentence in sentences_with_quotes(line):
            if (label := _LABEL.match(sentence)) and (given := named_lengths(label[1], clock=True)):
                labelled += given[:1]
                continue
            asks = is_order(sentence) or asks_for_film(sentence) or (sentence in first and names_length(sentence))
            if asks or is_setting(sentence) or is_remark(sentence) or _is_headline(sentence):
                found += named_lengths(sentence)[:1]
    if not (found or labelled) and each and each.shots:
        return (each.seconds * each.shots,)
    return tuple(dict.fromkeys([*labelled, *found]))


def _is_headline(sentence: str) -> bool:
    """Whether a line names the film and its length without a sentence: "**Ролик для приюта, 28 секунд**"."""
    return (
        is_commission(sentence) and len(sentence.split()) <= HEADLINE_WORDS and not re.search(r"[.!?。]\W*$", sentence)
    )


def is_film_head(line: str) -> bool:
    """Whether a line above the film only names it, its kind or its length: "TRAILER – “Isvägen” – 36 seconds"."""
    rest = QUOTED.sub(" ", line)
    if len(rest.split()) > HEAD_WORDS or _HEAD_ENDS.search(line):
        return False
    return names_film(rest) or bool(named_lengths(rest))
