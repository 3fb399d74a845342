"""How an activity ended that gave no result."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from workflows.activity_io import AssetFailure


def raise_if_cancelled(error: BaseException) -> None:
    """A cancelled activity means that the production is being cancelled: it is no failure of its own."""
    if is_cancelled_exception(error):
        raise asyncio.CancelledError from None


def failure_of(error: ActivityError | ApplicationError) -> AssetFailure:
    """What the activity reported; where it reported nothing (a timeout), Temporal's failure."""
    return reported_failure(error) or AssetFailure(message=message_of(error))


def reported_failure(error: ActivityError | ApplicationError) -> AssetFailure | None:
    """What the activity reported; None where it was ended from outside: a timeout, `temporal activity fail`."""
    cause = error.cause if isinstance(error, ActivityError) else None
    if not isinstance(cause, ApplicationError) or not cause.details:
        return None
    try:
        return AssetFailure.model_validate(cause.details[0])
    except ValidationError:
        return None


def message_of(error: BaseException) -> str:
    """The message of the innermost failure."""
    while isinstance(error, ActivityError) and error.cause is not None:
        error = error.cause
    return error.message if isinstance(error, ApplicationError) else str(error)
