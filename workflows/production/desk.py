"""The state of a production and what its handlers share: queries, prices, checks, waiting.

A handler refuses at once what is impossible, before it changes anything. No update has a validator: of one that is
rejected there, history holds nothing or an empty workflow task, and over such gaps the SDK (sdk-python 1.35) comes out
of step with what the server knows. The price: a refusal counts to the 2,000 updates that Temporal takes in a run.
Every change wakes the workflow's loop.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from workflows.activity_io import PLAN_INVALID, AssetFailure, Payer, PricePlan, SettledQuestions, SettleQuestions
    from workflows.contracts import ProductionActivities
    from workflows.events import AssetStatus, ProductionStart, ProductionStatus, Progress, Snapshot
    from workflows.models import ZERO, Asset, Plan, utc
    from workflows.production.state import plan_diff, policies
    from workflows.production.state.approvals import MAX_MESSAGE_CHARS
    from workflows.production.state.state import ProductionState
    from workflows.refusals import refuse
    from workflows.requests import EditOp

PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""Storage or a planner that is down is waited for; what cannot succeed is raised as non-retryable."""
STEP_TIMEOUT = timedelta(minutes=10)
"""One attempt of pricing or manifest."""
SETTLE_TIMEOUT = timedelta(minutes=2)
"""One attempt at summing what questions have cost: it waits 30 s for answers that are on their way."""
IN_DOUBT = "it may have been submitted; adopt its job_id, resubmit it or accept without it"
_OF_AN_ASSET = frozenset({"resolved", "take_requested", "take_selected", "asset_cancelled"})
_OF_ALL = frozenset({"approved", "rejected", "expired", "cancelled"})
HEARTBEAT = timedelta(seconds=15)
"""What a killed worker held, or the server handed to a poll that was gone, is taken up by another after this."""


