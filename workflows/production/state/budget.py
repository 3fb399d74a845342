"""What a production may still spend: prices, and what is held for takes that are being made or in doubt."""

from collections.abc import Iterator
from decimal import Decimal

from workflows.events import AssetStatus, ExtraTake
from workflows.models import ZERO, Asset, Learned
from workflows.production.state.record import Record


class Accounts(Record):
    """The record with its money, USD."""

    asking_usd = ZERO
    """What questions to a language model that are under way may cost; none outlives a run."""

    def left_usd(self) -> Decimal:
        """What may still be reserved: the budget less what is spent, and what is being made or in doubt may cost."""
        return (self.budget_usd or ZERO) - self.spent_usd - self.held_usd()

    def held_usd(self) -> Decimal:
        held = self.asking_usd
        for asset_id, state in self.assets.items():
            if state.status is AssetStatus.GENERATING:
                held += self.price_usd(asset_id)
            elif state.attention == "ambiguous_submission":
                held += self.doubt_usd(asset_id)
            held += sum((self.extra_usd(e) for e in state.extra), ZERO)
        return held

    def returnable_usd(self) -> Decimal:
        """Of what is held, the most that may come free without anybody's decision, though nothing fails: takes under
        way that cost less than they may at most."""
        back = self.asking_usd
        for asset, _ in self.making():
            quote = asset.quote
            back += ZERO if quote is None else max(self.learned_of(asset).price(quote) - quote.low_usd, ZERO)
        return back

    # Prices

    def learned_of(self, asset: Asset) -> Learned:
        return self.learned.get(f"{asset.provider}/{asset.model}", Learned())

    def reserve_usd(self, asset: Asset) -> Decimal:
        """The most that one take may cost, whichever of the asset's models makes it, by all that they have charged."""
        return max((self.learned.get(name, Learned()).price(quote) for name, quote in asset.quotes), default=ZERO)

    def extra_usd(self, extra: ExtraTake) -> Decimal:
        """The most that a further take may cost, as it was asked for."""
        quote = extra.asset.quote
        return self.learned_of(extra.asset).price(quote) if quote else ZERO

    def price_usd(self, asset_id: str) -> Decimal:
        """The most that one take of the asset may cost; of an unpublished price, as much as it ever cost here."""
        asset = self.plan.find(asset_id) if self.plan else None
        return self.reserve_usd(asset) if asset else ZERO

    def doubt_usd(self, asset_id: str) -> Decimal:
        """What a request whose answer was lost counts for: as its ledger says."""
        waiting = self.assets[asset_id].waiting
        return waiting.doubt_usd if waiting else ZERO

    def to_make_usd(self) -> Decimal:
        """The most that all assets cost that are still to be started, those that wait for money too."""
        pending = (i for i, s in self.assets.items() if s.status is AssetStatus.PENDING)
        return sum((self.price_usd(i) for i in pending), ZERO)

    def second_bill_short(self, asset_id: str) -> bool:
        """Whether one more submission of a take in doubt does not fit besides what the doubtful one counts for."""
        return self.price_usd(asset_id) > self.left_usd()

    def needs_more_budget(self, asset_id: str) -> bool:
        """Whether what the asset waits for is money: more than is left."""
        state = self.assets[asset_id]
        if state.attention == "ambiguous_submission":
            return self.second_bill_short(asset_id)
        return state.attention in ("budget_short", "overrun", "change_to_approve")

    @property
    def may_be_raised(self) -> bool:
        """Whether the policy leaves room for a higher budget."""
        most = self.brief.approval.max_budget_usd
        return most is None or (self.budget_usd or ZERO) < most

    # Prices that nobody published

    def not_allowed(self, asset: Asset) -> tuple[str, ...]:
        """provider/model of the asset's models whose price is unknown, and that nobody allowed for it."""
        state = self.assets.get(asset.asset_id)
        allowed = state.unknown_allowed if state else ()
        return tuple(name for name, quote in asset.quotes if quote.unknown and name not in allowed)

    def allow_unknown(self, asset: Asset) -> None:
        """Somebody who may release money allowed to spend on the asset's models without a published price."""
        known = self.assets[asset.asset_id].unknown_allowed
        self.update(asset.asset_id, unknown_allowed=tuple(dict.fromkeys((*known, *self.not_allowed(asset)))))

    def is_first_under_way(self, asset: Asset) -> bool:
        """Whether another asset is the first that the model of this one makes."""
        making = (i for i, s in self.assets.items() if s.status is AssetStatus.GENERATING and i != asset.asset_id)
        others = (self.plan.find(i) for i in making) if self.plan else ()
        same = any(o and self._made_by(o) == self._made_by(asset) for o in others)
        return same and not self._was_made(asset)

    def _was_made(self, asset: Asset) -> bool:
        maker = self._made_by(asset)
        return any((t.provider, t.model) == maker for s in self.assets.values() for t in s.takes)

    # Takes

    def making(self) -> Iterator[tuple[Asset, int]]:
        """The takes that are being made: the asset as the model in use makes it, and the number."""
        for asset_id, state in self.assets.items():
            yield from ((e.asset, e.number) for e in state.extra if e.started)
            asset = self.plan.find(asset_id) if self.plan else None
            if asset and state.status is AssetStatus.GENERATING:
                yield asset.made_by(state.model), state.next_take

    def making_for_money(self) -> list[tuple[Asset, int]]:
        """Of the takes that are being made, those that may cost something."""
        return [(a, n) for a, n in self.making() if a.quote and (a.quote.high_usd or a.quote.unknown)]

    def book(self, asset: Asset, billed_usd: Decimal, booked_usd: Decimal) -> None:
        """Count what a take has cost, and learn from a bill above its price.

        Args:
            asset: As the model that was asked makes it.
            billed_usd: All submissions of the take, as its ledger says.
            booked_usd: What is counted of it already, by estimate where a submission was in doubt.
        """
        bill, quote = billed_usd - booked_usd, asset.quote
        self.spent_usd += bill
        if quote is None:
            return
        after = self.learned_of(asset).with_bill(quote, bill)
        if after != self.learned_of(asset):
            self.learned[f"{asset.provider}/{asset.model}"] = after
        if bill > quote.high_usd and not quote.unknown:
            self.overrun_usd += bill - quote.high_usd
            self.log(
                "overrun",
                asset.asset_id,
                provider=asset.provider,
                model=asset.model,
                price_usd=str(quote.high_usd),
                cost_usd=str(bill),
            )

    def _made_by(self, asset: Asset) -> tuple[str, str]:
        state = self.assets.get(asset.asset_id)
        chosen = asset.made_by(state.model) if state else asset
        return chosen.provider, chosen.model
