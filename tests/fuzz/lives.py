"""Productions with any order of events, each step compared with the expected plan and costs."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from traceback import format_exception
from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.fuzz.answers import MODELS, PRICES, taken
from tests.fuzz.life import Draft, Life
from tests.fuzz.plain import PlainPlan, edits, op, plain, small
from tests.fuzz.simulation import NOW
from tests.fuzz.strategies import ENDS, PEOPLE, STEPS, TIMES, asset_drafts, briefs, produced_once
from workflows.activity_io import AssetFailure
from workflows.brief import Brief
from workflows.events import AssetStatus, ProductionStart, ProductionStatus, Snapshot
from workflows.models import ZERO
from workflows.production.state import policies
from workflows.production.state.approvals import assets_waiting_for_money, digest_to_approve
from workflows.production.state.attention import published
from workflows.production.state.budget import left_usd
from workflows.production.state.record import Record
from workflows.production.state.takes import assets_in_attention, assets_to_start
from workflows.requests import (
    Approval,
    Decision,
    Pause,
    PlanEdit,
    Refresh,
    Regenerate,
    Rejection,
    Resolve,
    Resume,
    Revision,
    SelectTake,
    UploadTake,
)


class Lives(Life):
    """The rules and the invariants of a production."""

    @initialize(
        brief=briefs,
        draft=asset_drafts,
        budget=st.sampled_from((None, "0.1", "5")),
        go=st.sampled_from((True, True, False)),
        allows=st.sampled_from((True, True, False)),
    )
    def begin(self, brief: Brief, draft: Draft, budget: str | None, go: bool, allows: bool) -> None:
        """Start a production, mostly up to its approval: most rules apply after it."""
        self.simulation.start(ProductionStart(production_id="p", brief=brief))
        self.simulation.advance()
        self.answer_draft(draft)
        if go:
            self.steps(1)
            self.approve(PEOPLE[1], right=False, budget=budget, allows=allows)
            for who in PEOPLE[1:]:
                self.approve(who, right=True, budget=budget, allows=allows)

    @rule(draft=asset_drafts, fails=st.sampled_from((False, False, True)))
    @precondition(lambda self: any(p.name == "draft_plan" for p in self.simulation.pending))
    def drafted(self, draft: Draft, fails: bool) -> None:
        if fails:
            next(p for p in self.simulation.pending if p.name == "draft_plan").fail("no words")
            self.advance()
        else:
            self.answer_draft(draft)

    @rule(which=small, refused=st.sampled_from((False, False, False, True)))
    @precondition(lambda self: any(p.name not in ("draft_plan", "produce_asset") for p in self.simulation.pending))
    def step(self, which: int, refused: bool) -> None:
        """One of the activities other than takes ends."""
        waiting = [p for p in self.simulation.pending if p.name not in ("draft_plan", "produce_asset")]
        self.answer(waiting[which % len(waiting)], refused)

    @rule(most=st.integers(1, 4))
    def steps(self, most: int) -> None:
        """Several of them end, oldest first."""
        for _ in range(most):
            for pending in [p for p in self.simulation.pending if p.name not in ("draft_plan", "produce_asset")][:1]:
                self.answer(pending, refused=False)

    @rule(ends=st.lists(st.sampled_from(ENDS), min_size=2, max_size=8), times=st.sampled_from(TIMES))
    @precondition(lambda self: bool(self.simulation.pending))
    def work(self, ends: list[str], times: int) -> None:
        """Takes end, and no reviewer decides anything."""
        for end in ends:
            if any(p.name == "produce_asset" for p in self.simulation.pending):
                self.produced(0, end, 0, times, resubmits=False)
            self.steps(1)

    @rule(
        which=small,
        end=st.sampled_from(("made", "made", "made", "failed", "billed", "doubt", "doubt", "refused", "overcharged")),
        same=small,
        times=st.sampled_from(TIMES),
        resubmits=st.booleans(),
    )
    @precondition(lambda self: any(p.name == "produce_asset" for p in self.simulation.pending))
    def produced(self, which: int, end: str, same: int, times: int, resubmits: bool) -> None:
        """A take completes, fails unbilled or billed, is refused, costs more now, or is ambiguous.

        Args:
            times: The multiple of the price that the vendor charges.
            resubmits: Whether an ambiguous submission may be repeated without a decision.
        """
        waiting = [p for p in self.simulation.pending if p.name == "produce_asset"]
        pending = waiting[which % len(waiting)]
        asked = pending.request
        key, price = (asked.asset.asset_id, asked.take), PRICES[asked.asset.model]
        self.record_doubts()
        self.asked_usd[key] = price
        further = asked.take != self.state.assets[asked.asset.asset_id].next_take
        times = max(times, 2) if end == "overcharged" else times
        self.surprised = price * times > self.money.price(asked.asset.model)
        if end in ("made", "billed"):
            self.bank[key] = self.bank.get(key, ZERO) + price * times
            self.money.billed(asked.asset.model, price * times)
        elif end == "doubt" and further:  # without a decision
            self.bank[key] = self.bank.get(key, ZERO) + price
        elif end == "overcharged":
            self.money.record_price(asked.asset.model, price * times)
            self.begun[key].clear()  # nothing was submitted: the same take starts again
        so_far = self.bank.get(key, ZERO) - (price if end == "doubt" and further else ZERO)
        if end == "made":
            # Sometimes a model returns the same media again.
            content = f"{asked.asset.asset_id} {asked.asset.prompt} {same % 3}"
            self.made[key] = {
                "content": content,
                "upload": False,
                "from": plain(asked.asset),
                "inputs": {i.asset_id: i.media.sha256 for i in asked.inputs},
            }
            inputs = {i.asset_id: i.take for i in asked.inputs}
            pending.complete(taken(asked.asset, asked.take, content, "fake", so_far, inputs))
        elif end == "doubt" and price:
            doubt = {"reason": "ambiguous_submission", "message": "in doubt", "billed_usd": so_far, "doubt_usd": price}
            pending.fail("in doubt", AssetFailure.model_validate({**doubt, "job_id": "j", "resubmit": resubmits}))
        elif end == "overcharged":
            pending.fail("it costs more", AssetFailure(message="more", billed_usd=so_far, now_usd=price * times))
        elif end == "refused":
            pending.fail(
                "no", AssetFailure(reason="content_refused", message="no", billed_usd=so_far, refused="prompt")
            )
        else:
            pending.fail("broken", AssetFailure(message="broken", billed_usd=so_far))
        self.advance()

    # Reviewers

    @precondition(
        lambda self: (
            self.state.status == "awaiting_approval" or bool(self.state.gate or assets_waiting_for_money(self.state))
        )
    )
    @rule(
        who=st.sampled_from(PEOPLE),
        right=st.sampled_from((True, True, True, False)),
        budget=st.sampled_from((None, None, "0.02", "0.2", "5")),
        allows=st.booleans(),
    )
    def approve(self, who: str, right: bool, budget: str | None, allows: bool) -> None:
        digest = digest_to_approve(self.state) if right else "another"
        if digest is None:
            return
        before = len(self.state.events)
        usd = Decimal(budget) if budget else None
        approval = Approval(plan_digest=digest, approver=who, budget_usd=usd, allow_unknown_prices=allows)
        self.send("decide", Decision(approve=approval))
        approved = [e for e in self.state.events[before:] if e.name in ("approved", "approval_given")]
        assert right or not approved, "an approval of another digest took effect"
        assert all(e.data["plan_digest"] == digest for e in approved)

    @precondition(lambda self: self.state.status == "awaiting_approval" or self.state.gate == "waiting")
    @rule(who=st.sampled_from(PEOPLE), sure=st.sampled_from((False, False, False, True)))
    def reject(self, who: str, sure: bool) -> None:
        if sure:
            self.send("decide", Decision(reject=Rejection(rejecter=who)))

    @rule(
        ops=edits,
        budget=st.sampled_from((None, "3")),
        stale=st.sampled_from((False, False, False, True)),
        allows=st.booleans(),
    )
    def edit(self, ops: list[tuple[str, int, int]], budget: str | None, stale: bool, allows: bool) -> None:
        plan = self.state.plan
        if plan is None:
            return
        asked = PlanEdit(
            plan_digest="another" if stale else plan.digest,
            edits=tuple(op(*each, [a.asset_id for a in plan.assets]) for each in ops),
            budget_usd=Decimal(budget) if budget else None,
            allow_unknown_prices=allows,
        )
        self.send("edit_plan", asked)

    @rule()
    @precondition(lambda self: self.state.status == "awaiting_approval")
    def revise(self) -> None:
        self.send("revise", Revision(feedback="again"))

    @precondition(produced_once)
    @rule(
        which=small,
        change=st.sampled_from((None, "prompt", "model", "feedback")),
        count=st.sampled_from((1, 1, 2)),
        budget=st.sampled_from((None, "2", "4")),
        allows=st.booleans(),
    )
    def regenerate(self, which: int, change: str | None, count: int, budget: str | None, allows: bool) -> None:
        asked: dict[str, Any] = {"asset_id": self.idle(which), "count": count, "budget_usd": budget}
        asked["allow_unknown_prices"] = allows
        if change == "prompt":
            asked["prompt"] = f"anew {which}"
        elif change == "feedback":
            asked["feedback"] = "warmer"
        elif change == "model":
            asked["model"] = MODELS[which % len(MODELS)]
        self.send("regenerate", Regenerate.model_validate(asked))

    @precondition(lambda self: bool(assets_in_attention(self.state) or self.state.error))
    @rule(
        which=small,
        action=st.sampled_from(("retry", "accept_without", "adopt", "resubmit", "raise_budget")),
        budget=st.sampled_from((None, "1", "3")),
        words=st.booleans(),
        finishing=st.sampled_from((False, False, False, True)),
        allows=st.booleans(),
    )
    def resolve(self, which: int, action: str, budget: str | None, words: bool, finishing: bool, allows: bool) -> None:
        waiting = assets_in_attention(self.state) or [self.asset(which)]
        asset_id = waiting[which % len(waiting)]
        if asset_id in self.state.assets and self.state.assets[asset_id].attention == "ambiguous_submission":
            action = {"retry": "resubmit", "raise_budget": "accept_without"}.get(action, action)
        asked: dict[str, Any] = {"asset_id": asset_id, "action": action, "budget_usd": budget}
        asked["allow_unknown_prices"] = allows
        if action == "adopt":
            asked["job_id"] = "j"
        if action == "raise_budget" and budget is None:
            asked["budget_usd"] = "2"
        if action == "retry" and words:
            asked["prompt"] = f"softer {which}"
        if finishing:
            asked = {"asset_id": "deliverable", "action": "retry"}
        self.send("resolve", Resolve.model_validate(asked))

    @precondition(produced_once)
    @rule(which=small, take=st.integers(1, 4))
    def select(self, which: int, take: int) -> None:
        self.send("select_take", SelectTake(asset_id=self.idle(which), take=take))

    @precondition(produced_once)
    @rule(which=small)
    def upload(self, which: int) -> None:
        self.send("upload_take", UploadTake(asset_id=self.idle(which), key="k"))

    @precondition(produced_once)
    @rule(budget=st.sampled_from((None, "3")), some=st.booleans(), which=small, allows=st.booleans())
    def refresh(self, budget: str | None, some: bool, which: int, allows: bool) -> None:
        asked: dict[str, Any] = {"max_usd": "1", "budget_usd": budget, "allow_unknown_prices": allows}
        asked["asset_ids"] = [self.asset(which)] if some else []
        self.send("refresh", Refresh.model_validate(asked))

    @rule(on=st.booleans())
    def pause(self, on: bool) -> None:
        self.send("pause", Pause()) if on else self.send("resume", Resume())

    @rule(sure=st.sampled_from((False, False, False, False, False, True)))
    def cancel(self, sure: bool) -> None:
        if sure and self.simulation.result is None and not self.state.cancelling:
            self.record_doubts()
            self.simulation.cancel()
            self.advance()

    @rule(why=st.sampled_from(("", "", "", "full", "old")))
    @precondition(lambda self: self.simulation.result is None)
    def continue_as_new(self, why: str) -> None:
        """The history is long, or new runs use another version of the workers: the run has to continue as new."""
        if why and not getattr(self.simulation, why):
            setattr(self.simulation, why, True)
            self.record_doubts()
            self.simulation.run.upgrade()
            self.advance()

    @rule(days=st.sampled_from((0.1, 0.1, 0.1, 0.1, 3)))
    def time(self, days: float) -> None:
        self.simulation.clock += timedelta(days=days)
        self.record_doubts()
        self.advance()

    # Invariants

    @invariant()
    def the_log_only_grows(self) -> None:
        now = self.simulation.result.events if self.simulation.result else self.state.events
        assert list(now[: len(self.events)]) == self.events
        assert [e.id for e in now] == list(range(1, len(now) + 1))
        assert all(a.at <= b.at for a, b in pairwise(now))
        self.events = list(now)

    @invariant()
    def a_digest_is_a_plan(self) -> None:
        plan = self.state.plan
        if plan is None or self.state.status is ProductionStatus.PLANNING:
            return
        assert PlainPlan.of(plan) == self.plan
        assert [a.position for a in plan.assets] == list(range(1, len(plan.assets) + 1))
        assert self.digests.setdefault(plan.digest, self.plan.text) == self.plan.text
        assert self.contents.setdefault(self.plan.text, plan.digest) == plan.digest
        policies.check_plan(self.state.brief, plan)

    @invariant()
    def nothing_is_begun_that_should_not(self) -> None:
        assert self.wrong == []

    @invariant()
    def every_cent_is_known(self) -> None:
        if not self.state.cancelling:  # the cost of its takes is recorded together, when all are stopped
            assert self.state.spent_usd == self.paid
            assert self.state.overrun_usd == self.money.overcharged
        if self.state.budget_usd is not None:
            assert self.state.budget_usd == self.money.cap
        if self.state.budget_usd is not None and self.state.status is not ProductionStatus.CANCELLED:
            left = left_usd(self.state) + self.queued()
            assert left + self.owed >= 0, f"{left} left, {self.owed} owed"

    @invariant()
    def what_is_in_use_is_there(self) -> None:
        for asset_id, state in self.state.assets.items():
            numbers = [t.number for t in state.takes]
            assert len(numbers) == len(set(numbers))
            assert state.selected == 0 or state.selected in numbers, asset_id
            assert state.status is not AssetStatus.COMPLETED or state.take, asset_id
            assert bool(state.attention) <= (state.status in (AssetStatus.FAILED, AssetStatus.PENDING)), asset_id
            for take in state.takes:
                assert take.media.sha256 == self.made[asset_id, take.number]["content"]

    @invariant()
    def stale_is_what_was_made_from_something_else(self) -> None:
        plan, states = self.state.plan, self.state.assets
        if plan is None or not states:
            return
        busy = {i for i, s in states.items() if s.status not in (AssetStatus.COMPLETED, AssetStatus.CANCELLED)}
        busy |= {i for each in busy for i in policies.dependents(plan, each)}  # reported when their inputs are complete
        for asset_id, state in states.items():
            if state.status is AssetStatus.COMPLETED and asset_id not in busy:
                assert state.stale == self.is_stale(asset_id), (asset_id, state.stale_because)

    @invariant()
    def a_record_is_all_that_is_needed(self) -> None:
        kept = self.state
        again = Record.begin(
            ProductionStart(
                production_id="p",
                brief=kept.brief,
                carried=Snapshot.model_validate_json(kept.model_dump_json(exclude_defaults=True)),
            ),
            lambda: NOW,
        )
        assert again.model_dump() == kept.model_dump()
        assert left_usd(again) == left_usd(self.state) + self.state.questions_usd
        assert [a.asset_id for a in assets_to_start(again)] == [a.asset_id for a in assets_to_start(self.state)]
        assert published(again).waiting == published(self.state).waiting

    @invariant()
    def it_goes_on_or_waits_for_somebody(self) -> None:
        if self.simulation.result is not None or self.simulation.pending:
            return
        state = self.state
        waits = state.status in (ProductionStatus.AWAITING_APPROVAL, ProductionStatus.NEEDS_ATTENTION)
        assert waits, f"{state.status}, and nothing is under way"
        assert published(state).waiting or assets_in_attention(state), f"{state.status} for no reason"


def play(count: int, number: int) -> str:
    """Run so many simulated productions, the same for the same number; return the failure with the shortest example."""

    @seed(number)
    class Seeded(Lives):
        pass

    how = settings(
        max_examples=count,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Seeded, settings=how)
    except Exception as error:
        return "".join(format_exception(error))
    return ""
