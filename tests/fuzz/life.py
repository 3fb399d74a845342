"""One life of a production: what was sent and answered, and a plain account of what it said and paid."""

from decimal import Decimal
from typing import Any, Final

from hypothesis.stateful import RuleBasedStateMachine

from tests.fuzz.answers import PRICES, UNPUBLISHED, delivered, made_up, media, priced, taken
from tests.fuzz.plain import IDS, PlainPlan
from tests.fuzz.purse import Purse
from tests.fuzz.turns import Pending, Sent, Turns
from workflows.activity_io import PLAN_INVALID, AssetCancelled, AssetFailure, Rewritten, SettledQuestions
from workflows.events import AssetStatus, Event, ProductionStart, ProductionStatus
from workflows.models import UPLOAD, ZERO, Alternative, Asset, Modality, Plan
from workflows.production.state.approvals import POLICY
from workflows.production.state.state import ProductionState
from workflows.production.state.takes import RESUBMISSION_POLICY
from workflows.refusals import REFUSED
from workflows.requests import PlanEdit, Regenerate, Resolve

OPEN: Final = {"edit_plan", "regenerate", "select_take", "upload_take", "refresh"}
"""Updates that open a delivered production again, as the gateway does."""
OTHER_WORDS: Final = "other words"
DRAFT_USD: Final = Decimal("0.01")

Key = tuple[str, int]
Draft = list[tuple[Modality, str, set[int], bool]]


