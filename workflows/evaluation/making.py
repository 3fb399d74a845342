"""The activities of one cell of an evaluation: its take, a transcript of its voice, a verdict, and the measurements."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.activity_io import AssetCancelled, AssetFailure, InputTake, ProduceAsset
    from workflows.contracts import ProductionActivities
    from workflows.evaluation import object_keys
    from workflows.evaluation.progress import MAX_MESSAGE_CHARS, EvaluationProgress
    from workflows.evaluation.records import JUDGE_SCORE, Cell, EvaluationStart, MeasureTake, brief_of
    from workflows.evaluation.verdicts import request_verdict
    from workflows.events import TakeOrder
    from workflows.models import ZERO, Asset, Take
    from workflows.production.activity_options import (
        ATTEMPT_TIMEOUT,
        HEARTBEAT,
        PATIENT,
        STEADY,
        STEP_TIMEOUT,
        STOP_TIMEOUT,
    )
    from workflows.production.failures import message_of, raise_if_cancelled, reported_failure
    from workflows.slots.holder import SlotHolder
    from workflows.start_options import truncate

MAX_RESUBMISSIONS: Final = 3
"""Of a cheap take whose submissions stay ambiguous."""
CANCELLED: Final = "the evaluation was cancelled before the verdict"
MEASURE_TIMEOUT: Final = timedelta(hours=1)
"""For all attempts; without a result after that, the cell counts as failed."""


@dataclass
class Made:
    """What became of a cell so far. `billed` is the cost of its take, transcript and verdict."""

    take: Take | None = None
    failure: AssetFailure | None = None
    billed: Decimal = ZERO
    transcript: Take | None = None
    given: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


class CellActivities:
    """Makes cells through the ledger of takes, and measures them."""

    def __init__(
        self,
        start: EvaluationStart,
        progress: EvaluationProgress,
        in_background: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._start = start
        self._progress = progress
        self.slots = SlotHolder(start.tenant, in_background, lambda: not (progress.state and progress.state.paused))
        self.paid: dict[int, tuple[Cell, Asset, Decimal]] = {}
        """Number of a cell -> the take under way that may cost money, and what is booked for it so far."""
        self.measuring: set[int] = set()
        """Numbers of the cells whose takes are made, so that a cancellation keeps them."""
        self._stopped: tuple[tuple[Cell, Asset, Decimal], ...] = ()

    async def run(self, cell: Cell, metrics: tuple[str, ...]) -> None:
        """Make and measure one cell; no failure of it stops another one."""
        made = Made(*await self._make(cell, cell.asset))
        if made.take:
            try:
                await self._write_down(cell, made, made.take)
                await self._judge(cell, made, made.take)
            except asyncio.CancelledError:
                made.notes.setdefault(JUDGE_SCORE, CANCELLED)  # the take is made, so it is measured and reported
        self.measuring.add(cell.number)
        try:
            problem = await self._measure(cell, metrics, made)
        finally:
            self.measuring.discard(cell.number)
        failure = made.failure.message if made.failure and made.take is None else ""
        self._progress.finish(cell, problem or failure)

    async def _write_down(self, cell: Cell, made: Made, take: Take) -> None:
        if cell.transcript:
            made.transcript, unheard, billed = await self._make(cell, cell.transcript, take)
            made.billed += billed
            made.failure = unheard

    async def _judge(self, cell: Cell, made: Made, take: Take) -> None:
        """Request the verdict about a take, where the evaluation has the score of a judge."""
        if cell.unjudged:
            made.notes[JUDGE_SCORE] = cell.unjudged
        if cell.asset.review is None:
            return
        judged = await request_verdict(self._start, cell, take, cell.asset.review.judge)
        made.billed += self._book(cell, ZERO, judged.billed_usd)
        verdict = judged.verdict
        if verdict.score is not None:
            made.given[JUDGE_SCORE] = verdict.score
        if note := verdict.unjudged or verdict.complaint:
            made.notes[JUDGE_SCORE] = note

    async def _make(
        self, cell: Cell, asset: Asset, source: Take | None = None
    ) -> tuple[Take | None, AssetFailure | None, Decimal]:
        """One take, or why there is none; and its cost."""
        price, booked, order = asset.high_usd, ZERO, None
        try:
            for number in range(1, MAX_RESUBMISSIONS + 2):
                if price:
                    self.paid[cell.number] = (cell, asset, booked)
                try:
                    take = await self._produce(cell, asset, source, price, order)
                except ActivityError as error:
                    raise_if_cancelled(error)
                    failure = await self._failure_of(error, cell, asset, source)
                    booked = self._book(cell, booked, failure.billed_usd + failure.doubt_usd)
                    again = self._again(cell, asset, price, failure)
                    if again is None or number > MAX_RESUBMISSIONS:
                        return None, failure, booked
                    price = again
                    order = TakeOrder(number=number, about_job_id=failure.job_id) if failure.resubmit else order
                else:
                    return take, None, self._book(cell, booked, max(take.billed_usd, take.cost_usd))
        finally:
            self.paid.pop(cell.number, None)
        raise AssertionError("the loop returns")

    def _book(self, cell: Cell, booked: Decimal, total: Decimal) -> Decimal:
        """Book what a take has cost in all, beyond what is booked; that part is not reserved any more."""
        more = max(total - booked, ZERO)
        held = self._progress.reserved.get(cell.number, ZERO)
        self._progress.reserved[cell.number] = max(held - more, ZERO)
        self._progress.book(cell, more)
        return booked + more

    def _again(self, cell: Cell, asset: Asset, price: Decimal, failure: AssetFailure) -> Decimal | None:
        """The price to hold for another submission, where that is useful and fits the cap."""
        risen = failure.now_usd is not None and failure.now_usd > price
        if not risen and not failure.resubmit:
            return None
        price = failure.now_usd if risen and failure.now_usd is not None else price
        return price if self._progress.hold(cell, price + cell.after_usd(asset)) else None

    async def _produce(
        self, cell: Cell, asset: Asset, source: Take | None, price: Decimal, order: TakeOrder | None
    ) -> Take:
        async def execute(request: ProduceAsset) -> Take:
            return await workflow.execute_activity_method(
                ProductionActivities.produce_asset,
                request,
                task_queue=keys.provider_queue(asset.provider),
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=STEADY,
                activity_id=keys.take_activity(asset.asset_id, request.take) if request.slot else None,
                summary=truncate(f"{cell.case.case_id} · {self._label(cell)}", 200),
            )

        request = self._request(cell, asset, source, price, order)
        return await self.slots.make(request, execute, lambda _: None)

    def _label(self, cell: Cell) -> str:
        assert self._progress.state is not None
        return self._progress.state.prepared.columns[cell.column].label

    def _request(
        self, cell: Cell, asset: Asset, source: Take | None, price: Decimal, order: TakeOrder | None = None
    ) -> ProduceAsset:
        start = self._start
        inputs: tuple[InputTake, ...] = ()
        if source:
            made = cell.asset
            inputs = (
                InputTake(
                    asset_id=made.asset_id,
                    asset_type=made.asset_type,
                    role=made.role,
                    take=source.number,
                    media=source.media,
                    provider=source.provider,
                ),
            )
        return ProduceAsset(
            production_id=object_keys.evaluation_takes(start.evaluation_id),
            brief=brief_of(cell.case, asset.asset_type, start.tenant, start.requester),
            asset=asset,
            take=1,
            inputs=inputs,
            order=order,
            reserved_usd=price,
        )

    async def _failure_of(self, error: ActivityError, cell: Cell, asset: Asset, source: Take | None) -> AssetFailure:
        """What the activity reported; where it was ended from outside, what the ledger of the stopped take holds."""
        reported = reported_failure(error)
        if reported or not asset.high_usd:
            return reported or AssetFailure(message=message_of(error))
        end = await self._stop(cell, asset, source)
        return AssetFailure(message=message_of(error), billed_usd=end.billed_usd, job_id=end.job_id)

    async def stop_paid(self) -> None:
        """Stop the takes under way that may cost money, and book what they have cost."""
        for cell, asset, booked in self._stopped:
            end = await self._stop(cell, asset, None)
            self._book(cell, booked, end.billed_usd)

    def freeze_paid(self) -> None:
        """Remember what to stop, before the tasks that make it are cancelled."""
        self._stopped = tuple(self.paid.values())

    async def _stop(self, cell: Cell, asset: Asset, source: Take | None) -> AssetCancelled:
        try:
            return await workflow.execute_activity_method(
                ProductionActivities.cancel_asset,
                self._request(cell, asset, source, asset.high_usd),
                task_queue=keys.provider_queue(asset.provider),
                start_to_close_timeout=STOP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                schedule_to_close_timeout=3 * STOP_TIMEOUT,
                summary=truncate(f"stop {cell.case.case_id}", 200),
            )
        except ActivityError as error:
            message = f"could not be stopped: {message_of(error)}"[:MAX_MESSAGE_CHARS]
            return AssetCancelled(outcome="running", billed_usd=asset.high_usd, message=message)

    async def _measure(self, cell: Cell, metrics: tuple[str, ...], made: Made) -> str:
        """Measure the take and store the result; why it could not be, empty where it could."""
        request = MeasureTake(
            evaluation_id=self._start.evaluation_id,
            cell=cell,
            metrics=metrics,
            take=made.take,
            transcript=made.transcript,
            failure=made.failure,
            billed_usd=made.billed,
            given=made.given,
            notes={name: note[:MAX_MESSAGE_CHARS] for name, note in made.notes.items()},
        )
        try:
            await workflow.execute_activity(
                keys.MEASURE_TAKE,
                request,
                task_queue=keys.RENDER_QUEUE,
                start_to_close_timeout=STEP_TIMEOUT,
                schedule_to_close_timeout=MEASURE_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=truncate(f"measure {cell.case.case_id}", 200),
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            return f"it could not be measured: {message_of(error)}"
        return ""
