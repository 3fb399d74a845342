"""The result of a repeated request with an idempotency key; pure."""

from typing import Final

from workflows.events import AnsweredRequest, Receipt
from workflows.models import Plan
from workflows.refusals import Refusal

KEY: Final = "Idempotency-Key"


def key_used() -> Refusal:
    message = "another request had this key before; use a new key"
    return Refusal(kind="key_used", field=KEY, message=message)


def repeat_result(
    before: AnsweredRequest, request: str, plan: Plan | None
) -> tuple[Refusal | None, Receipt | Plan | None]:
    """The refusal or the result of the first request; one of the two is None.

    Args:
        request: Digest of the repeated request.
        plan: The current plan.
    """
    if before.request != request:
        return key_used(), None
    if before.refused:
        return Refusal.model_validate(before.refused), None
    if before.receipt is not None:
        return None, before.receipt
    if plan is None or plan.digest != before.plan_digest:
        message = f"the request succeeded with the plan {before.plan_digest!r}, which has changed since"
        current = plan.digest if plan else None
        return Refusal(kind="stale_digest", field="plan_digest", message=message, plan_digest=current), None
    return None, plan
