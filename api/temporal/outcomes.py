"""How Temporal's results become the API's: statuses, problems, and the results of updates."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, Protocol, TypeVar

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
from api.problems import Problem
from workflows.events import ProductionStatus, Snapshot
from workflows.models import digest_of
from workflows.requests import KeyedRequest, request_digest
from workflows.runtime.encryption_keys import PayloadKeyMissing
from workflows.runtime.repeated_requests import repeat_result
from workflows.servers.temporal import diagnose, is_missing
from workflows.start_options import STATUS

RPC_TIMEOUT: Final = timedelta(seconds=3)
"""For calls that the server answers alone; it takes milliseconds (measured)."""
ACCEPT_TIMEOUT: Final = timedelta(seconds=5)
"""For a worker to accept an update; a worker killed while it held the workflow delays that by 2-3 s."""
SILENT: Final = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.UNAVAILABLE)
_UNPROCESSED: Final = "UnprocessedUpdate"
"""The failure type of an update that the server gave to a worker which did not process it. With sdk-python 1.35 that
happens where queries load the run at the same time."""
_ATTEMPTS: Final = 5
_ENCODED: Final = "Encoded failure"
"""The SDK's message of a failure that its encryption has encoded."""

R = TypeVar("R")


class Memoed(Protocol):
    """A run or a schedule as a list has it."""

    async def memo(self) -> Mapping[str, Any]: ...


class NoWorker(Problem):
    """The server answers, but no worker does."""

    def __init__(self) -> None:
        same = problems.no_worker()
        super().__init__(503, "no-worker", same.problem.detail, headers=same.headers)


def status_of(execution: WorkflowExecution) -> ProductionStatus:
    """The production's status according to the server; the status of a failed or cancelled run comes first."""
    broken = {
        WorkflowExecutionStatus.FAILED: ProductionStatus.FAILED,
        WorkflowExecutionStatus.TIMED_OUT: ProductionStatus.FAILED,
        WorkflowExecutionStatus.TERMINATED: ProductionStatus.FAILED,
        WorkflowExecutionStatus.CANCELED: ProductionStatus.CANCELLED,
    }
    if execution.status in broken:
        return broken[execution.status]
    return ProductionStatus(execution.typed_search_attributes.get(STATUS, ProductionStatus.PLANNING))


async def listed_memo(listed: Memoed) -> tuple[Mapping[str, Any], str]:
    """The memo of an entry of a list, and a title that names the missing key in place of one that is encrypted with
    it: then the memo is empty, and the entry does not hide the others."""
    try:
        return await listed.memo(), ""
    except PayloadKeyMissing as error:
        return {}, f"(encrypted with the key {error.key_id!r})"


def already_closed(production_id: str, status: ProductionStatus) -> Problem:
    message = f"the production is {status.value} and accepts no more decisions"
    delivered = status is ProductionStatus.DELIVERED
    remedy = "regenerate, edit, refresh or select a take to change it" if delivered else "start a new one"
    return problems.wrong_phase(production_id, status.value, message, remedy)


def query_failed(message: str) -> Problem:
    """503: a worker answered a query with a failure."""
    if message == _ENCODED:
        detail = (
            "The worker cannot read this run, and its message is encrypted: see the worker's log. Workers and API need "
            "every key of GREENLIGHT_PAYLOAD_KEYS that an open run is encrypted with."
        )
        return problems.unavailable("query-failed", detail)
    return problems.unavailable("query-failed", f"The workflow cannot answer: {message}")


def no_worker_in_time() -> Problem:
    return problems.unavailable(
        "no-worker",
        "No worker answered in time. A worker may still do it later, so read the production before you repeat the "
        "request. Start a worker with `python -m worker` (or `make up`).",
    )


def still_working() -> Problem:
    """503 without Retry-After: a worker accepted the request, so a repetition without a key would do it twice."""
    detail = (
        "A worker has accepted the request and is still working on it. Read the production before you repeat the "
        "request; with the same Idempotency-Key it can be repeated safely."
    )
    return Problem(503, "still-working", detail)


def key_used(production_id: str) -> Problem:
    return Problem.of_field(
        "Idempotency-Key",
        "names another brief",
        "use a new key",
        status=409,
        kind="key-used",
        detail="This Idempotency-Key began a production from another brief; use a new key for a new brief.",
        production_id=production_id,
    )


