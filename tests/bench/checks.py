"""What the checks of takes cost: of a clip against decoding it once, and of takes of usual sizes against their upload.

The upload goes to the S3 server of the bench, and then waits until a connection of CONNECTION would have sent it. The
figures are the shares of an upload by which checks delay a take: they run while it is stored. A stream of up to 8 MiB
is uploaded once its copy is whole, and so is checked at the same time too. A video whose index comes first is checked
from its first byte on, over a connection like that of the upload; one whose index comes last, once it is whole.
"""

import asyncio
import io
import statistics
import time
import wave
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Final

import numpy as np

from activities.media.arriving import ArrivingFile
from activities.media.facts import Facts, probe
from activities.media.recordings import open_recording, video_frames
from activities.quality.checks import check_take
from activities.quality.outputs import check_arriving
from activities.storage.bucket import Storage
from tests.activities.quality.labelled import pictures, sounds, videos
from tests.activities.quality.labelled.cases import order
from workflows.models import Modality

ROUNDS: Final = 7
SIZE: Final = (1280, 720)
CONNECTION: Final = (100e6 / 8, 0.05)
"""Bytes a second, and seconds until a response: 100 Mbit/s to a store that is 50 ms away."""
CHUNK: Final = 64 * 1024
"""Bytes of a response at a time."""
SPEECH_RATE: Final = 24_000
"""Samples a second of the speech of vendors."""
BITRATE: Final = 8_000_000
"""Bits a second of a vendor's clip of 720p."""


@dataclass(frozen=True)
class Usual:
    """A take of a usual size."""

    name: str
    data: bytes
    media_type: str
    modality: Modality

    def check(self) -> None:
        asked = order(self.modality, "Grainy footage of a street")
        with ThreadPoolExecutor(1) as beside:
            reading = beside.submit(probe, io.BytesIO(self.data), self.media_type)
            facts = Facts() if self.modality is Modality.VIDEO else reading.result()
            check_take(self.data, self.media_type, facts, asked)
            reading.result()


def measure() -> dict[str, float]:
    """Seconds of CPU of one check and their ratio to one pass of the decoder; percent of an upload, by kind of take."""
    return {**_against_decoding(), **asyncio.run(_against_uploads(_takes()))}


def _against_decoding() -> dict[str, float]:
    data = _clip({"preset": "veryfast", "crf": "23"})
    asked = order(Modality.VIDEO, "Grainy footage of a street", {"seconds": 5})
    checks, decoding = [], []
    for _ in range(ROUNDS):
        began = process_time()
        check_take(data, "video/mp4", Facts(*SIZE, 5.0), asked)
        checks.append(process_time() - began)
        began = process_time()
        with open_recording(io.BytesIO(data)) as container:
            container.streams.video[0].thread_type = "AUTO"
            for _frame in video_frames(container):
                pass
        decoding.append(process_time() - began)
    seconds = statistics.median(checks)
    return {"seconds": seconds, "ratio": seconds / statistics.median(decoding)}


async def _against_uploads(takes: Sequence[Usual]) -> dict[str, float]:
    storage = Storage("checks")
    await storage.ensure_bucket()
    found: dict[str, float] = {}
    for take in takes:
        alone, both = await _least(_upload, storage, take), await _least(_checked_upload, storage, take)
        found[f"{take.name}_percent"] = 100 * max(both - alone, 0) / alone
        found[f"{take.name}_megabytes"] = len(take.data) / 1e6
        found[f"{take.name}_upload_seconds"] = alone
    video = replace(takes[-1], data=videos.index_first(takes[-1].data))
    alone, both = await _least(_received, storage, video), await _least(_checked_arrival, storage, video)
    found["arriving_percent"] = 100 * max(both - alone, 0) / found["video_upload_seconds"]
    return found


async def _received(storage: Storage, take: Usual, *, checked: bool = False) -> None:
    """A take that arrives and is uploaded then; its facts are read meanwhile, whether it is checked or not."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "take"
        file, asked = ArrivingFile(path), order(take.modality, "Grainy footage of a street")
        checking = asyncio.to_thread(check_arriving, file, asked) if checked else asyncio.sleep(0)
        early = asyncio.create_task(checking)
        await _arrive(file, take.data)
        await asyncio.gather(_upload(storage, take), asyncio.to_thread(probe, path, take.media_type))
        assert await early or not checked


async def _checked_arrival(storage: Storage, take: Usual) -> None:
    await _received(storage, take, checked=True)


async def _arrive(file: ArrivingFile, data: bytes) -> None:
    rate, latency = CONNECTION
    began = time.perf_counter() + latency
    for at in range(0, len(data), CHUNK):
        await asyncio.sleep(max(began + at / rate - time.perf_counter(), 0))
        await asyncio.to_thread(file.append, data[at : at + CHUNK])
    file.end(whole=True)


async def _upload(storage: Storage, take: Usual) -> None:
    rate, latency = CONNECTION
    took = latency + len(take.data) / rate
    await asyncio.gather(storage.put_bytes(f"bench/{take.name}", take.data, take.media_type), asyncio.sleep(took))


async def _checked_upload(storage: Storage, take: Usual) -> None:
    await asyncio.gather(_upload(storage, take), asyncio.to_thread(take.check))


async def _least(run: Callable[[Storage, Usual], Awaitable[None]], storage: Storage, take: Usual) -> float:
    """Seconds of the fastest round: others wait for processors that something else uses."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await run(storage, take)
        taken.append(time.perf_counter() - began)
    return min(taken)


def _takes() -> list[Usual]:
    text = "The lighthouse has guided ships for two hundred years. " * 60
    bits = str(BITRATE)
    return [
        Usual("picture", _png(), "image/png", Modality.IMAGE),
        Usual("speech", _wav(), "audio/wav", Modality.AUDIO),
        Usual("text", text.encode(), "text/markdown", Modality.TEXT),
        Usual("video", _clip({"preset": "veryfast", "b": bits, "minrate": bits, "maxrate": bits, "bufsize": bits}),
              "video/mp4", Modality.VIDEO),
    ]  # fmt: skip


def _png() -> bytes:
    file = io.BytesIO()
    pictures.photograph(3, (1024, 1024)).save(file, "PNG")
    return file.getvalue()


def _wav(seconds: float = 12) -> bytes:
    spoken = np.concatenate([sounds.speech(n) for n in range(8)])[:: sounds.RATE // SPEECH_RATE]
    samples = (np.resize(spoken, int(seconds * SPEECH_RATE)) * 32_767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SPEECH_RATE)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def _clip(options: dict[str, str]) -> bytes:
    return videos.encode(videos.grain(1, 120, SIZE), size=SIZE, options=options)
