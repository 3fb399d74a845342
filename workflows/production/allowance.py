"""What a part of a series may spend: its series grants it, and gets back what the part has not spent."""

import asyncio
from decimal import Decimal

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.models import ZERO
    from workflows.production.activity_options import ACCOUNT_TIMEOUT, PATIENT
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.production.run import ProductionRun
    from workflows.production.state.budget import held_usd, is_part, needed_usd
    from workflows.refusals import refuse
    from workflows.series.accounts import RESERVE_PART, RETURN_PART, SERIES_SHORT, Allowance, Granted, ReservePart
    from workflows.series.accounts import ReturnPart as Return


class Allowances:
    """Reserves money in the account of the series. A production that is no part of a series has none."""

    def __init__(self, run: ProductionRun) -> None:
        self._run = run
        self._one_at_a_time = asyncio.Lock()

    def is_short(self) -> bool:
        """Whether pending assets need more than was granted, within the budget of the production."""
        record = self._run.record
        if not is_part(record) or record.allowance is None:
            return False
        return min(needed_usd(record), record.budget_usd or ZERO) > record.allowance.usd

    async def cover(self) -> None:
        """Reserve what the pending assets need; where the series has no money for it, the budget is what it has
        granted, so that assets wait for a person."""
        record = self._run.record
        try:
            await self.reserve(min(needed_usd(record), record.budget_usd or ZERO))
        except ApplicationError:
            if record.allowance:
                record.budget_usd = min(record.budget_usd or ZERO, record.allowance.usd)

    async def reserve(self, usd: Decimal) -> None:
        """Have the series grant so much in all, with what planning has cost. USD.

        Raises:
            ApplicationError: a refusal; the budget of the series does not hold it.
        """
        record = self._run.record
        if not is_part(record) or record.allowance is None:
            return
        async with self._one_at_a_time:
            await self._reserve(record.allowance, usd)

    async def _reserve(self, known: Allowance, usd: Decimal) -> None:
        try:
            self._take_over(known, await self._ask(RESERVE_PART, self._request(known, usd)))
        except ActivityError as error:
            raise_if_cancelled(error)
            if isinstance(error.cause, ApplicationError) and error.cause.type == SERIES_SHORT:
                raise refuse("budget_short", "budget_usd", message_of(error)) from None
            raise refuse("budget_short", "budget_usd", f"the series cannot be asked: {message_of(error)}") from None

    async def give_back(self) -> None:
        """Return what a closed production has not spent; what it spends from now on has to be granted again."""
        record = self._run.record
        if record.batch is None or not record.batch.approved or not self._has_unspent():
            return
        async with self._one_at_a_time:
            try:
                await self._give_back(record.allowance or Allowance(planned_usd=record.spent_usd))
            except ActivityError as error:
                raise_if_cancelled(error)
                workflow.logger.warning("nothing is returned to the series: %s", message_of(error))

    async def _give_back(self, known: Allowance) -> None:
        record = self._run.record
        if not known.number:  # it ends before it has asked for what the approval has reserved for it
            known = known.taking(await self._ask(RESERVE_PART, self._request(known, ZERO)))
        if not record.status.closed:
            return
        spent = record.spent_usd + held_usd(record)
        # From now on nothing relies on the money that is on its way.
        record.allowance = known.model_copy(update={"granted_usd": max(spent - known.planned_usd, ZERO)})
        self._take_over(known, await self._ask(RETURN_PART, Return(**self._request(known, spent).model_dump())))

    def _has_unspent(self) -> bool:
        """Whether what was granted is not what it has cost; also where its bills were higher."""
        record, known = self._run.record, self._run.record.allowance
        return known is None or not known.number or known.usd != record.spent_usd + held_usd(record)

    def forget(self) -> None:
        """The series has settled the costs before this run was reset: nothing more is granted to it."""
        record = self._run.record
        if record.allowance:
            spent = max(record.spent_usd - record.allowance.planned_usd, ZERO)
            record.allowance = record.allowance.model_copy(update={"granted_usd": spent})

    def _request(self, known: Allowance, usd: Decimal) -> ReservePart:
        record = self._run.record
        assert record.batch is not None
        return ReservePart(
            tenant=record.brief.tenant,
            series_id=record.batch.batch_id,
            production_id=record.production_id,
            usd=max(usd - known.planned_usd, ZERO),
            number=known.number,
        )

    async def _ask(self, activity: str, request: ReservePart) -> Granted:
        granted: Granted = await workflow.execute_activity(
            activity,
            request,
            result_type=Granted,
            start_to_close_timeout=ACCOUNT_TIMEOUT,
            retry_policy=PATIENT,
            summary=f"{activity.replace('_', ' ')} of {request.series_id}",
        )
        return granted

    def _take_over(self, known: Allowance, granted: Granted) -> None:
        self._run.record.allowance = known.taking(granted)
