"""What the gateways of evaluations and of optimisations ask of their runs in the same way."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import FailureError
from temporalio.service import RPCError, RPCStatusCode

from api import problems
from api.problems import Problem, parse_field_error
from api.temporal.outcomes import RPC_TIMEOUT, SILENT, NoWorker, rpc_problem, send_update, translating_errors
from api.temporal.reads import QUERY_TIMEOUT
from api.temporal.updates import UPDATE_SECONDS
from workflows.refusals import refusal_in

V = TypeVar("V", bound=BaseModel)


@dataclass(frozen=True)
class Runs(Generic[V]):
    """The runs of one workflow, which has a query `progress` and returns its view. Raises only `Problem`.

    Attributes:
        what: What a run is, for messages, such as "evaluation".
        unknown: The problem of an id that no run has.
    """

    client: Client
    what: str
    view: type[V]
    workflow_id: Callable[[str], str]
    unknown: Callable[[str], Problem]

    def handle(self, run_id: str) -> WorkflowHandle[Any, V]:
        return self.client.get_workflow_handle(self.workflow_id(run_id), result_type=self.view)

    async def find(self, run_id: str) -> WorkflowExecutionDescription | None:
        try:
            return await self.describe(run_id)
        except Problem as problem:
            if problem.status_code == 404:
                return None
            raise

    async def describe(self, run_id: str) -> WorkflowExecutionDescription:
        with translating_errors(self.unknown, run_id):
            return await self.handle(run_id).describe(rpc_timeout=RPC_TIMEOUT)

    async def query(self, run_id: str) -> V:
        try:
            async with asyncio.timeout(QUERY_TIMEOUT.total_seconds() + 0.1):
                view: V = await self.handle(run_id).query("progress", result_type=self.view, rpc_timeout=QUERY_TIMEOUT)
                return view
        except WorkflowQueryFailedError as error:
            raise problems.unavailable("query-failed", f"The workflow cannot answer: {error.message}") from None
        except TimeoutError:
            raise NoWorker from None
        except RPCError as error:
            if error.status in SILENT or error.status is RPCStatusCode.FAILED_PRECONDITION:
                raise NoWorker from None
            raise rpc_problem(error) from None

    async def update(self, run_id: str, update: str) -> V | None:
        """The result of an update, or None where the run is closed."""
        handle = self.handle(run_id)
        try:
            return await send_update(handle, update, (), self.view, UPDATE_SECONDS, lambda: self.describe(run_id))
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if refusal := refusal_in(cause):
                raise conflict(refusal.kind.replace("_", "-"), refusal.field, refusal.message) from None
            message = cause.message if isinstance(cause, FailureError) else str(cause)
            raise Problem(409, "not-done", message or f"The {self.what} could not do it.") from None


def conflict(kind: str, field: str, text: str) -> Problem:
    return Problem(409, kind, text, errors=[parse_field_error(f"{field}: {text}")])
