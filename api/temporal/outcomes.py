"""What Temporal answers, in the API's words: statuses and problems."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio.client import (
    RPCTimeoutOrCancelledError,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api import problems
from api.problems import FieldError, Problem
from workflows.answered import again
from workflows.events import ProductionStatus, Snapshot
from workflows.models import digest_of
from workflows.requests import KeyedRequest, request_digest
from workflows.servers import problem_of
from workflows.start_options import STATUS

RPC_TIMEOUT: Final = timedelta(seconds=3)
"""For calls that the server answers alone; measured in milliseconds."""
ACCEPT_TIMEOUT: Final = timedelta(seconds=5)
"""For a worker to take an update up; a worker killed while it held the workflow delays that by 2-3 s."""
SILENT: Final = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.UNAVAILABLE)
_OVERLOOKED: Final = "UnprocessedUpdate"
"""How the server refuses an update that it gave to a worker who did not look at it. With sdk-python 1.35 that happens
where queries load the run at the same time."""
_LOOKS: Final = 5

R = TypeVar("R")


class NoWorker(Problem):
    """The server answers, no worker does."""

    def __init__(self) -> None:
        same = problems.no_worker()
        super().__init__(503, "no-worker", same.problem.detail, headers=same.headers)


def status_of(execution: WorkflowExecution) -> ProductionStatus:
    """The production's status as the server knows it; a run that was broken off says so."""
    broken = {
        WorkflowExecutionStatus.FAILED: ProductionStatus.FAILED,
        WorkflowExecutionStatus.TIMED_OUT: ProductionStatus.FAILED,
        WorkflowExecutionStatus.TERMINATED: ProductionStatus.FAILED,
        WorkflowExecutionStatus.CANCELED: ProductionStatus.CANCELLED,
    }
    if execution.status in broken:
        return broken[execution.status]
    return ProductionStatus(execution.typed_search_attributes.get(STATUS, ProductionStatus.PLANNING))


def closed_already(production_id: str, status: ProductionStatus) -> Problem:
    error = FieldError(
        field="production_id",
        message=f"The production is {status.value} and nothing can be decided about it any more",
        remedy="start a new one",
    )
    return Problem(
        409,
        "wrong-phase",
        f"{error.message}; {error.remedy}.",
        errors=[error],
        production_id=production_id,
        production_status=status.value,
    )


def late() -> Problem:
    return problems.unavailable(
        "no-worker",
        "No worker answered in time. It may still be done once one does: look at the production before you repeat it. "
        "Start a worker with `python -m worker` (or `make up`).",
    )


def still_working() -> Problem:
    """A worker has taken the request up, so repeating it without a key would do it twice."""
    detail = (
        "A worker has taken the request up and is still working on it. Look at the production before you repeat it; "
        "with the same Idempotency-Key it can be repeated safely."
    )
    return Problem(503, "still-working", detail)


def rpc_problem(error: RPCError) -> Problem:
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return Problem(422, "invalid-request", error.message)
    if error.status is RPCStatusCode.RESOURCE_EXHAUSTED:
        return problems.unavailable("busy", f"The Temporal server is busy: {error.message}")
    if error.status in SILENT or problem_of(error.message):
        return problems.no_temporal(error.message)
    return Problem(502, "temporal-error", f"The Temporal server answered: {error.message}")


@contextmanager
def server(production_id: str = "") -> Iterator[None]:
    """Translate what goes wrong in a call that the server answers alone."""
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and production_id and not problem_of(error.message):
            raise problems.unknown_production(production_id) from None
        raise rpc_problem(error) from None
    except RuntimeError as error:
        # The SDK's word for a first connection that failed.
        if "connect" not in str(error):
            raise
        raise problems.no_temporal(str(error)) from None


@contextmanager
def found(unknown: Callable[[str], Problem], what: str) -> Iterator[None]:
    """Like `server`; what the server does not know is `unknown`."""
    with server():
        try:
            yield
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise unknown(what) from None
            raise


async def not_overlooked(ask: Callable[[], Awaitable[R]], seconds: float) -> R:
    """Send an update, and again where nobody looked at it: nothing was done about it then.

    Raises:
        WorkflowUpdateFailedError: it was refused, failed, or was overlooked each time.
        TimeoutError: all of that took longer.
    """
    async with asyncio.timeout(seconds):
        for _ in range(_LOOKS - 1):
            try:
                return await ask()
            except WorkflowUpdateFailedError as error:
                if not isinstance(error.cause, ApplicationError) or error.cause.type != _OVERLOOKED:
                    raise
        return await ask()


async def answered(ask: Callable[[], Awaitable[WorkflowUpdateHandle[R]]], seconds: float) -> R:
    """What an update answers that `ask` sends until a worker has taken it up.

    Raises:
        RPCTimeoutOrCancelledError, TimeoutError: no worker took it up.
        Problem: 503, a worker took it up and needs longer than `seconds`.
    """
    accepted = False

    async def result() -> R:
        nonlocal accepted
        accepted = False
        handle = await ask()
        accepted = True
        done: R = await handle.result()
        return done

    try:
        return await not_overlooked(result, seconds)
    except (RPCTimeoutOrCancelledError, TimeoutError):
        if accepted:
            raise still_working() from None
        raise


async def updated(
    handle: WorkflowHandle[Any, Any],
    update: str,
    arguments: Sequence[object],
    answer: type[R],
    seconds: float,
    describe: Callable[[], Awaitable[object]],
) -> R | None:
    """What an update answers, or None where no run is open that could.

    Args:
        describe: Raises the problem where the server does not know the workflow, or does not answer.

    Raises:
        WorkflowUpdateFailedError: it was refused, or failed.
        Problem: 503, and what `describe` raises.
    """

    async def ask() -> WorkflowUpdateHandle[R]:
        return await handle.start_update(
            update,
            args=arguments,
            result_type=answer,
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            rpc_timeout=ACCEPT_TIMEOUT,
        )

    try:
        return await answered(ask, seconds)
    except (RPCTimeoutOrCancelledError, TimeoutError):
        await describe()
        raise late() from None
    except RuntimeError as error:
        raise problems.no_temporal(str(error)) from None
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise rpc_problem(error) from None
    return None


def key_used(production_id: str) -> Problem:
    return Problem(
        409,
        "key-used",
        "This Idempotency-Key began a production from another brief; use a new key for a new brief.",
        errors=[FieldError(field="Idempotency-Key", message="names another brief", remedy="use a new key")],
        production_id=production_id,
    )


def answered_before(snapshot: Snapshot, answer: type[R], update: str, argument: object) -> R | None:
    """What a closed production answered to this request with this key before; None where it did not.

    Raises:
        Problem: what it was refused for; 409 where the key came with another request, or the plan was changed since.
    """
    if not isinstance(argument, KeyedRequest) or not argument.idempotency_key:
        return None
    key = digest_of(argument.idempotency_key)
    before = next((a for a in snapshot.answered if a.key == key), None)
    if before is None:
        return None
    refusal, known = again(before, request_digest(update, argument), snapshot.plan)
    if refusal is not None:
        raise problems.refused(refusal, snapshot.production_id)
    assert isinstance(known, answer)
    return known
