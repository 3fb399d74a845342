"""`python -m tests.journeys.long_film MINUTES`: a film of previz shots of 12 s, made by two workers.

Afterwards the film has exactly the frames that its cut says, at equal intervals, and every file has the bytes that its
manifest names. A line of JSON has the seconds until all takes are made and until the film is delivered, the highest
resident memory of a worker in MiB while takes are made and while the film is finished, the kills, and the lost
responses of the store.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from contextlib import suppress
from itertools import cycle, pairwise
from pathlib import Path
from typing import Final

import av

from api.client.client import GreenlightClient
from api.views.production import PlanView
from tests.chaos.servers.proxy import S3Faults
from tests.chaos.servers.stack import Running, started
from tests.support.film import Bucket, approval, manifest_of, planned
from tests.support.servers import small_worker
from workflows.brief import MAX_SHOTS, Brief, Platform
from workflows.events import ProductionStatus, Snapshot

SHOT_SECONDS: Final = 12
RATE: Final = 24
POLL_SECONDS: Final = 1.0
ON_ONE_CORE: Final = (shutil.which("taskset") or "taskset", "--cpu-list", "{core}")
SLOW_STORE: Final = S3Faults(latency=(0.075, 0.225), lose=0.08)


def main() -> int:
    """The exit code: 0 if the film is as its cut says."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.long_film", description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kill-every", type=float, default=0, help="seconds between two kills, each of another worker")
    parser.add_argument("--slow-store", action="store_true", help="75 to 225 ms for each request, and lost responses")
    parser.add_argument("--one-core-each", action="store_true", help="for the speed of two workers against one")
    parser.add_argument("--full-size", action="store_true", help="pictures of 1280x720, not of a quarter of that width")
    asked = parser.parse_args()
    module = "worker" if asked.full_size else small_worker.MODULE
    worker = (*(ON_ONE_CORE if asked.one_core_each else ()), sys.executable, "-m", module)
    faults = SLOW_STORE if asked.slow_store else S3Faults()
    with tempfile.TemporaryDirectory(prefix="long-film-") as folder:
        home = Path(folder) / "home"
        with started(
            home, {}, commands=True, workers=asked.workers, s3_faults=faults, seed="film", worker=worker
        ) as running:
            trial = Trial(running, Path(folder), asked.kill_every)
            found = trial.play(brief_of(round(asked.minutes * 60 / SHOT_SECONDS)))
    sys.stdout.write(json.dumps(found) + "\n")
    return 1 if found["problems"] else 0


def brief_of(shots: int) -> Brief:
    """A brief that lists its shots, each with a line to say."""
    assert 2 <= shots <= MAX_SHOTS
    lines = (f"{n}. {SHOT_SECONDS} s: Waves on a pier.\n   VO: Wave {n} comes in." for n in range(1, shots + 1))
    return Brief(
        title="The sea",
        text="\n".join(lines),
        platform=Platform.VIDEO,
        duration_seconds=shots * SHOT_SECONDS,
        requester="ana",
    )


