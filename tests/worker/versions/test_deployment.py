"""The versions of the workers on a real Temporal server: which runs use which, and how they move."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client

from tests.support.fakes import FakeActivities
from tests.support.productions import Productions, plan_of, until
from tests.support.waiting import eventually
from tests.worker.versions.support import NAME, build_of, held, make_current, until_on, working
from tests.workflows.production.steps import server
from worker.settings import WorkerSettings
from worker.versions import deployment as versions
from worker.versions import promotion
from worker.versions.deployment import Deployment, DeploymentRefused
from worker.versions.runs import UNVERSIONED
from workflows.models import Modality, Plan
from workflows.requests import Approval


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A server for one test: the current version of a deployment is a setting of the whole server."""
    async with server() as environment:
        yield environment.client


@pytest.fixture
def deployment(client: Client) -> Deployment:
    return Deployment(client, NAME)


@pytest.fixture
def productions(client: Client) -> Productions:
    return Productions(client, "versions")


def approval(plan: Plan) -> Approval:
    return Approval(plan_digest=plan.digest, approver="ana")


async def test_a_waiting_production_moves_when_it_is_asked(
    client: Client, deployment: Deployment, productions: Productions
) -> None:
    """A production that waits for its approval stays on its version after another one became current; asked, it goes on
    with that one, with the same plan, and is delivered there."""
    async with working(client, "one"):
        await make_current(deployment, "one")
        handle, plan = await productions.planned()
        await until_on(handle, "one")
        async with working(client, "two"):
            await make_current(deployment, "two")
            assert await build_of(handle) == "one"
            assert (await held(deployment, {"one": 1, "two": 0}))["one"].role == "draining"
            assert await deployment.nudge() == 1
            await until_on(productions.newest(handle), "two")
            assert (await plan_of(productions.newest(handle))).digest == plan.digest
            await productions.newest(handle).signal("approve", approval(plan))
            assert (await productions.newest(handle).result()).status == "delivered"
            assert await build_of(productions.newest(handle)) == "two"


async def test_takes_under_way_are_not_interrupted(
    client: Client, deployment: Deployment, productions: Productions
) -> None:
    """A production that makes an asset goes on with the current version after the asset, which is made once."""
    fakes = FakeActivities(assets=1)
    fakes.hold("text-1")
    async with working(client, "one", fakes):
        await make_current(deployment, "one")
        handle, plan = await productions.planned()
        await handle.signal("approve", approval(plan))
        await eventually(lambda: _started(fakes), "the asset is being made")
        async with working(client, "two"):
            await make_current(deployment, "two")
            await held(deployment, {"one": 1})
            await deployment.nudge("one")
            assert (await until(handle, "producing", at_once=True)).status == "producing"
            assert await build_of(productions.newest(handle)) == "one"
            fakes.release("text-1")
            done = await productions.newest(handle).result()
            assert await build_of(productions.newest(handle)) == "two"
    assert done.status == "delivered"
    assert fakes.produced == [("text-1", 1)]


async def _started(fakes: FakeActivities) -> bool | None:
    return bool(fakes.produced) or None


async def test_runs_without_a_version_go_on_with_versioned_workers(
    client: Client, deployment: Deployment, productions: Productions
) -> None:
    """A production that workers without versions began continues on the first version of the deployment."""
    async with working(client, ""):
        handle, plan = await productions.planned()
    async with working(client, "one"):
        await make_current(deployment, "one")
        await productions.newest(handle).signal("approve", approval(plan))
        assert (await productions.newest(handle).result()).status == "delivered"
        assert await build_of(productions.newest(handle)) == "one"


