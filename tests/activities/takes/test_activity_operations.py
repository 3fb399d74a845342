"""Temporal's own command on one activity costs no job and no second bill."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from pydantic import JsonValue
from temporalio import activity
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client
from temporalio.worker import Worker

from activities.production import Activities
from activities.providers.protocol import Finished, Job, Request
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes import attempt, paid
from activities.takes.ledger import Entry, Ledger
from api.cli.event_text import describe
from api.cli.progress import ProductionProgress
from api.cli.tables import make_console
from api.views.production import StreamEvent
from deploy.local import Stack
from deploy.temporal import binary
from tests.support.productions import Handle, Productions, snapshot
from tests.support.servers.serving import serving
from tests.support.vendor import Vendor
from tests.support.waiting import WITHIN, eventually
from workflows import keys
from workflows.activity_io import DraftPlan
from workflows.brief import Platform
from workflows.events import Snapshot
from workflows.models import Asset, Modality, Plan, Take
from workflows.production.workflow import ProductionWorkflow

SHOT, OTHER = "shot-1", "shot-2"
SETTINGS: Final = ActivitySettings(claim_settles_seconds=2.0)
NEVER: Final = 1_000_000
"""No job ends in fewer polls: a job ends when the test lets it."""
WAITING: Final = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
PAUSED: Final = PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED
"""Until no attempt runs any more, a pause is only requested."""


class Shots(Activities):
    """The product's own activities, with a fixed plan of two stills, each a job of the vendor's."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        still = Asset(
            asset_id=SHOT,
            asset_type=Modality.IMAGE,
            role="still",
            prompt="a lighthouse",
            provider="vendor",
            model="later",
        )
        return Plan.of("Two lighthouses", [still, still.model_copy(update={"asset_id": OTHER})])


class Patient(Vendor):
    """A vendor whose jobs never end; with `waits_for_operator`, it responds to the first request for SHOT only after
    the attempt has received a pause or a reset."""

    waits_for_operator = False

    async def submit(self, request: Request) -> Finished | Job:
        first = request.key not in self.billed
        answer = await super().submit(request)
        if self.waits_for_operator and first and request.asset.asset_id == SHOT:
            await activity.wait_for_cancelled()
        return answer


