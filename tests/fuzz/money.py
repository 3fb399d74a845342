"""The expected money of one production: what may be spent, on which assets, and what models have charged."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.fuzz.answers import PRICES, UNPUBLISHED
from workflows.brief import Brief
from workflows.events import Event
from workflows.models import ZERO, Asset, Plan
from workflows.requests import Approval, Decision, LowerBudget, PlanEdit, Refresh, Regenerate, Resolve


@dataclass
class ExpectedMoney:
    """The money that approvers have released, USD."""

    cap: Decimal = ZERO
    lowered: Decimal | None = None
    """The budget to which a person lowered it: only a request that names a higher one raises it again."""
    charged: dict[str, Decimal] = field(default_factory=dict)
    """The highest bill of each model that was above its price."""
    overcharged: Decimal = ZERO
    """The sum of the amounts above published prices."""
    permitted: set[tuple[str, str]] = field(default_factory=set)
    """Assets and models without a price for which spending was permitted."""
    _approvals: list[Approval] = field(default_factory=list)
    _named: set[Decimal] = field(default_factory=set)
    """Budgets in edits, answers, and requests for takes."""

    # Prices

    def price(self, model: str) -> Decimal:
        """The highest cost of one submission: the published price, or the highest amount that the model charged."""
        return max(published(model), self.charged.get(model, ZERO))

    def most(self, asset: Asset) -> Decimal:
        """The highest cost of one take, whichever of its models generates it."""
        return max(self.price(model) for model in models(asset))

    def record_price(self, model: str, usd: Decimal) -> None:
        """Record the amount that a submission costs."""
        if usd > published(model):
            self.charged[model] = max(usd, self.charged.get(model, ZERO))

    def billed(self, model: str, usd: Decimal) -> None:
        """Record the bill of one submission."""
        self.record_price(model, usd)
        if model not in UNPUBLISHED:
            self.overcharged += max(usd - published(model), ZERO)

    # Released money

    def accepted(self, asked: Any, plan: Plan | None) -> None:
        """Record the budget and the permissions of an accepted update."""
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
            case LowerBudget(budget_usd=usd):
                self._release(usd, [])
            case Refresh(budget_usd=usd, allow_unknown_prices=allows):
                self._release(usd, [a for a in assets if allows and a.asset_id in (asked.asset_ids or (a.asset_id,))])

    def _release(self, usd: Decimal | None, assets: list[Asset]) -> None:
        if usd is not None:
            self._named.add(usd)
        self._permit(assets)

    def _permit(self, assets: "list[Asset]") -> None:
        self.permitted |= {(a.asset_id, model) for a in assets for model in models(a)}

    def raised(self, event: Event, brief: Brief) -> None:
        """Check that one approver raised the budget to an amount in a request, as the brief's policy permits."""
        usd = Decimal(str(event.data["budget_usd"]))
        assert usd in self._named, f"{usd} USD were allowed, and no request has that budget"
        assert brief.approval.approvers == 1, "one of two approvers released money alone"
        assert not brief.approval.not_by_requester or event.data["by"] != brief.requester
        self.cap, self.lowered = usd, None

    def lowers(self, event: Event) -> None:
        """Check that a person lowered the budget as requested."""
        usd = Decimal(str(event.data["budget_usd"]))
        assert usd in self._named, f"{usd} USD are allowed, and no request has that budget"
        assert usd <= self.cap, f"lowered from {self.cap} to {usd} USD"
        self.cap = self.lowered = usd

    def approved(self, event: Event, brief: Brief, plan: Plan, paid: Decimal, wanted: Decimal, by_policy: bool) -> None:
        """Check the budget that all approvals release together.

        Args:
            paid: The amount spent so far, USD.
            wanted: The highest cost of all generating and pending assets, USD.
        """
        together = [] if by_policy else self._approvals[-brief.approval.approvers :]
        sums = [a.budget_usd for a in together if a.budget_usd is not None]
        limit = brief.budget_usd
        if event.data.get("again"):
            limits = [most for most in (limit, self.lowered) if most is not None]
            cap = min(sums) if sums else max(self.cap, min([max(self.cap, paid + wanted), *limits]))
        elif event.data.get("gate") and not sums:
            cap = self.cap
        else:
            published_high = sum((max(published(m) for m in models(a)) for a in plan.assets), paid)
            # The policy of the brief releases the price, a person the budget of the brief.
            unnamed = published_high if by_policy or limit is None else limit
            cap = min(sums) if sums else unnamed
            cap = cap if limit is None else min(cap, limit)
        assert Decimal(str(event.data["budget_usd"])) == cap, f"approved {event.data['budget_usd']} USD, not {cap}"
        self.cap = cap
        if self.lowered is not None:
            self.lowered = cap if cap <= self.lowered else None
        if together and all(a.allow_unknown_prices for a in together):
            self._permit([*plan.assets])


def published(model: str) -> Decimal:
    return ZERO if model in UNPUBLISHED else PRICES[model]


def models(asset: Asset) -> list[str]:
    """All models that may generate the asset."""
    return [asset.model, *(f.model for f in asset.fallbacks)]
