"""Large payloads of real productions are in the bucket, and histories hold references to them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import ExternalStorage, StorageDriverRetrieveContext, StorageDriverStoreContext
from temporalio.worker import Replayer

from activities.storage import inventory
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from activities.storage.payloads import payload_storage
from api import problems
from api.problems import Problem
from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.productions import Handle, Productions, snapshot, until, update
from tests.support.servers.serving import serving
from tests.support.stack import use_s3
from worker.operations.garbage import Collector
from worker.workers import WORKFLOW_TYPES
from workflows.events import ProductionStatus, Snapshot
from workflows.judging.verdicts import Score, Verdict
from workflows.models import Plan
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, EditOp, PlanEdit, Regenerate, Rejection
from workflows.runtime.data_converter import make_data_converter
from workflows.runtime.external_payloads import PREFIX, THRESHOLD_BYTES, external_storage

LOW: Final = 1_500
"""Bytes; a production of three assets has larger payloads."""
KEYS: Final = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
WORD: Final = "zebrafinch"


@pytest.fixture(scope="module")
async def bucket(servers: Stack) -> AsyncIterator[Storage]:
    """A bucket of this module, so that no other test's collector sees its payloads."""
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        storage = Storage("payloads")
        await storage.ensure_bucket()
        yield storage


async def connected(client: Client, storage: ExternalStorage, payload_keys: str = "") -> Client:
    """A client of the same server, as the worker and the API create it."""
    address = client.service_client.config.target_host
    return await Client.connect(address, data_converter=make_data_converter(payload_keys, storage))


async def largest(client: Client, workflow_id: str) -> int:
    """The size of the largest event in the histories of a workflow, in bytes."""
    return max(
        [
            event.ByteSize()
            async for run in client.list_workflows(f"WorkflowId = '{workflow_id}'")
            async for event in client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history_events()
        ]
    )


async def approve(handle: Handle, plan: Plan) -> None:
    approval = Approval(plan_digest=plan.digest, approver="ana", budget_usd=Decimal(1))
    await update(handle, ProductionWorkflow.decide, Decision(approve=approval))


async def payloads(bucket: Storage) -> dict[str, bytes]:
    listed = await inventory.list_objects(bucket, PREFIX)
    return {each.key: (await bucket.get_bytes(each.key) or (b"", ""))[0] for each in listed}


@pytest.mark.parametrize("payload_keys", ["", KEYS], ids=["plain", "encrypted"])
async def test_a_production_with_large_payloads(client: Client, bucket: Storage, payload_keys: str) -> None:
    """A production whose requests, plan, answers and result are large is edited, delivered and opened again. Its
    histories are small and replay, and with keys the bucket has no readable text of it."""
    ours = await connected(client, payload_storage(bucket, LOW), payload_keys)
    productions, fakes = Productions(ours, "external"), FakeActivities(3)
    async with fakes.working(ours):
        handle, plan = await productions.planned(text=f"{WORD} " * 800)
        long = EditOp(op="change", asset_id="text-1", prompt=f"{WORD} " * 400)
        await update(handle, ProductionWorkflow.edit_plan, PlanEdit(plan_digest=plan.digest, edits=(long,)))
        edited = (await snapshot(handle)).plan
        assert edited
        assert edited.assets[0].prompt == long.prompt
        await approve(handle, edited)
        closed = await handle.result()
        again = Regenerate(asset_id="text-1", budget_usd=Decimal(1))
        await productions.reopen(closed, ProductionWorkflow.regenerate, again)
        reopened = await productions.newest(handle).result()
    assert (reopened.status, len(reopened.assets["text-1"].takes)) == (ProductionStatus.DELIVERED, 2)
    assert len(closed.model_dump_json()) > 3 * LOW
    assert await largest(ours, handle.id) < 3 * LOW  # an event has several payloads
    kept = {key: data for key, data in (await payloads(bucket)).items() if handle.id in key}
    assert kept
    assert any(WORD.encode() in data for data in kept.values()) is (not payload_keys)
    replayer = Replayer(workflows=WORKFLOW_TYPES, data_converter=ours.data_converter)
    await replayer.replay_workflow(await productions.newest(handle).fetch_history())