class Operator:
    """A person who has approved a production and runs the `temporal` command on the take of SHOT."""

    def __init__(self, handle: Handle, storage: Storage, address: str) -> None:
        self.handle = handle
        self.production_id = keys.production_id_of(handle.id)
        self.take = keys.take_prefix(self.production_id, SHOT, 1)
        self._storage, self._address = storage, address

    async def run_command(self, verb: str, *flags: str) -> None:
        """Run `temporal activity VERB` on the activity of the take."""
        whose = ("--workflow-id", self.handle.id, "--activity-id", keys.take_activity(SHOT, 1))
        process = await asyncio.create_subprocess_exec(
            *(binary("temporal"), "activity", verb, *whose, "--address", self._address, *flags),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()

    async def seen(self, state: PendingActivityState.ValueType) -> PendingActivityInfo:
        """The activity as `temporal workflow describe` shows it, once it is in this state."""

        async def poll() -> PendingActivityInfo | None:
            found = (await self.handle.describe()).raw_description.pending_activities
            ours = (a for a in found if a.activity_id == keys.take_activity(SHOT, 1))
            return next((a for a in ours if a.state == state), None)

        return await eventually(poll)

    async def made(self) -> Take:
        async def poll() -> Take | None:
            return next(iter((await snapshot(self.handle)).assets[SHOT].takes), None)

        return await eventually(poll)

    async def ledger(self, asset_id: str = SHOT) -> Entry | None:
        return await Ledger(self._storage, keys.take_prefix(self.production_id, asset_id, 1)).read()

    async def job(self, asset_id: str = SHOT) -> str:
        """The id of the take's job, as soon as the ledger has it."""

        async def poll() -> str | None:
            entry = await self.ledger(asset_id)
            return entry.job_id if entry else None

        return await eventually(poll)


Approve = Callable[[], Awaitable[Operator]]


@pytest.fixture
def vendor() -> Patient:
    return Patient(polls=NEVER)


@pytest.fixture
async def working(
    client: Client, storage: Storage, vendor: Patient, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """Workers whose attempts receive an operator's command at once, and poll a job soon."""
    monkeypatch.setattr(attempt, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(paid, "poll_delay", lambda *_: timedelta(seconds=0.3))
    shots, at_once = Shots(storage, {"vendor": vendor}, SETTINGS), timedelta(milliseconds=50)
    steps: Sequence[Any] = [
        shots.draft_plan,
        shots.price_plan,
        shots.finish_deliverable,
        shots.write_manifest,
        shots.newest_manifest,
    ]
    async with (
        Worker(client, task_queue=keys.TASK_QUEUE, workflows=[ProductionWorkflow], activities=steps),
        Worker(
            client,
            task_queue=keys.provider_queue("vendor"),
            activities=[shots.produce_asset],
            default_heartbeat_throttle_interval=at_once,
            max_heartbeat_throttle_interval=at_once,
        ),
    ):
        yield


@pytest.fixture
async def approve(working: None, productions: Productions, storage: Storage, servers: Stack) -> Approve:
    """Start and approve a production, after the test has configured the vendor."""

    async def approve() -> Operator:
        handle = await productions.approved(platform=Platform.DESIGN)
        return Operator(handle, storage, servers.info.temporal_address)

    return approve


async def test_a_paused_job_is_not_polled(approve: Approve, vendor: Patient) -> None:
    """A paused activity does not poll its job, which stays in the ledger; unpaused, it polls that job again."""
    operator = await approve()
    job, other = await operator.job(), await operator.job(OTHER)
    await operator.run_command("pause", "--reason", "the vendor called")

    seen = await operator.seen(PAUSED)
    assert (seen.paused, seen.pause_info.manual.reason) == (True, "the vendor called")
    polls, clock = vendor.jobs[job], vendor.jobs[other]

    async def two_polls_later() -> bool | None:
        return vendor.jobs[other] >= clock + 2 or None

    await eventually(two_polls_later)
    assert vendor.jobs[job] == polls
    entry = await operator.ledger()
    assert entry is not None
    assert (entry.state, entry.job_id) == ("submitted", job)

    vendor.polls = 1
    await operator.run_command("unpause")
    take = await operator.made()
    assert vendor.jobs[job] == polls + 1
    assert (take.job_id, take.billed_usd, vendor.billed.count(operator.take)) == (job, vendor.price, 1)


@pytest.mark.parametrize("flags", [(), ("--clear-heartbeat-details",)], ids=["kept", "cleared"])
async def test_a_reset_job_is_polled_again(
    approve: Approve, vendor: Patient, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    """A reset brings the next poll of the same job at once, even when Temporal has dropped its id."""
    monkeypatch.setattr(paid, "poll_delay", lambda *_: timedelta(hours=1))
    vendor.polls = 1
    operator = await approve()
    job = await operator.job()
    await operator.seen(WAITING)
    await operator.run_command("reset", *flags)
    take = await operator.made()
    assert (take.job_id, take.billed_usd, vendor.billed.count(operator.take)) == (job, vendor.price, 1)


@pytest.mark.parametrize(("price", "verb"), [("0.40", "reset"), ("0.01", "reset"), ("0.01", "pause")])
async def test_a_submission_in_flight_is_not_repeated(approve: Approve, vendor: Patient, price: str, verb: str) -> None:
    """While the vendor handles the request, the attempt waits for it and does not send it again."""
    vendor.price, vendor.polls, vendor.waits_for_operator = Decimal(price), 1, True
    operator = await approve()

    async def sent() -> bool | None:
        return operator.take in vendor.billed or None

    await eventually(sent)
    await operator.run_command(verb)
    if verb == "pause":
        await operator.seen(PAUSED)
        await operator.run_command("unpause")

    async def decided() -> Snapshot | None:
        seen = await snapshot(operator.handle)
        return seen if seen.status in ("delivered", "needs_attention") else None

    asset, entry = (await eventually(decided)).assets[SHOT], await operator.ledger()
    assert entry is not None
    assert ([s.outcome for s in entry.submissions], vendor.billed.count(operator.take), len(asset.takes)) == (
        [""],
        1,
        1,
    )


async def test_a_pause_is_streamed(approve: Approve, client: Client) -> None:
    """The event stream shows that an activity is paused, and its job, until it is unpaused."""
    operator = await approve()
    job = await operator.job()
    async with serving(client, {}) as api, api.watching(operator.production_id) as stream, asyncio.timeout(WITHIN):

        async def progress(paused: bool) -> StreamEvent:
            async for event in stream:
                if event.name == "asset_progress" and event.data["asset_id"] == SHOT:
                    seen = StreamEvent.model_validate(event.data)
                    if seen.data.get("paused", False) is paused:
                        return seen
            raise AssertionError("the stream ended")

        await operator.run_command("pause")
        seen = await progress(paused=True)
        assert (seen.data["job_id"], describe(seen)) == (job, "paused in Temporal")
        await operator.run_command("unpause")
        assert "paused" not in describe(await progress(paused=False))


def test_a_pause_is_one_line() -> None:
    """Without a terminal a pause is printed once, and progress continues after it."""
    out = io.StringIO()
    going: dict[str, JsonValue] = {"progress": 0.3}
    paused = going | {"paused": True}
    with ProductionProgress(make_console(out), []) as view:
        for data in (paused, paused, going):
            view.show(StreamEvent(name="asset_progress", at=datetime.now(UTC), asset_id=SHOT, data=data))
    lines = [" ".join(line.split()[2:]) for line in out.getvalue().splitlines()]
    assert lines == [f"asset progress {SHOT} paused in Temporal", f"asset progress {SHOT} generating, 30 %"]
