"""An emulated judge that looks: it finds figures by their colours, and reads the language and subject of a text."""

import io
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import py3langid
from PIL import Image

from tests.activities.judging.labelled.takes import COLOURS, LANGUAGES, SUBJECT_WORDS
from tests.activities.judging.studio import pictures_of, question_of, report
from tests.emulators.openai import OpenAIEmulator

SEEN_SHARE: Final = 0.01
"""Of the pixels of a picture: a smaller patch of a colour is no figure."""
RIGHT, WRONG = 0.9, 0.2


def figures_in(data: bytes) -> set[str]:
    """The figures whose colour a picture has: the channel that leads in it leads here by a third."""
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB").resize((160, 90)), dtype=np.float32)
    found = set()
    for name, colour in COLOURS.items():
        lead = int(np.argmax(colour))
        rest = np.delete(pixels, lead, axis=2).max(axis=2)
        if float((pixels[..., lead] > rest * 1.34 + 20).mean()) >= SEEN_SHARE:
            found.add(name)
    return found


def observe(body: Mapping[str, Any]) -> str:
    """The verdict about what the judge got: frames, a picture or a text."""
    question = question_of(body)
    if pictures := pictures_of(body):
        wanted = {name for name in COLOURS if name in question["prompt"]}
        right = all(figures_in(picture) == wanted for picture in pictures)
    else:
        right = _is_right(question)
    return report(body, RIGHT if right else WRONG)


def _is_right(question: Mapping[str, Any]) -> bool:
    text, prompt = str(question["take"]), str(question["prompt"])
    language, _ = py3langid.classify(text)
    subject = next(words for name, words in SUBJECT_WORDS.items() if name in prompt)
    return LANGUAGES.get(language, language) in prompt and any(word in text.casefold() for word in subject)


class Observer(OpenAIEmulator):
    """The vendor of the judge; `said` is set to the words of each recording."""

    def __init__(self) -> None:
        super().__init__(observe)
