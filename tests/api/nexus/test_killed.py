"""A production that another namespace orders, while workers are killed: real processes and previz."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from api.client.aio.client import AsyncGreenlightClient
from api.client.errors import GreenlightError
from deploy.local import running_stack
from tests import ROOT
from tests.api.nexus.campaign import Campaign
from tests.api.nexus.conftest import new_team
from tests.support.servers.linux import needs_linux
from tests.support.stack import hermetic, new_home
from tests.support.waiting import eventually
from workflows import keys
from workflows.events import ProductionStatus
from workflows.naming.productions import keyed_production_id
from workflows.nexus.service import NEXUS_QUEUE
from workflows.requests import Approval

TEAM = "press-office"


@contextmanager
def calling(address: str) -> Iterator[None]:
    """The worker of the other team, which is killed when the block ends."""
    process = subprocess.Popen([sys.executable, "-m", "tests.api.nexus.calling", address, TEAM], cwd=ROOT)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.trial
@needs_linux
async def test_an_operation_survives_the_death_of_both_workers(tmp_path: Path) -> None:
    """Workers of both sides are killed while a production is ordered, waits and is made: the caller gets its result."""
    home, production_id = new_home(tmp_path / "home"), keyed_production_id("north", "fox")
    environ = hermetic(os.environ) | {"GREENLIGHT_NEXUS_ENDPOINTS": f"{TEAM}=north"}
    with running_stack(home, ports="free", environ=environ) as stack:
        address, supervisor = stack.info.temporal_address, stack.supervisor
        studio = await Client.connect(address)
        caller = await new_team(studio, address, TEAM, NEXUS_QUEUE)
        order = {"endpoint": TEAM, "brief": {"text": "A fox in the snow.", "platform": "design"}, "key": "fox"}
        supervisor.kill("worker", hold=True)
        campaign = await caller.start_workflow(Campaign.run, order, id=uuid4().hex, task_queue="campaigns")
        async with AsyncGreenlightClient(stack.info.api_url) as greenlight:

            async def plan() -> str | None:
                with suppress(GreenlightError):
                    seen = await greenlight.get(production_id)
                    waiting = seen.status is ProductionStatus.AWAITING_APPROVAL
                    return seen.plan.digest if seen.plan and waiting else None
                return None

            with calling(address):
                supervisor.release("worker")
                digest = await eventually(plan)
            supervisor.kill("worker")
            await eventually(plan)
            await greenlight.approve(production_id, Approval(plan_digest=digest, approver="ana"))
            supervisor.kill("worker")
            with calling(address):
                done = await campaign.result()
        assert (done["status"], done["production_id"], done["plan_digest"]) == ("delivered", production_id, digest)
        runs = [run async for run in studio.list_workflows(f"WorkflowType = '{keys.WORKFLOW_TYPE}'")]
        assert len(runs) == 1
