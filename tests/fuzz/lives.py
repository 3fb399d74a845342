"""Lives of a production in any order of events, each step held against a plain account of what was said and paid."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from traceback import format_exception
from typing import Any, Final

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.fuzz.turns import NOW, Pending, Sent, Turns
from workflows import policies
from workflows.contracts import PLAN_INVALID, AssetCancelled, AssetFailure, Rewritten
from workflows.events import AssetStatus, Event, ProductionStart, ProductionStatus, Snapshot
from workflows.models import (
    UPLOAD,
    ZERO,
    Alternative,
    ApprovalPolicy,
    Asset,
    Brief,
    Deliverable,
    DeliverableFile,
    Media,
    Modality,
    Plan,
    Platform,
    Quote,
    Take,
)
from workflows.refusals import REFUSED
from workflows.requests import (
    Approval,
    Decision,
    EditOp,
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
from workflows.state import ProductionState

PRICES: Final[Mapping[str, Decimal]] = {
    "gift": ZERO,
    "cheap": Decimal("0.01"),
    "dear": Decimal("0.10"),
    "job": Decimal("0.05"),
    "spare": Decimal("0.03"),
}
MODELS: Final = tuple(PRICES)
IDS: Final = ("a", "b", "c", "d", "e")
PEOPLE: Final = ("ana", "bo", "cy")
TYPES: Final = (Modality.TEXT, Modality.IMAGE, Modality.VIDEO)
ENDS: Final = ("made", "made", "made", "failed", "billed", "doubt", "refused")
OPEN: Final = {"edit_plan", "regenerate", "select_take", "upload_take", "refresh"}
"""Updates that open a delivered production again, as the gateway does."""
STEPS: Final = 40
DRAFT_USD: Final = Decimal("0.01")

Key = tuple[str, int]
small = st.integers(0, 11)
asset_drafts = st.lists(
    st.tuples(st.sampled_from(TYPES), st.sampled_from(MODELS), st.sets(small, max_size=2), st.booleans()),
    min_size=1,
    max_size=4,
)
Draft = list[tuple[Modality, str, set[int], bool]]
briefs = st.builds(
    lambda approvers, own, stills, budget, auto: Brief(
        text="x",
        platform=Platform.VIDEO,
        requester="ana",
        budget_usd=budget,
        approval=ApprovalPolicy(approvers=approvers, not_by_requester=own, stills_first=stills, auto_below_usd=auto),
    ),
    st.sampled_from((1, 1, 2)),
    st.booleans(),
    st.booleans(),
    st.sampled_from((None, None, Decimal("0.15"), Decimal(1))),
    st.sampled_from((None, None, None, Decimal("0.05"))),
)
edits = st.lists(
    st.tuples(st.sampled_from(("change", "change", "drop", "add", "move", "title")), small, small),
    min_size=1,
    max_size=3,
)


def plain(asset: Asset) -> dict[str, Any]:
    """What an asset asks for, as a plain record."""
    return {
        "id": asset.asset_id,
        "prompt": asset.prompt,
        "model": asset.model,
        "needs": sorted(asset.depends_on),
        "type": asset.asset_type.value,
        "spare": [f.model for f in asset.fallbacks],
    }


def produced_once(lives: "Lives") -> bool:
    return bool(lives.state.assets)


def dearest(asset: Asset) -> Decimal:
    return max(PRICES[model] for model in (asset.model, *(f.model for f in asset.fallbacks)))


class Lives(RuleBasedStateMachine):
    """`bank` is what every take has cost by its own ledger; `plan` is the plan as a list of plain records."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns(self.scheduled)
        self.sdk = self.turns.in_place_of_the_sdk()
        self.sdk.__enter__()
        self.bank: dict[Key, Decimal] = {}
        self.planning = ZERO
        self.plan: list[dict[str, Any]] = []
        self.title = ""
        self.digests: dict[str, str] = {}
        self.contents: dict[str, str] = {}
        self.drafts = 0
        self.draft: tuple[str, list[dict[str, Any]]] = "", []
        """What was drafted last: the plan once it is priced."""
        self.begun: dict[Key, set[tuple[int, int]]] = {}
        self.made: dict[Key, dict[str, Any]] = {}
        self.events: list[Event] = []
        self.owed = ZERO
        self.doubts: dict[str, Key] = {}
        self.files = 0
        self.wrong: list[str] = []

    def teardown(self) -> None:
        self.turns.close()
        self.sdk.__exit__(None, None, None)

    # What there is

    @property
    def state(self) -> ProductionState:
        return self.turns.run._state

    def asset(self, number: int) -> str:
        ids = [a.asset_id for a in self.state.plan.assets] if self.state.plan else list(IDS)
        return ids[number % len(ids)]

    def idle(self, number: int) -> str:
        """Mostly one that nobody is at work at."""
        states = self.state.assets.items()
        busy = (AssetStatus.PENDING, AssetStatus.GENERATING)
        found = [i for i, s in states if s.status not in busy or s.attention]
        return found[number % len(found)] if found and number != 11 else self.asset(number)

    def price(self, asset_id: str) -> Decimal:
        """The dearest of its models."""
        record = next(r for r in self.plan if r["id"] == asset_id)
        return max(PRICES[model] for model in (record["model"], *record["spare"]))

    @property
    def paid(self) -> Decimal:
        return sum(self.bank.values(), self.planning)

    # Sending, and what comes back

    def send(self, name: str, argument: Any) -> None:
        result = self.turns.result
        if result is not None:
            if result.status is not ProductionStatus.DELIVERED or name not in OPEN:
                return
            self.turns.start(ProductionStart(production_id=result.production_id, brief=result.brief, carried=result))
        self.look_back()
        sent = self.turns.update(name, argument)
        if sent.refusal:
            assert sent.refusal.type == REFUSED, sent.refusal
        self.go_on()

    def go_on(self) -> None:
        known = len(self.events)
        ended = self.turns.turn()
        for event in self.state.events[known:]:
            if event.name == "plan_ready" and event.data["how"] != "edit":
                self.title, self.plan = self.draft
        for sent in ended:
            if sent.refusal:
                assert sent.refusal.type == REFUSED, sent.refusal
            else:
                self.done(sent)
        self.settle_doubts()

    def done(self, sent: Sent) -> None:
        """An update took effect: so it does on the plain plan."""
        asked = sent.argument
        if isinstance(asked, PlanEdit):
            produced = bool(self.state.assets)
            self.apply([e for e in asked.edits if not (produced and e.op == "drop")])
        elif isinstance(asked, Regenerate) or (isinstance(asked, Resolve) and asked.action == "retry"):
            self.change(asked.asset_id, asked.prompt, asked.model)

    def apply(self, given: list[EditOp]) -> None:
        for edit in given:
            at = next((i for i, r in enumerate(self.plan) if r["id"] == edit.asset_id), -1)
            if edit.op == "title":
                self.title = edit.title or ""
            elif edit.op == "add":
                assert edit.asset is not None
                where = len(self.plan) if edit.position is None else edit.position - 1
                self.plan.insert(where, plain(edit.asset))
            elif edit.op == "drop":
                del self.plan[at]
            elif edit.op == "move":
                assert edit.position is not None
                self.plan.insert(edit.position - 1, self.plan.pop(at))
            else:
                self.change(str(edit.asset_id), edit.prompt, edit.model, edit.depends_on)

    def change(self, asset_id: str, prompt: str | None, model: str | None, needs: Any = None) -> None:
        record = next(r for r in self.plan if r["id"] == asset_id)
        if prompt is not None:
            record["prompt"] = prompt
        if model is not None:
            record["model"], record["spare"] = model, []
        if needs is not None:
            record["needs"] = sorted(needs)

    def look_back(self) -> None:
        """Which submissions are in doubt before something is done about them."""
        states = self.state.assets
        self.doubts = {i: (i, s.next_take) for i, s in states.items() if s.attention == "ambiguous_submission"}

    def settle_doubts(self) -> None:
        """Whoever leaves a doubt without the job's id pays for it."""
        cancelled = self.state.status is ProductionStatus.CANCELLED
        for asset_id, key in list(self.doubts.items()):
            state = self.state.assets[asset_id]
            if state.attention == "ambiguous_submission" and not cancelled:
                continue
            del self.doubts[asset_id]
            if not (state.order and state.order.adopt_job_id) and not self.adopted(key):
                self.bank[key] = self.bank.get(key, ZERO) + self.price(asset_id)

    def adopted(self, key: Key) -> bool:
        return any(
            p.name == "produce_asset"
            and (p.request.asset.asset_id, p.request.take) == key
            and p.request.order
            and p.request.order.adopt_job_id
            for p in self.turns.pending
        )

    # What is begun

    def scheduled(self, pending: Pending) -> None:
        """Called inside the workflow: what is wrong is told afterwards."""
        if pending.name != "produce_asset":
            return
        asked = pending.request
        key, order = (asked.asset.asset_id, asked.take), asked.order.number if asked.order else 0
        before = self.begun.setdefault(key, set())
        taken_up = any(known == order and run < self.turns.runs for run, known in before)
        if (self.turns.runs, order) in before:
            self.wrong.append(f"{key} is begun a second time")
        before.add((self.turns.runs, order))
        held = sum((dearest(p.request.asset) for p in self.turns.pending if p.name == "produce_asset"), ZERO)
        budget = self.state.budget_usd or ZERO
        if dearest(asked.asset) and not taken_up and self.paid + held > budget + self.owed:
            self.wrong.append(f"{key} is begun with {self.paid} paid and {held} under way of {budget}")

    # The story

    @initialize(
        brief=briefs,
        draft=asset_drafts,
        budget=st.sampled_from((None, "0.1", "5")),
        go=st.sampled_from((True, True, False)),
    )
    def begin(self, brief: Brief, draft: Draft, budget: str | None, go: bool) -> None:
        """Mostly as far as an approval: the rest of the story is longer than what comes before."""
        self.turns.start(ProductionStart(production_id="p", brief=brief))
        self.turns.turn()
        self.answer_draft(draft)
        if go:
            self.steps(1)
            for who in PEOPLE[1:]:
                self.approve(who, right=True, budget=budget)

    def answer_draft(self, draft: Draft) -> None:
        for pending in [p for p in self.turns.pending if p.name == "draft_plan"]:
            assets = []
            for number, (kind, model, needs, spare) in enumerate(draft):
                depends = tuple(sorted({IDS[n % number] for n in needs})) if number else ()
                others = (Alternative(provider="fake", model="spare"),) if spare else ()
                assets.append(made_up(IDS[number], kind, model, depends, f"draft {self.drafts}", others))
            self.drafts += 1
            self.planning += DRAFT_USD
            self.draft = f"plan {self.drafts}", [plain(a) for a in assets]
            plan = Plan.of(f"plan {self.drafts}", assets).model_copy(update={"drafting_usd": DRAFT_USD})
            pending.complete(plan)
        self.go_on()

    @rule(draft=asset_drafts, fails=st.sampled_from((False, False, True)))
    @precondition(lambda self: any(p.name == "draft_plan" for p in self.turns.pending))
    def drafted(self, draft: Draft, fails: bool) -> None:
        if fails:
            next(p for p in self.turns.pending if p.name == "draft_plan").fail("no words")
            self.go_on()
        else:
            self.answer_draft(draft)

    @rule(which=small, refused=st.sampled_from((False, False, False, True)))
    @precondition(lambda self: any(p.name not in ("draft_plan", "produce_asset") for p in self.turns.pending))
    def step(self, which: int, refused: bool) -> None:
        """One of the activities beside the takes ends."""
        waiting = [p for p in self.turns.pending if p.name not in ("draft_plan", "produce_asset")]
        self.answer(waiting[which % len(waiting)], refused)

    @rule(most=st.integers(1, 4))
    def steps(self, most: int) -> None:
        """Several of them, oldest first, as on most days."""
        for _ in range(most):
            for pending in [p for p in self.turns.pending if p.name not in ("draft_plan", "produce_asset")][:1]:
                self.answer(pending, refused=False)

    @rule(most=st.integers(2, 8))
    @precondition(lambda self: bool(self.turns.pending))
    def work(self, most: int) -> None:
        """A day without trouble."""
        for _ in range(most):
            if any(p.name == "produce_asset" for p in self.turns.pending):
                self.produced(0, "made", 0)
            self.steps(1)

    def answer(self, pending: Pending, refused: bool) -> None:
        asked = pending.request
        self.look_back()
        match pending.name:
            case "price_plan" if refused and self.state.plan is not None:
                pending.fail("model: 'gone' is not offered; choose another", kind=PLAN_INVALID)
            case "price_plan":
                pending.complete(priced(asked.plan, asked.only))
            case "finish_deliverable" if refused:
                pending.fail("the film cannot be encoded")
            case "finish_deliverable":
                pending.complete(delivered(asked.revision))
            case "write_manifest":
                pending.complete(media("manifest"))
            case "check_upload":
                self.files += 1
                key = (asked.asset.asset_id, asked.take)
                self.made[key] = {"content": f"file {self.files}", "upload": True, "inputs": {}, "from": {}}
                pending.complete(taken(asked.asset, asked.take, f"file {self.files}", UPLOAD))
            case "rewrite_prompt":
                pending.complete(Rewritten(prompt="other words" if not refused else ""))
            case "cancel_asset":
                self.stopped(pending, refused)
            case name:
                raise AssertionError(name)
        self.go_on()

    def stopped(self, pending: Pending, billed: bool) -> None:
        key = (pending.request.asset.asset_id, pending.request.take)
        if billed:
            self.bank[key] = self.bank.get(key, ZERO) + PRICES[pending.request.asset.model]
        so_far = self.bank.get(key, ZERO)
        pending.complete(AssetCancelled(outcome="billed" if so_far else "free", billed_usd=so_far))

    @rule(
        which=small, end=st.sampled_from(("made", "made", "made", "failed", "billed", "doubt", "refused")), same=small
    )
    @precondition(lambda self: any(p.name == "produce_asset" for p in self.turns.pending))
    def produced(self, which: int, end: str, same: int) -> None:
        """A take is made, fails for nothing or for money, is refused, or nobody knows."""
        waiting = [p for p in self.turns.pending if p.name == "produce_asset"]
        pending = waiting[which % len(waiting)]
        asked = pending.request
        key, price = (asked.asset.asset_id, asked.take), PRICES[asked.asset.model]
        self.look_back()
        if end in ("made", "billed"):
            self.bank[key] = self.bank.get(key, ZERO) + price
        so_far = self.bank.get(key, ZERO)
        if end == "made":
            # Now and then a model makes the very same again.
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
            failure = AssetFailure(reason="ambiguous_submission", message="in doubt", billed_usd=so_far, job_id="j")
            pending.fail("in doubt", failure)
        elif end == "refused":
            pending.fail(
                "no", AssetFailure(reason="content_refused", message="no", billed_usd=so_far, refused="prompt")
            )
        else:
            pending.fail("broken", AssetFailure(message="broken", billed_usd=so_far))
        self.go_on()

    # People

    @precondition(lambda self: self.state.status == "awaiting_approval" or self.state.gate == "waiting")
    @rule(
        who=st.sampled_from(PEOPLE),
        right=st.sampled_from((True, True, True, False)),
        budget=st.sampled_from((None, None, "0.02", "0.2", "5")),
    )
    def approve(self, who: str, right: bool, budget: str | None) -> None:
        digest = self.state.digest_to_approve if right else "another"
        if digest is None:
            return
        before = len(self.state.events)
        usd = Decimal(budget) if budget else None
        self.send("decide", Decision(approve=Approval(plan_digest=digest, approver=who, budget_usd=usd)))
        approved = [e for e in self.state.events[before:] if e.name in ("approved", "approval_given")]
        assert right or not approved, "an approval of another digest took effect"
        assert all(e.data["plan_digest"] == digest for e in approved)

    @precondition(lambda self: self.state.status == "awaiting_approval" or self.state.gate == "waiting")
    @rule(who=st.sampled_from(PEOPLE), sure=st.sampled_from((False, False, False, True)))
    def reject(self, who: str, sure: bool) -> None:
        if sure:
            self.send("decide", Decision(reject=Rejection(rejecter=who)))

    @rule(ops=edits, budget=st.sampled_from((None, "3")), stale=st.sampled_from((False, False, False, True)))
    def edit(self, ops: list[tuple[str, int, int]], budget: str | None, stale: bool) -> None:
        plan = self.state.plan
        if plan is None:
            return
        asked = PlanEdit(
            plan_digest="another" if stale else plan.digest,
            edits=tuple(self.op(*each) for each in ops),
            budget_usd=Decimal(budget) if budget else None,
        )
        self.send("edit_plan", asked)

    def op(self, name: str, which: int, how: int) -> EditOp:
        asset_id = self.asset(which)
        match name:
            case "change" if how % 4 == 0:
                return EditOp(op="change", asset_id=asset_id, model=MODELS[how % len(MODELS)])
            case "change" if how % 4 == 1:
                return EditOp(op="change", asset_id=asset_id, depends_on=(self.asset(how),))
            case "change":
                return EditOp(op="change", asset_id=asset_id, prompt=f"words {how}")
            case "drop":
                return EditOp(op="drop", asset_id=asset_id)
            case "move":
                return EditOp(op="move", asset_id=asset_id, position=1 + how % 5)
            case "title":
                return EditOp(op="title", title=f"title {how}")
        new = made_up(IDS[which % 5], TYPES[how % 3], MODELS[how % 5], (), "added")
        return EditOp(op="add", asset=new, position=1 if how % 2 else None)

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
    )
    def regenerate(self, which: int, change: str | None, count: int, budget: str | None) -> None:
        asked: dict[str, Any] = {"asset_id": self.idle(which), "count": count, "budget_usd": budget}
        if change == "prompt":
            asked["prompt"] = f"anew {which}"
        elif change == "model":
            asked["model"] = MODELS[which % len(MODELS)]
        self.send("regenerate", Regenerate.model_validate(asked))

    @precondition(lambda self: bool(self.state.attention()) or self.state.status == "needs_attention")
    @rule(
        which=small,
        action=st.sampled_from(("retry", "accept_without", "adopt", "resubmit", "raise_budget")),
        budget=st.sampled_from((None, "1", "3")),
        words=st.booleans(),
        finishing=st.sampled_from((False, False, False, True)),
    )
    def resolve(self, which: int, action: str, budget: str | None, words: bool, finishing: bool) -> None:
        waiting = self.state.attention() or [self.asset(which)]
        asked: dict[str, Any] = {"asset_id": waiting[which % len(waiting)], "action": action, "budget_usd": budget}
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
    @rule(budget=st.sampled_from((None, "3")), some=st.booleans(), which=small)
    def refresh(self, budget: str | None, some: bool, which: int) -> None:
        asked = {"max_usd": "1", "budget_usd": budget, "asset_ids": [self.asset(which)] if some else []}
        self.send("refresh", Refresh.model_validate(asked))

    @rule(on=st.booleans())
    def pause(self, on: bool) -> None:
        self.send("pause", Pause()) if on else self.send("resume", Resume())

    @rule(sure=st.sampled_from((False, False, False, False, False, True)))
    def cancel(self, sure: bool) -> None:
        if sure and self.turns.result is None and not self.turns.run._cancelling:
            self.look_back()
            self.turns.cancel()
            self.go_on()

    @rule(sure=st.sampled_from((False, False, True)))
    @precondition(lambda self: self.turns.result is None and not self.turns.full)
    def full(self, sure: bool) -> None:
        """The history is long: the run is to go on as a new one."""
        if not sure:
            return
        self.turns.full = True
        self.look_back()
        self.go_on()

    @rule(days=st.sampled_from((0.1, 0.1, 0.1, 0.1, 3)))
    def time(self, days: float) -> None:
        self.turns.clock += timedelta(days=days)
        self.look_back()
        self.go_on()

    # What always holds

    @invariant()
    def the_log_only_grows(self) -> None:
        now = self.turns.result.events if self.turns.result else self.state.events
        assert list(now[: len(self.events)]) == self.events
        assert [e.id for e in now] == list(range(1, len(now) + 1))
        assert all(a.at <= b.at for a, b in pairwise(now))
        for event in now[len(self.events) :]:
            if event.name == "approved" and self.state.budget_usd is not None:
                # What planning cost, or a second approval that lowers the budget, may be more than is allowed now.
                self.owed = max(self.paid + self.state.held_usd() - self.state.budget_usd, ZERO)
        self.events = list(now)

    @invariant()
    def a_digest_is_a_plan(self) -> None:
        plan = self.state.plan
        if plan is None or any(p.name == "price_plan" and self.state.status == "planning" for p in self.turns.pending):
            return
        if self.state.status is ProductionStatus.PLANNING:
            return
        if [plain(a) for a in plan.assets] != self.plan or plan.title != self.title:
            raise AssertionError(([plain(a) for a in plan.assets], self.plan, plan.title, self.title))
        assert [a.position for a in plan.assets] == list(range(1, len(plan.assets) + 1))
        content = json.dumps([self.title, self.plan], sort_keys=True)
        assert self.digests.setdefault(plan.digest, content) == content
        assert self.contents.setdefault(content, plan.digest) == plan.digest
        policies.check_plan(self.state.brief, plan)

    @invariant()
    def nothing_is_begun_that_should_not(self) -> None:
        assert self.wrong == []

    @invariant()
    def every_cent_is_known(self) -> None:
        assert self.state.spent_usd == self.paid
        if self.state.budget_usd is not None:
            assert self.state.left_usd() + self.owed >= 0, f"{self.state.left_usd()} left, {self.owed} owed"

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
        for record in self.plan if self.state.assets else []:
            if record["id"] in self.state.assets and self.state.plan and self.state.plan.find(record["id"]):
                state = self.state.assets[record["id"]]
                if state.status is AssetStatus.COMPLETED:
                    assert state.stale == self.is_stale(record["id"]), (record["id"], state.stale_because)

    def is_stale(self, asset_id: str) -> bool:
        state = self.state.assets[asset_id]
        made = self.made.get((asset_id, state.selected))
        if made is None or made["upload"]:
            return False
        if state.settled or state.status is not AssetStatus.COMPLETED:
            return state.stale  # a person took it as it is; or it is being made anew
        wanted, was = next(r for r in self.plan if r["id"] == asset_id), made["from"]
        known = (wanted["model"], *wanted["spare"])
        if wanted["prompt"] != was["prompt"] or wanted["needs"] != was["needs"] or was["model"] not in known:
            return True
        for needed in {*made["inputs"], *wanted["needs"]} & set(self.state.assets):
            used = self.state.usable(needed)
            if used and (used.media.sha256 != made["inputs"].get(needed) or self.is_stale(needed)):
                return True
        return False

    @invariant()
    def a_record_is_all_that_is_needed(self) -> None:
        kept = self.state.snapshot()
        again = ProductionState(
            ProductionStart(
                production_id="p",
                brief=kept.brief,
                carried=Snapshot.model_validate_json(kept.model_dump_json(exclude_defaults=True)),
            ),
            lambda: NOW,
        )
        assert again.snapshot() == kept
        assert again.left_usd() == self.state.left_usd() + self.state.asking_usd
        assert [a.asset_id for a in again.waiting()] == [a.asset_id for a in self.state.waiting()]
        assert again.told().waiting == self.state.told().model_copy().waiting

    @invariant()
    def it_goes_on_or_waits_for_somebody(self) -> None:
        if self.turns.result is not None or self.turns.pending:
            return
        state = self.state
        waits = state.status in (ProductionStatus.AWAITING_APPROVAL, ProductionStatus.NEEDS_ATTENTION)
        assert waits, f"{state.status}, and nothing is under way"
        assert state.told().waiting or state.attention(), f"{state.status} for no reason"


