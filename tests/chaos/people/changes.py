"""Changes of a production in progress and after its delivery: takes, edits, pauses, cancels."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from api.client.client import GreenlightError
from api.views.production import ProductionView
from tests.chaos.people.requests import PLENTY, Requests
from tests.chaos.servers.bills import mark
from tests.chaos.servers.vendors import MAKERS, SENTENCES, UNPRICED, Maker
from workflows.events import AssetRecord, AssetStatus, ProductionStatus
from workflows.models import Asset
from workflows.requests import EditOp, Pause, PlanEdit, Refresh, Regenerate, Resume, SelectTake

FROM_STILLS: Final = ("gen4_turbo",)
"""Models that need a still as input."""


class Changes:
    """The changes of one reviewer; the random generator chooses the next one."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def other_model(self, asset: Asset, *, unpriced: bool = False) -> EditOp:
        """An edit: another model for a planned asset, and a mark in its prompt."""
        requests = self._requests
        words = SENTENCES.get(asset.language, f"A boat at dawn, {asset.role}")
        prompt = f"{words} {mark(requests.script.name, asset.asset_id)}."
        if requests.rng.random() < 0.2 and not requests.script.cancels:
            return EditOp(op="change", asset_id=asset.asset_id, prompt=prompt)  # with its fallbacks
        maker = self._maker(asset, unpriced=unpriced)
        return EditOp(op="change", asset_id=asset.asset_id, prompt=prompt, **_as_change(asset, maker))

    def send_any(self) -> None:
        """Send one request, chosen by weight."""
        requests = self._requests
        try:
            seen = requests.client.get(requests.production_id)
        except GreenlightError:
            return
        if not seen.assets:
            return
        asset = requests.rng.choice(seen.assets)
        acts: list[tuple[int, Callable[[], object]]] = [
            (4, lambda: requests.send("look", lambda: requests.client.takes(requests.production_id, asset.asset_id))),
            (3, lambda: self.regenerate(asset)),
            (3, lambda: self.edit(seen, asset)),
            (2, self.refresh),
            (2, self.pause),
            (3, self.resume),
            (2, lambda: self.select(asset)),
            (1, lambda: requests.rng.random() < 0.15 and self.cancel()),
        ]
        if requests.script.brief.further_languages:
            acts += [(2, lambda: self.speak(seen)), (1, lambda: self.cut(seen))]
        requests.rng.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()

    def reopen(self, seen: ProductionView) -> bool:
        """Change a delivered production, and return whether the change was accepted."""
        assert seen.status is ProductionStatus.DELIVERED
        asset = self._requests.rng.choice(seen.assets)
        acts: list[Callable[[], object]] = [
            lambda: self.regenerate(asset),
            lambda: self.edit(seen, asset),
            self.refresh,
            lambda: self.select(asset),
        ]
        if self._requests.script.brief.further_languages:
            acts += [lambda: self.speak(seen), lambda: self.cut(seen)]
        return self._requests.rng.choice(acts)() is not None

    def regenerate(self, asset: AssetRecord) -> object:
        requests = self._requests
        how = requests.rng.choice(("as it is", "as it is", "prompt", "feedback", "unpriced"))
        words = self._words("A boat at noon", asset)
        maker = UNPRICED.get(asset.asset_type) if how == "unpriced" else None
        change = {"provider": maker[0], "model": maker[1], "parameters": dict(maker[2])} if maker else {}
        count = requests.rng.choice((1, 1, 2, 3))

        def ask(budget_usd: Decimal | None) -> object:
            request = Regenerate(
                asset_id=asset.asset_id,
                prompt=words if how == "prompt" or maker else None,
                feedback="softer light" if how == "feedback" else None,
                count=count,
                budget_usd=budget_usd,
                allow_unknown_prices=requests.script.allows_unknown,
                requested_by="ana",
                **change,
            )
            return requests.client.regenerate(requests.production_id, request)

        return requests.send_paid("regenerate, price unknown" if maker else "regenerate", ask)

    def edit(self, seen: ProductionView, asset: AssetRecord) -> object:
        """Another prompt, or another model, for a pending or finished asset."""
        requests, plan = self._requests, seen.plan
        assert plan is not None
        planned = next(a for a in plan.assets if a.asset_id == asset.asset_id)
        words = self._words("A boat at night", asset)
        how = requests.rng.choice(("words", "maker", "unpriced"))
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
                allow_unknown_prices=requests.script.allows_unknown,
                editor="ana",
            )
            return requests.client.edit_plan(requests.production_id, request)

        return requests.send_paid(f"edit of a {pending} asset{unknown}", ask)

    def speak(self, seen: ProductionView) -> object:
        """Add languages to a film, or take them out."""
        languages = self._requests.rng.choice((("en",), ("en", "de"), ("en", "fr"), ("en", "de", "fr")))
        return self._edit_film(seen, "languages", EditOp(op="languages", languages=languages))

    def cut(self, seen: ProductionView) -> object:
        """Another fade at the end, which costs nothing."""
        assert seen.plan is not None
        fade = round(self._requests.rng.uniform(0, 1), 1)
        cut = seen.plan.cut.model_copy(update={"fade_out_seconds": fade})
        return self._edit_film(seen, "cut", EditOp(op="cut", cut=cut))

    def _edit_film(self, seen: ProductionView, what: str, edit: EditOp) -> object:
        requests, plan = self._requests, seen.plan
        assert plan is not None

        def ask(budget_usd: Decimal | None) -> object:
            request = PlanEdit(plan_digest=plan.digest, edits=(edit,), budget_usd=budget_usd, editor="ana")
            return requests.client.edit_plan(requests.production_id, request)

        return requests.send_paid(f"edit of the {what}", ask)

    def _words(self, words: str, asset: AssetRecord) -> str:
        """A new prompt, in the language of the asset."""
        words = SENTENCES.get(asset.language, words)
        return f"{words} {mark(self._requests.script.name, asset.asset_id)} {self._requests.rng.randint(1, 999)}."

    def refresh(self) -> object:
        requests = self._requests

        def ask(budget_usd: Decimal | None) -> object:
            request = Refresh(
                max_usd=PLENTY, budget_usd=budget_usd, allow_unknown_prices=requests.script.allows_unknown
            )
            return requests.client.refresh(requests.production_id, request)

        return requests.send_paid("refresh", ask)

    def select(self, asset: AssetRecord) -> object:
        requests = self._requests
        selection = SelectTake(asset_id=asset.asset_id, take=requests.rng.randint(1, max(asset.takes, 1)))
        return requests.send("select", lambda: requests.client.select_take(requests.production_id, selection))

    def resume(self) -> object:
        requests = self._requests
        return requests.send("resume", lambda: requests.client.resume(requests.production_id, Resume(resumed_by="ana")))

    def cancel(self) -> object:
        requests = self._requests
        return requests.send("cancel", lambda: requests.client.cancel(requests.production_id))

    def pause(self) -> object:
        requests = self._requests
        return requests.send("pause", lambda: requests.client.pause(requests.production_id, Pause(paused_by="ana")))

    def _maker(self, asset: Asset, *, unpriced: bool = False) -> Maker:
        requests = self._requests
        if unpriced and asset.asset_type in UNPRICED:
            return UNPRICED[asset.asset_type]
        makers = list(MAKERS[asset.asset_type])
        if requests.script.cancels:
            makers = [m for m in makers if m[0] != "previz"]
        if not any(i.startswith("still") for i in asset.depends_on):
            makers = [m for m in makers if m[1] not in FROM_STILLS]
        return requests.rng.choice(makers)


def _as_change(asset: Asset, maker: Maker) -> Mapping[str, Any]:
    provider, model, parameters = maker
    return {"provider": provider, "model": model, "parameters": {**dict.fromkeys(asset.parameters), **parameters}}
