"""Where people decide about single assets after the approval: new takes, their own files, answers, refreshes."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from workflows.activity_io import BUDGET_SHORT, UPLOAD_REFUSED, CheckUpload, Payer, RewritePrompt, Rewritten
    from workflows.contracts import ProductionActivities
    from workflows.events import ProductionStart, ProductionStatus, Receipt
    from workflows.models import ZERO, Asset, Take
    from workflows.production.decisions import Decisions
    from workflows.production.desk import (
        HEARTBEAT,
        IN_DOUBT,
        PATIENT,
        STEP_TIMEOUT,
        failure_of,
        message_of,
        raise_if_cancelled,
    )
    from workflows.production.state import policies
    from workflows.production.state.approvals import FOR_MONEY
    from workflows.refusals import RefusalKind, refuse
    from workflows.requests import EditOp, Refresh, Regenerate, Resolve, SelectTake, UploadTake

MAX_WORDS_USD = Decimal("0.25")
"""What one question for other words may cost at most: a prompt is a page."""
WORDS_TIMEOUT = timedelta(minutes=5)
"""For all tries of a language model at a prompt: a person waits for it."""


class Changes(Decisions):
    """Updates about single assets."""

    def __init__(self, start: ProductionStart) -> None:
        super().__init__(start)
        self._asking = asyncio.Lock()

    # New takes

    @workflow.update(description="Make new takes of one asset, as it is or changed")
    async def regenerate(self, request: Regenerate) -> Receipt:
        return await self._once("regenerate", request, self._regenerate)

    async def _regenerate(self, request: Regenerate) -> Receipt:
        self._check_regenerate(request)
        state, asset_id, prompt = self._state, request.asset_id, request.prompt
        if request.feedback:
            state.log("take_requested", asset_id, by=request.requested_by, feedback=request.feedback)
            prompt = await self._from_feedback(self._known_asset(asset_id), request.feedback, request.requested_by)
        await self._replan(
            asset_id,
            _change_of(request, prompt),
            request.budget_usd,
            lambda: self._check_regenerate(request),
            allow_unknown=request.allow_unknown_prices,
            by=request.requested_by,
            how="regenerate",
            count=request.count,
        )
        if not request.feedback:
            several: dict[str, JsonValue] = {"count": request.count} if request.count > 1 else {}
            self._say_requested(asset_id, request.requested_by, **several)
        state.make_again(asset_id, request.count)
        self._poke()
        return state.receipt()

    def _check_regenerate(self, request: Regenerate) -> None:
        self._check_own()
        self._check_produced()
        self._check_room()
        self._known_asset(request.asset_id)
        self._check_idle(request.asset_id)
        self._check_no_doubt(request.asset_id)
        if request.count > 1 and self._state.paused:
            raise refuse("wrong_phase", "count", "the production is paused; resume it, or ask for one take")

    def _say_requested(self, asset_id: str, by: str, **data: JsonValue) -> None:
        self._state.log("take_requested", asset_id, by=by, **data)

    async def _from_feedback(self, asset: Asset, feedback: str, person: str) -> str:
        """The prompt that a language model makes of a person's words.

        Raises:
            ApplicationError: a refusal, where no model could.
        """
        try:
            found = await self._rewritten(asset, len(self._state.events), person, feedback=feedback)
        except ActivityError as error:
            raise_if_cancelled(error)
            kind: RefusalKind = "budget_short" if failure_of(error).kind == BUDGET_SHORT else "invalid_edit"
            raise refuse(kind, "feedback", f"{message_of(error)}; give a prompt instead") from None
        return found.prompt

    async def _rewritten(
        self, asset: Asset, event: int, person: str, *, feedback: str = "", refusal: str = ""
    ) -> Rewritten:
        """Other words for an asset; what they cost is booked, also where there are none.

        Args:
            event: The number of the event that asks for them: no other question has it.
            person: In whose name they are asked for.
        """
        state, payer = self._state, self._payer(person)
        async with self._asking:
            state.asking_usd = max(min(state.left_usd(), MAX_WORDS_USD), ZERO)
            try:
                found = await self._asked_for_words(asset, event, feedback, refusal, payer)
            except ActivityError as error:
                bill, _ = await self._billed(error, "rewrite", event, payer)
                state.book_planning(bill.billed_usd, bill.doubt_usd, asset.asset_id)
                raise
            finally:
                state.asking_usd = ZERO
            if found.doubt_usd:
                state.book_planning(found.billed_usd, found.doubt_usd, asset.asset_id)
            else:
                state.spent_usd += found.billed_usd
            return found

    async def _asked_for_words(self, asset: Asset, event: int, feedback: str, refusal: str, payer: Payer) -> Rewritten:
        state = self._state
        return await workflow.execute_activity_method(
            ProductionActivities.rewrite_prompt,
            RewritePrompt(
                production_id=state.production_id,
                # What is held for it is all that it may cost, whatever else is being made meanwhile.
                brief=state.brief.model_copy(update={"budget_usd": state.spent_usd + state.asking_usd}),
                asset=asset,
                number=event,
                feedback=feedback,
                refusal=refusal,
                spent_usd=state.spent_usd,
                payer=payer,
            ),
            start_to_close_timeout=WORDS_TIMEOUT,
            schedule_to_close_timeout=WORDS_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=f"{'feedback on' if feedback else 'soften'} {asset.asset_id}",
        )

    @workflow.update(description="Use a person's own file as a new take of an asset")
    async def upload_take(self, upload: UploadTake) -> Receipt:
        return await self._once("upload_take", upload, self._upload)

    async def _upload(self, upload: UploadTake) -> Receipt:
        self._check_upload(upload)
        state, asset = self._state, self._known_asset(upload.asset_id)
        async with self._pricing:
            self._check_upload(upload)
            take = await self._looked_at(asset, upload)
            self._check_upload(upload)
            state.use_upload(upload.asset_id, take, upload.uploaded_by)
        self._poke()
        return state.receipt()

    async def _looked_at(self, asset: Asset, upload: UploadTake) -> Take:
        number = self._state.next_number(asset.asset_id)
        try:
            return await workflow.execute_activity_method(
                ProductionActivities.check_upload,
                CheckUpload(production_id=self._state.production_id, asset=asset, take=number, upload=upload),
                start_to_close_timeout=STEP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"look at {upload.filename or 'a file'} for {asset.asset_id}",
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            if isinstance(error.cause, ApplicationError) and error.cause.type == UPLOAD_REFUSED:
                raise refuse("upload_refused", "file", message_of(error)) from None
            raise

    def _check_upload(self, upload: UploadTake) -> None:
        self._check_own()
        self._check_produced()
        self._check_room()
        self._known_asset(upload.asset_id)
        self._check_idle(upload.asset_id)
        self._check_no_doubt(upload.asset_id)

    # Answers

    @workflow.update(description="Decide where the production waits for a person")
    async def resolve(self, resolution: Resolve) -> Receipt:
        return await self._once("resolve", resolution, self._resolve)

    async def _resolve(self, resolution: Resolve) -> Receipt:
        self._check_resolution(resolution)
        state, asset_id = self._state, resolution.asset_id
        if resolution.action == "retry" and asset_id not in policies.RESERVED_IDS:
            await self._replan(
                asset_id,
                _change_of(resolution, resolution.prompt),
                resolution.budget_usd,
                lambda: self._check_resolution(resolution),
                allow_unknown=resolution.allow_unknown_prices,
                by=resolution.resolver,
                how="retry",
            )
            self._say_resolved(resolution)
            state.make_again(asset_id)
        elif resolution.action == "accept_without":
            self._say_resolved(resolution)
            state.leave_out(asset_id, accepted_by=resolution.resolver)
        elif resolution.action in ("adopt", "resubmit"):
            self._say_resolved(resolution)
            state.take_up(asset_id, resolution.job_id if resolution.action == "adopt" else None)
        elif resolution.budget_usd is not None:
            self._say_resolved(resolution, budget_usd=str(resolution.budget_usd))
            state.raise_budget(resolution.budget_usd, resolution.resolver)
        self._poke()
        return state.receipt()

    def _say_resolved(self, resolution: Resolve, **data: JsonValue) -> None:
        action, by = resolution.action, resolution.resolver
        self._state.log("resolved", resolution.asset_id, action=action, by=by, **data)

    def _check_resolution(self, resolution: Resolve) -> None:
        if resolution.asset_id in policies.RESERVED_IDS:
            if self._state.status is not ProductionStatus.NEEDS_ATTENTION or resolution.action != "retry":
                raise refuse("wrong_phase", "action", "finishing can only be retried, and only where it failed")
            return
        self._check_produced()
        asset_id = self._known_asset(resolution.asset_id).asset_id
        state = self._state.assets[asset_id]
        reason = state.attention
        if reason is None:
            raise refuse(
                "wrong_phase",
                "asset_id",
                f"{asset_id!r} does not wait for a decision{self._since_when(asset_id)}",
            )
        if resolution.attention is not None and state.waiting and resolution.attention != state.waiting.id:
            raise refuse(
                "stale_attention",
                "attention",
                f"{asset_id!r} waits for something else by now: {reason}, number {state.waiting.id}; look again",
            )
        if reason == "ambiguous_submission" and resolution.action == "retry":
            raise refuse("wrong_phase", "action", IN_DOUBT)
        if reason != "ambiguous_submission" and resolution.action in ("adopt", "resubmit"):
            raise refuse("wrong_phase", "action", "nothing of this asset is in doubt; retry it or accept without it")
        if reason in FOR_MONEY and resolution.action == "retry":
            words = (
                f"{asset_id!r} was not tried: it waits for money, {reason}; approve again, edit it or go on without it"
            )
            raise refuse("wrong_phase", "action", words)
        if resolution.action == "retry":
            self._check_room()
            if any((resolution.prompt, resolution.provider, resolution.model, resolution.parameters)):
                self._check_own()
        if resolution.action == "raise_budget":
            self._check_own()
            if not self._state.needs_more_budget(asset_id):
                raise refuse("wrong_phase", "action", f"{asset_id!r} does not wait for money: {reason}")
            self._check_release(resolution.resolver)
            self._check_most(resolution.budget_usd)
        if resolution.action == "resubmit":
            self._check_second_bill(asset_id)
        budget = self._state.budget_usd or ZERO
        if resolution.action == "raise_budget" and (resolution.budget_usd or ZERO) <= budget:
            raise refuse("budget_short", "budget_usd", f"the budget is {budget} USD already; name a higher one")

    def _check_second_bill(self, asset_id: str) -> None:
        if self._state.second_bill_short(asset_id):
            price, left = self._state.price_usd(asset_id), self._state.left_usd()
            raise refuse(
                "budget_short",
                "budget_usd",
                f"the doubtful request and one more may cost {price} USD each and {left} USD are left beside the "
                "first; raise the budget before",
            )

    # What is in use

    @workflow.update(description="Use an earlier take of an asset; the deliverable gets a new revision")
    async def select_take(self, selection: SelectTake) -> Receipt:
        return await self._once("select_take", selection, self._select)

    async def _select(self, selection: SelectTake) -> Receipt:
        self._check_selection(selection)
        self._state.select(selection.asset_id, selection.take, by=selection.requested_by)
        self._poke()
        return self._state.receipt()

    def _check_selection(self, selection: SelectTake) -> None:
        self._check_produced()
        self._check_room()
        self._known_asset(selection.asset_id)
        self._check_idle(selection.asset_id)
        state = self._state.assets[selection.asset_id]
        if selection.take not in (numbers := [t.number for t in state.takes]):
            raise refuse("unknown_take", "take", f"{selection.asset_id!r} has takes {numbers}; choose one of them")

    @workflow.update(description="Make stale assets again, all or some, for at most `max_usd`")
    async def refresh(self, request: Refresh) -> Receipt:
        return await self._once("refresh", request, self._refresh)

    async def _refresh(self, request: Refresh) -> Receipt:
        self._check_refresh(request)
        state = self._state
        async with self._pricing:
            self._check_refresh(request)
            assert state.plan is not None
            ids = self._to_refresh(request)
            plan = await self._priced(state.plan, only=tuple(ids))
            self._check_refresh(request)
            if ids != self._to_refresh(request):
                raise refuse("wrong_phase", "asset_ids", "other assets are stale by now; look again")
            price = sum((state.reserve_usd(a) for a in plan.assets if a.asset_id in ids), ZERO)
            _check_cap(price, request.max_usd)
            takes, allow, by = dict.fromkeys(ids, 1), request.allow_unknown_prices, request.requested_by
            budget = self._room(plan, takes, request.budget_usd, allow_unknown=allow, by=by)
            self._release(plan, takes, budget, allow_unknown=allow, by=by)
        for asset_id in ids:
            self._say_requested(asset_id, request.requested_by, why="refresh")
            state.make_again(asset_id)
        self._poke()
        return state.receipt()

    def _check_refresh(self, request: Refresh) -> None:
        self._check_own()
        self._check_produced()
        self._check_room()
        for asset_id in request.asset_ids:
            self._known_asset(asset_id)
            self._check_idle(asset_id)
            self._check_no_doubt(asset_id)
            if not self._state.assets[asset_id].stale:
                raise refuse("wrong_phase", "asset_ids", f"{asset_id!r} is not stale; regenerate it to make it anew")
        ids = self._to_refresh(request)
        if not ids:
            raise refuse("wrong_phase", "asset_ids", "nothing is stale; there is nothing to make again")
        _check_cap(sum((self._state.price_usd(i) for i in ids), ZERO), request.max_usd)

    def _to_refresh(self, request: Refresh) -> list[str]:
        """In plan order; what waits for a person or is being made is not among them unless it is named."""
        assert self._state.plan is not None
        states = self._state.assets
        stale = [a.asset_id for a in self._state.plan.assets if states[a.asset_id].stale]
        idle = [i for i in stale if states[i].status.value == "completed"]
        return [i for i in stale if i in request.asset_ids] if request.asset_ids else idle


def _change_of(request: Regenerate | Resolve, prompt: str | None) -> EditOp:
    return EditOp(
        op="change",
        asset_id=request.asset_id,
        prompt=prompt,
        provider=request.provider,
        model=request.model,
        parameters=request.parameters,
    )


def _check_cap(price: Decimal, max_usd: Decimal) -> None:
    if price > max_usd:
        raise refuse("budget_short", "max_usd", f"making them again costs up to {price} USD; allow that, or name fewer")
