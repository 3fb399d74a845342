"""The client's endpoints of decisions: approvals, edits, takes, pauses, and the decisions that are pending."""

from typing import Final

import httpx

from api.client.transport import TIMEOUT, Transport, production_path, query
from api.views.changes import AttentionEntry, AttentionView, DeliverablesView, PlanHistory, TakesView, waiting_since
from api.views.production import PlanView, Started
from workflows.brief import Platform
from workflows.events import AttentionReason, ProductionStatus, Receipt
from workflows.models import Model
from workflows.requests import (
    Approval,
    Cancel,
    LowerBudget,
    Pause,
    PlanEdit,
    Refresh,
    Regenerate,
    Rejection,
    Resolve,
    Resume,
    Revision,
    SelectTake,
)

REVISE_TIMEOUT: Final = httpx.Timeout(310.0, connect=5.0)
"""A language model may take minutes for a new plan or prompt; the API gives up after 300 s."""


class DecisionEndpoints(Transport):
    """Decisions about a production, its plan and its assets."""

    # The plan

    def approve(self, production_id: str, approval: Approval, *, idempotency_key: str | None = None) -> Receipt:
        """Allow spending on exactly the plan that `approval.plan_digest` names."""
        return self._request(
            "POST", production_path(production_id, "approve"), Receipt, body=approval, key=idempotency_key
        )

    def reject(self, production_id: str, rejection: Rejection, *, idempotency_key: str | None = None) -> Receipt:
        """End the production before any asset of its plan is made."""
        path = production_path(production_id, "reject")
        return self._request("POST", path, Receipt, body=rejection, key=idempotency_key)

    def edit_plan(self, production_id: str, edit: PlanEdit, *, idempotency_key: str | None = None) -> PlanView:
        """Apply all of the edits or none; the resulting plan has a new digest. Also possible after delivery."""
        return self._request("PATCH", production_path(production_id, "plan"), PlanView, body=edit, key=idempotency_key)

    def revise(self, production_id: str, revision: Revision, *, idempotency_key: str | None = None) -> PlanView:
        """Plan again with this feedback; the resulting plan has a new digest."""
        path = production_path(production_id, "revise")
        return self._request("POST", path, PlanView, body=revision, key=idempotency_key, timeout=REVISE_TIMEOUT)

    def plan_history(self, production_id: str) -> PlanHistory:
        """Every plan of the production: who made it, when, how, and its changes."""
        return self._request("GET", production_path(production_id, "plan", "history"), PlanHistory)

    # The assets

    def takes(self, production_id: str, asset_id: str) -> TakesView:
        """All takes of an asset, each with its inputs and its cost."""
        return self._request("GET", production_path(production_id, "assets", asset_id, "takes"), TakesView)

    def regenerate(self, production_id: str, request: Regenerate, *, idempotency_key: str | None = None) -> Receipt:
        """Make new takes of one asset. Also possible after delivery."""
        timeout = REVISE_TIMEOUT if request.feedback else TIMEOUT
        return self._decide_asset("regenerate", production_id, request.asset_id, request, idempotency_key, timeout)

    def resolve(self, production_id: str, resolution: Resolve, *, idempotency_key: str | None = None) -> Receipt:
        """Make the pending decision about an asset."""
        return self._decide_asset("resolve", production_id, resolution.asset_id, resolution, idempotency_key)

    def select_take(self, production_id: str, selection: SelectTake, *, idempotency_key: str | None = None) -> Receipt:
        """Use another take of an asset; the deliverable is finished again."""
        return self._decide_asset("select", production_id, selection.asset_id, selection, idempotency_key)

    def refresh(self, production_id: str, request: Refresh, *, idempotency_key: str | None = None) -> Receipt:
        """Make stale assets again, for at most `request.max_usd` in all. Also possible after delivery."""
        return self._request(
            "POST", production_path(production_id, "refresh"), Receipt, body=request, key=idempotency_key
        )

    def _decide_asset(
        self,
        verb: str,
        production_id: str,
        asset_id: str,
        request: Model,
        key: str | None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> Receipt:
        body = request.model_dump(mode="json", exclude={"asset_id"}, exclude_unset=True)
        path = production_path(production_id, "assets", asset_id, verb)
        return self._request("POST", path, Receipt, body=body, key=key, timeout=timeout)

    # The production

    def preview(self, production_id: str) -> Started:
        """Make its plan with previz, free of charge, as a separate production; there is one for each plan."""
        return self._request("POST", production_path(production_id, "preview"), Started, body={})

    def pause(self, production_id: str, request: Pause) -> Receipt:
        """Let running takes finish and start no others."""
        return self._request("POST", production_path(production_id, "pause"), Receipt, body=request)

    def resume(self, production_id: str, request: Resume) -> Receipt:
        """Start takes again after a pause."""
        return self._request("POST", production_path(production_id, "resume"), Receipt, body=request)

    def lower_budget(self, production_id: str, request: LowerBudget, *, idempotency_key: str | None = None) -> Receipt:
        """Lower the budget of an approved production, no further than what is spent and held."""
        path = production_path(production_id, "budget")
        body = request.model_dump(mode="json", exclude={"idempotency_key"}, exclude_unset=True)
        return self._request("POST", path, Receipt, body=body, key=idempotency_key)

    def cancel(self, production_id: str, cancel: Cancel | None = None) -> Receipt:
        """Request the end of the production; the event `cancelled` follows when it has ended."""
        return self._request("POST", production_path(production_id, "cancel"), Receipt, body=cancel or Cancel())

    def attention(
        self,
        *,
        tenant: str | None = None,
        reason: AttentionReason | None = None,
        platform: Platform | None = None,
        status: ProductionStatus | None = None,
    ) -> AttentionView:
        """The pending decisions of all productions, the longest waiting first; a page is requested after the other."""
        params = query(tenant=tenant, reason=reason, platform=platform, status=status)
        found: dict[tuple[str, int], AttentionEntry] = {}
        for page in self._pages("/attention", AttentionView, params):
            found |= {(entry.production_id, entry.waiting.id): entry for entry in page.entries}
        return AttentionView(entries=tuple(sorted(found.values(), key=waiting_since)))

    def deliverables(self, production_id: str) -> DeliverablesView:
        """All revisions of the deliverable, the newest first, with their files."""
        return self._request("GET", production_path(production_id, "deliverables"), DeliverablesView)