class Life(RuleBasedStateMachine):
    """`bank` is what every take has cost by its own ledger; `plan` is the plan as a list of plain records."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns(self.scheduled)
        self.sdk = self.turns.in_place_of_the_sdk()
        self.sdk.__enter__()
        self.bank: dict[Key, Decimal] = {}
        self.asked_usd: dict[Key, Decimal] = {}
        """What the model costs that a take was asked of last."""
        self.planning = ZERO
        self.plan = PlainPlan()
        self.digests: dict[str, str] = {}
        self.contents: dict[str, str] = {}
        self.drafts = 0
        self.draft = PlainPlan()
        """What was drafted last: the plan once it is priced."""
        self.begun: dict[Key, set[tuple[int, int]]] = {}
        self.made: dict[Key, dict[str, Any]] = {}
        self.events: list[Event] = []
        self.followed = 0
        """Events whose consequences are in this account."""
        self.purse = Purse()
        self.owed = ZERO
        """What is above the cap although nothing was begun above it: a bill above its price, a cap that was lowered."""
        self.surprised = False
        self.started: list[tuple[Asset, Key, Decimal]] = []
        """Takes that were begun in this turn, with what was paid and under way by then."""
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
        self.turns.update(name, argument)
        self.go_on()

    def go_on(self) -> None:
        ended = self.turns.turn()
        for sent in ended:
            if sent.refusal is None:
                self.purse.accepted(sent.argument, self.state.plan)
        events = self.state.events[self.followed :]
        self.followed += len(events)
        for event in events:
            self.follow_money(event)
            if event.name == "plan_ready" and event.data["how"] != "edit":
                self.plan = self.draft
        self.check_begun()
        if self.surprised or any(event.name == "approved" for event in events):
            self.owed = max(self.paid + self.state.held_usd() - self.purse.cap, ZERO)
        self.surprised = False
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
            self.plan.apply([e for e in asked.edits if not (produced and e.op == "drop")])
        elif isinstance(asked, Regenerate):
            self.plan.change(asked.asset_id, OTHER_WORDS if asked.feedback else asked.prompt, asked.model)
        elif isinstance(asked, Resolve) and asked.prompt:
            self.plan.change(asked.asset_id, asked.prompt, asked.model)

    def look_back(self) -> None:
        """Which submissions are in doubt before something is done about them."""
        if self.state.status is ProductionStatus.CANCELLED:
            return  # the end of it settled what was in doubt
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
                self.bank[key] = self.bank.get(key, ZERO) + self.asked_usd[key]

    def adopted(self, key: Key) -> bool:
        return any(
            p.name == "produce_asset"
            and (p.request.asset.asset_id, p.request.take) == key
            and p.request.order
            and p.request.order.adopt_job_id
            for p in self.turns.pending
        )

    # What is begun

    def follow_money(self, event: Event) -> None:
        """What an event says about money is what people released."""
        state = self.state
        if event.name == "approved" and state.plan:
            by_policy = event.data["approver"] == POLICY
            self.purse.approved(event, state.brief, state.plan, self.paid, self.wanted(), by_policy)
        elif event.name == "budget_raised":
            self.purse.raised(event, state.brief)
        elif event.name == "resolved" and event.data.get("by") == RESUBMISSION_POLICY and "take" not in event.data:
            key = (str(event.asset_id), state.assets[str(event.asset_id)].next_take)
            self.bank[key] = self.bank.get(key, ZERO) + self.asked_usd[key]

    def wanted(self) -> Decimal:
        """The most that all costs that is under way, in doubt or to be made."""
        making = (AssetStatus.PENDING, AssetStatus.GENERATING)
        total = self.state.asking_usd
        for asset in self.state.plan.assets if self.state.plan else ():
            state = self.state.assets.get(asset.asset_id)
            if state is None:
                continue
            total += self.purse.most(asset) if state.status in making else ZERO
            total += sum((self.purse.most(e.asset) for e in state.extra), ZERO)
            if state.attention == "ambiguous_submission":
                total += self.asked_usd[asset.asset_id, state.next_take]
        return total

    def check_begun(self) -> None:
        """Nothing was begun above the cap, or on a price that nobody knows without permission."""
        for asset, key, committed in self.started:
            if self.purse.most(asset) and committed > self.purse.cap + self.owed:
                self.wrong.append(f"{key} is begun: {committed} USD paid and under way of {self.purse.cap}")
            if asset.model in UNPUBLISHED and (asset.asset_id, asset.model) not in self.purse.permitted:
                self.wrong.append(f"{key} is begun, and nobody allowed to spend on {asset.model}")
        self.started.clear()

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
        making = (p.request.asset for p in self.turns.pending if p.name == "produce_asset")
        if not taken_up:
            self.started.append((asked.asset, key, sum(map(self.purse.most, making), self.paid)))

    # What the activities answer

    def answer_draft(self, draft: Draft) -> None:
        for pending in [p for p in self.turns.pending if p.name == "draft_plan"]:
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
        self.go_on()

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
            case "rewrite_prompt" if refused and asked.feedback:
                pending.fail("no language model wrote a prompt", AssetFailure(message="no words"))
            case "rewrite_prompt":
                pending.complete(Rewritten(prompt="" if refused else OTHER_WORDS))
            case "settle_questions":
                billed = ZERO if refused else DRAFT_USD
                self.planning += billed
                pending.complete(SettledQuestions(billed_usd=billed))
            case "cancel_asset":
                self.stopped(pending, refused)
            case name:
                raise AssertionError(name)
        self.go_on()

    def stopped(self, pending: Pending, billed: bool) -> None:
        key = (pending.request.asset.asset_id, pending.request.take)
        if billed:
            model = pending.request.asset.model
            self.bank[key] = self.bank.get(key, ZERO) + PRICES[model]
            self.purse.billed(model, PRICES[model])
        so_far = self.bank.get(key, ZERO)
        pending.complete(AssetCancelled(outcome="billed" if so_far else "free", billed_usd=so_far))

    # What follows from it

    def is_stale(self, asset_id: str) -> bool:
        state = self.state.assets[asset_id]
        made = self.made.get((asset_id, state.selected))
        if made is None or made["upload"]:
            return False
        if state.settled or state.status is not AssetStatus.COMPLETED:
            return state.stale  # a person took it as it is; or it is being made anew
        wanted, was = self.plan[asset_id], made["from"]
        known = (wanted["model"], *wanted["spare"])
        if wanted["prompt"] != was["prompt"] or wanted["needs"] != was["needs"] or was["model"] not in known:
            return True
        for needed in {*made["inputs"], *wanted["needs"]} & set(self.state.assets):
            used = self.state.usable(needed)
            if used and (used.media.sha256 != made["inputs"].get(needed) or self.is_stale(needed)):
                return True
        return False
