"""Scratch narration by espeak-ng, always in a process of its own: it is GPL-3.0 and keeps global state.

This module lists the languages and starts that process, `sound/espeak.py`.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from activities.errors import InvalidRequest, ProviderUnavailable
from activities.providers.previz.sound.espeak import SpokenWord
from activities.text.delivery.prosody import USUAL, Prosody

MAX_CHARS: Final = 8_000
"""The longest prompt of an asset; about nine minutes of speech."""
RATE: Final = (80, 400)
"""Words a minute; espeak-ng limits slower or faster rates to about these."""
TIMEOUT_SECONDS: Final = 120
"""8,000 characters take about one second of CPU, so a child process that takes this long hangs."""

WHISPER: Final = "whisper"
"""The variant of a voice that whispers."""
_WITHOUT_DICTIONARY: Final = frozenset({"fo", "kaa", "xex"})
"""Listed by espeak-ng, but the wheel has no dictionary for them, so they produce silence."""


@dataclass(frozen=True)
class Voice:
    file: str
    name: str
    priority: int


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
        "activities.providers.previz.sound.espeak",
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