def rpc_problem(error: RPCError) -> Problem:
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return Problem(422, "invalid-request", error.message)
    if error.status is RPCStatusCode.RESOURCE_EXHAUSTED:
        return problems.unavailable("busy", f"The Temporal server is busy: {error.message}")
    if error.status in SILENT or diagnose(error.message):
        return problems.no_temporal(error.message)
    return Problem(502, "temporal-error", f"The Temporal server answered: {error.message}")


@contextmanager
def translating_errors(unknown: Callable[[str], Problem] | None = None, resource_id: str = "") -> Iterator[None]:
    """Translate the errors of calls that the server answers alone.

    Args:
        unknown: Makes the problem for a `resource_id` that the server does not know.
    """
    try:
        yield
    except RPCError as error:
        if unknown and is_missing(error):
            raise unknown(resource_id) from None
        raise rpc_problem(error) from None
    except RuntimeError as error:
        # The SDK raises it when the first connection fails.
        if "connect" not in str(error):
            raise
        raise problems.no_temporal(str(error)) from None


async def _resending_unprocessed(send: Callable[[], Awaitable[R]], seconds: float) -> R:
    """Send an update, and send it again where no worker processed it: it had no effect then.

    Raises:
        WorkflowUpdateFailedError: it was refused, failed, or was not processed at any attempt.
        TimeoutError: all attempts together took longer.
    """
    async with asyncio.timeout(seconds):
        for _ in range(_ATTEMPTS - 1):
            try:
                return await send()
            except WorkflowUpdateFailedError as error:
                if not isinstance(error.cause, ApplicationError) or error.cause.type != _UNPROCESSED:
                    raise
        return await send()


async def await_update(send: Callable[[], Awaitable[WorkflowUpdateHandle[R]]], seconds: float) -> R:
    """The result of an update. `send` returns once a worker has accepted it.

    Raises:
        RPCTimeoutOrCancelledError, TimeoutError: no worker accepted it.
        Problem: 503, a worker accepted it and needs longer than `seconds`.
    """
    accepted = False

    async def result() -> R:
        nonlocal accepted
        accepted = False
        handle = await send()
        accepted = True
        done: R = await handle.result()
        return done

    try:
        return await _resending_unprocessed(result, seconds)
    except (RPCTimeoutOrCancelledError, TimeoutError):
        if accepted:
            raise still_working() from None
        raise


async def send_update(
    handle: WorkflowHandle[Any, Any],
    update: str,
    arguments: Sequence[object],
    result_type: type[R],
    seconds: float,
    describe: Callable[[], Awaitable[object]],
) -> R | None:
    """The result of an update, or None where no run is open that could process it.

    Args:
        describe: Raises the problem where the server does not know the workflow, or does not answer.

    Raises:
        WorkflowUpdateFailedError: it was refused, or failed.
        Problem: 503, and what `describe` raises.
    """

    async def send() -> WorkflowUpdateHandle[R]:
        return await handle.start_update(
            update,
            args=arguments,
            result_type=result_type,
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            rpc_timeout=ACCEPT_TIMEOUT,
        )

    try:
        return await await_update(send, seconds)
    except (RPCTimeoutOrCancelledError, TimeoutError):
        await describe()
        raise no_worker_in_time() from None
    except RuntimeError as error:
        raise problems.no_temporal(str(error)) from None
    except RPCError as error:
        if not is_missing(error):
            raise rpc_problem(error) from None
    return None


def recorded_result(snapshot: Snapshot, result_type: type[R], update: str, request: object) -> R | None:
    """The result that a closed production recorded for this request and its key; None where it recorded none.

    Raises:
        Problem: the recorded refusal; 409 where the key belongs to another request, or the plan was changed since.
    """
    if not isinstance(request, KeyedRequest) or not request.idempotency_key:
        return None
    key = digest_of(request.idempotency_key)
    before = next((a for a in snapshot.answered if a.key == key), None)
    if before is None:
        return None
    refusal, recorded = repeat_result(before, request_digest(update, request), snapshot.plan)
    if refusal is not None:
        raise problems.refused(refusal, snapshot.production_id)
    assert isinstance(recorded, result_type)
    return recorded
