"""The people of one production: they brief, edit, approve, change their minds, and answer what waits for them."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

from api.client.client import GreenlightError
from api.views.production import PlanView, ProductionView
from deploy.home import StackInfo
from tests.chaos.people.answers import Replies, waiting
from tests.chaos.people.changes import Deeds
from tests.chaos.people.requests import PATIENCE_SECONDS, PLENTY, Hands
from tests.chaos.people.resets import reset_to_before_approval
from tests.chaos.people.watcher import Watcher
from tests.chaos.scenario import Approves, Cast
from tests.chaos.servers.vendors import Vendors
from workflows.events import ProductionStatus
from workflows.requests import Approval, PlanEdit, Rejection

REST: Final = (ProductionStatus.NEEDS_ATTENTION, *(s for s in ProductionStatus if s.closed))
MAX_ANSWERS: Final = 40
"""In one trial; whoever waits after so many will not be helped by another."""
FLIGHT_SECONDS: Final = 10.0
"""How long somebody who wants to cancel waits for a submission to be in flight."""
SHARE_OF_LESS: Final = Decimal("0.7")
"""Of what the plan may cost, the budget of people who approve less."""
FALL_BACK: Final[tuple[Approves, ...]] = ("exact", "plenty")
"""Budgets of people whose approvals were refused, each TRIES times."""
TRIES: Final = 3


AFTER_RESET_SECONDS: Final = 4.0
"""For a moment the API may answer for the run that was reset."""


class Stuck(Exception):
    """A production did not come to rest in time."""


class Person:
    """Lives through one production. Its id is known, and watched, as soon as there is one."""

    def __init__(
        self, info: StackInfo, cast: Cast, stormy: threading.Event, seed: int, vendors: Vendors, scratch: Path
    ) -> None:
        self.hands = Hands(info.api_url, cast, vendors, scratch)
        self.planned, self.approved = threading.Event(), threading.Event()
        self.watchers: list[Watcher] = []
        self.was_reset = False
        self.approval: Approves | None = None
        """How the budget of the approval was named that released the plan."""
        self._deeds = Deeds(self.hands)
        self._replies = Replies(self.hands, self._deeds)
        self._cast, self._stormy, self._info, self._vendors = cast, stormy, info, vendors
        self._key = f"chaos-{seed}-{cast.name}"
        chance = self.hands.chance
        self._tries_unpriced = not cast.allows_unknown and chance.random() < 0.4
        self._answers = chance.random() < 0.7
        self._leaves_paused = chance.random() < 0.1
        self._reopens = cast.reopens
        self._resets = TRIES if cast.resets else 0

    @property
    def production_id(self) -> str:
        return self.hands.production_id

    def until_rest(self, stack: ExitStack, seconds: Callable[[], float]) -> None:
        """All of it, in a thread of its own; ends when nothing more happens without a person.

        Args:
            stack: Keeps the watchers until the trial is over.
            seconds: What is left of the trial, once everything runs again.

        Raises:
            Stuck: it never comes to rest.
        """
        hands, cast = self.hands, self._cast
        with hands.client:
            started = hands.patiently(lambda: hands.client.start(cast.brief, idempotency_key=self._key))
            hands.production_id = started.production_id
            for number in range(2):
                watcher = Watcher(self._info.api_url, self.production_id, Random(f"{cast.seed}/{number}"))
                self.watchers.append(stack.enter_context(watcher))
            plan = self._edited(self._planned(), unpriced=self._tries_unpriced)
            self.planned.set()
            with self._vendors.lingering(cast.name) if cast.cancels else nullcontext():
                self._approve(plan)
                self.approved.set()
                if cast.cancels:
                    self._cancel_in_flight()
            while self._stormy.is_set():
                time.sleep(hands.chance.uniform(0.2, 1.5))
                if self._resets and not self.was_reset and hands.chance.random() < 0.3:
                    self._reset()
                self._deeds.do_something()
            self._settle(seconds)

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
        """Other makers for most assets, and a mark in every prompt."""
        if plan is None:
            return None
        hands = self.hands
        edits = tuple(self._deeds.casting(asset, unpriced=unpriced) for asset in plan.assets)
        edit = PlanEdit(plan_digest=plan.digest, edits=edits, editor="ana")
        for _ in range(20):
            if edited := hands.attempt("edit", lambda: hands.client.edit_plan(self.production_id, edit)):
                return edited
            time.sleep(0.3)
            seen = self._seen().plan
            if seen and seen.digest != plan.digest:
                return seen  # it was edited, and the answer was lost
        raise Stuck(f"{self.production_id} could not be edited: {hands.refused[-3:]}")

    def _approve(self, plan: PlanView | None) -> None:
        """Approve with the budget of this person's kind; where that is refused with others; reject the plan at last."""
        hands, production_id = self.hands, self.production_id
        kinds = [kind for kind in (self._cast.approves, *FALL_BACK) for _ in range(TRIES)]
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
                allow_unknown_prices=self._cast.allows_unknown,
            )
            released = self._budget("exact", seen) if budget_usd is None else budget_usd
            before = len(hands.refused)
            if hands.attempt("approve", lambda: hands.client.approve(production_id, approval), released):  # noqa: B023
                self.approval = kind
                return
            unanswered = any("approve: 0 " in words or "approve: 5" in words for words in hands.refused[before:])
            kinds = kinds if unanswered else kinds[1:]
            if not kinds:
                hands.attempt("reject", lambda: hands.client.reject(production_id, Rejection(rejecter="ben")))
                return
            if seen.plan.unknown_prices and not self._cast.allows_unknown:
                self._edited(seen.plan)  # it was a try
            time.sleep(0.2)

    def _budget(self, kind: Approves, seen: ProductionView) -> Decimal | None:
        """USD that the approval names; the plan's high price and what planning cost are what it takes."""
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
        """Cancel once a vendor has a submission in hand, and count it where that was still so when it was answered."""
        deadline = time.monotonic() + FLIGHT_SECONDS
        while not self._vendors.in_flight(self._cast.name) and time.monotonic() < deadline:
            time.sleep(0.02)
        inside = self._vendors.in_flight(self._cast.name)
        if self._deeds.cancel() and inside:
            self.hands.did["cancel during submit"] += 1

    def _reset(self) -> None:
        reset = reset_to_before_approval(self._info, self.production_id, f"{self._key}-reset")
        if asyncio.run(reset):
            self.was_reset = True
            self.hands.quiet_from = time.monotonic() + AFTER_RESET_SECONDS
            self.hands.did["reset"] += 1

    # Afterwards

    def _settle(self, seconds: Callable[[], float]) -> None:
        answered, hands = 0, self.hands
        while seconds() > 0:
            time.sleep(0.2)
            try:
                seen = hands.client.get(self.production_id)
            except GreenlightError:
                continue
            if seen.paused and not seen.status.closed and not self._leaves_paused:
                self._deeds.resume()
            elif seen.status is ProductionStatus.AWAITING_APPROVAL:
                self._approve(seen.plan)
            elif seen.status not in REST or time.monotonic() < hands.quiet_from:
                continue
            elif not seen.status.closed and any(asset.making for asset in seen.assets):
                continue  # something waits for a person, and something else is being made meanwhile
            elif hands.did["cancel"] and not seen.status.closed and not self.was_reset:
                continue  # it was told to stop, and has not stopped yet
            elif self._resets and not self.was_reset and seen.approval:
                self._resets -= 1
                self._reset()
            elif seen.status is ProductionStatus.DELIVERED and self._reopens:
                self._reopens -= 1
                hands.did["reopening"] += self._deeds.reopen(seen)
            elif seen.status.closed or not self._answers or answered >= MAX_ANSWERS or not waiting(seen):
                return
            else:
                self._replies.answer(seen)
                answered += 1
        seen = hands.client.get(self.production_id)
        making = [f"{a.asset_id} {a.status} making {a.making}" for a in seen.assets if a.status != "completed"]
        raise Stuck(f"{self.production_id} is {seen.status} and not at rest: {making or 'everything is made'}")

    def _seen(self) -> ProductionView:
        return self.hands.patiently(lambda: self.hands.client.get(self.production_id))
