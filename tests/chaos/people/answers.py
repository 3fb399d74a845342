"""Answers to attention items, in every way that an item offers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, Literal

from api.views.production import ProductionView
from tests.chaos.people.changes import Changes
from tests.chaos.people.requests import PLENTY, Requests
from tests.chaos.servers.bills import mark
from tests.emulators import samples
from workflows.events import Answer, AttentionItem
from workflows.models import ZERO, Modality
from workflows.requests import Approval, Rejection, Resolve, Revision

RARE: Final[frozenset[Answer]] = frozenset({"cancel", "reject"})
"""Answers that end or restart a production; chosen one time in ten."""
FILES: Final[dict[Modality, tuple[str, Callable[[], bytes]]]] = {
    Modality.TEXT: ("own.md", lambda: b"A lighthouse keeps its promise."),
    Modality.IMAGE: ("own.png", samples.picture),
    Modality.AUDIO: ("own.mp3", samples.mp3),
    Modality.VIDEO: ("own.mp4", samples.video),
}


class Answers:
    """The answers of one reviewer."""

    def __init__(self, requests: Requests, changes: Changes) -> None:
        self._requests, self._changes = requests, changes

    def answer(self, seen: ProductionView) -> None:
        """Give one of the answers that one of the items offers; record a refusal if nothing else happened meanwhile."""
        requests = self._requests
        if not (items := waiting(seen)):
            return
        item = requests.rng.choice(items)
        offered = [a for a in item.answers if a not in RARE or requests.rng.random() < 0.1]
        if not offered:
            return
        how = requests.rng.choice(offered)
        before = len(requests.refused)
        self._give(how, item, seen)
        if len(requests.refused) == before:
            return
        now = requests.retry(lambda: requests.client.get(requests.production_id))
        if now.last_event_id == seen.last_event_id:
            requests.refused_offers[f"{item.reason}: {how}: {requests.refused[-1]}"[:300]] += 1

    def _give(self, how: Answer, item: AttentionItem, seen: ProductionView) -> object:
        requests, client, production_id = self._requests, self._requests.client, self._requests.production_id
        what, asset_id = f"answer {how}", item.asset_id or "?"
        if how == "resume":
            return self._changes.resume()
        if how == "review_fields":
            return None  # no brief of the chaos runs extracts fields
        if how == "pause":
            return self._changes.pause()
        if how == "cancel":
            return self._changes.cancel()
        if how == "reject":
            return requests.send(what, lambda: client.reject(production_id, Rejection(rejecter="ben")))
        if how == "revise":
            return requests.send(what, lambda: client.revise(production_id, Revision(feedback="softer light")))
        if how == "edit_plan":
            return self._changes.edit(seen, next((a for a in seen.assets if a.asset_id == asset_id), seen.assets[0]))
        if how == "approve":
            return self._approve(item, what, seen)
        if how == "upload":
            return self._upload(asset_id, what, seen)
        if how == "raise_budget":
            needed = (seen.budget_usd or ZERO) + (item.price_usd or PLENTY)
            return self._resolve(what, "raise_budget", item, PLENTY if requests.is_generous else needed)
        if how == "adopt":
            return self._adopt(item, what)
        if how == "retry":
            return requests.send_paid(what, lambda budget_usd: self._retry(item, budget_usd))
        return self._resolve(what, how, item)

    def _approve(self, item: AttentionItem, what: str, seen: ProductionView) -> object:
        requests = self._requests
        budget_usd = PLENTY if requests.is_generous else None
        approval = Approval(
            plan_digest=item.plan_digest or (seen.plan.digest if seen.plan else "?"),
            approver="ben",
            budget_usd=budget_usd,
            allow_unknown_prices=requests.script.allows_unknown,
        )
        # Without a budget, all pending assets are released: at their price, or at what their model charges now.
        released = budget_usd or seen.spent_usd + (seen.plan.high_usd if seen.plan else ZERO) + (item.price_usd or ZERO)
        return requests.send(what, lambda: requests.client.approve(requests.production_id, approval), released)

    def _retry(self, item: AttentionItem, budget_usd: Decimal | None) -> object:
        requests, asset_id = self._requests, item.asset_id or "?"
        other = f"A calm boat {mark(requests.script.name, asset_id)} {requests.rng.randint(1, 999)}."
        reworded = item.reason == "content_refused" or requests.rng.random() < 0.3
        answer = Resolve(
            asset_id=asset_id,
            action="retry",
            prompt=other if reworded and item.reason != "finishing_failed" else None,
            budget_usd=budget_usd,
            attention=item.id,
            allow_unknown_prices=requests.script.allows_unknown,
        )
        return requests.client.resolve(requests.production_id, answer)

    def _adopt(self, item: AttentionItem, what: str) -> object:
        """Adopt a job of the asset that the vendor has, otherwise that of another asset, which must be refused.

        Runway does not report the request of a task: an unknown task is adopted without a check.
        """
        requests = self._requests
        jobs = [b for b in requests.vendors.bills() if b.job_id and b.vendor == item.provider]
        own = [b for b in jobs if (b.owner.production, b.owner.asset_id) == (requests.script.name, item.asset_id)]
        chosen = own or (jobs if item.provider == "replicate" else [])
        if not chosen:
            other: Literal["resubmit", "accept_without"] = (
                "resubmit" if "resubmit" in item.answers else "accept_without"
            )
            return self._resolve(what.replace("adopt", other), other, item)
        job_id = requests.rng.choice(chosen).job_id
        return self._resolve(what if own else f"{what} of a foreign job", "adopt", item, job_id=job_id)

    def _resolve(
        self,
        what: str,
        action: Literal["accept_without", "adopt", "resubmit", "raise_budget"],
        item: AttentionItem,
        budget_usd: Decimal | None = None,
        job_id: str | None = None,
    ) -> object:
        requests = self._requests
        answer = Resolve(
            asset_id=item.asset_id or "?",
            action=action,
            budget_usd=budget_usd,
            job_id=job_id,
            attention=item.id,
            allow_unknown_prices=requests.script.allows_unknown,
        )
        return requests.send(what, lambda: requests.client.resolve(requests.production_id, answer), budget_usd)

    def _upload(self, asset_id: str, what: str, seen: ProductionView) -> object:
        requests = self._requests
        kind = next(a.asset_type for a in seen.assets if a.asset_id == asset_id)
        name, content = FILES[kind]
        path = requests.scratch / f"{requests.script.name}-{name}"
        path.write_bytes(content())
        return requests.send(what, lambda: requests.client.upload_take(requests.production_id, asset_id, path))


def waiting(seen: ProductionView) -> list[AttentionItem]:
    """The items that need an answer: no notices, and no pause, which the reviewer ends elsewhere."""
    items = [a.waiting for a in seen.assets if a.waiting]
    return [*items, seen.waiting] if seen.waiting and seen.waiting.reason not in ("paused", "overrun") else items
