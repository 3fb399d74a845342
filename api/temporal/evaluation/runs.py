"""Reads and changes the runs of evaluations and of optimisations, which their gateways do in the same way."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
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
from workflows import keys
from workflows.evaluation.records import EvaluationStatus, EvaluationView
from workflows.optimisation.records import OptimisationStatus, OptimisationView
from workflows.refusals import refusal_in
from workflows.start_options import STATUS

V = TypeVar("V", EvaluationView, OptimisationView)
S = TypeVar("S", EvaluationStatus, OptimisationStatus)
_REPORTED: Final = (WorkflowExecutionStatus.COMPLETED, WorkflowExecutionStatus.RUNNING)
"""Runs whose search attribute has their status."""


@dataclass(frozen=True)
class Runs(Generic[V, S]):
    """The runs of one workflow, which has a query `progress` and returns its view. Raises only `Problem`.

    Attributes:
        what: What a run is, for messages and the name of its id, such as "evaluation".
        unknown: The problem of an id that no run has.
    """

    client: Client
    what: str
    type_name: str
    record: type[V]
    statuses: type[S]
    workflow_id: Callable[[str], str]
    unknown: Callable[[str], Problem]

    def handle(self, run_id: str) -> WorkflowHandle[Any, V]:
        return self.client.get_workflow_handle(self.workflow_id(run_id), result_type=self.record)

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
                view: V = await self.handle(run_id).query(
                    "progress", result_type=self.record, rpc_timeout=QUERY_TIMEOUT
                )
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
            return await send_update(handle, update, (), self.record, UPDATE_SECONDS, lambda: self.describe(run_id))
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if refusal := refusal_in(cause):
                raise conflict(refusal.kind.replace("_", "-"), refusal.field, refusal.message) from None
            message = cause.message if isinstance(cause, FailureError) else str(cause)
            raise Problem(409, "not-done", message or f"The {self.what} could not do it.") from None

    async def view(self, run_id: str) -> V:
        """The state of a run: of a running one by a query, of a closed one its result.

        Raises:
            Problem: 404, 503.
        """
        description = await self.describe(run_id)
        if description.status is WorkflowExecutionStatus.COMPLETED:
            with translating_errors(self.unknown, run_id):
                return await self.handle(run_id).result(rpc_timeout=RPC_TIMEOUT)
        view = await self.query(run_id)
        if description.status is WorkflowExecutionStatus.RUNNING:
            return view
        return view.model_copy(update={"status": self.status(description), "message": "it was ended from outside"})

    def status(self, execution: WorkflowExecution) -> S:
        """The status according to the server."""
        if execution.status in _REPORTED:
            return self.statuses(execution.typed_search_attributes.get(STATUS, "preparing"))
        return self.statuses("cancelled" if execution.status is WorkflowExecutionStatus.CANCELED else "failed")

    async def change(self, run_id: str, update: str) -> V:
        """Update a run, such as `cancel`.

        Raises:
            Problem: 404; 409 where it is closed; 503.
        """
        if view := await self.update(run_id, update):
            return view
        status = (await self.view(run_id)).status  # 404 where there is no such run
        raise conflict("wrong-phase", f"{self.what}_id", f"the {self.what} is {status.value}; start another one")

    async def page(
        self, tenant: str | None, page_size: int, page_token: bytes | None, terms: str = ""
    ) -> tuple[list[WorkflowExecution], bytes | None]:
        """One page of runs, of one tenant or of all (None), open ones first; and the token of the next page.

        Args:
            terms: Further terms of the visibility query, each with AND in front.

        Raises:
            Problem: 503.
        """
        query = f"WorkflowType = '{self.type_name}' AND ExecutionStatus != 'ContinuedAsNew'{terms}"
        query += f" AND {keys.TENANT_ATTRIBUTE} = '{tenant}'" if tenant else ""
        page = self.client.list_workflows(
            query, page_size=page_size, next_page_token=page_token, rpc_timeout=RPC_TIMEOUT
        )
        with translating_errors():
            await page.fetch_next_page()
        return _newest(page.current_page or ()), page.next_page_token


def _newest(runs: Sequence[WorkflowExecution]) -> list[WorkflowExecution]:
    """The first run of each id: the newest."""
    return [*{run.id: run for run in reversed(runs)}.values()][::-1]


def conflict(kind: str, field: str, text: str) -> Problem:
    return Problem(409, kind, text, errors=[parse_field_error(f"{field}: {text}")])
