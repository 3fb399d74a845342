"""Requests for takes after the approval: new ones, a person's own files, an earlier one, stale ones again."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from workflows.activity_io import UPLOAD_REFUSED, CheckUpload
    from workflows.contracts import ProductionActivities
    from workflows.events import Receipt
    from workflows.models import ZERO, Asset, Take
    from workflows.production.activity_options import HEARTBEAT, PATIENT, STEP_TIMEOUT
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.production.guards import (
        check_budget_kept,
        check_free,
        check_idle,
        check_not_lowered,
        check_produced,
        check_record_size,
        check_takes_may_change,
        known_asset,
    )
    from workflows.production.prices import Prices, change_of
    from workflows.production.rewriting import Rewriting
    from workflows.production.run import ProductionRun
    from workflows.production.state.budget import price_usd, reserve_usd
    from workflows.production.state.changes import next_take_number, queue_takes, select_take, use_upload
    from workflows.refusals import refuse
    from workflows.requests import Refresh, Regenerate, SelectTake, UploadTake
    from workflows.spoken.languages import is_outdated

R = TypeVar("R", Regenerate, Refresh)


class TakeRequests:
    """Queues, checks and selects takes of single assets."""

    def __init__(self, run: ProductionRun, prices: Prices, rewriting: Rewriting) -> None:
        self._run = run
        self._prices = prices
        self._rewriting = rewriting

    async def regenerate(self, request: Regenerate) -> Receipt:
        self._check_regenerate(request)
        record, asset_id = self._run.record, request.asset_id
        check_budget_kept(record, request.budget_usd)
        before = record.budget_usd
        prompt, delivery = request.prompt, request.delivery
        if request.feedback:
            self._log_request(asset_id, request.requested_by, feedback=request.feedback)
            asset = known_asset(record, asset_id)
            written = await self._rewriting.from_feedback(asset, request.feedback, request.requested_by)
            prompt, delivery = written.prompt, written.delivery
        await self._prices.reprice_asset(
            asset_id,
            change_of(request, prompt, delivery),
            request.budget_usd,
            partial(self._recheck, self._check_regenerate, request, before),
            allow_unknown=request.allow_unknown_prices,
            actor=request.requested_by,
            how="regenerate",
            count=request.count,
        )
        if not request.feedback:
            several: dict[str, JsonValue] = {"count": request.count} if request.count > 1 else {}
            self._log_request(asset_id, request.requested_by, **several)
        queue_takes(record, asset_id, request.count)
        self._run.wake_up()
        return record.receipt()

    def _recheck(self, check: Callable[[R], None], request: R, before: Decimal | None) -> None:
        """`check` the request again, whose budget must not undo that a person has lowered the one of `before`."""
        check(request)
        check_not_lowered(self._run.record, request.budget_usd, before)

    def _check_regenerate(self, request: Regenerate) -> None:
        record = self._run.record
        check_takes_may_change(record)
        check_free(record, request.asset_id)
        if request.count > 1 and record.paused:
            raise refuse("wrong_phase", "count", "the production is paused; resume it, or ask for one take")

    def _log_request(self, asset_id: str, actor: str, **data: JsonValue) -> None:
        self._run.record.log("take_requested", asset_id, by=actor, **data)

    async def upload(self, upload: UploadTake) -> Receipt:
        self._check_upload(upload)
        record = self._run.record
        async with self._run.pricing:
            asset = self._check_upload(upload)
            take = await self._check_file(asset, upload)
            self._check_upload(upload)
            use_upload(record, upload.asset_id, take, upload.uploaded_by)
        self._run.wake_up()
        return record.receipt()

    async def _check_file(self, asset: Asset, upload: UploadTake) -> Take:
        record = self._run.record
        number = next_take_number(record, asset.asset_id)
        try:
            return await workflow.execute_activity_method(
                ProductionActivities.check_upload,
                CheckUpload(production_id=record.production_id, asset=asset, take=number, upload=upload),
                start_to_close_timeout=STEP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"check {upload.filename or 'a file'} for {asset.asset_id}",
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            if isinstance(error.cause, ApplicationError) and error.cause.type == UPLOAD_REFUSED:
                raise refuse("upload_refused", "file", message_of(error)) from None
            raise

    def _check_upload(self, upload: UploadTake) -> Asset:
        check_takes_may_change(self._run.record)
        return check_free(self._run.record, upload.asset_id)

    async def select(self, selection: SelectTake) -> Receipt:
        record = self._run.record
        self._check_selection(selection)
        select_take(record, selection.asset_id, selection.take, by=selection.requested_by)
        self._run.wake_up()
        return record.receipt()

    def _check_selection(self, selection: SelectTake) -> None:
        record = self._run.record
        check_produced(record)
        check_record_size(record)
        known_asset(record, selection.asset_id)
        check_idle(record, selection.asset_id)
        state = record.assets[selection.asset_id]
        if selection.take not in (numbers := [t.number for t in state.takes]):
            raise refuse("unknown_take", "take", f"{selection.asset_id!r} has takes {numbers}; choose one of them")

    async def refresh(self, request: Refresh) -> Receipt:
        self._check_refresh(request)
        record = self._run.record
        check_budget_kept(record, request.budget_usd)
        recheck = partial(self._recheck, self._check_refresh, request, record.budget_usd)
        async with self._run.pricing:
            recheck()
            assert record.plan is not None
            ids = self._assets_to_refresh(request)
            plan = await self._prices.priced(record.plan, only=tuple(ids))
            recheck()
            if ids != self._assets_to_refresh(request):
                raise refuse("wrong_phase", "asset_ids", "other assets are stale by now; read the production again")
            price = sum((reserve_usd(record, a) for a in plan.assets if a.asset_id in ids), ZERO)
            _check_cap(price, request.max_usd)
            takes, allow, actor = dict.fromkeys(ids, 1), request.allow_unknown_prices, request.requested_by
            await self._prices.reserve(plan, takes, request.budget_usd, recheck, actor=actor)
            budget = self._prices.budget_for(plan, takes, request.budget_usd, allow_unknown=allow, actor=actor)
            self._prices.release(plan, takes, budget, allow_unknown=allow, actor=actor)
        for asset_id in ids:
            self._log_request(asset_id, actor, why="refresh")
            queue_takes(record, asset_id)
        self._run.wake_up()
        return record.receipt()

    def _check_refresh(self, request: Refresh) -> None:
        record = self._run.record
        check_takes_may_change(record)
        for asset_id in request.asset_ids:
            check_free(record, asset_id)
            if not record.assets[asset_id].stale:
                raise refuse("wrong_phase", "asset_ids", f"{asset_id!r} is not stale; regenerate it to make it anew")
            self._check_translation(asset_id)
        ids = self._assets_to_refresh(request)
        if not ids:
            for asset_id in (i for i, state in record.assets.items() if state.stale):
                self._check_translation(asset_id)
            raise refuse("wrong_phase", "asset_ids", "nothing is stale; there is nothing to make again")
        _check_cap(sum((price_usd(record, i) for i in ids), ZERO), request.max_usd)

    def _check_translation(self, asset_id: str) -> None:
        plan, asset = self._run.record.plan, known_asset(self._run.record, asset_id)
        if plan and is_outdated(plan, asset):
            message = (
                f"{asset_id!r} translates an earlier text of {asset.translates!r}; edit its prompt, or translate again "
                "with the edit `languages`, and then refresh it"
            )
            raise refuse("wrong_phase", "asset_ids", message)

    def _assets_to_refresh(self, request: Refresh) -> list[str]:
        """In plan order; what waits for a person or is being made is not among them unless it is named."""
        record = self._run.record
        assert record.plan is not None
        states = record.assets
        stale = [a.asset_id for a in record.plan.assets if states[a.asset_id].stale]
        current = [i for i in stale if not is_outdated(record.plan, record.plan.by_id[i])]
        idle = [i for i in current if states[i].status.value == "completed"]
        return [i for i in stale if i in request.asset_ids] if request.asset_ids else idle


def _check_cap(price: Decimal, max_usd: Decimal) -> None:
    if price > max_usd:
        raise refuse("budget_short", "max_usd", f"making them again costs up to {price} USD; allow that, or name fewer")
