"""Narration by previz: audible, in the language of the brief, and cancelled with its process."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from activities.errors import InvalidRequest
from activities.media.facts import probe
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Request
from tests.activities.providers.previz.support import loudness, made


async def test_narration_is_audible(ask: Callable[..., Request]) -> None:
    """Narration is mono speech of a plausible length that is not silent, and a higher rate makes it shorter."""
    words = "The lighthouse has stood for two hundred years. Every night it speaks to the ships."
    slow = await made(ask("previz-narration", words))
    fast = await made(ask("previz-narration", words, parameters={"rate": 330}))
    lengths = [probe(p, "audio/wav").duration_seconds or 0 for p in (slow, fast)]
    assert 4 < lengths[0] < 8
    assert lengths[1] < 0.7 * lengths[0]
    assert loudness(slow) > 500
    assert b"PREVIZ" in slow.read_bytes()[:200]


async def test_narration_follows_its_delivery(ask: Callable[..., Request]) -> None:
    """A sad and slow line is longer than an excited one, a whisper is quieter than a shout, and both are audible."""
    words = "The lighthouse has stood for two hundred years."

    async def said(delivery: str) -> tuple[float, float]:
        request = ask("previz-narration", words)
        path = await made(replace(request, asset=request.asset.model_copy(update={"delivery": delivery})))
        return probe(path, "audio/wav").duration_seconds or 0, loudness(path)

    plain, sad, excited = await said(""), await said("traurig, langsam"), await said("excited, fast")
    assert excited[0] < plain[0] < sad[0]
    quiet, loud = await said("whispering"), await said("shouting")
    assert 100 < quiet[1] < plain[1] < loud[1]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-Hans", "灯塔站在海边。"),
        ("pt-MZ", "O farol fala com os navios."),
        ("hi", "प्रकाशस्तंभ खड़ा है।"),
        ("ar", "المنارة هنا"),
    ],
)
async def test_narration_speaks_the_briefs_language(ask: Callable[..., Request], language: str, words: str) -> None:
    """A brief in a language or region that espeak-ng supports, at least by its language, is spoken."""
    assert loudness(await made(ask("previz-narration", words, languages=(language,)))) > 300


async def test_an_empty_narration_is_silence(ask: Callable[..., Request]) -> None:
    """A prompt without text still makes a file of half a second or more."""
    path = await made(ask("previz-narration", "…"))
    assert (probe(path, "audio/wav").duration_seconds or 0) >= 0.5


async def test_unspoken_language_is_refused(ask: Callable[..., Request]) -> None:
    """A brief in a language for which espeak-ng has no voice is refused by the brief's field."""
    with pytest.raises(InvalidRequest, match=r"languages: .*'tlh'.*choose"):
        await Previz({}).submit(ask("previz-narration", languages=("tlh",)))


async def test_cancelled_narration_kills_its_child(
    ask: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelling a narration ends the process that speaks it."""
    started: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()
    begin = asyncio.create_subprocess_exec

    async def stuck(*_: object, **options: Any) -> asyncio.subprocess.Process:
        child = await begin(sys.executable, "-c", "import time; time.sleep(60)", **options)
        started.put_nowait(child)
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", stuck)
    task = asyncio.ensure_future(Previz({}).submit(ask("previz-narration")))
    child = await started.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert child.returncode is not None
