"""Pictures that differ with their prompts, and a judge that looks at them: refining converges, and stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal

import pytest
from temporalio.client import Client

from activities.production import Activities
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from tests.activities.judging.studio import THINGS, Studio, report, shown_in
from tests.support.productions import Handle, Productions, plan_of, update
from tests.support.vendors import env_of
from worker.settings import WorkerSettings
from worker.workers import make_workers
from workflows.events import Snapshot
from workflows.models import Modality
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision

ROUNDING = Decimal("0.0001")


@asynccontextmanager
async def studio_of(client: Client, storage: Storage, vendor: Studio) -> AsyncIterator[None]:
    """The product's workers with the emulated vendor as maker and judge."""
    settings = ActivitySettings(planner="template", claim_settles_seconds=0.5)
    providers = build_providers(settings, env_of("openai", vendor))
    async with AsyncExitStack() as stack:
        made = Activities(storage, providers, settings)
        for worker in make_workers(client, made, [*providers], WorkerSettings(graceful_shutdown_seconds=0)):
            await stack.enter_async_context(worker)
        yield
    await asyncio.gather(*(p.close() for p in providers.values()))


async def delivered(productions: Productions, budget: Decimal | None = None, **quality: object) -> Snapshot:
    handle: Handle = await productions.start(
        text="A fox.", platform="design", quality={"mode": "advise", "refinements": 4, **quality}
    )
    plan = await plan_of(handle)
    approval = Approval(plan_digest=plan.digest, approver="ana", budget_usd=budget, allow_unknown_prices=True)
    await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
    return await handle.result()


async def test_pictures_converge_and_stop(productions: Productions, storage: Storage) -> None:
    """Each picture shows all that its judge missed after as many refinements as things were missing, never above the
    plan's price; every bill of the vendor is booked, to the rounding of each."""
    with Studio() as vendor:
        async with studio_of(productions.client, storage, vendor):
            done = await delivered(productions)
        assert done.status == "delivered"
        assert done.plan is not None
        pictures = [a for a in done.plan.assets if a.asset_type is Modality.IMAGE]
        assert pictures
        for asset in pictures:
            state = done.assets[asset.asset_id]
            assert state.take
            assert state.take.verdict
            assert state.take.verdict.matches
            shown = shown_in(await storage.read(state.take.media.key, state.take.media.sha256))
            assert shown == list(THINGS)
            missing = sum(name not in asset.prompt for name in THINGS)
            assert len(state.takes) == 1 + missing
        assert done.budget_usd is not None
        assert done.spent_usd <= done.budget_usd
        assert vendor.billed_usd <= done.spent_usd <= vendor.billed_usd + ROUNDING * len(vendor.submissions)


async def test_a_judge_that_is_never_content_ends_at_the_price(productions: Productions, storage: Storage) -> None:
    """With a judge that refuses everything, each asset has its first take and its refinements, and no more."""
    with Studio() as vendor:
        honest = vendor.answer_text
        assert honest is not None
        vendor.answer_text = lambda body: (
            report(body, 0.5, "A fox again.") if "addresses_judge" in str(body) else honest(body)
        )
        async with studio_of(productions.client, storage, vendor):
            done = await delivered(productions, refinements=2)
        assert done.status == "delivered"
        assert done.plan is not None
        for asset in done.plan.assets:
            refinements = asset.review.refinements if asset.review else 0
            assert len(done.assets[asset.asset_id].takes) == 1 + refinements
        assert done.budget_usd is not None
        assert done.spent_usd <= done.budget_usd
        assert vendor.billed_usd <= done.spent_usd


@pytest.mark.parametrize("answer", ["nonsense", '{"score": 1.0}'])
async def test_nonsense_delivers_unjudged(productions: Productions, storage: Storage, answer: str) -> None:
    """Every take is delivered without a verdict, and states it."""
    with Studio() as vendor:
        vendor.answer_text = lambda body: answer if "addresses_judge" in str(body) else "Words."
        async with studio_of(productions.client, storage, vendor):
            done = await delivered(productions, refinements=1)
        assert done.status == "delivered"
        assert done.budget_usd is not None
        assert done.spent_usd <= done.budget_usd
        for state in done.assets.values():
            assert state.take
            assert state.take.verdict
            assert state.take.verdict.score is None
            assert state.take.verdict.unjudged
