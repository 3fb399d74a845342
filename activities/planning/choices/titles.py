"""The title of a plan by the template."""

import re
from typing import Final

from activities.planning.structure.cleaning import without_letter
from activities.planning.structure.labels import is_note, segments
from activities.planning.structure.model import Structure
from activities.planning.structure.notations.silence import without_no_voice
from activities.planning.structure.orders.remarks import MEDIUM, is_aside, is_remark, is_setting, without_settings
from activities.planning.structure.orders.requests import with_film_order
from activities.planning.structure.orders.sentences import is_order, topic
from activities.planning.structure.orders.shot_lengths import without_each_shot
from activities.planning.structure.orders.small_letters import with_capitals
from activities.planning.structure.quoted import is_commission
from activities.planning.structure.sounds import without_sounds
from activities.planning.structure.text import has_words, quotations
from activities.planning.task import PlanningTask
from activities.text.patterns import Pattern
from activities.text.speech import sentences, subject

_BRACKETS: Final = re.compile(r"\s*[(（]([^()（）]*)[)）]")
_LIST_BEGINS: Final = re.compile(r"\s*[:：]\s*(?:\d{1,2}\W*)?$")
"""The end of a title in front of a list: "Three tips: 1."."""
_FILM_FIRST: Final = Pattern(rf"^\W*(?:{MEDIUM.pattern})\s*[:：]\s*(?=\S)|^【[^】]{{1,12}}】\s*(?=\w)", re.IGNORECASE)
MOST_CHARS: Final = 60
MOST_WORDS: Final = 12
"""Of a topic; a longer one is the brief itself."""


def _is_bare_order(sentence: str) -> bool:
    """Whether a sentence orders a film without saying what it is about: "Make a 20 second film."."""
    return is_order(sentence) and not topic(sentence) and subject(sentence) == sentence and not quotations(sentence)


def title_of(task: PlanningTask) -> str:
    """The title that the brief has, or the begin of what it is about."""
    brief, structure = task.brief, task.structure
    if given := task.feedback.title or task.given_title:
        return given[:200]
    lines = without_letter(brief.text).splitlines()
    content = with_film_order(with_capitals("\n".join(line for line in lines if "|" not in line)))
    text = next((s for s in sentences(content) if _may_name(s)), brief.text)
    text = without_sounds(without_no_voice(without_each_shot(text)))
    orders = is_commission(text)
    text = _BRACKETS.sub(lambda m: "" if is_remark(m[1]) else m[0], text)
    text = _FILM_FIRST.sub("", without_settings(_LIST_BEGINS.sub("", text))) or text
    about = topic(text) if orders else ""
    about = about if len(about.split()) <= MOST_WORDS else ""
    text = about or text
    if structure and not about and (is_order(text) or _is_part(text, structure)):
        texts = (text for shot in structure.shots for text in (shot.description, *shot.spoken))
        text = next(filter(None, texts), text)
    if structure and structure.form == "advert" and not structure.conversation and is_commission(text):
        last = structure.shots[-1]
        text = next(iter((*quotations(text), *reversed(last.lettering), *last.spoken)), text)
    first = subject(text).rstrip(" .!?。！？।؟۔…,;:") or brief.platform.value.replace("_", " ")
    return first if len(first) <= MOST_CHARS else first[: MOST_CHARS - 1].rstrip() + "…"


def _may_name(sentence: str) -> bool:
    """Whether a sentence may name the film: it is nothing about the making of the film."""
    is_only_setting = is_setting(sentence) and not topic(sentence)
    is_about = is_aside(sentence) or is_note(sentence) or is_only_setting or _is_bare_order(sentence)
    return not (is_about or segments(sentence)[0].kind)


def _is_part(text: str, structure: Structure) -> bool:
    """Whether a text is one of the shots of a list, or in front of none of its words."""
    if structure.form not in ("shot list", "table", "screenplay"):
        return False
    words = _plain(text)
    return any(
        words in _plain(part) or _plain(part) in words
        for shot in structure.shots
        for part in (shot.description, shot.place, *shot.spoken, *shot.lettering)
        if has_words(part)
    )


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
