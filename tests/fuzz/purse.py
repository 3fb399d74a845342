"""The money of one production in the plainest way: what may be spent, on what, and what models have charged."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.fuzz.answers import PRICES, UNPUBLISHED
from workflows.events import Event
from workflows.models import ZERO, Asset, Brief, Plan
from workflows.requests import Approval, Decision, PlanEdit, Refresh, Regenerate, Resolve


@dataclass
class Purse:
    """What those who may release money have released, USD."""

    cap: Decimal = ZERO
    charged: dict[str, Decimal] = field(default_factory=dict)
    """The dearest bill of each model that was above its price."""
    overcharged: Decimal = ZERO
    """The sum of what bills were above published prices."""
    permitted: set[tuple[str, str]] = field(default_factory=set)
    """Assets and models without a price on which somebody allowed to spend."""
    _approvals: list[Approval] = field(default_factory=list)
    _named: set[Decimal] = field(default_factory=set)
    """Sums that people named beside an edit, an answer, or an order of takes."""

    # Prices

    def price(self, model: str) -> Decimal:
        """The most that one submission may cost: as it was published, or as much as the model charged."""
        return max(published(model), self.charged.get(model, ZERO))

    def most(self, asset: Asset) -> Decimal:
        """The most that one take may cost, whichever model makes it."""
        return max(self.price(model) for model in models(asset))

    def dearer(self, model: str, usd: Decimal) -> None:
        """Remember that a submission costs that much."""
        if usd > published(model):
            self.charged[model] = max(usd, self.charged.get(model, ZERO))

    def billed(self, model: str, usd: Decimal) -> None:
        """Enter the bill of one submission."""
        self.dearer(model, usd)
        if model not in UNPUBLISHED:
            self.overcharged += max(usd - published(model), ZERO)

    # What people released

    def accepted(self, asked: Any, plan: Plan | None) -> None:
        """An update took effect: what it says about money."""
        assets = plan.assets if plan else ()
        match asked:
            case Decision(approve=Approval() as approval):
                self._approvals.append(approval)
            case PlanEdit(budget_usd=usd, allow_unknown_prices=allows):
                self._release(usd, [*assets] if allows else [])
            case (
                Regenerate(budget_usd=usd, allow_unknown_prices=allows)
                | Resolve(budget_usd=usd, allow_unknown_prices=allows)
            ):
                self._release(usd, [a for a in assets if allows and a.asset_id == asked.asset_id])
            case Refresh(budget_usd=usd, allow_unknown_prices=allows):
                self._release(usd, [a for a in assets if allows and a.asset_id in (asked.asset_ids or (a.asset_id,))])

    def _release(self, usd: Decimal | None, assets: list[Asset]) -> None:
        if usd is not None:
            self._named.add(usd)
        self._permit(assets)

    def _permit(self, assets: "list[Asset]") -> None:
        self.permitted |= {(a.asset_id, model) for a in assets for model in models(a)}

    def raised(self, event: Event, brief: Brief) -> None:
        """Somebody alone raised the budget: to a sum that he named, where the brief's policy lets him."""
        usd = Decimal(str(event.data["budget_usd"]))
        assert usd in self._named, f"{usd} USD were allowed, and nobody named them"
        assert brief.approval.approvers == 1, "one of two approvers released money alone"
        assert not brief.approval.not_by_requester or event.data["by"] != brief.requester
        self.cap = usd

    def approved(self, event: Event, brief: Brief, plan: Plan, paid: Decimal, wanted: Decimal, by_policy: bool) -> None:
        """All approvals are given: what they release together.

        Args:
            paid: All that was spent so far, USD.
            wanted: The most that all costs that is under way or to be made, USD.
        """
        together = [] if by_policy else self._approvals[-brief.approval.approvers :]
        sums = [a.budget_usd for a in together if a.budget_usd is not None]
        limit = brief.budget_usd
        if event.data.get("again"):
            needed = max(self.cap, paid + wanted)
            cap = min(sums) if sums else needed if limit is None else max(self.cap, min(needed, limit))
        elif event.data.get("gate") and not sums:
            cap = self.cap
        else:
            published_high = sum((max(published(m) for m in models(a)) for a in plan.assets), paid)
            cap = min(sums) if sums else limit if limit is not None else published_high
            cap = cap if limit is None else min(cap, limit)
        assert Decimal(str(event.data["budget_usd"])) == cap, f"approved {event.data['budget_usd']} USD, not {cap}"
        self.cap = cap
        if together and all(a.allow_unknown_prices for a in together):
            self._permit([*plan.assets])


def published(model: str) -> Decimal:
    return ZERO if model in UNPUBLISHED else PRICES[model]


def models(asset: Asset) -> list[str]:
    """All that may make the asset."""
    return [asset.model, *(f.model for f in asset.fallbacks)]
