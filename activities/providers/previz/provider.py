"""previz: the provider without keys, on this machine. It previews a production before takes are paid for.

Storyboard frames, scratch narration, music and effects, animatics and placeholder text: real media, the same bytes for
the same request, with a visible PREVIZ tag. `previz-animatic-job` simulates a vendor's long job: its id
contains its start and its length, so any worker can poll it.
"""

import asyncio
import math
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from activities.catalogue.loader import OWN_CATALOGUE, load_offers
from activities.catalogue.offers import Offer, Parameter
from activities.errors import InvalidRequest
from activities.providers.installed import is_installed
from activities.providers.previz.animatic import BREATH, SECONDS, RenderStopped, animatic
from activities.providers.previz.narration import RATE, find_voice, speak, voices
from activities.providers.previz.scripts import spoken
from activities.providers.previz.sound.effects import effect
from activities.providers.previz.sound.music import TEMPI, music
from activities.providers.previz.storyboard import storyboard
from activities.providers.previz.text import DEFAULT_PICTURES, illustrate, write
from activities.providers.protocol import Finished, Input, Job, ProviderBase, Request, Running, Unreadable
from activities.text.delivery.prosody import prosody_of
from workflows.illustrated.parts import MAX_PICTURES
from workflows.models import SPEECH, Asset, Modality

DEFAULT_SECONDS: Final = 5.0
DEFAULT_RATE: Final = 165.0
DEFAULT_JOB_SECONDS: Final = 10.0
DEFAULT_MUSIC_SECONDS: Final = 30.0
MUSIC_SECONDS: Final = (1.0, 180.0)
SOUND_SECONDS: Final = (0.1, 120.0)
JOB_SECONDS: Final = (0.0, 86_400.0)
LONGEST_SECONDS: Final = 600.0
"""Of one animatic; narration does not make it longer than this."""

_JOB_ID: Final = re.compile(r"previz-(\d{1,15})-(\d{1,8})", re.ASCII)
FREE: Final = Decimal(0)


def _number(request: Request, name: str, default: float, limits: tuple[float, float], unit: str) -> float:
    """A numeric parameter.

    Raises:
        InvalidRequest: it is not a number or is outside `limits`.
    """
    value = request.asset.parameters.get(name, default)
    low, high = limits
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidRequest(f"parameters.{name}: {value!r} is not a number of {unit} between {low:g} and {high:g}")
    return float(value)


def _shot_seconds(request: Request) -> float:
    """Seconds of a shot: the parameter, otherwise its narration plus BREATH (at least `at_least`), otherwise 5."""
    if "seconds" in request.asset.parameters:
        return _number(request, "seconds", DEFAULT_SECONDS, SECONDS, "seconds")
    at_least = _number(request, "at_least", SECONDS[0], SECONDS, "seconds")
    narration = request.input("narration")
    spoken = narration.media.duration_seconds if narration else None
    if spoken is None:
        return at_least if "at_least" in request.asset.parameters else DEFAULT_SECONDS
    return min(max(at_least, spoken + BREATH), LONGEST_SECONDS)


async def _fetch_pictures(request: Request) -> list[tuple[Input, Path]]:
    """The input pictures with their local files."""
    return [(each, await each.fetch()) for each in request.inputs_of(Modality.IMAGE)]


async def _stoppable(render: Callable[[Callable[[], bool]], Path]) -> Path:
    """Run `render` in a thread. If this task is cancelled, it stops `render` at the next frame and waits for that."""
    stop = threading.Event()
    work = asyncio.ensure_future(asyncio.to_thread(render, stop.is_set))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        with suppress(RenderStopped):
            await work
        raise


def _parse_job_id(job: Job) -> tuple[float, float]:
    """The start of a job, in seconds since the epoch, and its length, in seconds.

    Raises:
        InvalidRequest: the id is not one of previz.
    """
    found = _JOB_ID.fullmatch(job.id)
    if found is None:
        raise InvalidRequest(f"job_id: {job.id!r} is not a previz job; give an id such as 'previz-1790000000000-10000'")
    return int(found[1]) / 1000, int(found[2]) / 1000


class _VoiceParameter(Parameter):
    """The parameter `voice`: only a voice that espeak-ng has."""

    def problem(self, value: JsonValue) -> str | None:
        problem = super().problem(value)
        if problem is None and find_voice(str(value)) is None:
            return f"previz has no voice {str(value)[:60]!r}; choose a language such as en, en-us, de, fr, es or zh"
        return problem


def _with_voices(offer: Offer) -> Offer:
    """A narration offer with the languages and voices that espeak-ng has, or `unavailable` without it; any other offer
    is unchanged."""
    if offer.modality != Modality.AUDIO or not offer.makes(SPEECH):
        return offer
    if not is_installed("espeakng_loader"):
        return replace(offer, unavailable="its voices are not installed: install greenlight[local] for the worker")
    rules = {
        name: _VoiceParameter(**rule.model_dump()) if name == "voice" else rule for name, rule in offer.rules.items()
    }
    return replace(offer, rules=rules, languages=offer.languages or frozenset(voices()))


