"""Speech by espeak-ng in a process of its own. It loads little, because it starts for each spoken text.

`python -m activities.providers.previz.sound.espeak out.wav voice rate seconds pitch range volume` speaks the text
of its standard input, at least for these seconds, and prints the times of its words. WAV, 16 bit, mono, 22,050 Hz.
"""

import ctypes
import json
import re
import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from activities.providers.previz.japanese import has_dictionary, to_kana

_RETRIEVAL, _CHARS_UTF8, _DONT_EXIT = 1, 1, 0x8000
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
"""espeak_PARAMETER of speak_lib.h."""
_LAST_EVENT, _WORD_EVENT, _END_EVENT = 0, 1, 5
_QUIET: Final = 150
"""Of 32,768: below this a sample is silence. Pauses of espeak-ng are nearly zero."""
_MARKS: Final = ".,;:!?…—–-\"'”’»)]}。，、；：！？」』）।॥؟،؛"
"""They are no part of the word before them."""
_COMMENT: Final = b"PREVIZ scratch narration made on this machine by espeak-ng\0\0"


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
