"""A model of one production: the requests and results, and the expected plan and costs."""

from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.fuzz.answers import PRICES, UNPUBLISHED, delivered, made_up, media, priced, taken
from tests.fuzz.money import ExpectedMoney
from tests.fuzz.plain import IDS, PlainPlan
from tests.fuzz.simulation import Pending, Sent, Simulation
from workflows.activity_io import PLAN_INVALID, AssetCancelled, AssetFailure, FilmLayout, Rewritten, SettledQuestions
from workflows.events import AssetStatus, Event, ProductionStart, ProductionStatus
from workflows.models import UPLOAD, ZERO, Alternative, Asset, Modality, Plan
from workflows.production.state.approvals import POLICY
from workflows.production.state.budget import extra_usd, held_usd
from workflows.production.state.record import Record
from workflows.production.state.resubmissions import RESUBMISSION_POLICY
from workflows.production.state.takes import usable_take
from workflows.refusals import REFUSED
from workflows.requests import LowerBudget, PlanEdit, Regenerate, Resolve

OPEN: Final = {"edit_plan", "regenerate", "select_take", "upload_take", "refresh"}
"""Updates that reopen a delivered production, as the gateway does."""
OTHER_WORDS: Final = "other words"
DRAFT_USD: Final = Decimal("0.01")

Key = tuple[str, int]
Draft = list[tuple[Modality, str, set[int], bool]]


