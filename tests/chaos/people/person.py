"""The reviewer of one production: sends the brief, edits, approves, changes, and answers attention items."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

from api.client.client import GreenlightError
from api.views.production import PlanView, ProductionView
from deploy.home import StackInfo
from tests.chaos.people.answers import Answers, waiting
from tests.chaos.people.changes import Changes
from tests.chaos.people.requests import PATIENCE_SECONDS, PLENTY, Requests
from tests.chaos.people.resets import reset_to_before_approval
from tests.chaos.people.watcher import Watcher
from tests.chaos.scenario import Approves, ProductionScript
from tests.chaos.servers.bills import picture_of
from tests.chaos.servers.vendors import Vendors
from workflows.brief import Brief, Reference
from workflows.events import AssetStatus, ProductionStatus
from workflows.requests import Approval, PlanEdit, Rejection

REST: Final = (ProductionStatus.NEEDS_ATTENTION, *(s for s in ProductionStatus if s.closed))
MAX_ANSWERS: Final = 40
"""In one trial; after so many, another answer does not help a production."""
FLIGHT_SECONDS: Final = 10.0
"""How long a cancel waits for a submission to be in flight."""
SHARE_OF_LESS: Final = Decimal("0.7")
"""The share of the plan's high price that is the budget of those who approve less."""
FALL_BACK: Final[tuple[Approves, ...]] = ("exact", "plenty")
"""Budgets after an approval was refused, each TRIES times."""
TRIES: Final = 3
HELD_AFTER: Final = timedelta(seconds=30)
"""A paused production without an event for so long finishes no more takes."""
AFTER_RESET_SECONDS: Final = 4.0
"""For a moment the API may respond for the run that was reset."""


class Stuck(Exception):
    """A production is still in progress at the end of the trial."""


