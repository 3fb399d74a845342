"""A film that is ordered by its purpose: "Explain how our warehouse works: goods arrive, robots sort them, …"."""

import re
from typing import Final

from activities.planning.structure.conjunctions import divided
from activities.planning.structure.notations.silence import mentions_no_voice
from activities.planning.structure.orders import request_words as words
from activities.planning.structure.orders import words as orders
from activities.planning.structure.orders.lengths import named_lengths
from activities.planning.structure.orders.remarks import is_remark, names_film, without_settings
from activities.planning.structure.orders.sentences import ORDER_FIRST, is_order
from activities.planning.structure.quoted import is_commission, sentences_with_quotes
from activities.planning.structure.text import LENGTH, QUOTED, description_text, has_words
from activities.text.patterns import Pattern, as_word
from activities.text.speech import closed, is_wide

_END: Final = r"(?![^\W\d_])"
_FIRST: Final = Pattern(rf"^\W*{words.LEAD}(?:{words.FIRST}){_END}[\s:]*", re.IGNORECASE)
_GREETED: Final = Pattern(
    rf"^\W*{words.LEAD}(?:{words.GREETED})\s+(?=(?:\w+\s+for\s+)?(?:{words.OUR}){_END})",
    re.IGNORECASE,
)
_TO_YOU: Final = Pattern(as_word(words.TO_YOU), re.IGNORECASE)
_YOURSELF: Final = Pattern(r"(?:your(?:self|selves)|dich|euch|te|vous)\b", re.IGNORECASE)
_TO_EVENT: Final = Pattern(
    r"^[^,.:]{1,40}?\s(?:to|à|a|al|alla|til|na|на)\s(?=(?:the|our|an?|la|le|l['’]|notre|el|il|nostra|vår|наш\w*)\b)"
)
"""Before the event to which people are invited."""
_FIRST_WIDE: Final = Pattern(r"^\W*(?:请|請|帮我|幫我|帮忙|我们?想|我們?想|想)?" + words.FIRST_WIDE)
_AROUND: Final = Pattern(rf"^\W*{words.LEAD}(?:{words.AROUND})\W*$", re.IGNORECASE)
_FILM: Final = Pattern(
    rf"^\W*{words.LEAD}(?:[^\W\d_]{{1,5}}\s+)?(?:[\w-]+\s+){{0,4}}?(?:{orders.MEDIUM})\s+(?:{words.FILM_THAT}){_END}",
    re.IGNORECASE,
)
_LAST: Final = Pattern(rf"\s*(?:{words.LAST})[\s.!。！]*$", re.IGNORECASE)
_LEADS: Final = Pattern(rf"^\W*(?:(?!\W){words.LEAD})", re.IGNORECASE)
_THAT: Final = Pattern(rf"^{words.THAT}\s*(?P<said>\S.+)$", re.IGNORECASE)
_TO: Final = Pattern(rf"^{words.TO_WHOM}", re.IGNORECASE)
_DATIVE: Final = Pattern(rf"^{words.DATIVE}")
_AUDIENCE: Final = Pattern(words.AUDIENCE, re.IGNORECASE)
_IN_LENGTH: Final = Pattern(
    rf"[\s,]*(?:(?:in|within|under|en|dans|em|i|na|за|w|di)\s+)?(?:(?:about|around|only|just|nur|etwa|unos|circa)\s+)?"
    rf"(?:{LENGTH.pattern}|(?<=in )(?:one|an?|half a|two|under an?|about an?) minutes?)",
    re.IGNORECASE,
)
_IN_FILM: Final = Pattern(
    rf"\s+(?:with|in|through|using|mit|per|dans|avec|en|con|com|em|met|i|med|w|в)\s+(?:[\w-]+\s+){{1,4}}"
    rf"(?:{orders.MEDIUM}){_END}",
    re.IGNORECASE,
)
MOST_HEAD_WORDS: Final = 12
LEAST_ITEMS: Final = 3
LEAST_ITEM_WORDS: Final = 2
MOST_ITEM_WORDS: Final = 14
WIDE_ITEM_CHARS: Final = 4


def with_film_order(text: str) -> str:
    """The text with an order of a film where its first sentence says what the film is to do.

    "Explain how bees live: they fly, they dance, they rest." is "Make a film about how bees live." and three sentences.
    What people are to be told is a sentence alone: "Announce that we move in May." is "We move in May.".
    """
    lines = text.split("\n")
    first = next((k for k, line in enumerate(lines) if has_words(line)), None)
    if first is None:
        return text
    sentence, *others = sentences_with_quotes(lines[first]) or [""]
    goes_on = others or any(map(has_words, lines[first + 1 :]))
    if QUOTED.search(sentence) or not (found := (goes_on and _headline(sentence)) or _read(sentence)):
        return text
    return "\n".join([*lines[:first], " ".join([found, *others]), *lines[first + 1 :]])


