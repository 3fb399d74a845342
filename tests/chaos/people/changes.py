"""What people do to a production while it is made, and after it was delivered: takes, edits, pauses, cancels."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from api.client.client import GreenlightError
from api.views.production import ProductionView
from tests.chaos.people.requests import PLENTY, Hands
from tests.chaos.servers.bills import mark
from tests.chaos.servers.vendors import MAKERS, UNPRICED, Maker
from workflows.events import AssetRecord, AssetStatus, ProductionStatus
from workflows.models import Asset
from workflows.requests import EditOp, Pause, PlanEdit, Refresh, Regenerate, Resume, SelectTake

FROM_STILLS: Final = ("gen4_turbo",)
"""Models that need a still to begin with."""


class Deeds:
    """One person's wishes; which one comes next is up to their chance."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def casting(self, asset: Asset, *, unpriced: bool = False) -> EditOp:
        """Another maker for a planned asset, and a mark in its prompt."""
        hands = self._hands
        prompt = f"A boat at dawn, {asset.role} {mark(hands.cast.name, asset.asset_id)}."
        if hands.chance.random() < 0.2 and not hands.cast.cancels:
            return EditOp(op="change", asset_id=asset.asset_id, prompt=prompt)  # with its fallbacks
        maker = self._maker(asset, unpriced=unpriced)
        return EditOp(op="change", asset_id=asset.asset_id, prompt=prompt, **_as_change(asset, maker))

    def do_something(self) -> None:
        """Whatever a person may think of just now."""
        hands = self._hands
        try:
            seen = hands.client.get(hands.production_id)
        except GreenlightError:
            return
        if not seen.assets:
            return
        asset = hands.chance.choice(seen.assets)
        acts: list[tuple[int, Callable[[], object]]] = [
            (4, lambda: hands.attempt("look", lambda: hands.client.takes(hands.production_id, asset.asset_id))),
            (3, lambda: self.regenerate(asset)),
            (3, lambda: self.edit(seen, asset)),
            (2, self.refresh),
            (2, self.pause),
            (3, self.resume),
            (2, lambda: self.select(asset)),
            (1, lambda: hands.chance.random() < 0.15 and self.cancel()),
        ]
        hands.chance.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()

    def reopen(self, seen: ProductionView) -> bool:
        """Change a delivered production; whether it was taken up."""
        assert seen.status is ProductionStatus.DELIVERED
        asset = self._hands.chance.choice(seen.assets)
        acts = (
            lambda: self.regenerate(asset),
            lambda: self.edit(seen, asset),
            self.refresh,
            lambda: self.select(asset),
        )
        return self._hands.chance.choice(acts)() is not None

    def regenerate(self, asset: AssetRecord) -> object:
        hands = self._hands
        how = hands.chance.choice(("as it is", "as it is", "prompt", "feedback", "unpriced"))
        words = f"A boat at noon {mark(hands.cast.name, asset.asset_id)} {hands.chance.randint(1, 999)}."
        maker = UNPRICED.get(asset.asset_type) if how == "unpriced" else None
        change = {"provider": maker[0], "model": maker[1], "parameters": dict(maker[2])} if maker else {}
        count = hands.chance.choice((1, 1, 2, 3))

        def ask(budget_usd: Decimal | None) -> object:
            request = Regenerate(
                asset_id=asset.asset_id,
                prompt=words if how == "prompt" or maker else None,
                feedback="softer light" if how == "feedback" else None,
                count=count,
                budget_usd=budget_usd,
                allow_unknown_prices=hands.cast.allows_unknown,
                requested_by="ana",
                **change,
            )
            return hands.client.regenerate(hands.production_id, request)

        return hands.spend("regenerate, price unknown" if maker else "regenerate", ask)

    def edit(self, seen: ProductionView, asset: AssetRecord) -> object:
        """Other words, or another maker, for an asset that is pending or made."""
        hands, plan = self._hands, seen.plan
        assert plan is not None
        planned = next(a for a in plan.assets if a.asset_id == asset.asset_id)
        words = f"A boat at night {mark(hands.cast.name, asset.asset_id)} {hands.chance.randint(1, 999)}."
        how = hands.chance.choice(("words", "maker", "unpriced"))
        maker = self._maker(planned, unpriced=how == "unpriced")
        change = _as_change(planned, maker) if how != "words" else {}
        edit = EditOp(op="change", asset_id=asset.asset_id, prompt=words, **change)
        pending = "pending" if asset.status is AssetStatus.PENDING else "made"
        unknown = ", price unknown" if change and maker in UNPRICED.values() else ""

        def ask(budget_usd: Decimal | None) -> object:
            request = PlanEdit(
                plan_digest=plan.digest,
                edits=(edit,),
                budget_usd=budget_usd,
                allow_unknown_prices=hands.cast.allows_unknown,
                editor="ana",
            )
            return hands.client.edit_plan(hands.production_id, request)

        return hands.spend(f"edit of a {pending} asset{unknown}", ask)

    def refresh(self) -> object:
        hands = self._hands

        def ask(budget_usd: Decimal | None) -> object:
            request = Refresh(max_usd=PLENTY, budget_usd=budget_usd, allow_unknown_prices=hands.cast.allows_unknown)
            return hands.client.refresh(hands.production_id, request)

        return hands.spend("refresh", ask)

    def select(self, asset: AssetRecord) -> object:
        hands = self._hands
        selection = SelectTake(asset_id=asset.asset_id, take=hands.chance.randint(1, max(asset.takes, 1)))
        return hands.attempt("select", lambda: hands.client.select_take(hands.production_id, selection))

    def resume(self) -> object:
        hands = self._hands
        return hands.attempt("resume", lambda: hands.client.resume(hands.production_id, Resume(resumed_by="ana")))

    def cancel(self) -> object:
        hands = self._hands
        return hands.attempt("cancel", lambda: hands.client.cancel(hands.production_id))

    def pause(self) -> object:
        hands = self._hands
        return hands.attempt("pause", lambda: hands.client.pause(hands.production_id, Pause(paused_by="ana")))

    def _maker(self, asset: Asset, *, unpriced: bool = False) -> Maker:
        hands = self._hands
        if unpriced and asset.asset_type in UNPRICED:
            return UNPRICED[asset.asset_type]
        makers = list(MAKERS[asset.asset_type])
        if hands.cast.cancels:
            makers = [m for m in makers if m[0] != "previz"]
        if not any(i.startswith("still") for i in asset.depends_on):
            makers = [m for m in makers if m[1] not in FROM_STILLS]
        return hands.chance.choice(makers)


def _as_change(asset: Asset, maker: Maker) -> Mapping[str, Any]:
    provider, model, parameters = maker
    return {"provider": provider, "model": model, "parameters": {**dict.fromkeys(asset.parameters), **parameters}}