class Trial:
    """One film on a running stack; workers are killed in turn every `kill_every` seconds, if that is not 0."""

    def __init__(self, running: Running, folder: Path, kill_every: float) -> None:
        self._running, self._folder, self._kill_every = running, folder, kill_every
        self._over = threading.Event()
        self._finishing = False
        self._most_kib = {"making": 0, "finishing": 0}
        self._kills = 0

    def play(self, brief: Brief) -> dict[str, object]:
        """The figures of the trial; `problems` is empty if the film is as its cut says."""
        with GreenlightClient(self._running.info.api_url) as client:
            production_id, plan = planned(client, brief)
            problems = self._problems_of_plan(plan, brief)
            watches = [threading.Thread(target=work, daemon=True) for work in (self._kill, self._measure)]
            for watch in watches:
                watch.start()
            self._running.proxy.start_faults()
            client.approve(production_id, approval(plan))
            try:
                self._wait(client, production_id)
            finally:
                self._over.set()
                for watch in watches:
                    watch.join()
                self._running.proxy.stop_faults()
            self._running.wait_ready()
            record = manifest_of(client, production_id, self._folder)
            film = client.download_deliverable(production_id, self._folder / "film.mp4")
        problems += self._problems_of(record, film, round(brief.duration_seconds * RATE))
        return {
            "film_seconds": brief.duration_seconds,
            **times_of(record),
            **{f"{phase}_mib": round(kib / 1024) for phase, kib in self._most_kib.items()},
            "kills": self._kills,
            "lost_responses": self._running.proxy.met["lost"],
            "problems": problems,
        }

    def _problems_of_plan(self, plan: PlanView, brief: Brief) -> list[str]:
        shots = [a for a in plan.assets if a.role == "shot"]
        wanted = brief.duration_seconds / SHOT_SECONDS
        return [] if len(shots) == wanted else [f"{len(shots)} shots are planned instead of {wanted:g}"]

    def _wait(self, client: GreenlightClient, production_id: str) -> None:
        """Wait until the film is delivered, or a person is needed."""
        over = (ProductionStatus.NEEDS_ATTENTION, *(s for s in ProductionStatus if s.closed))
        while True:
            with suppress(Exception):  # a query fails while both workers start
                status = client.get(production_id).status
                if status in over:
                    return
                if status is ProductionStatus.FINISHING and not self._finishing:
                    self._forget_peaks()
            time.sleep(POLL_SECONDS)

    def _forget_peaks(self) -> None:
        """Let the system measure the highest memory of each worker from now on."""
        for pid in self._running.worker_pids().values():
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._finishing = True

    def _kill(self) -> None:
        if not self._kill_every:
            return
        names = cycle(self._running.workers)
        while not self._over.wait(self._kill_every):
            self._running.supervisor.kill(next(names))
            self._kills += 1

    def _measure(self) -> None:
        """Keep the highest resident memory of any worker process."""
        while not self._over.wait(POLL_SECONDS):
            for pid in self._running.worker_pids().values():
                with suppress(FileNotFoundError, ProcessLookupError, StopIteration):
                    status = Path(f"/proc/{pid}/status").read_text().splitlines()
                    line = next(line for line in status if line.startswith("VmHWM:"))
                    phase = "finishing" if self._finishing else "making"
                    self._most_kib[phase] = max(self._most_kib[phase], int(line.split()[1]))

    def _problems_of(self, record: Snapshot, film: Path, frames: int) -> list[str]:
        if record.status is not ProductionStatus.DELIVERED or record.deliverable is None:
            return [f"the production is {record.status.value}: {record.error}"]
        found = []
        times = sorted(times_in(film))
        if len(times) != frames:
            found.append(f"the film has {len(times)} frames, and its cut {frames}")
        if len({b - a for a, b in pairwise(times)}) > 1:
            found.append("the frames do not follow each other at equal intervals")
        bucket = Bucket(self._running.info)
        found += [
            f"{file.name} has other bytes than the manifest says"
            for file in record.deliverable.files
            if hashlib.sha256(bucket.read(file.media.key)).hexdigest() != file.media.sha256
        ]
        again = [i for i, state in record.assets.items() if len(state.takes) != 1]
        return [*found, *([f"made again: {again[:5]}"] if again else []), *record.deliverable.notes]


def times_in(film: Path) -> list[int]:
    """The presentation time of every frame, in the film's time base; nothing is decoded."""
    with av.open(str(film)) as container:
        return [p.pts for p in container.demux(container.streams.video[0]) if p.pts is not None]


def times_of(record: Snapshot) -> dict[str, float]:
    """Seconds from the approval until all takes are made, and from then until the delivery."""
    at = {event.name: event.at for event in record.events}  # the last of each name
    if "done" not in at:
        return {}
    made = (at["finishing"] - at["approved"]).total_seconds()
    return {
        "making_seconds": round(made, 1),
        "finishing_seconds": round((at["done"] - at["finishing"]).total_seconds(), 1),
    }


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the SDK's threads can hang an ordinary exit (sdk-python issue 300)