class Desk:
    """The state of a production and everything that can be asked about it from outside."""

    def __init__(self, start: ProductionStart) -> None:
        self._state = ProductionState(start, lambda: utc(workflow.now()))
        self._running: dict[str, asyncio.Task[None]] = {}
        self._jobs: set[str] = set()
        self._asides: set[asyncio.Task[None]] = set()
        self._pricing = asyncio.Lock()
        self._reviser = "someone"
        self._poked = False
        self._cancelling = False
        self._priced_until: datetime | None = None

    # Queries

    @workflow.query
    def progress(self, after: int) -> Progress:
        return self._state.progress(after)

    @workflow.query
    def snapshot(self) -> Snapshot:
        return self._state.told()

    # Prices

    async def _replan(
        self,
        asset_id: str,
        change: EditOp,
        budget_usd: Decimal | None,
        recheck: Callable[[], None],
        *,
        allow_unknown: bool,
        by: str,
        how: str,
        count: int = 1,
    ) -> None:
        """Price a change of one asset and make room for `count` takes of it; unchanged assets keep their price.

        `recheck` refuses what became impossible while the catalogue was asked.
        """
        state = self._state
        assert state.plan is not None
        async with self._pricing:
            recheck()
            plan = state.plan
            if any(v is not None for v in (change.prompt, change.provider, change.model, change.parameters)):
                try:
                    assets = [policies.changed(a, change) if a.asset_id == asset_id else a for a in plan.assets]
                except policies.PlanProblem as problem:
                    raise refuse("invalid_edit", problem.field, str(problem)) from None
                plan = Plan.of(plan.title, assets, plan.planner)
            # A take that is made again as it was is priced too: its model may be retired since, or cost more.
            plan = await self._priced(plan, only=(asset_id,))
            recheck()
            changes = plan_diff.changes(state.plan, plan)
            takes = {asset_id: count}
            budget = self._room(plan, takes, budget_usd, allow_unknown=allow_unknown, by=by)
            self._release(plan, takes, budget, allow_unknown=allow_unknown, by=by)
            if changes:
                state.log("plan_edited", plan_digest=plan.digest, by=by, how=how, changes=changes)

    def _room(
        self, plan: Plan, takes: Mapping[str, int], budget_usd: Decimal | None, *, allow_unknown: bool, by: str
    ) -> Decimal:
        """The budget in which so many takes of these assets fit: as it is, or raised to `budget_usd`.

        Raises:
            ApplicationError: a refusal, where they do not fit, where nobody knows the price and it is not allowed, or
                where the one who asks may not raise the budget alone.
        """
        state = self._state
        assets = [a for a in plan.assets if a.asset_id in takes]
        if not allow_unknown:
            check_prices(tuple(a.asset_id for a in assets if a.unknown_price))
        before = state.budget_usd or ZERO
        price = sum((state.reserve_usd(a) * takes[a.asset_id] for a in assets), ZERO)
        budget = max(budget_usd or ZERO, before)
        if budget > before or (allow_unknown and any(a.unknown_price for a in assets)):
            self._check_release(by)
        self._check_most(budget_usd)
        left = state.left_usd() + budget - before
        if price and price > left:
            what = "this take costs" if sum(takes.values()) == 1 else f"these {sum(takes.values())} takes cost"
            raise refuse(
                "budget_short",
                "budget_usd",
                f"{what} up to {price} USD and {left} USD are left; "
                f"send budget_usd of {budget + price - left} or more to raise the budget",
            )
        return budget

    def _check_release(self, by: str) -> None:
        """Who releases money is held to the brief's policy, at the first approval and ever after.

        Raises:
            ApplicationError: a refusal, where the requester does it alone, or several people have to.
        """
        policy, requester = self._state.brief.approval, self._state.brief.requester
        if policy.not_by_requester and by == requester:
            raise refuse("not_allowed", "budget_usd", f"{by!r} asked for it; somebody else has to release more money")
        if policy.approvers > 1:
            words = f"{policy.approvers} people have to release more money: edit the plan, and each of them approves it"
            raise refuse("not_allowed", "budget_usd", words)

    def _check_most(self, budget_usd: Decimal | None) -> None:
        """
        Raises:
            ApplicationError: a refusal, where the policy lets nobody set the budget so high.
        """
        most = self._state.brief.approval.max_budget_usd
        if most is not None and budget_usd is not None and budget_usd > most:
            words = f"the approval policy lets nobody spend more than {most} USD on this production; name that or less"
            raise refuse("not_allowed", "budget_usd", words)

    def _release(self, plan: Plan, assets: Iterable[str], budget: Decimal, *, allow_unknown: bool, by: str) -> None:
        """Take the plan and the budget that `_room` found, and remember which unpublished prices were allowed."""
        state = self._state
        state.plan = plan
        state.raise_budget(budget, by)
        if allow_unknown:
            for asset_id in assets:
                if asset_id in state.assets:
                    state.allow_unknown(plan.by_id[asset_id])

    async def _priced(self, plan: Plan, only: tuple[str, ...] = ()) -> Plan:
        """The plan with quotes from the catalogue, of all assets or `only` some.

        Raises:
            ApplicationError: a refusal, where the catalogue says that it cannot be made.
        """
        try:
            policies.check_plan(self._state.brief, plan)
            return await workflow.execute_activity_method(
                ProductionActivities.price_plan,
                PricePlan(
                    production_id=self._state.production_id,
                    brief=self._state.brief,
                    plan=plan,
                    references=self._state.references,
                    only=only,
                ),
                start_to_close_timeout=STEP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"price {', '.join(only) or f'{len(plan.assets)} assets'}",
            )
        except policies.PlanProblem as problem:
            raise refuse("invalid_plan", problem.field, str(problem)) from None
        except ActivityError as error:
            raise_if_cancelled(error)
            if isinstance(error.cause, ApplicationError) and error.cause.type == PLAN_INVALID:
                words = message_of(error)
                raise refuse("invalid_plan", _field_in(words), words) from None
            raise

    # Questions to language models

    def _payer(self, person: str) -> Payer:
        """Whose limits a question has to keep that is asked in the name of `person`."""
        state = self._state
        day = workflow.now().date().isoformat()
        return Payer(tenant=state.brief.tenant, person=person, day=day, batch=state.batch)

    async def _billed(
        self, error: ActivityError | ApplicationError, inquiry: Literal["draft", "rewrite"], number: int, payer: Payer
    ) -> tuple[SettledQuestions, bool]:
        """What the questions of an activity have cost that gave no answer, however it ended; and whether the
        production was cancelled while they were summed.

        An activity that ended by itself says what they cost. One that was cancelled, timed out, was ended from outside
        or was killed does not: then its questions are closed and summed.
        """
        failure = failure_of(error)
        if failure.summed:
            return SettledQuestions(billed_usd=failure.billed_usd, doubt_usd=failure.lost_usd), False
        summing = asyncio.create_task(self._sum_questions(inquiry, number, payer))
        cancelled = False
        while True:
            try:
                return await asyncio.shield(summing), cancelled
            except asyncio.CancelledError:
                cancelled = True
            except ActivityError as failed:
                words = f"what planning has cost could not be summed: {message_of(failed)}"
                self._state.log("planning_billed", billed_usd="0", message=words[:MAX_MESSAGE_CHARS])
                return SettledQuestions(), cancelled

    async def _sum_questions(self, inquiry: Literal["draft", "rewrite"], number: int, payer: Payer) -> SettledQuestions:
        return await workflow.execute_activity_method(
            ProductionActivities.settle_questions,
            SettleQuestions(production_id=self._state.production_id, inquiry=inquiry, number=number, payer=payer),
            start_to_close_timeout=SETTLE_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary="sum what planning has cost",
        )

    # Checks

    def _check_phase(self, needed: ProductionStatus) -> None:
        status = self._state.status
        if status is not needed:
            raise refuse(
                "wrong_phase",
                "status",
                f"the production is {status.value}; this needs {needed.value}{self._since_when()}",
            )

    def _check_digest(self, digest: str) -> None:
        current = self._state.digest_to_approve
        if digest != current:
            raise refuse(
                "stale_digest",
                "plan_digest",
                f"{digest!r} is not what is to be decided; it is {current!r}",
                plan_digest=current,
            )

    def _check_own(self) -> None:
        """A preview costs nothing and has nobody's approval, so nothing of it can be changed."""
        if self._state.preview_of:
            raise refuse("wrong_phase", "status", f"this is a preview; change the production {self._state.preview_of}")

    def _check_produced(self) -> None:
        status = self._state.status
        if self._cancelling:
            raise refuse("wrong_phase", "status", "the production is being cancelled; ask again when it is done")
        if not self._state.assets or (status.closed and status is not ProductionStatus.DELIVERED):
            raise refuse(
                "wrong_phase",
                "status",
                f"the production is {status.value}; this needs an approved one{self._since_when()}",
            )

    def _check_idle(self, asset_id: str) -> None:
        state = self._state.assets[asset_id]
        if state.status is AssetStatus.GENERATING or (state.status is AssetStatus.PENDING and not state.attention):
            raise refuse(
                "wrong_phase",
                "asset_id",
                f"{asset_id!r} is to be made or being made; wait until it is done{self._since_when(asset_id)}",
            )

    def _check_no_doubt(self, asset_id: str) -> None:
        if self._state.assets[asset_id].attention == "ambiguous_submission":
            raise refuse("wrong_phase", "asset_id", IN_DOUBT)

    def _since_when(self, asset_id: str | None = None) -> str:
        """Who was faster: the last decision, of the asset or of the whole production, in words."""
        names = _OF_AN_ASSET if asset_id else _OF_ALL
        for event in reversed(self._state.events):
            if event.name in names and event.asset_id == asset_id:
                who = next((str(event.data[k]) for k in ("by", "approver", "rejecter") if event.data.get(k)), "")
                what = str(event.data.get("action") or event.name).replace("_", " ")
                return f" ({what}{f' by {who}' if who else ''}, {event.at:%Y-%m-%d %H:%M:%S} UTC)"
        return ""

    def _check_room(self) -> None:
        """A record above Temporal's payload limit would stop the run for good."""
        if len(self._state.snapshot().model_dump_json(exclude_defaults=True).encode()) > policies.MAX_RECORD_BYTES:
            raise refuse("wrong_phase", "status", "this production's record is full; start a new one from its brief")

    def _known_asset(self, asset_id: str) -> Asset:
        asset = self._state.plan.find(asset_id) if self._state.plan else None
        if asset is None:
            raise refuse("unknown_asset", "asset_id", f"there is no asset {asset_id!r} in this production")
        return asset

    def _poke(self) -> None:
        self._poked = True

    async def _wake(self, within: timedelta | None = None, summary: str | None = None) -> None:
        """Wait until anything changed.

        Raises:
            TimeoutError: nothing did `within` that time.
        """
        await workflow.wait_condition(lambda: self._poked, timeout=within, timeout_summary=summary)
        self._poked = False

    async def _woken(self, within: timedelta | None = None, summary: str | None = None) -> None:
        """Wait, for as long as it takes, until anything changed or the run should be continued.

        Raises:
            TimeoutError: nothing did `within` that time.
        """
        await workflow.wait_condition(
            lambda: self._poked or self._should_continue(), timeout=within, timeout_summary=summary
        )
        self._poked = False

    def _should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and self._quiet()

    def _quiet(self) -> bool:
        """Whether no handler and nothing at its side is under way: then a run may end or be continued."""
        return workflow.all_handlers_finished() and not self._asides

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside everything else; the run does not end before it is done."""
        task = asyncio.create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)


def check_prices(unknown: tuple[str, ...]) -> None:
    """No budget can hold what nobody knows the price of.

    Raises:
        ApplicationError: a refusal, where an asset's price is unknown.
    """
    if unknown:
        raise refuse(
            "price_unknown",
            "allow_unknown_prices",
            f"the price of {', '.join(unknown[:5])}{' and others' if len(unknown) > 5 else ''} is not published, so no "
            "budget can hold it; send allow_unknown_prices: true, or choose models with a price",
        )


def _field_in(message: str) -> str:
    """The field that the catalogue's words name, as in "asset 'shot-1': model: 'x' is not offered"."""
    named = re.match(r"(?:asset '[^']+': )?([a-z_.]+): ", message)
    return named[1] if named else "plan"


def raise_if_cancelled(error: BaseException) -> None:
    """A cancelled activity means that the production is being cancelled: no failure of its own."""
    if is_cancelled_exception(error):
        raise asyncio.CancelledError from None


def failure_of(error: ActivityError | ApplicationError) -> AssetFailure:
    """What the activity says of its own end; without words of its own (a timeout), Temporal's."""
    return told_failure(error) or AssetFailure(message=message_of(error))


def told_failure(error: ActivityError | ApplicationError) -> AssetFailure | None:
    """What the activity says of its own end; None where somebody else ended it: a timeout, `temporal activity fail`."""
    cause = error.cause if isinstance(error, ActivityError) else None
    if not isinstance(cause, ApplicationError) or not cause.details:
        return None
    try:
        return AssetFailure.model_validate(cause.details[0])
    except ValidationError:
        return None


def message_of(error: BaseException) -> str:
    """The words of the innermost failure."""
    while isinstance(error, ActivityError) and error.cause is not None:
        error = error.cause
    return error.message if isinstance(error, ApplicationError) else str(error)