class Previz(ProviderBase):
    """The provider. It has no credentials, costs nothing and needs no network."""

    name = "previz"

    def __init__(self, env: Mapping[str, str]) -> None:
        self._listed = load_offers(self.name, env.get(OWN_CATALOGUE, ""))

    @cached_property
    def _offers(self) -> tuple[Offer, ...]:
        return tuple(map(_with_voices, self._listed))

    def offers(self) -> Sequence[Offer]:
        return self._offers

    def sendable(self, offer: Offer) -> Offer:
        match offer.modality:
            case Modality.TEXT if offer.illustrates:
                return offer.limited_to(Modality.IMAGE)
            case Modality.IMAGE:
                return offer.limited_to(Modality.IMAGE)
            case Modality.VIDEO:
                return offer.limited_to(Modality.IMAGE, Modality.AUDIO, last_frame=True)
        return offer.limited_to()

    def unreadable(self, asset: Asset, language: str) -> Unreadable | None:
        voice = asset.parameters.get("voice", language)
        if not asset.spoken or not isinstance(voice, str):
            return None
        said = spoken(asset.prompt, voice)
        if not said.unread:
            return None
        return Unreadable(said.unread, f"the voice {voice} of espeak-ng", silent=not said.text)

    async def submit(self, request: Request) -> Finished | Job:
        """Make the take, or start a simulated job.

        Raises:
            InvalidRequest: the model is unknown, or a parameter or language is not supported; names the field.
        """
        match request.asset.model:
            case "previz-text":
                return Finished(write(request), "text/markdown", FREE)
            case "previz-illustrated":
                pictures = await _fetch_pictures(request)
                count = int(_number(request, "pictures", DEFAULT_PICTURES, (1, MAX_PICTURES), "pictures"))
                parts = await asyncio.to_thread(illustrate, request, count, pictures)
                return Finished(b"", "text/markdown", FREE, parts=parts)
            case "previz-storyboard":
                pictures = await _fetch_pictures(request)
                return Finished(await asyncio.to_thread(storyboard, request, pictures), "image/png", FREE)
            case "previz-narration":
                return await self._narration(request)
            case "previz-music" | "previz-sounds":
                return Finished(await self._sound(request), "audio/wav", FREE)
            case "previz-animatic":
                return await self._animatic(request)
            case "previz-animatic-job":
                _shot_seconds(request)  # otherwise an invalid length would fail only at the end of the job
                takes = _number(request, "job_seconds", DEFAULT_JOB_SECONDS, JOB_SECONDS, "seconds")
                return Job(f"previz-{time.time_ns() // 1_000_000}-{round(takes * 1000)}")
            case unknown:
                models = ", ".join(o.model for o in self.offers())
                raise InvalidRequest(f"model: {unknown!r} is not offered by previz; choose from {models}")

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        """Progress by the clock, then the animatic.

        Raises:
            InvalidRequest: the id is not one of previz.
        """
        started, takes = _parse_job_id(job)
        left = min(started + takes - time.time(), takes)
        if left > 0:
            # About ten polls for each job, at least half a second apart, the last one when it ends.
            pause = min(left, max(takes / 10, 0.5))
            return Running(
                progress=round(1 - left / takes, 3), poll_after=timedelta(seconds=math.ceil(pause * 1000) / 1000)
            )
        return await self._animatic(request)

    async def check_adoptable(self, request: Request, job: Job) -> None:
        """A job's id contains its start and its length, but neither prompt nor account.

        Raises:
            InvalidRequest: the id is not one of previz, or the model has no jobs.
        """
        if request.asset.model != "previz-animatic-job":
            raise InvalidRequest(f"job_id: {request.asset.model} has no jobs; only previz-animatic-job has")
        _parse_job_id(job)

    async def _narration(self, request: Request) -> Finished:
        rate = _number(request, "rate", DEFAULT_RATE, RATE, "words a minute")
        voice = request.asset.parameters.get("voice", request.brief.language)
        if not isinstance(voice, str):
            raise InvalidRequest(f"parameters.voice: {voice!r} is not a voice name or language tag; give e.g. 'en-gb'")
        field = "parameters.voice" if "voice" in request.asset.parameters else "languages"
        out = request.file("narration.wav").absolute()
        said = spoken(request.asset.prompt, voice)
        how = prosody_of(request.asset.delivery)
        silence = said.silence * DEFAULT_RATE / (rate * how.pace)
        words = await speak(said.text, out, voice=voice, rate=rate, field=field, at_least=silence, how=how)
        text = request.asset.prompt
        timed: list[JsonValue] = []
        for word in words:
            at, until = said.places[word.at], said.places[word.until - 1] + 1
            timed.append({"word": text[at:until], "at": at, "start": word.start, "end": word.end})
        data: dict[str, JsonValue] = {"kind": "speech", "text": text, "words": timed} if timed else {}
        return Finished(out, "audio/wav", FREE, data=data)

    async def _sound(self, request: Request) -> Path:
        asset, out = request.asset, request.file("sound.wav").absolute()
        if asset.model == "previz-music":
            seconds = _number(request, "seconds", DEFAULT_MUSIC_SECONDS, MUSIC_SECONDS, "seconds")
            bpm = _number(request, "bpm", 0, TEMPI, "beats a minute") if "bpm" in asset.parameters else None
            return await _stoppable(lambda stop: music(asset.prompt, out, seconds, bpm, stop))
        length = _number(request, "seconds", 0, SOUND_SECONDS, "seconds") if "seconds" in asset.parameters else None
        role = "ambience" if asset.role == "ambience" else "effects"
        return await _stoppable(lambda stop: effect(role, asset.prompt, out, length, stop))

    async def _animatic(self, request: Request) -> Finished:
        seconds = _shot_seconds(request)
        pictures = await _fetch_pictures(request)
        path = await _stoppable(lambda stop: animatic(request, pictures, seconds, stop))
        return Finished(path, "video/mp4", FREE)
