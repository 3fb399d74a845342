"""`kill -9` of any process, at any time, ends in the same delivered production: nothing is lost, nothing is made
twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowHandle

from api.client.client import GreenlightClient
from api.views.production import StreamEvent
from deploy.home import StackInfo, find_running_stack
from deploy.local import Stack, running_stack
from deploy.ports import Ports
from tests import ROOT
from tests.support.film import (
    BRIEF,
    Bucket,
    Watcher,
    approval,
    as_job,
    in_the_log,
    known_keys,
    ledger_key,
    manifest_of,
    planned,
)
from tests.support.servers.linux import needs_linux
from tests.support.stack import hermetic, new_home
from tests.support.waiting import WITHIN, until
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus, Snapshot

STARTED: Final = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
JOB_SECONDS: Final = 20
"""The simulated job is still at its provider when a killed worker's asset has missed its heartbeat for 15 s."""

pytestmark = needs_linux


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack for this file only, because its parts are killed."""
    with running_stack(new_home(tmp_path_factory.mktemp("durable") / "home"), ports="free") as stack:
        yield stack


async def _run(info: StackInfo, production_id: str) -> WorkflowHandle[object, object]:
    client = await Client.connect(info.temporal_address, namespace=info.temporal_namespace)
    return client.get_workflow_handle(keys.workflow_id(production_id))


def at_work(info: StackInfo, production_id: str) -> list[bool]:
    """For each asset that is being made, whether a worker runs its attempt now; a job between two polls has no
    attempt."""

    async def ask() -> list[bool]:
        description = await (await _run(info, production_id)).describe()
        return sorted(a.state == STARTED for a in description.raw_description.pending_activities)

    return asyncio.run(ask())


def attempts(info: StackInfo, production_id: str) -> dict[str, list[int]]:
    """Asset -> the attempt that ended each of its scheduled activities, from Temporal's history."""

    async def ask() -> dict[str, list[int]]:
        history = await (await _run(info, production_id)).fetch_history()
        scheduled: dict[int, str] = {}
        found: dict[str, list[int]] = {}
        for event in history.events:
            asked = event.activity_task_scheduled_event_attributes
            started = event.activity_task_started_event_attributes
            if asked.activity_type.name == "produce_asset":
                scheduled[event.event_id] = json.loads(asked.input.payloads[0].data)["asset"]["asset_id"]
            elif started.scheduled_event_id in scheduled:
                found.setdefault(scheduled[started.scheduled_event_id], []).append(started.attempt)
        return found

    return asyncio.run(ask())


def segment_attempts(info: StackInfo, production_id: str) -> list[int]:
    """The attempt that ended each segment's activity."""

    async def ask() -> list[int]:
        history = await (await _run(info, production_id)).fetch_history()
        scheduled = {
            e.event_id
            for e in history.events
            if e.activity_task_scheduled_event_attributes.activity_type.name == "encode_segment"
        }
        started = (e.activity_task_started_event_attributes for e in history.events)
        return [each.attempt for each in started if each.scheduled_event_id in scheduled]

    return asyncio.run(ask())


@dataclass(frozen=True)
class Moment:
    """A film in mid-production, just before a kill; `stored` is the content of the bucket."""

    production_id: str
    stored: dict[str, tuple[str, datetime]]

    @property
    def made(self) -> set[str]:
        """The assets whose media was there."""
        return {key.split("/")[3] for key in self.stored if "/media." in key}


def begin(greenlight: GreenlightClient) -> str:
    """Approve a film whose first shot is a long job and whose second takes a worker two seconds."""
    production_id, plan = planned(greenlight, BRIEF)
    plan = as_job(greenlight, production_id, plan, "shot-1", JOB_SECONDS)
    greenlight.approve(production_id, approval(plan))
    return production_id


def in_the_middle(info: StackInfo, watcher: Watcher, production_id: str) -> Moment:
    """Wait until the stills are made, the second shot is being made, and the job is at its provider."""
    watcher.until("asset_complete", "script")
    watcher.until("asset_start", "shot-1")
    watcher.until("asset_start", "shot-2")
    bucket = Bucket(info)
    ledger = ledger_key(production_id, "shot-1")
    until(lambda: ledger in bucket.objects(production_id), "the job has a ledger")
    until(lambda: at_work(info, production_id) == [False, True], "the job rests while the other shot is made")
    assert bucket.ledger(production_id, "shot-1").state == "submitted"
    return Moment(production_id, bucket.objects(production_id))


