"""What happens to the takes of a production: each change logs its event. Pure: tested without a server."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pydantic import JsonValue

from workflows import attention, policies, staleness
from workflows.approving import MAX_MESSAGE_CHARS, Approving
from workflows.contracts import AssetCancelled, AssetFailure
from workflows.events import (
    AssetState,
    AssetStatus,
    AttentionReason,
    ExtraTake,
    ProductionStatus,
    Snapshot,
    TakeOrder,
    Waiting,
)
from workflows.models import ZERO, Asset, Deliverable, Plan, Take
from workflows.requests import Rejection

_DECIDED: Mapping[str, object] = {"attention": None, "waiting": None, "error": None, "error_kind": ""}
_REPLACEABLE = frozenset({"asset_failed", "output_unusable", "model_retired"})
"""Failures after which another model may make it; refused content and what is in doubt are for a person."""
RESUBMISSION_POLICY = "the resubmission policy"
"""Submits again in the place of a person (GREENLIGHT_RESUBMIT_BELOW_USD)."""
_OF_THE_ACCOUNT = frozenset({"authentication_failed", "quota_exhausted"})
"""Failures of a key or a balance: most likely every model of the provider meets them."""


class ProductionState(Approving):
    """Everything a production knows, and what can happen to it."""

    def told(self) -> Snapshot:
        """What everybody outside is told, with what waits for a word about the whole production."""
        return super().told().model_copy(update={"waiting": attention.whole_production(self)})

    def attention(self) -> list[str]:
        """Ids of the assets that wait for a person."""
        return [i for i, s in self.assets.items() if s.attention]

    def waiting(self) -> Iterator[Asset]:
        """The assets to start, in plan order: what an earlier run was making first, then what has all its inputs."""
        assets = self.plan.assets if self.plan and self.assets else ()
        states, generating, pending = self.assets, AssetStatus.GENERATING, AssetStatus.PENDING
        for asset in assets:
            if states[asset.asset_id].status is generating:
                yield asset
        for asset in assets:
            state = states[asset.asset_id]
            if state.status is not pending or state.attention or self.paused or self.is_gated(asset):
                continue
            if self.inputs_ready(asset):
                yield asset

    def inputs_ready(self, asset: Asset) -> bool:
        """True when everything the asset is made from is there, or was left out by a person's decision."""
        done = (AssetStatus.COMPLETED, AssetStatus.CANCELLED)
        made = (i for i in asset.depends_on if i not in self.brief.reference_ids)
        return all(self.assets[i].status in done for i in made)

    def extras(self) -> Iterator[tuple[str, ExtraTake]]:
        """The further takes to make: what an earlier run began, and what nothing holds back."""
        for asset in self.plan.assets if self.plan and self.assets else ():
            free = not self.paused and not self.is_gated(asset) and self.inputs_ready(asset)
            for extra in self.assets[asset.asset_id].extra:
                if extra.started or free:
                    yield asset.asset_id, extra

    # Making

    def start(self, asset: Asset) -> None:
        """Mark an asset as being made. After continue-as-new it already was: then nothing is logged again."""
        before = self.assets[asset.asset_id]
        if before.status is not AssetStatus.GENERATING:
            made_with = before.made_with if before.order else self._inputs_in_use(asset)
            self.update(asset.asset_id, status=AssetStatus.GENERATING, error=None, made_with=made_with)
            made: dict[str, JsonValue] = {"take": before.next_take, "provider": asset.provider, "model": asset.model}
            quote = asset.quote
            job: dict[str, JsonValue] = {"job": True} if quote and quote.job else {}
            paid: dict[str, JsonValue] = {"paid": True} if quote and (quote.high_usd or quote.unknown) else {}
            self.log("asset_start", asset.asset_id, **made, **job, **paid)

    def _inputs_in_use(self, asset: Asset) -> dict[str, int]:
        """What a take that is begun now is made from: the same whichever takes are selected until it is there."""
        used = {i: self.usable(i) for i in asset.depends_on if i in self.assets}
        return {i: take.number for i, take in used.items() if take}

    def complete(self, asset_id: str, take: Take, **data: JsonValue) -> None:
        """The take is there and in use."""
        before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
        if asset:
            self.book(asset.made_by(before.model), take.billed_usd, before.booked_usd)
        self.update(
            asset_id,
            status=AssetStatus.COMPLETED,
            takes=(*(t for t in before.takes if t.number != take.number), self._known(asset_id, take)),
            selected=take.number,
            next_take=take.number + 1,
            booked_usd=ZERO,
            settled={},
            order=None,
            made_with={},
            **_DECIDED,
        )
        self.log("asset_complete", asset_id, **_in_short(take), **data)
        self._restale(asset_id, with_dependents=bool(before.takes))

    def start_extra(self, asset_id: str, number: int) -> None:
        extra = self.assets[asset_id].extra
        begun = tuple(e.model_copy(update={"started": True}) if e.number == number else e for e in extra)
        self.update(asset_id, extra=begun)

    def complete_extra(self, asset_id: str, take: Take) -> None:
        """A further take is there to choose from; which one is in use does not change."""
        before = self.assets[asset_id]
        extra = next((e for e in before.extra if e.number == take.number), None)
        if extra:
            self.book(extra.asset, take.billed_usd, extra.booked_usd)
        known = self._known(asset_id, take, extra.asset if extra else None)
        takes = sorted((*before.takes, known), key=lambda t: t.number)
        self.update(asset_id, takes=tuple(takes), extra=_without(before.extra, take.number))
        self.log("asset_complete", asset_id, **_in_short(take), extra=True)

    def fail_extra(self, asset_id: str, number: int, failure: AssetFailure) -> None:
        """A further take failed: nobody is asked, and what may have been billed counts as billed."""
        extra = self.assets[asset_id].extra
        for each in extra:
            if each.number == number:
                self.book(each.asset, failure.billed_usd, each.booked_usd)
        self.spent_usd += failure.doubt_usd
        self.update(asset_id, extra=_without(extra, number))
        told = failure.model_dump(mode="json", exclude={"message"}, exclude_defaults=True)
        self.log("take_failed", asset_id, take=number, message=failure.message[:MAX_MESSAGE_CHARS], **told)

    def _known(self, asset_id: str, take: Take, asked: Asset | None = None) -> Take:
        """The take with the digests of what it was made from."""
        asset = asked or (self.plan.find(asset_id) if self.plan else None)
        if asset is None:
            return take
        return take.model_copy(update={"made_from": staleness.made_from(asset, take, self.assets)})

    def next_number_free(self, asset_id: str, failure: AssetFailure) -> None:
        """The number of the take was used for another request, by a run that was reset: count what that one has cost,
        and make this one under the next number."""
        before = self.assets[asset_id]
        self.spent_usd += failure.billed_usd - before.booked_usd
        self.update(asset_id, status=AssetStatus.PENDING, next_take=before.next_take + 1, booked_usd=ZERO, order=None)
        found: dict[str, JsonValue] = {"take": before.next_take, "billed_usd": str(failure.billed_usd)}
        self.log("take_failed", asset_id, kind=failure.kind, **found)

    def price_changed(self, asset_id: str, failure: AssetFailure) -> None:
        """Nothing was submitted, as the model costs more by now than was reserved: reserve that, or ask a person."""
        asset = self.plan.find(asset_id) if self.plan else None
        if asset and failure.now_usd is not None:
            maker = asset.made_by(self.assets[asset_id].model)
            name = f"{maker.provider}/{maker.model}"
            if maker.quote and failure.now_usd > self.learned_of(maker).price(maker.quote):
                self.learned[name] = self.learned_of(maker).with_bill(maker.quote, failure.now_usd)
        self.update(asset_id, status=AssetStatus.PENDING)

    def fail(self, asset_id: str, failure: AssetFailure) -> None:
        before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
        if asset:
            self.book(asset.made_by(before.model), failure.billed_usd, before.booked_usd)
        message = failure.message[:MAX_MESSAGE_CHARS]
        self.update(
            asset_id,
            status=AssetStatus.FAILED,
            booked_usd=failure.billed_usd,
            error=message,
            error_kind=failure.kind,
            order=None,
        )
        told = failure.model_dump(
            mode="json", exclude={"reason", "message", "job_id", "replacement", "resubmit"}, exclude_defaults=True
        )
        self.log("asset_failed", asset_id, reason=failure.reason, message=message, **told)
        self.log("needs_attention", asset_id, reason=failure.reason, job_id=failure.job_id)
        self._wait_for_a_person(
            asset_id,
            failure.reason,
            job_id=failure.job_id,
            replacement=failure.replacement[:5],
            doubt_usd=failure.doubt_usd,
        )

    def _wait_for_a_person(self, asset_id: str, reason: AttentionReason, **known: object) -> None:
        """Keep why the asset waits, since the newest event."""
        told = self.events[-1]
        waiting = Waiting.model_validate({"id": told.id, "since": told.at, **known})
        self.update(asset_id, attention=reason, waiting=waiting)

    def resubmit_unasked(self, asset_id: str, failure: AssetFailure) -> bool:
        """Submit again what is in doubt and costs little, where the budget holds one more besides; else change nothing.

        What the take holds is for the next submission, and the one in doubt counts as billed.
        """
        before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
        more = failure.billed_usd + failure.doubt_usd - before.booked_usd
        if asset is None or not failure.resubmit or more > self.left_usd():
            return False
        self.spent_usd += more
        message = failure.message[:MAX_MESSAGE_CHARS]
        self.log("resolved", asset_id, action="resubmit", by=RESUBMISSION_POLICY, message=message)
        order = TakeOrder(number=len(self.events), about_job_id=failure.job_id)
        # It stays under way, and holds its price.
        self.update(asset_id, booked_usd=failure.billed_usd + failure.doubt_usd, order=order)
        return True

    def resubmit_extra(self, asset_id: str, number: int, failure: AssetFailure) -> bool:
        """The same for a further take."""
        extra = next((e for e in self.assets[asset_id].extra if e.number == number), None)
        more = failure.billed_usd + failure.doubt_usd - (extra.booked_usd if extra else ZERO)
        if extra is None or not failure.resubmit or more > self.left_usd():
            return False
        self.spent_usd += more
        self.log("resolved", asset_id, action="resubmit", by=RESUBMISSION_POLICY, take=number)
        order = TakeOrder(number=len(self.events), about_job_id=failure.job_id)
        again = extra.model_copy(update={"order": order, "booked_usd": failure.billed_usd + failure.doubt_usd})
        extras = (again if e.number == number else e for e in self.assets[asset_id].extra)
        self.update(asset_id, extra=tuple(extras))
        return True

    def settled(self, asset_id: str, take: int) -> bool:
        """A take in doubt was answered after all, late: the question is withdrawn, and its ledger is read again."""
        state = self.assets.get(asset_id)
        if state is None or state.attention != "ambiguous_submission" or state.next_take != take:
            return False
        self.log("attention_withdrawn", asset_id, reason="ambiguous_submission", take=take)
        # Its money is spent or held already: no budget is asked again.
        self.update(asset_id, status=AssetStatus.GENERATING, **_DECIDED)
        return True

    def propose(self, asset_id: str, number: int, prompt: str) -> None:
        """Keep a prompt that a person may accept, where the asset still waits for the same thing."""
        waiting = self.assets[asset_id].waiting
        if prompt and waiting and waiting.id == number:
            self.update(asset_id, waiting=waiting.model_copy(update={"proposal": prompt}))
            self.log("prompt_proposed", asset_id, attention=number)

    def fall_back(self, asset_id: str, failure: AssetFailure) -> bool:
        """Queue the asset for its next model, where it has one and the failure cost nothing; else change nothing.

        Refused content, a submission in doubt and whatever a person ordered are for a person to decide.
        """
        before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
        billed = failure.billed_usd or failure.maybe_billed
        free = failure.reason in _REPLACEABLE and not billed and before.order is None
        if asset is None or not free:
            return False
        account = failure.kind in _OF_THE_ACCOUNT
        barred = asset.made_by(before.model).provider if account else None
        behind = enumerate(asset.fallbacks[before.model :], start=before.model + 1)
        number, other = next(((n, a) for n, a in behind if a.provider != barred), (0, None))
        if other is None:
            return False
        self.update(asset_id, status=AssetStatus.PENDING, model=number, next_take=before.next_take + 1)
        self.log(
            "asset_fallback",
            asset_id,
            provider=other.provider,
            model=other.model,
            kind=failure.kind,
            message=failure.message[:MAX_MESSAGE_CHARS],
        )
        return True

    def providers(self) -> list[str]:
        """Who makes the assets, in order; of one that fell back, whoever makes it now."""
        tried = {asset_id: state.model for asset_id, state in self.assets.items() if state.model}
        assets = self.plan.assets if self.plan else ()
        return sorted({a.made_by(tried.get(a.asset_id, 0)).provider for a in assets})

    def park(self, asset_id: str, left: Decimal, price: Decimal) -> None:
        """The asset's price does not fit what is left of the budget: a person raises it or does without."""
        asset = self.plan.find(asset_id) if self.plan else None
        message = f"up to {price} USD does not fit the {left} USD that are left; raise the budget or go on without"
        reason: AttentionReason = "budget_short"
        if asset and price > asset.high_usd and not asset.unknown_price:
            reason = "overrun"
            message = f"its model charges up to {price} USD, above its published {asset.high_usd} USD; {message}"
        self.ask(asset_id, reason, message)

    def ask(self, asset_id: str, reason: AttentionReason, message: str) -> None:
        """Wait for a person before the asset is started."""
        self.update(asset_id, error=message[:MAX_MESSAGE_CHARS])
        self.log("needs_attention", asset_id, reason=reason, message=message[:MAX_MESSAGE_CHARS])
        self._wait_for_a_person(asset_id, reason)

    def unpark(self) -> None:
        """Withdraw what waits for money that has come free meanwhile."""
        for asset_id in self.attention():
            if self.assets[asset_id].attention in ("budget_short", "overrun"):
                if self.price_usd(asset_id) > self.left_usd():
                    continue
                self.log("attention_withdrawn", asset_id, reason=self.assets[asset_id].attention)
                self.update(asset_id, **_DECIDED)

    # What people decide

    def reject(self, rejection: Rejection) -> None:
        """End it; what was delivered before the second gate stays delivered, without the new video."""
        at_gate: dict[str, JsonValue] = {"gate": "stills"} if self.gate == "waiting" else {}
        self.log("rejected", rejecter=rejection.rejecter, reason=rejection.reason, **at_gate)
        if at_gate and self.deliverable:
            for asset in self.gated():
                self.leave_out(asset.asset_id, by=rejection.rejecter)
            self.status = ProductionStatus.PRODUCING
        else:
            self.status = ProductionStatus.REJECTED
        self.close_gate()

    def leave_out(self, asset_id: str, *, drop: bool = False, **data: JsonValue) -> None:
        """Go on without the take that is missing: with an earlier one where there is one, else without the asset.

        Args:
            drop: Go on without the asset although there is a take of it; the take stays, and can be selected again.
        """
        self._book_doubt(asset_id)
        before = self.assets[asset_id]
        selected = before.selected or max((t.number for t in before.takes), default=0)
        status = AssetStatus.COMPLETED if selected and not drop else AssetStatus.CANCELLED
        self.update(
            asset_id,
            status=status,
            selected=selected,
            attention=None,
            waiting=None,
            order=None,
            **_numbers_after(before),
        )
        self.log("asset_cancelled", asset_id, **data)
        self.close_gate()
        if status is AssetStatus.COMPLETED:
            self._accept(asset_id)
            self._restale(asset_id, with_dependents=False)

    def _book_doubt(self, asset_id: str) -> None:
        """Go on without knowing whether a submission was billed: then it counts as billed."""
        if self.assets[asset_id].attention == "ambiguous_submission":
            doubtful = self.doubt_usd(asset_id)
            self.spent_usd += doubtful
            self.update(asset_id, booked_usd=self.assets[asset_id].booked_usd + doubtful)

    def make_again(self, asset_id: str, count: int = 1) -> None:
        """Queue new takes of an asset; the selected one stays in use until the last of the new numbers is there."""
        before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
        first = self.next_number(asset_id)
        last = first + count - 1
        extra = [ExtraTake(number=number, asset=asset) for number in range(first, last) if asset]
        self.update(
            asset_id,
            **{**_numbers_after(before), **_DECIDED, "next_take": last},
            status=AssetStatus.PENDING,
            extra=(*before.extra, *extra),
            order=None,
            model=0,
            made_with={},
            cancelled=None,
            job_id=None,
        )
        self._go_on()

    def take_up(self, asset_id: str, adopt_job_id: str | None) -> None:
        """Take up the same take again, as a person ordered: with the job that runs, or by one more submission.

        One more submission books the doubtful one as if it was billed, which is what its ledger does too.
        """
        if adopt_job_id is None and self.assets[asset_id].attention == "ambiguous_submission":
            doubtful = self.doubt_usd(asset_id)
            self.spent_usd += doubtful
            self.update(asset_id, booked_usd=self.assets[asset_id].booked_usd + doubtful)
        about = waiting.job_id if (waiting := self.assets[asset_id].waiting) else None
        order = TakeOrder(number=len(self.events), adopt_job_id=adopt_job_id, about_job_id=about)
        # An adopted job costs nothing more than what is held for it.
        status = AssetStatus.PENDING if adopt_job_id is None else AssetStatus.GENERATING
        self.update(asset_id, status=status, order=order, **_DECIDED)
        self._go_on()

    def next_number(self, asset_id: str) -> int:
        """The number of the take that comes after what was begun."""
        before = self.assets[asset_id]
        return before.next_take + (1 if _begun(before) else 0)

    def use_upload(self, asset_id: str, take: Take, by: str) -> None:
        """A person's own file is the take in use; what was made or failed before stays in the record."""
        self.update(asset_id, **_numbers_after(self.assets[asset_id]))
        self.complete(asset_id, take, by=by, note=take.note)
        self._go_on()

    def select(self, asset_id: str, number: int, **data: JsonValue) -> None:
        self._book_doubt(asset_id)
        numbers = _numbers_after(self.assets[asset_id])
        self.update(
            asset_id,
            selected=number,
            status=AssetStatus.COMPLETED,
            order=None,
            **_DECIDED,
            **numbers,
        )
        self._accept(asset_id)
        self.log("take_selected", asset_id, take=number, **data)
        self._restale(asset_id, with_dependents=True)
        self._go_on()

    def edit(self, plan: Plan, dropped: Mapping[str, str], *, allow_unknown: bool, **data: JsonValue) -> None:
        """The plan was changed after the approval: new assets are made, changed ones are stale, dropped ones left out.
        What is still to be made and costs more than was approved waits for the approvers.

        Args:
            dropped: Asset -> who left it out.
            allow_unknown: The editor may release money, and allows what has no published price.
        """
        before, costs = self.plan, {i: self.price_usd(i) for i in self.assets}
        self.plan = plan
        self.log("plan_edited", plan_digest=plan.digest, **data)
        added = [a.asset_id for a in plan.assets if a.asset_id not in self.assets]
        self.assets = {a.asset_id: self.assets.get(a.asset_id, AssetState()) for a in plan.assets}
        for asset_id, who in dropped.items():
            self.leave_out(asset_id, drop=True, by=who)
        pending = [a for a in plan.assets if self.assets[a.asset_id].status is AssetStatus.PENDING]
        if allow_unknown:
            for asset in pending:
                self.allow_unknown(asset)
        self.approvals = ()
        self._weigh([a.asset_id for a in pending if self.price_usd(a.asset_id) > costs.get(a.asset_id, ZERO)])
        self._restale_all([a.asset_id for a in plan.assets])
        moved = before is None or [a.asset_id for a in before.assets] != [a.asset_id for a in plan.assets]
        if added or dropped or moved or (before and before.title != plan.title):
            self._go_on()

    def _weigh(self, dearer: list[str]) -> None:
        """After an edit: where all that is to be made does not fit, what costs more now waits for the approvers."""
        short = self.to_make_usd() - self.left_usd()
        for asset_id in self.attention():
            if short <= 0 and self.assets[asset_id].attention == "change_to_approve":
                self.log("attention_withdrawn", asset_id, reason="change_to_approve")
                self.update(asset_id, **_DECIDED)
        if short > 0:
            for asset_id in dearer:
                price = self.price_usd(asset_id)
                words = f"it costs up to {price} USD now, which takes the plan {short} USD above what was approved"
                self.ask(asset_id, "change_to_approve", f"{words}; approve it again, edit it, or go on without")

    def _accept(self, asset_id: str) -> None:
        """A person uses this take for what the plan asks for now, whatever it was made from."""
        if self.plan and (asset := self.plan.find(asset_id)):
            self.update(asset_id, settled=staleness.spec(asset))

    def _go_on(self) -> None:
        self.close_gate()
        if self.status is ProductionStatus.DELIVERED:
            self.status = ProductionStatus.PRODUCING

    def _restale(self, asset_id: str, *, with_dependents: bool) -> None:
        """What was made from something that is no longer used is stale; nothing is remade unasked."""
        assert self.plan is not None
        reached = policies.dependents(self.plan, asset_id) if with_dependents or self._others_made(asset_id) else []
        self._restale_all([asset_id, *reached], asset_id)

    def _others_made(self, asset_id: str) -> bool:
        """Whether something that is made from the asset was made already, without it."""
        users = self.plan.used_by.get(asset_id, ()) if self.plan else ()
        return any(self.assets[a.asset_id].take for a in users)

    def _restale_all(self, asset_ids: list[str], because: str | None = None) -> None:
        assert self.plan is not None
        for each in policies.inputs_first(self.plan, asset_ids):
            state, why = self.assets[each], staleness.reasons(self.plan, self.assets, each)
            if why != state.stale_because or bool(why) != state.stale:
                self.update(each, stale=bool(why), stale_because=why)
            if why and not state.stale:
                price = str(self.price_usd(each))
                self.log("asset_stale", each, because=because or each, changed=list(why), price_usd=price)

    def raise_budget(self, budget_usd: Decimal, by: str) -> None:
        """Allow more to be spent, and tell where that is more than the brief says."""
        before = self.budget_usd or ZERO
        if budget_usd <= before:
            return
        self.budget_usd = budget_usd
        above: dict[str, JsonValue] = {}
        if self.brief.budget_usd is not None and budget_usd > self.brief.budget_usd:
            above = {"brief_budget_usd": str(self.brief.budget_usd)}
        self.log("budget_raised", by=by, budget_usd=str(budget_usd), before_usd=str(before), **above)
        self.unpark()
        self._weigh([])  # what costs more than was approved may fit now

    # The deliverable

    def usable(self, asset_id: str) -> Take | None:
        """The take that others and the deliverable are made from; none of an asset that was left out."""
        state = self.assets[asset_id]
        return None if state.status is AssetStatus.CANCELLED else state.take

    def used(self) -> dict[str, int]:
        """Which take of each asset a deliverable is made from."""
        return {i: take.number for i in self.assets if (take := self.usable(i))}

    def deliver(self, deliverable: Deliverable) -> None:
        self.deliverable, self.error, self.paused = deliverable, None, None
        self.status = ProductionStatus.DELIVERED
        self.log(
            "done",
            revision=deliverable.revision,
            files=[f.name for f in deliverable.files],
            cost_usd=str(self.spent_usd),
            notes=list(deliverable.notes),
        )

    # The end before the end

    def cancel(self, stopped: Mapping[tuple[str, int], AssetCancelled]) -> None:
        """Stop what is not made. A production that was delivered before stays delivered, as it was.

        Args:
            stopped: What came of stopping the takes that cost money, by asset and number.
        """
        for (asset_id, number), end in stopped.items():
            before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
            extra = next((e for e in before.extra if e.number == number), None)
            if extra:
                self.book(extra.asset, end.billed_usd, extra.booked_usd)
            elif asset:
                self.book(asset.made_by(before.model), end.billed_usd, before.booked_usd)
        for asset_id, state in self.assets.items():
            ends = [end for (each, _), end in stopped.items() if each == asset_id]
            unfinished = bool(state.extra) or state.status in (AssetStatus.PENDING, AssetStatus.GENERATING)
            ended = unfinished or (self.deliverable is not None and state.status is AssetStatus.FAILED)
            if state.attention == "ambiguous_submission":
                self.update(asset_id, cancelled="running", job_id=state.waiting.job_id if state.waiting else None)
                if not ended:  # else it is left out, and its doubt booked with that
                    self._book_doubt(asset_id)
            if ended:
                self._end(asset_id, ends)
            self.update(asset_id, attention=None, waiting=None)  # what is closed asks for nothing
        if self.status.closed:
            return
        if self.deliverable is None:
            self.status = ProductionStatus.CANCELLED
        else:
            self.status = ProductionStatus.DELIVERED
            for asset_id, number in self.deliverable.takes.items():
                if self.assets[asset_id].selected != number:
                    self.update(asset_id, selected=number)
                    self.log("take_selected", asset_id, take=number)
                    self._restale(asset_id, with_dependents=True)
        self.log("cancelled", cost_usd=str(self.spent_usd))

    def _end(self, asset_id: str, ends: list[AssetCancelled]) -> None:
        """Leave out what was being made of an asset; of several takes, the one that may still cost something tells."""
        order = ("running", "stopped", "billed", "free")
        worst = min(ends, key=lambda end: order.index(end.outcome), default=None)
        told = worst.model_dump(mode="json", exclude_defaults=True) if worst else {}
        self.leave_out(asset_id, **told)
        self.update(
            asset_id,
            extra=(),
            cancelled=worst.outcome if worst else self.assets[asset_id].cancelled or "free",
            job_id=worst.job_id if worst else self.assets[asset_id].job_id,
        )


def _without(extra: tuple[ExtraTake, ...], number: int) -> tuple[ExtraTake, ...]:
    return tuple(e for e in extra if e.number != number)


def _in_short(take: Take) -> dict[str, JsonValue]:
    data: dict[str, JsonValue] = {
        "take": take.number,
        "cost_usd": str(take.cost_usd),
        "cost_source": take.cost_source,
        "media_type": take.media.media_type,
    }
    if take.media.duration_seconds is not None:
        data["duration_seconds"] = take.media.duration_seconds
    return data


def _begun(state: AssetState) -> bool:
    return state.status in (AssetStatus.FAILED, AssetStatus.GENERATING) or state.order is not None


def _numbers_after(state: AssetState) -> dict[str, object]:
    """A take that was begun keeps its number and its ledger to itself: the next one is another."""
    return {"next_take": state.next_take + 1, "booked_usd": ZERO} if _begun(state) else {}
