"""Productions in every status, so that requests with their ids get past 404."""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from api.client.client import GreenlightClient, GreenlightError
from api.problems import RETRY_SECONDS
from api.views.production import ProductionView
from tests.fuzz.stack import BROKEN
from tests.support.waiting import until
from workflows.brief import Brief, Platform, Reference
from workflows.events import AssetStatus, ProductionStatus
from workflows.requests import Approval, EditOp, Pause, PlanEdit, Rejection

COPY: Final = Brief(text="Say why night trains are back.", platform=Platform.COPY, requester="ana")
POST: Final = Brief(text="Three reasons to take the night train.", platform=Platform.SOCIAL_POST, requester="ana")
FILM: Final = Brief(text="A boat leaves the harbour at dawn.", platform=Platform.VIDEO, duration_seconds=4)
TRIES: Final = 6
LONG_JOB_SECONDS: Final = 3_600.0


@dataclass(frozen=True)
class Live:
    """One production as of its last read: the values for requests."""

    production_id: str
    digest: str
    asset_ids: tuple[str, ...]
    takes: tuple[int, ...]
    waiting: int
    files: tuple[str, ...]

    @classmethod
    def of(cls, seen: ProductionView) -> "Live":
        items = [each for each in (seen.waiting, *(a.waiting for a in seen.assets)) if each]
        return cls(
            seen.production_id,
            seen.plan.digest if seen.plan else "",
            tuple(a.asset_id for a in (seen.plan.assets if seen.plan else ())),
            tuple(sorted({a.take for a in seen.assets if a.take} | {1})),
            items[0].id if items else 1,
            tuple(f.name for f in seen.deliverable.files) if seen.deliverable else (),
        )


class World:
    """Keeps one production in each status. When a request changes the status of one, another one replaces it.

    Ids come from Idempotency-Keys, so that the same seed uses the same ids.
    """

    def __init__(self, client: GreenlightClient, seed: int) -> None:
        self.batch_ids: list[str] = []
        self.schedule_ids: list[str] = []
        self.page_tokens: list[str] = []
        self._client = client
        self._seed = seed
        self._live: dict[str, Live] = {}
        self._number = 0

    @property
    def live(self) -> list[Live]:
        return list(self._live.values())

    def fill(self) -> None:
        """Read each again, and bring a new one into each status that no production has any more."""
        begun: dict[str, str] = {}
        for name, (wanted, make) in _MAKERS.items():
            known = self._live.get(name)
            seen = self._client.get(known.production_id) if known else None
            if seen and wanted(seen):
                self._live[name] = Live.of(seen)
            else:
                begun[name] = _patiently(lambda m=make, n=name: m(self, n))  # type: ignore[misc]  # mypy and defaults
        for name, production_id in begun.items():
            self._live[name] = Live.of(self._come_to(name, production_id))

    def _come_to(self, name: str, production_id: str) -> ProductionView:
        """Wait until a new one has the wanted status."""
        until(lambda: _MAKERS[name][0](self._client.get(production_id)), name)
        return self._client.get(production_id)

    # Makers

    def _planned(self, name: str, brief: Brief) -> ProductionView:
        self._number += 1
        started = self._client.start(brief, idempotency_key=f"{self._seed}-{name}-{self._number}")
        until(lambda: self._client.get(started.production_id).status != ProductionStatus.PLANNING, "a plan")
        return self._client.get(started.production_id)

    def _changed(self, name: str, brief: Brief, role: str, **change: object) -> ProductionView:
        """A plan with one asset changed."""
        seen = self._planned(name, brief)
        assert seen.plan is not None
        asset_id = next(a.asset_id for a in seen.plan.assets if a.role == role)
        edit = EditOp.model_validate({"op": "change", "asset_id": asset_id, **change})
        self._client.edit_plan(seen.production_id, PlanEdit(plan_digest=seen.plan.digest, edits=(edit,)))
        return self._client.get(seen.production_id)

    def _approved(self, seen: ProductionView, budget_usd: Decimal | None = None) -> str:
        assert seen.plan is not None
        approval = Approval(plan_digest=seen.plan.digest, approver="bo", budget_usd=budget_usd)
        self._client.approve(seen.production_id, approval)
        return seen.production_id

    def waits(self, name: str) -> str:
        return self._planned(name, COPY).production_id

    def film_waits(self, name: str) -> str:
        return self._planned(name, FILM).production_id

    def produces(self, name: str) -> str:
        long = {"model": "previz-animatic-job", "parameters": {"job_seconds": LONG_JOB_SECONDS}}
        return self._approved(self._changed(name, FILM, "shot", **long))

    def paused(self, name: str) -> str:
        seen = self._planned(name, COPY)
        self._client.pause(seen.production_id, Pause(paused_by="ana"))
        return self._approved(seen)

    def failed_asset(self, name: str) -> str:
        return self._approved(self._changed(name, POST, "post", model=BROKEN))

    def short_of_money(self, name: str) -> str:
        return self._approved(self._planned(name, POST), budget_usd=Decimal(0))

    def delivered(self, name: str) -> str:
        return self._approved(self._planned(name, POST))

    def film_delivered(self, name: str) -> str:
        return self._approved(self._planned(name, FILM))

    def cancelled(self, name: str) -> str:
        seen = self._planned(name, COPY)
        self._client.cancel(seen.production_id)
        return seen.production_id

    def rejected(self, name: str) -> str:
        seen = self._planned(name, COPY)
        self._client.reject(seen.production_id, Rejection(rejecter="bo"))
        return seen.production_id

    def expired(self, name: str) -> str:
        return self._planned(name, COPY.model_copy(update={"approval_deadline_seconds": 1})).production_id

    def failed(self, name: str) -> str:
        nothing = Reference(source="stored:references/nothing")
        return self._planned(name, POST.model_copy(update={"references": (nothing,)})).production_id

    def preview(self, name: str) -> str:
        return self._client.preview(self._planned(name, COPY).production_id).production_id

    def close(self) -> None:
        """Cancel the productions whose jobs last an hour."""
        for production in self._client.list(status=ProductionStatus.PRODUCING):
            with contextlib.suppress(GreenlightError):
                self._client.cancel(production.production_id)