class Person:
    """Reviews one production. Its id is set, and its events are watched, as soon as it is started."""

    def __init__(
        self,
        info: StackInfo,
        script: ProductionScript,
        faulty: threading.Event,
        seed: int,
        vendors: Vendors,
        scratch: Path,
    ) -> None:
        self.requests = Requests(info.api_url, script, vendors, scratch)
        self.planned, self.approved = threading.Event(), threading.Event()
        self.watchers: list[Watcher] = []
        self.was_reset = False
        self.approval: Approves | None = None
        """The kind of budget in the approval that released the plan."""
        self._changes = Changes(self.requests)
        self._attention = Answers(self.requests, self._changes)
        self._script, self._faulty, self._info, self._vendors = script, faulty, info, vendors
        self._key = f"chaos-{seed}-{script.name}"
        rng = self.requests.rng
        self._tries_unpriced = not script.allows_unknown and rng.random() < 0.4
        self._answers = rng.random() < 0.7
        self._leaves_paused = rng.random() < 0.1
        self._reopens = script.reopens
        self._resets = TRIES if script.resets else 0

    @property
    def production_id(self) -> str:
        return self.requests.production_id

    def until_rest(self, stack: ExitStack, seconds: Callable[[], float]) -> None:
        """Review the production from start to end, in a thread; returns when only a reviewer could continue it.

        Args:
            stack: Closes the watchers at the end of the trial.
            seconds: The remaining time of the trial, once every process runs again.

        Raises:
            Stuck: the production is still in progress when the time has passed.
        """
        requests, script = self.requests, self._script
        with requests.client:
            brief = self._with_picture() if script.shows else script.brief
            started = requests.retry(lambda: requests.client.start(brief, idempotency_key=self._key))
            requests.production_id = started.production_id
            for number in range(2):
                watcher = Watcher(self._info.api_url, self.production_id, Random(f"{script.seed}/{number}"))
                self.watchers.append(stack.enter_context(watcher))
            plan = self._edited(self._planned(), unpriced=self._tries_unpriced)
            self.planned.set()
            with self._vendors.delayed(script.name) if script.cancels else nullcontext():
                self._approve(plan)
                self.approved.set()
                if script.cancels:
                    self._cancel_in_flight()
            while self._faulty.is_set():
                time.sleep(requests.rng.uniform(0.2, 1.5))
                if self._resets and not self.was_reset and requests.rng.random() < 0.3:
                    self._reset()
                self._changes.send_any()
            self._settle(seconds)

    def _with_picture(self) -> Brief:
        """The brief with a reference, which is uploaded first."""
        path = self.requests.scratch / f"{self._script.name}.png"
        path.write_bytes(picture_of(self._script.name))
        source = self.requests.retry(lambda: self.requests.client.add_reference(path))
        return self._script.brief.model_copy(update={"references": (Reference(source=source, name="the harbour"),)})

    # Towards the approval

    def _planned(self) -> PlanView | None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            seen = self._seen()
            if seen.plan or seen.status.closed:
                return seen.plan
            time.sleep(0.1)
        raise Stuck(f"{self.production_id} has no plan after {PATIENCE_SECONDS:g} s")

    def _edited(self, plan: PlanView | None, *, unpriced: bool = False) -> PlanView | None:
        """The plan with other models for most assets, and a mark in every prompt."""
        if plan is None:
            return None
        requests = self.requests
        edits = tuple(self._changes.other_model(asset, unpriced=unpriced) for asset in plan.assets)
        edit = PlanEdit(plan_digest=plan.digest, edits=edits, editor="ana")
        for _ in range(20):
            if edited := requests.send("edit", lambda: requests.client.edit_plan(self.production_id, edit)):
                return edited
            time.sleep(0.3)
            seen = self._seen().plan
            if seen and seen.digest != plan.digest:
                return seen  # it was edited, and the response was lost
        raise Stuck(f"{self.production_id} could not be edited: {requests.refused[-3:]}")

    def _approve(self, plan: PlanView | None) -> None:
        """Approve with the budget of this reviewer; if that is refused, with others; otherwise reject the plan."""
        requests, production_id = self.requests, self.production_id
        kinds = [kind for kind in (self._script.approves, *FALL_BACK) for _ in range(TRIES)]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while plan and time.monotonic() < deadline:
            seen = self._seen()
            if seen.status is not ProductionStatus.AWAITING_APPROVAL or seen.plan is None:
                return
            kind = kinds[0]
            budget_usd = self._budget(kind, seen)
            approval = Approval(
                plan_digest=seen.plan.digest,
                approver="ben",
                budget_usd=budget_usd,
                allow_unknown_prices=self._script.allows_unknown,
            )
            released = self._budget("exact", seen) if budget_usd is None else budget_usd
            before = len(requests.refused)
            if requests.send("approve", lambda: requests.client.approve(production_id, approval), released):  # noqa: B023
                self.approval = kind
                return
            unanswered = any("approve: 0 " in words or "approve: 5" in words for words in requests.refused[before:])
            kinds = kinds if unanswered else kinds[1:]
            if not kinds:
                requests.send("reject", lambda: requests.client.reject(production_id, Rejection(rejecter="ben")))
                return
            if seen.plan.unknown_prices and not self._script.allows_unknown:
                self._edited(seen.plan)  # the unpriced models were refused
            time.sleep(0.2)

    def _budget(self, kind: Approves, seen: ProductionView) -> Decimal | None:
        """The budget of the approval, USD; "exact" is the plan's high price plus the cost of planning."""
        assert seen.plan is not None
        exact = seen.spent_usd + seen.plan.high_usd
        match kind:
            case "nothing":
                return None
            case "exact":
                return exact
            case "less":
                return (exact * SHARE_OF_LESS).quantize(Decimal("0.0001"))
            case "more":
                return exact + Decimal("0.02")
            case "plenty":
                return PLENTY

    def _cancel_in_flight(self) -> None:
        """Cancel once a submission is in flight, and count the cancel if it still was at the response."""
        deadline = time.monotonic() + FLIGHT_SECONDS
        while not self._vendors.in_flight(self._script.name) and time.monotonic() < deadline:
            time.sleep(0.02)
        inside = self._vendors.in_flight(self._script.name)
        if self._changes.cancel() and inside:
            self.requests.did["cancel during submit"] += 1

    def _reset(self) -> None:
        reset = reset_to_before_approval(self._info, self.production_id, f"{self._key}-reset")
        if asyncio.run(reset):
            self.was_reset = True
            self.requests.quiet_from = time.monotonic() + AFTER_RESET_SECONDS
            self.requests.did["reset"] += 1

    # Afterwards

    def _holds(self, seen: ProductionView) -> bool:
        """Whether this person leaves the production paused, and all takes that are left are queued."""
        running = any(asset.status is AssetStatus.GENERATING for asset in seen.assets)
        quiet = datetime.now(UTC) - seen.updated_at > HELD_AFTER
        return self._leaves_paused and seen.paused is not None and not running and quiet

    def _settle(self, seconds: Callable[[], float]) -> None:
        answered, requests = 0, self.requests
        while seconds() > 0:
            time.sleep(0.2)
            try:
                seen = requests.client.get(self.production_id)
            except GreenlightError:
                continue
            if seen.paused and not seen.status.closed and not self._leaves_paused:
                self._changes.resume()
            elif seen.status is ProductionStatus.AWAITING_APPROVAL:
                self._approve(seen.plan)
            elif seen.status not in REST or time.monotonic() < requests.quiet_from:
                continue
            elif not seen.status.closed and any(asset.making for asset in seen.assets) and not self._holds(seen):
                continue  # one asset needs an answer, and another is still generating
            elif requests.did["cancel"] and not seen.status.closed and not self.was_reset:
                continue  # the cancel was accepted, and the production has not ended yet
            elif self._resets and not self.was_reset and seen.approval:
                self._resets -= 1
                self._reset()
            elif seen.status is ProductionStatus.DELIVERED and self._reopens:
                self._reopens -= 1
                requests.did["reopening"] += self._changes.reopen(seen)
            elif seen.status.closed or not self._answers or answered >= MAX_ANSWERS or not waiting(seen):
                return
            else:
                self._attention.answer(seen)
                answered += 1
        seen = requests.client.get(self.production_id)
        making = [f"{a.asset_id} {a.status} making {a.making}" for a in seen.assets if a.status != "completed"]
        raise Stuck(f"{self.production_id} is {seen.status} and not at rest: {making or 'everything is made'}")

    def _seen(self) -> ProductionView:
        return self.requests.retry(lambda: self.requests.client.get(self.production_id))
