"""What a production may still spend: prices, and what is held for takes that are being made or in doubt."""

from decimal import Decimal

from workflows.events import AssetStatus, ExtraTake
from workflows.models import ZERO, Asset
from workflows.record import Record


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
            if state.status is AssetStatus.GENERATING or state.attention == "ambiguous_submission":
                held += self.price_usd(asset_id)
            held += sum((self.extra_usd(e) for e in state.extra), ZERO)
        return held

    def extra_usd(self, extra: ExtraTake) -> Decimal:
        """The most that a further take may cost, as it was asked for."""
        quote = extra.asset.quote
        known = quote.high_usd if quote else ZERO
        return max(known, self.learned_usd(extra.asset) or ZERO) if quote and quote.unknown else known

    def price_usd(self, asset_id: str) -> Decimal:
        """The most that one take of the asset may cost; what nobody published, as dear as it ever was here."""
        asset = self.plan.find(asset_id) if self.plan else None
        if asset is None:
            return ZERO
        return max(asset.high_usd, self.learned_usd(asset) or ZERO) if asset.unknown_price else asset.high_usd

    def doubt_usd(self, asset_id: str) -> Decimal:
        """What a request whose answer was lost counts for: as its ledger says, the price of the model asked."""
        asset = self.plan.find(asset_id) if self.plan else None
        quote = asset.made_by(self.assets[asset_id].model).quote if asset else None
        return quote.high_usd if quote else ZERO

    def learned_usd(self, asset: Asset) -> Decimal | None:
        """The dearest take so far of the model that makes the asset; None before the first."""
        takes = (t for s in self.assets.values() for t in s.takes)
        return max((t.cost_usd for t in takes if (t.provider, t.model) == self._made_by(asset)), default=None)

    def is_first_under_way(self, asset: Asset) -> bool:
        """Whether another asset is the first that the model of this one makes."""
        making = (i for i, s in self.assets.items() if s.status is AssetStatus.GENERATING and i != asset.asset_id)
        others = (self.plan.find(i) for i in making) if self.plan else ()
        same = any(o and self._made_by(o) == self._made_by(asset) for o in others)
        return same and self.learned_usd(asset) is None

    def making_for_money(self) -> list[tuple[Asset, int]]:
        """The takes that are being made and may cost something: the asset as the model in use makes it, the number."""
        found = []
        for asset_id, state in self.assets.items():
            found += [(e.asset, e.number) for e in state.extra if e.started]
            asset = self.plan.find(asset_id) if self.plan else None
            if asset and state.status is AssetStatus.GENERATING:
                found.append((asset.made_by(state.model), state.next_take))
        return [(a, n) for a, n in found if a.quote and (a.quote.high_usd or a.quote.unknown)]

    def _made_by(self, asset: Asset) -> tuple[str, str]:
        state = self.assets.get(asset.asset_id)
        chosen = asset.made_by(state.model) if state else asset
        return chosen.provider, chosen.model