@pytest.mark.parametrize(("takes", "megabytes"), [(2, 2), pytest.param(5, 5, marks=pytest.mark.trial)])
async def test_a_record_above_every_limit(client: Client, bucket: Storage, takes: int, megabytes: int) -> None:
    """The record of 1,000 assets with judged takes, above Temporal's limits for a payload and a message, is opened
    again, queried and changed."""
    ours = await connected(client, payload_storage(bucket))
    productions, fakes = Productions(ours, "large"), FakeActivities(1)
    async with fakes.working(ours):
        handle = await productions.approved(budget="5")
        large = grown(await handle.result(), assets=1_000, takes=takes)
        assert len(large.model_dump_json(exclude_defaults=True)) > megabytes * 1024**2
        await productions.reopen(large, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1"))
        seen = await until(productions.newest(handle), "delivered")
        last = await productions.newest(handle).result()
    assert len(seen.assets["text-1"].takes) == takes + 1
    assert len(last.assets) == 1_000
    assert await largest(ours, handle.id) < THRESHOLD_BYTES


def grown(small: Snapshot, assets: int, takes: int) -> Snapshot:
    """The production with more assets and takes like its own, each with a verdict."""
    assert small.plan
    asset, state = small.plan.assets[0], small.assets["text-1"]
    names = [f"text-{number}" for number in range(1, assets + 1)]
    scores = tuple(Score(criterion=c, score=0.9, reason=f"The {c} is as the prompt says.") for c in CRITERIA)
    verdict = Verdict(judge="fake/judge", score=0.9, matches=True, scores=scores)
    (made,) = state.takes
    all_takes = tuple(made.model_copy(update={"number": n, "verdict": verdict}) for n in range(1, takes + 1))
    states = {name: state.model_copy(update={"takes": all_takes, "next_take": takes + 1}) for name in names}
    planned = [asset.model_copy(update={"asset_id": name}) for name in names]
    plan = Plan.of(small.plan.title, planned)
    return small.model_copy(update={"plan": plan, "assets": states})


CRITERIA: Final = ("prompt", "subject", "text", "anatomy", "style", "brand")


async def test_a_store_that_fails_delays_and_loses_nothing(client: Client, bucket: Storage) -> None:
    """While the bucket does not respond, tasks of workflows and activities are repeated, and nothing is made twice."""
    failures = iter([True] * 4)
    failing = False

    async def put(key: str, data: bytes) -> None:
        if failing and next(failures, False):
            raise StorageFailed("no answer")
        await bucket.put_bytes(key, data, "application/x-protobuf")

    async def get(key: str) -> bytes:
        found = await bucket.get_bytes(key)
        assert found
        return found[0]

    theirs = await connected(client, external_storage("payloads", put, get, LOW))
    ours = await connected(client, payload_storage(bucket, LOW))
    fakes = FakeActivities(3)
    async with fakes.working(theirs):
        handle, plan = await Productions(ours, "failing").planned(text=f"{WORD} " * 800)
        failing = True
        await approve(handle, plan)
        last = await handle.result()
    assert last.status is ProductionStatus.DELIVERED
    assert next(failures, False) is False
    assert len(fakes.produced) == len(set(fakes.produced)) == 3


async def test_the_collector_keeps_what_histories_name(client: Client, bucket: Storage) -> None:
    """Results of queries are removed once they are old, and all payloads of a run that Temporal has deleted; what an
    open or closed run needs stays."""
    ours = await connected(client, payload_storage(bucket, LOW))
    productions = Productions(ours, "collected")
    async with FakeActivities(3).working(ours):
        handle, _ = await productions.planned(text=f"{WORD} " * 800)
        await snapshot(handle)
        of_it = {key for key in await payloads(bucket) if handle.id in key}
        later = Collector(ours, bucket, 30, datetime.now(UTC) + timedelta(days=2))
        garbage = [each for each in (await later.find()).items if each.reason == "payload"]
        results = {each.found.key for each in garbage} & of_it
        assert results
        assert results < of_it
        assert all([done async for _, done in later.remove(garbage)])
        assert (await snapshot(handle)).plan is not None  # the run is loaded from its history
        await update(handle, ProductionWorkflow.decide, Decision(reject=Rejection(rejecter="ana")))
        assert (await handle.result()).status is ProductionStatus.REJECTED
    assert await payloads(bucket)


async def test_the_api_stores_and_reads_large_payloads(client: Client, bucket: Storage, servers: Stack) -> None:
    """A large edit and the large production are stored and read by the API with its own connection to the bucket."""
    environ = {**servers.env, "GREENLIGHT_BUCKET": "payloads"}
    async with (
        FakeActivities(3).working(await connected(client, payload_storage(bucket))),
        serving(None, environ) as api,
    ):
        asset = {"asset_type": "text", "role": "body", "label": "More", "prompt": f"{WORD} " * 700}
        asset |= {"provider": "fake", "model": "words"}
        large = [{"op": "add", "asset": asset | {"asset_id": f"more-{n}"}} for n in range(50)]
        production_id, digest = await api.planned()
        edited = await api.http.patch(
            f"/api/v1/productions/{production_id}/plan", json={"plan_digest": digest, "edits": large, "editor": "ana"}
        )
        assert edited.status_code == 200, edited.text
        view = await api.get(production_id)
        assert any(production_id in key for key in await payloads(bucket))
        assert len(view["plan"]["assets"]) == 53


async def test_the_api_names_a_payload_that_is_missing() -> None:
    """A payload that the bucket lacks is a problem that names the object, and not an error of Temporal."""

    async def get(key: str) -> bytes:
        raise problems.no_payload(key)

    async def put(key: str, data: bytes) -> None:
        pass

    (driver,) = external_storage("payloads", put, get).drivers
    (claim,) = await driver.store(StorageDriverStoreContext(), [Payload(data=b"x")])
    with pytest.raises(Problem) as missing:
        await driver.retrieve(StorageDriverRetrieveContext(), [claim])
    assert (missing.value.status_code, missing.value.problem.type) == (503, "urn:greenlight:problem:payload-missing")
    assert PREFIX in missing.value.problem.detail
