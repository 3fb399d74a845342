"""ProductionWorkflow: the life of one production, from brief to deliverable.

The workflow decides what happens next and waits: its loop takes the step that the status asks for.
`state` keeps what is known, `policies` say what is allowed, `decisions` and `changes` are where people's
signals and updates arrive, `outlook` is what it tells others, and every side effect is an activity of `contracts`.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.activity_io import (
        TAKE_EXISTS,
        AssetCancelled,
        AssetFailure,
        FinishDeliverable,
        FinishedAsset,
        InputTake,
        ProduceAsset,
    )
    from workflows.contracts import ProductionActivities
    from workflows.events import AssetStatus, ProductionStart, ProductionStatus, Snapshot
    from workflows.models import ZERO, Asset, Plan, Take
    from workflows.production.desk import (
        HEARTBEAT,
        PATIENT,
        STEP_TIMEOUT,
        failure_of,
        message_of,
        raise_if_cancelled,
        told_failure,
    )
    from workflows.production.drafting import ATTEMPT_TIMEOUT, Drafting
    from workflows.production.state import plan_diff, policies
    from workflows.production.state.approvals import MAX_MESSAGE_CHARS
    from workflows.production.ui_details import activity_summary

from temporalio.common import RetryPolicy

STEADY = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1)
"""Every delay is the activity's own choice; it counts the real failures itself (see contracts.STILL_RUNNING)."""

MAX_PROPOSALS = 20
"""Where more than so many assets wait, something else is wrong than their words."""
STOP_TIMEOUT = timedelta(minutes=2)
"""One attempt at stopping a take: it waits up to 45 s for the answer to a request that is under way."""
TOGETHER = timedelta(seconds=3)
"""The first two attempts at an asset lie a second apart."""
PRICES_ENDED = "the end of its rates"
"""Edits a plan in the place of a person, when rates of the catalogue end."""
MANIFEST_RETRY = timedelta(minutes=1)

FINISH_TIMEOUT = timedelta(hours=2)
"""One attempt of finishing: the longest film (10 minutes) encoded at a fifth of real time, and room."""
BRIEF_CHARS = 500
"""Of the brief's text, for each asset: enough for its tone; 1,000 whole briefs would be 20 MB of history."""


