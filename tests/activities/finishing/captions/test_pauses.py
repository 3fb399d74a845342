"""Times that are estimated from the pauses of a recording, against the words of the voice that spoke it."""

import math
import threading
from array import array
from itertools import pairwise
from pathlib import Path

import pytest

from activities.finishing.captions.pauses import estimate, pauses_of, weight
from activities.finishing.captions.word_times import Clock, Word, complete, parts_of
from activities.finishing.sound.samples import decode_voice
from activities.media.recordings import Skipped
from activities.providers.previz.narration import speak

TEXTS = {
    "en": (
        "Every night for ninety years, the lamp on the cape has turned above the water, and every night "
        "somebody has climbed the two hundred and eleven steps to light it. Tonight nobody climbs. The lamp lights "
        "itself. Goodbye! It was built in 1854, of granite, by men who never saw it lit; their names are below. "
        "Come and read them."
    ),
    "ru": "Маяк стоит у моря. Каждую ночь он светит кораблям. Сегодня никто не пришёл, и море пусто.",
    "ar": "المنارة تضيء البحر. كل ليلة تنادي السفن. الليلة لا أحد هنا.",
    "zh": "灯塔站在海边。每天晚上，它照亮船只。今天没有人来。",
}


@pytest.mark.parametrize("language", TEXTS)
async def test_sentences_are_found_by_pauses(tmp_path: Path, language: str) -> None:
    """Without its words, each sentence of a narration is placed within 0.2 s of where the voice says it, and each word
    within a second."""
    text, source, pcm = TEXTS[language], tmp_path / "v.wav", tmp_path / "v.pcm"
    said = await speak(text, source, voice=language, rate=165)
    seconds = decode_voice("n", source, pcm, threading.Event(), Skipped())
    real = Clock(complete([Word(*word) for word in said], text, seconds, weight))
    guessed = Clock(estimate(text, seconds, pauses_of(pcm)))
    parts = parts_of(text)
    errors = [abs(real.span(*part)[0] - guessed.span(*part)[0]) for part in parts]
    assert max(errors) < 1
    firsts = [k + 1 for k, (a, _) in enumerate(pairwise(parts)) if text[slice(*a)].endswith((".", "!", "。"))]
    assert len(firsts) >= 2
    for k in firsts:
        assert errors[k] < 0.2, text[slice(*parts[k])]


def test_silence_is_one_pause(tmp_path: Path) -> None:
    """A narration without sound is spread evenly: nothing says where a word is."""
    pcm = tmp_path / "v.pcm"
    pcm.write_bytes(bytes(4 * 48_000 * 2))
    words = estimate("One two. Six ten.", 2.0, pauses_of(pcm))
    assert [round(word.start, 2) for word in words] == [0.0, 0.5, 1.0, 1.5]


def test_sentences_end_at_the_pauses_of_a_recording(tmp_path: Path) -> None:
    """Without words, a sentence ends at the pause near its place, even where the voice is three times as fast in one
    sentence as in another."""
    text = "This sentence is spoken slowly. This sentence is spoken fast. This one is spoken slowly again, I think."
    parts = [(0.4, False), (3.2, True), (0.5, False), (1.2, True), (0.4, False), (4.4, True), (0.6, False)]
    samples = array("h")
    for seconds, loud in parts:
        count = round(seconds * 48_000)
        samples.extend(
            round(9000 * math.sin(k / 20)) if loud else 40 * (k % 3 - 1) for k in range(count) for _ in range(2)
        )
    pcm = tmp_path / "v.pcm"
    pcm.write_bytes(samples.tobytes())
    words = estimate(text, len(samples) / 96_000, pauses_of(pcm))
    assert words[0].start == pytest.approx(0.4, abs=0.02)
    assert words[4].end == pytest.approx(3.6, abs=0.02)
    assert words[5].start == pytest.approx(4.1, abs=0.02)
    assert words[9].end == pytest.approx(5.3, abs=0.02)
    assert words[10].start == pytest.approx(5.7, abs=0.02)
    assert words[-1].end == pytest.approx(10.1, abs=0.02)
