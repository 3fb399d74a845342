"""An upgrade drill: two builds of the workers side by side, as processes on real servers, while productions run."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client

from deploy.local import Stack, running_stack
from tests import ROOT
from tests.support.productions import Productions
from tests.support.stack import new_home
from tests.worker.versions.support import NAME, build_of, held, planned, until_on, waiting_plan
from worker.versions.deployment import Deployment
from workflows.requests import Approval
from workflows.runtime.data_converter import data_converter

pytestmark = pytest.mark.trial

PACKAGES: Final = ("workflows", "activities", "worker", "tests")
RELEASE: Final = Path(os.environ.get("DRILL_FROM", ROOT))
"""The tree whose workers begin the drill, without versions: DRILL_FROM names that of an earlier release."""
ROUNDS: Final = 6
STEP: Final = "        record = self._run.record\n        drafts = sum("


def other_build(folder: Path) -> Path:
    """A copy of the tree whose workflow takes another step, a timer, before it drafts a plan. What is not changed is
    linked."""
    folder.mkdir()
    shutil.copytree(ROOT / "workflows", folder / "workflows")
    for name in PACKAGES[1:]:
        (folder / name).symlink_to(ROOT / name)
    drafting = folder / "workflows" / "production" / "steps" / "drafting.py"
    text = drafting.read_text()
    assert STEP in text
    drafting.write_text(text.replace(STEP, f"        await workflow.sleep(0.01)\n{STEP}"))
    return folder


@contextmanager
def worker(stack: Stack, tree: Path, build: str, promote: str = "never") -> Iterator[subprocess.Popen[bytes]]:
    """A worker process of this tree; without a build it has no version."""
    version = {"TEMPORAL_DEPLOYMENT_NAME": NAME, "TEMPORAL_WORKER_BUILD_ID": build} if build else {}
    environ = {**stack.env, **version, "GREENLIGHT_PROMOTE": promote, "GREENLIGHT_GRACEFUL_SHUTDOWN_SECONDS": "1"}
    process = subprocess.Popen([sys.executable, "-m", "worker"], cwd=tree, env=environ)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def deploy(stack: Stack, *arguments: str) -> str:
    """The output of `greenlight deploy`."""
    command = [sys.executable, "-m", "api.cli.main", "deploy", *arguments]
    return subprocess.run(command, cwd=ROOT, env=dict(stack.env), check=True, stdout=subprocess.PIPE, text=True).stdout


def replay(tree: Path, history: Path) -> str:
    """The output of a replay of a history on the code of a tree."""
    command = [sys.executable, "-m", "tests.replay", str(history)]
    environ = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(command, cwd=tree, env=environ, check=False, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Temporal and S3 of their own: the current version is a setting of the server."""
    home = new_home(tmp_path_factory.mktemp("versions") / "home")
    with running_stack(home, ports="free", api=False, worker=False) as running:
        yield running