@workflow.defn(name=keys.WORKFLOW_TYPE)
class ProductionWorkflow(Drafting):
    """One production. Workflow id: `keys.workflow_id`; result: the full snapshot."""

    @workflow.init
    def __init__(self, start: ProductionStart) -> None:
        super().__init__(start)
        self._kept = self._fingerprint() if self._state.status.closed else None
        self._waits_since: datetime | None = None

    @workflow.run
    async def run(self, start: ProductionStart) -> Snapshot:
        try:
            await self._start()
            while not self._over():
                await self._step()
        except asyncio.CancelledError:
            await self._start()
            await self._cancel()
            while not self._over():
                await self._step()
        self._show()
        return self._state.snapshot()

    async def _start(self) -> None:
        if await self._begin():
            self._kept = self._fingerprint()

    def _over(self) -> bool:
        if not self._state.status.closed:
            return False
        return self._all_told() and self._kept == self._fingerprint()

    def _fingerprint(self) -> tuple[object, ...]:
        """What a manifest tells, in short: while it is the same, nothing has to be written down again."""
        state = self._state
        return state.status, len(state.events), state.spent_usd, state.budget_usd, state.plan and state.plan.digest

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
                await workflow.wait_condition(self._quiet)
                if self._untold():
                    await self._hand_over()
        if self._state.status.closed:
            if self._kept != self._fingerprint():
                await self._keep_manifest()
        elif self._should_continue():
            workflow.continue_as_new(
                ProductionStart(
                    production_id=self._state.production_id,
                    brief=self._state.brief,
                    carried=self._state.snapshot(),
                    reports_to=self._reports_to,
                )
            )

    # Approval

    async def _await_decision(self) -> None:
        state = self._state
        assert state.deadline is not None
        moment, ends = state.next_moment(), state.prices_end()
        summary = "approval deadline" if moment == state.deadline else "approval reminder"
        reprice = ends is not None and ends < moment and ends != self._priced_until
        if ends is not None and reprice:
            moment, summary = ends, "end of prices"
        try:
            await self._woken(within=max(moment - workflow.now(), timedelta(0)), summary=summary)
        except TimeoutError:
            if reprice:
                self._priced_until = ends
                await self._price_plan_again()
            else:
                state.moment_came()

    async def _price_plan_again(self) -> None:
        """Rates of the plan have ended before anybody approved it: what is approved is what is charged now."""
        state = self._state
        async with self._pricing:
            if state.status is not ProductionStatus.AWAITING_APPROVAL or state.plan is None:
                return
            try:
                plan = await self._priced(state.plan)
            except ApplicationError as error:  # it waits as it is, cannot be approved, and says why
                state.log("plan_failed", reason=error.message[:MAX_MESSAGE_CHARS], how="reprice")
                return
            if state.status is ProductionStatus.AWAITING_APPROVAL:
                changes = plan_diff.changes(state.plan, plan)
                state.plan_ready(plan, how="reprice", by=PRICES_ENDED, changes=changes)

    # Producing

    async def _produce(self) -> None:
        """Start what can start and wait, until all is made or only a person can help."""
        state = self._state
        while True:
            if not workflow.info().is_continue_as_new_suggested():
                self._start_ready()
            elif self._running.keys() <= self._jobs:
                # Continue as new. A job needs no run of ours: its id is in the ledger, the next run looks at it again.
                await workflow.wait_condition(self._quiet)
                return
            if not self._running and state.gated() and not state.attention() and not state.held_back():
                state.reach_gate()
            # What waits for a person is told when it begins to wait, whatever else goes on meanwhile.
            waits = state.attention() or state.gate == "waiting" or state.held_back()
            if self._running:
                await self._await_making(bool(waits))
            elif waits or state.gated() or state.unfinished():
                state.status = ProductionStatus.NEEDS_ATTENTION
                self._show()
                await self._woken()
                return
            else:
                state.status = ProductionStatus.FINISHING
                return

    async def _await_making(self, waits: bool) -> None:
        """Tell by the status whether a person is needed while other assets are made, and wait until anything changes.

        Event and attention item are there at once. The status follows a moment later: whoever is called by it finds all
        that failed together, and nothing that is only tried again.
        """
        state = self._state
        if not waits:
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = workflow.now()
        together = waits and state.status is ProductionStatus.PRODUCING and workflow.patched("report-together")
        if together and self._waits_since and (left := self._waits_since + TOGETHER - workflow.now()) > timedelta(0):
            self._show()
            with suppress(TimeoutError):
                await self._wake(within=left, summary="report together")
            return
        state.status = ProductionStatus.NEEDS_ATTENTION if waits else ProductionStatus.PRODUCING
        self._show()
        await self._wake()

    def _start_ready(self) -> None:
        state = self._state
        state.unpark()
        capped = state.approval is not None and policies.cap(state.brief, state.approval) is not None
        left: Decimal | None = None
        for asset in state.waiting():
            asset_id = asset.asset_id
            if len(self._running) - len(self._jobs) >= policies.WINDOW or len(self._running) >= policies.MAX_PENDING:
                return
            if asset_id in self._running:
                continue
            if state.assets[asset_id].status is AssetStatus.PENDING:  # else its price is held already
                surprising = asset.unknown_price
                if surprising and (unknown := state.not_allowed(asset)):
                    names = ", ".join(unknown)
                    words = f"the price of {names} is not published; allow it by approving again, or edit it"
                    state.ask(asset_id, "price_unknown", words)
                    continue
                price = state.price_usd(asset_id)
                if price or surprising:
                    left = state.left_usd() if left is None else left
                    if price > left or (surprising and capped and left <= 0):
                        if price > left + state.returnable_usd() or not self._running:
                            state.park(asset_id, left, price)
                        continue
                    if surprising and state.is_first_under_way(asset):
                        continue  # the first of its model tells what the others may cost
                    left -= price
            asset = asset.made_by(state.assets[asset_id].model)
            state.start(asset)
            if asset.quote and asset.quote.job:
                self._jobs.add(asset_id)
            self._running[asset_id] = asyncio.create_task(self._make(asset))
        self._start_extras()

    def _start_extras(self) -> None:
        """The further takes that people asked for: their money was reserved when they did."""
        for asset_id, extra in self._state.extras():
            name = keys.take_activity(asset_id, extra.number)
            if name not in self._running and len(self._running) - len(self._jobs) < policies.WINDOW:
                self._state.start_extra(asset_id, extra.number)
                if extra.asset.quote and extra.asset.quote.job:
                    self._jobs.add(name)
                self._running[name] = asyncio.create_task(self._make_extra(extra.asset, extra.number))

    async def _make(self, asset: Asset) -> None:
        """One take of one asset; whatever happens to it stops no sibling."""
        state, asset_id = self._state, asset.asset_id
        try:
            take = await self._take(asset, state.assets[asset_id].next_take)
        except ActivityError as error:
            if not self._cancelling:
                await self._failed(asset, await self._failure_of(error, asset, state.assets[asset_id].next_take))
        else:
            state.complete(asset_id, take)
        finally:
            self._made(asset_id)

    async def _failed(self, asset: Asset, failure: AssetFailure) -> None:
        """Go on where that needs nobody: with the next number, price, submission or model. Else a person decides."""
        state, asset_id = self._state, asset.asset_id
        if failure.kind == TAKE_EXISTS:
            state.next_number_free(asset_id, failure)
        elif failure.now_usd is not None:
            await self._price_again(asset)
            state.price_changed(asset_id, failure)
        elif not state.resubmit_unasked(asset_id, failure) and not state.fall_back(asset_id, failure):
            state.fail(asset_id, failure)
            if failure.reason == "content_refused" and failure.refused != "input":
                self._aside(self._soften(asset, failure.message))

    async def _failure_of(self, error: ActivityError, asset: Asset, number: int) -> AssetFailure:
        """What the take's own activity says; where somebody else ended it, what its ledger says once it is stopped."""
        told = told_failure(error)
        if told or not (asset.quote and (asset.quote.high_usd or asset.quote.unknown)):
            return told or failure_of(error)
        end = await self._stop(asset, number)
        return AssetFailure(
            message=message_of(error),
            billed_usd=end.billed_usd,
            job_id=end.job_id,
            maybe_billed=end.outcome != "free",
        )

    async def _price_again(self, asset: Asset) -> None:
        """The rates of its quote have ended: quote it by those that hold now."""
        state = self._state
        today = workflow.now().date()
        if state.plan is None or all(quote.holds_on(today) for _, quote in asset.quotes):
            return
        async with self._pricing:
            try:
                plan = await self._priced(state.plan, only=(asset.asset_id,))
            except ApplicationError as error:  # the catalogue refuses it now: the next attempt says so of the take
                workflow.logger.warning("%s cannot be priced again: %s", asset.asset_id, error)
                return
            changes = plan_diff.changes(state.plan, plan)
            state.plan = plan
            state.log("plan_edited", plan_digest=plan.digest, by=PRICES_ENDED, how="reprice", changes=changes)

    async def _make_extra(self, asset: Asset, number: int) -> None:
        """A further take to choose from."""
        try:
            take = await self._take(asset, number)
        except ActivityError as error:
            if not self._cancelling:
                failure = await self._failure_of(error, asset, number)
                state, asset_id = self._state, asset.asset_id
                again = state.resubmit_extra(asset_id, number, failure)
                if not again and not state.extra_price_changed(asset_id, number, failure):
                    state.fail_extra(asset_id, number, failure)
        else:
            self._state.complete_extra(asset.asset_id, take)
        finally:
            self._made(keys.take_activity(asset.asset_id, number))

    def _made(self, name: str) -> None:
        self._running.pop(name, None)
        self._jobs.discard(name)
        self._poke()

    async def _soften(self, asset: Asset, refusal: str) -> None:
        """Propose other words where a provider refused these; a person accepts them or not."""
        waiting = self._state.assets[asset.asset_id].waiting
        if waiting is None or len(self._state.attention()) > MAX_PROPOSALS:
            return
        try:
            found = await self._rewritten(asset, waiting.id, self._state.brief.requester, refusal=refusal)
        except ActivityError:
            return  # nobody waits for it: there is no proposal then
        self._state.propose(asset.asset_id, waiting.id, found.prompt)
        self._poke()

    async def _take(self, asset: Asset, number: int) -> Take:
        return await workflow.execute_activity_method(
            ProductionActivities.produce_asset,
            self._asked(asset, number),
            task_queue=keys.provider_queue(asset.provider),
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=STEADY,
            activity_id=keys.take_activity(asset.asset_id, number),
            summary=activity_summary(asset),
            event_groups=[workflow.create_event_group(asset.asset_id)],
        )

    def _asked(self, asset: Asset, number: int) -> ProduceAsset:
        state = self._state
        known = state.assets[asset.asset_id]
        extra = next((e for e in known.extra if e.number == number), None)
        order = extra.order if extra else known.order if number == known.next_take else None
        made_with = known.made_with if number == known.next_take and not extra else None
        return ProduceAsset(
            production_id=state.production_id,
            brief=state.brief.model_copy(update={"text": state.brief.text[:BRIEF_CHARS], "references": ()}),
            asset=asset,
            take=number,
            inputs=self._inputs(asset, made_with),
            order=order,
            reserved_usd=state.learned_of(asset).price(asset.quote) if asset.quote else None,
        )

    def _inputs(self, asset: Asset, made_with: dict[str, int] | None) -> tuple[InputTake, ...]:
        """References and takes that it is made from: those in use, or those that the take was begun with."""
        state = self._state
        assert state.plan is not None
        references = InputTake.of_references(state.references)
        found = []
        for asset_id in asset.depends_on:
            if asset_id in references:
                found.append(references[asset_id])
                continue
            source, take = state.plan.find(asset_id), state.usable(asset_id)
            if made_with is not None:
                takes = state.assets[asset_id].takes if asset_id in state.assets else ()
                take = next((t for t in takes if t.number == made_with.get(asset_id)), None)
            if source and take:
                found.append(
                    InputTake(
                        asset_id=asset_id,
                        asset_type=source.asset_type,
                        role=source.role,
                        take=take.number,
                        media=take.media,
                        provider=take.provider,
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
        used, shown = state.used(), _shown(state.plan)
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
        changed = state.used() != used or state.unfinished() or _shown(state.plan) != shown
        if changed or any(state.waiting()):  # this revision is kept, the next one follows
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
            self._kept = self._fingerprint()
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
                kept, self._kept = -1, None  # nothing of what was made and paid for is given up for this
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
        self._cancelling = False  # who asked meanwhile was refused; what a person asks for now is made

    async def _stopped(self) -> dict[tuple[str, int], AssetCancelled]:
        """What is being made for money, stopped at its provider, with what it has cost."""
        making = self._state.making_for_money()
        if not making:
            return {}
        stopped = await asyncio.gather(*(self._stop(asset, number) for asset, number in making))
        return {(asset.asset_id, number): end for (asset, number), end in zip(making, stopped, strict=True)}

    async def _stop(self, asset: Asset, number: int) -> AssetCancelled:
        try:
            return await workflow.execute_activity_method(
                ProductionActivities.cancel_asset,
                self._asked(asset, number),
                task_queue=keys.provider_queue(asset.provider),
                start_to_close_timeout=STOP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                schedule_to_close_timeout=3 * STOP_TIMEOUT,
                summary=f"stop {activity_summary(asset)}",
            )
        except ActivityError as error:
            words = f"could not be stopped, look at {asset.provider} for what still runs: {message_of(error)}"
            price = self._state.learned_of(asset).price(asset.quote) if asset.quote else ZERO
            return AssetCancelled(outcome="running", billed_usd=price, message=words[:MAX_MESSAGE_CHARS])


def _shown(plan: Plan) -> tuple[object, ...]:
    """What of a plan a deliverable shows beside its takes."""
    return plan.title, [a.asset_id for a in plan.assets]
