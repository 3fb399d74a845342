"""The `temporal` commands of workflows/README.md on a production without media."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecutionStatus

from deploy.local import Stack
from tests.replay import replay
from tests.support.fake_film import Film
from tests.support.fakes import PROVIDER
from tests.support.productions import Handle, Productions, snapshot, update
from tests.support.waiting import eventually
from tests.workflows.operations import DOES, READS, commands
from workflows import keys
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision

Check = Callable[[Handle], Awaitable[bool]]
SHOWS: Final = {
    "TemporalReportedProblems": "production-stuck-",
    "StartTime<": "production-",
    "workflow describe": "shot-1/1",
    "workflow metadata": r"### producing[\s\S]*\| title-1\s+\| fake · words\s+\| completed, take 1",
    "workflow stack": r"workflows/production/steps/making.py.{1,20}line \d+, in _make",
}
"""A part of a command -> a pattern of its output."""
STATUS: Final = WorkflowExecutionStatus


async def event_before(handle: Handle, name: str) -> int:
    """The id of the last *Workflow Task Completed* before an update."""
    point = 0
    async for event in handle.fetch_history_events():
        accepted = event.workflow_execution_update_accepted_event_attributes
        if accepted.accepted_request.input.name == name:
            return point
        if event.HasField("workflow_task_completed_event_attributes"):
            point = event.event_id
    raise AssertionError(f"no update {name}")


async def pending(handle: Handle) -> PendingActivityInfo | None:
    """The take of the shot that is held."""
    raw = (await handle.describe()).raw_description.pending_activities
    return next((each for each in raw if each.activity_id == "shot-1/1"), None)


def take(holds: Callable[[PendingActivityInfo], bool]) -> Check:
    async def check(handle: Handle) -> bool:
        found = await pending(handle)
        return found is not None and holds(found)

    return check


def ends(status: WorkflowExecutionStatus) -> Check:
    async def check(handle: Handle) -> bool:
        return (await handle.describe()).status is status

    return check


async def listed(client: Client, handle: Handle, query: str) -> None:
    """Return when the query finds the run; the server updates its lists after the run."""

    async def poll() -> bool | None:
        return (await client.count_workflows(f"WorkflowId='{handle.id}' AND {query}")).count == 1 or None

    await eventually(poll, query)


async def comes_true(check: Check, handle: Handle, what: str) -> None:
    async def poll() -> bool | None:
        return await check(handle) or None

    await eventually(poll, what)


async def is_paused(handle: Handle) -> bool:
    return (await snapshot(handle)).paused is not None


async def goes_on(handle: Handle) -> bool:
    return (await snapshot(handle)).paused is None


STARTED: Final = take(lambda found: found.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED)
EFFECTS: Final[dict[str, Check]] = {
    "activity reset": STARTED,
    "activity pause": take(lambda found: found.paused),
    "activity unpause": take(lambda found: not found.paused),
    "update-options": take(lambda found: found.activity_options.start_to_close_timeout.seconds == 7200),
    "--name pause": is_paused,
    "--name resume": goes_on,
    "reset $run": STARTED,
    "workflow terminate": ends(STATUS.TERMINATED),
    "workflow cancel": ends(STATUS.COMPLETED),
}


async def test_the_commands_of_the_guide_are_accepted(
    productions: Productions, client: Client, servers: Stack, tmp_path: Path
) -> None:
    """Each `temporal` command of the guide is accepted by the server and has its effect on the run; attributes of its
    state find it in the list, and a run whose input no worker can read."""
    fake = Film()
    fake.hold("shot-1")
    async with fake.working(client):
        stuck: Handle = await client.start_workflow(
            keys.WORKFLOW_TYPE,
            {"nothing": "of ours"},
            id=f"production-stuck-{uuid4().hex}",
            task_queue=keys.TASK_QUEUE,
        )
        first, plan = await productions.planned(platform="video")
        await listed(client, first, "GreenlightAttention='approval'")
        approval = Approval(plan_digest=plan.digest, approver="ana")
        await update(first, ProductionWorkflow.decide, Decision(approve=approval))
        await comes_true(STARTED, first, "the take is in progress")
        await listed(client, first, f"GreenlightStatus='producing' AND GreenlightProviders='{PROVIDER}'")
        await listed(client, stuck, "TemporalReportedProblems IS NOT NULL")
        event = await event_before(first, "decide")
        environ = {**servers.env, "ID": keys.production_id_of(first.id), "EVENT": str(event)}
        environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        ran = []
        for variables, command in commands():
            ran.append(command)
            if "tests.replay" in command:
                path = tmp_path / "run.json"
                assert await replay([path]) == {path: None}
                continue
            script = variables + command.replace("1 hour ago", "1 hour")  # it has just started
            done = await asyncio.to_thread(
                subprocess.run,
                ["sh", "-euc", script],
                env=environ,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (command, done.stderr)
            for part, pattern in SHOWS.items():
                assert part not in command or re.search(pattern, done.stdout), (command, done.stdout)
            for part, effect in EFFECTS.items():
                if part in command:
                    await comes_true(effect, productions.newest(first), command)
        assert (await productions.newest(first).result()).status == "cancelled"
        await stuck.terminate()
    assert len(ran) == len(READS) + len(DOES)
