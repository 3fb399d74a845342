"""Translations that people gave with a brief or an edit: whole texts, or the sentences of which a text consists."""

from collections.abc import Mapping, Sequence

from activities.text.speech import join_sentences, sentences


def known_translations(texts: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Text -> translation, for the texts that are given whole or by all of their sentences."""
    by_text = {_plain(text): words for text, words in given.items()}
    found = {}
    for text in texts:
        if words := by_text.get(_plain(text)) or _by_sentence(text, by_text):
            found[text] = words
    return found


def _by_sentence(text: str, by_text: Mapping[str, str]) -> str:
    parts = [by_text.get(_plain(each), "") for each in sentences(text)]
    return join_sentences(parts) if all(parts) else ""


def _plain(text: str) -> str:
    """Without what differs by accident: spaces, and the mark at the end."""
    return " ".join(text.split()).rstrip(" .").casefold()