def _patiently(make: Callable[[], str]) -> str:
    """Retry a 503 of a busy machine."""
    for _ in range(TRIES - 1):
        try:
            return make()
        except GreenlightError as error:
            if error.status != 503:
                raise
            time.sleep(RETRY_SECONDS)
    return make()


def _is(status: ProductionStatus) -> Callable[[ProductionView], bool]:
    return lambda seen: seen.status is status


def _needs(reason: str) -> Callable[[ProductionView], bool]:
    def waits(seen: ProductionView) -> bool:
        items = [each for each in (seen.waiting, *(a.waiting for a in seen.assets)) if each]
        return any(item.reason == reason for item in items) and seen.status is ProductionStatus.NEEDS_ATTENTION

    return waits


def _makes(seen: ProductionView) -> bool:
    return any(a.status is AssetStatus.GENERATING and a.asset_type == "video" for a in seen.assets)


Maker = tuple[Callable[[ProductionView], bool], Callable[[World, str], str]]
_MAKERS: Final[Mapping[str, Maker]] = {
    "waits": (_is(ProductionStatus.AWAITING_APPROVAL), World.waits),
    "film-waits": (_is(ProductionStatus.AWAITING_APPROVAL), World.film_waits),
    "produces": (_makes, World.produces),
    "paused": (_needs("paused"), World.paused),
    "failed-asset": (_needs("asset_failed"), World.failed_asset),
    "short-of-money": (_needs("budget_short"), World.short_of_money),
    "delivered": (_is(ProductionStatus.DELIVERED), World.delivered),
    "film-delivered": (_is(ProductionStatus.DELIVERED), World.film_delivered),
    "cancelled": (_is(ProductionStatus.CANCELLED), World.cancelled),
    "rejected": (_is(ProductionStatus.REJECTED), World.rejected),
    "expired": (_is(ProductionStatus.EXPIRED), World.expired),
    "failed": (_is(ProductionStatus.FAILED), World.failed),
    "preview": (_is(ProductionStatus.DELIVERED), World.preview),
}
