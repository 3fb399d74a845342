"""What a production says to a request with an idempotency key that it has answered before; pure."""

from typing import Final

from workflows.events import Answered, Receipt
from workflows.models import Plan
from workflows.refusals import Refusal

KEY: Final = "Idempotency-Key"


def other_request() -> Refusal:
    message = "it came with another request before; use a new key for this one"
    return Refusal(kind="key_used", field=KEY, message=message)


def again(before: Answered, request: str, plan: Plan | None) -> tuple[Refusal | None, Receipt | Plan | None]:
    """The refusal or the answer, one of the two.

    Args:
        request: Digest of the request that has come now.
        plan: The current plan.
    """
    if before.request != request:
        return other_request(), None
    if before.refused:
        return Refusal.model_validate(before.refused), None
    if before.receipt is not None:
        return None, before.receipt
    if plan is None or plan.digest != before.plan_digest:
        message = f"the request was done and made the plan {before.plan_digest!r}; it has been changed since"
        current = plan.digest if plan else None
        return Refusal(kind="stale_digest", field="plan_digest", message=message, plan_digest=current), None
    return None, plan
