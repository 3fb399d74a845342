"""The words of a narration by previz, measured against its sound."""

import math
from array import array
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import av
import pytest

from activities.finishing.captions.pauses import weight
from activities.finishing.captions.word_times import Clock, Word, complete, parts_of, words_of
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Finished, Request
from activities.takes.stored_form import data_of

LANGUAGES: Final = {
    "en": "In 2024, the lamp turned. Then 24 boats came home — all of them! Nobody, nobody at all, was late.",
    "de": "Das Licht brennt seit 90 Jahren. Heute kommt niemand; der Turm ist leer. Gute Nacht!",
    "ru": "Маяк стоит у моря. Каждую ночь он светит кораблям. Сегодня никто не пришёл.",
    "ar": "المنارة تضيء البحر. كل ليلة تنادي السفن. الليلة لا أحد هنا.",
    "hi": "प्रकाशस्तंभ समुद्र के किनारे खड़ा है। हर रात वह जहाज़ों से बात करता है। आज कोई नहीं आया।",
    "zh": "灯塔站在海边。每天晚上，它照亮船只。今天没有人来。",
    "ja": "灯台守が嵐の前に階段を上る。今夜はだれも来ない。港は静かだ。",
}


async def spoken(ask: Callable[..., Request], text: str, **options: Any) -> tuple[tuple[Word, ...], list[float]]:
    """The words of a narration, and the loudness of each 10 ms of its sound."""
    finished = await Previz({}).submit(ask("previz-narration", text, **options))
    assert isinstance(finished, Finished)
    data = data_of(finished)
    assert data is not None
    samples = array("h")
    with av.open(str(finished.source)) as container:
        for frame in container.decode(audio=0):
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 2])
        step = container.streams.audio[0].rate // 100
    loud = [math.sqrt(sum(s * s for s in samples[k : k + step]) / step) for k in range(0, len(samples) - step, step)]
    return words_of(data, text), loud


@pytest.mark.parametrize("language", LANGUAGES)
async def test_words_are_where_they_sound(ask: Callable[..., Request], language: str) -> None:
    """After each silence a word starts where the sound does, within 0.2 s, and the words of a new sentence start there;
    every written word has a time, and the words are in order."""
    text = LANGUAGES[language]
    words, loud = await spoken(ask, text, languages=(language,))
    quiet = [level < 100 for level in loud]
    onsets = [k / 100 for k in range(15, len(loud)) if not quiet[k] and all(quiet[k - 15 : k])]
    assert len(onsets) >= 2, "there are pauses between the sentences"
    for onset in onsets:
        assert min(abs(word.start - onset) for word in words) < 0.2, onset
    for word in words:
        assert not all(quiet[round(word.start * 100) : round(word.end * 100) + 1]), text[word.at : word.until]
    assert all(a.until <= b.at and a.end <= b.start + 1e-6 for a, b in pairwise(words))
    assert words[-1].end <= len(loud) / 100 + 0.1
    said = {k for word in words for k in range(word.at, word.until)}
    clock = Clock(complete(words, text, len(loud) / 100, weight))
    for (_, end), (at, until) in pairwise(parts_of(text)):
        if text[:end].endswith((".", "!", "।", "。")):
            start = round(clock.span(at, until)[0] * 100)
            assert max(loud[start - 12 : start - 2]) < 0.2 * max(loud[start : start + 30]), text[at:until]
    unsaid = "".join(c for k, c in enumerate(text) if c.isalnum() and k not in said)
    assert len(unsaid) <= 0.05 * len(text), unsaid


@pytest.mark.parametrize("rate", [80, 400])
async def test_times_follow_the_rate(ask: Callable[..., Request], rate: int) -> None:
    """At the slowest and the fastest rate, the words still end with the sound."""
    words, loud = await spoken(ask, LANGUAGES["en"], parameters={"rate": rate})
    ends = max(k for k, level in enumerate(loud) if level > 100) / 100
    assert words[-1].end == pytest.approx(ends, abs=0.2)


async def test_characters_that_are_left_out_move_no_word(ask: Callable[..., Request]) -> None:
    """Emoji, forms of full or half width, and what the voice cannot read leave the places of other words right."""
    text = "Ｌａｍｐ 🌊🔥 and <b>light</b> & 灯塔 boats."
    words, _ = await spoken(ask, text)
    found = {text[w.at : w.until].strip("<>/") for w in words}
    assert {"Ｌａｍｐ", "and", "light", "boats"} <= found
    japanese = "ｶﾞﾗｽの灯台、１２時。"
    words, _ = await spoken(ask, japanese, languages=("ja",))
    assert japanese[words[0].at : words[0].until].startswith("ｶﾞﾗｽ")


async def test_silence_has_no_words(ask: Callable[..., Request]) -> None:
    """A narration that its voice cannot read has no data."""
    for text in ("…", "המגדלור עומד ליד הים"):
        finished = await Previz({}).submit(ask("previz-narration", text, languages=("he",)))
        assert isinstance(finished, Finished)
        assert finished.data == {}
