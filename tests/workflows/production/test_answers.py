"""The offered answers of a production in every state are the answers that it accepts, and no other."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from itertools import cycle
from typing import Any, Final, get_args

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError

from tests.fuzz.answers import delivered, made_up, media, taken
from tests.fuzz.simulation import Pending, Simulation
from workflows.activity_io import AssetCancelled, AssetFailure, FilmLayout, Rewritten, SettledQuestions
from workflows.brief import ApprovalPolicy, Brief, Platform
from workflows.events import (
    Answer,
    AttentionItem,
    AttentionReason,
    ProductionStart,
    ProductionStatus,
)
from workflows.models import UPLOAD, ZERO, Alternative, Modality, Plan, Quote
from workflows.production.state import attention, policies
from workflows.production.state.approvals import FOR_MONEY, digest_to_approve
from workflows.production.state.takes import request_decision
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import (
    Approval,
    Decision,
    EditOp,
    Pause,
    PlanEdit,
    Regenerate,
    Rejection,
    Resolve,
    Resume,
    Revision,
    UploadTake,
)

PRICES: Final = {"gift": ZERO, "cheap": Decimal("0.01"), "expensive": Decimal("0.10"), "secret": None}
"""USD; None is an unpublished price."""
MODELS: Final = ("cheap", "cheap", "expensive", "expensive", "gift", "secret")
TYPES: Final = (Modality.TEXT, Modality.IMAGE, Modality.VIDEO)
FAILURES: Final[tuple[AttentionReason, ...]] = (
    "asset_failed",
    "content_refused",
    "output_unusable",
    "model_retired",
    "store_unsupported",
)
MOST_ITEMS: Final = 20
NOT_REQUESTER: Final = "zoe"
"""Approves plans that are only checked, so that no policy of a brief refuses her."""

ABOUT_THE_PLAN: Final[frozenset[Answer]] = frozenset({"approve", "reject", "revise", "edit_plan"})
BY_RESOLVE: Final[frozenset[Answer]] = frozenset({"retry", "accept_without", "adopt", "resubmit", "raise_budget"})


def answers_of(item: AttentionItem) -> frozenset[Answer]:
    """All answers that could resolve this item: those of them that are not offered must be refused.

    A production also accepts, at any time, requests that resolve no part of the item: a pause while a plan waits, an
    edit of another asset.
    """
    match item.reason:
        case "paused":
            return frozenset({"resume"})
        case "finishing_failed":
            return BY_RESOLVE
        case "stills_to_approve" | "draft_to_approve":
            return ABOUT_THE_PLAN
        case "overrun" if item.asset_id is None:
            return frozenset({"edit_plan", "pause", "resume"})
        case "ambiguous_submission":
            return BY_RESOLVE | {"upload", "edit_plan"}
        case reason if item.asset_id is None:
            assert reason in ("approval", "deadline_near", "price_unknown")
            return ABOUT_THE_PLAN
        case reason if reason in FOR_MONEY:
            return BY_RESOLVE | {"upload", "edit_plan", "approve"}
        case _:
            return BY_RESOLVE | {"upload"}


def is_accepted(run: ProductionWorkflow, item: AttentionItem, answer: Answer) -> bool:
    """Whether the workflow's own check accepts the answer."""
    state, asset_id = run._run.record, item.asset_id or "deliverable"
    budget = (state.budget_usd or ZERO) + Decimal("0.01")
    plan = state.plan
    assert plan
    changed = (
        EditOp(op="change", asset_id=item.asset_id, label="other") if item.asset_id else EditOp(op="title", title="T")
    )
    approval = Approval(plan_digest=item.plan_digest or "none", approver=NOT_REQUESTER, allow_unknown_prices=True)
    resolution = {"asset_id": asset_id, "action": answer, "resolver": NOT_REQUESTER, "job_id": "j"}
    checks: dict[Answer, Callable[[], object]] = {
        "approve": lambda: run._decisions._check_decide(Decision(approve=approval)),
        "reject": lambda: run._decisions._check_decide(Decision(reject=Rejection())),
        "edit_plan": lambda: run._plan_edits._check_edit(PlanEdit(plan_digest=plan.digest, edits=(changed,))),
        "revise": lambda: run._drafting._check_revision(Revision(feedback="again")),
        "pause": run._decisions._check_pause,
        "resume": run._decisions._check_resume,
        "review_fields": lambda: run._reading._check(1),
        "upload": lambda: run._take_requests._check_upload(UploadTake(asset_id=asset_id, key="k")),
    }
    resolve = lambda: run._answers._check(Resolve.model_validate({**resolution, "budget_usd": budget}))  # noqa: E731
    try:
        checks.get(answer, resolve)()
    except ApplicationError:
        return False
    return True


