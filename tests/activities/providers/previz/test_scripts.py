"""The scripts that voices read: the tables agree with espeak-ng, and what is not read is left out, never spelled."""

import ctypes
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import pytest

from activities.media.facts import probe
from activities.providers.previz import japanese
from activities.providers.previz.narration import find_voice, voices
from activities.providers.previz.provider import Previz
from activities.providers.previz.scripts import BY_EVERY_VOICE, HAN, ONLY_BY, spoken
from activities.providers.protocol import Request
from activities.text.speech import speech_seconds
from tests import ROOT
from tests.activities.providers.previz.support import loudness, made

SAMPLES: Final = {
    "LATIN": "lantern garden",
    "GREEK": "μέρα νερό",
    "CYRILLIC": "море мама",
    "HEBREW": "מגדלור בלילה",
    "ARABIC": "بازار باران",
    "DEVANAGARI": "किताब नमस्ते",
    "BENGALI": "বাতি নদী",
    "GURMUKHI": "ਪੰਜਾਬੀ ਕਿਤਾਬ",
    "GUJARATI": "ગુજરાતી પુસ્તક",
    "ORIYA": "ଓଡ଼ିଆ ପୁସ୍ତକ",
    "TAMIL": "தமிழ் புத்தகம்",
    "TELUGU": "తెలుగు పుస్తకం",
    "KANNADA": "ಕನ್ನಡ ಪುಸ್ತಕ",
    "MALAYALAM": "മലയാളം പുസ്തകം",
    "SINHALA": "සිංහල පොත",
    "THAI": "ประภาคาร ทะเล",
    "LAO": "ພາສາ ລາວ",
    "TIBETAN": "བོད་ཡིག སྐད",
    "MYANMAR": "မြန်မာ ပင်လယ်",
    "GEORGIAN": "ქართული ზღვა",
    "ARMENIAN": "հայերեն ծով",
    "ETHIOPIC": "አማርኛ ባሕር",
    "KHMER": "ភាសាខ្មែរ សមុទ្រ",
    "MONGOLIAN": "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ",
    "HANGUL": "등대지기 바다",
    "HIRAGANA": "ひらがな うみ",
    "KATAKANA": "カタカナ ヒカリ",
    HAN: "灯塔看守 大海",
    "CHEROKEE": "ᏣᎳᎩ ᎦᏬᏂ",
    "THAANA": "ދިވެހި ބަސް",
    "SYRIAC": "ܣܘܪܝܝܐ ܡܝܐ",
}
_STRICT: Final = ("en", "de", "es", "ru", "ar", "ja", "cmn", "ko", "hi", "th", "sr", "kok", "as")
"""Voices for which the tables must also name every script that espeak-ng reads."""


def _phonemes(pairs: list[tuple[str, str]]) -> list[str]:
    """For each voice and text, the phonemes of espeak-ng in IPA; in a process of its own, as it keeps global state."""
    script = "import json, sys; from tests.activities.providers.previz.test_scripts import read_aloud; read_aloud()"
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, input=json.dumps(pairs), capture_output=True, text=True, check=True
    )
    phonemes: list[str] = json.loads(answer.stdout)
    return phonemes


