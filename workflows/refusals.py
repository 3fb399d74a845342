"""Refusals of the workflows: one failure type whose details name the field, so callers can react."""

from typing import Literal

from temporalio.exceptions import ApplicationError

from workflows.models import Model

REFUSED = "Refused"

RefusalKind = Literal[
    "wrong_phase",
    "stale_digest",
    "stale_attention",
    "upload_refused",
    "unknown_asset",
    "unknown_take",
    "invalid_edit",
    "invalid_plan",
    "not_allowed",
    "budget_short",
    "price_unknown",
    "key_used",
    "id_used",
]


class Refusal(Model):
    """The first detail of a `Refused` failure. `plan_digest` is the current digest if the request had a stale one."""

    kind: RefusalKind
    field: str
    message: str
    plan_digest: str | None = None


def refuse(kind: RefusalKind, field: str, message: str, *, plan_digest: str | None = None) -> ApplicationError:
    """The error that a handler raises: final, without any change of state; `message` names the remedy."""
    return error_of(Refusal(kind=kind, field=field, message=message, plan_digest=plan_digest))


def error_of(refusal: Refusal) -> ApplicationError:
    return ApplicationError(refusal.message, refusal, type=REFUSED, non_retryable=True)


def refusal_in(error: BaseException | None) -> Refusal | None:
    """The refusal in a failure; None for any other failure."""
    if isinstance(error, ApplicationError) and error.type == REFUSED and error.details:
        return Refusal.model_validate(error.details[0])
    return None