def assert_made_once(
    greenlight: GreenlightClient,
    info: StackInfo,
    moment: Moment,
    events: list[StreamEvent],
    folder: Path,
) -> None:
    """Assert that the production of that moment is delivered, each asset was made once, and the watcher received every
    event once."""
    production_id = moment.production_id
    assert moment.made == {"script", "narration-1", "still-1", "narration-2", "still-2"}
    production = greenlight.get(production_id)
    assert production.status is ProductionStatus.DELIVERED, production.error
    manifest = manifest_of(greenlight, production_id, folder)
    assert manifest.deliverable is not None
    assert manifest.deliverable.revision == 1
    assert all(len(state.takes) == 1 for state in manifest.assets.values())

    bucket = Bucket(info)
    stored = bucket.objects(production_id)
    kept = {key: version for key, version in moment.stored.items() if not key.endswith("ledger.json")}
    assert kept == {key: stored[key] for key in kept}, "an object was stored again"
    plans = {key for key in moment.stored if "/plan/" in key}
    assert set(stored) == known_keys(manifest) | plans | {ledger_key(production_id, "shot-1")}
    ledger = bucket.ledger(production_id, "shot-1")
    assert (ledger.state, len(ledger.submissions), ledger.failures) == ("stored", 1, 0)
    used = manifest.assets["shot-1"].take
    assert used
    assert used.made_from
    assert ledger.take == used.model_copy(update={"made_from": {}})

    assert_seen_once(events, manifest)
    tried = attempts(info, production_id)
    assert set(tried) == set(manifest.assets)
    assert all(len(ended) == 1 for ended in tried.values()), "an asset was scheduled twice"
    assert tried["shot-2"][0] > 1, "the kill interrupted nothing"
    assert all(tried[asset_id] == [1] for asset_id in moment.made)


def assert_seen_once(events: list[StreamEvent], manifest: Snapshot) -> None:
    """Assert that a watcher received the log: every number from 1 once and in order, each asset started and completed
    once."""
    log = list(manifest.events)
    assert in_the_log(events) == log
    assert [e.id for e in log] == list(range(1, len(log) + 1))
    for name in ("asset_start", "asset_complete"):
        assert sorted(str(e.asset_id) for e in log if e.name == name) == sorted(manifest.assets)


@pytest.mark.trial
def test_worker_killed_in_mid_production(stack: Stack, greenlight: GreenlightClient, tmp_path: Path) -> None:
    """A worker that is killed while assets are made, one made and a job at its provider costs time and nothing else."""
    production_id = begin(greenlight)
    with Watcher(greenlight.url, production_id) as watcher:
        moment = in_the_middle(stack.info, watcher, production_id)
        stack.supervisor.kill("worker")
        events = watcher.all()
    assert_made_once(greenlight, stack.info, moment, events, tmp_path)


@pytest.mark.trial
def test_a_stored_take_without_a_result_is_found(stack: Stack, greenlight: GreenlightClient, tmp_path: Path) -> None:
    """A take that is stored, but whose worker and server die before Temporal has its result, is found and not made
    again."""
    production_id, plan = planned(greenlight, BRIEF.model_copy(update={"duration_seconds": 4.0}))
    bucket, key = Bucket(stack.info), f"{keys.take_prefix(production_id, 'shot-1', 1)}/media.mp4"
    with Watcher(greenlight.url, production_id) as watcher:
        greenlight.approve(production_id, approval(plan))
        watcher.until("asset_complete", "script")
        watcher.until("asset_start", "shot-1")
        until(lambda: at_work(stack.info, production_id) == [True], "the shot is being made")
        stack.supervisor.kill("temporal", hold=True)
        until(lambda: key in bucket.objects(production_id), "the shot is stored")
        stack.supervisor.kill("worker")
        died, before = datetime.now(UTC), bucket.objects(production_id)
        stack.supervisor.release("temporal")
        events = watcher.all()
    manifest = manifest_of(greenlight, production_id, tmp_path)
    assert_seen_once(events, manifest)
    assert attempts(stack.info, production_id)["shot-1"] == [2]
    (take,) = manifest.assets["shot-1"].takes
    assert take.finished_at < died
    after = bucket.objects(production_id)
    assert {k: after[k] for k in before} == before


