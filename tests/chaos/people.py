"""The people of one production: they brief, edit, approve, change their minds, and answer what waits for them."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from random import Random
from typing import Final, TypeVar

from api.client import GreenlightClient, GreenlightError
from api.views import PlanView, ProductionView
from tests.chaos.script import Cast
from tests.chaos.vendors import MAKERS, mark
from tests.chaos.watching import Watcher
from workflows.events import AssetRecord, AttentionItem, ProductionStatus
from workflows.models import Asset
from workflows.requests import (
    Approval,
    EditOp,
    Pause,
    PlanEdit,
    Refresh,
    Regenerate,
    Resolve,
    Resume,
    SelectTake,
)

T = TypeVar("T")

PATIENCE_SECONDS: Final = 60.0
"""Longer than any outage of a trial."""
LATE_SECONDS: Final = 15.0
"""A request that nobody answered may still do its work: its update waits at the server until a worker takes it."""
REST: Final = (ProductionStatus.NEEDS_ATTENTION, *(s for s in ProductionStatus if s.closed))
MAX_ANSWERS: Final = 40
"""In one trial; whoever waits after so many will not be helped by another."""
PLENTY: Final = Decimal(60)
"""USD: a budget that is enough for whatever these people think of."""


class Stuck(Exception):
    """A production did not come to rest in time."""


class Person:
    """Lives through one production. `production_id` is known, and watched, as soon as there is one."""

    def __init__(self, url: str, cast: Cast, stormy: threading.Event, seed: int) -> None:
        self.production_id = ""
        self.approved = threading.Event()
        self.watchers: list[Watcher] = []
        self.did: Counter[str] = Counter()
        self.refused: list[str] = []
        self._chance = Random(cast.seed)
        self._cast, self._stormy, self._url = cast, stormy, url
        self._key = f"chaos-{seed}-{cast.name}"
        self._client = GreenlightClient(url)
        self._answers = self._chance.random() < 0.6
        self._leaves_paused = self._chance.random() < 0.1
        self._quiet_from = 0.0
        self._budget = self._chance.choice((None, PLENTY))

    def until_rest(self, stack: ExitStack, seconds: Callable[[], float]) -> None:
        """All of it, in a thread of its own; ends when nothing more happens without a person.

        Args:
            stack: Keeps the watchers until the trial is over.
            seconds: What is left of the trial, once everything runs again.

        Raises:
            Stuck: it never comes to rest.
        """
        with self._client:
            self.production_id = self._patiently(
                lambda: self._client.start(self._cast.brief, idempotency_key=self._key)
            ).production_id
            for number in range(2):
                watcher = Watcher(self._url, self.production_id, Random(f"{self._cast.seed}/{number}"))
                self.watchers.append(stack.enter_context(watcher))
            self._approve(self._edited(self._planned()))
            self.approved.set()
            while self._stormy.is_set():
                time.sleep(self._chance.uniform(0.2, 1.5))
                self._do_something()
            self._settle(seconds)

    # Towards the approval

    def _planned(self) -> PlanView | None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            seen = self._patiently(lambda: self._client.get(self.production_id))
            if seen.plan or seen.status.closed:
                return seen.plan
            time.sleep(0.1)
        raise Stuck(f"{self.production_id} has no plan after {PATIENCE_SECONDS:g} s")

    def _edited(self, plan: PlanView | None) -> PlanView | None:
        """Other makers for most assets, and a mark in every prompt."""
        if plan is None:
            return None
        edits = tuple(self._casting(asset) for asset in plan.assets)
        for _ in range(20):
            edit = partial(self._client.edit_plan, self.production_id)
            if edited := self._try("edit", partial(edit, PlanEdit(plan_digest=plan.digest, edits=edits, editor="ana"))):
                return edited
            time.sleep(0.3)
            seen = self._patiently(lambda: self._client.get(self.production_id)).plan
            if seen and seen.digest != plan.digest:
                return seen  # it was edited, and the answer was lost
        raise Stuck(f"{self.production_id} could not be edited: {self.refused[-3:]}")

    def _casting(self, asset: Asset) -> EditOp:
        prompt = f"A boat at dawn, {asset.role} {mark(self._cast.name, asset.asset_id)}."
        if self._chance.random() < 0.2:
            return EditOp(op="change", asset_id=asset.asset_id, prompt=prompt)  # with its fallbacks
        provider, model, parameters = self._chance.choice(MAKERS[asset.asset_type])
        stills = [i for i in asset.depends_on if i.startswith("still")]
        if model == "gen4_turbo" and not stills:
            provider, model, parameters = MAKERS[asset.asset_type][0]
        cleared = dict.fromkeys(asset.parameters)
        return EditOp(
            op="change",
            asset_id=asset.asset_id,
            prompt=prompt,
            provider=provider,
            model=model,
            parameters={**cleared, **parameters},
        )

    def _approve(self, plan: PlanView | None) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while plan and time.monotonic() < deadline:
            approval = Approval(
                plan_digest=plan.digest, approver="ben", budget_usd=self._budget, allow_unknown_prices=True
            )
            self._try("approve", partial(self._client.approve, self.production_id, approval))
            seen = self._patiently(lambda: self._client.get(self.production_id))
            if seen.status is not ProductionStatus.AWAITING_APPROVAL:
                return
            plan = seen.plan
            time.sleep(0.2)

    # Meanwhile

    def _do_something(self) -> None:
        """Whatever a person may think of just now; a refusal, or no answer, is a person's own problem."""
        try:
            seen = self._client.get(self.production_id)
        except GreenlightError:
            return
        if not seen.assets:
            return
        asset = self._chance.choice(seen.assets)
        acts: list[tuple[int, str, Callable[[], object]]] = [
            (4, "look", lambda: self._client.takes(self.production_id, asset.asset_id)),
            (3, "regenerate", lambda: self._client.regenerate(self.production_id, self._another(asset))),
            (2, "edit after approval", lambda: self._edit_made(seen, asset)),
            (2, "refresh", lambda: self._client.refresh(self.production_id, Refresh(max_usd=PLENTY))),
            (2, "pause", lambda: self._client.pause(self.production_id, Pause(paused_by="ana"))),
            (3, "resume", lambda: self._client.resume(self.production_id, Resume(resumed_by="ana"))),
            (2, "select", lambda: self._client.select_take(self.production_id, self._selection(asset))),
            (2, "answer", lambda: self._answer(seen)),
            (1, "cancel", lambda: self._client.cancel(self.production_id) if self._chance.random() < 0.25 else None),
        ]
        _, what, act = self._chance.choices(acts, [weight for weight, *_ in acts])[0]
        self._try(what, act)

    def _another(self, asset: AssetRecord) -> Regenerate:
        how = self._chance.choice(("as it is", "as it is", "prompt", "feedback"))
        words = f"A boat at noon {mark(self._cast.name, asset.asset_id)} {self._chance.randint(1, 999)}."
        return Regenerate(
            asset_id=asset.asset_id,
            prompt=words if how == "prompt" else None,
            feedback="softer light" if how == "feedback" else None,
            count=self._chance.choice((1, 1, 2, 3)),
            budget_usd=PLENTY,
            allow_unknown_prices=True,
            requested_by="ana",
        )

    def _edit_made(self, seen: ProductionView, asset: AssetRecord) -> object:
        assert seen.plan is not None
        words = f"A boat at night {mark(self._cast.name, asset.asset_id)} {self._chance.randint(1, 999)}."
        change = EditOp(op="change", asset_id=asset.asset_id, prompt=words)
        return self._client.edit_plan(self.production_id, PlanEdit(plan_digest=seen.plan.digest, edits=(change,)))

    def _selection(self, asset: AssetRecord) -> SelectTake:
        return SelectTake(asset_id=asset.asset_id, take=self._chance.randint(1, max(asset.takes, 1)))

    # Afterwards

    def _settle(self, seconds: Callable[[], float]) -> None:
        answered = 0
        while seconds() > 0:
            try:
                seen = self._client.get(self.production_id)
            except GreenlightError:
                time.sleep(0.2)
                continue
            if seen.paused and not seen.status.closed and not self._leaves_paused:
                self._try("resume", lambda: self._client.resume(self.production_id, Resume(resumed_by="ana")))
            elif seen.status is ProductionStatus.AWAITING_APPROVAL:
                self._approve(seen.plan)
            elif seen.status in REST and time.monotonic() > self._quiet_from:
                if seen.status.closed or not self._answers or answered >= MAX_ANSWERS or not self._waiting(seen):
                    return
                self._try("answer", partial(self._answer, seen))
                answered += 1
            time.sleep(0.2)
        seen = self._client.get(self.production_id)
        making = [f"{a.asset_id} {a.status} making {a.making}" for a in seen.assets if a.status != "completed"]
        raise Stuck(f"{self.production_id} is {seen.status} and not at rest: {making or 'everything is made'}")

    def _waiting(self, seen: ProductionView) -> list[AttentionItem]:
        items = [a.waiting for a in seen.assets if a.waiting]
        return [*items, seen.waiting] if seen.waiting and seen.waiting.reason != "paused" else items

    def _answer(self, seen: ProductionView) -> object:
        items = self._waiting(seen)
        if not items:
            return None
        item = self._chance.choice(items)
        if item.reason in ("stills_to_approve", "approval") and item.plan_digest:
            approval = Approval(plan_digest=item.plan_digest, approver="ben", budget_usd=PLENTY)
            return self._client.approve(self.production_id, approval)
        asset_id = item.asset_id or "?"
        if item.reason == "budget_short":
            answer = Resolve(asset_id=asset_id, action="raise_budget", budget_usd=2 * PLENTY, attention=item.id)
        elif self._chance.random() < 0.25 and item.reason != "finishing_failed":
            answer = Resolve(asset_id=asset_id, action="accept_without", attention=item.id)
        elif item.reason == "ambiguous_submission":
            answer = Resolve(asset_id=asset_id, action="resubmit", attention=item.id)
        else:
            other = f"A calm boat {mark(self._cast.name, asset_id)} {self._chance.randint(1, 999)}."
            prompt = other if item.reason == "content_refused" else None
            answer = Resolve(asset_id=asset_id, action="retry", prompt=prompt, budget_usd=PLENTY, attention=item.id)
        return self._client.resolve(self.production_id, answer.model_copy(update={"allow_unknown_prices": True}))

    # How it is asked

    def _try(self, what: str, act: Callable[[], T]) -> T | None:
        try:
            done = act()
        except GreenlightError as error:
            refused = 400 <= error.status < 500
            self.did[f"{what}, {'refused' if refused else 'unanswered'}"] += 1
            if not refused:
                self._quiet_from = time.monotonic() + LATE_SECONDS
            self.refused.append(f"{what}: {error.status} {error}")
            return None
        self.did[what] += 1
        return done

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask again what may be asked twice, until it is answered.

        Raises:
            GreenlightError: it is refused, or nobody answers for a minute.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except GreenlightError as error:
                if 400 <= error.status < 500 or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)
