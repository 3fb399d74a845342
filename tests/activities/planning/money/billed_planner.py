"""A worker whose planner bills: its activities, its productions and their accounts."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from activities.planning.questions import limits
from activities.production import Activities
from activities.providers.openai.provider import OpenAI
from activities.providers.previz.provider import Previz
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from tests.emulators.openai import OpenAIEmulator
from tests.support.productions import Handle, Productions, snapshot, update
from tests.support.waiting import WITHIN, eventually
from worker.settings import WorkerSettings
from worker.workers import make_workers
from workflows.activity_io import RewritePrompt, SettledQuestions, SettleQuestions
from workflows.brief import Brief, Platform
from workflows.events import Event, Snapshot
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision

MODEL = "openai/gpt-6-luna"
PRICE = Decimal("0.0077")
"""The high price of one request to this model about a short text."""
ROUNDING = Decimal("0.0001")
"""Each bill is recorded with four decimals, rounded up."""
ASSET: dict[str, Any] = {
    "asset_id": "copy",
    "asset_type": "text",
    "role": "body",
    "label": "The text",
    "original": "say it",
    "prompt": "Say it well. " * 200,
    "provider": "previz",
    "model": "previz-text",
    "depends_on": [],
}
PLAN = {"title": "Words", "warnings": [], "assets": [{**ASSET, "parameters": []}]}


def answer(body: dict[str, Any]) -> str:
    """A plan, or a prompt when the schema is that of a prompt."""
    required = body["response_format"]["json_schema"]["schema"]["required"]
    return json.dumps({"prompt": f"Another text. {uuid4().hex}"} if required == ["prompt"] else PLAN)


@asynccontextmanager
async def desk(storage: Storage, vendor: OpenAIEmulator, **settings: Any) -> AsyncIterator[Activities]:
    """The activities of a worker with the emulated vendor as its planner."""
    openai = OpenAI({"OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": f"{vendor.url}/v1"})
    given = {"planner": MODEL, "claim_settles_seconds": 0.5, **settings}
    try:
        yield Activities(storage, {"openai": openai, "previz": Previz({})}, ActivitySettings(**given))
    finally:
        await openai.close()


@asynccontextmanager
async def working(client: Client, storage: Storage, vendor: OpenAIEmulator, **settings: Any) -> AsyncIterator[None]:
    """The product's workers with the activities of such a desk."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(desk(storage, vendor, **settings))
        for worker in make_workers(client, made, ["previz"], WorkerSettings(graceful_shutdown_seconds=0)):
            await stack.enter_async_context(worker)
        yield


def named(seen: Snapshot, name: str) -> Event:
    return next(e for e in reversed(seen.events) if e.name == name)


def holds(recorded: Decimal, vendor: OpenAIEmulator, doubt: Decimal = Decimal(0), lost: Decimal = Decimal(0)) -> bool:
    """Whether the record equals the vendor's bills: to the rounding of each, with `doubt` instead of `lost`."""
    exact = vendor.billed_usd - lost + doubt
    return exact <= recorded <= exact + ROUNDING * len(vendor.submissions)


async def summing(handle: Handle) -> None:
    """Wait until the production sums the cost of its requests to language models."""

    async def begun() -> bool | None:
        pending = (await handle.describe()).raw_description.pending_activities
        return any(each.activity_type.name == "settle_questions" for each in pending) or None

    await eventually(begun)


async def past_planning(handles: Sequence[Handle]) -> list[Snapshot]:
    """The productions once their first planning has ended; a few are queried at a time."""

    async def past(handle: Handle) -> Snapshot | None:
        seen = await answered(handle)
        return None if seen.status == "planning" else seen

    return [await eventually(partial(past, handle), "a plan", within=3 * WITHIN) for handle in handles]


async def answered(handle: Handle) -> Snapshot:
    """The result of a query: a worker refuses it while a workflow task is about to begin, and then it is sent again."""
    while True:
        try:
            return await snapshot(handle)
        except (RPCError, WorkflowQueryFailedError):
            await asyncio.sleep(0.1)


async def approved(productions: Productions, **brief: Any) -> Handle:
    """A delivered production whose budget leaves room for requests to language models."""
    handle, plan = await productions.planned(**brief)
    release = Approval(plan_digest=plan.digest, approver="ana", budget_usd=Decimal(1))
    await update(handle, ProductionWorkflow.decide, Decision(approve=release))
    await handle.result()
    return handle


def request_of(tenant: str, number: int) -> RewritePrompt:
    return RewritePrompt.model_validate(
        {
            "production_id": uuid4().hex,
            "brief": Brief(text="Say it.", platform=Platform.COPY, tenant=tenant),
            "asset": {**ASSET, "prompt": "Say it."},
            "number": number + 1,
            "feedback": "shorter",
        }
    )


async def rewritten(activities: Activities, tenant: str, number: int) -> Any:
    return await ActivityEnvironment().run(activities.rewrite_prompt, request_of(tenant, number))


async def settled(activities: Activities, request: RewritePrompt) -> SettledQuestions:
    payer = limits.payer_of(request)
    to_settle = SettleQuestions(
        production_id=request.production_id, inquiry="rewrite", number=request.number, payer=payer
    )
    return await ActivityEnvironment().run(activities.settle_questions, to_settle)