class Story:
    """A production whose activities and people do what `data` draws; every state of it is checked."""

    def __init__(self, data: st.DataObject, seen: Counter[tuple[str, str]]) -> None:
        self.data, self.seen = data, seen
        self.reasons = cycle(data.draw(st.permutations(FAILURES)))  # in turn, so that each one occurs
        self.simulation = Simulation()
        self.models: tuple[str, ...] = MODELS

    def one_of(self, *values: Any) -> Any:
        return self.data.draw(st.sampled_from(values))

    def allowed(self, *budgets: Decimal | str) -> list[Decimal]:
        """The budgets in USD that a caller may name under the policy."""
        most = self.simulation.run._run.record.brief.approval.max_budget_usd
        return [budget for budget in map(Decimal, budgets) if most is None or budget <= most]

    def play(self, steps: int) -> None:
        with self.simulation.replace_sdk():
            try:
                brief = Brief(
                    text="x",
                    platform=Platform.VIDEO,
                    requester="ana",
                    budget_usd=self.one_of(None, None, Decimal("0.15")),
                    allow_unknown_prices=True,
                    approval=ApprovalPolicy(
                        approvers=self.one_of(1, 1, 2),
                        stills_first=self.one_of(False, True),
                        max_budget_usd=self.one_of(None, None, None, Decimal("0.30")),
                    ),
                )
                self.simulation.start(ProductionStart(production_id="p", brief=brief))
                self.simulation.advance()
                if self.one_of(*[False] * 9, True):  # a preview, whose models are all free
                    self.simulation.run._run.record.preview_of, self.models = "q", ("gift",)
                if self.one_of(True, True, True, False):
                    self.begin()
                for _ in range(steps):
                    self.step()
                    self.simulation.advance()
                    self.check()
            finally:
                self.simulation.close()

    def begin(self) -> None:
        """Play until the approval: most attention items occur after it."""
        while self.simulation.run._run.record.plan is None:
            self.work()
            self.simulation.advance()
        budget = self.one_of(None, Decimal("0.05"), Decimal("0.12"))
        for who in ("bo", "cy"):
            if digest := digest_to_approve(self.simulation.run._run.record):
                approval = Approval(
                    plan_digest=digest,
                    approver=who,
                    budget_usd=budget,
                    allow_unknown_prices=self.one_of(True, True, False),
                )
                self.simulation.update("decide", Decision(approve=approval))
                self.simulation.advance()

    def check(self) -> None:
        run = self.simulation.run
        state = run._run.record
        items = attention.items(state, MOST_ITEMS)
        if state.status.closed:
            assert items == []
            return
        if run._run.record.cancelling:
            return  # it refuses everything while it stops running takes
        for item in items:
            self.seen[item.reason, "asset" if item.asset_id else "whole"] += 1
            assert item.answers, item
            assert "approve" not in item.answers or item.plan_digest, item
            for answer in get_args(Answer):
                if answer == "cancel":
                    continue
                accepted, offered = is_accepted(run, item, answer), answer in item.answers
                assert accepted or not offered, f"{answer} is offered and refused: {state.status} {item}"
                wrong = accepted and not offered and answer in answers_of(item)
                assert not wrong, f"{answer} is accepted and not offered: {state.status} {item}"

    # Steps of a story

    def step(self) -> None:
        if self.simulation.result is not None:
            return
        state = self.simulation.run._run.record
        items = attention.items(state, MOST_ITEMS)
        choices: list[Callable[[], None]] = []
        if self.simulation.pending:
            choices += [self.work] * 6
        if items:
            choices += [lambda: self.answer(self.one_of(*items))] * 4
        if state.plan:
            choices += [self.edit, self.edit, self.pause]
        if state.assets:
            choices += [self.regenerate, self.require_money, self.require_money]
        choices += [self.cancel] * (self.one_of(*range(12)) == 7)
        if choices:
            self.one_of(*choices)()

    def work(self) -> None:
        pending = self.one_of(*self.simulation.pending)
        request = pending.request
        match pending.name:
            case "draft_plan":
                kinds = self.data.draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3))
                ids = [f"a-{n}" for n in range(len(kinds))]
                needs = [tuple(ids[n - 1 : n]) if n and self.one_of(True, False) else () for n in range(len(kinds))]
                drafts = zip(ids, kinds, needs, strict=True)
                assets = [made_up(i, k, self.one_of(*self.models), n, "say it") for i, k, n in drafts]
                final = Alternative(provider="fake", model=self.one_of(*self.models))
                pending.complete(Plan.of("plan", assets, finals={ids[0]: (final,)} if self.one_of(0, 0, 1) else {}))
            case "price_plan":
                pending.complete(priced(request.plan, request.only))
            case "produce_asset":
                self.produce(pending)
            case "lay_out_film":
                pending.complete(FilmLayout(timeline="timeline", count=1))
            case "finish_deliverable" | "assemble_film" if self.one_of(True, False):
                pending.fail("no film")
            case "finish_deliverable":
                pending.complete(delivered(request.revision))
            case "assemble_film":
                pending.complete(delivered(request.request.revision))
            case "write_manifest":
                pending.complete(media("manifest"))
            case "check_upload":
                pending.complete(made(request.asset, request.take, ZERO, UPLOAD))
            case "rewrite_prompt":
                pending.complete(Rewritten(prompt="other words"))
            case "settle_questions":
                pending.complete(SettledQuestions())
            case "cancel_asset":
                pending.complete(AssetCancelled(outcome="free"))
            case name:
                raise AssertionError(name)

    def produce(self, pending: Pending) -> None:
        request = pending.request
        price = PRICES[request.asset.model]
        end = self.one_of("made", "overcharged", "overcharged", "failed", "failed", "doubt")
        if end == "doubt" and price != ZERO:
            doubt = AssetFailure(
                reason="ambiguous_submission", message="in doubt", job_id="j", doubt_usd=price or Decimal("0.02")
            )
            pending.fail("in doubt", doubt)
        elif end in ("failed", "doubt"):
            pending.fail("no", AssetFailure(reason=next(self.reasons), message="no"))
        else:
            usual = Decimal("0.02") if price is None else price
            pending.complete(made(request.asset, request.take, usual * (10 if end == "overcharged" else 1)))

    def answer(self, item: AttentionItem) -> None:
        """Give one of the answers that are offered, as a person does."""
        state, answer = self.simulation.run._run.record, self.one_of(*item.answers)
        match answer:
            case "approve":
                budget = self.one_of(None, *self.allowed("0.05", "0.12", "2"))
                approval = Approval(
                    plan_digest=item.plan_digest or "",
                    approver=self.one_of("bo", "cy"),
                    budget_usd=budget,
                    allow_unknown_prices=self.one_of(True, False),
                )
                self.simulation.update("decide", Decision(approve=approval))
            case "reject":
                if self.one_of(*range(4)) == 3:
                    self.simulation.update("decide", Decision(reject=Rejection()))
            case "revise":
                self.simulation.update("revise", Revision(feedback="again"))
            case "edit_plan":
                self.edit(item.asset_id)
            case "pause" | "resume":
                self.simulation.update(answer, Pause() if answer == "pause" else Resume())
            case "upload":
                self.simulation.update("upload_take", UploadTake(asset_id=item.asset_id or "", key="k"))
            case "cancel":
                self.cancel()
            case _:
                before = state.budget_usd or ZERO
                higher = self.allowed(before + Decimal("0.01"), before + Decimal("0.05"), before + 2)
                named = {"budget_usd": self.one_of(*higher)} if answer == "raise_budget" else {}
                resolution = {"asset_id": item.asset_id, "action": answer, "job_id": "j", **named}
                self.simulation.update("resolve", Resolve.model_validate(resolution))

    def edit(self, asset_id: str | None = None) -> None:
        plan = self.simulation.run._run.record.plan
        assert plan
        states = self.simulation.run._run.record.assets.items()
        pending = [i for i, s in states if s.status == "pending" and not s.attention]
        asset_id = asset_id if asset_id not in (None, *policies.RESERVED_IDS) else self.one_of(*(pending or plan.by_id))
        model, drop = self.one_of(*self.models), self.one_of(*[False] * 6, True)
        change = EditOp(op="drop", asset_id=asset_id) if drop else EditOp(op="change", asset_id=asset_id, model=model)
        edit = PlanEdit(plan_digest=plan.digest, edits=(change,), allow_unknown_prices=self.one_of(True, False))
        self.simulation.update("edit_plan", edit)

    def require_money(self) -> None:
        """Make the pending assets wait for money, as when prices expire or a bill raises the price of a model."""
        state = self.simulation.run._run.record
        pending = [i for i, s in state.assets.items() if s.status == "pending" and not s.attention]
        if pending and not state.preview_of:  # a preview is free
            request_decision(state, self.one_of(*pending), self.one_of(*sorted(FOR_MONEY)), "it waits for money")

    def pause(self) -> None:
        paused = self.simulation.run._run.record.paused
        self.simulation.update("resume" if paused else "pause", Resume() if paused else Pause())

    def regenerate(self) -> None:
        asset_id = self.one_of(*self.simulation.run._run.record.assets)
        options = {
            "asset_id": asset_id,
            "count": self.one_of(1, 2),
            "budget_usd": self.one_of(None, *self.allowed("2")),
        }
        self.simulation.update("regenerate", Regenerate.model_validate({**options, "allow_unknown_prices": True}))

    def cancel(self) -> None:
        if self.one_of(*range(6)) == 3:
            self.simulation.cancel()