async def test_two_builds_side_by_side(stack: Stack, tmp_path: Path) -> None:
    """Productions start without versions and on both builds, wait, are approved, moved, rolled back and killed with
    their workers, between builds whose histories the other one cannot replay; each is delivered, none is stuck."""
    client = await Client.connect(stack.info.temporal_address, data_converter=data_converter)
    deployment, productions = Deployment(client, NAME), Productions(client, "drill")
    other = other_build(tmp_path / "other")

    async def approve(workflow_id: str) -> None:
        handle = productions.of(workflow_id)
        await handle.signal("approve", Approval(plan_digest=(await waiting_plan(handle)).digest, approver="ana"))

    async def delivered(workflow_id: str) -> str:
        """The build on which a production was delivered."""
        assert (await productions.of(workflow_id).result()).status == "delivered"
        return await build_of(productions.of(workflow_id))

    with ExitStack() as running:
        two = running.enter_context(worker(stack, other, "two"))  # started early, for it takes seconds
        with worker(stack, RELEASE, ""):
            upgraded, _ = await planned(productions)
        running.enter_context(worker(stack, ROOT, "one", "first"))
        await approve(upgraded.id)
        assert await delivered(upgraded.id) == "one"
        asked, plan = await planned(productions)
        approved, _ = await planned(productions)
        killed, killed_plan = await planned(productions)
        for each in (asked, approved, killed):
            await until_on(each, "one")

        # Roll forward: the new build shows that it works, new productions use it, and a waiting one is asked.
        await held(deployment, {"two": 0})  # Temporal knows its workers
        deploy(stack, "set-current", "two")
        fresh, _ = await planned(productions)
        await until_on(fresh, "two")
        history = tmp_path / "asked.json"
        history.write_text((await asked.fetch_history()).to_json())
        assert "TMPRL1100" in replay(other, history)  # the builds are really different
        await held(deployment, {"one": 3, "two": 1})
        await deployment.nudge("one")
        for each in (asked, approved, killed):
            await until_on(productions.newest(each), "two")
        assert (await waiting_plan(productions.newest(asked))).digest == plan.digest
        await approve(asked.id)
        assert await delivered(asked.id) == "two"

        # Kill the new build's worker while a production of it is approved; its next worker goes on.
        two.kill()
        two.wait()
        await productions.of(killed.id).signal("approve", Approval(plan_digest=killed_plan.digest, approver="ana"))
        running.enter_context(worker(stack, other, "two"))
        assert await delivered(killed.id) == "two"

        # Roll back: new productions use the first build again, and the waiting ones of the second go on there.
        assert await deployment.rollback() == "one"
        late, _ = await planned(productions)
        await until_on(late, "one")
        await held(deployment, {"one": 1, "two": 2})
        await deployment.nudge()
        for each in (fresh, approved):
            await until_on(productions.newest(each), "one")
        for each in (fresh, approved, late):
            await approve(each.id)
            assert await delivered(each.id) == "one"
        await held(deployment, {"one": 0, "two": 0})
        status = {each["build_id"]: each for each in json.loads(deploy(stack, "status", "--json"))}
        assert (status["one"]["role"], status["two"]["role"]) == ("current", "drained")
    assert (await client.count_workflows("TemporalReportedProblems IS NOT NULL")).count == 0
    assert (await client.count_workflows('WorkflowType="Production" AND ExecutionStatus="Running"')).count == 0


async def test_many_upgrades_while_workers_die(stack: Stack, tmp_path: Path) -> None:
    """Over several rounds the current version changes, waiting productions are asked, others are approved, and a worker
    of either version is killed; every production is delivered, none is stuck, and no version holds anything."""
    client = await Client.connect(stack.info.temporal_address, data_converter=data_converter)
    deployment, productions = Deployment(client, NAME), Productions(client, "rounds")
    trees = {"one": ROOT, "two": other_build(tmp_path / "other")}
    waiting: list[tuple[str, str]] = []
    with ExitStack() as running:
        workers = {build: running.enter_context(worker(stack, tree, build)) for build, tree in trees.items()}
        await held(deployment, {"one": 0, "two": 0})
        for number in range(ROUNDS):
            build, other = ("one", "two") if number % 2 else ("two", "one")
            await deployment.set_current(build)
            for _ in range(4):
                handle, plan = await planned(productions)
                waiting.append((handle.id, plan.digest))
            for workflow_id, digest in waiting[::2]:
                await productions.of(workflow_id).signal("approve", Approval(plan_digest=digest, approver="ana"))
            waiting = waiting[1::2]
            killed = (build, other)[number // 2 % 2]
            workers[killed].kill()
            await deployment.nudge()
            workers[killed] = running.enter_context(worker(stack, trees[killed], killed))
        for workflow_id, digest in waiting:
            await productions.of(workflow_id).signal("approve", Approval(plan_digest=digest, approver="ana"))
        for workflow_id in productions.started:
            assert (await productions.of(workflow_id).result()).status == "delivered"
        await held(deployment, {"one": 0, "two": 0})
    assert len(productions.started) == ROUNDS * 4
    assert (await client.count_workflows("TemporalReportedProblems IS NOT NULL")).count == 0
