"""What happens to the takes of a production while they are made: each change logs its event. Pure."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import JsonValue

from workflows.events import AssetStatus, AttentionReason, ExtraTake, ProductionStatus, TakeOrder, Waiting
from workflows.models import ZERO, Asset, Take
from workflows.production.state import policies, staleness
from workflows.production.state.approvals import DECIDED, MAX_MESSAGE_CHARS, Approving

if TYPE_CHECKING:  # the record of assets is read by clients, which load no Temporal
    from workflows.activity_io import AssetFailure

_REPLACEABLE = frozenset({"asset_failed", "output_unusable", "model_retired"})
"""Failures after which another model may make it; refused content and what is in doubt are for a person."""
RESUBMISSION_POLICY = "the resubmission policy"
"""Submits again in the place of a person (GREENLIGHT_RESUBMIT_BELOW_USD)."""
_OF_THE_ACCOUNT = frozenset({"authentication_failed", "quota_exhausted"})
"""Failures of a key or a balance: most likely every model of the provider meets them."""


class Making(Approving):
    """A production whose assets are being made."""

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
            **DECIDED,
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
        self.update(asset_id, takes=tuple(takes), extra=without(before.extra, take.number))
        self.log("asset_complete", asset_id, **_in_short(take), extra=True)

    def fail_extra(self, asset_id: str, number: int, failure: "AssetFailure") -> None:
        """A further take failed: nobody is asked, and what may have been billed counts as billed."""
        extra = self.assets[asset_id].extra
        for each in extra:
            if each.number == number:
                self.book(each.asset, failure.billed_usd, each.booked_usd)
        self.spent_usd += failure.doubt_usd
        self.update(asset_id, extra=without(extra, number))
        if failure.reason == "ambiguous_submission":
            booked = failure.billed_usd + failure.doubt_usd
            given_up = (e.model_copy(update={"booked_usd": booked}) for e in extra if e.number == number)
            self.update(asset_id, lost=(*self.assets[asset_id].lost, *given_up))
        told = failure.model_dump(mode="json", exclude={"message"}, exclude_defaults=True)
        self.log("take_failed", asset_id, take=number, message=failure.message[:MAX_MESSAGE_CHARS], **told)

    def _known(self, asset_id: str, take: Take, asked: Asset | None = None) -> Take:
        """The take with the digests of what it was made from."""
        asset = asked or (self.plan.find(asset_id) if self.plan else None)
        if asset is None:
            return take
        return take.model_copy(update={"made_from": staleness.made_from(asset, take, self.assets)})

    def next_number_free(self, asset_id: str, failure: "AssetFailure") -> None:
        """The number of the take was used for another request, by a run that was reset: count what that one has cost,
        and make this one under the next number."""
        before = self.assets[asset_id]
        self.spent_usd += failure.billed_usd - before.booked_usd
        self.update(asset_id, status=AssetStatus.PENDING, next_take=before.next_take + 1, booked_usd=ZERO, order=None)
        found: dict[str, JsonValue] = {"take": before.next_take, "billed_usd": str(failure.billed_usd)}
        self.log("take_failed", asset_id, kind=failure.kind, **found)

    def price_changed(self, asset_id: str, failure: "AssetFailure") -> None:
        """Nothing was submitted, as the model costs more by now than was reserved: reserve that, or ask a person."""
        asset = self.plan.find(asset_id) if self.plan else None
        if asset:
            self._learn(asset.made_by(self.assets[asset_id].model), failure)
        self.update(asset_id, status=AssetStatus.PENDING)

    def extra_price_changed(self, asset_id: str, number: int, failure: "AssetFailure") -> bool:
        """The same of a further take; False where the budget does not hold it at that price."""
        extra = next((e for e in self.assets[asset_id].extra if e.number == number), None)
        if extra is None or failure.now_usd is None or (extra.asset.quote and failure.now_usd <= self.extra_usd(extra)):
            return False
        self._learn(extra.asset, failure)
        return self.left_usd() >= ZERO

    def _learn(self, maker: Asset, failure: "AssetFailure") -> None:
        known = self.learned_of(maker)
        if maker.quote and failure.now_usd is not None and failure.now_usd > known.price(maker.quote):
            self.learned[f"{maker.provider}/{maker.model}"] = known.with_bill(maker.quote, failure.now_usd)

    def fail(self, asset_id: str, failure: "AssetFailure") -> None:
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

    def resubmit_unasked(self, asset_id: str, failure: "AssetFailure") -> bool:
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

    def resubmit_extra(self, asset_id: str, number: int, failure: "AssetFailure") -> bool:
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
        """A take in doubt was answered after all, late: its ledger is read again.

        The question is withdrawn where it still waits. What was given up meanwhile becomes a further take, to choose
        from, and costs what it was billed.
        """
        state = self.assets.get(asset_id)
        if state is None:
            return False
        if given_up := [e for e in state.lost if e.number == take]:
            found = (e.model_copy(update={"started": True}) for e in given_up)
            self.update(asset_id, extra=(*state.extra, *found), lost=without(state.lost, take))
            self.log("attention_withdrawn", asset_id, reason="ambiguous_submission", take=take)
            self._go_on()
            return True
        if state.attention != "ambiguous_submission" or state.next_take != take:
            return False
        self.log("attention_withdrawn", asset_id, reason="ambiguous_submission", take=take)
        # Its money is spent or held already: no budget is asked again.
        self.update(asset_id, status=AssetStatus.GENERATING, **DECIDED)
        return True

    def propose(self, asset_id: str, number: int, prompt: str) -> None:
        """Keep a prompt that a person may accept, where the asset still waits for the same thing."""
        waiting = self.assets[asset_id].waiting
        if prompt and waiting and waiting.id == number:
            self.update(asset_id, waiting=waiting.model_copy(update={"proposal": prompt}))
            self.log("prompt_proposed", asset_id, attention=number)

    def fall_back(self, asset_id: str, failure: "AssetFailure") -> bool:
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
                self.update(asset_id, **DECIDED)

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

    def usable(self, asset_id: str) -> Take | None:
        """The take that others and the deliverable are made from; none of an asset that was left out."""
        state = self.assets[asset_id]
        return None if state.status is AssetStatus.CANCELLED else state.take


def without(extra: tuple[ExtraTake, ...], number: int) -> tuple[ExtraTake, ...]:
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