def _read(sentence: str) -> str:
    """The sentence as an order and what follows it; empty where it is none of this kind."""
    head, mark, rest = _parted(sentence)
    about = _about(head.rstrip(" .!。！।"))
    if not about:
        orders = is_order(head) or _names_only_film(head) or _orders_length(head)
        if not (mark and orders) or len(_items(rest)) < LEAST_ITEMS:
            return ""
        return f"{closed(head) if is_order(head) else _order_of(head)} {_sentences(rest)}"
    if (clause := _THAT.match(about)) and not mark:
        return closed(_capital(clause["said"]))
    length = next(iter(named_lengths(head)), None)
    film = f"{length:g} second film" if length else "film"
    topic = _topic(about)
    if not has_words(topic):
        return ""
    order = f"Make a {film} about {topic}"
    if not mark:
        return f"{order}."
    return f"{order}. {_sentences(rest)}" if rest else f"{order}:"


def _headline(sentence: str) -> str:
    """A sentence that only names a subject, and the length or the form of its film, as an order: "Our school, 15 s"."""
    subject = without_settings(sentence.rstrip(" .。"))
    is_short = 0 < len(subject.split()) <= MOST_HEAD_WORDS and not re.search(r"[:：,，、]", subject)
    if not is_short or len(subject) >= len(sentence.rstrip(" .。")) or is_commission(sentence) or is_remark(sentence):
        return ""
    return closed(f"Make a film about {subject}{sentence[len(subject) :]}")


def _names_only_film(head: str) -> bool:
    """Whether the words in front of a colon are a film and what it is about: "Welcome video for our guests"."""
    return names_film(head) and len(head.split()) <= MOST_HEAD_WORDS


def _orders_length(head: str) -> bool:
    """Whether the words order something of a length: "We need something for our homepage, about 15 seconds"."""
    return bool(ORDER_FIRST.search(head) and named_lengths(head))


def _order_of(head: str) -> str:
    """The words as an order of a film."""
    if names_film(head):
        return closed(f"Make {head[:1].lower()}{head[1:]}")
    silence = " No voice." if mentions_no_voice(head) else ""
    return f"Make a {next(iter(named_lengths(head))):g} second film.{silence}"


def _topic(about: str) -> str:
    """What the film is about, without who is told, and in which film."""
    rest = _IN_LENGTH.sub(" ", _IN_FILM.sub("", about))
    return _AUDIENCE.sub("", _DATIVE.sub("", _TO.sub("", rest))).strip(" ,;:")


def _parted(sentence: str) -> tuple[str, str, str]:
    """What is in front of a colon, the colon, and what follows it."""
    found = re.search(r"[:：](?=\s|$)|：", sentence)
    return (sentence[: found.start()], found[0], sentence[found.end() :].strip()) if found else (sentence, "", "")


def _about(head: str) -> str:
    """What the film is about, which a sentence orders by its purpose; empty where it does not."""
    for pattern in (_FIRST, _FIRST_WIDE, _FILM):
        if found := pattern.match(head):
            about = head[found.end() :].strip()
            return "" if _YOURSELF.match(about) else about
    if _TO_YOU.search(head):
        return ""
    if found := _GREETED.match(head):
        return _TO_EVENT.sub("", head[found.end() :].strip())
    if found := _AROUND.match(head):
        return next(filter(None, found.groups()), "")
    found = _LAST.search(head)
    if not found:
        return ""
    begin = _LEADS.match(head)
    led = begin.end() if begin else 0
    return head[led : found.start()].strip() if led or not found["after"] else ""


def _items(text: str) -> list[str]:
    """The parts of an enumeration, of which a third may be as short as "wait"; only one where it is none."""
    parts = divided(text)
    is_one = any(map(_is_long, parts)) or sum(map(_is_short, parts)) * 3 > len(parts)
    return [text] if is_one else parts


def _is_long(part: str) -> bool:
    return len(part.split()) > MOST_ITEM_WORDS


def _is_short(part: str) -> bool:
    wide = any(map(is_wide, part))
    return len(part) < WIDE_ITEM_CHARS if wide else len(part.split()) < LEAST_ITEM_WORDS


def _sentences(text: str) -> str:
    """A text, an enumeration as a sentence for each of its parts."""
    parts = _items(text)
    return " ".join(closed(_capital(part)) for part in (parts if len(parts) >= LEAST_ITEMS else [text]))


def _capital(text: str) -> str:
    return description_text(text) if not text[:1].isupper() else text