def read_aloud() -> None:
    """The program of `_phonemes`: pairs as JSON on stdin, phonemes as JSON on stdout."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Initialize(1, 0, espeakng_loader.get_data_path().encode(), 0x8000)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    found = []
    for voice, text in json.loads(sys.stdin.read()):
        assert library.espeak_SetVoiceByName(voice.encode()) == 0, voice
        rest, parts = ctypes.c_char_p(text.encode()), []
        while rest.value:
            parts.append((library.espeak_TextToPhonemes(ctypes.byref(rest), 1, 2) or b"").decode())
        found.append(" ".join(parts).strip())
    sys.stdout.write(json.dumps(found))


def _is_spelled(script: str, text: str, phonemes: str) -> bool:
    """Whether letters are named one by one, each with a stress, or nothing is said; Han is long where it is named."""
    letters = sum(c.isalpha() for c in text)
    if script == HAN:
        return len(phonemes) > 9 * letters
    return not phonemes or sum(phonemes.count(mark) for mark in "ˈˌ") >= 0.6 * letters


def test_what_the_tables_call_readable_is_read() -> None:
    """No voice spells a script, or is silent, of which the tables say that the voice reads it."""
    tags = {voice.file: tag for tag, voice in sorted(voices().items())}
    checked = [
        (file, script)
        for script in SAMPLES
        for file, tag in sorted(tags.items())
        if script != "LATIN" and not (script == HAN and file == "ja") and not spoken(SAMPLES[script], tag).unread
    ]
    assert {script for _, script in checked} >= (BY_EVERY_VOICE - {"LATIN"}) | set(ONLY_BY)
    phonemes = _phonemes([(file, SAMPLES[script]) for file, script in checked])
    wrong = [
        (file, script, said)
        for (file, script), said in zip(checked, phonemes, strict=True)
        if _is_spelled(script, SAMPLES[script], said)
    ]
    assert wrong == []


def test_what_is_read_is_called_readable() -> None:
    """For voices of several kinds, every script that the tables exclude is spelled or silent; Hebrew has no vowels."""
    excluded = [(voice, script) for voice in _STRICT for script, text in SAMPLES.items() if spoken(text, voice).unread]
    assert len(excluded) > 100
    phonemes = _phonemes([(str(find_voice(voice)), SAMPLES[script]) for voice, script in excluded])
    read = [
        (voice, script, said)
        for (voice, script), said in zip(excluded, phonemes, strict=True)
        if not _is_spelled(script, SAMPLES[script], said)
    ]
    assert read == []


@pytest.mark.parametrize(
    ("text", "voice", "said"),
    [
        ("灯台守が嵐の前に。", "en", ""),
        ("שומר המגדלור עולה.", "he", ""),
        ("Привет, мир.", "de", ""),
        ("Welcome to the sushi bar Sakura 桜 tonight.", "en-us", "Welcome to the sushi bar Sakura   tonight."),
        ("Ｎｅｗ ｶﾌｪ", "ja", "New カフェ"),
        ("П'ятий сім'ї — привіт!", "uk", "П'ятий сім'ї — привіт!"),
        ("Café, naïve, 5 ª, 3 ²", "fr", "Café, naïve, 5 ª, 3 ²"),
        ("👍 ★ 2026", "en", "👍 ★ 2026"),
    ],
)
def test_what_is_spoken(text: str, voice: str, said: str) -> None:
    """A few characters that a voice cannot read are left out; a text of them is silence as long as the text."""
    found = spoken(text, voice)
    assert found.text == said
    assert bool(found.unread) == (said.split() != text.split() and voice != "ja")
    assert found.silence == (0.0 if said else speech_seconds(text))


def test_japanese_is_read_as_it_is_pronounced() -> None:
    """Kanji become kana; particles are written as they sound, and stay with their word."""
    assert japanese.to_kana("灯台守が嵐の前に最後の階段を上る。")[0] == (
        "トーダイモリガ アラシノ マエニ サイゴノ カイダンヲ ノボル。"
    )
    assert japanese.to_kana("私は東京へ行く")[0] == "ワタシワ トーキョーエ イク"
    assert japanese.to_kana("11月3日、12時に")[0] == "11 ガツ 3 ニチ、 12 ジニ"
    assert japanese.to_kana("龘")[0] == ""


def test_no_kanji_is_spelled() -> None:
    """What the Japanese voice gets for a text with kanji has no character that it names as a letter."""
    kana = japanese.to_kana("私たちのパン屋は五時に開きます。窯は温かく、通りはまだ暗い。")[0]
    (phonemes,) = _phonemes([("ja", kana)])
    assert "(en)" not in phonemes
    assert "lˈe̞tə" not in phonemes


async def test_kanji_are_audible(ask: Callable[..., Request]) -> None:
    """A Japanese narration with kanji is spoken in about its estimated time; spelled, it would take several times as
    long."""
    text = "灯台守が嵐の前に最後の階段を上る。"
    path = await made(ask("previz-narration", text, languages=("ja",)))
    assert loudness(path) > 300
    assert (probe(path, "audio/wav").duration_seconds or 0) < 1.5 * speech_seconds(text)


async def test_without_the_dictionary_it_is_silence(
    ask: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the dictionary, a Japanese narration is silence of its length, and the offer reports it."""
    monkeypatch.setattr(japanese, "has_dictionary", lambda: False)
    request = ask("previz-narration", "灯台守が嵐の前に。", languages=("ja",))
    path = await made(request)
    assert loudness(path) == 0
    length = probe(path, "audio/wav").duration_seconds or 0
    assert length == pytest.approx(speech_seconds("灯台守が嵐の前に。"), abs=0.1)
    problem = Previz({}).unreadable(request.asset, "ja")
    assert problem is not None
    assert problem.silent
    assert problem.characters == "灯台守嵐前"
