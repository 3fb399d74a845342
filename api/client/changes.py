"""The client's part that decides and changes: approvals, edits, takes, pauses, and what waits for a person."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from api.views.changes import AttentionView, DeliverablesView, PlanHistory, TakesView
from api.views.production import PlanView, Started, StoredReference
from workflows.events import AttentionReason, Receipt
from workflows.models import Model, Platform
from workflows.requests import (
    Approval,
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

TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
"""An update waits for a worker; the API itself gives up sooner and says why."""
REVISE_TIMEOUT: Final = httpx.Timeout(310.0, connect=5.0)
"""A language model may think for minutes about a new plan or prompt; the API gives up after 300 s."""

IDEMPOTENCY_KEY: Final = "Idempotency-Key"

T = TypeVar("T", bound=BaseModel)


class Changes(ABC):
    """What `GreenlightClient` offers for deciding; it brings the way to ask.

    A request with an `idempotency_key` is done once, however often it is sent: the client itself repeats it where the
    answer was lost.
    """

    @abstractmethod
    def _ask(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        content: Iterator[bytes] | bytes | None = None,
    ) -> T: ...

    # The brief

    def add_reference(self, path: Path) -> str:
        """Store a picture to work from; what comes back is its `source` in a brief's `references`.

        Raises:
            GreenlightError: it is too large, or no picture. OSError: it cannot be read.
        """
        headers = {"Content-Type": "application/octet-stream"}
        return self._ask("POST", "/references", StoredReference, content=path.read_bytes(), headers=headers).source

    # The plan

    def approve(self, production_id: str, approval: Approval, *, idempotency_key: str | None = None) -> Receipt:
        """Release exactly the plan that `approval.plan_digest` names for spending."""
        return self._ask("POST", at(production_id, "approve"), Receipt, body=approval, headers=once(idempotency_key))

    def reject(self, production_id: str, rejection: Rejection) -> Receipt:
        return self._ask("POST", at(production_id, "reject"), Receipt, body=rejection)

    def edit_plan(self, production_id: str, edit: PlanEdit, *, idempotency_key: str | None = None) -> PlanView:
        """Make all of the edits or none; the plan that comes back has a new digest. Also long after delivery."""
        return self._ask("PATCH", at(production_id, "plan"), PlanView, body=edit, headers=once(idempotency_key))

    def revise(self, production_id: str, revision: Revision, *, idempotency_key: str | None = None) -> PlanView:
        """Plan again with these words; the plan that comes back has a new digest."""
        path, headers = at(production_id, "revise"), once(idempotency_key)
        return self._ask("POST", path, PlanView, body=revision, headers=headers, timeout=REVISE_TIMEOUT)

    def plan_history(self, production_id: str) -> PlanHistory:
        """Every plan that it has had: who made it, when, how, and what became different."""
        return self._ask("GET", at(production_id, "plan", "history"), PlanHistory)

    # The assets

    def takes(self, production_id: str, asset_id: str) -> TakesView:
        """All takes of an asset, with what each was made from and what it cost."""
        return self._ask("GET", at(production_id, "assets", asset_id, "takes"), TakesView)

    def regenerate(self, production_id: str, request: Regenerate, *, idempotency_key: str | None = None) -> Receipt:
        """Make new takes of one asset, also long after delivery."""
        timeout = REVISE_TIMEOUT if request.feedback else TIMEOUT
        return self._of_asset("regenerate", production_id, request.asset_id, request, idempotency_key, timeout)

    def resolve(self, production_id: str, resolution: Resolve, *, idempotency_key: str | None = None) -> Receipt:
        """Decide where a production waits for a person."""
        return self._of_asset("resolve", production_id, resolution.asset_id, resolution, idempotency_key)

    def select_take(self, production_id: str, selection: SelectTake, *, idempotency_key: str | None = None) -> Receipt:
        """Use another take of an asset; the deliverable is finished again."""
        return self._of_asset("select", production_id, selection.asset_id, selection, idempotency_key)

    def refresh(self, production_id: str, request: Refresh, *, idempotency_key: str | None = None) -> Receipt:
        """Make stale assets again, for at most `request.max_usd` in all; also long after delivery."""
        return self._ask("POST", at(production_id, "refresh"), Receipt, body=request, headers=once(idempotency_key))

    def _of_asset(
        self,
        verb: str,
        production_id: str,
        asset_id: str,
        request: Model,
        key: str | None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> Receipt:
        body = request.model_dump(mode="json", exclude={"asset_id"}, exclude_unset=True)
        path = at(production_id, "assets", asset_id, verb)
        return self._ask("POST", path, Receipt, body=body, headers=once(key), timeout=timeout)

    # The production

    def preview(self, production_id: str) -> Started:
        """Make its plan with previz, for nothing, as a production of its own; the same plan is made once."""
        return self._ask("POST", at(production_id, "preview"), Started, body={})

    def pause(self, production_id: str, request: Pause) -> Receipt:
        """Let what runs finish and start nothing new."""
        return self._ask("POST", at(production_id, "pause"), Receipt, body=request)

    def resume(self, production_id: str, request: Resume) -> Receipt:
        return self._ask("POST", at(production_id, "resume"), Receipt, body=request)

    def cancel(self, production_id: str) -> Receipt:
        """Stop it; it happens a moment later, and the event `cancelled` tells."""
        return self._ask("POST", at(production_id, "cancel"), Receipt, body={})

    def attention(
        self,
        *,
        tenant: str | None = None,
        reason: AttentionReason | None = None,
        platform: Platform | None = None,
    ) -> AttentionView:
        """What waits for a person over all productions, the longest waiting first."""
        asked = {"tenant": tenant, "reason": reason, "platform": platform}
        params = {name: str(value) for name, value in asked.items() if value is not None}
        return self._ask("GET", "/attention", AttentionView, params=params)

    def deliverables(self, production_id: str) -> DeliverablesView:
        """All revisions of the deliverable, the newest first, with their files."""
        return self._ask("GET", at(production_id, "deliverables"), DeliverablesView)


def at(production_id: str, *rest: str) -> str:
    """The path of a production, or of something in it."""
    return "/productions/" + "/".join(quote(part, safe="") for part in (production_id, *rest))


def once(key: str | None) -> dict[str, str]:
    """The header with which a request is done once, however often it is sent."""
    return {IDEMPOTENCY_KEY: key} if key else {}