async def test_a_rollback_returns_to_the_version_before(
    client: Client, deployment: Deployment, productions: Productions
) -> None:
    """A rollback ends a ramp; without one, new productions use the version that was current before, and productions of
    the version that was rolled back go on there when they are asked."""
    async with working(client, "one"), working(client, "two"):
        await make_current(deployment, "one")
        await eventually(lambda: _ramped(deployment, "two", 25), "two gets a share")
        shares = {v.build_id: (v.role, v.percent) for v in await deployment.versions() if v.percent}
        assert shares == {"one": ("current", 75), "two": ("ramping", 25)}
        assert await deployment.rollback() == "one"
        assert [v.build_id for v in await deployment.versions() if v.percent] == ["one"]
        with pytest.raises(DeploymentRefused, match="no earlier version has workers"):
            await deployment.rollback()
        await make_current(deployment, "two")
        handle, plan = await productions.planned()
        await until_on(handle, "two")
        assert await deployment.rollback() == "one"
        await held(deployment, {"two": 1})
        assert await deployment.nudge() == 1
        await until_on(productions.newest(handle), "one")
        await productions.newest(handle).signal("approve", approval(plan))
        assert (await productions.newest(handle).result()).status == "delivered"


async def _ramped(deployment: Deployment, build: str, percent: float) -> bool | None:
    try:
        await deployment.ramp(build, percent)
    except DeploymentRefused:
        return None
    return True


async def test_a_version_without_workers_is_refused(client: Client, deployment: Deployment) -> None:
    """A version of which no worker polls cannot become current, and nothing can be moved from one that is unknown."""
    with pytest.raises(DeploymentRefused, match="'three'"):
        await deployment.set_current("three")
    with pytest.raises(DeploymentRefused, match="'three' is no earlier version"):
        await deployment.move("three")
    assert await deployment.current() == UNVERSIONED
    async with working(client, "one"):
        await make_current(deployment, "one")
        with pytest.raises(DeploymentRefused, match="'one' is no earlier version"):
            await deployment.move("one")


async def test_the_gate_is_run_on_its_own_version(client: Client, deployment: Deployment) -> None:
    """A version whose workers can make no text does not pass the gate while another version works, and is refused with
    the reason; one that can passes before it is current."""
    broken = FakeActivities()
    broken.enabled = (Modality.IMAGE,)
    async with working(client, "one"), working(client, "two", broken):
        await make_current(deployment, "one")
        await deployment.check("one")
        with pytest.raises(DeploymentRefused, match=r"'two' .*did not pass the gate.* set FAKE_API_KEY"):
            await eventually(lambda: _checked(deployment, "two"), "the gate has run")


async def _checked(deployment: Deployment, build: str) -> bool | None:
    try:
        await deployment.check(build)
    except DeploymentRefused as refused:
        if "did not pass" in str(refused):
            raise
        return None  # Temporal does not know the version yet
    return True


async def test_a_starting_worker_takes_over_what_others_left(
    client: Client, deployment: Deployment, productions: Productions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `always`, a new version becomes current, and the productions of versions whose workers are gone, the current
    one among them, go on with it: nothing waits for workers that do not come back."""
    monkeypatch.setattr(promotion, "ABANDONED_SECONDS", 0.2)
    monkeypatch.setattr(promotion, "RETRY_SECONDS", 0.2)
    async with working(client, "one"):
        first = asyncio.create_task(promotion.promote(client, _settings("one", "first")))
        await first
        handle, plan = await productions.planned()
        await until_on(handle, "one")
        await held(deployment, {"one": 1})
    monkeypatch.setattr(versions, "POLLED_WITHIN", timedelta(seconds=2))
    async with working(client, "two"):
        await promotion.promote(client, _settings("two", "never"))
        await promotion.promote(client, _settings("two", "first"))
        assert await deployment.current() == "one"
        taking_over = asyncio.create_task(promotion.promote(client, _settings("two", "always")))
        try:
            await productions.newest(handle).signal("approve", approval(plan))
            assert (await productions.newest(handle).result()).status == "delivered"
        finally:
            taking_over.cancel()
        assert await deployment.current() == "two"


def _settings(build: str, promote: str) -> WorkerSettings:
    return WorkerSettings.model_validate({"deployment_name": NAME, "build_id": build, "promote": promote})
