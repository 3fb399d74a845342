"""From the approval to the last take: assets are started as far as inputs, budget and limits allow."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.activity_io import BUDGET_SHORT, TAKE_EXISTS, AssetFailure
    from workflows.contracts import ProductionActivities
    from workflows.events import AssetStatus, ExtraTake, ProductionStatus
    from workflows.models import ZERO, Asset, Take
    from workflows.production.activity_options import HEARTBEAT, PATIENT, STEP_TIMEOUT
    from workflows.production.judging import Judging
    from workflows.production.prices import PRICES_ENDED, Prices
    from workflows.production.publishing import Publishing
    from workflows.production.rewriting import Rewriting
    from workflows.production.run import ProductionRun
    from workflows.production.state import policies
    from workflows.production.state.approvals import (
        gated_assets,
        is_held_back,
        is_unfinished,
        reach_gate,
    )
    from workflows.production.state.budget import (
        disallowed_models,
        extra_usd,
        is_model_being_tried,
        left_usd,
        maker_of,
        may_cost,
        price_usd,
        returnable_usd,
    )
    from workflows.production.state.plans import plan_diff
    from workflows.production.state.resubmissions import resubmit_extra, resubmit_take
    from workflows.production.state.reviews.judged import (
        begin_verdict,
        end_refining,
        end_unaffordable_refinements,
        follow_verdict,
    )
    from workflows.production.state.take_numbers import count_earlier, skip_extra_number, skip_take_number
    from workflows.production.state.takes import (
        assets_in_attention,
        assets_to_start,
        complete_extra,
        complete_take,
        extras_to_start,
        fail_extra,
        fail_take,
        hold_for_budget,
        keep_proposal,
        release_held,
        request_decision,
        requeue_at_new_price,
        requeue_extra_at_new_price,
        start_extra,
        start_take,
        use_fallback,
    )
    from workflows.production.steps.take_activities import TakeActivities

MAX_PROPOSALS: Final = 20
"""Where more assets wait than this, something else is wrong than their prompts."""
TOGETHER: Final = timedelta(seconds=3)
"""The first two attempts at an asset are a second apart."""
EARLIER_COUNTED: Final = "earlier-runs-are-counted"
EXTRAS_WITHIN_BUDGET: Final = "further-takes-within-budget"


class Making:
    """Makes the assets of an approved plan."""

    def __init__(
        self,
        run: ProductionRun,
        prices: Prices,
        rewriting: Rewriting,
        takes: TakeActivities,
        judging: Judging,
        publishing: Publishing,
    ) -> None:
        self._run = run
        self._judging = judging
        self._takes = takes
        self._prices = prices
        self._rewriting = rewriting
        self._publishing = publishing
        self._waits_since: datetime | None = None

    async def produce(self) -> None:
        """Start what can start and wait, until all assets are made or only a person can help."""
        record = self._run.record
        while True:
            if self._may_continue_as_new():
                await workflow.wait_condition(self._run.is_quiet)
                return
            if self._run.was_reset:
                await self._count_earlier()
            if not workflow.info().is_continue_as_new_suggested():
                if self._prices.allowances.is_short():
                    await self._prices.allowances.cover()
                self._start_ready()
            needs_person = bool(assets_in_attention(record)) or is_held_back(record)
            if not self._run.running and gated_assets(record) and not needs_person:
                reach_gate(record)
            # Callers learn that something waits for a person when it begins to wait, whatever else goes on meanwhile.
            waits = needs_person or record.gate == "waiting"
            asking = self._run.asking or self._run.planning
            if self._run.running or (asking and is_unfinished(record) and not is_held_back(record)):
                await self._wait_while_making(waits)
            elif waits or gated_assets(record) or is_unfinished(record):
                record.status = ProductionStatus.NEEDS_ATTENTION
                self._publishing.publish()
                await self._run.wait_for_change(or_continue=True)
                return
            else:
                record.status = ProductionStatus.FINISHING
                return

    async def _count_earlier(self) -> None:
        """After a reset, count what the run before it has paid for, before anything is started."""
        self._run.was_reset = False
        if not workflow.patched(EARLIER_COUNTED):
            return
        costs = await workflow.execute_activity_method(
            ProductionActivities.ledger_costs,
            self._run.record.production_id,
            start_to_close_timeout=STEP_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary="count what was paid for before the reset",
        )
        count_earlier(self._run.record, costs)

    def _may_continue_as_new(self) -> bool:
        """Whether to continue as new, now that the takes under way allow it."""
        if workflow.info().is_continue_as_new_suggested():
            # A job needs no run of ours: its id is in the ledger, the next run looks at it again.
            return self._run.running.keys() <= self._run.jobs
        # Another version of the workers is no reason to interrupt a take.
        return not self._run.running and self._run.should_upgrade()

    async def _wait_while_making(self, waits: bool) -> None:
        """Show by the status whether a person is needed while other assets are made, and wait until anything changes.

        Event and attention item are published at once. The status follows a moment later: whoever is called by it finds
        all assets that failed together, and none that is only retried.
        """
        record = self._run.record
        if not waits:
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = workflow.now()
        together = waits and record.status is ProductionStatus.PRODUCING and workflow.patched("report-together")
        if together and self._waits_since and (left := self._waits_since + TOGETHER - workflow.now()) > timedelta(0):
            self._publishing.publish()
            with suppress(TimeoutError):
                await self._run.wait_for_change(within=left, summary="report together")
            return
        record.status = ProductionStatus.NEEDS_ATTENTION if waits else ProductionStatus.PRODUCING
        self._publishing.publish()
        await self._run.wait_for_change()

    def _start_ready(self) -> None:
        run, record = self._run, self._run.record
        release_held(record)
        end_unaffordable_refinements(record)
        left: Decimal | None = None
        for asset in assets_to_start(record):
            if self._in_window() >= policies.WINDOW or len(run.running) >= policies.MAX_PENDING:
                return
            if asset.asset_id in run.running:
                continue
            if record.assets[asset.asset_id].status is AssetStatus.PENDING:  # otherwise its price is held already
                price = price_usd(record, asset.asset_id)
                if price or asset.unknown_price:
                    left = left_usd(record) if left is None else left
                    if not self._is_affordable(asset, price, left):
                        continue
                    left -= price
            asset = maker_of(record, asset)
            start_take(record, asset)
            self._start_task(asset.asset_id, asset, self._make(asset))
        self._start_extras()

    def _is_affordable(self, asset: Asset, price: Decimal, left: Decimal) -> bool:
        """Whether the asset may be started now, at `price`, with `left` of the budget (USD); otherwise it waits: for
        a decision, for money that may be returned, or for the first bill of a model without a published price."""
        record = self._run.record
        if self._run.planning:
            return False
        if asset.unknown_price and (unknown := disallowed_models(record, asset)):
            message = f"the price of {', '.join(unknown)} is not published; allow it by approving again, or edit it"
            request_decision(record, asset.asset_id, "price_unknown", message)
            return False
        if price > left or (asset.unknown_price and self._is_capped() and left <= 0):
            if price > left + returnable_usd(record) or not (self._run.running or self._run.asking):
                hold_for_budget(record, asset.asset_id, left, price)
            return False
        if not asset.unknown_price:
            return True
        maker = maker_of(record, asset)
        return not is_model_being_tried(record, maker, further_takes=workflow.patched(EXTRAS_WITHIN_BUDGET))

    def _is_capped(self) -> bool:
        record = self._run.record
        named = record.approval is not None and policies.cap(record.brief, record.approval) is not None
        return named or record.lowered_usd is not None

    def _start_extras(self) -> None:
        """Start the further takes that people requested: their money was reserved with the request."""
        record = self._run.record
        for asset_id, extra in extras_to_start(record):
            name = keys.take_activity(asset_id, extra.number)
            if name not in self._run.running and self._in_window() < policies.WINDOW:
                if not extra.started and not self._is_extra_affordable(asset_id, extra):
                    continue
                start_extra(record, asset_id, extra.number)
                self._start_task(name, extra.asset, self._make_extra(extra.asset, extra.number))

    def _is_extra_affordable(self, asset_id: str, extra: ExtraTake) -> bool:
        """Whether the budget still holds the price of a further take, which is reserved since the request, and may be
        higher by now. Otherwise it waits for money that may be returned, or is dropped, which an event reports.

        Of a model without a published price, the first bill is awaited."""
        record, maker = self._run.record, extra.asset
        if not may_cost(maker):
            return True
        if self._run.planning:
            return False
        left, unknown = left_usd(record), bool(maker.quote and maker.quote.unknown)
        short = left < ZERO or (unknown and self._is_capped() and left <= ZERO and not extra_usd(record, extra))
        waits = unknown and is_model_being_tried(record, maker)
        if not (short or waits) or not workflow.patched(EXTRAS_WITHIN_BUDGET):
            return True
        if short and (left + returnable_usd(record) < ZERO or not self._run.running):
            price = extra_usd(record, extra)
            message = (
                f"up to {price} USD does not fit the {left + price} USD that are left; raise the budget and repeat"
            )
            fail_extra(record, asset_id, extra.number, AssetFailure(message=message, kind=BUDGET_SHORT))
            self._run.wake_up()
        return False

    def _in_window(self) -> int:
        """How many takes are under way that are no jobs."""
        return len(self._run.running) - len(self._run.jobs)

    def _start_task(self, name: str, asset: Asset, making: Coroutine[Any, Any, None]) -> None:
        if asset.quote and asset.quote.job:
            self._run.jobs.add(name)
        self._run.running[name] = asyncio.create_task(making)

    async def _make(self, asset: Asset) -> None:
        """Make one take of the asset; no failure of it stops another asset."""
        record, asset_id = self._run.record, asset.asset_id
        try:
            take = await self._takes.make(asset, record.assets[asset_id].next_take, asset_id)
        except ActivityError as error:
            if not self._run.record.cancelling:
                number = record.assets[asset_id].next_take
                await self._handle_failure(asset, await self._takes.failure_of(error, asset, number))
        else:
            if self._judging.reviews():
                await self._review(asset, take)
            else:
                complete_take(record, asset_id, take)
        finally:
            self._forget_task(asset_id)

    async def _review(self, asset: Asset, take: Take) -> None:
        """Judge a take, and go on by its verdict. A take is never lost with its verdict."""
        record, asset_id = self._run.record, asset.asset_id
        begin_verdict(record, asset_id, take)
        self._run.jobs.discard(asset_id)  # a verdict is part of this run
        try:
            take = await self._judging.judge(asset, take)
        except asyncio.CancelledError:
            complete_take(record, asset_id, self._judging.unjudged_take(asset, take))
            raise
        follow_verdict(record, asset_id, take)

    async def _handle_failure(self, asset: Asset, failure: AssetFailure) -> None:
        """Go on with the next number, price, submission or model; where only a person can help, request a decision."""
        record, asset_id = self._run.record, asset.asset_id
        if failure.kind == BUDGET_SHORT:
            self._prices.allowances.forget()
        if failure.kind == TAKE_EXISTS:
            skip_take_number(record, asset_id, failure)
        elif end_refining(record, asset_id, failure):
            return
        elif failure.now_usd is not None:
            await self._price_again(asset)
            requeue_at_new_price(record, asset_id, failure)
        elif not resubmit_take(record, asset_id, failure) and not use_fallback(record, asset_id, failure):
            fail_take(record, asset_id, failure)
            if failure.reason == "content_refused" and failure.refused != "input":
                self._run.in_background(self._propose_prompt(asset, failure.message))

    async def _price_again(self, asset: Asset) -> None:
        """Quote the asset by the rates that hold now, where those of its quote have ended."""
        record = self._run.record
        today = workflow.now().date()
        if record.plan is None or all(quote.is_valid_on(today) for _, quote in asset.quotes):
            return
        async with self._run.pricing:
            try:
                plan = await self._prices.priced(record.plan, only=(asset.asset_id,))
            except ApplicationError as error:  # the next attempt at the take reports the refusal
                workflow.logger.warning("%s cannot be priced again: %s", asset.asset_id, error)
                return
            changes = plan_diff.changes(record.plan, plan)
            record.plan = plan
            record.log("plan_edited", plan_digest=plan.digest, by=PRICES_ENDED, how="reprice", changes=changes)

    async def _make_extra(self, asset: Asset, number: int) -> None:
        """Make a further take, to choose from."""
        try:
            take = await self._takes.make(asset, number, keys.take_activity(asset.asset_id, number))
        except ActivityError as error:
            if not self._run.record.cancelling:
                failure = await self._takes.failure_of(error, asset, number)
                record, asset_id = self._run.record, asset.asset_id
                if failure.kind == BUDGET_SHORT:
                    self._prices.allowances.forget()
                if failure.kind == TAKE_EXISTS and workflow.patched("further-takes-skip-numbers"):
                    skip_extra_number(record, asset_id, number, failure)
                    return
                again = resubmit_extra(record, asset_id, number, failure)
                if not again and not requeue_extra_at_new_price(record, asset_id, number, failure):
                    fail_extra(record, asset_id, number, failure)
        else:
            if self._judging.reviews():
                self._run.jobs.discard(keys.take_activity(asset.asset_id, number))
                take = await self._judge_extra(asset, take)
            complete_extra(self._run.record, asset.asset_id, take)
        finally:
            self._forget_task(keys.take_activity(asset.asset_id, number))

    async def _judge_extra(self, asset: Asset, take: Take) -> Take:
        try:
            return await self._judging.judge(asset, take)
        except asyncio.CancelledError:
            complete_extra(self._run.record, asset.asset_id, self._judging.unjudged_take(asset, take))
            raise

    def _forget_task(self, name: str) -> None:
        self._run.running.pop(name, None)
        self._run.jobs.discard(name)
        self._run.wake_up()

    async def _propose_prompt(self, asset: Asset, refusal: str) -> None:
        """Propose another prompt where a provider refused this one; a person accepts it or not."""
        record = self._run.record
        waiting = record.assets[asset.asset_id].waiting
        if waiting is None or len(assets_in_attention(record)) > MAX_PROPOSALS:
            return
        try:
            found = await self._rewriting.rewrite(asset, waiting.id, record.brief.requester, refusal=refusal)
        except ActivityError:
            return  # no one waits for it: then there is no proposal
        keep_proposal(record, asset.asset_id, waiting.id, found.prompt)
        self._run.wake_up()
