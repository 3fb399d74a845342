"""Japanese in kana, as it is pronounced: espeak-ng reads kana, and spells kanji as "Chinese letter".

The readings come from lindera with the dictionary IPADIC (21 MB on disk). It is loaded only in the process that speaks.
"""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, Final

PACKAGE: Final = "lindera-python-ipadic"
_KANA: Final = re.compile(r"[\u3041-\u309f\u30a0-\u30ff]+")
_HAN: Final = re.compile(r"[\u3005\u3400-\u9fff\uf900-\ufaff]")
_WRITTEN: Final = re.compile(r"[A-Za-z0-9]+")
_ATTACHED: Final = frozenset({"助詞", "助動詞", "記号"})
"""Particles, auxiliaries and marks belong to the word before them; every other word gets a stress of its own."""


@cache
def has_dictionary() -> bool:
    """Whether the dictionary is installed."""
    try:
        return distribution(PACKAGE) is not None
    except PackageNotFoundError:
        return False


def to_kana(text: str) -> tuple[str, list[int]]:
    """The text in kana, with spaces between words; a word without a known reading is left out if it has kanji.

    Returns also, for each character, the index of the first one of its word in the text.
    """
    said, places, at = "", list[int](), 0
    for token in _tokenizer().tokenize(text):
        surface, details = token.surface, list(token.details or ())
        at = max(at, text.find(surface, at))
        reading = details[-1] if details and _KANA.fullmatch(details[-1]) else _HAN.sub("", surface)
        if surface == "月" and said[-1:].isdigit():
            reading = "ガツ"
        attached = bool(details) and (details[0] in _ATTACHED or "接尾" in details[1:2])
        # A number and its counter need a space: without it, espeak-ng spells the kana.
        added = reading if attached and not (said and _WRITTEN.fullmatch(said[-1])) else f" {reading}"
        for character in added:
            if not character.isspace() or (said and not said[-1].isspace()):
                said += " " if character.isspace() else character
                places.append(at)
        at += len(surface)
    return (said[:-1], places[:-1]) if said.endswith(" ") else (said, places)


@cache
def _tokenizer() -> Any:
    from lindera import TokenizerBuilder

    builder = TokenizerBuilder()
    builder.set_mode("normal")
    builder.set_dictionary("embedded://ipadic")
    return builder.build()
