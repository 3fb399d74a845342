"""How people answer what waits for them: in every way that an item offers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, Literal

from api.views.production import ProductionView
from tests.chaos.people.changes import Deeds
from tests.chaos.people.requests import PLENTY, Hands
from tests.chaos.servers.bills import mark
from tests.emulators import samples
from workflows.events import Answer, AttentionItem
from workflows.models import ZERO, Modality
from workflows.requests import Approval, Rejection, Resolve, Revision

RARE: Final[frozenset[Answer]] = frozenset({"cancel", "reject"})
"""Answers that end a production, or begin it anew; taken at one time in ten."""
FILES: Final[dict[Modality, tuple[str, Callable[[], bytes]]]] = {
    Modality.TEXT: ("own.md", lambda: b"A lighthouse keeps its promise."),
    Modality.IMAGE: ("own.png", samples.picture),
    Modality.AUDIO: ("own.mp3", samples.mp3),
    Modality.VIDEO: ("own.mp4", samples.video),
}


class Replies:
    """One person's answers."""

    def __init__(self, hands: Hands, deeds: Deeds) -> None:
        self._hands, self._deeds = hands, deeds

    def answer(self, seen: ProductionView) -> None:
        """Give one of the answers that one of the items offers; a refusal of it is kept where nothing else happened."""
        hands = self._hands
        if not (items := waiting(seen)):
            return
        item = hands.chance.choice(items)
        offered = [a for a in item.answers if a not in RARE or hands.chance.random() < 0.1]
        if not offered:
            return
        how = hands.chance.choice(offered)
        before = len(hands.refused)
        self._give(how, item, seen)
        if len(hands.refused) > before and hands.client.get(hands.production_id).last_event_id == seen.last_event_id:
            hands.refused_offers[f"{item.reason}: {how}: {hands.refused[-1]}"[:300]] += 1

    def _give(self, how: Answer, item: AttentionItem, seen: ProductionView) -> object:
        hands, client, production_id = self._hands, self._hands.client, self._hands.production_id
        what, asset_id = f"answer {how}", item.asset_id or "?"
        if how == "resume":
            return self._deeds.resume()
        if how == "pause":
            return self._deeds.pause()
        if how == "cancel":
            return self._deeds.cancel()
        if how == "reject":
            return hands.attempt(what, lambda: client.reject(production_id, Rejection(rejecter="ben")))
        if how == "revise":
            return hands.attempt(what, lambda: client.revise(production_id, Revision(feedback="softer light")))
        if how == "edit_plan":
            return self._deeds.edit(seen, next((a for a in seen.assets if a.asset_id == asset_id), seen.assets[0]))
        if how == "approve":
            return self._approve(item, what, seen)
        if how == "upload":
            return self._upload(asset_id, what, seen)
        if how == "raise_budget":
            needed = (seen.budget_usd or ZERO) + (item.price_usd or PLENTY)
            return self._resolve(what, "raise_budget", item, PLENTY if hands.is_generous else needed)
        if how == "adopt":
            return self._adopt(item, what)
        if how == "retry":
            return hands.spend(what, lambda budget_usd: self._retry(item, budget_usd))
        return self._resolve(what, how, item)

    def _approve(self, item: AttentionItem, what: str, seen: ProductionView) -> object:
        hands = self._hands
        budget_usd = PLENTY if hands.is_generous else None
        approval = Approval(
            plan_digest=item.plan_digest or (seen.plan.digest if seen.plan else "?"),
            approver="ben",
            budget_usd=budget_usd,
            allow_unknown_prices=hands.cast.allows_unknown,
        )
        # Without a sum, all that is to be made is released: at its price, or at what its model charges by now.
        released = budget_usd or seen.spent_usd + (seen.plan.high_usd if seen.plan else ZERO) + (item.price_usd or ZERO)
        return hands.attempt(what, lambda: hands.client.approve(hands.production_id, approval), released)

    def _retry(self, item: AttentionItem, budget_usd: Decimal | None) -> object:
        hands, asset_id = self._hands, item.asset_id or "?"
        other = f"A calm boat {mark(hands.cast.name, asset_id)} {hands.chance.randint(1, 999)}."
        reworded = item.reason == "content_refused" or hands.chance.random() < 0.3
        answer = Resolve(
            asset_id=asset_id,
            action="retry",
            prompt=other if reworded and item.reason != "finishing_failed" else None,
            budget_usd=budget_usd,
            attention=item.id,
            allow_unknown_prices=hands.cast.allows_unknown,
        )
        return hands.client.resolve(hands.production_id, answer)

    def _adopt(self, item: AttentionItem, what: str) -> object:
        """A job of the asset that the vendor has; where there is none, another asset's, which must be refused.

        Runway does not tell what a task was asked for: a task that nobody here knows of is taken at a person's word.
        """
        hands = self._hands
        jobs = [b for b in hands.vendors.bills() if b.job_id and b.vendor == item.provider]
        own = [b for b in jobs if (b.whose.production, b.whose.asset_id) == (hands.cast.name, item.asset_id)]
        chosen = own or (jobs if item.provider == "replicate" else [])
        if not chosen:
            other: Literal["resubmit", "accept_without"] = (
                "resubmit" if "resubmit" in item.answers else "accept_without"
            )
            return self._resolve(what.replace("adopt", other), other, item)
        job_id = hands.chance.choice(chosen).job_id
        return self._resolve(what if own else f"{what} of a foreign job", "adopt", item, job_id=job_id)

    def _resolve(
        self,
        what: str,
        action: Literal["accept_without", "adopt", "resubmit", "raise_budget"],
        item: AttentionItem,
        budget_usd: Decimal | None = None,
        job_id: str | None = None,
    ) -> object:
        hands = self._hands
        answer = Resolve(
            asset_id=item.asset_id or "?",
            action=action,
            budget_usd=budget_usd,
            job_id=job_id,
            attention=item.id,
            allow_unknown_prices=hands.cast.allows_unknown,
        )
        return hands.attempt(what, lambda: hands.client.resolve(hands.production_id, answer), budget_usd)

    def _upload(self, asset_id: str, what: str, seen: ProductionView) -> object:
        hands = self._hands
        kind = next(a.asset_type for a in seen.assets if a.asset_id == asset_id)
        name, content = FILES[kind]
        path = hands.scratch / f"{hands.cast.name}-{name}"
        path.write_bytes(content())
        return hands.attempt(what, lambda: hands.client.upload_take(hands.production_id, asset_id, path))


def waiting(seen: ProductionView) -> list[AttentionItem]:
    """What waits for a person, but for a pause, which they end by themselves, and mere notices."""
    items = [a.waiting for a in seen.assets if a.waiting]
    return [*items, seen.waiting] if seen.waiting and seen.waiting.reason not in ("paused", "overrun") else items
