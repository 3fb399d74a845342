"""ProductionWorkflow: the life of one production, from brief to deliverable.

The workflow decides what happens next and waits: its loop takes the step that the status asks for.
`state` keeps what is known, `policies` say what is allowed, `desk` is where people's signals and
updates arrive, and every side effect is an activity of `contracts`.
"""

import asyncio
from datetime import timedelta
from decimal import Decimal

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import keys, policies
    from workflows.contracts import (
        AssetCancelled,
        AssetFailure,
        DraftPlan,
        FinishDeliverable,
        FinishedAsset,
        InputTake,
        ProduceAsset,
        ProductionActivities,
    )
    from workflows.desk import HEARTBEAT, PATIENT, STEP_TIMEOUT, Desk, message_of, raise_if_cancelled
    from workflows.display import activity_summary, details_of
    from workflows.events import AssetStatus, ProductionStart, ProductionStatus, Snapshot
    from workflows.models import Asset, Take

from temporalio.common import RetryPolicy

STATUS = SearchAttributeKey.for_keyword(keys.STATUS_ATTRIBUTE)
COST = SearchAttributeKey.for_float(keys.COST_ATTRIBUTE)

STEADY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1)
"""Every delay is the activity's own choice; it counts the real failures itself (see contracts.STILL_RUNNING)."""

NAMED = "activities-named-by-take"
"""Since 2026-11-20 activities are named by their take; histories before that number them."""

STOPPED_AT_THE_PROVIDER = "cancelled-at-the-provider"
"""Since 2026-11-20 a cancel also stops the jobs that run at providers, and counts what they cost."""
STOP_TIMEOUT = timedelta(minutes=1)
MANIFEST_RETRY = timedelta(minutes=1)

FINISH_TIMEOUT = timedelta(hours=2)
"""One attempt of finishing: the longest film (10 minutes) encoded at a fifth of real time, and room."""
ATTEMPT_TIMEOUT = timedelta(minutes=30)
"""One attempt of an asset: the slowest synchronous call (10 minutes) and a large download. Of a draft: some answers
of a language model, each of which is kept, so that a next attempt goes on from there."""
BRIEF_CHARS = 500
"""Of the brief's text, for each asset: enough for its tone; 1,000 whole briefs would be 20 MB of history."""


