"""A film that is told in free prose: what it is about, and the sentences that are seen, said or read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from activities.planning.delivery.rule import without_directions
from activities.planning.structure.cleaning import without_letter
from activities.planning.structure.deliverable.cards import without_cards
from activities.planning.structure.deliverable.end_texts import split_end_texts
from activities.planning.structure.deliverable.formats import without_deliveries
from activities.planning.structure.labels import is_note, segments
from activities.planning.structure.notations.silence import asks_for_no_voice, is_read_instead, mentions_no_voice
from activities.planning.structure.orders.remarks import (
    is_remark,
    is_setting,
    names_film,
    names_length,
    without_settings,
)
from activities.planning.structure.orders.requests import with_film_order
from activities.planning.structure.orders.sentences import (
    ORDER_SENTENCES,
    end_text,
    is_order,
    parts,
    shown_in,
    topic,
    without_courtesies,
    without_order,
)
from activities.planning.structure.orders.shot_lengths import without_each_shot
from activities.planning.structure.orders.small_letters import with_capitals
from activities.planning.structure.orders.tones import tones
from activities.planning.structure.quoted import asks_for_film, is_commission, without_orders
from activities.planning.structure.received.creative_brief import with_idea
from activities.planning.structure.sounds import without_sounds
from activities.planning.structure.text import has_words, without_emoji, without_quotes
from activities.text.speech import closed, is_direction, join_sentences, sentences, subject


@dataclass(frozen=True)
class Prose:
    """The sentences of a film in their order.

    Attributes:
        about: What the film is about, where an order says so: it is seen in the first shot, and not said.
        content: What is seen, sentence by sentence.
        shown: For a sentence of `content`, the labelled texts after it, which are read on the screen.
        is_silent: Whether nothing is said.
        is_read: Whether the sentences are read on the screen.
        is_ordered: Whether an order is among them, so that a direction such as "Show the sea." is none of the text.
        is_english: Whether English directions are looked for.
    """

    about: str
    content: tuple[str, ...]
    shown: Mapping[str, tuple[str, ...]]
    is_silent: bool
    is_read: bool
    is_ordered: bool
    is_english: bool

    def only_seen(self, sentence: str) -> bool:
        """Whether a sentence, or a part of one, is a direction."""
        is_shown = self.is_ordered and shown_in(sentence) is not None
        return sentence == self.about or is_shown or (self.is_english and is_direction(sentence))

    def texts_after(self, part: str) -> tuple[str, ...]:
        """The labelled texts after a sentence, or after the last part of one."""
        return next((texts for each, texts in self.shown.items() if each.lower().endswith(part.lower())), ())


def _without_notes(text: str) -> str:
    """The text without the lines that a label makes notes, with all of their sentences; a text of one line stays."""
    lines = text.splitlines()
    kept = [line for line in lines if not is_note(line)]
    return "\n".join(kept) if any(map(has_words, kept)) else text


def _about(sentence: str) -> tuple[str, str] | None:
    """A sentence that orders the film, and what it is about; None for any other, and where it does not say so."""
    if not (is_order(sentence) or asks_for_film(sentence) or names_length(sentence)):
        return None
    named = subject(sentence)
    about = named if named != sentence else topic(sentence)
    return (sentence, closed(without_settings(about))) if about else None


def _is_about_film(sentence: str) -> bool:
    return is_remark(sentence) or is_commission(sentence)


def _labelled_texts(sentence: str) -> tuple[str, ...]:
    """The texts of a sentence that is nothing but labelled texts for the screen."""
    parts = [part for part in segments(sentence) if has_words(part.value)]
    is_read = all(part.kind in ("lettering", "endline") for part in parts)
    return tuple(without_quotes(part.value.rstrip(".")) for part in parts if is_read)


def _shown(content: Sequence[str], first: str) -> dict[str, tuple[str, ...]]:
    """The labelled texts by the sentence before them; those before every sentence belong to the first one."""
    shown, before = dict[str, tuple[str, ...]](), first
    for sentence in content:
        if texts := _labelled_texts(sentence):
            shown[before] = (*shown.get(before, ()), *texts)
        else:
            before = subject(sentence)
    return shown


def read_prose(text: str, language: str) -> Prose:
    """The sentences of a brief without its cards, its deliveries, and what is about the film."""
    film = without_cards(split_end_texts(without_deliveries(without_each_shot(text))).rest) or text
    film = with_film_order(with_capitals(_without_notes(with_idea(without_letter(film)))))
    film = without_directions(without_emoji(film))
    found = [without_order(p) for s in sentences(without_orders(without_sounds(film))) for p in parts(s)]
    plain = [s for s in without_courtesies(found) if not (is_setting(s) or is_remark(s) or is_note(s) or end_text(s))]
    like = tones(found)
    head = next((s for s in found[:1] if names_film(s) and without_settings(s) != s and not _about(s)), None)
    content = [s for s in plain if s != head and s not in like and (not is_order(s) or subject(s) != s)] or found
    order, about = next(filter(None, map(_about, content[:ORDER_SENTENCES])), ("", ""))
    about = join_sentences([about, *like]) if about else ""
    rest = [s for s in content if s != order and not asks_for_no_voice(s)]
    kept = [subject(s) for s in rest if not _labelled_texts(s)] or [about] * bool(about) or content
    return Prose(
        about=about,
        content=tuple(kept),
        shown=_shown(rest, kept[0]),
        is_silent=any(asks_for_no_voice(s) or (_is_about_film(s) and mentions_no_voice(s)) for s in found),
        is_read=any(map(is_read_instead, found)),
        is_ordered=any(map(is_order, found)),
        is_english=language.split("-")[0] == "en",
    )