@pytest.mark.trial
def test_worker_killed_while_it_encodes(stack: Stack, greenlight: GreenlightClient, tmp_path: Path) -> None:
    """A worker that is killed while it encodes a film loses the segments that it was encoding and no other, and the
    film has exactly the frames of its shots."""
    text = " ".join(f"Wave {number} comes in, and goes out again." for number in range(10))
    production_id, plan = planned(greenlight, BRIEF.model_copy(update={"text": text, "duration_seconds": 50.0}))
    bucket, kills = Bucket(stack.info), 2
    with Watcher(greenlight.url, production_id) as watcher:
        greenlight.approve(production_id, approval(plan))
        for segments in range(1, kills + 1):
            watcher.until("film_progress", count=segments)
            before = bucket.segments(production_id)
            stack.supervisor.kill("worker")
        watcher.all()
    production = greenlight.get(production_id)
    assert production.status is ProductionStatus.DELIVERED, production.error
    after = bucket.segments(production_id)
    assert {key: after[key] for key in before} == before, "a stored segment was encoded again"
    film = greenlight.download_deliverable(production_id, tmp_path / "film.mp4")
    with av.open(str(film)) as container:
        frames = [frame.pts for frame in container.decode(video=0) if frame.pts is not None]
    assert len(frames) == 50 * 24
    assert {b - a for a, b in pairwise(frames)} == {frames[1] - frames[0]}
    tried = segment_attempts(stack.info, production_id)
    assert len(tried) == 10
    assert sum(tried) - len(tried) <= kills * (os.cpu_count() or 1)


@pytest.mark.trial
def test_api_killed_during_a_watch(stack: Stack, greenlight: GreenlightClient, tmp_path: Path) -> None:
    """A watcher whose API is killed, twice, reconnects without help and has neither a missing nor a repeated event."""
    production_id, plan = planned(greenlight, BRIEF.model_copy(update={"duration_seconds": 4.0}))

    async def approve_another_plan() -> None:
        await (await _run(stack.info, production_id)).signal("approve", {"plan_digest": "another"})

    with Watcher(greenlight.url, production_id) as watcher:
        watcher.until("plan_ready")
        stack.supervisor.kill("api", hold=True)
        asyncio.run(approve_another_plan())
        stack.supervisor.release("api")
        watcher.until("approval_ignored")
        assert watcher.saw("stalled")
        greenlight.approve(production_id, approval(plan))
        watcher.until("asset_start", "shot-1")
        stack.supervisor.kill("api")
        events = watcher.all()
    assert [e.name for e in events].count("stalled") >= 2
    assert_seen_once(events, manifest_of(greenlight, production_id, tmp_path))


@pytest.mark.trial
def test_waiting_for_approval_survives_every_kill(stack: Stack, greenlight: GreenlightClient) -> None:
    """A plan that waits for a person still waits, unchanged, after every process is killed and started again."""
    production_id, plan = planned(greenlight, Brief(text="A bakery opens at five.", platform=Platform.COPY))
    names = tuple(stack.supervisor.pids())
    assert set(names) == {"temporal", "s3", "worker", "api"}
    for name in names:
        stack.supervisor.kill(name, hold=True)
    assert stack.supervisor.pids() == {}
    for name in names:
        stack.supervisor.release(name)
    for name in names:
        stack.supervisor.wait_ready(name)
    production = greenlight.get(production_id)
    assert production.status is ProductionStatus.AWAITING_APPROVAL
    assert production.plan == plan
    greenlight.approve(production_id, approval(plan))
    with Watcher(greenlight.url, production_id) as watcher:
        events = watcher.all()
    assert [e.id for e in in_the_log(events)] == list(range(1, len(in_the_log(events)) + 1))
    assert events[-1].name == "done"


@contextmanager
def up(home: Path, environ: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], StackInfo]]:
    """`make up` as a process of its own; stopped in order, unless it has been killed."""
    command = [sys.executable, "-m", "deploy.local", "up"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            output = []
            for line in process.stdout:
                output.append(line)
                if line.startswith("Ready"):
                    break
            info = find_running_stack(home)
            assert info is not None, output
            yield process, info
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.communicate(timeout=WITHIN)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise


@pytest.mark.trial
def test_whole_stack_killed_in_mid_production(tmp_path: Path) -> None:
    """The stack, killed whole in mid-production and started again over the same home, delivers the same production."""
    home, ports = new_home(tmp_path / "home"), Ports(lambda _: None, anywhere=True)
    chosen = {f"GREENLIGHT_{name}_PORT": str(ports.reserve_near(0)) for name in ("TEMPORAL", "UI", "S3", "API")}
    environ = hermetic(os.environ) | chosen | {"GREENLIGHT_HOME": str(home)}
    with (
        GreenlightClient(f"http://127.0.0.1:{chosen['GREENLIGHT_API_PORT']}") as greenlight,
        up(home, environ) as (process, info),
    ):
        production_id = begin(greenlight)
        with Watcher(greenlight.url, production_id) as watcher:
            moment = in_the_middle(info, watcher, production_id)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            # The kernel ends the children; a stack that shared its home with survivors would refuse to start.
            with up(home, environ) as (_, again):
                events = watcher.all()
                assert any(e.name == "stalled" for e in events)
                assert_made_once(greenlight, again, moment, events, tmp_path)
