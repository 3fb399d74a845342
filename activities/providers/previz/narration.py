"""Scratch narration by espeak-ng, always in a process of its own: it is GPL-3.0 and keeps global state.

As a program (`python -m activities.providers.previz.narration out.wav voice rate seconds pitch range volume`, text on
stdin) it speaks the text, at least for these seconds, and prints the times of its words; as a module it lists the
languages and starts that program. WAV, 16 bit, mono, 22,050 Hz.
"""

import asyncio
import ctypes
import json
import re
import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from activities.errors import InvalidRequest, ProviderUnavailable
from activities.providers.previz.japanese import has_dictionary, to_kana
from activities.text.delivery.prosody import USUAL, Prosody

MAX_CHARS: Final = 8_000
"""The longest prompt of an asset; about nine minutes of speech."""
RATE: Final = (80, 400)
"""Words a minute; espeak-ng limits slower or faster rates to about these."""
TIMEOUT_SECONDS: Final = 120
"""8,000 characters take about one second of CPU, so a child process that takes this long hangs."""

_RETRIEVAL, _CHARS_UTF8, _DONT_EXIT = 1, 1, 0x8000
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
"""espeak_PARAMETER of speak_lib.h."""
WHISPER: Final = "whisper"
"""The variant of a voice that whispers."""
_LAST_EVENT, _WORD_EVENT, _END_EVENT = 0, 1, 5
_QUIET: Final = 150
"""Of 32,768: below this a sample is silence. Pauses of espeak-ng are nearly zero."""
_MARKS: Final = ".,;:!?…—–-\"'”’»)]}。，、；：！？」』）।॥؟،؛"
"""They are no part of the word before them."""
_WITHOUT_DICTIONARY: Final = frozenset({"fo", "kaa", "xex"})
"""Listed by espeak-ng, but the wheel has no dictionary for them, so they produce silence."""
_COMMENT: Final = b"PREVIZ scratch narration made on this machine by espeak-ng\0\0"


@dataclass(frozen=True)
class Voice:
    file: str
    name: str
    priority: int


