"""A film of 60 shots and 5 minutes, finished in segments, compared with one plain loop that encodes the same frames.

Each measure runs in a process of its own, against the store of the bench.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Final

from tests.bench.stream import peak

SHOTS: Final = 60
SECONDS: Final = 5
HOUR_SHOTS: Final = 720
RATE: Final = 24
SIZE: Final = (1280, 720)
DIFFERENT: Final = 12
"""The different shots of the hour, which repeats them: encoding an hour takes ten minutes, and needs no more memory."""


def shot_file(path: Path, number: int) -> None:
    """A moving test picture with a hue of its own."""
    import av

    graph = av.filter.Graph()
    source = graph.add("testsrc2", f"size={SIZE[0]}x{SIZE[1]}:rate={RATE}:duration={SECONDS}")
    nodes = [source, graph.add("hue", f"h={number * 6}"), graph.add("format", "yuv420p"), graph.add("buffersink")]
    graph.link_nodes(*nodes).configure()
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for at in range(SECONDS * RATE):
            frame = graph.vpull()
            frame.pts, frame.time_base = at, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def voice_file(path: Path, seconds: float) -> None:
    import av

    graph = av.filter.Graph()
    tone = graph.add("sine", f"frequency=220:sample_rate=24000:duration={seconds}")
    graph.link_nodes(tone, graph.add("aformat", "sample_fmts=s16"), graph.add("abuffersink")).configure()
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=24_000, layout="mono")
        try:
            while True:
                out.mux(stream.encode(graph.pull()))  # type: ignore[arg-type]
        except (EOFError, BlockingIOError):
            out.mux(stream.encode(None))


def main(kind: str, folder: Path) -> None:
    """Run one measure, and print its result as JSON."""
    from activities.finishing import film
    from activities.finishing.deliverable import assemble
    from activities.finishing.picture.formats import FilmFormat
    from activities.finishing.picture.frames import frames_of
    from activities.finishing.picture.pieces import pieces_of
    from activities.finishing.picture.segments import add_picture
    from activities.finishing.sources import Sources
    from activities.finishing.timeline import Shot, lay_out
    from activities.media.recordings import Skipped
    from activities.storage.bucket import Storage, sha256_of
    from workflows.activity_io import EncodeSegment, FinishDeliverable, FinishedAsset, MixSound
    from workflows.brief import Brief, Platform
    from workflows.keys import film_prefix, take_prefix
    from workflows.models import Asset, Media, Modality, Take

    storage, name = Storage(os.environ["GREENLIGHT_BUCKET"]), "bench-film"
    now = datetime.now(UTC)

    async def finished(asset_id: str, source: Path, modality: Modality, needs: tuple[str, ...] = ()) -> FinishedAsset:
        data = await asyncio.to_thread(source.read_bytes)
        media_type = "video/mp4" if modality is Modality.VIDEO else "audio/wav"
        key = f"{take_prefix(name, source.stem, 1)}/media{source.suffix}"
        if await storage.head(key) is None:
            await storage.put_bytes(key, data, media_type)
        media = Media(key=key, bytes=len(data), sha256=sha256_of(data), media_type=media_type)
        role = "shot" if modality is Modality.VIDEO else "narration"
        asset = Asset(asset_id=asset_id, asset_type=modality, role=role, prompt="A calm sentence.", provider="bench",
                      model="any", depends_on=needs)  # fmt: skip
        take = Take(number=1, prompt=asset.prompt, provider="bench", model="any", media=media, started_at=now,
                    finished_at=now)  # fmt: skip
        return FinishedAsset(asset=asset, take=take)

    async def request(count: int, different: int, other: int = -1) -> FinishDeliverable:
        assets = []
        for number in range(count):
            shot = folder / ("shot-other.mp4" if number == other else f"shot-{number % different}.mp4")
            assets.append(await finished(f"narration-{number}", folder / "voice.wav", Modality.AUDIO))
            assets.append(await finished(f"shot-{number}", shot, Modality.VIDEO, (f"narration-{number}",)))
        brief = Brief(text="x", platform=Platform.VIDEO)
        return FinishDeliverable(production_id=name, revision=1, brief=brief, title="Film", assets=tuple(assets))

    async def make(wanted: FinishDeliverable, slots: int) -> dict[str, float]:
        began = time.perf_counter()
        window = asyncio.Semaphore(slots)
        with tempfile.TemporaryDirectory() as work:
            layout = await film.lay_out_film(Sources(storage, Path(work) / "layout"), wanted, lambda _: None)

            async def step(number: int, work_of: object) -> None:
                async with window:
                    here = Path(work) / str(number)
                    here.mkdir()
                    sources = Sources(storage, here / "takes")
                    if isinstance(work_of, EncodeSegment):
                        await film.encode_segment(sources, work_of, here, lambda _: None)
                    elif isinstance(work_of, MixSound):
                        await film.mix_sound(sources, work_of, here, lambda _: None)

            ids = {"production_id": name, "timeline": layout.timeline}
            steps: list[object] = [EncodeSegment(**ids, segment=each) for each in layout.segments]
            steps += [MixSound(**ids, key=layout.sound)] if layout.sound else []
            await asyncio.gather(*(step(number, each) for number, each in enumerate(steps)))
            encoded = time.perf_counter()
            done = await assemble(
                Sources(storage, Path(work) / "takes"), wanted, layout.timeline, Path(work), lambda _: None
            )
        ended = time.perf_counter()
        return {"seconds": ended - began, "assembly": ended - encoded, "film_seconds": done.duration_seconds or 0}

    async def join() -> dict[str, float]:
        """Join the stored segments and the sound."""
        from activities.finishing import assembly

        sources = Sources(storage, folder / "stored")
        parts = [
            await sources.fetch(key, "mp4")
            for key in await storage.list_keys(film_prefix(name))
            if key.endswith(".mp4")
        ]
        (sound,) = (key for key in await storage.list_keys(film_prefix(name)) if key.endswith(".m4a"))
        track, began = await sources.fetch(sound, "m4a"), time.perf_counter()
        await asyncio.to_thread(
            assembly.assemble, folder / "joined.mp4", parts[:SHOTS], track, RATE, {}, [], SHOTS * SECONDS,
            title="Film", comment="", language="en", stop=Event(),
        )  # fmt: skip
        return {"seconds": time.perf_counter() - began}

    def plain() -> dict[str, float]:
        """One loop that decodes, scales and encodes all frames, with the settings of a segment."""
        import av

        none = Media(key="", bytes=0, sha256="", media_type="video/mp4")
        shots = [Shot(f"shot-{n}", none, SECONDS) for n in range(SHOTS)]
        paths = {f"shot-{n}": folder / f"shot-{n}.mp4" for n in range(SHOTS)}
        output, began = FilmFormat(*SIZE, RATE), time.perf_counter()
        with av.open(str(folder / "plain.mp4"), "w") as out:
            stream = add_picture(out, output)
            at = 0
            for piece in pieces_of(lay_out(shots, [], RATE)):
                for frame in frames_of(piece, paths, output, Event(), Skipped()):
                    frame.pts, frame.time_base, frame.pict_type = at, Fraction(1, RATE), 0
                    out.mux(stream.encode(frame))
                    at += 1
            out.mux(stream.encode(None))
        return {"seconds": time.perf_counter() - began}

    async def measured() -> dict[str, float]:
        await storage.ensure_bucket()
        cores = os.cpu_count() or 1
        match kind:
            case "plain":
                return await asyncio.to_thread(plain)
            case "first":
                return await make(await request(SHOTS, SHOTS), cores)
            case "join":
                return await join()
            case "again":
                return await make(await request(SHOTS, SHOTS, other=SHOTS // 2), cores)
            case _:
                return await make(await request(HOUR_SHOTS, DIFFERENT), 1)

    sys.stdout.write(json.dumps({**asyncio.run(measured()), "peak": peak()}))


def measure() -> dict[str, float]:
    """Seconds of each part, and the ratios to the plain loop and to the first finish."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(SHOTS):
            shot_file(Path(folder) / f"shot-{number}.mp4", number)
        shot_file(Path(folder) / "shot-other.mp4", SHOTS + 1)
        voice_file(Path(folder) / "voice.wav", SECONDS - 1)
        found = {kind: _child(kind, folder) for kind in ("plain", "first", "join", "again", "hour")}
    plain, first, again, hour = (found[kind] for kind in ("plain", "first", "again", "hour"))
    return {
        "plain_seconds": plain["seconds"],
        "first_seconds": first["seconds"],
        "ratio": first["seconds"] / plain["seconds"],
        "again_ratio": again["seconds"] / first["seconds"],
        "join_seconds": found["join"]["seconds"],
        "assembly_seconds": first["assembly"],
        "hour_mib": hour["peak"] / 1024**2,
        "hour_film_seconds": hour["film_seconds"],
    }


def _child(kind: str, folder: str) -> dict[str, float]:
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.bench.film", kind, folder]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{kind} ended with {done.returncode}: {done.stderr[-4_000:]}")
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
