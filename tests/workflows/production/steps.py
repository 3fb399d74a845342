"""Steps that tests of productions share: planned, edited, approved, changed and delivered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from deploy.temporal import binary
from tests.support.fakes import PROVIDER, FakeActivities
from tests.support.productions import Handle, Productions, snapshot, update
from tests.support.waiting import eventually
from workflows import keys
from workflows.activity_io import DraftPlan
from workflows.events import AssetStatus, AttentionItem, Snapshot
from workflows.models import Asset, Modality, Plan
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, EditOp, PlanEdit
from workflows.runtime.data_converter import data_converter


class Scripted(FakeActivities):
    """Plans exactly the given assets: asset id -> ids of its dependencies."""

    needs: dict[str, tuple[str, ...]] | None = None

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        if "impossible" in request.feedback:
            raise ApplicationError("no such thing can be planned", non_retryable=True)
        if self.needs is None:
            return await super().draft_plan(request)
        return Plan.of(
            "A plan",
            [
                Asset(
                    asset_id=asset_id,
                    asset_type=Modality.TEXT,
                    role="body",
                    prompt=f"make {asset_id}",
                    provider=PROVIDER,
                    model="words",
                    depends_on=needs,
                )
                for asset_id, needs in self.needs.items()
            ],
        )


@asynccontextmanager
async def server(*extra: str, skipping: bool = False) -> AsyncIterator[WorkflowEnvironment]:
    """A server for one test, with settings that the shared one must not have."""
    arguments = ["--log-level", "never"]
    for setting in extra:
        arguments += ["--dynamic-config-value", setting]
    for name, kind in keys.SEARCH_ATTRIBUTES.items():
        arguments += ["--search-attribute", f"{name}={kind}"]
    start = WorkflowEnvironment.start_time_skipping_v2 if skipping else WorkflowEnvironment.start_local

    async def started() -> WorkflowEnvironment | None:
        """The server; None where it did not answer within the SDK's five seconds, as on a busy machine."""
        try:
            return await start(
                dev_server_existing_path=binary("temporal"),
                dev_server_extra_args=arguments,
                data_converter=data_converter,
            )
        except RuntimeError as error:
            if "did not start within" in str(error):
                return None
            raise

    async with await eventually(started) as environment:
        yield environment


NEW_SHOT = Asset(
    asset_id="shot-2", asset_type=Modality.VIDEO, role="body", prompt="new", provider=PROVIDER, model="words"
)


async def delivered(productions: Productions, **brief: Any) -> tuple[Handle, Snapshot]:
    handle = await productions.approved(budget="5", platform="video", **brief)
    return handle, await handle.result()


def made(fakes: FakeActivities, asset_id: str) -> list[int]:
    return [take for each, take in fakes.produced if each == asset_id]


def digest(seen: Snapshot) -> str:
    assert seen.plan
    return seen.plan.digest


def edit(seen: Snapshot, *edits: EditOp, **more: Any) -> PlanEdit:
    return PlanEdit(plan_digest=digest(seen), edits=edits, editor="ana", **more)


async def reopened(productions: Productions, handle: Handle, method: Any, request: Any) -> Snapshot:
    closed = await productions.newest(handle).result()
    await productions.reopen(closed, method, request)
    return await productions.newest(handle).result()


async def approve(handle: Handle, named: str, by: str, **more: Any) -> Any:
    approval = Approval(plan_digest=named, approver=by, **more)
    return await update(handle, ProductionWorkflow.decide, Decision(approve=approval))


async def waiting(client: Client, handle: Handle) -> list[AttentionItem]:
    """The pending decision that the server lists, without a worker."""
    described = await client.get_workflow_handle(handle.id).describe()
    items = await described.memo_value(keys.ATTENTION_MEMO, None)
    return [AttentionItem.model_validate(item) for item in items or []]


async def generating(handle: Handle, *asset_ids: str) -> Snapshot:
    async def poll() -> Snapshot | None:
        seen = await snapshot(handle)
        return seen if all(seen.assets[i].status is AssetStatus.GENERATING for i in asset_ids) else None

    return await eventually(poll)


def attention_of(seen: Snapshot) -> dict[str, str]:
    return {i: s.attention for i, s in seen.assets.items() if s.attention}