@workflow.defn(name=keys.WORKFLOW_TYPE)
class ProductionWorkflow(Desk):
    """One production. Workflow id: `keys.workflow_id`; result: the full snapshot."""

    @workflow.init
    def __init__(self, start: ProductionStart) -> None:
        super().__init__(start)
        self._cancelling = False
        self._shown_events = -1
        self._shown_status: ProductionStatus | None = None

    @workflow.run
    async def run(self, start: ProductionStart) -> Snapshot:
        try:
            while not self._state.status.closed or not workflow.all_handlers_finished():
                await self._step()
        except asyncio.CancelledError:
            await self._cancel()
        self._show()
        return self._state.snapshot()

    async def _step(self) -> None:
        self._show()
        match self._state.status:
            case ProductionStatus.PLANNING:
                await self._plan()
            case ProductionStatus.AWAITING_APPROVAL:
                await self._await_decision()
            case ProductionStatus.PRODUCING | ProductionStatus.NEEDS_ATTENTION:
                await self._produce()
            case ProductionStatus.FINISHING:
                await self._finish()
            case _:
                await workflow.wait_condition(workflow.all_handlers_finished)
        if self._state.status.closed:
            if self._state.status is not ProductionStatus.DELIVERED:
                await self._keep_manifest()
        elif self._should_continue():
            workflow.continue_as_new(
                ProductionStart(
                    production_id=self._state.production_id, brief=self._state.brief, carried=self._state.snapshot()
                )
            )

    # Planning and approval

    async def _plan(self) -> None:
        state = self._state
        drafts = sum(e.name == "plan_start" for e in state.events)
        state.log("plan_start", revision=len(state.feedback))
        try:
            draft = await workflow.execute_activity_method(
                ProductionActivities.draft_plan,
                DraftPlan(
                    production_id=state.production_id,
                    brief=state.brief,
                    feedback=state.feedback,
                    drafts=drafts,
                    spent_usd=state.spent_usd,
                ),
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"plan the {state.brief.platform.value}",
            )
            state.spent_usd += draft.drafting_usd
            plan = await self._priced(draft)
        except (ActivityError, ApplicationError) as error:
            raise_if_cancelled(error)
            state.plan_failed(message_of(error), _failure(error).billed_usd)
        else:
            state.plan_ready(plan)

    async def _await_decision(self) -> None:
        state = self._state
        assert state.deadline is not None
        reminder = state.reminder_at()
        moment = reminder or state.deadline
        try:
            await self._woken(
                within=max(moment - workflow.now(), timedelta(0)),
                summary="approval reminder" if reminder else "approval deadline",
            )
        except TimeoutError:
            if reminder:
                state.remind()
            else:
                state.expire()

    # Producing

    async def _produce(self) -> None:
        """Start what can start and wait, until all is made or only a person can help."""
        state = self._state
        state.status = ProductionStatus.PRODUCING
        while True:
            if not workflow.info().is_continue_as_new_suggested():
                self._start_ready()
            elif self._running.keys() <= self._jobs:
                # Continue as new. A job needs no run of ours: its id is in the ledger, the next run looks at it again.
                await workflow.wait_condition(workflow.all_handlers_finished)
                return
            self._show()
            if self._running:
                await self._wake()
            elif state.attention():
                state.status = ProductionStatus.NEEDS_ATTENTION
                self._show()
                await self._woken()
                return
            else:
                state.status = ProductionStatus.FINISHING
                return

    def _start_ready(self) -> None:
        state = self._state
        left: Decimal | None = None
        capped = state.approval is not None and policies.cap(state.brief, state.approval) is not None
        for asset in state.waiting():
            asset_id = asset.asset_id
            if len(self._running) - len(self._jobs) >= policies.WINDOW or len(self._running) >= policies.MAX_PENDING:
                return
            if asset_id in self._running:
                continue
            if state.assets[asset_id].status is AssetStatus.PENDING:  # else an earlier run reserved its price
                price, unknown = state.price_usd(asset_id), capped and asset.unknown_price
                if price or unknown:
                    left = state.left_usd() if left is None else left
                    if price > left or (unknown and left <= 0):
                        if not self._running:
                            state.park(asset_id, left, price)
                        continue
                    if unknown and state.is_first_under_way(asset):
                        continue  # the first of its model tells what the others may cost
                    left -= price
            asset = asset.made_by(state.assets[asset_id].model)
            state.start(asset)
            if asset.quote and asset.quote.job:
                self._jobs.add(asset_id)
            self._running[asset_id] = asyncio.create_task(self._make(asset))

    async def _make(self, asset: Asset) -> None:
        """One take of one asset; whatever happens to it stops no sibling."""
        state = self._state
        try:
            take = await self._take(asset)
        except ActivityError as error:
            failure = _failure(error)
            if not self._cancelling and not state.fall_back(asset.asset_id, failure):
                state.fail(asset.asset_id, failure)
        else:
            state.complete(asset.asset_id, take)
        finally:
            self._running.pop(asset.asset_id, None)
            self._jobs.discard(asset.asset_id)
            self._poke()

    async def _take(self, asset: Asset) -> Take:
        state = self._state
        known = state.assets[asset.asset_id]
        return await workflow.execute_activity_method(
            ProductionActivities.produce_asset,
            self._asked(asset),
            task_queue=keys.provider_queue(asset.provider),
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=STEADY,
            activity_id=keys.take_activity(asset.asset_id, known.next_take) if workflow.patched(NAMED) else None,
            summary=activity_summary(asset),
            event_groups=[workflow.create_event_group(asset.asset_id)],
        )

    def _asked(self, asset: Asset) -> ProduceAsset:
        state = self._state
        known = state.assets[asset.asset_id]
        return ProduceAsset(
            production_id=state.production_id,
            brief=state.brief.model_copy(update={"text": state.brief.text[:BRIEF_CHARS]}),
            asset=asset,
            take=known.next_take,
            inputs=self._inputs(asset),
            order=known.order,
        )

    def _inputs(self, asset: Asset) -> tuple[InputTake, ...]:
        assert self._state.plan is not None
        found = []
        for asset_id in asset.depends_on:
            source, take = self._state.plan.find(asset_id), self._state.usable(asset_id)
            if source and take:
                found.append(
                    InputTake(
                        asset_id=asset_id,
                        asset_type=source.asset_type,
                        role=source.role,
                        take=take.number,
                        media=take.media,
                    )
                )
        return tuple(found)

    # Finishing

    async def _finish(self) -> None:
        state = self._state
        assert state.plan is not None
        revision = state.deliverable.revision + 1 if state.deliverable else 1
        state.log("finishing", revision=revision)
        self._show()
        used = state.used()
        takes = ((a, state.usable(a.asset_id)) for a in state.plan.assets)
        assets = tuple(FinishedAsset(asset=a, take=take) for a, take in takes if take)
        if not assets:
            await self._finishing_failed("every asset was left out: make at least one of them again")
            return
        try:
            deliverable = await workflow.execute_activity_method(
                ProductionActivities.finish_deliverable,
                FinishDeliverable(
                    production_id=state.production_id,
                    revision=revision,
                    brief=state.brief,
                    title=state.plan.title,
                    assets=assets,
                ),
                start_to_close_timeout=FINISH_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"finish revision {revision}",
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            await self._finishing_failed(message_of(error))
            return
        deliverable = deliverable.model_copy(update={"takes": used})
        if any(state.waiting()) or state.used() != used:  # changed meanwhile: this revision is kept, the next follows
            state.deliverable, state.status = deliverable, ProductionStatus.PRODUCING
            return
        state.announced = state.status, len(state.events)
        state.deliver(deliverable)
        await self._keep_manifest()
        state.announced = None

    async def _finishing_failed(self, message: str) -> None:
        state = self._state
        state.error, state.status = message, ProductionStatus.NEEDS_ATTENTION
        state.log("needs_attention", reason="finishing_failed", message=message)
        self._show()
        await self._woken()

    async def _keep_manifest(self) -> None:
        """Keep the record as it is; where somebody's signal was logged meanwhile, once more."""
        kept = -1
        while self._state.status.closed and kept != len(self._state.events):
            kept = len(self._state.events)
            try:
                await workflow.execute_activity_method(
                    ProductionActivities.write_manifest,
                    self._state.snapshot(),
                    start_to_close_timeout=STEP_TIMEOUT,
                    heartbeat_timeout=HEARTBEAT,
                    retry_policy=PATIENT,
                    summary="write the manifest",
                )
            except ActivityError as error:
                raise_if_cancelled(error)
                kept = -1  # nothing of what was made and paid for is given up for this
                await workflow.sleep(MANIFEST_RETRY, summary="the manifest could not be written")

    async def _cancel(self) -> None:
        self._cancelling = True
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._state.announced = None
        self._state.cancel(await self._stopped())
        self._show()
        await self._keep_manifest()
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _stopped(self) -> dict[str, AssetCancelled]:
        """What is being made for money, stopped at its provider, with what it has cost."""
        making = self._state.making_for_money()
        if not making or not workflow.patched(STOPPED_AT_THE_PROVIDER):
            return {}
        stopped = await asyncio.gather(*map(self._stop, making))
        return {asset.asset_id: each for asset, each in zip(making, stopped, strict=True)}

    async def _stop(self, asset: Asset) -> AssetCancelled:
        try:
            return await workflow.execute_activity_method(
                ProductionActivities.cancel_asset,
                self._asked(asset),
                task_queue=keys.provider_queue(asset.provider),
                start_to_close_timeout=STOP_TIMEOUT,
                schedule_to_close_timeout=2 * STOP_TIMEOUT,
                summary=f"stop {activity_summary(asset)}",
            )
        except ActivityError as error:
            words = f"could not be stopped, look at {asset.provider} for what still runs: {message_of(error)}"
            price = self._state.price_usd(asset.asset_id)
            return AssetCancelled(outcome="running", billed_usd=price, message=words[:300])

    def _show(self) -> None:
        """Publish where the production is: search attributes when the status changes, details now and then."""
        state = self._state
        changed = state.status is not self._shown_status
        if changed:
            workflow.upsert_search_attributes(
                [STATUS.value_set(state.status.value), COST.value_set(float(state.spent_usd))]
            )
        # Rendering after each of 2,000 events of a large production would cost more than the production.
        if changed or len(state.events) - self._shown_events >= max(1, len(state.assets) // 20):
            workflow.set_current_details(details_of(state))
            self._shown_status, self._shown_events = state.status, len(state.events)


def _failure(error: ActivityError | ApplicationError) -> AssetFailure:
    """What the activity says of its own end; without words of its own (a timeout), Temporal's."""
    cause = error.cause if isinstance(error, ActivityError) else None
    if isinstance(cause, ApplicationError) and cause.details:
        return AssetFailure.model_validate(cause.details[0])
    return AssetFailure(message=message_of(error))