def play(count: int, number: int) -> str:
    """Play so many lives, the same for the same number; what went wrong, with the shortest life in which it does."""

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


def made_up(
    asset_id: str, kind: Modality, model: str, needs: tuple[str, ...], prompt: str, others: tuple[Alternative, ...] = ()
) -> Asset:
    return Asset(
        asset_id=asset_id,
        asset_type=kind,
        role="body",
        prompt=prompt,
        provider="fake",
        model=model,
        depends_on=needs,
        fallbacks=others,
    )


def priced(plan: Plan, only: tuple[str, ...]) -> Plan:
    def quote(model: str) -> Quote:
        return Quote(low_usd=ZERO, high_usd=PRICES[model], expected_seconds=1, job=model == "job")

    assets = [
        a
        if only and a.asset_id not in only
        else a.model_copy(
            update={
                "quote": quote(a.model),
                "fallbacks": tuple(f.model_copy(update={"quote": quote(f.model)}) for f in a.fallbacks),
            }
        )
        for a in plan.assets
    ]
    return Plan.of(plan.title, assets, plan.planner)


def media(content: str) -> Media:
    return Media(key=content, bytes=1, sha256=content, media_type="text/plain")


def taken(
    asset: Asset, number: int, content: str, provider: str, billed: Decimal = ZERO, inputs: dict[str, int] | None = None
) -> Take:
    return Take(
        number=number,
        prompt=asset.prompt,
        provider=provider,
        model=asset.model,
        media=media(content),
        cost_usd=PRICES[asset.model],
        billed_usd=billed,
        inputs=inputs or {},
        started_at=NOW,
        finished_at=NOW,
    )


def delivered(revision: int) -> Deliverable:
    file = DeliverableFile(name="content.md", role="document", media=media("document"))
    return Deliverable(revision=revision, files=(file,))