def priced(plan: Plan, only: tuple[str, ...]) -> Plan:
    def quote(model: str) -> Quote:
        price = PRICES[model]
        return Quote(low_usd=ZERO, high_usd=price or ZERO, expected_seconds=1, unknown=price is None)

    assets = [
        a if only and a.asset_id not in only else a.model_copy(update={"quote": quote(a.model)}) for a in plan.assets
    ]
    finals = {i: tuple(m.model_copy(update={"quote": quote(m.model)}) for m in ms) for i, ms in plan.finals.items()}
    return Plan.of(plan.title, assets, plan.planner, finals=finals)


def made(asset: Any, number: int, cost_usd: Decimal, provider: str = "fake") -> Any:
    take = taken(asset.model_copy(update={"model": "cheap"}), number, f"{asset.asset_id} {number}", provider, cost_usd)
    return take.model_copy(update={"model": asset.model, "cost_usd": cost_usd})


REASONS: Final = frozenset(get_args(AttentionReason)) - {
    "deadline_near",
    "plan_failed",
    "below_score",
    "fields_to_review",
}
"""The reminder depends on time, and has the answers of the approval that it reminds of; no run waits for the second.
Judges and extractions, which give the last two, are in no story: their modules have tests of these answers."""
BOTH: Final = {(reason, about) for reason in ("overrun", "price_unknown") for about in ("asset", "whole")}
ENDS: Final = frozenset({ProductionStatus.DELIVERED, ProductionStatus.REJECTED, ProductionStatus.CANCELLED})
MOST_ROUNDS: Final = 40


def test_the_offered_answers_are_the_accepted_ones() -> None:
    """In every status and for every reason, each offered answer passes its check, every other answer to the same item
    is refused, and a closed production offers none. Stories are played until all statuses and reasons have occurred."""
    seen: Counter[tuple[str, str]] = Counter()
    statuses: set[ProductionStatus] = set()

    @settings(
        database=None,
        deadline=None,
        max_examples=10,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),  # the message names the difference; shrinking takes minutes and adds nothing
        print_blob=False,
    )
    @given(data=st.data())
    def play(data: st.DataObject) -> None:
        story = Story(data, seen)
        story.play(steps=40)
        statuses.add(story.simulation.run._run.record.status)

    for round_ in range(MOST_ROUNDS):
        seed(round_)(play)()
        missed = (REASONS - {reason for reason, _ in seen}) | (BOTH - set(seen)) | (ENDS - statuses)
        if not missed:
            break
    assert not missed