class SpokenWord(NamedTuple):
    """The characters from `at` to `until` of a text, spoken from `start` to `end`, in seconds."""

    at: int
    until: int
    start: float
    end: float


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h. `text_position` and `length` count characters, the first one is 1."""

    type: int
    text_position: int
    length: int
    sample: int

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


@cache
def voices() -> dict[str, Voice]:
    """The voice for each language tag (lower case) that espeak-ng supports, read from its data files."""
    import espeakng_loader

    data = Path(espeakng_loader.get_data_path())
    found: dict[str, Voice] = {}
    for file in sorted((data / "lang").rglob("*")):
        if not file.is_file() or file.name in _WITHOUT_DICTIONARY:
            continue
        lines = [line.split() for line in file.read_bytes().decode("utf-8", "replace").splitlines()]
        name = next((" ".join(words[1:]) for words in lines if words[:1] == ["name"]), file.name)
        for words in lines:
            if words[:1] == ["language"] and len(words) > 1:
                voice = Voice(file.name, name, int(words[2]) if len(words) > 2 and words[2].isdigit() else 5)
                known = found.get(words[1].lower())
                if known is None or voice.priority < known.priority:
                    found[words[1].lower()] = voice
    return {tag: found[tag] for tag in sorted(found)}


@cache
def _variants() -> frozenset[str]:
    import espeakng_loader

    return frozenset(f.name for f in Path(espeakng_loader.get_data_path(), "voices", "!v").iterdir())


def find_voice(wanted: str) -> str | None:
    """The espeak-ng voice for a language tag or voice name, shortening an unknown tag ("pt-MZ": "pt").

    A variant may follow a plus sign, e.g. "en-us+f3". None if espeak-ng does not have it.
    """
    base, _, variant = wanted.strip().partition("+")
    if variant and variant not in _variants():
        return None
    known = voices()
    parts = base.lower().split("-")
    tags = ("-".join(parts[:n]) for n in range(len(parts), 0, -1))
    by_tag = next((known[tag] for tag in tags if tag in known), None)
    by_name = next((voice for voice in known.values() if voice.name.lower() == base.lower()), None)
    found = by_name or by_tag
    if found is None:
        return None
    return f"{found.file}+{variant}" if variant else found.file


async def speak(
    text: str, out: Path, *, voice: str, rate: float, field: str = "voice", at_least: float = 0.0, how: Prosody = USUAL
) -> list[SpokenWord]:
    """Write `text` as speech to the WAV file `out` (an absolute path); silence where nothing can be spoken.

    Returns the words as the voice reads them.

    Args:
        at_least: The least length in seconds, with silence at the end.
        how: Its pace changes the rate, as far as espeak-ng can.

    Raises:
        InvalidRequest: an unknown voice (named `field` in the message), or a rate (words a minute) out of range.
        ProviderUnavailable: the child process failed.
    """
    low, high = RATE
    if not low <= rate <= high:
        raise InvalidRequest(f"parameters.rate: {rate:g} is not between {low} and {high} words a minute")
    known = find_voice(voice)
    if known is None:
        raise InvalidRequest(
            f"{field}: espeak-ng has no voice {voice!r}; choose a language such as en, en-us, de, es, fr, "
            f"pt-br, hi, ar or cmn, optionally with a variant (en+f3)"
        )
    if how.whispers and "+" not in known and WHISPER in _variants():
        known = f"{known}+{WHISPER}"
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "activities.providers.previz.narration",
        str(out),
        known,
        str(round(min(max(rate * how.pace, low), high))),
        f"{at_least:.3f}",
        *(str(round(each)) for each in (how.pitch, how.range, how.volume)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[
            3
        ],  # so that `activities` can be imported, regardless of the worker's working directory
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            stdout, stderr = await child.communicate(text[:MAX_CHARS].replace("\0", " ").encode("utf-8", "replace"))
    except TimeoutError:
        raise ProviderUnavailable(f"espeak-ng did not finish within {TIMEOUT_SECONDS} s") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise ProviderUnavailable(f"espeak-ng failed: {stderr.decode(errors='replace')[-300:].strip()}")
    return [SpokenWord(*word) for word in json.loads(stdout)]


def _synthesize(
    text: str, voice: str, at_least: float, parameters: Mapping[int, int]
) -> tuple[bytes, int, list[SpokenWord]]:
    """PCM samples (16 bit, mono), at least for these seconds, their rate in Hz, and the words."""
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    hertz = library.espeak_Initialize(_RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), _DONT_EXIT)
    if hertz <= 0:
        raise SystemExit("espeak-ng does not start because its data is missing; reinstall espeakng-loader")
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise SystemExit(f"no voice {voice!r}")
    for parameter, value in parameters.items():
        library.espeak_SetParameter(parameter, value, 0)
    samples, events = bytearray(), list[tuple[int, int, int, int]]()

    def keep(wave: int | None, count: int, happened: "ctypes._Pointer[_Event]") -> int:
        if wave and count > 0:
            samples.extend(ctypes.string_at(wave, 2 * count))
        k = 0
        while happened and (event := happened[k]).type != _LAST_EVENT:
            if event.type in (_WORD_EVENT, _END_EVENT):
                events.append((event.type, event.text_position - 1, event.length, event.sample))
            k += 1
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))(keep)
    library.espeak_SetSynthCallback(callback)
    data = text.encode()
    library.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, 1, 0, _CHARS_UTF8, None, None)
    library.espeak_Synchronize()
    least = max(hertz, 2 * round(hertz * at_least))  # at least half a second: a lone "…" must also give a file
    return bytes(samples).ljust(least, b"\0"), hertz, list(_words(events, text, samples, hertz))


def _words(events: list[tuple[int, int, int, int]], text: str, samples: bytearray, hertz: int) -> Iterator[SpokenWord]:
    """The words of the events. Each ends with its sound, before the next one starts.

    espeak-ng places the later words of a number inside it, and gives a Chinese word the length of its first character.
    """
    sound = array("h", bytes(samples))
    at = until = start = -1
    for kind, place, length, sample in [*events, (_WORD_EVENT, len(text), 0, len(sound))]:
        if kind == _WORD_EVENT and at <= place < until:
            until = max(until, min(place + length, len(text)))
            continue
        if at >= 0 and start < sample:
            end = next((k for k in range(min(sample, len(sound)) - 1, start, -1) if abs(sound[k]) > _QUIET), start)
            word = text[at : max(until, place)].split(maxsplit=1)[:1]
            if word and word[0] == text[at : at + len(word[0])]:
                letters = word[0].rstrip(_MARKS) or word[0]
                yield SpokenWord(at, at + len(letters), round(start / hertz, 6), round((end + 1) / hertz, 6))
            at = until = -1
        if kind == _WORD_EVENT:
            at, until, start = place, min(place + length, len(text)), sample


def _wav(samples: bytes, hertz: int) -> bytes:
    """A WAV file whose comment names PREVIZ."""
    chunks = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, hertz, 2 * hertz, 2, 16)
    info = b"INFOICMT" + struct.pack("<I", len(_COMMENT)) + _COMMENT
    chunks += b"LIST" + struct.pack("<I", len(info)) + info
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def main() -> None:
    out, voice, rate, at_least, pitch, spread, volume = sys.argv[1:8]
    text = sys.stdin.buffer.read().decode()
    read, places = to_kana(text) if re.match(r"ja\b", voice) and has_dictionary() else (text, range(len(text)))
    parameters = {_RATE: int(rate), _PITCH: int(pitch), _RANGE: int(spread), _VOLUME: int(volume)}
    samples, hertz, words = _synthesize(read, voice, float(at_least), parameters)
    Path(out).write_bytes(_wav(samples, hertz))
    ends = [*sorted(set(places)), len(text)]
    placed = [
        word._replace(at=places[word.at], until=ends[bisect_right(ends, places[word.until - 1])])
        for word in words
        if 0 <= word.at < word.until <= len(places)
    ]
    sys.stdout.write(json.dumps(placed))


if __name__ == "__main__":
    main()