class Life(RuleBasedStateMachine):
    """`bank` is the cost of every take by its own ledger; `plan` is the plan as a list of plain records."""

    def __init__(self) -> None:
        super().__init__()
        self.simulation = Simulation(self.scheduled)
        self.sdk = self.simulation.replace_sdk()
        self.sdk.__enter__()
        self.bank: dict[Key, Decimal] = {}
        self.asked_usd: dict[Key, Decimal] = {}
        """The price of the model that a take was last submitted to."""
        self.planning = ZERO
        self.plan = PlainPlan()
        self.digests: dict[str, str] = {}
        self.contents: dict[str, str] = {}
        self.drafts = 0
        self.draft = PlainPlan()
        """The last draft: the plan once it is priced."""
        self.begun: dict[Key, set[tuple[int, int]]] = {}
        self.made: dict[Key, dict[str, Any]] = {}
        self.events: list[Event] = []
        self.followed = 0
        """Events that this model has applied."""
        self.money = ExpectedMoney()
        self.owed = ZERO
        """The amount above the cap although no take started above it: a bill above its price, a lowered cap."""
        self.surprised = False
        self.started: list[tuple[Asset, Key, Decimal]] = []
        """Takes that started in this step, with the amounts paid and reserved at that time."""
        self.doubts: dict[str, Key] = {}
        self.ended: set[Key] = set()
        """Takes whose cost a cancel has reported."""
        self.files = 0
        self.wrong: list[str] = []

    def teardown(self) -> None:
        self.simulation.close()
        self.sdk.__exit__(None, None, None)

    # State

    @property
    def state(self) -> Record:
        return self.simulation.run._run.record

    def asset(self, number: int) -> str:
        ids = [a.asset_id for a in self.state.plan.assets] if self.state.plan else list(IDS)
        return ids[number % len(ids)]

    def idle(self, number: int) -> str:
        """An asset, mostly one that is not generating."""
        states = self.state.assets.items()
        busy = (AssetStatus.PENDING, AssetStatus.GENERATING)
        found = [i for i, s in states if s.status not in busy or s.attention]
        return found[number % len(found)] if found and number != 11 else self.asset(number)

    @property
    def paid(self) -> Decimal:
        return sum(self.bank.values(), self.planning)

    # Updates

    def send(self, name: str, argument: Any) -> None:
        result = self.simulation.result
        if result is not None:
            if result.status is not ProductionStatus.DELIVERED or name not in OPEN:
                return
            self.simulation.start(
                ProductionStart(production_id=result.production_id, brief=result.brief, carried=result)
            )
        self.record_doubts()
        self.simulation.update(name, argument)
        self.advance()

    @rule(budget=st.sampled_from(("0", "0.02", "0.1", "0.3", "1", "2")))
    @precondition(lambda self: bool(self.state.assets))
    def lower(self, budget: str) -> None:
        self.send("lower_budget", LowerBudget(budget_usd=Decimal(budget)))

    def advance(self) -> None:
        ended = self.simulation.advance()
        for sent in ended:
            if sent.refusal is None:
                self.money.accepted(sent.argument, self.state.plan)
        events = self.state.events[self.followed :]
        self.followed += len(events)
        for event in events:
            self.follow_money(event)
            if event.name == "plan_ready" and event.data["how"] != "edit":
                self.plan = self.draft
        self.check_begun()
        if self.surprised or any(event.name == "approved" for event in events):
            self.owed = max(self.paid + held_usd(self.state) - self.queued() - self.money.cap, ZERO)
        self.surprised = False
        for sent in ended:
            if sent.refusal:
                assert sent.refusal.type == REFUSED, sent.refusal
            else:
                self.done(sent)
        self.count_doubts()

    def queued(self) -> Decimal:
        """The reserved money of further takes that have not started, USD: they are dropped if the budget is short."""
        states = self.state.assets.values()
        return sum((extra_usd(self.state, e) for s in states for e in s.extra if not e.started), ZERO)

    def done(self, sent: Sent) -> None:
        """Apply an accepted update to the expected plan."""
        asked = sent.argument
        if isinstance(asked, PlanEdit):
            produced = bool(self.state.assets)
            self.plan.apply([e for e in asked.edits if not (produced and e.op == "drop")])
        elif isinstance(asked, Regenerate):
            self.plan.change(asked.asset_id, OTHER_WORDS if asked.feedback else asked.prompt, asked.model)
        elif isinstance(asked, Resolve) and asked.prompt:
            self.plan.change(asked.asset_id, asked.prompt, asked.model)

    def record_doubts(self) -> None:
        """Record which submissions are ambiguous, before a request resolves them."""
        if self.state.status is ProductionStatus.CANCELLED:
            return  # its end resolved the ambiguity
        states = self.state.assets
        doubts = {i: (i, s.next_take) for i, s in states.items() if s.attention == "ambiguous_submission"}
        self.doubts = {i: key for i, key in doubts.items() if key not in self.ended}

    def count_doubts(self) -> None:
        """An ambiguous submission that is left without a job id counts at its price."""
        cancelled = self.state.status is ProductionStatus.CANCELLED
        for asset_id, key in list(self.doubts.items()):
            state = self.state.assets[asset_id]
            if state.attention == "ambiguous_submission" and not cancelled:
                continue
            del self.doubts[asset_id]
            if not (state.order and state.order.adopt_job_id) and not self.adopted(key):
                self.bank[key] = self.bank.get(key, ZERO) + self.asked_usd[key]

    def adopted(self, key: Key) -> bool:
        return any(
            p.name == "produce_asset"
            and (p.request.asset.asset_id, p.request.take) == key
            and p.request.order
            and p.request.order.adopt_job_id
            for p in self.simulation.pending
        )

    # Started takes

    def follow_money(self, event: Event) -> None:
        """Check that the money in an event is the money that reviewers released."""
        state = self.state
        if event.name == "approved" and state.plan:
            by_policy = event.data["approver"] == POLICY
            self.money.approved(event, state.brief, state.plan, self.paid, self.wanted(), by_policy)
        elif event.name == "budget_raised":
            self.money.raised(event, state.brief)
        elif event.name == "budget_lowered":
            self.money.lowers(event)
        elif event.name == "resolved" and event.data.get("by") == RESUBMISSION_POLICY and "take" not in event.data:
            key = (str(event.asset_id), state.assets[str(event.asset_id)].next_take)
            self.bank[key] = self.bank.get(key, ZERO) + self.asked_usd[key]

    def wanted(self) -> Decimal:
        """The highest cost of all takes that are generating, ambiguous or pending."""
        making = (AssetStatus.PENDING, AssetStatus.GENERATING)
        total = self.state.questions_usd
        for asset in self.state.plan.assets if self.state.plan else ():
            state = self.state.assets.get(asset.asset_id)
            if state is None:
                continue
            total += self.money.most(asset) if state.status in making else ZERO
            total += sum((self.money.most(e.asset) for e in state.extra), ZERO)
            if state.attention == "ambiguous_submission":
                total += self.asked_usd[asset.asset_id, state.next_take]
        return total

    def check_begun(self) -> None:
        """Check that no take was started above the cap, or at an unknown price without permission."""
        for asset, key, committed in self.started:
            if self.money.most(asset) and committed > self.money.cap + self.owed:
                self.wrong.append(f"{key} is begun: {committed} USD paid and under way of {self.money.cap}")
            if asset.model in UNPUBLISHED and (asset.asset_id, asset.model) not in self.money.permitted:
                self.wrong.append(f"{key} is begun, and nobody allowed to spend on {asset.model}")
        self.started.clear()

    def scheduled(self, pending: Pending) -> None:
        """Record a violation; called inside the workflow, so it is reported afterwards."""
        if pending.name != "produce_asset":
            return
        asked = pending.request
        key, order = (asked.asset.asset_id, asked.take), asked.order.number if asked.order else 0
        before = self.begun.setdefault(key, set())
        taken_up = any(known == order and run < self.simulation.runs for run, known in before)
        if (self.simulation.runs, order) in before:
            self.wrong.append(f"{key} is begun a second time")
        before.add((self.simulation.runs, order))
        making = (p.request.asset for p in self.simulation.pending if p.name == "produce_asset")
        if not taken_up:
            self.started.append((asked.asset, key, sum(map(self.money.most, making), self.paid)))

    # Results of activities

    def answer_draft(self, draft: Draft) -> None:
        for pending in [p for p in self.simulation.pending if p.name == "draft_plan"]:
            assets = []
            for number, (kind, model, needs, spare) in enumerate(draft):
                depends = tuple(sorted({IDS[n % number] for n in needs})) if number else ()
                others = (Alternative(provider="fake", model="spare"),) if spare else ()
                assets.append(made_up(IDS[number], kind, model, depends, f"draft {self.drafts}", others))
            self.drafts += 1
            self.planning += DRAFT_USD
            plan = Plan.of(f"plan {self.drafts}", assets).model_copy(update={"drafting_usd": DRAFT_USD})
            self.draft = PlainPlan.of(plan)
            pending.complete(plan)
        self.advance()

    def answer(self, pending: Pending, refused: bool) -> None:
        asked = pending.request
        self.record_doubts()
        match pending.name:
            case "price_plan" if refused and self.state.plan is not None:
                pending.fail("model: 'gone' is not offered; choose another", kind=PLAN_INVALID)
            case "price_plan":
                pending.complete(priced(asked.plan, asked.only))
            case "lay_out_film" | "finish_deliverable" | "assemble_film" if refused:
                pending.fail("the film cannot be encoded")
            case "lay_out_film":
                pending.complete(FilmLayout(timeline="timeline", count=1))
            case "finish_deliverable":
                pending.complete(delivered(asked.revision))
            case "assemble_film":
                pending.complete(delivered(asked.request.revision))
            case "write_manifest":
                pending.complete(media("manifest"))
            case "check_upload":
                self.files += 1
                key = (asked.asset.asset_id, asked.take)
                self.made[key] = {"content": f"file {self.files}", "upload": True, "inputs": {}, "from": {}}
                pending.complete(taken(asked.asset, asked.take, f"file {self.files}", UPLOAD))
            case "rewrite_prompt" if refused and asked.feedback:
                pending.fail("no language model wrote a prompt", AssetFailure(message="no words"))
            case "rewrite_prompt":
                pending.complete(Rewritten(prompt="" if refused else OTHER_WORDS))
            case "settle_questions":
                # After the approval, a question costs at most what is held for it: with nothing, none is sent.
                most = self.state.questions_usd if self.state.assets else DRAFT_USD
                billed = ZERO if refused else min(DRAFT_USD, most)
                self.planning += billed
                pending.complete(SettledQuestions(billed_usd=billed))
            case "cancel_asset":
                self.stopped(pending, refused)
            case name:
                raise AssertionError(name)
        self.advance()

    def stopped(self, pending: Pending, billed: bool) -> None:
        key = (pending.request.asset.asset_id, pending.request.take)
        if billed:
            model = pending.request.asset.model
            self.bank[key] = self.bank.get(key, ZERO) + PRICES[model]
            self.money.billed(model, PRICES[model])
        so_far = self.bank.get(key, ZERO)
        self.ended.add(key)
        self.doubts.pop(key[0], None)
        pending.complete(AssetCancelled(outcome="billed" if so_far else "free", billed_usd=so_far))

    # Staleness

    def is_stale(self, asset_id: str) -> bool:
        state = self.state.assets[asset_id]
        made = self.made.get((asset_id, state.selected))
        if made is None or made["upload"]:
            return False
        if state.settled or state.status is not AssetStatus.COMPLETED:
            return state.stale  # a reviewer selected it; or it is generating again
        wanted, was = self.plan[asset_id], made["from"]
        known = (wanted["model"], *wanted["spare"])
        if wanted["prompt"] != was["prompt"] or wanted["needs"] != was["needs"] or was["model"] not in known:
            return True
        for needed in {*made["inputs"], *wanted["needs"]} & set(self.state.assets):
            used = usable_take(self.state, needed)
            if used and (used.media.sha256 != made["inputs"].get(needed) or self.is_stale(needed)):
                return True
        return False
